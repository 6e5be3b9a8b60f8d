//! Tests of alternatives: the unions that selectors become, and what can't become one.

use super::super::alternatives::Alternation;
use super::*;
use crate::promql::{Bounds, Counts, Extensions, MAX_RESTRICTED, Wanted};

const ALTERNATIVES: [&str; 2] = ["c=\"1\",n=\"a\"", "c=\"2\""];

/// Parses a query with everything experimental.
fn parse(text: &str) -> Query<'_> {
    let extensions =
        Extensions::names().filter_map(Extensions::named).fold(Extensions::NONE, Extensions::with);
    let bounds = Bounds { extensions, ..Bounds::default() };
    Query::parse_within(text, Wanted::Expression, &bounds, Counts::default()).unwrap()
}

fn alternated(
    query: &Query<'_>,
    alternatives: &[&str],
    way: Alternation,
) -> Result<Option<String>, SyntaxError> {
    query.alternated(alternatives.len(), &|number| alternatives[number], way)
}

fn written(text: &str, way: Alternation) -> Result<String, String> {
    let written = alternated(&parse(text), &ALTERNATIVES, way);
    written.map(Option::unwrap).map_err(|error| error.to_string())
}

/// Returns a text with `<…>` written as the union of this for both alternatives, where `_` stands for the matchers.
fn expected(text: &str) -> String {
    let mut expected = String::new();
    let mut rest = text;
    while let Some((before, from)) = rest.split_once('<') {
        let (unit, after) = from.split_once('>').unwrap();
        let [one, other] = ALTERNATIVES.map(|matchers| unit.replace("{_", &format!("{{{matchers}")));
        expected.push_str(&format!("{before}({one} or {other})"));
        rest = after;
    }
    expected + rest
}

#[test]
fn a_selector_becomes_a_union_with_its_modifiers_on_each_side() {
    for (text, union) in [
        ("up", "<up{_}>"),
        ("{}", "<{_}>"),
        ("up{}", "<up{_}>"),
        ("up {a=\"b\", } offset 5m", "<up {_,a=\"b\", } offset 5m>"),
        ("{\"up\"} @ end() offset -1m + b", "<{_,\"up\"} @ end() offset -1m> + <b{_}>"),
        ("-up", "-<up{_}>"),
        ("(up)", "(<up{_}>)"),
        ("a or{b=\"c\"}", "<a{_}> or<{_,b=\"c\"}>"),
        ("a > bool b # c\n", "<a{_}> > bool <b{_}> # c\n"),
        ("a{ # x\n b=\"c\" # y\n} # z", "<a{_, # x\n b=\"c\" # y\n}> # z"),
        ("sum by (x) (a)", "sum by (x) (<a{_}>)"),
        ("topk(scalar(a), b)", "topk(scalar(<a{_}>), <b{_}>)"),
        (
            "label_replace(a, \"b\", \"$1\", \"c\", \"(.*)\")",
            "label_replace(<a{_}>, \"b\", \"$1\", \"c\", \"(.*)\")",
        ),
        ("a smoothed", "<a{_} smoothed>"),
        ("a offset (1h / 2) > b", "<a{_} offset (1h / 2)> > <b{_}>"),
        ("up[5m:1m]", "<up{_}>[5m:1m]"),
        ("up offset 1h [5m : 1m] offset 2h", "<up{_} offset 1h> [5m : 1m] offset 2h"),
        ("max_over_time((up)[5m * 2 :])", "max_over_time((<up{_}>)[5m * 2 :])"),
        ("absent(up + b)", "absent(<up{_}> + <b{_}>)"),
        ("absent(-up)", "absent(-<up{_}>)"),
        ("absent_over_time(up[5m:])", "absent_over_time(<up{_}>[5m:])"),
        ("1", "1"),
    ] {
        assert_eq!(written(text, Alternation::Union), Ok(expected(union)), "{text}");
    }
}

