//! The text of queries in the access log.

use crate::desk::Desk;
use promward::decision::{Decision, Facts};
use promward::target::body::Body;
use promward::target::headers::Headers;
use serde_json::{Value, json};

fn configuration(report: &Value) -> String {
    json!({
        "mounts": [{ "prefix": "/p" }, { "prefix": "/o", "api": "opaque" }],
        "access": [
            { "who": ["anyone"], "may": ["read", "federate"], "only": { "tenant": ["a"] } },
            { "who": ["anyone"], "may": ["unknown"], "at": ["/o"] },
        ],
        "report": report,
    })
    .to_string()
}

/// Returns `query` and `sent` of the record of a request.
fn said(report: &Value, path: &str, form: Option<&str>) -> [Value; 2] {
    let desk = &mut Desk::new(&configuration(report));
    let method = if form.is_some() { "POST" } else { "GET" };
    let mut pairs = vec![(":method", method), (":path", path), (":authority", "example.com")];
    pairs.extend(form.map(|_| ("content-type", "application/x-www-form-urlencoded")));
    let body = if form.is_some() { Body::Follows } else { Body::None };
    let (decision, mut record) = desk.decide(&Headers::from_iter(pairs), body, &Facts::default(), 1);
    if let (Decision::Forward(forward), Some(form)) = (decision, form) {
        let awaited = forward.body.unwrap();
        let _ = desk.complete(&awaited, None, form.as_bytes(), &Facts::default(), &mut record);
    }
    let written = record.json(&desk.gateway.mounts);
    assert!(!written.contains("secret"), "{written}");
    let record: Value = serde_json::from_str(&written).unwrap();
    ["query", "sent"].map(|field| record[field].clone())
}

#[test]
fn a_query_is_shown_as_it_was_asked_and_as_it_was_sent() {
    let text = json!({ "query": "text" });
    let restricted = r#"up{tenant="a"}"#;
    let both = json!("up\ndown");
    for (path, form, expected) in [
        ("/p/api/v1/query?query=up", None, [json!("up"), json!(restricted)]),
        ("/p/api/v1/query?query=1", None, [json!("1"), Value::Null]),
        ("/p/api/v1/query?query=up(", None, [json!("up("), Value::Null]),
        ("/p/api/v1/query?query=up&access_token=secret", None, [json!("up"), Value::Null]),
        ("/p/api/v1/query", Some("query=up"), [json!("up"), json!(restricted)]),
        ("/p/api/v1/query", Some("query=up("), [json!("up("), Value::Null]),
        ("/p/api/v1/query", Some("query=up&token=secret"), [json!("up"), Value::Null]),
        (
            "/p/api/v1/series?match[]=up&match[]=down",
            None,
            [both.clone(), json!("up{tenant=\"a\"}\ndown{tenant=\"a\"}")],
        ),
        ("/p/federate?match[]=up&match[]=down", None, [both, json!("up{tenant=\"a\"}\ndown{tenant=\"a\"}")]),
        ("/p/api/v1/series", None, [Value::Null, json!("{tenant=\"a\"}")]),
        ("/p/api/v1/status/buildinfo", None, [Value::Null, Value::Null]),
        ("/o/x?query=secret", None, [Value::Null, Value::Null]),
    ] {
        assert_eq!(said(&text, path, form), expected, "{path} {form:?}");
    }
}

#[test]
fn without_the_field_no_query_is_shown() {
    for report in [json!({}), json!({ "query": "off" })] {
        assert_eq!(said(&report, "/p/api/v1/query?query=secret", None), [Value::Null, Value::Null]);
    }
}

#[test]
fn a_long_query_is_cut_between_two_characters() {
    let report = json!({ "query": "text", "bytes": 65 });
    let long = format!("\"{}\"", "%C3%A4".repeat(100));
    let [query, sent] = said(&report, &format!("/p/api/v1/query?query={long}"), None);
    assert_eq!(query.as_str().unwrap().len(), 65);
    assert_eq!(query, json!(format!("\"{}", "ä".repeat(32))));
    assert_eq!(sent, Value::Null, "nothing is restricted in a text");
    let many = ["match[]=up"; 50].join("&");
    let [query, sent] = said(&report, &format!("/p/api/v1/series?{many}"), None);
    assert!(query.as_str().unwrap().len() <= 65 && sent.as_str().unwrap().len() <= 65);
}
