//! Checks what Envoy does with tokens under the fragment `jwt.yaml`, seen by a module in place of the filter. A verified
//! token is in the metadata and nowhere else, and everything else is unchanged.

use crate::envoy::envoy_file::setup::Setup;
use promward_harness::client::Request;
use promward_harness::envoy::variants::Variant;
use promward_harness::jwt::{Issuer, claims, metadata};
use serde_json::{Value, json};
use std::time::Duration;

/// The parts of a request that the probe reports.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// The property `metadata`, or `None` if it is empty.
    metadata: Option<Vec<u8>>,
    /// The header, as it arrived.
    authorization: Option<String>,
}

struct Tokens {
    setup: Setup,
    issuer: Issuer,
}

impl Tokens {
    fn start() -> Option<Self> {
        let issuer = Issuer::new().unwrap();
        let setup = Setup::with(|options| {
            options.variants.push(Variant::Jwt);
            options.jwks = Some(issuer.jwks());
            options.module = promward_module::build_package("promward-probe").unwrap();
        })?;
        Some(Self { setup, issuer })
    }

    /// Sends a request with these `Authorization` headers, and waits for the probe's report of it.
    fn see(&self, target: &str, authorization: &[&str]) -> Seen {
        let process = self.setup.envoy.process();
        let mark = process.mark();
        let mut request = Request::new("GET", target).header("x-probe", "request_headers=bytes:metadata");
        for value in authorization {
            request = request.header("authorization", *value);
        }
        // Without the filter there is no route, so that the request ends there.
        assert_eq!(self.setup.client().send(request).unwrap().status, 404);
        process.wait_for_line_after(mark, "probe: delete", Duration::from_secs(60)).unwrap();
        let lines: Vec<_> = process.lines_after(mark).0.into_iter().map(|(_, line)| line).collect();
        let after = |text: &str| lines.iter().find_map(|line| line.split_once(text)).map(|(_, rest)| rest);
        let headers = after("probe: request_headers end=true ").unwrap();
        let authorization = headers.split_once("authorization=").map(|(_, value)| value);
        Seen {
            metadata: bytes(after("probe: metadata is ").unwrap()),
            authorization: authorization.map(|value| value.split(" x-t-").next().unwrap().to_owned()),
        }
    }
}

#[test]
fn a_verified_token_is_in_the_metadata_and_nowhere_else() {
    let Some(tokens) = Tokens::start() else { return };
    let all_kinds = json!({
        "aud": ["other", "promward"], "null": null, "number": -1.5, "large": 9_007_199_254_740_993_u64, "yes": true,
        "no": false, "list": ["a", 1, null, [], { "inner": [] }], "object": { "é": {} }, "long": "x".repeat(300),
    });
    for more in [json!({}), all_kinds] {
        let claims = claims("alice", &more).unwrap();
        let token = tokens.issuer.sign(&claims).unwrap();
        let seen = tokens.see("/", &[&format!("Bearer {token}")]);
        // The entries of a map have no order, so that only the sorted bytes are equal.
        assert_eq!(sorted(&seen.metadata.unwrap()), sorted(&metadata(&claims)));
        assert_eq!(seen.authorization, None);
    }
}

#[test]
fn a_token_that_is_not_valid_goes_on_unchanged() {
    let Some(tokens) = Tokens::start() else { return };
    let with = |more: Value| format!("Bearer {}", tokens.issuer.token("alice", &more).unwrap());
    let good = with(json!({}));
    let forged = format!("Bearer {}", Issuer::new().unwrap().token("alice", &json!({})).unwrap());
    let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
    let mut endless = claims("alice", &json!({})).unwrap();
    endless.as_object_mut().unwrap().remove("exp");
    let others = [
        forged,
        unsigned,
        format!("Bearer {}", tokens.issuer.sign(&endless).unwrap()),
        with(json!({ "exp": 1_000_000_000 })),
        with(json!({ "exp": null })),
        with(json!({ "nbf": 100_000_000_000_u64 })),
        with(json!({ "aud": "other" })),
        with(json!({ "aud": null })),
        with(json!({ "iss": "https://id.example.org" })),
        with(json!({ "iss": null })),
        "Bearer a-token-that-the-filter-knows".to_owned(),
        "Basic dXNlcjpwYXNzd29yZA==".to_owned(),
        good.replace("Bearer", "bearer"),
    ];
    for other in others {
        let expected = Seen { metadata: None, authorization: Some(other.clone()) };
        assert_eq!(tokens.see("/", &[&other]), expected, "{other}");
    }
    let nothing = Seen { metadata: None, authorization: None };
    assert_eq!(tokens.see("/", &[]), nothing);
    let in_query = format!("/?access_token={}", good.trim_start_matches("Bearer "));
    assert_eq!(tokens.see(&in_query, &[]), nothing, "a token in the query string is none");
}

/// Envoy would accept a token that comes last, and remove all of them.
#[test]
fn of_several_credentials_envoy_takes_none_and_leaves_them_to_the_filter() {
    let Some(tokens) = Tokens::start() else { return };
    let good = format!("Bearer {}", tokens.issuer.token("alice", &json!({})).unwrap());
    for before in ["Basic dXNlcjpwYXNzd29yZA==", "Digest a=\"b\"", "Bearer of-the-filter", &good] {
        for values in [[before, &good], [&good, before]] {
            let seen = tokens.see("/", &values);
            assert!(seen.metadata.is_none() && seen.authorization.is_some(), "{values:?}: {seen:?}");
        }
    }
}

fn sorted(bytes: &[u8]) -> Vec<u8> {
    let mut sorted = bytes.to_vec();
    sorted.sort_unstable();
    sorted
}

/// Reads `Ok(Some([0a, …]))`, as the probe writes it.
fn bytes(written: &str) -> Option<Vec<u8>> {
    let digits = written.strip_prefix("Ok(Some([")?.strip_suffix("]))")?;
    Some(digits.split(", ").map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect())
}
