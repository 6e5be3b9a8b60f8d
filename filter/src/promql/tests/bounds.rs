//! Tests of the bounds: what a query may hold, and what is counted.

use super::super::*;

/// Bounds that are easily met.
const SMALL: Bounds = Bounds {
    length: 200,
    depth: 3,
    operators: 4,
    selectors: 3,
    unnamed: 2,
    calls: 2,
    repetitions: 2,
    work: 1_000,
    extensions: Extensions::NONE,
};

fn exceeded(text: &str, bounds: &Bounds) -> Option<(Bound, u32)> {
    match Query::parse_within(text, Wanted::Expression, bounds, Counts::default()) {
        Ok(_) => None,
        Err(SyntaxError { problem: Problem::Exceeded(bound, most), .. }) => Some((bound, most)),
        Err(error) => panic!("{text}: {error}"),
    }
}

#[test]
fn what_is_counted_is_allowed_up_to_its_bound() {
    for (allowed, beyond, bound, most) in [
        ("((1))", "(((1)))", Bound::Depth, 3),
        ("sum(sum(1))", "sum(abs((1)))", Bound::Depth, 3),
        ("1+1-1*1^1", "1+1-1*1^1%1", Bound::Operators, 4),
        ("1 or 1 and 1 unless 1 atan2 1", "1 or 1 and 1 unless 1 == bool 1 != 1", Bound::Operators, 4),
        ("----1", "-----1", Bound::Operators, 4),
        ("1 ---- 1", "1 ----- 1", Bound::Operators, 4),
        ("+1 + +1 + 1", "+1 + +1 + +1", Bound::Operators, 4),
        ("a + b + {c='d'}", "a + b + {c='d'} + e", Bound::Selectors, 3),
        ("clamp(a, b, c)", "topk(a, b) + c - d", Bound::Selectors, 3),
        ("a + {b='c'} + {__name__=~'d'}", "{b='c'} + {d='e'} + {f='g'}", Bound::Unnamed, 2),
        ("time() + sum(1)", "time() + sum(1) + pi()", Bound::Calls, 2),
        ("sum by (a) (abs(1))", "sum by (a) (1) + avg without () (1) + max(1) by (b)", Bound::Calls, 2),
        ("a{b=~'x*',c!~'x+'}", "a{b=~'x*',c!~'x+?'}", Bound::Repetitions, 2),
        ("a{b='***'}", "a{b=~'\\x2a*\\052'}", Bound::Repetitions, 2),
        ("a{b=~`x{11}`}", "a{b=~`x{12}`}", Bound::Repetitions, 2),
        (
            "label_replace(a, 'b', '***', 'c', '(x*)')",
            "label_replace(a, 'b', '', 'c', 'x*x*x*')",
            Bound::Repetitions,
            2,
        ),
        ("label_replace(a, 'b', '', 'c', '[^x]')", "a{b=~'[^x]'}", Bound::Repetitions, 2),
    ] {
        assert_eq!(exceeded(allowed, &SMALL), None, "{allowed}");
        assert_eq!(exceeded(beyond, &SMALL), Some((bound, most)), "{beyond}");
    }
}

#[test]
fn texts_of_one_request_share_the_bounds() {
    let parse =
        |text, spent| Query::parse_within(text, Wanted::Selector, &SMALL, spent).map(|read| read.counts());
    let two = parse("a", Counts::default()).and_then(|spent| parse("b{c=~'y*'}", spent)).unwrap();
    assert_eq!((two.of(Bound::Selectors), two.of(Bound::Repetitions)), (2, 100));
    assert!(parse("c{d=~'x*'}", two).is_ok());
    assert_eq!(parse("c{d=~'x*y*'}", two).unwrap_err().problem, Problem::Exceeded(Bound::Repetitions, 2));
    let three = parse("c", two).unwrap();
    assert_eq!(parse("d", three).unwrap_err().problem, Problem::Exceeded(Bound::Selectors, 3));
}

