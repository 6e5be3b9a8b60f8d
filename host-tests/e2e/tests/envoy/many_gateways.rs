//! Several gateways count together by way of a rate limit service, as examples/many-gateways configures it: two Envoys with
//! the shipped lines, and a stand-in for the service.

use crate::envoy::envoy_file::setup::Setup;
use crate::envoy::rate_limit_service::{Descriptor, RateLimitService};
use promward_harness::client::{Client, Request};
use promward_harness::envoy::variants::Variant;
use promward_harness::envoy::{Envoy, Options};
use promward_harness::upstream::Nobody;
use serde_norway::Value;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const CONFIGURATION: &str = include_str!("../../../../examples/many-gateways/promward.json");

/// The limits of the service, as its own configuration writes them.
const LIMITS: &str = include_str!("../../../../examples/many-gateways/ratelimit.yaml");

const QUERY: &str = "/prometheus/api/v1/query";
const INFO: &str = "/prometheus/api/v1/status/buildinfo";
const HEALTH: &str = "/prometheus/-/healthy";

/// The headers that the filter alone writes.
const OURS: [&str; 3] = ["x-promward-rule", "x-promward-caller", "x-promward-class"];

/// Two gateways in front of one server.
struct Gateways {
    first: Setup,
    second: Envoy,
}

impl Gateways {
    /// Starts them, or returns `None` if there is no Envoy.
    fn start(service: SocketAddr, change: impl Fn(&mut Options)) -> Option<Self> {
        let mut kept = None;
        let first = Setup::with(|options| {
            options.variants.push(Variant::RateLimit);
            options.configuration = Some(CONFIGURATION.to_owned());
            let address = format!("address: {}, port_value: {}", service.ip(), service.port());
            options.replace.push(("address: 127.0.0.1, port_value: 8081".to_owned(), address));
            // A busy machine may take longer than a service on the same network does.
            options.replace.push(("timeout: 0.1s".to_owned(), "timeout: 60s".to_owned()));
            change(options);
            kept = Some(options.clone());
        })?;
        let second = Envoy::start(&kept.unwrap()).unwrap();
        Some(Self { first, second })
    }

    fn clients(&self) -> [Client; 2] {
        [&self.first.envoy, &self.second]
            .map(|envoy| Client::https(envoy.https()).trust(self.first.authority.pem()))
    }
}

fn service() -> RateLimitService {
    let limits: Value = serde_norway::from_str(LIMITS).unwrap();
    RateLimitService::start(move |descriptor| limit(&limits["descriptors"], descriptor)).unwrap()
}

/// Returns the limit of a descriptor: a value that is written counts before any value.
fn limit(limits: &Value, descriptor: &[(String, String)]) -> Option<u32> {
    let ((key, value), rest) = descriptor.split_first()?;
    let of = |wanted: Option<&str>| {
        let mut limits = limits.as_sequence().unwrap().iter();
        limits.find(|limit| limit["key"].as_str() == Some(key) && limit["value"].as_str() == wanted)
    };
    let found = of(Some(value)).or_else(|| of(None))?;
    match rest {
        [] => u32::try_from(found["rate_limit"]["requests_per_unit"].as_u64()?).ok(),
        rest => limit(&found["descriptors"], rest),
    }
}

