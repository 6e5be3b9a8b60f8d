//! Tests of silences that restricted callers send.

use super::super::lookup::LookupError;
use super::*;
use crate::enforce::announced::BodyKind;
use crate::enforce::restriction::samples::{listed, matching, only};
use crate::enforce::restriction::{Absent, Term};
use crate::target::headers::Headers;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::rc::Rc;

const ID: &str = "6a1b5b0e-0a3c-4f53-9a55-1f2a86f27cd0";

fn awaited(terms: Vec<Term>) -> AwaitedSilence {
    let former = Lookup {
        cluster: Some("am".into()),
        folder: "/api/v2/silence".to_owned(),
        id: String::new(),
        restriction: Rc::new(Restriction::new(terms).unwrap()),
    };
    let announced = Announced::by(&Headers::default(), 4_096, BodyKind::Form, None).unwrap();
    AwaitedSilence::new(announced, "user:alice".to_owned(), former)
}

fn completed(terms: Vec<Term>, body: &str) -> Result<Value, SilenceError> {
    match awaited(terms).complete(body.as_bytes()) {
        Ok(text) => Ok(serde_json::from_str(&text).unwrap()),
        Err(BodyError::Silence(error)) => Err(error),
        Err(other) => panic!("{other:?}"),
    }
}

fn matcher(name: &str, value: &str) -> Value {
    json!({ "name": name, "value": value, "isRegex": false, "isEqual": true })
}

fn matchers(terms: Vec<Term>, given: &Value) -> Result<Value, SilenceError> {
    let body = json!({ "matchers": given, "startsAt": "a", "endsAt": "b", "createdBy": "x", "comment": "c" });
    completed(terms, &body.to_string()).map(|silence| silence["matchers"].clone())
}

#[test]
fn a_matcher_that_is_missing_is_added_where_there_is_one_value() {
    let own = matcher("tenant", "a");
    let other = matcher("alertname", "x");
    for (given, expected) in [
        (json!([other]), json!([other, own])),
        (json!([own, other]), json!([own, other])),
        (json!([]), json!([own])),
        (json!([{ "name": "tenant", "value": "a" }]), json!([{ "name": "tenant", "value": "a" }])),
        (
            json!([{ "name": "tenant", "value": "a|b", "isRegex": true }]),
            json!([{ "name": "tenant", "value": "a|b", "isRegex": true }, own]),
        ),
    ] {
        assert_eq!(matchers(vec![only(&["a"])], &given), Ok(expected), "{given}");
    }
}

#[test]
fn a_label_without_a_matcher_of_an_allowed_value_is_named() {
    let of_tenant = Err(SilenceError::Label("tenant".to_owned()));
    let given = json!([matcher("alertname", "x")]);
    assert_eq!(matchers(vec![only(&["a", "b"])], &given), of_tenant);
    assert_eq!(matchers(vec![matching("a.*")], &given), of_tenant);
    assert_eq!(matchers(vec![listed("tenant", &["a"], Absent::Allowed)], &given), of_tenant);
    assert_eq!(matchers(vec![only(&["a"])], &json!([matcher("tenant", "b")])), of_tenant);
    let both = || vec![only(&["a"]), listed("env", &["x", "y"], Absent::Refused)];
    assert_eq!(matchers(both(), &json!([])), Err(SilenceError::Label("env".to_owned())));
    let env = matcher("env", "y");
    assert_eq!(matchers(both(), &json!([env])), Ok(json!([env, matcher("tenant", "a")])));
}

#[test]
fn the_caller_is_the_creator_and_what_the_server_sets_is_left_out() {
    let body = json!({
        "id": ID,
        "matchers": [matcher("tenant", "a")],
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2026-01-02T00:00:00Z",
        "createdBy": "somebody else",
        "comment": "\"quoted\"\n",
        "annotations": { "ticket": "x" },
        "status": { "state": "active" },
        "updatedAt": "2026-01-01T00:00:00Z",
    });
    let mut expected = body.clone();
    for name in ["status", "updatedAt"] {
        expected.as_object_mut().unwrap().remove(name);
    }
    expected["createdBy"] = json!("user:alice");
    assert_eq!(completed(vec![only(&["a"])], &body.to_string()), Ok(expected));
}

