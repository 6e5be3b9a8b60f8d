//! Answers about rules, alerts and targets on their way to a caller who may see one tenant. The lists of a real
//! Prometheus are filtered, and a wrong answer never looks complete. Servers with wrong answers are stand-ins.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_every_host;
use promward_harness::prometheus::{self, Prometheus};
use promward_harness::tools::{self, Program};
use promward_harness::upstream::{Reply, Upstream};
use serde_json::Value;
use std::collections::BTreeSet;

on_every_host! {
    rules_and_alerts_of_a_real_prometheus_are_cut_down,
    targets_of_a_real_prometheus_are_cut_down,
    an_answer_to_be_filtered_is_requested_complete_and_uncompressed,
    all_groups_are_requested_at_once,
    an_error_of_the_servers_is_passed_on,
    an_answer_that_can_not_be_filtered_is_refused,
    an_answer_that_goes_wrong_is_broken_off,
    a_server_that_breaks_off_leaves_no_whole_answer,
    a_server_that_does_not_answer_is_an_error,
    a_long_answer_streams_in_bounded_memory,
    metadata_is_empty,
}

/// A configuration with a mount for each restriction, all in front of one server.
const CONFIGURATION: &str = r#"{
    "mounts": [
        { "prefix": "/a", "cluster": "prometheus" },
        { "prefix": "/own", "cluster": "prometheus" },
        { "prefix": "/other", "cluster": "prometheus" }
    ],
    "access": [
        { "who": ["anyone"], "may": ["read", "status"], "only": { "tenant": ["a"] }, "at": ["/a"] },
        { "who": ["anyone"], "may": ["status"], "only": { "job": ["prometheus"] }, "at": ["/own"] },
        { "who": ["anyone"], "may": ["status"], "only": { "job": { "regex": "p.+m" } }, "at": ["/other"] }
    ]
}"#;

const RULES: &str = r#"
groups:
- name: mixed
  limit: 7
  rules:
  - { record: "of:a", expr: vector(1), labels: { tenant: a } }
  - { record: "secret:of:b", expr: vector(1), labels: { tenant: b } }
  - { record: "secret:of:none", expr: vector(1) }
  - alert: Shared
    expr: >-
      label_replace(vector(1), "tenant", "a", "", "")
      or label_replace(vector(2), "tenant", "b", "", "") * on () group_left (whose) label_replace(vector(1), "whose", "of_b", "", "")
    annotations: { of: "{{ $labels.tenant }}" }
  - { alert: SecretOfB, expr: vector(3), labels: { tenant: b } }
- name: secret
  rules:
  - { record: "secret:too", expr: vector(1), labels: { tenant: b } }
"#;

fn deployment(host: Host, upstream: std::net::SocketAddr) -> Deployment {
    Deployment::start(host, &Options { workers: 1, ..Options::configured(upstream, CONFIGURATION) }).unwrap()
}

fn answering(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Upstream {
    Upstream::start(move |_| reply()).unwrap()
}

fn get(deployment: &Deployment, target: &str) -> Value {
    let answer = deployment.client().get(target).unwrap();
    assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    assert!(!answer.text().contains("secret") && !answer.text().contains("Secret"), "{}", answer.text());
    serde_json::from_slice(&answer.body).unwrap()
}

fn names<'a>(list: &'a Value, name: &str) -> BTreeSet<&'a str> {
    list.as_array().unwrap().iter().map(|item| item[name].as_str().unwrap()).collect()
}

