//! Two tenants' requests in turns through one worker, which keeps buffers and answers from request to request. Whatever
//! the turns are like (long and short, forms and lists, refused, cut off by a trap), nothing of one request is in another.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_every_host;
use promward_e2e::queries::Random;
use promward_harness::client::{Answer, Request};
use promward_harness::upstream::{End, Received, Reply, Upstream};
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};

on_every_host! {
    nothing_of_one_tenants_request_is_in_anothers,
}

const TENANTS: [&str; 2] = ["alpha", "omega"];

/// The number of turns, the number of turns between two traps, and the most bytes that a turn adds to a text.
const TURNS: usize = 240;
const BETWEEN_TRAPS: usize = 60;
const LONG: usize = 20_000;

/// The longest time until a worker serves again after a trap.
const PATIENCE: Duration = Duration::from_secs(60);

/// The kind of request that a turn sends.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Query,
    Form,
    Rules,
    Refused,
}

fn nothing_of_one_tenants_request_is_in_anothers(host: Host) {
    let upstream = Upstream::start(answer).unwrap();
    let deployment = start(host, &upstream);
    let mut random = Random::new(7);
    let mut seen = 0;
    for turn in 0..TURNS {
        let tenant = TENANTS[turn % 2];
        let mark = format!("mark{turn}of{tenant}");
        let padding = "x".repeat(if random.once_in(3) { random.below(LONG) } else { random.below(20) });
        let kind = random.one(&[Kind::Query, Kind::Query, Kind::Form, Kind::Rules, Kind::Refused]);
        if turn % BETWEEN_TRAPS == BETWEEN_TRAPS - 1 {
            trap(&deployment, tenant, &mark);
        }
        let answer = ask(&deployment, tenant, kind, &mark, &padding);
        let arrived: Vec<Received> = upstream.requests().into_iter().skip(seen).collect();
        seen += arrived.len();
        let whole: Vec<_> = arrived.iter().filter(|request| request.end == End::Clean).collect();
        for request in &arrived {
            let text = format!("{} {}", request.target, String::from_utf8_lossy(&request.body));
            assert_own(&(shown(&request.headers) + &text), turn, tenant, "the request that arrived");
        }
        assert_own(&(shown(&answer.headers) + &answer.text()), turn, tenant, "the answer");
        check(kind, &answer, &whole, tenant, &mark, &padding);
    }
}

/// Starts a deployment with one worker, so that all turns meet in it.
fn start(host: Host, upstream: &Upstream) -> Deployment {
    let digest = |tenant: &str| format!("sha256:{}", promward_module::sha256(tenant.as_bytes()));
    let rule = |tenant: &str| json!({ "who": [format!("token:{tenant}")], "may": ["read"], "only": { "tenant": [tenant] } });
    let configuration = json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": { "tokens": { TENANTS[0]: digest(TENANTS[0]), TENANTS[1]: digest(TENANTS[1]) } },
        "access": [{ "who": ["anyone"], "may": ["health"] }, rule(TENANTS[0]), rule(TENANTS[1])],
        "headers": { "caller": "x-forwarded-user", "tenant": { "name": "x-scope-orgid", "label": "tenant" } },
    });
    let options = Options {
        workers: 1,
        module: Some(promward_module::build_that_traps().unwrap()),
        ..Options::configured(upstream.address(), &configuration.to_string())
    };
    Deployment::start(host, &options).unwrap()
}

/// Answers with rules of both tenants, or with the request's own body or target.
fn answer(request: &Received) -> Reply {
    if request.target.starts_with("/api/v1/rules") {
        let rule = |tenant: &str| json!({ "name": format!("rule of {tenant}"), "query": "up", "labels": { "tenant": tenant }, "type": "recording" });
        let padding = "x".repeat(request.target.len() * 50);
        let rules = [json!({ "name": padding, "labels": {} }), rule(TENANTS[0]), rule(TENANTS[1])];
        let groups = json!([{ "name": "g", "file": "f", "rules": rules }]);
        return reply(&json!({ "status": "success", "data": { "groups": groups } }));
    }
    let data = format!("{} {}", request.target, String::from_utf8_lossy(&request.body));
    reply(&json!({ "status": "success", "data": data }))
}

