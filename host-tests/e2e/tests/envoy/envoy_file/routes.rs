//! Checks that only the filter decides where a request goes, and that no long request is cut short.

use crate::envoy::envoy_file::setup::{EVENTS, HELD, Setup};
use promward::api::endpoint::{Endpoint, ParametersIn};
use promward::api::prometheus::ENDPOINTS;
use promward::target::method::Method;
use promward_harness::client::{Client, Request};
use promward_harness::envoy::Options;

/// Headers that a client may forge in place of the one that the routes require.
const FORGED: [(&str, &str); 4] = [
    ("x-promward-cluster", "prometheus"),
    ("X-Promward-Cluster", "prometheus"),
    ("x-promward-cluster", "prometheus, prometheus"),
    ("x_promward_cluster", "prometheus"),
];

/// Sends each forged header to some paths, over both versions of HTTP, and checks that nothing arrives.
fn nothing_arrives(setup: &Setup) {
    for (name, value) in FORGED {
        for target in ["/", "/metrics", "/api/v1/notifications/live", "/prometheusX/metrics"] {
            let request = || Request::new("GET", target).header(name, value);
            let answer = setup.client().send(request()).unwrap();
            assert!([400, 404].contains(&answer.status), "{name} {target}: {}", answer.status);
            if name == name.to_ascii_lowercase() && !name.contains('_') {
                assert_eq!(setup.client().http2().send(request()).unwrap().status, 404, "{target}");
            }
        }
    }
    let twice = Request::new("GET", "/metrics").header("x-promward-cluster", "prometheus");
    let twice = twice.header("x-promward-cluster", "prometheus");
    assert_eq!(setup.client().send(twice).unwrap().status, 404);
    assert!(setup.upstream.requests().is_empty(), "{:?}", setup.upstream.requests());
}

#[test]
fn a_client_that_names_the_cluster_itself_gets_nowhere() {
    let Some(setup) = Setup::start() else { return };
    nothing_arrives(&setup);
}

#[test]
fn without_the_filter_nothing_is_routed() {
    let switched_off = |options: &mut Options| {
        let filter = "- name: promward\n            typed_config:";
        let disabled = "- name: promward\n            disabled: true\n            typed_config:";
        options.replace.push((filter.to_owned(), disabled.to_owned()));
    };
    let Some(setup) = Setup::with(switched_off) else { return };
    assert_eq!(setup.client().get("/prometheus/metrics").unwrap().status, 404);
    nothing_arrives(&setup);
}

#[test]
fn what_the_filter_lets_pass_elsewhere_is_not_routed_without_a_cluster() {
    let passing = |options: &mut Options| {
        let configuration = r#"{
            "mounts": [{ "prefix": "/prometheus" }],
            "elsewhere": "pass",
            "access": [{ "who": ["anyone"], "may": ["everything"] }]
        }"#;
        options.configuration = Some(configuration.to_owned());
    };
    let Some(setup) = Setup::with(passing) else { return };
    assert_eq!(setup.client().get("/prometheus/metrics").unwrap().status, 404);
    nothing_arrives(&setup);
}

#[test]
fn another_name_than_the_configured_one_is_not_served() {
    let Some(setup) = Setup::start() else { return };
    for (authority, status) in
        [("example.com", 200), ("example.com:8443", 200), ("example.com.", 200), ("example.org", 404)]
    {
        let answer = setup.client().authority(authority).get("/prometheus/metrics").unwrap();
        assert_eq!(answer.status, status, "{authority}");
    }
}

#[test]
fn an_event_stream_outlasts_every_timeout_that_a_query_has() {
    for timeout in ["timeout: 600s }", "stream_idle_timeout: 300s"] {
        let short = |options: &mut Options| {
            let shortened = timeout.replace("600s", "0.5s").replace("300s", "0.5s");
            options.replace.push((timeout.to_owned(), shortened));
        };
        let Some(setup) = Setup::with(short) else { return };
        events_come_after_a_query_has_timed_out(&setup, setup.client());
        events_come_after_a_query_has_timed_out(&setup, setup.client().http2());
    }
}

fn events_come_after_a_query_has_timed_out(setup: &Setup, client: Client) {
    let live = format!("/prometheus{EVENTS}");
    let mut events = client.open(Request::new("GET", &live)).unwrap();
    events.end(&[]).unwrap();
    let mut source = setup.upstream.held().unwrap();
    source.head(200, &[("content-type", "text/event-stream")]).unwrap();
    source.data(b"data: 1\n\n").unwrap();
    assert_eq!(events.event(b"\n\n").unwrap().unwrap(), b"data: 1\n\n");
    let query = setup.client().get(&format!("/prometheus/metrics?{HELD}")).unwrap();
    assert_eq!(query.status, 504);
    drop(setup.upstream.held().unwrap());
    source.data(b"data: 2\n\n").unwrap();
    assert_eq!(events.event(b"\n\n").unwrap().unwrap(), b"data: 2\n\n");
    events.reset().unwrap();
    source.wait_for_close().unwrap();
}

#[test]
fn a_form_of_each_endpoint_goes_on_when_it_is_whole_and_what_is_no_form_streams() {
    let Some(setup) = Setup::start() else { return };
    let takes_forms = |row: &&Endpoint| {
        let in_a_form =
            row.methods.contains(Method::Post) && row.treatment.parameters_in == ParametersIn::QueryOrForm;
        in_a_form && !row.treatment.parameters.is_empty()
    };
    let forms: Vec<&str> = ENDPOINTS.iter().filter(takes_forms).map(|row| row.path).collect();
    assert!(forms.len() > 5, "{forms:?}");
    let begin = |path: &str| {
        let mut exchange = setup.client().open(Request::form(&format!("/prometheus{path}"))).unwrap();
        exchange.data("x=").unwrap();
        exchange
    };
    let begun: Vec<_> = forms.iter().map(|path| begin(path)).collect();
    // curl also calls the body of an import a form, and it may be of any length.
    let mut import = begin("/api/v1/import");
    let arrived = setup.upstream.wait_until(|arrived| !arrived.is_empty()).unwrap();
    assert!(arrived.iter().all(|request| request.target == "/api/v1/import"), "{arrived:?}");
    import.data(vec![b'a'; 1 << 20]).unwrap();
    import.end(&[]).unwrap();
    assert_eq!(import.answer().unwrap().status, 200);
    for (mut exchange, path) in begun.into_iter().zip(&forms) {
        exchange.end(&[]).unwrap();
        let answer = exchange.answer().unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    let arrived = setup.upstream.requests();
    for path in forms {
        assert!(arrived.iter().any(|request| request.target == path), "{path}: {arrived:?}");
    }
}
