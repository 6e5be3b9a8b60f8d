//! A new configuration while requests are on their way, at every place where one can be. Each request ends under the
//! configuration that it began with, and later requests are decided by the new one.

use crate::endurance::figures;
use crate::endurance::memory::PAGES;
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_both_hosts;
use promward_harness::client::{Client, Connection, Exchange, Request};
use promward_harness::upstream::{Held, Received, Reply, Upstream};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

on_both_hosts! {
    two_hundred_requests_end_under_the_rules_that_they_began_with,
    two_hundred_requests_outlive_a_configuration_that_is_refused,
}

const QUERY: &str = "/prometheus/api/v1/query";
const HELD: &str = "/prometheus/api/v1/query?query=held";
const ALERTS: &str = "/prometheus/api/v1/alerts";
const PASSWORD: &str = "correct horse";

/// The cost of a hash whose check takes about a second.
const SLOW: u32 = 12;

/// The number of requests at each of four places.
const EACH: usize = 50;

/// An answer that is filtered, in two halves.
const ALERTS_BEGIN: &str =
    r#"{"status":"success","data":{"alerts":[{"labels":{"tenant":"a"}},{"labels":{"tenant":"b"}},"#;
const ALERTS_END: &str = r#"{"labels":{"tenant":"a"}}]}}"#;
const ALERTS_OF_A: &str =
    r#"{"status":"success","data":{"alerts":[{"labels":{"tenant":"a"}},{"labels":{"tenant":"a"}}]}}"#;

/// Returns rules with a token that sees a tenant, and a user who may write.
fn rules(token: &str, tenant: &str, hash: &str, writes: bool) -> String {
    let mut access =
        vec![json!({ "who": ["token:reader"], "may": ["query", "rules"], "only": { "tenant": [tenant] } })];
    if writes {
        access.push(json!({ "who": ["user:alice"], "may": ["write"] }));
    }
    access.push(json!({ "who": ["anyone"], "may": ["health"] }));
    json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": {
            "tokens": { "reader": format!("sha256:{}", promward_module::sha256(token.as_bytes())) },
            "users": { "alice": hash },
            "passwords": { "waiting": 256, "waiting_per_source": 256 },
        },
        "access": access,
    })
    .to_string()
}

fn bearer(token: &str, request: Request) -> Request {
    request.header("authorization", format!("Bearer {token}"))
}

/// A watched deployment, and requests on their way through it.
struct InFlight {
    deployment: Deployment,
    upstream: Upstream,
    held: Vec<Exchange>,
    halves: Vec<Exchange>,
    forms: Vec<Exchange>,
    logins: Vec<Exchange>,
    servers: Vec<Held>,
}

/// Begins a request. With `begin`, its body has begun and is to go on.
fn open(connection: &mut Connection, request: Request, begin: Option<&str>) -> Exchange {
    let Some(begin) = begin else { return connection.ask(request).unwrap() };
    let mut exchange = connection.open(request).unwrap();
    exchange.data(begin).unwrap();
    exchange
}

