//! Tries each row of the manual's tables about limits and restricted queries.

use crate::desk::Desk;
use promward::caller::source::Source;
use promward::decision::{Decision, Facts};
use promward::promql::Query;
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::time::instant::Instant;
use serde_json::{Value, json};

const CONFIGURATION: &str = include_str!("../../docs/configuration.md");
const RESTRICTED: &str = include_str!("../../docs/restricted.md");

/// Midnight on 31 January 2026, in nanoseconds since 1970.
const NOW: Instant = Instant(1_769_817_600_000_000_000);

/// The rule of the manual's configuration that has the limits.
const LIMITED: usize = 2;

#[test]
fn the_manual_says_what_limits_allow_and_refuse() {
    let (_, table) = CONFIGURATION.split_once("With the limits of `access[2]`").unwrap();
    let rows =
        table.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let rows: Vec<_> = rows.filter_map(|row| row.strip_prefix("| `")?.split_once("` | ")).collect();
    assert!(rows.len() > 10, "{rows:?}");
    let mut desk = Desk::new(&configuration());
    for (request, answer) in rows {
        let path = format!("/prometheus/api/v1/{}", request.replace(' ', "%20"));
        let headers = [(":method", "GET"), (":path", &path), (":authority", "example.com")];
        let headers = Headers::from_iter(headers);
        let facts = Facts { source: Source::parse(b"127.0.0.1:1"), now: Some(NOW), ..Facts::default() };
        match desk.decide(&headers, Body::None, &facts, 1).0 {
            Decision::Forward(forward) => {
                assert!(answer.starts_with("allowed"), "{request} is allowed, and not {answer}");
                let sent = answer.split('`').nth(1).unwrap_or_default();
                let upstream = forward.edits.value(":path").unwrap();
                assert!(upstream.contains(sent), "{request} is sent as {upstream}");
            }
            Decision::Reply(reply) => {
                let body = reply.body;
                let limit = answer.strip_prefix("422: `").and_then(|rest| rest.split('`').next());
                let limit = limit.unwrap_or_else(|| panic!("{request} is refused: {body}"));
                assert_eq!(reply.status, 422, "{request}: {body}");
                assert!(
                    body.contains(&format!("access[{LIMITED}].limits.{limit} allows")),
                    "{request}: {body}"
                );
            }
            other => panic!("{request}: {other:?}"),
        }
    }
}

#[test]
fn the_page_for_the_restricted_shows_what_becomes_of_queries() {
    for (query, shown) in rows(RESTRICTED, "**Matchers are added**") {
        let restricted = Query::parse(query).unwrap().restricted(r#"tenant="a""#);
        assert_eq!(restricted.as_deref(), shown.strip_prefix('`').and_then(|shown| shown.split('`').next()));
    }
}

/// Returns the rows of the table after these words: the text in backquotes of the first cell, and what follows it.
fn rows<'a>(document: &'a str, after: &str) -> Vec<(&'a str, &'a str)> {
    let (_, table) = document.split_once(after).unwrap();
    let rows =
        table.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let rows: Vec<_> = rows.filter_map(|row| row.strip_prefix("| `")?.split_once("` | ")).collect();
    assert!(rows.len() > 4, "{rows:?}");
    rows
}

/// Returns the configuration of the manual, with the limits for the anonymous.
fn configuration() -> String {
    let (_, block) = CONFIGURATION.split_once("```json\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let mut configuration: Value = serde_json::from_str(block).unwrap();
    *configuration.pointer_mut(&format!("/access/{LIMITED}/who")).unwrap() = json!(["anonymous"]);
    *configuration.pointer_mut(&format!("/access/{LIMITED}/limits/rate")).unwrap() = json!("1000/s");
    *configuration.pointer_mut(&format!("/access/{LIMITED}/limits/burst")).unwrap() = json!(1000);
    configuration.to_string()
}
