//! TLS, the certificate, the plain listener, and the end of the gateway.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use promward_embedded::gateway::{ClientCertificates, Gateway};
use promward_harness::certificates::{Authority, Identity};
use promward_harness::client::{Client, Request, TlsVersion};
use promward_harness::upstream::{Reply, Upstream};
use rustls::ProtocolVersion;

use crate::hosts::gateway::set_up::SetUp;

#[test]
fn tls_1_2_and_1_3_are_served_and_older_ones_refused() {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let set_up = SetUp::new(upstream.address());
    for (version, expected) in
        [(TlsVersion::Tls12, ProtocolVersion::TLSv1_2), (TlsVersion::Tls13, ProtocolVersion::TLSv1_3)]
    {
        let connection = set_up.client().tls(version).connect().unwrap();
        assert_eq!(connection.session().unwrap().version, Some(expected));
    }
    for old in [1, 2] {
        assert_eq!(hello(set_up.gateway.address(), old), PROTOCOL_VERSION, "version 3.{old}");
    }
}

#[test]
fn the_protocol_is_chosen_by_alpn() {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let set_up = SetUp::new(upstream.address());
    let alpn = |client: Client| client.connect().unwrap().session().unwrap().alpn.clone();
    assert_eq!(alpn(set_up.client().alpn(&["h2", "http/1.1"])).as_deref(), Some("h2"));
    assert_eq!(alpn(set_up.client().alpn(&["http/1.1"])).as_deref(), Some("http/1.1"));
    assert_eq!(set_up.client().alpn(&[]).get("/").unwrap().status, 200);
    set_up.client().alpn(&["gopher"]).connect().err().expect("an unknown protocol is served");
}

#[test]
fn a_renewed_certificate_is_shown_to_new_connections() {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let set_up = SetUp::new(upstream.address());
    let shown = || set_up.client().connect().unwrap().session().unwrap().certificates[0].clone();
    let mut open = set_up.client().connect().unwrap();
    let first = shown();
    let renewed = set_up.renew();
    assert_ne!(first, renewed);
    assert_eq!(shown(), renewed);
    assert_eq!(open.send(Request::new("GET", "/")).unwrap().status, 200, "the open connection goes on");

    fs::write(&set_up.files.key, "half a k").unwrap();
    assert_eq!(shown(), renewed, "files that can't be used leave the last certificate in place");
    let renewed = set_up.renew();
    assert_eq!(shown(), renewed);
}

#[test]
fn the_client_decides_whom_it_trusts() {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let set_up = SetUp::new(upstream.address());
    let other = Authority::new("other").unwrap();
    assert!(set_up.client().trust(other.pem()).connect().is_err());
    assert!(set_up.client().server_name("example.org").connect().is_err());
    assert_eq!(set_up.client().trust(other.pem()).insecure().get("/").unwrap().status, 200);
}

#[test]
fn a_client_certificate_is_asked_for_and_checked() {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let clients = Authority::new("clients").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let ca = directory.path().join("clients.crt");
    clients.write(&ca).unwrap();
    let set_up = SetUp::with(upstream.address(), |mut options| {
        options.tls.clients = ClientCertificates::SignedBy(ca);
        options
    });
    let with = |identity: &Identity| {
        set_up.client().certificate(identity.certificate_pem(), identity.key_pem()).get("/")
    };
    assert_eq!(set_up.client().get("/").unwrap().status, 200, "none is fine");
    assert_eq!(with(&clients.client("reader", None).unwrap()).unwrap().status, 200);
    assert!(with(&Identity::self_signed_client("reader", None).unwrap()).is_err());
    assert!(with(&set_up.authority.client("reader", None).unwrap()).is_err());
}

#[test]
fn any_client_certificate_is_taken_where_the_gateway_says_so() {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let set_up = SetUp::with(upstream.address(), |mut options| {
        options.tls.clients = ClientCertificates::Any;
        options
    });
    assert_eq!(set_up.client().get("/").unwrap().status, 200, "none is fine");
    let identity = Identity::self_signed_client("reader", None).unwrap();
    for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
        let client = set_up.client().tls(version);
        let client = client.certificate(identity.certificate_pem(), identity.key_pem());
        assert_eq!(client.get("/").unwrap().status, 200, "{version:?}");
    }
}

#[test]
fn plain_http_is_redirected() {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let set_up = SetUp::with(upstream.address(), |mut options| {
        options.plain = Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        options
    });
    let client = Client::plain(set_up.gateway.plain_address().unwrap());
    let answer = client.clone().authority("example.com:80").get("/prometheus/?a=%2F").unwrap();
    assert_eq!(answer.status, 308);
    let port = set_up.gateway.address().port();
    assert_eq!(answer.header("location").unwrap(), format!("https://example.com:{port}/prometheus/?a=%2F"));
    assert_eq!(client.send_raw(b"GET / HTTP/1.1\r\n\r\n").unwrap().status, 400);
    assert_eq!(upstream.requests().len(), 0);
}

#[test]
fn a_gateway_that_ends_takes_its_connections_and_its_port_along() {
    let upstream = Upstream::start(|_| Reply::hold()).unwrap();
    let set_up = SetUp::with(upstream.address(), |mut options| {
        options.workers = 2;
        // On an address of its own, so that no other test is given the port as soon as it is free.
        options.listen = SocketAddr::from(([127, 0, 0, 7], 0));
        options
    });
    let address = set_up.gateway.address();
    let mut exchange = set_up.client().open(Request::new("GET", "/")).unwrap();
    exchange.end(&[]).unwrap();
    let held = upstream.held().unwrap();
    set_up.gateway.stop();
    exchange.head().expect_err("an answer from a gateway that has ended");
    held.wait_for_close().unwrap();
    TcpStream::connect(address).expect_err("the port is taken still");
}

#[test]
fn a_gateway_that_cannot_start_says_why() {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let set_up = SetUp::new(upstream.address());
    let error = |key| {
        let mut options = set_up.options();
        options.tls.key = key;
        format!("{:#}", Gateway::start(options).err().unwrap())
    };
    assert!(error("/nowhere/a.key".into()).contains("/nowhere/a.key"));
    let other = set_up.authority.server().unwrap().write(&set_up.path(""), "other").unwrap();
    assert!(error(other.key).contains("using the certificate"));
}

/// The TLS alert `protocol_version`.
const PROTOCOL_VERSION: u8 = 70;

/// Sends the hello of an old client, and returns the alert that answers it.
fn hello(address: SocketAddr, minor_version: u8) -> u8 {
    let mut hello = vec![3, minor_version];
    hello.extend([7; 32]);
    // No session; ECDHE-ECDSA and ECDHE-RSA with AES128-SHA; no compression; extensions: P-256, uncompressed points,
    // ECDSA with SHA-256. This is all that TLS 1.2 would need, so that the refusal is about the version.
    hello.extend([0, 0, 4, 0xc0, 0x09, 0xc0, 0x13, 1, 0]);
    hello.extend([0, 22, 0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0, 0, 13, 0, 4, 0, 2, 4, 3]);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(&record).unwrap();
    let mut alert = [0; 7];
    stream.read_exact(&mut alert).unwrap();
    assert_eq!((alert[0], alert[5]), (21, 2), "a fatal alert: {alert:?}");
    alert[6]
}
