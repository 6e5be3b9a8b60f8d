//! Tests of what a query reads as with a matcher inserted, and of what is refused.

use super::*;

mod alternatives;
mod bounds;
mod extensions;

const TENANT: &str = r#"tenant="a""#;

fn restricted(text: &str) -> Result<String, String> {
    let query = Query::parse(text).map_err(|error| error.to_string())?;
    query.restricted(TENANT).ok_or("too long".to_owned())
}

/// Checks that a query reads as expected once the matcher is inserted.
fn check(text: &str, expected: &str) {
    assert_eq!(restricted(text).as_deref(), Ok(expected), "{text}");
}

#[test]
fn a_matcher_goes_into_every_form_of_a_selector() {
    check("up", r#"up{tenant="a"}"#);
    check("up{}", r#"up{tenant="a"}"#);
    check("up{ }", r#"up{tenant="a" }"#);
    check(r#"up{a="b"}"#, r#"up{tenant="a",a="b"}"#);
    check(r#"up{a="b",}"#, r#"up{tenant="a",a="b",}"#);
    check(r#"{__name__="x"}"#, r#"{tenant="a",__name__="x"}"#);
    check(r#"{"my.metric"}"#, r#"{tenant="a","my.metric"}"#);
    check(r#"{"my.metric", "a.b"=~'c'}"#, r#"{tenant="a","my.metric", "a.b"=~'c'}"#);
    check("a:b:c", r#"a:b:c{tenant="a"}"#);
    check("up # {x}\n{ # }\n a!~`}`, # \"\n}", "up # {x}\n{tenant=\"a\", # }\n a!~`}`, # \"\n}");
    check("up#", "up{tenant=\"a\"}#");
    check(r#"up{a!="b"}"#, r#"up{tenant="a",a!="b"}"#);
    check("up{a=~`\\d\n\"}`}", "up{tenant=\"a\",a=~`\\d\n\"}`}");
    check("up{a=\"\u{ff01}\u{ff3d}\u{fffc}\"}", "up{tenant=\"a\",a=\"\u{ff01}\u{ff3d}\u{fffc}\"}");
}

#[test]
fn a_keyword_can_be_the_name_of_a_metric_or_a_label() {
    check(r#"sum{by="x"}"#, r#"sum{tenant="a",by="x"}"#);
    check("sum + SUM", r#"sum{tenant="a"} + SUM{tenant="a"}"#);
    check("and and and", r#"and{tenant="a"} and and{tenant="a"}"#);
    check("offset offset 5m", r#"offset{tenant="a"} offset 5m"#);
    check("start @ start()", r#"start{tenant="a"} @ start()"#);
    check("sum by (sum, by, offset) (by)", r#"sum by (sum, by, offset) (by{tenant="a"})"#);
    check(r#"sum by ("a.b", c) (up)"#, r#"sum by ("a.b", c) (up{tenant="a"})"#);
    check("a or bottomk", r#"a{tenant="a"} or bottomk{tenant="a"}"#);
    check("limitk", r#"limitk{tenant="a"}"#);
}

#[test]
fn every_argument_and_parameter_is_read() {
    check("topk(scalar(sum(b)), a)", r#"topk(scalar(sum(b{tenant="a"})), a{tenant="a"})"#);
    check("quantile by (x) (scalar(q), a)", r#"quantile by (x) (scalar(q{tenant="a"}), a{tenant="a"})"#);
    check("count_values('v', a) without (x)", r#"count_values('v', a{tenant="a"}) without (x)"#);
    check(
        "label_replace(up, \"tenant\", \"b\", \"\", \"\")",
        "label_replace(up{tenant=\"a\"}, \"tenant\", \"b\", \"\", \"\")",
    );
    check("vector(scalar(a))", r#"vector(scalar(a{tenant="a"}))"#);
    check("time() - -+a", r#"time() - -+a{tenant="a"}"#);
    check(
        "a * on (x, y,) group_left ( z ) b / ignoring () group_right (c) d",
        r#"a{tenant="a"} * on (x, y,) group_left ( z ) b{tenant="a"} / ignoring () group_right (c) d{tenant="a"}"#,
    );
}

#[test]
fn ranges_subqueries_and_modifiers_stay_after_the_matcher() {
    check("rate(a[5m])", r#"rate(a{tenant="a"}[5m])"#);
    check("first_over_time(a[5m])", r#"first_over_time(a{tenant="a"}[5m])"#);
    check(
        "rate(a{x='y'}[ 1h30m ] offset -5m @ 1e3)",
        r#"rate(a{tenant="a",x='y'}[ 1h30m ] offset -5m @ 1e3)"#,
    );
    check("max_over_time(a[1h:])", r#"max_over_time(a{tenant="a"}[1h:])"#);
    check(
        "max_over_time((a - b)[3600 : 0x1F] @ end() offset 1_0.5)",
        r#"max_over_time((a{tenant="a"} - b{tenant="a"})[3600 : 0x1F] @ end() offset 1_0.5)"#,
    );
    check("a @ 9s - 5m + 5m-1_0.5", r#"a{tenant="a"} @ 9s - 5m + 5m-1_0.5"#);
    check("a @ 9-5 + b offset 5m-1", r#"a{tenant="a"} @ 9-5 + b{tenant="a"} offset 5m-1"#);
    check("a < bool b", r#"a{tenant="a"} < bool b{tenant="a"}"#);
}

#[test]
fn every_operator_is_read() {
    for operator in [
        "+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">=", "</", ">/", "and", "or", "unless",
        "atan2", "AND",
    ] {
        check(&format!("a {operator} b"), &format!(r#"a{{tenant="a"}} {operator} b{{tenant="a"}}"#));
    }
}

#[test]
fn what_reads_nothing_stays_as_it_is() {
    for text in [
        "1+1",
        "vector(1)",
        "Inf",
        "-nan",
        "\"a\"",
        "5m",
        "time()",
        ".5",
        "5.",
        "1e-3",
        "'\\''",
        r#""\a\b\f\n\r\t\v\\\"""#,
        r#""\0417\303\251\x4f\xc3\xa9é\u00e9\ud7ff\ue000\U0010ffff""#,
    ] {
        check(text, text);
    }
}

#[test]
fn what_is_not_understood_is_refused_with_its_place() {
    for (text, at) in [
        ("", 0),
        ("up up", 3),
        ("up{", 3),
        ("up{a}", 4),
        ("up{,}", 3),
        ("up{a=b}", 5),
        (r#"up{1a="b"}"#, 3),
        (r#"up{a!x"b"}"#, 4),
        (r#"up{"a""b"}"#, 6),
        (r#"up{a="b" or c="d"}"#, 9),
        (r#"up{a="b",__graphite__="*"}"#, 9),
        (r#"up{"\x5f_graphite__"=~'*'}"#, 3),
        // VictoriaMetrics doesn't end a raw string at a quote that stands after a backslash.
        (r#"{`\`="v",`} or up{zone!="",x!=`!="a"} # `}"#, 1),
        (r#"sum by (zone,`\`) (up) # `) ({zone!=""})"#, 13),
        (r"up{a=`b\`}", 5),
        (r"up{a=`b\\\`}", 5),
        (r#"up{a="b";}"#, 8),
        ("up}", 2),
        ("up)", 2),
        ("(up", 3),
        ("sum(up,)", 7),
        ("info(up)", 0),
        ("limitk(1, up)", 0),
        ("mad_over_time(up[5m])", 0),
        ("RATE(up[5m])", 0),
        ("a:b(up)", 0),
        ("up smoothed", 3),
        ("up[5m+1m]", 5),
        ("up[step()]", 3),
        ("up[5m # c\n]", 6),
        ("up[5m:1m:1m]", 8),
        ("up[5x]", 3),
        ("(up)[5m]", 4),
        ("up[5m][5m]", 6),
        ("up[5m][5m:]", 6),
        ("up[5m:][5m:]", 7),
        ("up[5m:] offset 5m [5m:]", 18),
        ("up[010]", 3),
        ("up offset 0_10", 10),
        ("up @ 010", 5),
        ("up offset 5m [5m]", 13),
        ("(up) offset 5m", 14),
        ("up offset 1m offset 2m", 22),
        ("up offset start()", 10),
        ("up @ Inf", 5),
        ("up @ 1e300", 5),
        ("up @ 9s-5m", 7),
        ("up @ -9s-.5", 8),
        ("a + fill (1) b", 4),
        ("a ~ b", 2),
        ("a = b", 2),
        ("a < / b", 4),
        ("up # a\rsecret", 6),
        ("\"a", 0),
        ("\"a\nb\"", 0),
        ("\"\\'\"", 1),
        ("\"\\x4\"", 1),
        ("\"\\x+4\"", 1),
        ("\"\\400\"", 1),
        ("\"\\08\"", 1),
        ("\"\\dfff\"", 1),
        ("\"\\U00110000\"", 1),
        ("\"\\ud800\"", 1),
        // What can't be stored anywhere ends a release of VictoriaMetrics.
        (r#"a + b{""="c"}"#, 6),
        (r#"a{''='c'} + b"#, 2),
        ("a{``='c'}", 2),
        (r#"{""}"#, 1),
        (r#"a + {__name__="\xff"}"#, 14),
        (r#"{a="\303"}"#, 3),
        (r#"label_replace(up, "a", "\x80", "", "")"#, 23),
        (r#"sum by ("") (up)"#, 8),
        (r#"up + on (a, "") up"#, 12),
        (r#"sum by ("\xff") (up)"#, 8),
        ("'\u{fffd}'", 1),
        ("`\u{fffd}`", 1),
        ("ü", 0),
        ("\u{a0}up", 0),
        ("bool", 0),
        ("by (up)", 0),
        ("sum by (a:b) (up)", 8),
        ("sum by (Inf) (up)", 8),
        ("sum by (5) (up)", 8),
        (". + up", 0),
        ("1.2.3", 3),
    ] {
        let error = Query::parse(text).map(|query| query.restricted(TENANT));
        assert_eq!(error.map_err(|error| error.at), Err(at), "{text}");
    }
}

#[test]
fn a_message_quotes_no_more_of_a_query_than_fits_a_line() {
    let error = Query::parse(&format!("{}(up)", "A".repeat(16_000))).unwrap_err().to_string();
    assert!(error.contains(&"A".repeat(40)) && error.len() < 200, "{error}");
}

#[test]
fn a_function_that_the_mount_can_open_is_refused_with_the_field_that_opens_it() {
    for text in ["limitk(1, up)", "LIMIT_RATIO(0.5, up)", "sort_by_label(up, 'a')", "up / step()"] {
        let error = Query::parse(text).unwrap_err().to_string();
        assert!(error.contains("\"experimental_functions\""), "{error}");
    }
    let error = Query::parse("info(up)").unwrap_err().to_string();
    assert!(!error.contains("experimental_functions"), "{error}");
}

#[test]
fn a_selector_alone_has_nothing_around_it() {
    for (text, expected) in
        [("up", r#"up{tenant="a"}"#), ("{a='b'}", r#"{tenant="a",a='b'}"#), (" sum ", r#" sum{tenant="a"} "#)]
    {
        let selector = Query::parse_selector(text).unwrap();
        assert_eq!(selector.restricted(TENANT).as_deref(), Some(expected));
    }
    for text in
        ["", "1", "up[5m]", "up offset 5m", "(up)", "-up", "up or up", "sum(up)", "Inf", "bool", "\"up\""]
    {
        assert!(Query::parse_selector(text).is_err(), "{text}");
    }
}

#[test]
fn a_query_that_grows_too_long_is_none() {
    let query = Query::parse("a+a+a+a+a").unwrap();
    let longest = query.restricted(&"x".repeat(52_425)).unwrap();
    assert_eq!(longest.len(), MAX_RESTRICTED);
    assert_eq!(query.restricted(&"x".repeat(52_426)), None);
}

/// Returns a query with a matcher in every selector that doesn't name the metric `shared` outright.
fn but_for_shared(text: &str) -> String {
    let mut query = Query::parse(text).unwrap();
    query.leave_out(&|name| name == "shared");
    query.restricted(TENANT).unwrap()
}

#[test]
fn a_selector_that_names_its_metric_outright_can_be_left_out() {
    for text in [
        "shared",
        "shared{}",
        "shared{a=\"b\",tenant!=\"a\"}",
        "shared[5m:1m] offset 1m",
        "{__name__=\"shared\"}",
        "{a=~\"b\", __name__ = 'shared',}",
        "{__name__=`shared`,__name=\"x\"}",
        "{\"shared\"}",
        "{a!=\"b\",'shared',}",
    ] {
        assert_eq!(but_for_shared(text), text);
    }
    assert_eq!(
        but_for_shared(
            "shared * on (node) group_left (namespace) other - sum(shared{a=\"b\"}) + {\"other\"}"
        ),
        "shared * on (node) group_left (namespace) other{tenant=\"a\"} - sum(shared{a=\"b\"}) + {tenant=\"a\",\"other\"}"
    );
}

#[test]
fn a_selector_whose_name_could_be_another_one_is_never_left_out() {
    for text in [
        "Shared",
        "shared_other",
        "{}",
        "{a=\"shared\"}",
        "{__name__=\"\"}",
        "{__name__=~\"shared\"}",
        "{__name__!=\"shared\"}",
        "{__name__!~\"shared\"}",
        "{__NAME__=\"shared\"}",
        "{\"__name__\"=\"shared\"}",
        "{'__name__'=\"shared\"}",
        "{__name__=\"\\x73hared\"}",
        "{__name__=\"shared\\n\"}",
        "{__name__=\"shared \"}",
        "{__name__=\"shared\",__name__=\"shared\"}",
        "{__name__=\"shared\",__name__!=\"x\"}",
        "{__name__=~\".+\",__name__=\"shared\"}",
        "{__name__=\"shared\",\"__name__\"=~\".+\"}",
        "{__name__=~\"other\",__name__!=\"x\",__name__=\"shared\"}",
        "{\"shared\",\"shared\"}",
        "{\"shared\",__name__=~\".+\"}",
        "{\"other\",__name__=\"shared\"}",
        "shared{__name__=\"shared\"}",
        "shared{__name__!=\"other\"}",
        "shared{\"shared\"}",
        "other{__name__=\"shared\"}",
        "other{\"shared\"}",
        "{\"shared\"=\"x\"}",
        "{shared=\"shared\"}",
    ] {
        assert!(but_for_shared(text).contains(TENANT), "{text}");
    }
}
