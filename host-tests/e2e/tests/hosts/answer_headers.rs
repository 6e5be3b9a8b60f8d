//! Headers of answers that a server sends more than once, or that the filter adds to a server's own. Hosts differ in what
//! an edit does to them.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_every_host;
use promward_harness::client::Answer;
use promward_harness::upstream::{Reply, Upstream};

on_every_host! {
    a_refused_answer_keeps_nothing_that_the_server_sent_more_than_once,
    a_header_that_the_server_sends_more_than_once_is_set_to_one_value,
    a_refused_answer_with_many_headers_is_no_success,
    a_policy_is_added_to_the_servers_own,
}

const CONFIGURATION: &str = r#"{
    "mounts": [
        { "prefix": "/prometheus", "cluster": "prometheus" },
        { "prefix": "/app", "api": "opaque", "websockets": "refuse", "cluster": "prometheus" }
    ],
    "access": [
        { "who": ["anyone"], "may": ["read"], "only": { "tenant": ["a"] } },
        { "who": ["anyone"], "may": ["everything"], "unrestricted": true, "at": ["/app"] }
    ],
    "headers": { "frame_ancestors": ["https://grafana.example.com"] }
}"#;

/// Returns the answer to a request, while the server gives this one.
fn answered(host: Host, target: &str, reply: impl Fn() -> Reply + Send + Sync + 'static) -> Answer {
    let upstream = Upstream::start(move |_| reply()).unwrap();
    let deployment =
        Deployment::start(host, &Options::configured(upstream.address(), CONFIGURATION)).unwrap();
    let answer = deployment.client().get(target).unwrap();
    let next = deployment.client().get(target).unwrap();
    assert_eq!(next.status, answer.status, "the worker lives on");
    answer
}

/// Returns all values of a header, each as often as it was sent.
fn values(answer: &Answer, name: &str) -> Vec<String> {
    let named = answer.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    named.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
}

fn a_refused_answer_keeps_nothing_that_the_server_sent_more_than_once(host: Host) {
    let answer = answered(host, "/prometheus/api/v1/rules", || {
        let names = ["cache-control", "link", "set-cookie", "x-own"];
        names.into_iter().fold(Reply::text("secret"), |reply, name| reply.header(name, "1").header(name, "2"))
    });
    assert_eq!(answer.status, 502);
    assert!(!answer.text().contains("secret"));
    for name in ["link", "set-cookie", "x-own"] {
        assert_eq!(values(&answer, name), [""; 0], "{name}");
    }
    assert_eq!(values(&answer, "cache-control"), ["no-store"]);
}

fn a_header_that_the_server_sends_more_than_once_is_set_to_one_value(host: Host) {
    let answer = answered(host, "/prometheus/api/v1/labels", || {
        let names = ["cache-control", "content-security-policy", "x-content-type-options"];
        names.into_iter().fold(Reply::text("ok"), |reply, name| reply.header(name, "1").header(name, "2"))
    });
    assert_eq!(answer.status, 200);
    assert_eq!(values(&answer, "cache-control"), ["no-store"]);
    assert_eq!(values(&answer, "x-content-type-options"), ["nosniff"]);
    let policies = values(&answer, "content-security-policy");
    assert!(policies.len() == 1 && policies.concat().contains("frame-ancestors"), "{policies:?}");
}

/// nginx shows a module a hundred headers.
fn a_refused_answer_with_many_headers_is_no_success(host: Host) {
    let answer = answered(host, "/prometheus/api/v1/rules", || {
        let many =
            (0..150).fold(Reply::status(302), |reply, number| reply.header(&format!("x-{number}"), "1"));
        many.header("location", "https://evil.example/").header("set-cookie", "session").body("secret")
    });
    assert_eq!(answer.status, if host == Host::Nginx { 503 } else { 502 });
    assert!(!answer.text().contains("secret"));
    for name in ["location", "set-cookie"] {
        assert_eq!(values(&answer, name), [""; 0], "{name}");
    }
}

fn a_policy_is_added_to_the_servers_own(host: Host) {
    let answer = answered(host, "/app/page", || {
        Reply::text("ok").header("content-security-policy", "object-src 'none'; base-uri 'self'")
    });
    let policies = values(&answer, "content-security-policy").join(", ");
    assert_eq!(policies, "object-src 'none'; base-uri 'self', frame-ancestors https://grafana.example.com");
}
