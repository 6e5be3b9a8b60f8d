//! Client certificates: known by digest or by name, and signed by the example's own authority.

use crate::examples::running::{ASKED, LABEL_VALUES, Running};
use promward_harness::certificates::Identity;
use promward_harness::client::Client;
use std::fs;

const HEALTH: &str = "/prometheus/-/healthy";
const FEDERATE: &str = "/prometheus/federate?match[]=up";
const METRICS: &str = "/prometheus/metrics";

/// The owner of the certificate, the target, and the expected status.
const REQUESTS: [(Option<&str>, &str, u16); 11] = [
    (None, HEALTH, 200),
    (None, ASKED, 403),
    (None, METRICS, 403),
    (Some("reader"), ASKED, 200),
    (Some("reader"), METRICS, 403),
    (Some("reader"), FEDERATE, 403),
    (Some("scraper"), METRICS, 200),
    (Some("scraper"), FEDERATE, 200),
    (Some("scraper"), ASKED, 403),
    (Some("stranger"), HEALTH, 200),
    (Some("stranger"), ASKED, 403),
];

#[test]
fn certificates_decide_what_their_owners_may_do() {
    let Some(example) = Running::start("client-certificates") else { return };
    let printed = example.run_what_is_printed();
    let [values, federated] = printed.as_slice() else { panic!("{printed:?}") };
    assert_eq!(values, LABEL_VALUES);
    assert!(federated.contains("\nup{"), "{federated}");
    for (owner, target, status) in REQUESTS {
        let client = owner.map_or_else(|| example.client(), |owner| with(&example, owner));
        let answer = client.get(target).unwrap();
        assert_eq!(answer.status, status, "{owner:?} {target}: {}", answer.text());
    }
    let unknown = with(&example, "stranger").get(ASKED).unwrap().text();
    assert!(unknown.contains("this client certificate is not known here"), "{unknown}");
    let reader = "spiffe://example.com/reader";
    let forged = Identity::self_signed_client("reader", Some(reader)).unwrap();
    let forger = example.client().certificate(forged.certificate_pem(), forged.key_pem());
    assert!(forger.get(HEALTH).is_err(), "a name in a certificate that nobody signed opens nothing");
    example.run_what_the_readme_shows();
    example.end();
}

/// Returns a client with a certificate that the demo has made.
fn with(example: &Running, owner: &str) -> Client {
    let [certificate, key] =
        ["crt", "key"].map(|kind| fs::read(example.path(&format!("certificates/{owner}.{kind}"))).unwrap());
    example.client().certificate(certificate, key)
}