#[test]
fn what_could_be_read_in_two_ways_is_refused_by_its_name() {
    let own = r#"[{"name":"tenant","value":"a"}]"#;
    for (body, name) in [
        (format!(r#"{{"matchers":{own},"matchers":{own}}}"#), "matchers"),
        (format!(r#"{{"matchers":{own},"Matchers":[]}}"#), "Matchers"),
        (format!(r#"{{"matchers":{own},"ID":"{ID}"}}"#), "ID"),
        (format!(r#"{{"matchers":{own},"id":1}}"#), "id"),
        (format!(r#"{{"matchers":{own},"comment":1}}"#), "comment"),
        (format!(r#"{{"matchers":{own},"createdBy":"a","createdBy":"b"}}"#), "createdBy"),
        (format!(r#"{{"matchers":{own},"annotations":{{"a":1}}}}"#), "annotations"),
        (format!(r#"{{"matchers":{own},"new":[]}}"#), "new"),
        (r#"{"matchers":[{"name":"tenant","value":"a","Value":"b"}]}"#.to_owned(), "matchers"),
        (r#"{"matchers":null}"#.to_owned(), "matchers"),
    ] {
        assert_eq!(completed(vec![only(&["a"])], &body), Err(SilenceError::Field(name.to_owned())), "{body}");
    }
    let many = format!(r#"{{"matchers":[{}]}}"#, vec!["{\"name\":\"\",\"value\":\"\"}"; 257].join(","));
    for body in ["", "[]", "null", "{}", "{\"matchers\":[]", "{}{}"] {
        assert_eq!(completed(vec![only(&["a"])], body), Err(SilenceError::Malformed), "{body}");
    }
    assert_eq!(awaited(vec![only(&["a"])]).complete(many.as_bytes()), Err(BodyError::TooLong { max: 4_096 }));
}

#[test]
fn a_silence_with_an_id_has_to_be_looked_up_and_a_new_one_has_not() {
    let awaited = awaited(vec![only(&["a"])]);
    let lookup = |body: &str| awaited.lookup(awaited.complete(body.as_bytes()).unwrap().as_bytes());
    for new in [r#"{"matchers":[]}"#, r#"{"id":"","matchers":[]}"#, r#"{"id":null,"matchers":[]}"#] {
        assert_eq!(lookup(new), None, "{new}");
    }
    let changed = lookup(&format!(r#"{{"comment":"x","matchers":[],"id":"{ID}"}}"#)).unwrap();
    assert_eq!(changed.request(), Ok(("am", format!("/api/v2/silence/{ID}"))));
    for none in ["../status", "a/b", "\\u0061", "\\\"", "\u{e9}"] {
        let lookup = lookup(&format!(r#"{{"matchers":[],"id":"{none}"}}"#)).unwrap();
        // An escape of a letter is undone when the silence is read.
        let expected = if none == "\\u0061" { Ok(()) } else { Err(LookupError::NotTheirs) };
        assert_eq!(lookup.request().map(|_| ()), expected, "{none}");
    }
}

proptest! {
    /// Whatever goes on is the caller's, and reads as it was judged.
    #[test]
    fn what_goes_on_is_the_callers(
        given in prop::collection::vec(("(tenant|Tenant|x)", "(a|b|a\\|b|\\PC{0,3})", any::<bool>(), any::<bool>()), 0..4),
        comment in "\\PC{0,5}",
    ) {
        let given: Vec<_> = given
            .iter()
            .map(|(name, value, is_regex, is_equal)| {
                json!({ "name": name, "value": value, "isRegex": is_regex, "isEqual": is_equal })
            })
            .collect();
        let body = json!({ "matchers": given, "comment": comment }).to_string();
        if let Ok(silence) = completed(vec![only(&["a"])], &body) {
            let matchers = silence["matchers"].as_array().unwrap();
            prop_assert!(matchers.contains(&matcher("tenant", "a")));
            prop_assert_eq!(&matchers[..given.len()], &given[..]);
            prop_assert_eq!(&silence["comment"], &json!(comment));
        }
    }
}