impl InFlight {
    /// Begins two hundred requests under a configuration where the token sees tenant `a`.
    fn start(host: Host, hash: &str) -> Self {
        let holds = |request: &Received| request.target.contains("held") || request.target.contains("alerts");
        let upstream = Upstream::start(move |request| match holds(request) {
            true => Reply::hold(),
            false => Reply::text("ok"),
        });
        let upstream = upstream.unwrap();
        let options = Options {
            watched: true,
            ..Options::configured(upstream.address(), &rules("first", "a", hash, true))
        };
        let deployment = Deployment::start(host, &options).unwrap();
        let client = deployment.client().http2();
        let many = |client: &Client, request: Request, begin: Option<&str>| {
            let mut connection = client.connect().unwrap();
            let begun = (0..EACH).map(|_| open(&mut connection, request.clone(), begin)).collect::<Vec<_>>();
            // A later request on the same connection is answered, so that the filter has seen all of them.
            assert_eq!(connection.send(Request::new("GET", "/prometheus/-/healthy")).unwrap().status, 200);
            begun
        };
        let held = many(&client, bearer("first", Request::new("GET", HELD)), None);
        let mut halves = many(&client, bearer("first", Request::new("GET", ALERTS)), None);
        let mut servers: Vec<_> = (0..2 * EACH).map(|_| upstream.held().unwrap()).collect();
        for server in &mut servers {
            if server.request().unwrap().target.contains("alerts") {
                server.head(200, &[("content-type", "application/json")]).unwrap();
                server.data(ALERTS_BEGIN.as_bytes()).unwrap();
            }
        }
        for half in &mut halves {
            assert_eq!(half.head().unwrap().status, 200);
        }
        let forms = many(&client, bearer("first", Request::form(QUERY)), Some("query="));
        let write = Request::new("POST", "/prometheus/api/v1/write");
        let logins = many(&client.clone().user("alice", PASSWORD), write, Some("series"));
        deployment.wait_for_metric("promward.checks_waiting", 1).unwrap();
        Self { deployment, upstream, held, halves, forms, logins, servers }
    }

    /// Lets all requests go on, and checks that each is served under the first configuration.
    fn finish(mut self) {
        for mut server in self.servers.drain(..) {
            if server.request().unwrap().target.contains("alerts") {
                server.data(ALERTS_END.as_bytes()).unwrap();
            } else {
                server.head(200, &[]).unwrap();
                server.data(b"held").unwrap();
            }
            server.end(&[]).unwrap();
        }
        for form in &mut self.forms {
            form.data("of_a_form").and_then(|()| form.end(&[])).unwrap();
        }
        for login in &mut self.logins {
            login.data(" and more").and_then(|()| login.end(&[])).unwrap();
        }
        for (kind, body, exchanges) in [
            ("held", "held", &mut self.held),
            ("half", ALERTS_OF_A, &mut self.halves),
            ("form", "ok", &mut self.forms),
            ("login", "ok", &mut self.logins),
        ] {
            for exchange in exchanges {
                let answer = exchange.answer().unwrap();
                assert_eq!((answer.status, answer.text().as_str()), (200, body), "{kind}");
            }
        }
        let requests = self.upstream.requests();
        let begun = requests.iter().filter(|request| {
            let read = format!("{}{}", request.target, String::from_utf8_lossy(&request.body));
            let of_a = read.contains("%7Btenant%3D%22a%22%7D");
            of_a && (read.contains("held") || read.contains("of_a_form")) || read.contains(" and more")
        });
        assert_eq!(begun.count(), 3 * EACH);
    }

    /// Sends a new request. Returns its status, and the queries with which it arrived at the server.
    fn now(&self, token: &str) -> (u16, Vec<String>) {
        let before = self.upstream.requests().len();
        let request = bearer(token, Request::new("GET", &format!("{QUERY}?query=now")));
        let status = self.deployment.client().send(request).unwrap().status;
        let after = self.upstream.requests().into_iter().skip(before);
        (status, after.map(|request| request.target).filter(|target| target.contains("now")).collect())
    }

    fn writes(&self, client: Client) -> u16 {
        client
            .user("alice", PASSWORD)
            .send(Request::new("POST", "/prometheus/api/v1/write").body("x"))
            .unwrap()
            .status
    }
}

fn of(tenant: &str) -> Vec<String> {
    vec![format!("/api/v1/query?query=now%7Btenant%3D%22{tenant}%22%7D")]
}

fn two_hundred_requests_end_under_the_rules_that_they_began_with(host: Host) {
    let hash = bcrypt::hash(PASSWORD, SLOW).unwrap();
    let flight = InFlight::start(host, &hash);
    // Another token and another tenant, and nobody may write.
    flight.deployment.reconfigure(&rules("second", "b", &hash, false)).unwrap();
    assert_eq!(flight.now("first"), (401, Vec::new()));
    assert_eq!(flight.now("second"), (200, of("b")));
    assert_eq!(flight.writes(flight.deployment.client()), 403);
    // A new password for the user.
    flight.deployment.reconfigure(&rules("second", "b", &bcrypt::hash("another", 4).unwrap(), true)).unwrap();
    assert_eq!(flight.writes(flight.deployment.client()), 401);
    flight.finish();
}

