//! The text of queries in the access log (`report.query`): on Envoy as the shipped file writes it, on the embedded host
//! as the gateway gets it.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_every_host;
use promward_harness::client::Request;
use promward_harness::process::Stream;
use promward_harness::upstream::{Reply, Upstream};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

on_every_host! {
    a_query_is_logged_as_it_was_asked_and_as_it_was_sent,
    a_long_query_is_cut_between_two_characters,
    a_query_stays_out_of_the_log_unless_it_is_wanted,
}

/// The token of the caller, and secrets in parameters, forms, headers and paths that aren't for queries.
const TOKEN: &str = "token-never-shown";
const SECRET: &str = "secret-never-shown";

const QUERY: &str = "/p/api/v1/query";

/// A deployment that writes a log.
struct Logging {
    deployment: Deployment,
    /// The filter's own lines on the embedded host.
    lines: Arc<Mutex<Vec<String>>>,
    _upstream: Upstream,
}

impl Logging {
    fn start(host: Host, report: &Value) -> Self {
        let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
        let configuration = json!({
            "mounts": [
                { "prefix": "/p", "cluster": "prometheus" },
                { "prefix": "/o", "api": "opaque", "cluster": "prometheus", "websockets": "refuse" },
            ],
            "callers": { "tokens": { "a": format!("sha256:{}", promward_module::sha256(TOKEN.as_bytes())) } },
            "access": [
                { "who": ["token:a"], "may": ["read", "federate"], "only": { "tenant": ["a"] } },
                { "who": ["token:a"], "may": ["unknown"], "at": ["/o"] },
            ],
            "report": report,
        });
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let said = Arc::clone(&lines);
        let mut options = Options::configured(upstream.address(), &configuration.to_string());
        // So that the lines of the log are in the order of the requests.
        options.workers = 1;
        options.log = Arc::new(move |_, line| said.lock().unwrap().push(line.to_owned()));
        let deployment = Deployment::start(host, &options).unwrap();
        Self { deployment, lines, _upstream: upstream }
    }

    /// Sends requests one after the other, half of them by HTTP/2, and returns `query` and `sent` of their records.
    fn said(&self, requests: Vec<Request>) -> Vec<[Value; 2]> {
        let client = self.deployment.client().header("authorization", format!("Bearer {TOKEN}"));
        let clients = [client.clone(), client.http2()];
        let number = requests.len();
        for (request, client) in requests.into_iter().zip(clients.iter().cycle()) {
            client.send(request).unwrap();
        }
        let records = self.deployment.wait_for_records(number).unwrap();
        assert_eq!(records.len(), number, "{records:#?}");
        records.iter().map(|record| ["query", "sent"].map(|field| record[field].clone())).collect()
    }

    /// Returns everything that was logged, by the filter and by its host.
    fn whole_log(&self) -> String {
        match self.deployment.envoy() {
            Some(envoy) => {
                let process = envoy.process();
                [process.lines(Stream::Output), process.lines(Stream::Errors)].concat().join("\n")
            }
            None => {
                let records = self.deployment.wait_for_records(0).unwrap();
                format!("{records:?}{}", self.lines.lock().unwrap().join("\n"))
            }
        }
    }
}

fn get(target: &str) -> Request {
    Request::new("GET", target)
}

fn form(target: &str, body: &str) -> Request {
    Request::form(target).body(body)
}

