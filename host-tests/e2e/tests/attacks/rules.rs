//! Checks that every rule of `threats.md` has cases, and every case a rule.

use crate::attacks::{CATEGORIES, cases, setting};
use std::collections::BTreeSet;

/// The manual's page with the rules.
const THREATS: &str = include_str!("../../../../filter/docs/threats.md");

/// Rules that no single request can test, and the tests that do.
const FROM_INSIDE: [(&str, &str); 4] = [
    ("R8", "a configuration is refused at load: tests/check/mistakes/only.rs"),
    ("S4", "a configuration is refused at load: tests/check/mistakes, tests/configuration.rs"),
    ("S5", "the second request of a case exceeds the rate: honest/writers.txt"),
    ("S6", "one request takes no place of others: tests/attacks/exhaustion.rs"),
];

/// The least number of cases.
const CASES: usize = 2_000;

#[test]
fn every_rule_has_cases() {
    let named = THREATS.lines().filter_map(|line| Some(line.strip_prefix("- **")?.split_once("**")?.0));
    // What the filter relies on in hosts has words for names.
    let rules: BTreeSet<&str> = named.filter(|name| !name.contains(' ')).collect();
    let inside: BTreeSet<&str> = FROM_INSIDE.iter().map(|(rule, _)| *rule).collect();
    let all: Vec<_> = CATEGORIES.iter().flat_map(|(category, text)| cases(category, text)).collect();
    let named: BTreeSet<&str> = all.iter().flat_map(|case| case.rules.iter().map(String::as_str)).collect();
    let expected: BTreeSet<&str> = rules.difference(&inside).copied().collect();
    assert_eq!(named, expected);
    assert!(inside.is_subset(&rules));
    assert!(all.len() >= CASES, "{} cases", all.len());
    for case in &all {
        assert!(case.configuration.is_empty() && case.claims.is_none(), "{}: only honest", case.place);
        assert!(setting::is_caller(&case.caller), "{}: nobody is called {}", case.place, case.caller);
    }
}
