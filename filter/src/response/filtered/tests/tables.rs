//! The answers that a caller of the tenant `a` gets, for answers written by hand.

use super::*;

/// Returns an answer with these data.
fn success(data: &str) -> String {
    format!(r#"{{"status":"success","data":{data}}}"#)
}

#[track_caller]
fn assert_data(kind: Listing, data: &str, expected: &str) {
    assert_answer(kind, &success(data), Ok(&success(expected)));
}

#[test]
fn what_nobody_knows_beside_the_lists_is_given_out_empty() {
    let other = r#"{"labels":{"tenant":"b"}}"#;
    assert_data(
        Listing::Alerts,
        &format!(r#"{{"alerts":[],"totals":{{"b":1}},"resolved":[{other}],"number":1}}"#),
        r#"{"alerts":[],"totals":{},"resolved":[],"number":1}"#,
    );
    let answer = format!(r#"{{"data":{{"alerts":[]}},"warnings":["w"],"infos":["i"],"more":[{other}]}}"#);
    let given = r#"{"data":{"alerts":[]},"warnings":["w"],"infos":["i"],"more":[]}"#;
    assert_answer(Listing::Alerts, &answer, Ok(given));
}

#[test]
fn only_alerts_of_the_own_tenant_stay() {
    let (own, other) =
        (r#"{"labels":{"x":"1","tenant":"a"},"value":"1e+00"}"#, r#"{"labels":{"tenant":"b"}}"#);
    for (alerts, expected) in [
        (String::new(), String::new()),
        (own.into(), own.into()),
        (other.into(), String::new()),
        (format!("{other},{own},{other},{own}"), format!("{own},{own}")),
        (format!("{own},{own},{other}"), format!("{own},{own}")),
    ] {
        assert_data(
            Listing::Alerts,
            &format!(r#"{{"alerts":[{alerts}]}}"#),
            &format!(r#"{{"alerts":[{expected}]}}"#),
        );
    }
    let spaced = format!(" {{ \"alerts\" : [ {other} ,\n{own}\t, {own} ] , \"more\" : 1 }} ");
    let expected = format!(" {{\"alerts\" : [{own},{own}],\"more\" : 1}} ");
    assert_data(Listing::Alerts, &spaced, &expected);
}

#[test]
fn labels_decide_as_they_are_meant_and_not_as_they_are_written() {
    for (alert, stays) in [
        (r#"{"labe\u006cs":{"tenant":"a"}}"#, true),
        (r#"{"labels":{"t\u0065nant":"\u0061"}}"#, true),
        (r#"{"labels":{"x":"é€😀","tenant":"a"},"y":"é"}"#, true),
        (r#"{"labels":{"é":"a","tenant":"b"},"y":["é"]}"#, false),
        (r#"{"labels" : { "a\\\"" : "\"}{" , "tenant" : "a" } }"#, true),
        (r#"{"labels":{"tenant":"\u0062"}}"#, false),
        (r#"{"labels":{"tenant":"a\u0000"}}"#, false),
        (r#"{"labels":{"tenant":"a "}}"#, false),
        (r#"{"labels":{"tenant":"A"}}"#, false),
        (r#"{"labels":{"Tenant":"a"}}"#, false),
        (r#"{"labels":{"x":"tenant","y":"a"}}"#, false),
        (r#"{"labels":{"x":"\"tenant\":\"a\""}}"#, false),
        (r#"{"Labels":{"tenant":"a"}}"#, false),
        (r#"{"x":{"labels":{"tenant":"a"}}}"#, false),
        (r#"{"x":[{"labels":{"tenant":"a"}}],"labels":{"tenant":"b"}}"#, false),
        (r#"{"discoveredLabels":{"tenant":"a"},"labels":{}}"#, false),
        (r#"{"annotations":{"tenant":"a"}}"#, false),
        (r#"{"tenant":"a"}"#, false),
        (r#"{"labels":null}"#, false),
        ("{}", false),
    ] {
        let expected = if stays { alert } else { "" };
        assert_data(
            Listing::Alerts,
            &format!(r#"{{"alerts":[{alert}]}}"#),
            &format!(r#"{{"alerts":[{expected}]}}"#),
        );
    }
}

#[test]
fn what_has_no_labels_is_judged_as_having_none() {
    let answer =
        success(r#"{"groups":[{"rules":[{},{"labels":null},{"labels":{}},{"labels":{"tenant":"b"}}]}]}"#);
    let expected = success(r#"{"groups":[{"rules":[{},{"labels":null},{"labels":{}}]}]}"#);
    let mut filter = Filter::new(Listing::Rules, Rc::new(restriction("tenant", &["a"], Absent::Allowed)));
    assert_eq!(filter.next(answer.as_bytes(), End::Here), Ok(expected.into_bytes()));
}

#[test]
fn a_rule_stays_for_its_own_labels_or_for_an_alert() {
    let own = r#"{"labels":{"tenant":"a"},"v":1}"#;
    let other = r#"{"labels":{"tenant":"b"},"v":2}"#;
    for (rule, expected) in [
        (r#"{"name":"x","labels":{"tenant":"a"},"health":"ok"}"#.into(), None),
        (format!(r#"{{"name":"x","alerts":[{own}]}}"#), None),
        (r#"{"name":"x","labels":{"tenant":"b"}}"#.into(), Some(String::new())),
        (r#"{"name":"x","alerts":null}"#.into(), Some(String::new())),
        (
            format!(r#"{{"name":"x","labels":{{"tenant":"b"}},"alerts":[{other},{other}]}}"#),
            Some(String::new()),
        ),
        (
            format!(r#"{{"labels":{{"tenant":"b"}},"alerts":[{other},{own}],"more":[ 1 ]}}"#),
            Some(format!(r#"{{"labels":{{"tenant":"b"}},"alerts":[{own}],"more":[ 1 ]}}"#)),
        ),
        (
            format!(r#"{{"alerts":[{other}],"x":{{"alerts":[{other}]}},"labels":{{"tenant":"a"}}}}"#),
            Some(format!(r#"{{"alerts":[],"x":{{"alerts":[{other}]}},"labels":{{"tenant":"a"}}}}"#)),
        ),
    ] {
        // A second rule keeps the group.
        let groups = |rules: &str| format!(r#"{{"groups":[{{"rules":[{rules}],"file":"f"}}]}}"#);
        let expected = expected.unwrap_or_else(|| rule.clone());
        let comma = if expected.is_empty() { "" } else { "," };
        assert_data(
            Listing::Rules,
            &groups(&format!("{rule},{own}")),
            &groups(&format!("{expected}{comma}{own}")),
        );
        assert_data(
            Listing::Rules,
            &groups(&format!("{own},{rule}")),
            &groups(&format!("{own}{comma}{expected}")),
        );
    }
}

#[test]
fn a_group_without_a_rule_that_stays_goes() {
    let own = r#"{"labels":{"tenant":"a"}}"#;
    for gone in [
        "{}",
        r#"{"name":"secret"}"#,
        r#"{"name":"secret","rules":[]}"#,
        r#"{"name":"secret","rules":null}"#,
        r#"{"rules":[{"labels":{"tenant":"b"}}],"name":"secret"}"#,
        r#"{"name":"secret","rules":[{"alerts":[{"labels":{"tenant":"b"}}]},{}],"limit":0}"#,
        r#"{"labels":{"tenant":"a"},"rules":[{"x":{"labels":{"tenant":"a"}}}]}"#,
    ] {
        assert_data(Listing::Rules, &format!(r#"{{"groups":[{gone}]}}"#), r#"{"groups":[]}"#);
        let stays = format!(r#"{{"name":"x","rules":[{own}],"interval":6e1}}"#);
        let expected = format!(r#"{{"groups":[{stays},{stays}]}}"#);
        assert_data(
            Listing::Rules,
            &format!(r#"{{"groups":[{gone},{stays},{gone},{stays},{gone}]}}"#),
            &expected,
        );
    }
}

#[test]
fn the_token_stays_if_a_group_does() {
    let stays = r#""groups":[{"name":"x","rules":[{"labels":{"tenant":"a"}}]}]"#;
    let goes = r#""groups":[{"name":"x","rules":[{"labels":{"tenant":"b"}}]}]"#;
    let (none, token, more) = (r#""groups":[]"#, r#""groupNextToken":"t""#, r#""x":"groupNextToken""#);
    for (data, expected) in [
        (vec![stays, token], vec![stays, token]),
        (vec![token, stays], vec![token, stays]),
        (vec![more, token, more, stays, more], vec![more, token, more, stays, more]),
        (vec![goes, token], vec![none]),
        (vec![token, goes], vec![none]),
        (vec![goes, token, more], vec![none, more]),
        (vec![token, more, goes], vec![more, none]),
        (vec![more, token, goes, more], vec![more, none, more]),
        (vec![r#""groups":null"#, token], vec![r#""groups":null"#]),
    ] {
        assert_data(
            Listing::Rules,
            &format!("{{{}}}", data.join(",")),
            &format!("{{{}}}", expected.join(",")),
        );
    }
}

#[test]
fn targets_stay_by_the_labels_that_they_have_in_the_end() {
    let own = r#"{"discoveredLabels":{"tenant":"b"},"labels":{"tenant":"a"},"health":"up"}"#;
    let other = r#"{"labels":{"tenant":"b"},"discoveredLabels":{"tenant":"a"}}"#;
    let dropped = r#"{"discoveredLabels":{"tenant":"a"}}"#;
    assert_data(
        Listing::Targets,
        &format!(
            r#"{{"activeTargets":[{other},{own}],"droppedTargets":[{dropped}],"droppedTargetCounts":{{"job":3}},"x":2}}"#
        ),
        &format!(r#"{{"activeTargets":[{own}],"droppedTargets":[],"droppedTargetCounts":{{}},"x":2}}"#),
    );
    assert_data(
        Listing::Targets,
        r#"{"dropped\u0054argets" : null,"droppedTargetCounts": 12 ,"activeTargets":null}"#,
        r#"{"dropped\u0054argets" : [],"droppedTargetCounts": {},"activeTargets":null}"#,
    );
}

#[test]
fn what_is_not_about_series_stays() {
    for answer in [
        r#"{"status":"error","errorType":"bad_data","error":"no \"match\""}"#,
        r#"{"status":"success","data":null,"warnings":["w"],"infos":[],"x":"data"}"#,
        " {\n\t\"data\" : null ,\r\n \"infos\":[true,false,null,0,-0,-0.50,10,-1.5e+3,2E-07,3e1,\"\\u00e4ä\\n\"] } \n",
        "{}",
    ] {
        for kind in [Listing::Rules, Listing::Alerts, Listing::Targets] {
            assert_answer(kind, answer, Ok(answer));
        }
    }
}

#[test]
fn an_answer_in_anothers_place_is_filtered_and_refused() {
    let alerts = success(r#"{"alerts":[{"labels":{"tenant":"secret"}}]}"#);
    for kind in [Listing::Rules, Listing::Targets] {
        let (given, end) = pieces(kind, alerts.as_bytes().chunks(1));
        assert_eq!(end, Err(FilterError::Shape));
        assert!(!String::from_utf8(given).unwrap().contains("secret"));
    }
}

#[test]
fn an_error_is_final() {
    let mut filter = filter(Listing::Alerts);
    assert_eq!(filter.next(b"{\"a\":1", End::Later), Ok(b"{\"a\":1".to_vec()));
    assert_eq!(filter.next(b"]", End::Later), Err(FilterError::Malformed));
    let error = filter.next(b",\"b\":2}", End::Here).unwrap_err();
    assert_eq!(error.to_string(), "the server's answer is not valid JSON");
}

#[test]
fn an_item_is_given_out_only_when_it_is_complete() {
    let mut filter = filter(Listing::Rules);
    let mut next =
        |piece: &str| String::from_utf8(filter.next(piece.as_bytes(), End::Later).unwrap()).unwrap();
    assert_eq!(next(r#"{"data":{"groupNextToken":"t","x":1,"#), r#"{"data":{"#);
    assert_eq!(next(r#""groups":[{"name":"g","rules":[{"labels":{"tenant":"b"}}"#), "");
    assert_eq!(next(r#",{"labels":{"tenant":"a"},"alerts":[{"labels":{"tenant":"a"}}"#), "");
    assert_eq!(next(r#",{"labels":{"tenant":"b"}}]"#), "");
    let released = r#""groupNextToken":"t","x":1,"groups":[{"name":"g","rules":[{"labels":{"tenant":"a"},"#;
    assert_eq!(next("}"), format!(r#"{released}"alerts":[{{"labels":{{"tenant":"a"}}}}]}}"#));
    assert_eq!(next(r#"],"interval":1"#), r#"],"interval":1"#);
}