fn a_query_is_logged_as_it_was_asked_and_as_it_was_sent(host: Host) {
    let logging = Logging::start(host, &json!({ "query": "text" }));
    let restricted = json!(r#"up{tenant="a"}"#);
    let [both, both_restricted] = [json!("up\ndown"), json!("up{tenant=\"a\"}\ndown{tenant=\"a\"}")];
    let (requests, expected): (Vec<_>, Vec<_>) = [
        (get(&format!("{QUERY}?query=up")), [json!("up"), restricted.clone()]),
        (get(&format!("{QUERY}?query=1%2B1")), [json!("1+1"), Value::Null]),
        (get(&format!("{QUERY}?query=up%28")), [json!("up("), Value::Null]),
        // What ends a text in JSON, and what a line can't hold.
        (
            get(&format!("{QUERY}?query=up%7Bx%3D%22%5C%22%0A%22%7D")),
            [json!("up{x=\"\\\"\n\"}"), Value::Null],
        ),
        (get(&format!("{QUERY}?query=%22%5C%22%7D%09%E2%82%AC%22")), [json!("\"\\\"}\t€\""), Value::Null]),
        (form(QUERY, "query=up"), [json!("up"), restricted.clone()]),
        (form(QUERY, "query=up%28"), [json!("up("), Value::Null]),
        (get("/p/api/v1/series?match[]=up&match[]=down"), [both.clone(), both_restricted.clone()]),
        (form("/p/api/v1/series", "match[]=up&match[]=down"), [both, both_restricted]),
        (get("/p/api/v1/labels"), [Value::Null, json!(r#"{tenant="a"}"#)]),
        // Secrets stand where no query does.
        (get(&format!("{QUERY}?query=up&token={SECRET}")), [json!("up"), Value::Null]),
        (form(&format!("{QUERY}?access_token={SECRET}"), "query=up"), [Value::Null, Value::Null]),
        (form(QUERY, &format!("query=up&password={SECRET}")), [json!("up"), Value::Null]),
        (get(&format!("{QUERY}?query=up")).header("cookie", SECRET), [json!("up"), restricted]),
        (get(&format!("/o/x?query={SECRET}")), [Value::Null, Value::Null]),
        (form("/o/x", &format!("query={SECRET}")), [Value::Null, Value::Null]),
        (get(&format!("/p/api/v1/status/buildinfo?query={SECRET}")), [Value::Null, Value::Null]),
    ]
    .into_iter()
    .unzip();
    let shown: Vec<_> = requests.iter().map(|request| format!("{request:?}")).collect();
    for ((said, expected), shown) in logging.said(requests).into_iter().zip(expected).zip(shown) {
        assert_eq!(said, expected, "{shown}");
    }
    let log = logging.whole_log();
    for secret in [SECRET, TOKEN] {
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

fn a_long_query_is_cut_between_two_characters(host: Host) {
    let logging = Logging::start(host, &json!({ "query": "text", "bytes": 65 }));
    let texts = ["ä".repeat(100), "\\\"".repeat(100), "€\n".repeat(100), format!("{}ä", "a".repeat(63))];
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let many = ["match[]=%C3%A4"; 50].join("&");
    let mut requests = Vec::new();
    for text in &texts {
        let query = format!("query=x%7By%3D%22{}", escaped(text));
        requests.push(get(&format!("{QUERY}?{query}")));
        requests.push(form(QUERY, &query));
    }
    requests.push(get(&format!("/p/api/v1/series?{many}")));
    requests.push(form("/p/api/v1/series", &many));
    let said = logging.said(requests);
    for (said, text) in said.chunks(2).zip(&texts) {
        let whole = format!("x{{y=\"{text}");
        let cut = &whole[..whole.floor_char_boundary(65)];
        // The query has no end, so that nothing is sent.
        assert_eq!(said, [[json!(cut), Value::Null], [json!(cut), Value::Null]], "{text}");
    }
    for said in said.into_iter().skip(2 * texts.len()).flatten().filter(|said| !said.is_null()) {
        assert!(said.as_str().unwrap().len() <= 65, "{said}");
    }
}

fn a_query_stays_out_of_the_log_unless_it_is_wanted(host: Host) {
    for report in [json!({}), json!({ "query": "off" })] {
        let logging = Logging::start(host, &report);
        let query = format!("query={SECRET}_total");
        let requests = vec![
            get(&format!("{QUERY}?{query}")),
            form(QUERY, &query),
            get(&format!("{QUERY}?{query}(")),
            form(QUERY, &format!("{query}(")),
        ];
        assert_eq!(logging.said(requests), [const { [Value::Null, Value::Null] }; 4]);
        let log = logging.whole_log();
        assert!(!log.contains(SECRET), "{log}");
    }
}