fn two_hundred_requests_outlive_a_configuration_that_is_refused(host: Host) {
    let hash = bcrypt::hash(PASSWORD, SLOW).unwrap();
    let flight = InFlight::start(host, &hash);
    let bad = rules("second", "b", "no hash", false);
    let error = flight.deployment.reconfigure(&bad).unwrap_err().to_string();
    assert!(error.contains("callers.users.alice"), "{error}");
    assert_eq!(flight.now("second"), (401, Vec::new()));
    assert_eq!(flight.now("first"), (200, of("a")));
    assert_eq!(flight.writes(flight.deployment.client()), 200);
    flight.finish();
}

/// The number of additional callers in a configuration. If it were kept, memory would grow by about three pages.
const SPARE: usize = 500;

/// The largest difference of memory between two moments under load.
const SLACK: u64 = 25;

/// Returns the same rules with many more callers.
fn large(rules: &str) -> String {
    let mut rules: Value = serde_json::from_str(rules).unwrap();
    let tokens = rules.pointer_mut("/callers/tokens").unwrap();
    for number in 0..SPARE {
        tokens[format!("spare-{number}")] = json!(format!("sha256:{number:064x}"));
    }
    rules.to_string()
}

/// On Envoy, where all configurations share a worker's memory, old ones are freed. Otherwise each would take pages of
/// its own.
#[test]
fn fifty_more_swaps_take_no_more_memory_and_no_more_descriptors() {
    if !Host::Envoy.is_here() {
        return;
    }
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let hash = bcrypt::hash(PASSWORD, 4).unwrap();
    let [a, b] = ["a", "b"].map(|tenant| large(&rules("first", tenant, &hash, true)));
    let of = |number: u32| if number.is_multiple_of(2) { &a } else { &b };
    let options = Options { watched: true, workers: 1, ..Options::configured(upstream.address(), of(0)) };
    let deployment = Deployment::start(Host::Envoy, &options).unwrap();
    let envoy = deployment.envoy().unwrap();
    let ends = AtomicBool::new(false);
    let figures = thread::scope(|scope| {
        let (deployment, ends) = (&deployment, &ends);
        for _ in 0..2 {
            scope.spawn(move || {
                let mut connection = deployment.client().connect().unwrap();
                let requests = [
                    (bearer("first", Request::new("GET", &format!("{QUERY}?query=up"))), 200),
                    (bearer("first", Request::form(QUERY).body("query=up")), 200),
                    (bearer("second", Request::new("GET", ALERTS)), 401),
                    (Request::new("GET", "/prometheus/-/healthy"), 200),
                ];
                while !ends.load(Ordering::SeqCst) {
                    for (request, status) in &requests {
                        assert_eq!(connection.send(request.clone()).unwrap().status, *status);
                    }
                }
            });
        }
        let _end = figures::EndsOnDrop(ends);
        let mut figures = Vec::new();
        for round in 0..2 {
            for number in 1..=50 {
                deployment.reconfigure(of(number)).unwrap();
                let request = bearer("first", Request::new("GET", &format!("{QUERY}?query=seen")));
                assert_eq!(deployment.client().send(request).unwrap().status, 200);
            }
            let now =
                (deployment.metric(PAGES).unwrap(), figures::descriptors(envoy), figures::resident(envoy));
            println!("after {} swaps: pages, descriptors, KiB: {now:?}", 50 * (round + 1));
            figures.push(now);
        }
        figures
    });
    let [(pages, open, _), (pages_later, open_later, _)] = figures[..] else { panic!("two rounds") };
    assert!(pages_later <= pages + SLACK, "{pages_later} pages, and {pages} before");
    assert!(open_later <= open + 4, "{open_later} descriptors, and {open} before");
}
