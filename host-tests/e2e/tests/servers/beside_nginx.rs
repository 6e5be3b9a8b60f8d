//! The guide's nginx.conf on real nginx and the shipped Envoy file get the same targets. The same status is returned
//! and the same target arrives at the server, except for intended differences. Those are in a table here and in
//! `envoy/README.md`, each with its reason.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_harness::client::Client;
use promward_harness::nginx::Nginx;
use promward_harness::tools::{self, Program};
use promward_harness::upstream::{Reply, Upstream};
use std::fmt;

/// Requests that both treat alike.
const ALIKE: &[(&str, &str)] = &[
    ("GET", "/prometheus/"),
    ("GET", "/prometheus/graph"),
    ("HEAD", "/prometheus/graph"),
    ("GET", "/prometheus"),
    ("GET", "/prometheus/graph?g0.expr=up&g0.tab=0"),
    ("GET", "/prometheus/graph?"),
    ("GET", "/prometheus/api/v1/label/job/values"),
    ("GET", "/prometheus/api/v1/query?query=up"),
    ("GET", "/prometheus/api/v1/query?query=sum%28up%29"),
    ("GET", "/prometheus/api/v1/query?query=a+b"),
    ("POST", "/prometheus/api/v1/query?query=up"),
    ("GET", "/prometheus/federate?match%5B%5D=up"),
    ("GET", "/prometheus//graph"),
    ("GET", "//prometheus/graph"),
    ("GET", "/%70rometheus/graph"),
    ("GET", "/prometheus/%67raph"),
    ("GET", "/prometheus/api/v1/label/a%20b/values"),
    ("GET", "/prometheus/api/v1/label/%C3%A9/values"),
    ("GET", "/prometheus/prometheus/graph"),
    ("GET", "/prometheus?a=b"),
    ("GET", "/prometheus/../prometheus/graph"),
    ("GET", "/prometheus/%2e%2e/prometheus/graph"),
    ("GET", "/prometheus/.%2e/-/quit"),
    ("GET", "/prometheus/%zz"),
    ("GET", "/prometheus../-/quit"),
    ("GET", "/prometheus/..."),
    ("get", "/prometheus/graph"),
    ("TRACE", "/prometheus/graph"),
    ("POST", "/prometheus/-/reload"),
    ("PUT", "/prometheus/-/quit"),
    ("DELETE", "/prometheus/anything"),
    ("PATCH", "/prometheus/anything"),
    ("GET", "/prometheus/a\u{1}b"),
    ("GET", "/"),
    ("GET", "/graph"),
    ("GET", "/prometheusX"),
    ("GET", "/prometheusX/graph"),
    ("GET", "/Prometheus/graph"),
    ("GET", "/prometheus/%00"),
];

/// Requests that the two treat differently, each with the reason.
const WANTED: &[(&str, &str, &str)] = &[
    ("POST", "/prometheus", "301 makes browsers send a GET; 308 keeps method and body"),
    (
        "GET",
        "/prometheus/../../etc/passwd",
        "a path above the root is refused by nginx, and is simply not there here",
    ),
    ("CONNECT", "/prometheus/", "a tunnel is asked for: refused, with another status"),
    (
        "GET",
        "/prometheus/-%2Freload",
        "Prometheus executes what stands behind an escaped slash, and no rule has seen it",
    ),
    ("GET", "/prometheus/..%2f-/quit", "a dot segment hides behind an escaped slash"),
    ("GET", "/prometheus/a%5cb", "a backslash is a slash to some servers and browsers"),
    ("GET", "/prometheus/a\\b", "Envoy reads it as a slash, as browsers do, before the filter decides"),
    ("GET", "/prometheus/graph;a=b", "what follows a semicolon is dropped by some servers and not by others"),
    ("GET", "/prometheus/%3b", "the same, escaped"),
    ("GET", "/prometheus/graph%23a", "an escaped hash ends the path where it is decoded once too often"),
    ("GET", "/prometheus/graph%3fa", "an escaped question mark does so too"),
    ("GET", "/prometheus/graph#a", "a fragment has no place in a request"),
    ("GET", "/prometheus/\u{e9}", "bytes that are no ASCII have to be escaped"),
    ("GET", "/prometheus/{a}", "what a path can't hold is escaped, so that a path has one spelling"),
    (
        "GET",
        "/prometheus/api/v1/query/?query=up",
        "Prometheus would redirect it to /query, which is a page and not the API",
    ),
    ("GET", "/prometheus/api/v1/query?query=a&query=b", "Prometheus takes the first, others the last"),
    ("GET", "/prometheus/api/v1/query?query=a;b", "Prometheus drops the parameter silently"),
    ("GET", "/prometheus/api/v1/query?query=%zz", "it drops this one too"),
    ("PUT", "/prometheus/api/v1/query", "the method is not one of the endpoint's"),
    ("FOO", "/prometheus/graph", "a method that nobody knows reaches no server"),
    (
        "OPTIONS",
        "/prometheus/api/v1/query",
        "preflights are answered here, before anybody is asked who they are",
    ),
];

/// The result of a request: the status, and the method and target that arrived at the server.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    status: u16,
    arrived: Option<String>,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.arrived {
            Some(arrived) => write!(f, "{} `{arrived}`", self.status),
            None => write!(f, "{}", self.status),
        }
    }
}

fn outcome(client: &Client, upstream: &Upstream, method: &str, target: &str) -> Outcome {
    let before = upstream.requests().len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: example.com\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let bytes: Vec<u8> = request.chars().map(|char| u8::try_from(char).unwrap()).collect();
    let mut connection = client.connect().unwrap();
    connection.write_raw(&bytes).unwrap();
    let status = connection.read_answer(method).map_or(0, |answer| answer.status);
    let arrived =
        upstream.requests().get(before).map(|received| format!("{} {}", received.method, received.target));
    Outcome { status, arrived }
}

#[test]
fn envoy_with_promward_does_what_the_guides_nginx_does() {
    if tools::need(Program::Nginx).is_none() || !Host::Envoy.is_here() {
        return;
    }
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let deployment = Deployment::start(Host::Envoy, &Options::new(upstream.address())).unwrap();
    let nginx = Nginx::start(deployment.directory(), upstream.address()).unwrap();
    let theirs = Client::https(nginx.https()).trust(deployment.authority().pem());
    let both = |method: &str, target: &str| {
        (
            outcome(&theirs, &upstream, method, target),
            outcome(&deployment.client(), &upstream, method, target),
        )
    };
    let mut wrong = Vec::new();
    for &(method, target) in ALIKE {
        let (theirs, ours) = both(method, target);
        if ours != theirs {
            wrong.push(format!("{method} {target}: {ours} here, {theirs} from nginx"));
        }
    }
    let mut table = String::from("| request | nginx | here | why |\n| --- | --- | --- | --- |\n");
    for &(method, target, reason) in WANTED {
        let (theirs, ours) = both(method, target);
        if ours == theirs {
            wrong.push(format!("{method} {target}: {ours} from both, which is no difference"));
        }
        let target = target.replace('|', "\\|").replace('\u{e9}', "\\xe9");
        table += &format!("| `{method} {target}` | {theirs} | {ours} | {reason} |\n");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    promward_harness::documents::holds("envoy/README.md", &table);
}
