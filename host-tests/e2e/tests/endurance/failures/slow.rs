//! Crowds of slow connections: in a handshake, in headers, in a form, in a login. Other clients are served meanwhile,
//! connections that take too long are closed, and nothing is left when the crowd is gone.

use crate::endurance::failures::set_up::{FORM, HEALTHY, QUERY, SetUp, healthy};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward_e2e::deployment::{Host, Open};
use promward_e2e::on_both_hosts;
use promward_harness::certificates::Authority;
use promward_harness::client::{Client, Crowd, Request};
use promward_harness::envoy::{self, Envoy};
use promward_harness::upstream::{Received, Upstream};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

on_both_hosts! {
    a_crowd_of_slow_connections_holds_nobody_up,
}

/// The longest time for thousands of TLS connections on a small machine.
const LONG: Duration = Duration::from_secs(240);

/// The number of ordinary requests that are answered while all of the crowd is there.
const ENOUGH: usize = 40;

/// The descriptors that a process needs besides those of a crowd. It may have both ends of each connection.
const BESIDE: u64 = 1_500;

fn a_crowd_of_slow_connections_holds_nobody_up(host: Host) {
    crowd(host, 500);
}

#[test]
#[ignore = "takes half a minute and 12,000 descriptors; run it by `cargo test --test e2e five_thousand -- --ignored`"]
fn five_thousand_slow_connections_hold_nobody_up() {
    for host in [Host::Envoy, Host::Embedded] {
        if host.is_here() {
            crowd(host, 5_000);
        }
    }
}

fn crowd(host: Host, number: usize) {
    raise_the_limit(2 * u64::try_from(number).unwrap() + BESIDE);
    let upstream = Upstream::start(healthy).unwrap();
    let set_up = SetUp::start(host, upstream);
    let client = set_up.deployment.client().deadline(LONG);
    let (gone, served) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        // A client that always sends requests, by new connections and by one that stays.
        let ordinary = scope.spawn(|| serve_somebody(&set_up.deployment.client(), &gone, &served));
        let ended = thread::scope(|inner| inner.spawn(|| gather(&set_up, &client, number, &served)).join());
        gone.store(true, Ordering::SeqCst);
        ordinary.join().unwrap();
        let served = served.load(Ordering::SeqCst);
        println!("{served} ordinary requests were answered on {host} beside {number} slow connections");
        ended.unwrap();
    });
    set_up.is_whole("a crowd");
    let passed = set_up.arrived();
    let is_ordinary =
        |request: &Received| request.target == "/api/v1/query?query=up" || request.body == b"query=up";
    assert!(passed.iter().all(is_ordinary), "something of the crowd's has passed");
    set_up.comes_back();
}

/// Opens connections of all kinds, checks which of them are closed, and closes the rest.
fn gather(set_up: &SetUp, client: &Client, number: usize, served: &AtomicUsize) {
    let silent =
        Client::plain(set_up.deployment.https()).deadline(LONG).crowd(number / 5, |_| Vec::new()).unwrap();
    // The beginning of a ClientHello whose announced length is longer.
    let begun = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec();
    let begun =
        Client::plain(set_up.deployment.https()).deadline(LONG).crowd(number / 5, |_| begun.clone()).unwrap();
    let head = format!("GET {QUERY} HTTP/1.1\r\nhost: example.com\r\nx-slow: ");
    let mut heads = client.crowd(number / 5, |_| head.clone().into_bytes()).unwrap();
    heads.write(b"a").unwrap();
    let form = format!(
        "POST {FORM} HTTP/1.1\r\nhost: example.com\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\nquery="
    );
    let mut forms = client.crowd(number * 2 / 5, |_| form.clone().into_bytes()).unwrap();
    let logins = logins(client);
    assert_eq!(forms.write(b"u").unwrap(), number * 2 / 5, "a form may take its time");
    heads.write(b"a").unwrap();
    let open = set_up.deployment.open().unwrap();
    println!("at once: {open:?}");
    assert!(open.clients >= number * 2 / 5, "{open:?}");
    // With the shipped file, an incomplete form has no connection to the server, which accepts only hundreds of them.
    assert!(set_up.deployment.envoy().is_none() || open.upstream < number / 10, "{open:?}");
    let before = served.load(Ordering::SeqCst);
    let is_served = |_: &Open| served.load(Ordering::SeqCst) >= before + ENOUGH;
    set_up
        .deployment
        .wait_until_open("ordinary requests to be answered beside the crowd", is_served)
        .unwrap();
    // A handshake and headers have ten seconds, however many bytes arrive meanwhile.
    for slow in [silent, begun, heads] {
        for answer in slow.wait_for_close().unwrap() {
            assert!(
                !answer.windows(5).any(|bytes| bytes == b" 200 "),
                "{}",
                String::from_utf8_lossy(&answer)
            );
        }
    }
    assert_eq!(forms.write(b"p").unwrap(), number * 2 / 5, "a form may take its time");
    drop((forms, logins));
    set_up.deployment.wait_until_open("the forms to go", |open: &Open| open.clients <= 2).unwrap();
}

