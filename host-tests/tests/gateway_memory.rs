//! What a large body costs the gateway, measured on this process: the client and the upstream are in it too, but they keep
//! nothing. It is a test binary of its own, so that no other test's memory is in the measure.

// Tests may stop where they stand: that is how they fail. The lints' exception for tests doesn't reach what they share.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{fs, iter};

use promward_host_tests::{
    certificates::Authority,
    client::{Client, Request},
    gateway::{Gateway, Options, TlsFiles},
    host::{Plugin, Settings},
    upstream::{Reply, Upstream},
};

const MIB: usize = 1 << 20;

/// The body's length, in bytes.
const LENGTH: usize = 64 * MIB;

/// How much more memory may be resident while the body goes through, in bytes.
const MORE: usize = 8 * MIB;

#[test]
fn sixty_four_mib_take_little_memory_each_way() {
    let upstream = Upstream::start(|request| match request.target.as_str() {
        "/down" => Reply::pieces(pieces()),
        _ => Reply::text(request.body_length.to_string()),
    })
    .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new("memory test").unwrap();
    let files = authority.server().unwrap().write(directory.path(), "server").unwrap();
    let tls = TlsFiles { certificate: files.certificate, key: files.key, client_ca: None };
    let module = fs::read(promward_module::build_package("promward-probe").unwrap()).unwrap();
    let plugin = Plugin::load(Settings::new(module, "")).unwrap();
    let options = Options { upstream: Some(upstream.address()), ..Options::new(tls, plugin) };
    let gateway = Gateway::start(options).unwrap();
    let http1 = Client::https(gateway.address()).trust(authority.pem());

    for client in [http1.clone(), http1.http2()] {
        // What is paid once (buffers, the upstream's connection) is paid before.
        assert_eq!(client.get("/up").unwrap().status, 200);
        bounded("down", || assert_eq!(download(&client), LENGTH));
        bounded("up", || assert_eq!(upload(&client), LENGTH.to_string()));
    }
}

fn pieces() -> impl Iterator<Item = Vec<u8>> {
    iter::repeat_with(|| vec![b'x'; 64 * 1024]).take(LENGTH / (64 * 1024))
}

fn download(client: &Client) -> usize {
    let mut exchange = client.open(Request::new("GET", "/down")).unwrap();
    exchange.end(&[]).unwrap();
    iter::from_fn(|| exchange.piece().unwrap()).map(|piece| piece.len()).sum()
}

fn upload(client: &Client) -> String {
    let mut exchange = client.open(Request::new("POST", "/up")).unwrap();
    for piece in pieces() {
        exchange.data(piece).unwrap();
    }
    exchange.end(&[]).unwrap();
    exchange.answer().unwrap().text()
}

/// Checks how far the resident memory's peak rises while `work` is done.
fn bounded(what: &str, work: impl FnOnce()) {
    // 5 sets the peak back to what is resident now (proc(5)).
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = resident("VmRSS");
    work();
    let more = resident("VmHWM").saturating_sub(before);
    eprintln!("{what}: {} KiB more", more / 1024);
    assert!(more < MORE, "{what}: {} MiB more", more / MIB);
}

/// A line of /proc/self/status, in bytes.
fn resident(name: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    let kib: usize = line.trim().trim_end_matches(" kB").parse().unwrap();
    kib.checked_mul(1024).unwrap()
}