fn reply(body: &Value) -> Reply {
    Reply::status(200).header("content-type", "application/json").body(body.to_string())
}

fn ask(deployment: &Deployment, tenant: &str, kind: Kind, mark: &str, padding: &str) -> Answer {
    let api = "/prometheus/api/v1";
    let query = format!("up%7Bmark%3D%22{mark}%22%2Cpadding%3D%22{padding}%22%7D");
    let request = match kind {
        Kind::Query => Request::new("GET", &format!("{api}/query?query={query}")),
        Kind::Form => Request::form(&format!("{api}/query")).body(format!("query={query}")),
        Kind::Rules => Request::new("GET", &format!("{api}/rules?file[]={mark}")),
        Kind::Refused => Request::new("GET", &format!("{api}/query?query=up%7B{mark}{padding}")),
    };
    let client = deployment.client().header("authorization", format!("Bearer {tenant}"));
    client.send(request.header("x-mark", mark)).unwrap()
}

/// Makes the VM trap in the middle of a tenant's request, and waits until the worker serves again.
fn trap(deployment: &Deployment, tenant: &str, mark: &str) {
    let client = deployment
        .client()
        .header("authorization", format!("Bearer {tenant}"))
        .header("x-promward-trap", "1");
    let target = format!("/prometheus/api/v1/query?query=up%7Bmark%3D%22{mark}%22%7D");
    let failed = client.get(&target).unwrap().status;
    assert!([500, 503].contains(&failed), "{failed}");
    let start = Instant::now();
    while deployment.client().get("/prometheus/-/healthy").unwrap().status != 200 {
        assert!(start.elapsed() < PATIENCE, "the worker doesn't serve again");
        thread::sleep(Duration::from_millis(20));
    }
}

fn shown(headers: &[(String, Vec<u8>)]) -> String {
    headers.iter().map(|(name, value)| format!("{name}: {}; ", String::from_utf8_lossy(value))).collect()
}

/// Checks that nothing is in a text of the other tenant, or of another turn.
fn assert_own(text: &str, turn: usize, tenant: &str, what: &str) {
    let other = TENANTS[(turn + 1) % 2];
    assert!(!text.contains(other), "turn {turn} of {tenant}: {other} is in {what}: {text:.2000}");
    let mark = format!("mark{turn}of{tenant}");
    for (place, _) in text.match_indices("mark").filter(|(place, _)| !text[*place..].starts_with("mark=")) {
        let rest = &text[place..];
        let is_marked = rest[4..].starts_with(|next: char| next.is_ascii_digit());
        assert!(
            !is_marked || rest.starts_with(&mark),
            "turn {turn} of {tenant}: another turn is in {what}: {text:.2000}"
        );
    }
}

fn check(kind: Kind, answer: &Answer, arrived: &[&Received], tenant: &str, mark: &str, padding: &str) {
    let query =
        format!("query=up%7Btenant%3D%22{tenant}%22%2Cmark%3D%22{mark}%22%2Cpadding%3D%22{padding}%22%7D");
    let expected = match kind {
        Kind::Query => (200, format!("/api/v1/query?{query}"), String::new()),
        Kind::Form => (200, "/api/v1/query".to_owned(), query),
        Kind::Rules => (200, format!("/api/v1/rules?file%5B%5D={mark}"), String::new()),
        Kind::Refused => {
            assert_eq!(answer.status, 400, "{}", answer.text());
            return;
        }
    };
    let arrived = arrived.iter().filter(|request| !request.target.starts_with("/-/healthy"));
    let arrived: Vec<_> = arrived
        .map(|request| {
            (answer.status, request.target.clone(), String::from_utf8_lossy(&request.body).into_owned())
        })
        .collect();
    assert_eq!(arrived, [expected], "{kind:?} {}", answer.text());
    if let Kind::Rules = kind {
        assert!(answer.text().contains(&format!("rule of {tenant}")), "{}", answer.text());
    } else {
        assert!(answer.text().contains(mark), "{}", answer.text());
    }
}
