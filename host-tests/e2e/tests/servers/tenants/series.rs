//! Series, labels, their values and the federation endpoint. The existence of a series reveals as much as its samples
//! do.

use crate::servers::asking::{Asker, Question};
use crate::servers::tenants::servers::{Servers, as_a};
use promward_e2e::deployment::Host;
use promward_e2e::on_every_host;
use promward_e2e::queries::samples::{SECRET, START};
use promward_harness::client::Client;
use promward_harness::prometheus::Release;

on_every_host! {
    series_and_labels_are_those_of_a_server_with_ones_own_series_alone,
}

/// The answer to a question without the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// It reveals others' series.
    Tells,
    /// It doesn't reveal others' series.
    Doesnt,
    /// There is no answer: a selector that matches everything is refused. With one more matcher it isn't.
    Refused,
}
use Open::{Doesnt, Refused, Tells};

/// Paths, and values of `match[]`.
#[rustfmt::skip]
const TABLE: &[(&str, &[&str], Open)] = &[
    ("/api/v1/series", &["up"], Tells),
    ("/api/v1/series", &["up", "memory_bytes{job=\"api\"}"], Tells),
    ("/api/v1/series", &["{zone!=\"\"}"], Tells),
    ("/api/v1/series", &["up{tenant=\"b\"}"], Tells),
    ("/api/v1/series", &["up{tenant=\"a\"}", "{tenant=\"b\"}"], Tells),
    ("/api/v1/series", &["{__name__=~\".+\"}"], Tells),
    ("/api/v1/series", &["up # }\n{tenant=\"b\"}"], Tells),
    ("/api/v1/series", &["sum{by=\"x\"}"], Tells),
    ("/api/v1/series", &["nothing"], Doesnt),
    ("/api/v1/labels", &[], Doesnt),
    ("/api/v1/labels", &["{tenant=\"b\"}"], Doesnt),
    ("/api/v1/labels", &["requests_total", "start"], Doesnt),
    ("/api/v1/label/zone/values", &[], Tells),
    ("/api/v1/label/zone/values", &["up"], Tells),
    ("/api/v1/label/zone/values", &["{tenant=\"b\"}"], Tells),
    ("/api/v1/label/zone/values", &["up{tenant=\"a\"}", "up{tenant!=\"a\"}"], Tells),
    ("/api/v1/label/job/values", &[], Tells),
    ("/api/v1/label/tenant/values", &[], Doesnt),
    ("/api/v1/label/tenant/values", &["{tenant=~\".*\"}"], Refused),
    ("/api/v1/series", &["{}"], Refused),
    ("/api/v1/series", &["{tenant!=\"a\"}", "{job!=\"db\"}"], Refused),
    ("/api/v1/labels", &["{tenant=\"\"}"], Refused),
    ("/api/v1/label/__name__/values", &[], Doesnt),
    ("/api/v1/label/__name__/values", &["{tenant=\"b\"}"], Doesnt),
    ("/api/v1/label/U__zone/values", &[], Tells),
    ("/federate", &["up"], Tells),
    ("/federate", &["{zone!=\"\"}"], Tells),
    ("/federate", &["{tenant=\"b\"}"], Tells),
    ("/federate", &["up{tenant=\"a\"}", "memory_bytes"], Tells),
    ("/federate", &["{__name__=~\".+\"}", "{__name__=\"up\"}"], Tells),
];

/// The paths that also accept POST.
const FORMS: [&str; 2] = ["/api/v1/series", "/api/v1/labels"];

/// The beginning of escaped names, which older releases don't know.
const ESCAPED: &str = "U__";

fn series_and_labels_are_those_of_a_server_with_ones_own_series_alone(host: Host) {
    for release in [Release::Three, Release::Usual] {
        // The samples are old, and `/federate` asks for current ones.
        let Some(servers) = Servers::looking_back(release, Some("100y")) else { continue };
        let deployments = servers.guarded(host);
        let [mut guarded, mut guarded_own] =
            [&deployments.everybodys, &deployments.own].map(|deployment| Asker::new(as_a(deployment)));
        let [mut open, mut own] =
            [&servers.everybodys, &servers.own].map(|server| Asker::new(Client::plain(server.address())));
        for (question, tells) in questions(release) {
            let said = guarded.say(&question);
            assert_eq!(said.status, 200, "{question:?}: {}", said.text());
            assert_eq!(said, guarded_own.say(&question), "{question:?}");
            if tells != Refused {
                assert_eq!(said, own.say(&question), "{question:?}");
            }
            assert!(!said.text().contains(SECRET), "{question:?}: {}", said.text());
            let without = open.say(&question);
            assert_eq!(without.text().contains(SECRET), tells == Tells, "{question:?}: {}", without.text());
            assert_eq!(without.status == 400, tells == Refused, "{question:?}: {}", without.text());
        }
    }
}

/// Returns the table's questions, with and without a time range, in the URL and in a form.
fn questions(release: Release) -> Vec<(Question, Open)> {
    let mut questions = Vec::new();
    for (path, matches, tells) in TABLE {
        if release == Release::Usual && path.contains(ESCAPED) {
            continue;
        }
        let matches: Vec<_> = matches.iter().map(|text| ("match[]", (*text).to_owned())).collect();
        let times = vec![("start", START.to_string()), ("end", (START + 600).to_string())];
        let within = [matches.clone(), times].concat();
        let ways = if *path == "/federate" { vec![matches] } else { vec![matches, within] };
        for parameters in ways {
            for method in ["GET", "POST"] {
                if method == "GET" || FORMS.contains(path) {
                    let question =
                        Question { method, path: (*path).to_owned(), parameters: parameters.clone() };
                    questions.push((question, *tells));
                }
            }
        }
    }
    questions
}
