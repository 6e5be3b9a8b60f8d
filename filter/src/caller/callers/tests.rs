//! Tests of requests that present more than one credential.

use super::super::logins::{CheckCapacity, CheckEvent};
use super::super::metadata::tests::metadata;
use super::*;
use crate::caller::facts::Facts;
use crate::config;
use crate::keyed_hash::{Digest, sha256, written};
use crate::shared_data::Nothing;
use crate::time::instant::Instant;
use serde_json::{Value as Json, json};

const NOW: u64 = 1_700_000_000;

/// Returns the callers of a configuration, and its digest.
fn compiled(callers: &Json) -> (Callers, Digest) {
    let configuration = json!({
        "mounts": [{ "prefix": "/" }],
        "callers": callers,
        "access": [{ "who": ["anyone"], "may": ["ui"] }],
    });
    let gateway = config::load(configuration.to_string().as_bytes()).unwrap();
    (gateway.callers, gateway.digest)
}

/// Returns the caller of a request with this header and a token of `corp` with these claims, or the message to the
/// client.
fn caller(callers: &Json, authorization: Option<&str>, changed: &Json) -> Result<String, String> {
    let (callers, configuration) = compiled(callers);
    let mut claims = json!({ "iss": "https://id", "aud": "promward", "exp": NOW + 300, "sub": "alice" });
    for (name, value) in changed.as_object().into_iter().flatten() {
        claims[name] = value.clone();
    }
    let verified = if changed.is_null() { json!({}) } else { json!({ "jwt": claims }) };
    let metadata = metadata("envoy.filters.http.jwt_authn", &verified);
    let facts = Facts { metadata, now: Some(Instant(NOW * 1_000_000_000)), ..Facts::default() };
    let headers: Headers = authorization.into_iter().map(|value| ("authorization", value)).collect();
    let hints = Hints { shared: &Nothing, configuration: &configuration };
    let identified = callers.identify(&headers, &facts, StreamId(1), &mut Logins::new([1; 32]), hints);
    match identified.map_err(|error| error.to_string())? {
        Identified::Caller(caller) => Ok(caller.to_string()),
        Identified::NotYet => panic!("nobody has a password"),
    }
}

fn callers(tokens: bool, foreign_bearer: Option<&str>) -> Json {
    let mut callers =
        json!({ "jwt": { "corp": { "payload": "jwt", "issuer": "https://id", "audience": "promward" } } });
    if tokens {
        let digest = "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
        callers["tokens"] = json!({ "a": digest });
    }
    if let Some(word) = foreign_bearer {
        callers["jwt"]["corp"]["foreign_bearer"] = json!(word);
    }
    callers
}

#[test]
fn a_foreign_bearer_beside_a_token_is_left_alone_where_it_can_not_be_ours_or_the_issuer_says_so() {
    let foreign = Err("this token is not known here, or is no longer valid".to_owned());
    let alice = Ok("jwt:corp/alice".to_owned());
    for (tokens, word, expected) in [
        (false, None, &alice),
        (false, Some("ignore"), &alice),
        (false, Some("refuse"), &foreign),
        (true, None, &foreign),
        (true, Some("refuse"), &foreign),
        (true, Some("ignore"), &alice),
    ] {
        let callers = callers(tokens, word);
        let with = |authorization, changed: &Json| caller(&callers, authorization, changed);
        assert_eq!(&with(Some("Bearer ya29.opaque"), &json!({})), expected, "{callers}");
        assert_eq!(with(Some("Bearer ya29.opaque"), &Json::Null), foreign, "{callers}");
        assert_eq!(with(None, &json!({})), alice, "{callers}");
    }
}

#[test]
fn one_credential_counts_and_a_bad_one_is_never_passed_over() {
    let callers = callers(true, Some("ignore"));
    let with = |authorization, changed: &Json| caller(&callers, Some(authorization), changed);
    assert_eq!(with("Bearer a", &json!({})), Ok("token:a".to_owned()), "a token of ours counts");
    let nobody = "nobody can log in by \"Basic\" here";
    assert_eq!(with("Basic YTpi", &json!({})), Err(nobody.to_owned()));
    let one = "the header \"authorization\" must be there once, with one credential";
    assert_eq!(with("Bearer x,Bearer y", &json!({})), Err(one.to_owned()));
    assert_eq!(with("Bearer x y", &json!({})), Err("\"Bearer\" needs one token".to_owned()));
    assert_eq!(
        with("Negotiate x", &json!({})),
        Err("the scheme of \"authorization\" is not known here".to_owned())
    );
    for (bad, message) in [
        (json!({ "exp": NOW - 3_600 }), "the token has expired"),
        (json!({ "aud": "other" }), "the token is not accepted here"),
        (json!({ "iss": "https://evil" }), "the token is not accepted here"),
        (json!({ "sub": null }), "the token is not accepted here"),
    ] {
        assert_eq!(with("Bearer opaque", &bad), Err(message.to_owned()), "{bad}");
    }
}