#[test]
fn a_call_that_looks_at_each_series_of_a_range_becomes_a_union() {
    for (text, union) in [
        ("rate(up[5m])", "<rate(up{_}[5m])>"),
        ("rate((up{a=\"b\"}[5m] offset 1h))", "<rate((up{_,a=\"b\"}[5m] offset 1h))>"),
        ("-rate ( up[5m] ) ^ 2", "-<rate ( up{_}[5m] )> ^ 2"),
        ("sum(rate(a[5m])) / sum(rate(b[5m]))", "sum(<rate(a{_}[5m])>) / sum(<rate(b{_}[5m])>)"),
        ("quantile_over_time(0.5, up[5m] @ 5)", "<quantile_over_time(0.5, up{_}[5m] @ 5)>"),
        ("predict_linear(up[1h], 4 * 3600)", "<predict_linear(up{_}[1h], 4 * 3600)>"),
        ("max_over_time(rate(up[5m])[1h:])", "max_over_time(<rate(up{_}[5m])>[1h:])"),
        ("increase(up[step() * 5] anchored)", "<increase(up{_}[step() * 5] anchored)>"),
        ("ts_of_max_over_time(up[5m])", "<ts_of_max_over_time(up{_}[5m])>"),
        // A selector has a time of its own only here.
        ("timestamp(up)", "<timestamp(up{_})>"),
        ("timestamp(((up offset 5m)))", "<timestamp(((up{_} offset 5m)))>"),
        ("start_timestamp(up)", "<start_timestamp(up{_})>"),
        ("timestamp(-up)", "timestamp(-<up{_}>)"),
        ("timestamp(up + b)", "timestamp(<up{_}> + <b{_}>)"),
        ("timestamp(timestamp(up))", "timestamp(<timestamp(up{_})>)"),
        ("timestamp(rate(up[5m]))", "timestamp(<rate(up{_}[5m])>)"),
    ] {
        assert_eq!(written(text, Alternation::Union), Ok(expected(union)), "{text}");
    }
}

#[test]
fn a_union_after_group_left_is_not_taken_for_its_labels() {
    for (text, union) in [
        ("a * on (x) group_left b", "<a{_}> * on (x) group_left () <b{_}>"),
        ("a * on (x) group_right # (\n rate(b[5m])", "<a{_}> * on (x) group_right # (\n () <rate(b{_}[5m])>"),
        ("a * on (x) group_left () b", "<a{_}> * on (x) group_left () <b{_}>"),
        ("a * on (x) group_left (y) b", "<a{_}> * on (x) group_left (y) <b{_}>"),
        ("a * on (x) group_left sum(b)", "<a{_}> * on (x) group_left sum(<b{_}>)"),
        ("a * on (x) group_left -b", "<a{_}> * on (x) group_left -<b{_}>"),
        ("a + on (x) group_left fill(0) b", "<a{_}> + on (x) group_left fill(0) <b{_}>"),
        ("a + on (x) group_left fill + b", "<a{_}> + on (x) group_left () <fill{_}> + <b{_}>"),
    ] {
        assert_eq!(written(text, Alternation::Union), Ok(expected(union)), "{text}");
    }
}

#[test]
fn what_no_union_is_the_same_as_is_refused_at_its_place() {
    let range = "alternatives restrict you, so that a range must be the argument of a function such as rate, at position";
    let shown = "alternatives restrict you, so that absent can't show labels: give it an expression, as in \
                 absent(count(up)) or absent_over_time(count(up)[5m:]), at position";
    let beside = "alternatives restrict you, so that no selector can stand beside a range in a call: write a number \
                  instead at position";
    for (text, why, at) in [
        ("up[5m]", range, 2),
        ("(up[5m])", range, 3),
        ("{a=\"b\"}[5m]", range, 1),
        ("sum(up[5m])", range, 6),
        ("rate(-up[5m])", range, 8),
        ("rate(up[5m] + b)", range, 7),
        ("absent(up)", shown, 9),
        ("absent((up{a=\"b\"} offset 5m))", shown, 11),
        ("absent_over_time(up[5m])", shown, 19),
        ("quantile_over_time(scalar(a), b[5m])", beside, 31),
        ("quantile_over_time(scalar(rate(a[5m])), b[5m])", beside, 41),
        ("predict_linear(a[5m], scalar(b))", beside, 30),
    ] {
        let error = written(text, Alternation::Union).unwrap_err();
        assert_eq!(error, format!("{why} {at} of the query"), "{text}");
    }
}

#[test]
fn metricsql_has_alternatives_between_its_braces() {
    let [one, other] = ALTERNATIVES;
    for (text, expected) in [
        ("up", format!("up{{{one} or {other}}}")),
        ("{}[5m]", format!("{{{one} or {other}}}[5m]")),
        ("up{ a=\"b\",c=~'d' , }", format!("up{{{one}, a=\"b\",c=~'d' or {other}, a=\"b\",c=~'d' , }}")),
        ("{\"up\" # x\n}", format!("{{{one},\"up\" or {other},\"up\" # x\n}}")),
        (
            "timestamp(up) + rate(b[5m])",
            format!("timestamp(up{{{one} or {other}}}) + rate(b{{{one} or {other}}}[5m])"),
        ),
        (
            "predict_linear(a[5m], scalar(b))",
            format!("predict_linear(a{{{one} or {other}}}[5m], scalar(b{{{one} or {other}}}))"),
        ),
    ] {
        assert_eq!(written(text, Alternation::Native), Ok(expected), "{text}");
    }
    assert!(written("absent(up)", Alternation::Native).is_err());
}

