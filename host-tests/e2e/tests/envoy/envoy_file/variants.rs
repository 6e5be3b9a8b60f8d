//! Checks that the variants of the shipped file keep their promises too.

use crate::envoy::envoy_file::serves_the_guides_url_without_a_warning;
use crate::envoy::envoy_file::setup::{HELD, Setup};
use promward_harness::certificates::{Authority, Identity};
use promward_harness::client::{Client, Request};
use promward_harness::envoy::Options;
use promward_harness::envoy::variants::Variant;
use promward_harness::jwt::Issuer;

/// A configuration that allows only `/-/healthy`.
const HEALTH_ONLY: &str = r#"{
    "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
    "access": [{ "who": ["anyone"], "may": ["health"] }]
}"#;

/// A configuration that allows everything.
const EVERYTHING: &str = r#"{
    "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
    "access": [{ "who": ["anyone"], "may": ["everything"] }]
}"#;

fn variant(variants: &'static [Variant]) -> impl Fn(&mut Options) {
    move |options| {
        options.variants = variants.to_vec();
        options.jwks = Some(Issuer::new().unwrap().jwks());
        let authority = Authority::new("clients").unwrap();
        authority.write(&options.certificates.join("clients-ca.crt")).unwrap();
    }
}

#[test]
fn each_variant_serves_what_the_shipped_file_serves_and_so_do_all_together() {
    for variants in [
        &[Variant::ClientCertificates][..],
        &[Variant::Jwt],
        &[Variant::RateLimit],
        &[Variant::RemoteWrite],
        &[Variant::Watched],
        &[Variant::WebSockets],
        &[
            Variant::ClientCertificates,
            Variant::Jwt,
            Variant::RateLimit,
            Variant::Watched,
            Variant::WebSockets,
        ],
    ] {
        let Some(setup) = Setup::with(variant(variants)) else { return };
        serves_the_guides_url_without_a_warning(&setup);
    }
}

#[test]
fn a_client_certificate_may_be_presented_and_has_to_be_signed() {
    let clients = Authority::new("clients").unwrap();
    let Some(setup) = Setup::with(|options| {
        options.variants.push(Variant::ClientCertificates);
        clients.write(&options.certificates.join("clients-ca.crt")).unwrap();
    }) else {
        return;
    };
    let status = |client: Client| client.get("/prometheus/metrics").map(|answer| answer.status);
    let with = |identity: &Identity| {
        status(setup.client().certificate(identity.certificate_pem(), identity.key_pem()))
    };
    assert_eq!(status(setup.client()).unwrap(), 200, "none is fine");
    assert_eq!(with(&clients.client("reader", None).unwrap()).unwrap(), 200);
    assert!(with(&Identity::self_signed_client("reader", None).unwrap()).is_err());
    assert!(with(&setup.authority.client("reader", None).unwrap()).is_err());
    assert!(with(&clients.server().unwrap()).is_err(), "a server's certificate is none for a client");
}

#[test]
fn a_watched_configuration_is_used_from_the_next_request_on() {
    let Some(setup) = Setup::with(variant(&[Variant::Watched])) else { return };
    let mut open = setup.client().http2().connect().unwrap();
    let status = || setup.client().get("/prometheus/metrics").unwrap().status;
    assert_eq!(status(), 200);
    let mut begun = open.open(Request::new("GET", &format!("/prometheus/metrics?{HELD}"))).unwrap();
    begun.end(&[]).unwrap();
    let mut held = setup.upstream.held().unwrap();
    for _ in 0..5 {
        setup.envoy.reconfigure(HEALTH_ONLY).unwrap();
        assert_eq!([status(), status(), status(), status()], [403; 4]);
        assert_eq!(open.send(Request::new("GET", "/prometheus/metrics")).unwrap().status, 403);
        setup.envoy.reconfigure(EVERYTHING).unwrap();
        assert_eq!([status(), status(), status(), status()], [200; 4]);
    }
    held.head(200, &[]).unwrap();
    held.data(b"begun before").unwrap();
    held.end(&[]).unwrap();
    assert_eq!(begun.answer().unwrap().text(), "begun before");
}

#[test]
fn a_watched_configuration_that_is_refused_leaves_the_last_one_in_place() {
    let Some(setup) = Setup::with(variant(&[Variant::Watched])) else { return };
    setup.envoy.reconfigure(HEALTH_ONLY).unwrap();
    let error = setup.envoy.reconfigure("{}").unwrap_err().to_string();
    assert!(error.contains("promward: configuration refused: "), "{error}");
    assert_eq!(setup.client().get("/prometheus/metrics").unwrap().status, 403);
    setup.envoy.reconfigure(EVERYTHING).unwrap();
    assert_eq!(setup.client().get("/prometheus/metrics").unwrap().status, 200);
}

#[test]
fn without_a_configuration_that_is_good_enough_every_request_is_refused() {
    let refused = |options: &mut Options| {
        options.variants.push(Variant::Watched);
        options.configuration = Some("{}".to_owned());
    };
    let Some(setup) = Setup::with(refused) else { return };
    assert_eq!(setup.client().get("/prometheus/metrics").unwrap().status, 500);
    assert!(setup.upstream.requests().is_empty());
    setup.envoy.reconfigure(EVERYTHING).unwrap();
    assert_eq!(setup.client().get("/prometheus/metrics").unwrap().status, 200);
}
