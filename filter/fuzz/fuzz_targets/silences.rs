//! Reads a silence that a restricted caller posts: what goes on is the caller's as the server reads it, says nothing twice, and
//! stays as it is when it is read again. The same bytes as the answer to a lookup are nobody's unless they are the caller's.

#![no_main]

use libfuzzer_sys::fuzz_target;
use promward::enforce::announced::{Announced, BodyKind};
use promward::enforce::restriction::{Absent, Restriction, Term};
use promward::enforce::silence::awaited::AwaitedSilence;
use promward::enforce::silence::lookup::Lookup;
use promward::target::headers::Headers;
use serde_json::Value;
use std::collections::BTreeSet;
use std::rc::Rc;

const ID: &str = "6a1b5b0e";

fuzz_target!(|body: &[u8]| {
    let term = |label: &str, values: &[&str]| {
        let values = values.iter().map(|&value| value.to_owned()).collect();
        Term::listed(label, values, Absent::Refused).expect("values")
    };
    let terms = vec![term("t", &["a"]), term("e", &["x", "y"])];
    let restriction = Rc::new(Restriction::new(terms).expect("terms"));
    let former = Lookup {
        cluster: Some("am".into()),
        folder: "/api/v2/silence".to_owned(),
        id: ID.to_owned(),
        restriction,
    };
    let headers = [(":status", "200")].into_iter().collect();
    if former.judge(&headers, body).is_ok() {
        let silence: Value = serde_json::from_slice(body).expect("a silence is JSON");
        assert!(silence["id"] == ID && is_own(&silence));
    }
    let announced =
        Announced::by(&Headers::default(), 1 << 16, BodyKind::Form, None).expect("nothing is announced");
    let awaited = AwaitedSilence::new(announced, "user:alice".to_owned(), former);
    let Ok(sent) = awaited.complete(body) else { return };
    let silence: Value = serde_json::from_str(&sent).expect("what goes on is JSON");
    assert!(is_own(&silence), "{sent}");
    assert_eq!(silence["createdBy"], "user:alice");
    let names: Vec<_> =
        silence.as_object().expect("an object").keys().map(|name| name.to_lowercase()).collect();
    assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "{sent}");
    // A silence has to be looked up exactly if it has an id that the server reads.
    let id = silence.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
    let lookup = awaited.lookup(sent.as_bytes());
    assert_eq!(lookup.is_some(), id.is_some(), "{sent}");
    if let Some(Ok((_, path))) = lookup.as_ref().map(Lookup::request) {
        assert_eq!(Some(path.as_str()), id.map(|id| format!("/api/v2/silence/{id}")).as_deref());
    }
    assert_eq!(awaited.complete(sent.as_bytes()).as_ref(), Ok(&sent));
});

/// Returns `true` if a silence has an equality matcher of an allowed value for each label.
fn is_own(silence: &Value) -> bool {
    let has = |label: &str, values: &[&str]| {
        silence["matchers"].as_array().is_some_and(|matchers| {
            matchers.iter().any(|matcher| {
                let is_equality = matcher["isEqual"] != false && matcher["isRegex"] != true;
                let value = matcher["value"].as_str();
                is_equality && matcher["name"] == label && value.is_some_and(|value| values.contains(&value))
            })
        })
    };
    has("t", &["a"]) && has("e", &["x", "y"])
}
