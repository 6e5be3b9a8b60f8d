//! The protocols and suites that the listener agrees to, and a certificate that is renewed while connections are open.

use crate::envoy::envoy_file::setup::{HELD, Setup};
use promward_harness::certificates::Identity;
use promward_harness::client::Request;
use promward_harness::tools::{self, Program, Tool};
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

/// A client's offers as arguments of `openssl s_client`, and the result.
const OFFERS: [(&[&str], &str); 17] = [
    (&["-tls1", "-cipher", "ALL:@SECLEVEL=0"], "alert protocol version"),
    (&["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], "alert protocol version"),
    (&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], "Cipher is ECDHE-ECDSA-AES128-GCM-SHA256"),
    (&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"], "Cipher is ECDHE-ECDSA-AES256-GCM-SHA384"),
    (&["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"], "Cipher is ECDHE-ECDSA-CHACHA20-POLY1305"),
    (&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"], "alert handshake failure"),
    (&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"], "alert handshake failure"),
    (&["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384"], "alert handshake failure"),
    (&["-tls1_2", "-cipher", "ECDHE-RSA-AES128-SHA256"], "alert handshake failure"),
    (&["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"], "alert handshake failure"),
    (&["-tls1_2", "-cipher", "AES128-GCM-SHA256"], "alert handshake failure"),
    (&["-tls1_2", "-cipher", "AES256-SHA:@SECLEVEL=0"], "alert handshake failure"),
    (&["-tls1_2", "-cipher", "NULL:@SECLEVEL=0"], "alert handshake failure"),
    (&["-tls1_2", "-cipher", "aNULL:@SECLEVEL=0"], "alert handshake failure"),
    (&["-tls1_3"], "New, TLSv1.3"),
    (&["-tls1_3", "-groups", "P-384"], "New, TLSv1.3"),
    (&["-tls1_3", "-groups", "P-521"], "alert handshake failure"),
];

#[test]
fn old_versions_and_weak_suites_are_refused() {
    let Some(openssl) = tools::need(Program::Openssl) else { return };
    let Some(setup) = Setup::start() else { return };
    for (offer, expected) in OFFERS {
        let said = handshake(&openssl, setup.envoy.https(), offer);
        assert!(said.contains(expected), "{offer:?}: {said}");
    }
}

#[test]
fn http2_is_negotiated_where_the_client_speaks_it() {
    let Some(setup) = Setup::start() else { return };
    let offers: [(&[&str], Option<&str>); 4] = [
        (&["h2", "http/1.1"], Some("h2")),
        (&["http/1.1", "h2"], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&[], None),
    ];
    for (offer, expected) in offers {
        let connection = setup.client().alpn(offer).connect().unwrap();
        assert_eq!(connection.session().unwrap().alpn.as_deref(), expected, "{offer:?}");
    }
}

#[test]
fn a_renewed_certificate_is_served_while_open_connections_go_on() {
    let Some(setup) = Setup::start() else { return };
    let mut idle = setup.client().connect().unwrap();
    let old = idle.session().unwrap().certificates.clone();
    assert_eq!(idle.send(Request::new("GET", "/prometheus/metrics")).unwrap().status, 200);
    let mut busy = setup.client().http2().connect().unwrap();
    let mut exchange = busy.open(Request::new("GET", &format!("/prometheus/metrics?{HELD}"))).unwrap();
    exchange.end(&[]).unwrap();
    let mut held = setup.upstream.held().unwrap();
    held.head(200, &[]).unwrap();
    held.data(b"before").unwrap();
    assert_eq!(exchange.piece().unwrap().unwrap(), "before".as_bytes());

    let renewed = setup.authority.server().unwrap();
    renewed.write(setup.certificates.path(), "example.com").unwrap();
    setup
        .envoy
        .process()
        .wait_until("the renewed certificate", Duration::from_secs(60), || {
            serves(&setup, &renewed).then_some(())
        })
        .unwrap();

    held.data(b"after").unwrap();
    assert_eq!(exchange.piece().unwrap().unwrap(), "after".as_bytes());
    held.end(&[]).unwrap();
    assert_eq!(exchange.piece().unwrap(), None);
    assert_eq!(idle.send(Request::new("GET", "/prometheus/metrics")).unwrap().status, 200);
    assert_eq!(idle.session().unwrap().certificates, old);
    assert_eq!(setup.client().get("/prometheus/metrics").unwrap().status, 200);
}

fn serves(setup: &Setup, identity: &Identity) -> bool {
    let connection = setup.client().connect().unwrap();
    let presented = &connection.session().unwrap().certificates;
    presented.first().is_some_and(|certificate| certificate == identity.certificate_der())
}

fn handshake(openssl: &Tool, server: SocketAddr, offer: &[&str]) -> String {
    let output = openssl
        .command()
        .args(["s_client", "-servername", "example.com", "-connect", &server.to_string()])
        .args(offer)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}
