//! Answers that can't be filtered, because they have another form than they should, or can't be checked within the
//! bounds.

use super::*;

const KINDS: [Listing; 3] = [Listing::Rules, Listing::Alerts, Listing::Targets];

#[track_caller]
fn assert_refused(answer: &str, error: FilterError) {
    for kind in KINDS {
        assert_answer(kind, answer, Err(error));
    }
}

#[test]
fn what_is_not_json_is_refused() {
    for answer in [
        "x",
        "\u{feff}{}",
        "{",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1 2]}",
        "{\"a\":[1}}",
        "{\"a\":1]",
        "{\"a\":{\"b\":1]}",
        "{\"a\":tru}",
        "{\"a\":nulL}",
        "{\"a\":NaN}",
        "{\"a\":01}",
        "{\"a\":-}",
        "{\"a\":+1}",
        "{\"a\":1.}",
        "{\"a\":.5}",
        "{\"a\":1e}",
        "{\"a\":1e+}",
        "{\"a\":1.5.5}",
        "{\"a\":0x1}",
        "{\"a\":\"\u{1}\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12g4\"}",
        "{\"a\":1}\u{b}",
        "{\"a\":1} {}",
        "{\"a\":1}x",
        "{\"a\":1}\0",
        "{}}",
        "{/**/}",
        "{\"a\\ud800\":1}",
    ] {
        let error = if answer == "{" { FilterError::Incomplete } else { FilterError::Malformed };
        assert_refused(answer, error);
    }
    for kind in KINDS {
        for answer in [&b"{\"a\":\"\xff\"}"[..], b"{\"a\":\"\xed\xa0\x80\"}", b"{\"\xc0\xaf\":1}"] {
            assert_eq!(whole(kind, answer), Err(FilterError::Malformed));
            assert_eq!(pieces(kind, answer.chunks(1)).1, Err(FilterError::Malformed));
        }
    }
}

