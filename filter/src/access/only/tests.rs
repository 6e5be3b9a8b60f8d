//! Tests of the restrictions that `only` gives to callers.

use super::*;
use crate::caller::identity::Identity;
use crate::caller::scheme::Scheme;

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn on(label: &str, values: Values) -> OnLabel {
    OnLabel { label: label.to_owned(), values }
}

fn fixed(label: &str, values: &[&str]) -> OnLabel {
    on(label, Values::Fixed(Term::listed(label, texts(values), Absent::Refused).unwrap()))
}

fn claim(label: &str) -> OnLabel {
    on(label, Values::OfCaller(OfCaller::Claim(tenants())))
}

fn tenants() -> ClaimPath {
    ClaimPath { names: texts(&["promward", "tenants"]), split: None }
}

fn by(label: &str, by: &[(&str, &[&str])]) -> OnLabel {
    let by = by.iter().map(|(who, values)| (who.parse().unwrap(), texts(values)));
    on(label, Values::OfCaller(OfCaller::By(by.collect())))
}

fn token(claim: Option<Claim>) -> Caller {
    let groups = ["a", "b"].map(|name| Who::token_group("corp", name));
    let claims = claim.map(|claim| (tenants(), claim));
    let identity = Identity::new(Scheme::Jwt, "corp/alice", groups);
    Caller::Known(Rc::new(identity.with_claims(claims.into_iter().collect())))
}

fn matchers(labels: Vec<OnLabel>, caller: &Caller) -> Result<String, String> {
    let restriction = Only::new(labels).unwrap().restriction(caller);
    restriction.map(|found| found.matchers().to_owned()).map_err(|error| error.to_string())
}

#[test]
fn what_is_the_same_for_all_is_made_once() {
    let only = Only::new(vec![fixed("tenant", &["a", "b"]), fixed("env", &["prod"])]).unwrap();
    let (one, other) = (only.restriction(&Caller::Anonymous), only.restriction(&token(None)));
    assert!(Rc::ptr_eq(&one.unwrap(), &other.unwrap()) && !only.depends_on_caller());
    for labels in [vec![claim("tenant")], vec![fixed("env", &["a"]), by("tenant", &[("anyone", &["a"])])]] {
        assert!(Only::new(labels).unwrap().depends_on_caller());
    }
    assert_eq!(Only::new(Vec::new()), None);
}

#[test]
fn a_member_of_two_teams_sees_both() {
    let by = by(
        "tenant",
        &[
            ("group:corp/a", &["a", "shared"]),
            ("group:corp/b", &["b", "shared"]),
            ("group:corp/c", &["c"]),
            ("anonymous", &["public"]),
        ],
    );
    assert_eq!(matchers(vec![by.clone()], &token(None)), Ok("tenant=~\"a|shared|b\"".into()));
    assert_eq!(matchers(vec![by.clone()], &Caller::Anonymous), Ok("tenant=\"public\"".into()));
    let other = Caller::Known(Rc::new(Identity::new(Scheme::User, "bob", [])));
    let error = "user:bob may see no value of the label \"tenant\" here";
    assert_eq!(matchers(vec![by], &other), Err(error.into()));
}

#[test]
fn shared_metrics_are_those_of_every_caller_of_the_rule() {
    let caller = token(Some(Claim::Values(texts(&["a"]))));
    for labels in [vec![fixed("tenant", &["a"])], vec![claim("tenant")]] {
        let shared = Shared::listed(texts(&["up"])).unwrap();
        let only = Only::new(labels).unwrap();
        assert_eq!(only.restriction(&caller).unwrap().shared(), None);
        let restriction = only.with_shared(shared.clone()).restriction(&caller).unwrap();
        assert_eq!(restriction.shared().map(AsRef::as_ref), Some(&shared));
        assert_eq!(restriction.matchers(), "tenant=\"a\"");
    }
}

#[test]
fn the_lengths_are_those_of_the_fewest_and_of_all_values() {
    let by = by("tenant", &[("group:corp/a", &["aa", "bb"]), ("group:corp/b", &["bb", "c"])]);
    for (labels, least, most) in [
        (vec![fixed("env", &["a"])], r#"env="a""#, r#"env="a""#),
        (vec![by.clone()], r#"tenant=~"bb|c""#, r#"tenant=~"aa|bb|c""#),
        (vec![by, fixed("env", &["a"])], r#"tenant=~"bb|c",env="a""#, r#"tenant=~"aa|bb|c",env="a""#),
        (vec![claim("tenant")], "", ""),
    ] {
        assert_eq!(Only::new(labels).unwrap().lengths(), (least.len(), most.len()));
    }
}

#[test]
fn alternatives_without_a_value_for_a_caller_are_left_out() {
    let only = |alternatives: Vec<Vec<OnLabel>>, caller: &Caller| {
        let restriction = Only::any_of(alternatives).unwrap().restriction(caller);
        restriction.map(|found| found.matchers().to_owned()).map_err(|error| error.to_string())
    };
    let alternatives = || {
        vec![
            vec![claim("tenant"), fixed("env", &["prod"])],
            vec![by("tenant", &[("anonymous", &["public"])])],
        ]
    };
    let said = token(Some(Claim::Values(texts(&["a"]))));
    assert_eq!(only(alternatives(), &said), Ok("tenant=\"a\",env=\"prod\"".into()));
    assert_eq!(only(alternatives(), &Caller::Anonymous), Ok("tenant=\"public\"".into()));
    let error = only(alternatives(), &token(None)).unwrap_err();
    assert!(error.contains("may see no value of the label \"tenant\" here: the claim"), "{error}");
    let both = vec![vec![claim("tenant")], vec![fixed("env", &["dev"])]];
    assert_eq!(only(both.clone(), &said), Ok("tenant=\"a\" or env=\"dev\"".into()));
    assert_eq!(only(both.clone(), &Caller::Anonymous), Ok("env=\"dev\"".into()));
    let both = Only::any_of(both).unwrap();
    assert!(both.depends_on_caller() && both.restricts("tenant") && both.restricts("env"));
    assert_eq!((both.claims().count(), both.lengths()), (1, (0, 9)));
    assert_eq!(Only::any_of(Vec::new()), None);
    assert_eq!(Only::any_of(vec![vec![claim("tenant")], Vec::new()]), None);
}

#[test]
fn a_claim_says_which_values_and_is_never_split() {
    for (values, expected) in [
        (&["a", "b", "a"][..], "tenant=~\"a|b\""),
        (&["a,b"], "tenant=\"a,b\""),
        (&["a|b"], "tenant=\"a|b\""),
    ] {
        let caller = token(Some(Claim::Values(texts(values))));
        assert_eq!(matchers(vec![claim("tenant")], &caller).as_deref(), Ok(expected));
    }
}

#[test]
fn without_a_readable_claim_nothing_may_be_seen() {
    let none = "jwt:corp/alice may see no value of the label \"tenant\" here: \
                the claim \"promward.tenants\" of a token has to say which";
    let bad = "jwt:corp/alice may see no value of the label \"tenant\" here: the token's claim \
               \"promward.tenants\" is neither a text nor a list of at most 1000 texts, or one is empty";
    for (said, error) in
        [(None, none), (Some(Claim::Values(Vec::new())), none), (Some(Claim::Unreadable), bad)]
    {
        let labels = vec![fixed("env", &["prod"]), claim("tenant")];
        assert_eq!(matchers(labels, &token(said)), Err(error.into()));
    }
    let error = matchers(vec![claim("tenant")], &Caller::Anonymous).unwrap_err();
    assert!(error.starts_with("anonymous callers may see no value of the label \"tenant\""), "{error}");
}