fn descriptor(pairs: &[(&str, &str)]) -> Descriptor {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn bearer(client: &Client, token: &str) -> Client {
    client.clone().header("authorization", format!("Bearer {token}-for-trying"))
}

#[test]
fn forty_of_eighty_pass_in_both_together() {
    let service = service();
    let Some(gateways) = Gateways::start(service.address(), |_| ()) else { return };
    let (passed, limited) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let clients = gateways.clients();
    thread::scope(|scope| {
        for client in clients.iter().cycle().take(8) {
            let (passed, limited) = (&passed, &limited);
            scope.spawn(move || {
                let client = bearer(client, "grafana");
                for _ in 0..5 {
                    for answer in [
                        client.get(&format!("{QUERY}?query=up")).unwrap(),
                        client.clone().http2().post_form(QUERY, "query=up").unwrap(),
                    ] {
                        match answer.status {
                            200 => passed.fetch_add(1, Ordering::SeqCst),
                            429 => limited.fetch_add(1, Ordering::SeqCst),
                            other => panic!("{other}: {}", answer.text()),
                        };
                    }
                }
            });
        }
    });
    assert_eq!((passed.into_inner(), limited.into_inner()), (40, 40));
    let received = gateways.first.upstream.requests();
    assert_eq!(received.len(), 40);
    for header in OURS {
        assert!(received.iter().all(|request| request.header(header).is_none()), "{header} goes no further");
    }
    let asked = service.asked();
    let by_rule = descriptor(&[("rule", "1"), ("caller", "token:grafana")]);
    let by_class = descriptor(&[("caller", "token:grafana"), ("class", "query")]);
    assert!(asked.iter().all(|asked| asked.domain == "promward"));
    assert!(asked.iter().all(|asked| asked.descriptors == [by_rule.clone(), by_class.clone()]));
    assert_eq!(asked.len(), 80);

    // The message is in Prometheus' form, also where the answer would have been filtered.
    let client = bearer(&gateways.clients()[0], "grafana");
    for target in [QUERY, "/prometheus/api/v1/rules"] {
        let answer = client.get(target).unwrap();
        assert_eq!(answer.status, 429, "{target}: {}", answer.text());
        assert_eq!(answer.json().unwrap()["errorType"], "throttled");
        assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"));
        assert!(answer.header("x-ratelimit-limit").is_some_and(|limit| limit.starts_with("40")));
    }
}

#[test]
fn a_writer_is_told_to_send_again() {
    let service = service();
    let Some(gateways) = Gateways::start(service.address(), |_| ()) else { return };
    let [one, other] = gateways.clients().map(|client| bearer(&client, "writer"));
    let write =
        |client: &Client| client.send(Request::new("POST", "/prometheus/api/v1/write").body("x")).unwrap();
    for client in [&one, &other].into_iter().cycle().take(30) {
        assert_eq!(write(client).status, 200);
    }
    let answer = write(&one);
    assert_eq!((answer.status, answer.json().unwrap()["errorType"].as_str()), (503, Some("throttled")));
    assert_eq!(write(&other).status, 503);
}

#[test]
fn a_password_is_checked_before_the_service_is_asked() {
    let service = service();
    let Some(gateways) = Gateways::start(service.address(), |_| ()) else { return };
    for client in gateways.clients() {
        assert_eq!(client.clone().user("admin", "wrong").get(INFO).unwrap().status, 401);
        assert_eq!(client.user("admin", "admin-for-trying").get(INFO).unwrap().status, 200);
    }
    let admin = descriptor(&[("rule", "3"), ("caller", "user:admin")]);
    let asked: Vec<_> = service.asked().into_iter().map(|asked| asked.descriptors[0].clone()).collect();
    assert_eq!(asked, [admin.clone(), admin]);
}

#[test]
fn a_client_that_writes_the_headers_itself_gains_nothing() {
    let service = service();
    let Some(gateways) = Gateways::start(service.address(), |_| ()) else { return };
    let [one, other] = gateways.clients();
    let forged = |client: &Client| {
        let values = ["0", "token:grafana", "health"];
        OURS.iter().zip(values).fold(client.clone(), |client, (name, value)| client.header(name, value))
    };
    // Ten of one address pass, whatever name it gives.
    let statuses: Vec<_> = [&one, &other]
        .into_iter()
        .cycle()
        .take(12)
        .map(|client| forged(client).header("X-Promward-Caller", "token:writer").get(INFO).unwrap().status)
        .collect();
    assert_eq!(statuses, [[200; 10].as_slice(), &[429; 2]].concat());
    let own = descriptor(&[("rule", "4"), ("caller", "anonymous:127.0.0.1")]);
    assert!(service.asked().iter().all(|asked| asked.descriptors[0] == own), "{:?}", service.asked());
    let before = service.asked().len();
    // What the filter refuses is not counted.
    assert_eq!(forged(&one).header("authorization", "Bearer none").get(INFO).unwrap().status, 401);
    assert_eq!(forged(&one).get("/prometheus/graph").unwrap().status, 401);
    // Neither are those about health.
    assert_eq!(forged(&one).get(HEALTH).unwrap().status, 200);
    assert_eq!(forged(&other).authority("192.0.2.1").get(HEALTH).unwrap().status, 200);
    assert_eq!(service.asked().len(), before);
}

#[test]
fn where_a_route_switches_the_filter_off_nobody_is_counted_by_what_a_client_says() {
    let service = service();
    // The shipped routes lead to no server there.
    let unfiltered = |options: &mut Options| {
        let served = ("direct_response: { status: 426 }", "route: { cluster: prometheus }");
        options.replace.push((served.0.to_owned(), served.1.to_owned()));
    };
    let Some(gateways) = Gateways::start(service.address(), unfiltered) else { return };
    let lines = "x-promward-rule: 1\r\nx-promward-caller: token:grafana\r\nx-promward-class: query\r\n";
    let raw = format!("GET {INFO} HTTP/1.0\r\nHost: example.com\r\n{lines}\r\n");
    assert_eq!(gateways.clients()[0].send_raw(raw.as_bytes()).unwrap().status, 200);
    assert_eq!(service.asked(), []);
    let received = gateways.first.upstream.requests();
    assert!(OURS.iter().all(|header| received[0].header(header).is_none()), "{received:?}");
}

#[test]
fn without_the_service_each_gateway_counts_for_itself() {
    let service = service();
    let Some(gateways) = Gateways::start(service.address(), |_| ()) else { return };
    let [one, other] = gateways.clients();
    for client in [&one, &other] {
        assert_eq!(client.get(INFO).unwrap().status, 200);
    }
    drop(service);
    for client in [&one, &other] {
        // 20 at once are what the rule allows in each of them, and one was sent before.
        let statuses: Vec<_> = (0..19).map(|_| client.get(INFO).unwrap().status).collect();
        assert_eq!(statuses, [200; 19]);
        assert_eq!(client.get(HEALTH).unwrap().status, 200);
    }
}

#[test]
fn a_gateway_that_is_told_to_deny_refuses_without_the_service() {
    let nobody = Nobody::bind().unwrap();
    let deny = |options: &mut Options| {
        let deny = ("failure_mode_deny: false".to_owned(), "failure_mode_deny: true".to_owned());
        options.replace.push(deny);
    };
    let Some(gateways) = Gateways::start(nobody.address().unwrap(), deny) else { return };
    for client in gateways.clients() {
        let answer = client.get(INFO).unwrap();
        assert_eq!((answer.status, answer.json().unwrap()["errorType"].as_str()), (503, Some("unavailable")));
        assert_eq!(client.get(HEALTH).unwrap().status, 200, "health depends on no service");
    }
    let received = gateways.first.upstream.requests();
    assert!(received.iter().all(|request| request.target == "/-/healthy"), "{received:?}");
}
