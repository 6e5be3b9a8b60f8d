//! A VM that dies during a request. The defect is put in on purpose, since the filter has none. Nothing gets past it,
//! and the worker serves again with a new VM.

use crate::endurance::figures;
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_both_hosts;
use promward_harness::client::{Client, Exchange, Request};
use promward_harness::upstream::{End, Received, Reply, Upstream};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

on_both_hosts! {
    a_trap_fails_only_the_open_requests_of_its_worker,
    refused_requests_stay_refused_while_the_filter_traps_repeatedly,
    a_vm_that_dies_keeps_no_place_for_its_requests,
}

const QUERY: &str = "/prometheus/api/v1/query";
const HELD: &str = "/prometheus/api/v1/query?query=held";
const HEADER: &str = "x-promward-trap";
const PASSWORD: &str = "correct horse";

/// The cost of a hash whose check takes about a second.
const SLOW: u32 = 12;

/// The number of traps beside ordinary requests.
const TRAPS: u32 = 5;

/// The number of traps while requests are open whose number is limited.
const TRAPS_WHILE_OPEN: usize = 50;

/// The longest time until a worker serves again. Envoy waits about a second before it starts the next VM.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pause between two questions for it.
const PAUSE: Duration = Duration::from_millis(20);

/// Starts a deployment with one worker, so that everything is in the VM that dies.
fn start(host: Host, cost: u32) -> (Upstream, Deployment) {
    let upstream = Upstream::start(|request| match request.target.contains("held") {
        true => Reply::hold(),
        false => Reply::text("ok"),
    });
    let upstream = upstream.unwrap();
    let configuration = json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": { "users": { "alice": bcrypt::hash(PASSWORD, cost).unwrap() } },
        "access": [
            { "who": ["anyone"], "may": ["query"], "only": { "tenant": ["a"] } },
            { "who": ["anyone"], "may": ["health"], "limits": { "rate": "1/h", "burst": 1 } },
            { "who": ["user:alice"], "may": ["write"], "unrestricted": true },
        ],
    });
    let options = Options {
        workers: 1,
        module: Some(promward_module::build_that_traps().unwrap()),
        ..Options::configured(upstream.address(), &configuration.to_string())
    };
    let deployment = Deployment::start(host, &options).unwrap();
    (upstream, deployment)
}

fn get(client: &Client, target: &str) -> u16 {
    client.get(target).unwrap().status
}

fn trap(deployment: &Deployment) -> u16 {
    get(&deployment.client().header(HEADER, "1"), &format!("{QUERY}?query=trap"))
}

/// Sends requests until a new VM serves. Every other answer until then is 503. Only a request makes Envoy start a VM, so
/// there is no event to wait for, and requests without a pause would take the processors from everything else.
fn recover(deployment: &Deployment) {
    let start = Instant::now();
    loop {
        match get(&deployment.client(), &format!("{QUERY}?query=recovered")) {
            200 => return,
            status => assert_eq!(status, 503),
        }
        assert!(start.elapsed() < PATIENCE, "the worker doesn't serve again");
        thread::sleep(PAUSE);
    }
}

fn opened(client: &Client, request: Request, pieces: &[&str]) -> Exchange {
    let mut exchange = client.open(request).unwrap();
    for piece in pieces {
        exchange.data(piece).unwrap();
    }
    exchange
}

/// Returns the requests that arrived complete. By default the head of a form goes ahead on Envoy, but nothing of its
/// body before the filter has read it.
fn decided(upstream: &Upstream) -> Vec<Received> {
    let (whole, cut) = upstream.requests().into_iter().partition(|request| request.end == End::Clean);
    let cut: Vec<Received> = cut;
    assert!(
        cut.iter().all(|request| request.body_length == 0 && request.target == "/api/v1/query"),
        "{cut:?}"
    );
    whole
}

fn a_trap_fails_only_the_open_requests_of_its_worker(host: Host) {
    let (upstream, deployment) = start(host, SLOW);
    let alice = deployment.client().user("alice", PASSWORD);
    let write = || Request::new("POST", "/prometheus/api/v1/write").body("series");
    assert_eq!(alice.send(write()).unwrap().status, 200);
    assert_eq!(get(&deployment.client(), "/prometheus/-/healthy"), 200);
    deployment.wait_for_metric("promward.checks_total.outcome=right;", 1).unwrap();

    let mut held = deployment.client().connect().unwrap().ask(Request::new("GET", HELD)).unwrap();
    let mut server = upstream.held().unwrap();
    let mut form = opened(&deployment.client(), Request::form(QUERY), &["query=half"]);
    let waits = opened(&deployment.client().user("alice", "a guess"), write(), &[]);
    deployment.wait_for_metric("promward.checks_waiting", 1).unwrap();

    assert_eq!(trap(&deployment), 503);
    // The answer of the server is too late now, and the rest of the form isn't read.
    server.head(200, &[]).unwrap();
    let _ = server.data(b"secret").and_then(|()| server.end(&[]));
    let _ = form.data("&time=1").and_then(|()| form.end(&[]));
    for (name, exchange) in [("held", &mut held), ("form", &mut form)] {
        let status = exchange.head().map(|head| head.status);
        assert_eq!(status.unwrap(), 503, "{name}");
    }
    // Nobody checks a password any more. A client that waits for one goes away at some time.
    waits.reset().unwrap();

    recover(&deployment);
    assert_eq!(
        get(&deployment.client(), "/prometheus/-/healthy"),
        429,
        "rates are in data that the workers share"
    );
    assert_eq!(alice.send(write()).unwrap().status, 200);
    assert_eq!(
        deployment.wait_for_metric("promward.checks_total.outcome=right;", 2).unwrap(),
        2,
        "a login is forgotten"
    );

    let asked: Vec<_> = decided(&upstream).into_iter().map(|request| request.target).collect();
    let restricted = |query: &str| format!("/api/v1/query?query={query}%7Btenant%3D%22a%22%7D");
    let expected = [
        "/api/v1/write".to_owned(),
        "/-/healthy".to_owned(),
        restricted("held"),
        restricted("recovered"),
        "/api/v1/write".to_owned(),
    ];
    assert_eq!(asked, expected, "what wasn't decided never arrived");
}

