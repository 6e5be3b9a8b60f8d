//! Tests of the experimental parts of the language: what each reads as where it is switched on, and that it is refused
//! where it isn't.

use super::super::*;
use crate::time::dialect::Dialect;
use crate::time::{Evaluation, Window};

const S: i64 = 1_000;
const M: i64 = 60 * S;
const H: i64 = 60 * M;

/// Ten hours that end 110 hours after the start of 1970, with a step of five minutes.
const TEN_HOURS: Evaluation = Evaluation {
    window: Window { start: 100 * H, end: 110 * H },
    step: Some(5 * M),
    lookback_delta: 5 * M,
    dialect: Dialect::Prometheus,
};

const NOW: Evaluation =
    Evaluation { window: Window { start: 100 * H, end: 100 * H }, step: None, ..TEN_HOURS };

fn parse(text: &str, extensions: Extensions) -> Result<Query<'_>, SyntaxError> {
    let bounds = Bounds { extensions, ..Bounds::default() };
    Query::parse_within(text, Wanted::Expression, &bounds, Counts::default())
}

/// Checks that a query reads as expected with this part of the language, and that it is refused without.
fn check(part: Extensions, text: &str, expected: &str) {
    let restricted = parse(text, part).map(|query| query.restricted(r#"t="a""#).unwrap());
    assert_eq!(restricted.as_deref(), Ok(expected), "{text}");
    let others =
        [Extensions::FUNCTIONS, Extensions::DURATIONS, Extensions::RANGE_SELECTORS, Extensions::FILL];
    let others = others.into_iter().filter(|other| *other != part).fold(Extensions::NONE, Extensions::with);
    assert!(parse(text, others).is_err(), "{text}");
}

#[test]
fn every_selector_of_an_experimental_call_gets_the_matcher() {
    let functions = |text, expected| check(Extensions::FUNCTIONS, text, expected);
    functions("limitk(scalar(b), a)", r#"limitk(scalar(b{t="a"}), a{t="a"})"#);
    functions("limit_ratio by (x) (0.5, a)", r#"limit_ratio by (x) (0.5, a{t="a"})"#);
    functions("LIMITK(1, a) without (x)", r#"LIMITK(1, a{t="a"}) without (x)"#);
    functions(r#"sort_by_label(a, "job")"#, r#"sort_by_label(a{t="a"}, "job")"#);
    functions(r#"sort_by_label_desc(a, "x", "y")"#, r#"sort_by_label_desc(a{t="a"}, "x", "y")"#);
    functions("mad_over_time(a[5m])", r#"mad_over_time(a{t="a"}[5m])"#);
    functions("ts_of_max_over_time(a[5m])", r#"ts_of_max_over_time(a{t="a"}[5m])"#);
    functions(
        "double_exponential_smoothing(a[5m], 0.5, 0.5)",
        r#"double_exponential_smoothing(a{t="a"}[5m], 0.5, 0.5)"#,
    );
    functions(r#"histogram_quantiles(a, "q", 0.5, 0.9)"#, r#"histogram_quantiles(a{t="a"}, "q", 0.5, 0.9)"#);
    functions("a / step() + range() - start() + end()", r#"a{t="a"} / step() + range() - start() + end()"#);
    functions("max_of(scalar(a), min_of(1, 2))", r#"max_of(scalar(a{t="a"}), min_of(1, 2))"#);
    functions("start_timestamp(a)", r#"start_timestamp(a{t="a"})"#);
}

#[test]
fn info_is_refused_whatever_is_switched_on() {
    let all = [Extensions::FUNCTIONS, Extensions::DURATIONS, Extensions::RANGE_SELECTORS, Extensions::FILL];
    let all = all.into_iter().fold(Extensions::NONE, Extensions::with);
    for text in ["info(a)", r#"info(a, {job="x"})"#, "limitk(1, info(a))", "INFO(a)", "infos(a)"] {
        assert!(parse(text, all).is_err(), "{text}");
    }
}

#[test]
fn arithmetic_in_durations_stays_after_the_matcher() {
    let durations = |text: &str| {
        let expected = text.replacen('a', r#"a{t="a"}"#, 1);
        check(Extensions::DURATIONS, text, &expected);
    };
    for text in [
        "a[5m*2]",
        "a[ 5m + 1m ]",
        "a[step()*5]",
        "a[-10s+15s]",
        "a[(1h)]",
        "a[2^3^2]",
        "a[2m/range()]",
        "a[max_of(step(), 5s)]",
        "a[MIN_OF(step(),range())]",
        "a[max(step(), 5s)]",
        "a[  step  (  )  ]",
        "a[4s+4s:1s*2] offset (5s - 8)",
        "a[step():step()]",
        "a[1h:range()/10]",
        "a offset step()",
        "a offset -step()",
        "a offset max_of(step(), 5s)",
        "a offset -min_of(5s, step()+8s)",
        "a offset (1h / 2)",
        "a offset -(1^2)",
        "a offset +(5)",
        "a offset (5m) @ end()",
        "a offset (5m) > 1",
    ] {
        durations(text);
    }
    // What is no expression reads as before.
    let text = "rate(a[5m]) + b[1h:] offset 5m + 3";
    let expected = r#"rate(a{t="a"}[5m]) + b{t="a"}[1h:] offset 5m + 3"#;
    let restricted = parse(text, Extensions::DURATIONS).unwrap().restricted(r#"t="a""#);
    assert_eq!(restricted.as_deref(), Some(expected));
}

#[test]
fn what_is_no_duration_is_refused_with_its_place() {
    for (text, at) in [
        ("a[]", 2),
        ("a[b]", 2),
        ("a[sum(b)]", 2),
        ("a[{x='y'}]", 2),
        ("a[5m", 4),
        ("a[5m+]", 5),
        ("a[5m 1m]", 5),
        ("a[(5m]", 5),
        ("a[5m)]", 4),
        ("a[step]", 6),
        ("a[step(1)]", 7),
        ("a[max_of(1)]", 10),
        ("a[max_of(1,2,3)]", 12),
        ("a[5m:1m:1m]", 7),
        ("a[5m # c\n]", 5),
        ("a[1m:2m*b]", 8),
        ("a[5m*2][1h:]", 7),
        ("a[5m*2][1m]", 7),
        ("(a)[5m*2]", 3),
        ("a offset (5m) + b", 14),
        ("a offset step() * 2", 16),
        ("a offset (b)", 10),
        ("a offset start()", 9),
        ("a offset --(5m)", 10),
        ("a[010+1]", 2),
        ("a[1e400]", 2),
    ] {
        assert_eq!(parse(text, Extensions::DURATIONS).map_err(|error| error.at).err(), Some(at), "{text}");
    }
}

#[test]
fn modifiers_of_ranges_and_operators_add_no_selector() {
    let ranges = |text, expected| check(Extensions::RANGE_SELECTORS, text, expected);
    ranges("increase(a[5m] anchored)", r#"increase(a{t="a"}[5m] anchored)"#);
    ranges("rate(a[5m] SMOOTHED offset 1m)", r#"rate(a{t="a"}[5m] SMOOTHED offset 1m)"#);
    ranges("a smoothed + b", r#"a{t="a"} smoothed + b{t="a"}"#);
    let fill = |text, expected| check(Extensions::FILL, text, expected);
    fill("a + fill(0) b", r#"a{t="a"} + fill(0) b{t="a"}"#);
    fill(
        "a + on (x) group_left () FILL ( - NaN ) b",
        r#"a{t="a"} + on (x) group_left () FILL ( - NaN ) b{t="a"}"#,
    );
    fill("a - fill_left(1) fill_right(2) b", r#"a{t="a"} - fill_left(1) fill_right(2) b{t="a"}"#);
    fill(
        "a == bool fill_right(5m) fill_left(1) b",
        r#"a{t="a"} == bool fill_right(5m) fill_left(1) b{t="a"}"#,
    );
    for text in [
        "a[5m:] anchored",
        "(a) smoothed",
        "a anchored[5m]",
        "a[5m] anchored smoothed",
        "a[5m] anchored anchored",
        "1 smoothed",
        "sum(a) anchored",
    ] {
        assert!(parse(text, Extensions::RANGE_SELECTORS).is_err(), "{text}");
    }
    for text in [
        "a + fill(0) fill(0) b",
        "a + fill(0) fill_left(0) b",
        "a + fill(b) b",
        "a + fill() b",
        "fill(0) a",
        "a + fill(1",
    ] {
        assert!(parse(text, Extensions::FILL).is_err(), "{text}");
    }
}

#[test]
fn a_metric_may_be_called_as_a_modifier_is() {
    let all = [Extensions::FUNCTIONS, Extensions::DURATIONS, Extensions::RANGE_SELECTORS, Extensions::FILL];
    let all = all.into_iter().fold(Extensions::NONE, Extensions::with);
    for (text, expected) in [
        ("fill + fill", r#"fill{t="a"} + fill{t="a"}"#),
        ("a + fill_left", r#"a{t="a"} + fill_left{t="a"}"#),
        (r#"a + fill{x="y"}"#, r#"a{t="a"} + fill{t="a",x="y"}"#),
        ("a + fill offset 5m", r#"a{t="a"} + fill{t="a"} offset 5m"#),
        ("step + range", r#"step{t="a"} + range{t="a"}"#),
        ("limitk", r#"limitk{t="a"}"#),
    ] {
        let restricted = parse(text, all).map(|query| query.restricted(r#"t="a""#).unwrap());
        assert_eq!(restricted.as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn durations_are_worked_out_with_the_times_of_the_request() {
    let all = Extensions::DURATIONS.with(Extensions::RANGE_SELECTORS);
    for (text, evaluation, lookback) in [
        ("a[5m*2]", TEN_HOURS, 10 * M),
        ("a[2m+3m]", TEN_HOURS, 5 * M),
        ("a[step()*5]", TEN_HOURS, 25 * M),
        ("a[range()]", TEN_HOURS, 10 * H),
        ("a[range()/step()]", TEN_HOURS, 2 * M),
        ("a[max_of(step(), 7m)]", TEN_HOURS, 7 * M),
        ("a[min_of(step(), 7m)]", TEN_HOURS, 5 * M),
        ("a[1h - 30m*2 + 1s]", TEN_HOURS, S),
        ("a[-10s+15s]", TEN_HOURS, 5 * S),
        ("a[2^3]", TEN_HOURS, 8 * S),
        ("a[2^3^0]", TEN_HOURS, 2 * S),
        ("a[2^(0.5 + 2.5)]", TEN_HOURS, 8 * S),
        ("a[2^(9/3)]", TEN_HOURS, 8 * S),
        ("a[100 % 7]", TEN_HOURS, 7 * S),
        ("a[1h/3]", TEN_HOURS, 20 * M),
        ("a[5m + step()]", NOW, 5 * M),
        ("a[1h] offset (2h - 30m)", TEN_HOURS, 150 * M),
        ("a[1h] offset -(1h/2)", TEN_HOURS, 30 * M + 1),
        ("a offset step()", TEN_HOURS, 10 * M),
        ("a[1h*2:5m] offset step()", TEN_HOURS, 130 * M),
        ("a[5m] anchored", TEN_HOURS, 10 * M),
        ("a[5m*2] smoothed", TEN_HOURS, 15 * M),
        ("a smoothed", TEN_HOURS, 5 * M),
    ] {
        let query = parse(text, all).unwrap();
        let query = query.worked_out(&evaluation, evaluation.step).unwrap();
        assert_eq!(query.reach(&evaluation).map(|reach| reach.lookback), Some(lookback), "{text}");
    }
    let query = parse("max_over_time(a[1h*2:step()/5])", all).unwrap();
    assert_eq!(query.worked_out(&TEN_HOURS, TEN_HOURS.step).unwrap().points(&TEN_HOURS), 121 * 120);
}

#[test]
fn a_duration_that_a_server_may_find_longer_is_counted_as_the_longest_or_refused() {
    // To a floating-point number of 53 bits these are no small differences.
    for text in [
        "a[(1e9 + 0.001 - 1e9) * 1e6]",
        "a[(9e9 + 0.063 - 9e9 - 0.062) * 1e6]",
        "a[(0.3 - 0.1*3 + 0.000001) * 1e9]",
    ] {
        let query = parse(text, Extensions::DURATIONS).unwrap();
        if let Ok(query) = query.worked_out(&TEN_HOURS, TEN_HOURS.step) {
            assert!(query.reach(&TEN_HOURS).unwrap().lookback > 10 * M, "{text}");
        }
    }
    for text in [
        "a[1/0]",
        "a[1/(step()-5m)]",
        "a[1 % (1-1)]",
        "a[2^0.5]",
        "a[1e9^(0.0009*400)]",
        "a[10^2.0004]",
        "a[2^(1m - 59.9995)]",
        "a[2^step()]",
        "a[2^range()]",
        "a[2^-1]",
        "a[10^8 * 10^8]",
        "a[1/(range()-range())]",
    ] {
        let query = parse(text, Extensions::DURATIONS).unwrap();
        let error = query.worked_out(&TEN_HOURS, TEN_HOURS.step).unwrap_err();
        assert_eq!((error.at, error.problem), (2, Problem::Unclear), "{text}");
    }
}

#[test]
fn nesting_and_operators_in_durations_are_bounded() {
    let nested = |depth: usize| format!("a[{}5m{}]", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(60), Extensions::DURATIONS).is_ok());
    for text in [nested(64), format!("a[{}1]", "1^".repeat(70)), format!("a[{}1]", "1+".repeat(400))] {
        let error = parse(&text, Extensions::DURATIONS).unwrap_err();
        assert!(matches!(error.problem, Problem::Exceeded(..)), "{text}: {error}");
    }
}