#[test]
fn a_token_is_remembered_for_its_configuration_and_those_without_room_are_counted() {
    let names: Vec<_> = (0..1_500).map(|number| format!("token-{number}")).collect();
    let digests = names.iter().map(|name| (name.clone(), json!(written(&sha256(name.as_bytes())))));
    let all = compiled(&json!({ "tokens": digests.collect::<serde_json::Map<_, _>>() }));
    let one = compiled(&json!({ "tokens": { "token-0": written(&sha256(b"token-0")) } }));
    let mut logins = Logins::new([1; 32]);
    let found = |(callers, configuration): &(Callers, Digest), name: &str, logins: &mut Logins| {
        let headers: Headers = [("authorization", format!("Bearer {name}"))].into_iter().collect();
        let hints = Hints { shared: &Nothing, configuration };
        match callers.identify(&headers, &Facts::default(), StreamId(1), logins, hints) {
            Ok(Identified::Caller(caller)) => Some(caller.to_string()),
            other => other.err().map(|error| error.to_string()),
        }
    };
    let unknown = Some("this token is not known here, or is no longer valid".to_owned());
    for _ in 0..2 {
        for name in &names {
            assert_eq!(found(&all, name, &mut logins), Some(format!("token:{name}")));
        }
        assert_eq!(found(&one, "token-0", &mut logins).as_deref(), Some("token:token-0"));
        assert_eq!(found(&one, "token-1", &mut logins), unknown, "it was taken out");
    }
    let events = logins.take_events();
    assert!(
        events.len() > 400 && events.iter().all(|event| *event == CheckEvent::Full(CheckCapacity::Tokens))
    );
}

/// Returns the caller of a request with a token of these claims at a time, or the message to the client.
fn by_claims(
    (callers, configuration): &(Callers, Digest),
    claims: &Json,
    now: u64,
    logins: &mut Logins,
) -> Result<String, String> {
    let metadata = metadata("envoy.filters.http.jwt_authn", &json!({ "jwt": claims }));
    let facts = Facts { metadata, now: Some(Instant(now * 1_000_000_000)), ..Facts::default() };
    let hints = Hints { shared: &Nothing, configuration };
    match callers.identify(&Headers::default(), &facts, StreamId(1), logins, hints) {
        Ok(Identified::Caller(caller)) => {
            Ok(caller.is().iter().map(Who::as_str).collect::<Vec<_>>().join(" "))
        }
        Ok(Identified::NotYet) => panic!("nobody has a password"),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn a_web_token_is_remembered_for_its_claims_its_times_and_its_configuration() {
    let claims = |name: &str| json!({ "iss": "https://id", "aud": "promward", "exp": NOW + 300, "nbf": NOW, "sub": name });
    let plain = callers(false, None);
    let (mut grouped, mut other) = (plain.clone(), plain.clone());
    grouped["groups"] = json!({ "sre": ["jwt:corp/alice"] });
    other["jwt"]["corp"]["audience"] = json!("another");
    let [plain, grouped, other] = [plain, grouped, other].map(|callers| compiled(&callers));
    let mut logins = Logins::new([1; 32]);
    for _ in 0..2 {
        let mut ask = |callers, name, now| by_claims(callers, &claims(name), now, &mut logins);
        assert_eq!(ask(&plain, "alice", NOW), Ok("jwt:corp/alice authenticated anyone".to_owned()));
        assert_eq!(ask(&plain, "bob", NOW), Ok("jwt:corp/bob authenticated anyone".to_owned()));
        assert_eq!(ask(&plain, "alice", NOW + 360), Err("the token has expired".to_owned()));
        assert_eq!(ask(&plain, "alice", NOW - 61), Err("the token is not valid yet".to_owned()));
        assert_eq!(
            ask(&grouped, "alice", NOW),
            Ok("jwt:corp/alice authenticated anyone group:sre".to_owned())
        );
        assert_eq!(ask(&other, "alice", NOW), Err("the token is not accepted here".to_owned()));
    }
    assert_eq!(logins.take_events(), []);
    let long = "x".repeat(5_000);
    for number in 0..1_000 {
        let (mut short, mut too_long) = (claims(&number.to_string()), claims(&number.to_string()));
        (short["n"], too_long["n"]) = (json!(number), json!(format!("{long}{number}")));
        for claims in [short, too_long] {
            assert!(by_claims(&plain, &claims, NOW, &mut logins).is_ok());
        }
    }
    let dropped = logins.take_events();
    assert!((488..700).contains(&dropped.len()), "{}", dropped.len());
    assert!(dropped.iter().all(|event| *event == CheckEvent::Full(CheckCapacity::Tokens)));
}
