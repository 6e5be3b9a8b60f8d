//! The alerts, groups and silences that a caller of the tenant `a` gets of Alertmanager, for answers written by hand.

use super::*;

const OWN: &str = r#"{"annotations":{},"labels":{"alertname":"x","tenant":"a"},"status":{"silencedBy":[]}}"#;
const OTHER: &str =
    r#"{"annotations":{},"labels":{"alertname":"x","tenant":"b"},"status":{"silencedBy":[]}}"#;

fn silence(matchers: &str) -> String {
    format!(r#"{{"id":"x","matchers":{matchers},"comment":"c"}}"#)
}

#[test]
fn only_alerts_of_the_own_tenant_stay() {
    for (given, expected) in [
        ("[]".to_owned(), "[]".to_owned()),
        (format!("[{OTHER}]"), "[]".to_owned()),
        (format!("[{OTHER},{OWN},{OTHER},{OWN}]\n"), format!("[{OWN},{OWN}]\n")),
        (r#"[{},{"labels":null}]"#.to_owned(), "[]".to_owned()),
    ] {
        assert_answer(Listing::ReceivedAlerts, &given, Ok(&expected));
    }
}

#[test]
fn a_group_stays_with_what_is_left_of_it() {
    let group = |alerts: &str| {
        format!(r#"{{"alerts":[{alerts}],"labels":{{"alertname":"x"}},"receiver":{{"name":"r"}}}}"#)
    };
    for (given, expected) in [
        (format!("[{}]", group(OTHER)), "[]".to_owned()),
        (format!("[{}]", group("")), "[]".to_owned()),
        (
            format!("[{},{},{}]", group(OTHER), group(&format!("{OTHER},{OWN}")), group(OWN)),
            format!("[{},{}]", group(OWN), group(OWN)),
        ),
        (r#"[{"alerts":null},{"labels":{"tenant":"a"}}]"#.to_owned(), "[]".to_owned()),
    ] {
        assert_answer(Listing::AlertGroups, &given, Ok(&expected));
    }
}

#[test]
fn a_silence_stays_by_an_equality_matcher_of_its_own() {
    for (matchers, stays) in [
        (r#"[{"isEqual":true,"isRegex":false,"name":"tenant","value":"a"}]"#, true),
        (r#"[ {"name":"x","value":"y"} , {"name":"ten\u0061nt","value":"\u0061"} ]"#, true),
        (r#"[{"isEqual":true,"isRegex":true,"name":"tenant","value":"a"}]"#, false),
        (r#"[{"isEqual":false,"isRegex":false,"name":"tenant","value":"a"}]"#, false),
        (r#"[{"name":"tenant","value":"b"}]"#, false),
        ("[]", false),
        ("null", false),
    ] {
        let silence = silence(matchers);
        let expected = if stays { format!("[{silence}]") } else { "[]".to_owned() };
        assert_answer(Listing::Silences, &format!("[{silence}]"), Ok(&expected));
    }
    assert_answer(Listing::Silences, r#"[{"id":"x"},{"Matchers":[]}]"#, Ok("[]"));
}

#[test]
fn a_silence_that_could_be_read_in_two_ways_ends_the_answer() {
    let own = r#"[{"name":"tenant","value":"a"}]"#;
    for (silence, error) in [
        (format!(r#"{{"matchers":{own},"matchers":[]}}"#), FilterError::Twice),
        (silence(r#"[{"name":"tenant","value":"a","value":"b"}]"#), FilterError::Shape),
        (silence(r#"[{"name":"tenant","value":1}]"#), FilterError::Shape),
        (silence(r#"{"tenant":"a"}"#), FilterError::Shape),
        (silence("1"), FilterError::Shape),
        ("1".to_owned(), FilterError::Shape),
    ] {
        assert_answer(Listing::Silences, &format!("[{silence}]"), Err(error));
    }
}

#[test]
fn an_error_passes_and_nothing_of_another_server_does() {
    for kind in [Listing::ReceivedAlerts, Listing::AlertGroups, Listing::Silences] {
        for error in [
            r#""bad matcher format: x""#,
            r#"{"code":602,"message":"active in query must be of type boolean"}"#,
        ] {
            assert_answer(kind, error, Ok(error));
        }
        let prometheus = format!(r#"{{"status":"success","data":{{"alerts":[{OTHER}]}}}}"#);
        assert_answer(kind, &prometheus, Err(FilterError::Shape));
        assert_answer(kind, &format!(r#"{{"alerts":[{OTHER}]}}"#), Ok(r#"{"alerts":[]}"#));
    }
    assert_answer(Listing::Alerts, &format!("[{OWN}]"), Err(FilterError::Shape));
}
