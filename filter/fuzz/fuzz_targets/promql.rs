//! Restricts a query that is understood: the result is still understood, has the matcher once in each selector, and is
//! otherwise the same text. Wider bounds allow what narrower ones do, and count the same, also in any regular expression.

#![no_main]

use libfuzzer_sys::fuzz_target;
use promward::promql::{Bounds, Counts, Extensions, MAX_COUNT, Query, SyntaxError, Wanted};
use promward::time::dialect::Dialect;
use promward::time::{Evaluation, Window};

const MATCHERS: &str = r#"promward_tenant="only_this_one""#;

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