fn rules_and_alerts_of_a_real_prometheus_are_cut_down(host: Host) {
    if tools::need(Program::Prometheus).is_none() {
        return;
    }
    let options = prometheus::Options { rules: Some(RULES.to_owned()), ..prometheus::Options::guide() };
    let prometheus = Prometheus::start(options).unwrap();
    prometheus.wait("an alert of each tenant", "/api/v1/alerts", "\"whose\":\"of_b\"").unwrap();
    let deployment = deployment(host, prometheus.address());

    let rules = get(&deployment, "/a/api/v1/rules");
    let groups = rules["data"]["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 1, "{rules}");
    assert_eq!((&groups[0]["name"], &groups[0]["limit"]), (&"mixed".into(), &7.into()));
    assert_eq!(names(&groups[0]["rules"], "name"), BTreeSet::from(["of:a", "Shared"]));
    let shared = groups[0]["rules"].as_array().unwrap().iter().find(|rule| rule["name"] == "Shared").unwrap();
    let alerts = shared["alerts"].as_array().unwrap();
    assert!(alerts.len() == 1 && alerts[0]["labels"]["tenant"] == "a", "{alerts:?}");

    let alerts = get(&deployment, "/a/api/v1/alerts");
    let alerts = alerts["data"]["alerts"].as_array().unwrap();
    assert!(alerts.len() == 1 && alerts[0]["annotations"]["of"] == "a", "{alerts:?}");

    let matching = get(&deployment, "/a/api/v1/rules?type=record");
    assert_eq!(names(&matching["data"]["groups"][0]["rules"], "name"), BTreeSet::from(["of:a"]));
}

fn targets_of_a_real_prometheus_are_cut_down(host: Host) {
    if tools::need(Program::Prometheus).is_none() {
        return;
    }
    let prometheus = Prometheus::start(prometheus::Options::guide()).unwrap();
    let deployment = deployment(host, prometheus.address());
    for (mount, active) in [("a", 0), ("own", 1), ("other", 0)] {
        let targets = get(&deployment, &format!("/{mount}/api/v1/targets"));
        let data = &targets["data"];
        assert_eq!(data["activeTargets"].as_array().unwrap().len(), active, "{mount}: {targets}");
        assert_eq!(data["droppedTargets"], Value::Array(Vec::new()));
    }
}

fn an_answer_to_be_filtered_is_requested_complete_and_uncompressed(host: Host) {
    let upstream = answering(|| json(r#"{"status":"success","data":{"alerts":[]}}"#));
    let deployment = deployment(host, upstream.address());
    let asking = [("accept-encoding", "gzip"), ("range", "bytes=0-9"), ("if-none-match", "\"x\"")];
    let client = asking.iter().fold(deployment.client(), |client, (name, value)| client.header(name, value));
    assert_eq!(client.get("/a/api/v1/alerts").unwrap().status, 200);
    let request = upstream.wait_for(0).unwrap();
    assert_eq!(request.header("accept-encoding").as_deref(), Some("identity"));
    assert_eq!((request.header("range"), request.header("if-none-match")), (None, None));
}

fn all_groups_are_requested_at_once(host: Host) {
    let upstream = answering(|| json(r#"{"status":"success","data":{"groups":[]}}"#));
    let deployment = deployment(host, upstream.address());
    get(&deployment, "/a/api/v1/rules?group_limit=1&type=alert&group_next_token=x");
    assert_eq!(upstream.wait_for(0).unwrap().target, "/api/v1/rules?type=alert");
}

fn an_error_of_the_servers_is_passed_on(host: Host) {
    let error = r#"{"status":"error","errorType":"bad_data","error":"no"}"#;
    let upstream =
        answering(move || Reply::status(400).header("content-type", "application/json").body(error));
    let answer = deployment(host, upstream.address()).client().get("/a/api/v1/rules").unwrap();
    assert_eq!((answer.status, answer.text()), (400, error.into()));
}

fn json(body: &str) -> Reply {
    Reply::status(200).header("content-type", "application/json").body(body)
}

fn an_answer_that_can_not_be_filtered_is_refused(host: Host) {
    const SECRET: &str = r#"{"status":"success","data":{"alerts":[{"labels":{"tenant":"secret"}}]}}"#;
    fn typed(status: u16, kind: &str) -> Reply {
        Reply::status(status).header("content-type", kind).body(SECRET)
    }
    let replies: [fn() -> Reply; 6] = [
        || typed(200, "text/plain"),
        || typed(200, "application/x-ndjson"),
        || Reply::status(200).body(SECRET),
        || typed(200, "application/json").header("content-encoding", "gzip"),
        || typed(206, "application/json").header("content-range", "bytes 0-9/100"),
        || typed(503, "text/html"),
    ];
    let upstream = answering(replies[0]);
    let deployment = deployment(host, upstream.address());
    for (number, reply) in replies.into_iter().enumerate() {
        upstream.answer_by(move |_| reply());
        let answer = deployment.client().get("/a/api/v1/alerts").unwrap();
        assert_eq!(answer.status, 502, "{number}: {}", answer.text());
        assert!(answer.text().contains("not with JSON that can be filtered"), "{}", answer.text());
    }
}

fn an_answer_that_goes_wrong_is_broken_off(host: Host) {
    const BEGIN: &str = r#"{"status":"success","data":{"alerts":[{"labels":{"tenant":"a"}},"#;
    let long = format!(r#"{{"labels":{{"tenant":"{}"}}}}]}}}}"#, "secret".repeat(200_000));
    let upstream = answering(|| Reply::text("ok"));
    let deployment = deployment(host, upstream.address());
    for (number, rest) in (1..).zip([
        r#"{"labels":{"tenant":"secret"}"#,
        r#"{"labels":{"tenant":"b","tenant":"secret"}}]}}"#,
        r#"{"labels":{"tenant":1}}]}}"#,
        r#""secret"]}}"#,
        r#"{"labels":{}}]}} "secret""#,
        "\u{1}]}}",
        long.as_str(),
    ]) {
        let pieces = [BEGIN.as_bytes().to_vec(), rest.as_bytes().to_vec()];
        upstream.answer_by(move |_| Reply::pieces(pieces.clone()).header("content-type", "application/json"));
        for client in [deployment.client(), deployment.client().http2()] {
            let answer = client.get("/a/api/v1/alerts");
            let rest: String = rest.chars().take(60).collect();
            match answer {
                Ok(answer) => panic!("{rest}: it looks complete: {} {}", answer.status, answer.text()),
                Err(error) => assert!(!format!("{error:#}").contains("secret"), "{error:#}"),
            }
        }
        let refused = "promward.refusals_total.mount=/a;.reason=answer;";
        assert_eq!(deployment.wait_for_metric(refused, 2 * number).unwrap(), 2 * number);
    }
}

fn a_server_that_breaks_off_leaves_no_whole_answer(host: Host) {
    let upstream = answering(|| {
        let begin = r#"{"status":"success","data":{"alerts":["#;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
        Reply::raw(format!("{head}{:x}\r\n{begin}\r\n9\r\n{{\"lab", begin.len()))
    });
    let deployment = deployment(host, upstream.address());
    for client in [deployment.client(), deployment.client().http2()] {
        if let Ok(answer) = client.get("/a/api/v1/alerts") {
            assert!(answer.status >= 500, "it looks complete: {} {}", answer.status, answer.text());
        }
    }
}

fn a_server_that_does_not_answer_is_an_error(host: Host) {
    let upstream = answering(Reply::close);
    let deployment = deployment(host, upstream.address());
    for path in ["/a/api/v1/alerts", "/a/api/v1/query?query=up"] {
        let answer = deployment.client().get(path).unwrap();
        assert!((502..=503).contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
    }
    drop(upstream);
    let answer = deployment.client().get("/a/api/v1/rules").unwrap();
    assert!((502..=503).contains(&answer.status), "{} {}", answer.status, answer.text());
    assert_eq!(
        get(&deployment, "/a/api/v1/metadata"),
        serde_json::json!({ "status": "success", "data": {} })
    );
}

fn a_long_answer_streams_in_bounded_memory(host: Host) {
    const NUMBER: usize = 20_000;
    let upstream = Upstream::start(|_| {
        let alert = |number: usize| {
            let tenant = if number.is_multiple_of(2) { "a" } else { "secret" };
            format!(
                r#"{{"labels":{{"number":"{number}","tenant":"{tenant}"}},"annotations":{{"text":"{}"}}}}"#,
                "x".repeat(200)
            )
        };
        let begin = std::iter::once(r#"{"status":"success","data":{"alerts":["#.as_bytes().to_vec());
        let alerts = (0..NUMBER).map(move |number| {
            let comma = if number == 0 { "" } else { "," };
            format!("{comma}{}", alert(number)).into_bytes()
        });
        let end = std::iter::once(b"]}}".to_vec());
        Reply::pieces(begin.chain(alerts).chain(end)).header("content-type", "application/json")
    })
    .unwrap();
    let alerts = get(&deployment(host, upstream.address()), "/a/api/v1/alerts");
    assert_eq!(alerts["data"]["alerts"].as_array().unwrap().len(), NUMBER / 2);
}

fn metadata_is_empty(host: Host) {
    let upstream = answering(|| Reply::text("secret"));
    let deployment = deployment(host, upstream.address());
    assert_eq!(
        get(&deployment, "/a/api/v1/metadata?limit=1"),
        serde_json::json!({ "status": "success", "data": {} })
    );
    assert!(upstream.requests().is_empty());
}