#[test]
fn what_is_not_json_is_refused_where_nobody_would_see_it() {
    for (kind, data) in [
        (Listing::Alerts, r#"{"alerts":[{"x":tru,"labels":{"tenant":"b"}}]}"#),
        (Listing::Alerts, r#"{"alerts":[{"labels":{"tenant":"\ud800"}}]}"#),
        (Listing::Alerts, r#"{"alerts":[{"labels":{"tenant":"b"}}{}]}"#),
        (Listing::Alerts, r#"{"alerts":[{"labels":{"tenant":"b"}},]}"#),
        (Listing::Targets, r#"{"activeTargets":[],"droppedTargets":[01]}"#),
        (Listing::Rules, r#"{"groups":[{"x":[1 2],"rules":[]}]}"#),
        (Listing::Rules, r#"{"groups":[],,"x":1}"#),
        (Listing::Rules, r#"{"groups":[],}"#),
    ] {
        assert_answer(kind, &format!(r#"{{"data":{data}}}"#), Err(FilterError::Malformed));
    }
}

#[test]
fn an_answer_that_ends_early_is_refused() {
    let answer = r#"{"data":{"alerts":[{"labels":{"tenant":"a"}}]}}"#;
    for end in 0..answer.len() {
        assert_answer(Listing::Alerts, &answer[..end], Err(FilterError::Incomplete));
    }
}

#[test]
fn data_of_another_shape_are_refused() {
    for answer in ["[]", "null", "1", "\"x\"", "true", r#"[{"status":"success"}]"#] {
        assert_refused(answer, FilterError::Shape);
    }
    for data in ["[]", "\"x\"", "1", "true", "{}", r#"{"result":[]}"#] {
        assert_refused(&format!(r#"{{"data":{data}}}"#), FilterError::Shape);
    }
    for data in [
        r#"{"groups":{}}"#,
        r#"{"groups":"x"}"#,
        r#"{"groups":[null]}"#,
        r#"{"groups":[[]]}"#,
        r#"{"groups":[{"rules":{}}]}"#,
        r#"{"groups":[{"rules":1}]}"#,
        r#"{"groups":[{"rules":[null]}]}"#,
        r#"{"groups":[{"rules":["x"]}]}"#,
        r#"{"groups":[{"rules":[{"labels":[]}]}]}"#,
        r#"{"groups":[{"rules":[{"labels":"x"}]}]}"#,
        r#"{"groups":[{"rules":[{"labels":{"tenant":1}}]}]}"#,
        r#"{"groups":[{"rules":[{"labels":{"tenant":null}}]}]}"#,
        r#"{"groups":[{"rules":[{"labels":{"x":{"tenant":"a"}}}]}]}"#,
        r#"{"groups":[{"rules":[{"labels":{"x":["tenant","a"]}}]}]}"#,
        r#"{"groups":[{"rules":[{"labels":{"tenant":"a","x":[]}}]}]}"#,
        r#"{"groups":[{"rules":[{"alerts":{}}]}]}"#,
        r#"{"groups":[{"rules":[{"alerts":[1]}]}]}"#,
        r#"{"alerts":1}"#,
        r#"{"alerts":[{},null]}"#,
        r#"{"activeTargets":{}}"#,
    ] {
        assert_refused(&format!(r#"{{"data":{data}}}"#), FilterError::Shape);
    }
}

#[test]
fn a_field_that_matters_stands_once() {
    for data in [
        r#"{"groups":[],"groups":[]}"#,
        r#"{"groups":[],"gr\u006fups":[]}"#,
        r#"{"groups":null,"groups":[]}"#,
        r#"{"groupNextToken":"","groupNextToken":""}"#,
        r#"{"alerts":[],"alerts":null}"#,
        r#"{"activeTargets":[],"activeTargets":[]}"#,
        r#"{"droppedTargets":[],"droppedTargets":[]}"#,
        r#"{"droppedTargetCounts":{},"droppedTargetCounts":{}}"#,
        r#"{"groups":[{"rules":[],"rules":[]}]}"#,
        r#"{"groups":[{"rules":[{"labels":{},"labels":{}}]}]}"#,
        r#"{"groups":[{"rules":[{"labels":null,"labels":{}}]}]}"#,
        r#"{"groups":[{"rules":[{"alerts":[],"alerts":[]}]}]}"#,
        r#"{"alerts":[{"labels":{"tenant":"a"},"labe\u006cs":{"tenant":"b"}}]}"#,
        r#"{"alerts":[{"labels":{"tenant":"a","tenant":"b"}}]}"#,
        r#"{"alerts":[{"labels":{"tenant":"a","t\u0065nant":"a"}}]}"#,
    ] {
        assert_refused(&format!(r#"{{"data":{data}}}"#), FilterError::Twice);
    }
    assert_refused(r#"{"data":null,"data":null}"#, FilterError::Twice);
}

/// Returns `before`, then enough text to make the whole `length` bytes long, then `after`.
fn padded(before: &str, length: usize, after: &str) -> String {
    format!("{before}{}{after}", "x".repeat(length - before.len() - after.len()))
}

/// Returns `true` if an answer is accepted, at once and in pieces, and asserts that it is too long if it isn't.
#[track_caller]
fn is_taken(kind: Listing, answer: &str) -> bool {
    let result = whole(kind, answer.as_bytes()).map(|_| ());
    assert!(matches!(result, Ok(()) | Err(FilterError::TooLong)), "{result:?}");
    assert_eq!(pieces(kind, answer.as_bytes().chunks(1_000)).1, result);
    result.is_ok()
}

#[test]
fn what_is_held_back_is_bounded() {
    const MAX: usize = 1 << 20;
    let own = r#"{"labels":{"tenant":"a"}}"#;
    let rules = |rule: &str| format!(r#"{{"data":{{"groups":[{{"rules":[{rule}]}}]}}}}"#);
    let item = |length| padded(r#"{"labels":{"tenant":"a"},"x":""#, length, "\"}");
    let other = |length| padded(r#"{"labels":{"tenant":"b"},"x":""#, length, "\"}");
    let before_rules = |length| padded(r#"{"x":""#, length, r#"","rules":["#);
    let after_token = |length| padded(r#""groupNextToken":"t","x":""#, length, "\"");
    for (length, taken) in [(MAX, true), (MAX + 1, false)] {
        assert_eq!(is_taken(Listing::Rules, &rules(&item(length))), taken);
        assert_eq!(is_taken(Listing::Rules, &rules(&other(length))), taken);
        assert_eq!(
            is_taken(Listing::Alerts, &format!(r#"{{"data":{{"alerts":[{}]}}}}"#, item(length))),
            taken
        );
        let answer = format!(r#"{{"data":{{"activeTargets":[{}]}}}}"#, item(length));
        assert_eq!(is_taken(Listing::Targets, &answer), taken);
        let answer = format!(r#"{{"data":{{"groups":[{}{own}]}}]}}}}"#, before_rules(length));
        assert_eq!(is_taken(Listing::Rules, &answer), taken);
        // The text after it is 13 bytes long.
        let answer = format!(r#"{{"data":{{{},"groups":[]}}}}"#, after_token(length - 13));
        assert_eq!(is_taken(Listing::Rules, &answer), taken);
    }
}

#[test]
fn what_is_not_held_back_is_not_bounded() {
    let long = "x".repeat(2 << 20);
    let own = r#"{"labels":{"tenant":"a"}}"#;
    for (kind, data) in [
        (Listing::Rules, format!(r#"{{"groups":[],"x":"{long}"}}"#)),
        (Listing::Rules, format!(r#"{{"groups":[],"x":{{"{long}":["{long}"]}}}}"#)),
        (Listing::Rules, format!(r#"{{"groups":[{{"rules":[{own}],"x":"{long}"}}]}}"#)),
        (Listing::Rules, format!(r#"{{"groups":[{{"rules":[{own}]}}],"groupNextToken":"{long}"}}"#)),
        (Listing::Targets, format!(r#"{{"activeTargets":[],"droppedTargets":["{long}"]}}"#)),
    ] {
        assert!(is_taken(kind, &format!(r#"{{"data":{data}}}"#)));
    }
    // Alerts of a rule that are cut out don't count for its length.
    let other = format!(r#"{{"labels":{{"tenant":"b"}},"x":"{}"}},"#, "x".repeat(300_000)).repeat(5);
    let rule = format!(r#"{{"data":{{"groups":[{{"rules":[{{"alerts":[{other}{own}]}}]}}]}}}}"#);
    assert!(is_taken(Listing::Rules, &rule));
}

#[test]
fn keys_are_bounded() {
    let key = |length: usize| format!(r#"{{"{}":1}}"#, "x".repeat(length - 2));
    assert!(is_taken(Listing::Rules, &key(4_096)));
    assert!(!is_taken(Listing::Rules, &key(4_097)));
    let in_alert = |length| format!(r#"{{"data":{{"alerts":[{}]}}}}"#, key(length));
    assert!(is_taken(Listing::Alerts, &in_alert(4_096)));
    assert!(!is_taken(Listing::Alerts, &in_alert(4_097)));
}

#[test]
fn what_is_too_long_is_refused_before_its_end() {
    for (kind, begun, max) in [
        (Listing::Rules, r#"{"data":{"groups":[{"x":""#, 1 << 20),
        (Listing::Rules, r#"{"data":{"groups":[{"rules":[{"x":""#, 1 << 20),
        (Listing::Rules, r#"{"data":{"groups":[{"rules":[{"alerts":[{"labels":{"x":""#, 1 << 20),
        (Listing::Rules, r#"{"data":{"groupNextToken":""#, 1 << 20),
        (Listing::Alerts, r#"{"data":{"alerts":[{"x":""#, 1 << 20),
        (Listing::Targets, r#"{"data":{"activeTargets":[{"x":""#, 1 << 20),
        (Listing::Rules, "{\"", 4_096),
        (Listing::Rules, "{\"data\":{\"", 4_096),
        (Listing::Alerts, r#"{"data":{"alerts":[{"\u0078"#, 4_096),
    ] {
        let answer = format!("{begun}{}", "x".repeat(max));
        assert_eq!(filter(kind).next(answer.as_bytes(), End::Later), Err(FilterError::TooLong), "{begun}");
        let (_, end) = pieces(kind, answer.as_bytes().chunks(1_000));
        assert_eq!(end, Err(FilterError::TooLong), "{begun}");
    }
}

#[test]
fn nesting_is_bounded_everywhere() {
    for (before, depth, after) in [
        (r#"{"x":"#, 1, "}"),
        (r#"{"data":{"groups":[],"alerts":[],"activeTargets":[],"x":"#, 2, "}}"),
        (r#"{"data":{"groups":[],"alerts":[],"activeTargets":[],"droppedTargets":"#, 2, "}}"),
        (r#"{"data":{"groups":[{"x":"#, 4, "}],\"alerts\":[],\"activeTargets\":[]}}"),
        (r#"{"data":{"activeTargets":[{"x":"#, 4, "}],\"alerts\":[],\"groups\":[]}}"),
    ] {
        let nested = |more: usize| {
            let lists = 64 - depth + more;
            format!("{before}{}{}{after}", "[".repeat(lists), "]".repeat(lists))
        };
        for kind in KINDS {
            assert!(whole(kind, nested(0).as_bytes()).is_ok(), "{before}");
        }
        assert_refused(&nested(1), FilterError::TooDeep);
    }
    assert_refused(&format!(r#"{{"x":{}"#, r#"{"x":"#.repeat(100_000)), FilterError::TooDeep);
}