#[test]
fn a_shared_metric_is_left_as_it_is() {
    let mut query = parse("absent(up) + rate(up[5m]) + quantile_over_time(scalar(up), a[5m]) + up[5m]");
    query.leave_out(&|name| name == "up");
    let union = "absent(up) + rate(up[5m]) + <quantile_over_time(scalar(up), a{_}[5m])> + up[5m]";
    assert_eq!(alternated(&query, &ALTERNATIVES, Alternation::Union), Ok(Some(expected(union))));
}

#[test]
fn each_alternative_counts() {
    let bounds = Bounds { operators: 5, selectors: 6, calls: 4, ..Bounds::default() };
    for (text, number, way, exceeded) in [
        ("up", 6, Alternation::Union, None),
        ("up", 7, Alternation::Union, Some("selectors")),
        ("a + b", 2, Alternation::Union, None),
        ("a + b", 3, Alternation::Union, None),
        ("a + b + c", 2, Alternation::Union, None),
        ("a + b + c - 1", 2, Alternation::Union, Some("operators")),
        ("a + b + c - 1", 2, Alternation::Native, None),
        ("a + b + c + d", 2, Alternation::Native, Some("selectors")),
        ("rate(a[5m]) + rate(b[5m])", 2, Alternation::Union, None),
        ("sum(rate(a[5m]) + rate(b[5m]))", 2, Alternation::Union, Some("calls")),
        ("sum(rate(a[5m]) + rate(b[5m]))", 2, Alternation::Native, None),
    ] {
        let mut query = Query::parse_within(text, Wanted::Expression, &bounds, Counts::default()).unwrap();
        let counted = query.multiply(number, way, &bounds, Counts::default());
        let said = counted.err().map(|error| error.to_string());
        let begin =
            format!("each selector counts {number} times, once for each alternative that restricts you: ");
        let is_expected = match (&said, exceeded) {
            (Some(said), Some(bound)) => {
                said.starts_with(&begin) && said.contains(&format!("(limits.{bound}) at position "))
            }
            (said, exceeded) => said.is_none() && exceeded.is_none(),
        };
        assert!(is_expected, "{text}, {number}: {said:?}");
    }
}

#[test]
fn a_union_counts_as_its_text_does() {
    for text in [
        "up",
        "sum(rate(a[5m])) / b",
        "max_over_time(max_over_time(rate(a[5m])[1h:1m])[1d:1h]) + timestamp(c)",
    ] {
        let mut query = parse(text);
        query.multiply(2, Alternation::Union, &Bounds::default(), Counts::default()).unwrap();
        let written = written(text, Alternation::Union).unwrap();
        let read = parse(&written);
        assert_eq!(query.work(), read.work(), "{text}");
        assert_eq!(query.counts().of(Bound::Operators), read.counts().of(Bound::Operators), "{text}");
        assert_eq!(query.counts().of(Bound::Calls), read.counts().of(Bound::Calls), "{text}");
        assert_eq!(query.counts().of(Bound::Selectors), read.counts().of(Bound::Selectors), "{text}");
    }
}

#[test]
fn a_union_that_is_too_long_is_none() {
    // Braces and names stand around each alternative, and " or " and parentheses around both.
    let fits = "x".repeat((MAX_RESTRICTED - 14) / 2);
    let query = parse("up");
    assert_eq!(
        alternated(&query, &[&fits, &fits], Alternation::Union).unwrap().unwrap().len(),
        MAX_RESTRICTED
    );
    let longer = format!("{fits}x");
    for alternatives in [[&fits, &longer], [&longer, &fits]] {
        assert_eq!(alternated(&query, &alternatives.map(String::as_str), Alternation::Union), Ok(None));
    }
    let longest = "x".repeat(MAX_RESTRICTED - 4);
    assert!(query.restricted(&longest).is_some());
    assert_eq!(query.restricted(&format!("{longest}x")), None);
    // The text itself is repeated as well.
    let text = format!("rate(up{{a=\"{}\"}}[5m])", "x".repeat(60_000));
    let query = Query::parse(&text).unwrap();
    let alternatives = ["a=\"1\"", "b=\"1\"", "c=\"1\"", "d=\"1\"", "e=\"1\""];
    assert!(alternated(&query, &alternatives[..4], Alternation::Union).unwrap().is_some());
    assert_eq!(alternated(&query, &alternatives, Alternation::Union), Ok(None));
}
