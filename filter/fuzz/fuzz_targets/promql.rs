//! A query that is understood is still understood when it is restricted, has the matcher once in each selector, and is
//! otherwise the same text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use promward::promql::{Query, Window};

const MATCHERS: &str = r#"promward_tenant="only_this_one""#;

fuzz_target!(|text: &str| {
    for parse in [Query::parse, Query::parse_selector] {
        let Ok(query) = parse(text) else { continue };
        let _ = query.points();
        let _ = query.reach(Window { start: 0, end: i64::MAX }, 300_000);
        let Some(restricted) = query.restricted(MATCHERS) else { continue };
        let again = parse(&restricted).expect("a restricted query is a query");
        assert_eq!(again.selectors(), query.selectors());
        assert_eq!(restricted.matches(MATCHERS).count(), query.selectors() + text.matches(MATCHERS).count());
        assert_eq!(again.points(), query.points());
    }
});
