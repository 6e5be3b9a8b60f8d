//! The requests of Grafana's data source for Prometheus, as its documentation and its source describe them: "Save &
//! test", variables, Explore with its builder, panels, annotations and alert rules; with `httpMethod: POST`, which is
//! the default, and with `GET`. A token with limits is tested by the example `grafana-token`.
//!
//! With `POST`, Grafana doesn't know every endpoint that allows only `GET`, and tries. After a 405 or a 400 it asks
//! again by `GET`.

use crate::servers::clients::set_up::{OF_A, PASSWORD, READER, deployment, now, prometheus};
use promward_e2e::deployment::Host;
use promward_e2e::on_both_hosts;
use promward_harness::client::{Answer, Client, Request};
use serde_json::Value;

on_both_hosts! {
    whatever_a_data_source_asks_is_answered,
}

const RULES: &str = r#"
groups:
- name: of a
  rules:
  - { record: "rule:of:a", expr: vector(1), labels: { tenant: a } }
- name: of b
  rules:
  - { alert: OfB, expr: vector(1), labels: { tenant: b } }
"#;

/// The way in which a data source sends a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// By the configured method: a form, or a query string.
    AsSet,
    /// In the query string, whatever is configured.
    ByGet,
    /// By the configured method, although Prometheus accepts `GET` only.
    InVain,
}
use Sent::{AsSet, ByGet, InVain};

/// A call: how it is sent, the path below `/api/v1/`, its parameters, and the expected value in the answer for a caller
/// who sees everything and for one who sees only `a`. `RANGE` is the dashboard's time range, and `NOW` its end.
struct Call {
    sent: Sent,
    path: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    /// A JSON pointer to the value that is compared. If numbers are expected, it is the length of a list or an object.
    at: &'static str,
    all: Expected,
    of_a: Expected,
}

