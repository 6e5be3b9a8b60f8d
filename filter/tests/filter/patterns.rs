//! Compares patterns with the crate `regex`, which follows RE2: every pattern that is accepted here is accepted there,
//! and matches the same. `PROPTEST_CASES` says how many of each kind are tried.

use promward::enforce::pattern::Pattern;
use proptest::prelude::*;
use regex::Regex;

/// Returns patterns of the language, over few characters so that values match often.
fn pattern() -> impl Strategy<Value = String> {
    let one = prop_oneof![
        6 => "[abcé]",
        1 => Just(".".to_owned()),
        1 => r"\\[-.*+?()\[\]{}|^$\\/&~#]",
        2 => r"\[\^?-?([a-c]|[a-c]-[cdé]|\\[\]^\\-]){1,3}-?\]",
    ];
    let nested = one.prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 1..4).prop_map(|all| all.concat()),
            2 => prop::collection::vec(inner.clone(), 1..4).prop_map(|all| format!("({})", all.join("|"))),
            2 => (inner.clone(), "[*+?]").prop_map(|(one, sign)| format!("({one}){sign}")),
            1 => inner.prop_map(|one| format!("({one}|)")),
        ]
    });
    prop::collection::vec(nested, 1..4).prop_map(|all| all.join("|"))
}

/// Returns values of the same few characters, and of those that patterns can escape.
fn values() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop_oneof![4 => "[abcéd\n]{0,8}", 1 => r"[-.*+?()\[\]{}|^$\\/abc]{0,4}"], 8)
}

fn check(text: &str, values: &[String]) -> Result<(), TestCaseError> {
    let Ok(pattern) = Pattern::parse(text) else { return Ok(()) };
    let known = Regex::new(&format!("^(?:{text})$"));
    let known = known.map_err(|error| TestCaseError::fail(format!("{text:?} is taken here: {error}")))?;
    for value in values {
        prop_assert_eq!(pattern.matches(value), known.is_match(value), "{:?} {:?}", text, value);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_pattern_of_the_language_matches_what_it_matches_elsewhere(text in pattern(), values in values()) {
        prop_assert!(Pattern::parse(&text).is_ok() || text.len() > 1_024, "{:?}", text);
        check(&text, &values)?;
    }

    #[test]
    fn what_is_taken_of_anything_matches_what_it_matches_elsewhere(
        text in r"[abcé\n .*+?()\[\]{}|^$\\&~<>:,=!PidwsQEnux0-9-]{1,10}",
        values in values(),
    ) {
        check(&text, &values)?;
    }

    #[test]
    fn a_class_of_anything_holds_what_it_holds_elsewhere(
        text in r"\[[abc^\[\]&~:\\-]{1,6}\]",
        values in prop::collection::vec(r"[-abc^\[\]&~:\\d]", 16),
    ) {
        check(&text, &values)?;
    }
}
