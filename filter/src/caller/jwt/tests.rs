//! Tests of tokens in all kinds of metadata.

use super::super::claim::Claim;
use super::super::metadata::tests::metadata;
use super::*;
use serde_json::{Value as Json, json};

const NOW: u64 = 1_700_000_000;

fn issuer() -> Issuer {
    Issuer {
        name: "corp".into(),
        payload: "jwt".into(),
        issuer: "https://id.example.com".into(),
        audience: "promward".into(),
        audience_claim: path(&["aud"]),
        names: vec![path(&["sub"])],
        groups: Some(claim(&["realm_access", "roles"], None)),
        tried_claims: Vec::new(),
        claims: vec![claim(&["tenants"], None), claim(&["scope"], None), claim(&["scope"], Some(' '))],
        foreign_bearer: ForeignBearer::Refuse,
    }
}

fn path(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn claim(names: &[&str], split: Option<char>) -> ClaimPath {
    ClaimPath { names: path(names), split }
}

/// Returns the claims of a valid token with some of them changed.
fn claims(changed: &Json) -> Json {
    let mut claims =
        json!({ "iss": "https://id.example.com", "aud": "promward", "exp": NOW + 300, "sub": "alice" });
    for (name, value) in changed.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

fn accepted(issuer: Issuer, changed: &Json) -> Result<Rc<Identity>, TokenError> {
    let bytes = metadata(JWT_AUTHN, &json!({ "jwt": claims(changed) }));
    found(&[issuer], &bytes).map(|found| found.unwrap().identity)
}

/// Returns the token in some metadata, if there is one.
fn found(issuers: &[Issuer], metadata: &[u8]) -> Result<Option<Accepted>, TokenError> {
    let Some(verified) = verified(metadata)? else { return Ok(None) };
    caller(issuers, &Groups::default(), verified, Instant(NOW * 1_000_000_000))
}

/// Returns the caller whom the issuer's token names, or the reason why it is refused, as it is logged.
fn caller_at(issuer: Issuer, changed: &Json) -> Result<String, String> {
    accepted(issuer, changed).map(|identity| identity.to_string()).map_err(|error| error.to_string())
}

#[test]
fn a_good_token_names_its_caller() {
    for changed in [
        json!({}),
        json!({ "aud": ["other", "promward"] }),
        json!({ "exp": NOW - 59, "nbf": NOW + 60 }),
        json!({ "nbf": null, "realm_access": null, "anything": null }),
        json!({ "realm_access": { "roles": "team-a" } }),
        json!({ "realm_access": { "roles": [] } }),
        json!({ "realm_access": { "roles": [1, "team-a"] } }),
        json!({ "realm_access": { "other": 1.5 } }),
    ] {
        assert_eq!(caller_at(issuer(), &changed), Ok("jwt:corp/alice".into()), "{changed}");
    }
    assert_eq!(caller_at(issuer(), &json!({ "sub": 42 })), Ok("jwt:corp/42".into()));
}

#[test]
fn any_other_token_is_refused_and_the_log_says_why() {
    let issuer_of_another = "the token's claim \"iss\" is none of the issuers in callers.jwt";
    let audience_of_another = "the token's claim \"aud\" is another audience (callers.jwt.corp.audience)";
    let no_audience = "the token has no claim \"aud\" (callers.jwt.corp.audience_claim)";
    let no_name = "the token has no claim \"sub\" (callers.jwt.corp.name)";
    let bad_name =
        "the token's claim \"sub\" is not a text of one line, nor a whole number (callers.jwt.corp.name)";
    let bad_groups = "the token's claim \"realm_access.roles\" is neither a text nor a list of at most 1000 texts \
                      (callers.jwt.corp.groups)";
    for (changed, error) in [
        (json!({ "iss": "https://evil.example" }), issuer_of_another),
        (json!({ "iss": null }), issuer_of_another),
        (json!({ "iss": ["https://id.example.com"] }), issuer_of_another),
        (json!({ "aud": "other" }), audience_of_another),
        (json!({ "aud": ["other"] }), audience_of_another),
        (json!({ "aud": "[\"promward\"]" }), audience_of_another),
        (json!({ "aud": "other promward" }), audience_of_another),
        (json!({ "aud": [["promward"]] }), audience_of_another),
        (json!({ "aud": null }), no_audience),
        (json!({ "exp": null }), "the token has no claim \"exp\""),
        (json!({ "exp": "9999999999" }), "the token's claim \"exp\" is not a number"),
        (json!({ "exp": NOW - 60 }), "the token has expired"),
        (json!({ "exp": 0 }), "the token has expired"),
        (json!({ "nbf": NOW + 61 }), "the token is not valid yet"),
        (json!({ "nbf": "0" }), "the token is not valid yet"),
        (json!({ "sub": null }), no_name),
        (json!({ "sub": "" }), bad_name),
        (json!({ "sub": 1.5 }), bad_name),
        (json!({ "sub": true }), bad_name),
        (json!({ "sub": ["alice"] }), bad_name),
        (json!({ "sub": "a\nb" }), bad_name),
        (json!({ "realm_access": { "roles": 0.5 } }), bad_groups),
        (json!({ "realm_access": { "roles": ["a", null] } }), bad_groups),
        (json!({ "realm_access": { "roles": [["a"]] } }), bad_groups),
        (json!({ "realm_access": { "roles": { "a": true } } }), bad_groups),
    ] {
        assert_eq!(caller_at(issuer(), &changed), Err(error.to_owned()), "{changed}");
    }
}

#[test]
fn the_first_name_that_is_there_counts_and_a_bad_one_is_not_passed_over() {
    let names = vec![path(&["preferred_username"]), path(&["client_id"])];
    let issuer = Issuer { names, ..issuer() };
    let missing =
        "the token has no claim \"preferred_username\" and no claim \"client_id\" (callers.jwt.corp.name)";
    for (changed, expected) in [
        (json!({ "preferred_username": "bob", "client_id": "ci" }), Ok("jwt:corp/bob")),
        (json!({ "client_id": "ci" }), Ok("jwt:corp/ci")),
        (json!({ "preferred_username": null, "client_id": "ci" }), Ok("jwt:corp/ci")),
        (json!({}), Err(missing)),
    ] {
        let expected = expected.map(str::to_owned).map_err(str::to_owned);
        assert_eq!(caller_at(issuer.clone(), &changed), expected, "{changed}");
    }
    for bad in [json!(""), json!(true), json!(["bob"]), json!({ "bob": 1 }), json!("a\u{7f}"), json!(0.5)] {
        let refused = caller_at(issuer.clone(), &json!({ "preferred_username": bad, "client_id": "ci" }));
        assert!(refused.unwrap_err().contains("\"preferred_username\" is not a text of one line"), "{bad}");
    }
}

#[test]
fn another_claim_than_aud_may_have_the_audience() {
    let issuer = Issuer { audience_claim: path(&["azp"]), ..issuer() };
    let audience = |changed: &Json| caller_at(issuer.clone(), changed);
    assert_eq!(audience(&json!({ "aud": "account", "azp": "promward" })), Ok("jwt:corp/alice".into()));
    assert_eq!(audience(&json!({ "aud": null, "azp": ["x", "promward"] })), Ok("jwt:corp/alice".into()));
    let missing = "the token has no claim \"azp\" (callers.jwt.corp.audience_claim)";
    assert_eq!(audience(&json!({})), Err(missing.to_owned()), "\"aud\" doesn't count then");
    let other = "the token's claim \"azp\" is another audience (callers.jwt.corp.audience)";
    assert_eq!(audience(&json!({ "azp": "other" })), Err(other.to_owned()));
}

#[test]
fn groups_are_the_tokens_own_and_split_only_where_the_configuration_says_so() {
    for (split, roles, groups) in [
        (None, json!(["team-a", "team-b"]), &["team-a", "team-b"][..]),
        (None, json!("team-a"), &["team-a"]),
        (None, json!("[\"team-a\"]"), &["[\"team-a\"]"]),
        (None, json!("team-a team-b"), &["team-a team-b"]),
        (Some(' '), json!("team-a team-b"), &["team-a", "team-b"]),
        (Some(' '), json!(["team-a team-b"]), &["team-a team-b"]),
        (None, json!([7, "team-a"]), &["7", "team-a"]),
    ] {
        let issuer = Issuer { groups: Some(claim(&["realm_access", "roles"], split)), ..issuer() };
        let caller = accepted(issuer, &json!({ "realm_access": { "roles": roles } })).unwrap();
        for group in ["team-a", "team-b", "[\"team-a\"]", "team-a team-b", "7"] {
            let is = |who| caller.is().contains(&who);
            assert_eq!(is(Who::token_group("corp", group)), groups.contains(&group), "{roles} {group}");
            assert!(!is(Who::group(group)));
        }
    }
}

#[test]
fn claims_that_rules_read_are_kept_each_as_its_rule_reads_it() {
    let said = json!({ "tenants": ["a", 7], "scope": "a b", "other": "x" });
    let caller = accepted(issuer(), &said).unwrap();
    let values = |values: &[&str]| Some(Claim::Values(path(values)));
    assert_eq!(caller.claim(&claim(&["tenants"], None)).cloned(), values(&["a", "7"]));
    assert_eq!(caller.claim(&claim(&["scope"], None)).cloned(), values(&["a b"]));
    assert_eq!(caller.claim(&claim(&["scope"], Some(' '))).cloned(), values(&["a", "b"]));
    assert_eq!(caller.claim(&claim(&["other"], None)), None);
    let unreadable = accepted(issuer(), &json!({ "tenants": 0.5 })).unwrap();
    assert_eq!(unreadable.claim(&claim(&["tenants"], None)), Some(&Claim::Unreadable));
}

#[test]
fn without_a_payload_of_ours_there_is_no_token() {
    let other = metadata(JWT_AUTHN, &json!({ "other": claims(&json!({})), "jwt": "text" }));
    assert_eq!(found(&[issuer()], &other), Ok(None));
    assert_eq!(found(&[issuer()], b""), Ok(None));
    let elsewhere = metadata("another", &json!({ "jwt": claims(&json!({})) }));
    assert_eq!(found(&[issuer()], &elsewhere), Ok(None));
    assert_eq!(found(&[issuer()], b"\xff"), Err(TokenError::Malformed));
}

#[test]
fn two_tokens_are_none() {
    let second = Issuer { name: "other".into(), payload: "second".into(), ..issuer() };
    let bytes = metadata(JWT_AUTHN, &json!({ "jwt": claims(&json!({})), "second": claims(&json!({})) }));
    assert_eq!(found(&[issuer(), second], &bytes), Err(TokenError::Twice));
}