/// The value that is expected.
enum Expected {
    /// This number of items.
    Count(u64),
    /// This value, as JSON.
    Is(&'static str),
    Anything,
}
use Expected::{Anything, Count, Is};

const fn call(
    sent: Sent,
    path: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    at: &'static str,
    all: Expected,
    of_a: Expected,
) -> Call {
    Call { sent, path, parameters, at, all, of_a }
}

#[rustfmt::skip]
const CALLS: &[Call] = &[
    // "Save & test": a sum that needs no series, and the kind of server. A server that lists features is taken for
    // Mimir.
    call(AsSet,  "query", &[("query", "1+1"), ("time", "4")], "/data/result", Is(r#"[4,"2"]"#), Is(r#"[4,"2"]"#)),
    call(InVain, "status/buildinfo", &[], "/data/version", Anything, Anything),
    call(ByGet,  "status/buildinfo", &[], "/data/features", Is("null"), Is("null")),
    // Explore is opened: metrics, their help, labels, and recording rules to expand.
    call(ByGet,  "label/__name__/values", &[("limit", "40000"), ("RANGE", "")], "/data", Count(4), Count(2)),
    call(AsSet,  "labels", &[("limit", "40000"), ("RANGE", "")], "/data", Count(5), Count(3)),
    call(ByGet,  "metadata", &[("limit", "40000")], "/data", Is("{}"), Is("{}")),
    call(ByGet,  "metadata", &[("metric", "stock")], "/data", Is("{}"), Is("{}")),
    call(InVain, "rules", &[], "/data/groups", Count(2), Count(1)),
    // Variables: label_names(), label_values(tenant), label_values(stock, item), metrics(…), query_result(…).
    call(AsSet,  "labels", &[("RANGE", "")], "/data", Count(5), Count(3)),
    call(ByGet,  "label/tenant/values", &[("RANGE", "")], "/data", Is(r#"["a","b","c"]"#), Is(r#"["a"]"#)),
    call(ByGet,  "label/item/values", &[("match[]", "stock{tenant!=\"a\"}"), ("RANGE", "")], "/data", Is(r#"["1","2"]"#), Is("[]")),
    call(AsSet,  "series", &[("match[]", "stock"), ("RANGE", ""), ("limit", "40000")], "/data", Count(6), Count(3)),
    call(AsSet,  "query", &[("query", "count by (tenant) (stock)"), ("time", "NOW")], "/data/result", Count(3), Count(1)),
    // The builder in Explore, and older versions that know only series.
    call(AsSet,  "labels", &[("match[]", "{__name__=\"stock\"}"), ("limit", "40000"), ("RANGE", "")], "/data", Count(3), Count(3)),
    call(ByGet,  "label/__name__/values", &[("match[]", "{__name__=~\".*sto.*\"}"), ("RANGE", "")], "/data", Is(r#"["stock"]"#), Is(r#"["stock"]"#)),
    call(ByGet,  "label/tenant/values", &[("match[]", "{__name__=\"stock\",item=\"3\"}"), ("RANGE", "")], "/data", Is(r#"["a"]"#), Is(r#"["a"]"#)),
    call(AsSet,  "series", &[("match[]", "{__name__!=\"\"}"), ("RANGE", ""), ("limit", "40000")], "/data", Count(9), Count(4)),
    call(AsSet,  "series", &[("match[]", "{tenant!=\"\"}"), ("RANGE", "")], "/data", Count(9), Count(4)),
    // Panels, annotations, exemplars and Grafana's own alert rules.
    call(AsSet,  "query_range", &[("query", "sum by (tenant) (stock)"), ("RANGE", ""), ("step", "15")], "/data/result", Count(3), Count(1)),
    call(AsSet,  "query_range", &[("query", "rate(stock[1m0s])"), ("RANGE", ""), ("step", "60"), ("timeout", "60s")], "/data/result", Anything, Anything),
    call(AsSet,  "query_range", &[("query", "ALERTS{alertstate=\"firing\"}"), ("RANGE", ""), ("step", "60")], "/data/result", Anything, Count(0)),
    call(AsSet,  "query", &[("query", "stock{item=~\"1|2\"}"), ("time", "NOW")], "/data/result", Count(5), Count(2)),
    call(AsSet,  "query_exemplars", &[("query", "stock"), ("RANGE", "")], "/data", Count(0), Count(0)),
    // The list of alert rules, for a server with rules of its own.
    call(ByGet,  "rules", &[], "/data/groups", Count(2), Count(1)),
    call(ByGet,  "rules", &[("type", "alert")], "/data/groups", Anything, Count(0)),
    call(ByGet,  "alerts", &[], "/data/alerts", Count(1), Count(0)),
    // Queries that the editor formats, which the server does.
    call(AsSet,  "format_query", &[("query", "sum(stock)by(tenant)")], "/data", Is(r#""sum by (tenant) (stock)""#), Is(r#""sum by (tenant) (stock)""#)),
];

/// The headers that Grafana's server sends besides the login: its name, and those of a browser that it passes on.
const HEADERS: [(&str, &str); 3] =
    [("user-agent", "Grafana/12.0.0"), ("sec-fetch-site", "same-origin"), ("x-grafana-org-id", "1")];

struct DataSource {
    client: Client,
    http_method: &'static str,
}

impl DataSource {
    fn ask(&self, call: &Call) -> Answer {
        let path = format!("/prometheus/api/v1/{}", call.path);
        let parameters = encode(call.parameters);
        let by_get = || self.client.get(&format!("{path}?{parameters}")).unwrap();
        if self.http_method == "GET" || call.sent == ByGet {
            return by_get();
        }
        let answer = self.client.send(Request::form(&path).body(parameters.clone())).unwrap();
        if call.sent == InVain {
            assert!([400, 405].contains(&answer.status), "{path}: {}: it would not ask again", answer.status);
            return by_get();
        }
        answer
    }
}

fn encode(parameters: &[(&str, &str)]) -> String {
    let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let parameters = parameters.iter().map(|(name, value)| match (*name, *value) {
        // The second that has begun counts too: a sample that a rule has just written would be missed.
        ("RANGE", _) => format!("start={}&end={}", now() - 3_600, now() + 1),
        (name, "NOW") => format!("{name}={}.123", now()),
        (name, value) => format!("{}={}", escape(name), escape(value)),
    });
    parameters.collect::<Vec<_>>().join("&")
}

/// Compares a value with the expected one.
fn is(value: &Value, expected: &Expected) -> bool {
    let count = value.as_array().map(Vec::len).or_else(|| value.as_object().map(serde_json::Map::len));
    match expected {
        Count(expected) => count.is_some_and(|count| count as u64 == *expected),
        Is(expected) => *value == serde_json::from_str::<Value>(expected).unwrap(),
        Anything => !value.is_null(),
    }
}

fn whatever_a_data_source_asks_is_answered(host: Host) {
    let Some(first) = prometheus(Some(RULES)) else { return };
    first
        .wait(
            "what the rules make",
            "/api/v1/query?query=count(%7B__name__%3D~%22ALERTS.*%7Crule.*%22%7D)",
            "\"3\"",
        )
        .unwrap();
    let deployment = deployment(host, first.address());
    let client = HEADERS.iter().fold(deployment.client(), |client, (name, value)| client.header(name, value));
    let viewer = client.clone().user(READER, PASSWORD);
    let restricted = client.header("authorization", format!("Bearer {OF_A}"));
    let mut wrong = Vec::new();
    for http_method in ["POST", "GET"] {
        for (who, client) in [("viewer", &viewer), ("restricted", &restricted)] {
            let source = DataSource { client: client.clone().http2(), http_method };
            for call in CALLS {
                let answer = source.ask(call);
                let value = answer.json().unwrap_or_default();
                let found = value.pointer(call.at).cloned().unwrap_or_default();
                let expected = if who == "viewer" { &call.all } else { &call.of_a };
                if answer.status != 200 || !is(&found, expected) {
                    wrong.push(format!(
                        "{who}, {http_method} {} {:?}: {} {}",
                        call.path,
                        call.parameters,
                        answer.status,
                        answer.text()
                    ));
                }
                assert!(
                    who == "viewer" || !answer.text().contains("\"b\""),
                    "{}: {}",
                    call.path,
                    answer.text()
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
