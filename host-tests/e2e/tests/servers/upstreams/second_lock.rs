//! The second lock of a real VictoriaMetrics: selectors without a restriction, held by `extra_filters[]` alone as the filter
//! writes it, show nothing of others, at every endpoint that the filter sends it to.

use crate::servers::asking::{Asker, Question};
use promward::enforce::pattern::Pattern;
use promward::enforce::restriction::{Absent, Restriction, Term};
use promward_e2e::queries::samples::{self, LENGTH, SECRET, START, Whose};
use promward_harness::client::Client;
use promward_harness::prometheus::Release;
use promward_harness::tools;
use promward_harness::victoria_metrics::{Edition, Options, VictoriaMetrics};
use std::rc::Rc;

#[test]
fn the_second_lock_holds_alone() {
    check(Edition::Usual);
}

#[test]
fn the_second_lock_of_a_newer_server_holds_alone() {
    check(Edition::Newer);
}

/// The series of everybody, in words that a first lock might misread.
const SELECTORS: [&str; 4] = [r#"{__name__=~".+"}"#, r#"{tenant="b"}"#, r#"{tenant!="a"}"#, "up"];

fn check(edition: Edition) {
    if tools::need(edition.server()).is_none() {
        return;
    }
    let samples = Some(samples::open_metrics(Release::Usual, Whose::Everybodys));
    let server = VictoriaMetrics::start(&Options { edition, samples, ..Options::default() }).unwrap();
    let mut open = Asker::new(Client::plain(server.address()));
    let (mut telling, mut showing) = (0, 0);
    for selector in SELECTORS {
        for question in questions(selector) {
            telling += usize::from(open.ask(&question).text().contains(SECRET));
            for restriction in restrictions() {
                let lock = ("extra_filters[]", format!("{{{}}}", restriction.matchers()));
                let locked = Question {
                    parameters: [vec![lock], question.parameters.clone()].concat(),
                    ..question.clone()
                };
                let answer = open.ask(&locked);
                let said = answer.text();
                assert_eq!(answer.status, 200, "{locked:?}: {said}");
                assert!(!said.contains(SECRET), "{locked:?}: {said}");
                showing += usize::from(said.contains("zone-a") || said.contains("\"values\""));
            }
        }
    }
    println!("{edition:?}: {telling} tell without a lock, {showing} show something with one");
    assert!(telling >= 10 && showing >= 10, "{telling}, {showing}");
}

/// The ways to restrict `a`, as the filter writes them.
fn restrictions() -> Vec<Restriction> {
    let listed = |values: &[&str], absent| {
        Term::listed("tenant", values.iter().map(|&value| value.to_owned()).collect(), absent).unwrap()
    };
    let matching = Term::matching("tenant", Rc::new(Pattern::parse("a(-[^b]+)?").unwrap()));
    [
        listed(&["a"], Absent::Refused),
        listed(&["a", "c"], Absent::Refused),
        listed(&["a"], Absent::Allowed),
        matching,
    ]
    .map(|term| Restriction::new(vec![term]).unwrap())
    .into()
}

/// Returns a question to each endpoint that gets the second lock, by both methods.
fn questions(selector: &str) -> Vec<Question> {
    let (start, end) = (START.to_string(), (START + LENGTH).to_string());
    let at = vec![("time", (START + 3_600).to_string())];
    let within = vec![("start", start), ("end", end)];
    let over = [within.clone(), vec![("step", "600".to_owned())]].concat();
    let ask = |method, path: &str, name, more: &[(&'static str, String)]| Question {
        method,
        path: path.to_owned(),
        parameters: [&[(name, selector.to_owned())], more].concat(),
    };
    ["GET", "POST"]
        .into_iter()
        .flat_map(|method| {
            [
                ask(method, "/api/v1/query", "query", &at),
                ask(method, "/api/v1/query_range", "query", &over),
                ask(method, "/api/v1/series", "match[]", &within),
                ask(method, "/api/v1/labels", "match[]", &within),
                ask(method, "/api/v1/label/zone/values", "match[]", &within),
                ask(method, "/prometheus/api/v1/label/tenant/values", "match[]", &within),
                ask(method, "/federate", "match[]", &within),
            ]
        })
        .collect()
}