/// Returns an expression in so many calls, with `…` in its place.
fn nested(call: &str, depth: usize) -> String {
    (0..depth).fold("up".to_owned(), |inner, _| call.replace('…', &inner))
}

#[test]
fn what_calls_multiply_is_bounded() {
    let bounds = Bounds::default();
    for (call, most) in [
        ("label_replace(…, 'a', '$1$1$1', 'a', '(.*)')", 5),
        ("label_replace(…, 'a', '${1}${1}', 'a', '(.*)')", 7),
        ("label_replace(…, 'a', '$1$2', 'a', '((.*))')", 7),
        ("label_join(…, 'a', '', 'a', 'a')", 8),
        ("sum by (a) (label_join(…, 'a', '', 'a', 'a'))", 8),
        ("(label_join(…, 'a', '', 'a', 'a') or b)", 8),
        ("label_replace(…, 'a', '$1-$2', 'a', '(.*):(.*)')", 60),
        ("label_join(…, 'a', '/', 'b')", 60),
    ] {
        assert_eq!(exceeded(&nested(call, most), &bounds), None, "{call}");
        let refused = exceeded(&nested(call, most + 1), &bounds);
        let expected = if most == 60 { None } else { Some((Bound::WrittenBytes, 65_536)) };
        assert_eq!(refused, expected, "{call}");
    }
    let joined =
        |labels: usize| format!("label_join(up, 'a', '{}'{})", "x".repeat(1_000), ", 'b'".repeat(labels));
    assert_eq!(exceeded(&joined(58), &bounds), None);
    assert_eq!(exceeded(&joined(59), &bounds), Some((Bound::WrittenBytes, 65_536)));
    // Beside each other they don't multiply, but all of it is written.
    let beside = |calls: usize| vec!["label_replace(up, 'a', '$1', 'b', '(.*)')"; calls].join(" or ");
    assert_eq!(exceeded(&beside(140), &bounds), None);
}

#[test]
fn what_a_call_writes_stands_there_as_text() {
    for text in [
        "label_replace(up, ('a'), 'b', '', '')",
        "label_replace(up, 'a', time(), '', '')",
        "label_join(up, 'a', b)",
    ] {
        assert!(Query::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_long_alternation_of_words_is_within_the_bounds() {
    let words: Vec<_> = (0..2_500).map(|number| format!("kube-system-{number:03}")).collect();
    let query = format!("sum(x{{pod=~\"{}\"}})", words.join("|"));
    assert!(query.len() > 38_000);
    assert!(Query::parse(&query).is_ok());
}

#[test]
fn depth_and_length_are_bounded() {
    let bounds = Bounds { operators: 100_000, ..Bounds::default() };
    let nested = |depth: usize| format!("{}up{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(exceeded(&nested(63), &bounds), None);
    assert_eq!(exceeded(&nested(64), &bounds), Some((Bound::Depth, 64)));
    assert_eq!(exceeded(&nested(8_000), &bounds), Some((Bound::Depth, 64)));
    let flat = format!("{}1", "1+".repeat(bounds.length / 2 - 1));
    let parse =
        |text: &str| Query::parse_within(text, Wanted::Expression, &bounds, Counts::default()).map(|_| ());
    assert_eq!(parse(&flat), Ok(()));
    assert_eq!(parse(&format!("{flat}+1")).unwrap_err().problem, Problem::TooLong(bounds.length));
    assert_eq!(parse(&format!("{}1", "-".repeat(bounds.length - 1))), Ok(()));
}

#[test]
fn a_message_names_the_bound_and_its_field() {
    for (text, message) in [
        ("1+1+1+1+1+1", "the query has more than 4 operators (limits.operators) at position 9 of the query"),
        ("a+b+c+d", "the query has more than 3 selectors (limits.selectors) at position 7 of the query"),
    ] {
        let error = Query::parse_within(text, Wanted::Expression, &SMALL, Counts::default()).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}
