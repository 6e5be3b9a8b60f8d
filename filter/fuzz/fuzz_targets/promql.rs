//! Restricts a query that is understood: the result is still understood, has the matcher once in each selector, and is
//! otherwise the same text. Wider bounds allow what narrower ones do, and count the same, also in any regular expression.

#![no_main]

use libfuzzer_sys::fuzz_target;
use promward::promql::{Alternation, Bounds, Counts, Extensions, MAX_COUNT, Query, SyntaxError, Wanted};
use promward::time::dialect::Dialect;
use promward::time::{Evaluation, Window};

const MATCHERS: &str = r#"promward_tenant="only_this_one""#;

/// Alternatives, of which a selector gets one in each part of its union.
const ALTERNATIVES: [&str; 3] =
    [MATCHERS, r#"promward_tenant="another",promward_stage="one""#, r#"promward_stage=~"a\\.b|""#];

const EVALUATION: Evaluation = Evaluation {
    window: Window { start: 0, end: i64::MAX },
    step: None,
    lookback_delta: 300_000,
    dialect: Dialect::Prometheus,
};

/// A function that reads a text as a query.
type Parse = for<'a> fn(&'a str) -> Result<Query<'a>, SyntaxError>;

fn check(text: &str, parse: Parse) {
    let Ok(query) = parse(text) else { return };
    for dialect in [Dialect::Prometheus, Dialect::VictoriaMetrics] {
        let evaluation = Evaluation { dialect, ..EVALUATION };
        let _ = (query.reach(&evaluation), query.points(&evaluation));
        let _ = query.work().map(|work| work.at(&evaluation));
    }
    let Some(restricted) = query.restricted(MATCHERS) else { return };
    if restricted.len() > Bounds::default().length {
        return;
    }
    let again = parse(&restricted).expect("a restricted query is a query");
    assert_eq!(again.selectors(), query.selectors());
    assert_eq!(restricted.matches(MATCHERS).count(), query.selectors() + text.matches(MATCHERS).count());
    assert_eq!(again.points(&EVALUATION), query.points(&EVALUATION));
    assert_eq!(again.work(), query.work());
}

/// Checks that each alternative stands once for each selector, in a text that is understood and counts as it was counted.
fn check_alternatives(text: &str, parse: Parse) {
    let matchers = |number: usize| ALTERNATIVES[number];
    let Ok(query) = parse(text) else { return };
    let bounds = Bounds { operators: MAX_COUNT, selectors: MAX_COUNT, unnamed: MAX_COUNT, calls: MAX_COUNT, ..Bounds::default() };
    let mut multiplied = query.clone();
    let counted = multiplied.multiply(ALTERNATIVES.len(), Alternation::Union, &bounds, Counts::default());
    let Ok(Some(union)) = query.alternated(ALTERNATIVES.len(), &matchers, Alternation::Union) else { return };
    for alternative in ALTERNATIVES {
        let own = text.matches(alternative).count() * ALTERNATIVES.len();
        let (found, wanted) = (union.matches(alternative).count(), query.selectors());
        assert!((wanted..=wanted + own).contains(&found), "{union}");
    }
    let native = query.alternated(ALTERNATIVES.len(), &matchers, Alternation::Native).expect("what a union is, this is");
    assert_eq!(native.map(|native| native.matches(" or promward_stage=~").count() >= query.selectors()), Some(true));
    if counted.is_err() || union.len() > Bounds::default().length {
        return;
    }
    // The bounds of one query may be too narrow for the union, which isn't read again.
    let Ok(again) = parse(&union) else { return };
    assert_eq!(again.selectors(), query.selectors() * ALTERNATIVES.len(), "{union}");
    assert_eq!(again.points(&EVALUATION), query.points(&EVALUATION), "{union}");
    assert_eq!(again.reach(&EVALUATION), query.reach(&EVALUATION), "{union}");
}

/// Parses a text with all experimental parts of the language.
fn experimental(text: &str) -> Result<Query<'_>, SyntaxError> {
    let extensions = Extensions::names().filter_map(Extensions::named).fold(Extensions::NONE, Extensions::with);
    let bounds = Bounds { extensions, ..Bounds::default() };
    Query::parse_within(text, Wanted::Expression, &bounds, Counts::default())
}

/// Checks that nothing is refused for wider bounds, and that counts don't depend on them.
fn check_bounds(text: &str) {
    let usual = Bounds::default();
    let wide = Bounds {
        operators: MAX_COUNT,
        selectors: MAX_COUNT,
        unnamed: MAX_COUNT,
        repetitions: MAX_COUNT,
        ..usual
    };
    let within = |bounds: &Bounds| {
        let read = Query::parse_within(text, Wanted::Expression, bounds, Counts::default());
        read.map(|query| query.counts())
    };
    if let Ok(counts) = within(&usual.within(Bounds::FORMATTED)).or_else(|_| within(&usual)) {
        assert_eq!(within(&wide), Ok(counts));
    }
}

fuzz_target!(|text: &str| {
    check_bounds(text);
    check_bounds(&format!("label_replace(up{{a=~{text:?}}}, 'a', {text:?}, 'b', {text:?})"));
    check(text, experimental);
    check_alternatives(text, experimental);
    if let Ok(query) = experimental(text) {
        for step in [None, Some(15_000)] {
            let window = Window { start: 1_700_000_000_000, end: 1_700_000_600_000 };
            let evaluation = Evaluation { window, step, ..EVALUATION };
            if let Ok(query) = query.worked_out(&evaluation, step) {
                let _ = (query.reach(&evaluation), query.points(&evaluation));
            }
        }
    }
    check(text, |text| Query::parse(text));
    check(text, |text| Query::parse_selector(text));
});
