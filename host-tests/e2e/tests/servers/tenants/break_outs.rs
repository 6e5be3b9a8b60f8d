//! Queries that try to read others' series, and odd ones that a parser may read differently from the server. Each is
//! refused, or answered as a server with only the caller's series would answer.

use crate::servers::asking::{Asker, Question};
use crate::servers::tenants::servers::{Servers, as_a};
use promward_e2e::deployment::Host;
use promward_e2e::on_every_host;
use promward_e2e::queries::samples::{SECRET, START};
use promward_harness::client::Client;
use promward_harness::prometheus::Release;

on_every_host! {
    no_break_out_shows_series_of_others,
}

/// The queries, as JSON, so that every character in them is visible.
const QUERIES: &str = include_str!("break_outs.json");

/// The least number of questions that show others' series without the filter, and of those that show the caller's own.
const TELLING: usize = 300;
const ANSWERED: usize = 300;

fn no_break_out_shows_series_of_others(host: Host) {
    let queries: Vec<String> = serde_json::from_str(QUERIES).unwrap();
    for release in [Release::Three, Release::Usual] {
        let Some(servers) = Servers::start(release) else { continue };
        let deployments = servers.guarded(host);
        let [mut guarded, mut guarded_own] =
            [&deployments.everybodys, &deployments.own].map(|deployment| Asker::new(as_a(deployment)));
        let mut open = Asker::new(Client::plain(servers.everybodys.address()));
        let (mut telling, mut answered) = (0, 0);
        for question in queries.iter().flat_map(|query| questions(query)) {
            let said = guarded.say(&question);
            assert!(said.status == 200 || (400..500).contains(&said.status), "{question:?}: {}", said.text());
            assert_eq!(said, guarded_own.say(&question), "{question:?}");
            assert!(!said.text().contains(SECRET), "{question:?}: {}", said.text());
            answered += usize::from(said.is_something());
            telling += usize::from(open.say(&question).text().contains(SECRET));
        }
        assert!(telling >= TELLING, "only {telling} would show something of others");
        assert!(answered >= ANSWERED, "only {answered} show something");
    }
}

/// Returns a query at one time and over a range, in the URL and in a form.
fn questions(query: &str) -> Vec<Question> {
    let time = START + 3_600;
    let at = vec![("time", time.to_string())];
    let over =
        vec![("start", time.to_string()), ("end", (time + 120).to_string()), ("step", "60".to_owned())];
    let mut questions = Vec::new();
    for (path, times) in [("/api/v1/query", at), ("/api/v1/query_range", over)] {
        for method in ["GET", "POST"] {
            let parameters = [vec![("query", query.to_owned())], times.clone()].concat();
            questions.push(Question { method, path: path.to_owned(), parameters });
        }
    }
    questions
}