/// Guesses passwords from many sources, more than may begin or wait.
fn logins(client: &Client) -> Vec<Crowd> {
    let of_source = |source: u8| {
        let guess = |number: usize| STANDARD.encode(format!("alice:guess {source} {number}"));
        let head = |number| {
            format!(
                "GET /login/api/v1/query HTTP/1.1\r\nhost: example.com\r\nauthorization: Basic {}\r\n\r\n",
                guess(number)
            )
        };
        client
            .clone()
            .source(Ipv4Addr::new(127, 0, 1, source).into())
            .crowd(5, |number| head(number).into_bytes())
    };
    (1..=20).map(|source| of_source(source).unwrap()).collect()
}

/// Sends requests until the crowd is gone, and counts the answers.
fn serve_somebody(client: &Client, gone: &AtomicBool, served: &AtomicUsize) {
    let mut kept = client.connect().unwrap();
    let mut shared = client.clone().http2().connect().unwrap();
    while !gone.load(Ordering::SeqCst) {
        for target in [HEALTHY, QUERY] {
            for answer in [
                client.get(target),
                kept.send(Request::new("GET", target)),
                shared.send(Request::new("GET", target)),
                client.post_form(FORM, "query=up"),
            ] {
                assert_eq!(answer.unwrap().status, 200);
                served.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

/// At Envoy's limit of connections a new one is closed at once, and accepted when another client has left. The limit
/// counts all listeners.
#[test]
fn at_the_limit_of_connections_new_ones_are_closed() {
    if !Host::Envoy.is_here() {
        return;
    }
    const LIMIT: &str = "max_active_downstream_connections: 10000";
    let upstream = Upstream::start(healthy).unwrap();
    let authority = Authority::new("Test CA").unwrap();
    let certificates = tempfile::tempdir().unwrap();
    authority.server().unwrap().write(certificates.path(), "example.com").unwrap();
    let module = promward_module::build().unwrap();
    let mut options = envoy::Options::new(certificates.path(), &module, upstream.address());
    options.replace.push((LIMIT.to_owned(), LIMIT.replace("10000", "20")));
    let envoy = Envoy::start(&options).unwrap();
    let client = Client::https(envoy.https()).trust(authority.pem());
    let mut first = client.connect().unwrap();
    let crowd = client.crowd(19, |_| Vec::new()).unwrap();
    client.connect().err().expect("there are as many as may be");
    assert_eq!(first.send(Request::new("GET", HEALTHY)).unwrap().status, 200);
    drop(crowd);
    let is_served = || client.get(HEALTHY).is_ok_and(|answer| answer.status == 200).then_some(());
    envoy.process().wait_until("serving who comes next", LONG, is_served).unwrap();
}

/// Raises the limit of descriptors of this process and of its children.
fn raise_the_limit(wanted: u64) {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    assert!(
        limit.maximum.is_none_or(|most| most >= wanted),
        "{wanted} descriptors are needed, and {limit:?} may be had"
    );
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = rustix::process::Rlimit { current: Some(wanted), ..limit };
        rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).unwrap();
    }
}