fn refused_requests_stay_refused_while_the_filter_traps_repeatedly(host: Host) {
    let (upstream, deployment) = start(host, 4);
    let before = deployment.envoy().map(figures::descriptors);
    let ends = AtomicBool::new(false);
    let seen: BTreeMap<(&str, u16), u32> = thread::scope(|scope| {
        let ask = |name: &'static str, request: Request| {
            let (deployment, ends) = (&deployment, &ends);
            scope.spawn(move || {
                let mut seen = BTreeMap::new();
                while !ends.load(Ordering::SeqCst) {
                    let status = deployment.client().send(request.clone()).unwrap().status;
                    *seen.entry((name, status)).or_insert(0) += 1;
                }
                seen
            })
        };
        let asking = [
            ask("allowed", Request::new("GET", &format!("{QUERY}?query=allowed"))),
            ask("form", Request::form(QUERY).body("query=form")),
            ask("refused", Request::new("GET", "/prometheus/api/v1/status/config")),
            ask("ambiguous", Request::form(QUERY).body("query=a&query=b")),
        ];
        let end = figures::EndsOnDrop(&ends);
        for _ in 0..TRAPS {
            assert_eq!(trap(&deployment), 503);
            recover(&deployment);
        }
        drop(end);
        asking.into_iter().flat_map(|asking| asking.join().unwrap()).collect()
    });
    for (name, status) in [("allowed", 200), ("form", 200), ("refused", 401), ("ambiguous", 400)] {
        let other = seen.keys().find(|(kind, seen)| *kind == name && ![status, 503].contains(seen));
        assert_eq!(other, None, "{seen:?}");
        assert!(seen.contains_key(&(name, status)), "{seen:?}");
    }
    for _ in 0..20 {
        assert_eq!(get(&deployment.client(), &format!("{QUERY}?query=allowed")), 200);
    }
    for request in decided(&upstream) {
        let query = [request.target.as_bytes(), request.body.as_slice()].concat();
        let query = String::from_utf8(query).unwrap();
        assert!(query.contains("%7Btenant%3D%22a%22%7D"), "{query}");
        assert!(!query.contains("query=trap") && !query.contains("status"), "{query}");
    }
    if let (Some(envoy), Some(before)) = (deployment.envoy(), before) {
        // Room for a connection to the server, and for one that is being closed.
        figures::wait_for_descriptors(envoy, before + 6);
    }
}

/// Each caller may have one request open, and has one when the VM dies. In the end each of them has a place again.
fn a_vm_that_dies_keeps_no_place_for_its_requests(host: Host) {
    let upstream = Upstream::start(|request| match request.target.contains("held") {
        true => Reply::hold(),
        false => Reply::text("ok"),
    });
    let upstream = upstream.unwrap();
    let token = |number: usize| format!("token-{number}");
    let digest = |token: String| format!("sha256:{}", promward_module::sha256(token.as_bytes()));
    let tokens: BTreeMap<_, _> =
        (0..TRAPS_WHILE_OPEN).map(|number| (number.to_string(), digest(token(number)))).collect();
    let configuration = json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": { "tokens": tokens },
        "access": [
            { "who": ["authenticated"], "may": ["query"], "limits": { "concurrent": 1, "wait": "30s" } },
            { "who": ["anonymous"], "may": ["query"], "unrestricted": true },
        ],
    });
    let options = Options {
        workers: 1,
        module: Some(promward_module::build_that_traps().unwrap()),
        ..Options::configured(upstream.address(), &configuration.to_string())
    };
    let deployment = Deployment::start(host, &options).unwrap();
    let client = |number| deployment.client().header("authorization", format!("Bearer {}", token(number)));
    let mut open = Vec::new();
    for number in 0..TRAPS_WHILE_OPEN {
        open.push(client(number).ask(Request::new("GET", HELD)).unwrap());
        open.push(client(number).ask(Request::new("GET", HELD)).unwrap());
        let held = upstream.held().unwrap();
        deployment.wait_for_metric("promward.requests_waiting", 1).unwrap();
        assert_eq!(trap(&deployment), 503);
        drop(held);
        recover(&deployment);
    }
    open.into_iter().for_each(|exchange| exchange.reset().unwrap());
    for number in 0..TRAPS_WHILE_OPEN {
        assert_eq!(get(&client(number), &format!("{QUERY}?query=again")), 200, "{number}");
    }
    // What the dead had open is in no figure either.
    while deployment.metric("promward.requests_open").unwrap() > 0 {
        thread::yield_now();
    }
}

#[test]
fn the_shipped_module_does_not_contain_the_defect_of_these_tests() {
    let holds = |module| {
        let bytes = fs::read(module).unwrap();
        bytes.windows(HEADER.len()).any(|window| window == HEADER.as_bytes())
    };
    assert!(holds(promward_module::build_that_traps().unwrap()), "what is looked for can be found");
    assert!(!holds(promward_module::build().unwrap()));
}
