//! Alertmanager's silences. Whose a silence is follows from its matchers: alerts must satisfy all of them, so one that has
//! an equality matcher of an allowed value for each restricted label can touch nobody else's alerts.

pub mod awaited;
pub mod error;
pub mod lookup;

use super::restriction::{Restriction, Term};
use crate::json::Tree;

/// A matcher of a silence. The four kinds are `=`, `!=`, `=~` and `!~`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Matcher<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
    pub(crate) is_regex: bool,
    pub(crate) is_equal: bool,
}

/// The matchers of a silence in JSON don't have the form that Alertmanager gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoMatchers;

impl<'a> Matcher<'a> {
    /// Reads the list of a silence's matchers.
    ///
    /// # Errors
    ///
    /// Returns an error if it isn't a list of matchers, or if one of them has a field twice or one that is unknown.
    pub(crate) fn list(tree: &'a Tree<'_>) -> Result<Vec<Self>, NoMatchers> {
        let Tree::List(matchers) = tree else { return Err(NoMatchers) };
        matchers.iter().map(|matcher| Self::read(matcher).ok_or(NoMatchers)).collect()
    }

    /// Reads a matcher. A missing `isEqual` is true, as the server has it, and a missing `isRegex` false.
    fn read(tree: &'a Tree<'_>) -> Option<Self> {
        let Tree::Object(fields) = tree else { return None };
        let (mut name, mut value, mut is_regex, mut is_equal) = (None, None, None, None);
        for (key, field) in fields {
            let is_new = match (key.as_str(), field) {
                ("name", Tree::Text(text)) => name.replace(text.as_str()).is_none(),
                ("value", Tree::Text(text)) => value.replace(text.as_str()).is_none(),
                ("isRegex", Tree::Bool(is)) => is_regex.replace(*is).is_none(),
                ("isEqual", Tree::Bool(is)) => is_equal.replace(*is).is_none(),
                _ => false,
            };
            is_new.then_some(())?;
        }
        Some(Self {
            name: name?,
            value: value?,
            is_regex: is_regex.unwrap_or(false),
            is_equal: is_equal.unwrap_or(true),
        })
    }

    /// Returns `true` for a matcher that only one value satisfies.
    pub(crate) fn is_equality(&self) -> bool {
        self.is_equal && !self.is_regex
    }
}

/// Returns `true` if a silence with these matchers is the caller's: it has an equality matcher of an allowed value for each
/// label of the restriction, or of one of its alternatives.
pub(crate) fn is_within(matchers: &[Matcher<'_>], restriction: &Restriction) -> bool {
    let mut alternatives = restriction.alternatives();
    alternatives.any(|alternative| alternative.terms().iter().all(|term| satisfies(matchers, term)))
}

/// Returns `true` if one of these matchers is an equality matcher of a value that the term allows.
pub(super) fn satisfies(matchers: &[Matcher<'_>], term: &Term) -> bool {
    let mut of_label =
        matchers.iter().filter(|matcher| matcher.is_equality() && matcher.name == term.label());
    of_label.any(|matcher| term.allows(matcher.value))
}

/// Judges a silence by its matchers as JSON.
///
/// # Errors
///
/// Returns an error if these bytes aren't a list of matchers.
pub(crate) fn judge(matchers: &[u8], restriction: &Restriction) -> Result<bool, NoMatchers> {
    let tree: Tree<'_> = serde_json::from_slice(matchers).map_err(|_| NoMatchers)?;
    Ok(is_within(&Matcher::list(&tree)?, restriction))
}

#[cfg(test)]
mod tests {
    use super::super::restriction::samples::{listed, matching, only};
    use super::super::term::Absent;
    use super::*;

    fn restriction(terms: Vec<Term>) -> Restriction {
        Restriction::new(terms).unwrap()
    }

    fn judged(terms: Vec<Term>, matchers: &str) -> Result<bool, NoMatchers> {
        judge(matchers.as_bytes(), &restriction(terms))
    }

    #[test]
    fn a_silence_is_whose_it_has_an_equality_matcher_of() {
        let own = r#"{"name":"tenant","value":"a","isRegex":false,"isEqual":true}"#;
        let other = r#"{"name":"x","value":"y","isRegex":true,"isEqual":false}"#;
        for (matchers, expected) in [
            (format!("[{own}]"), true),
            (format!("[{other},{own}]"), true),
            (format!("[{other}]"), false),
            ("[]".to_owned(), false),
            (r#"[{"name":"tenant","value":"a"}]"#.to_owned(), true),
            (r#"[{"name":"tenant","value":"a","isRegex":true}]"#.to_owned(), false),
            (r#"[{"name":"tenant","value":"a","isEqual":false}]"#.to_owned(), false),
            (r#"[{"name":"tenant","value":"b"}]"#.to_owned(), false),
            (r#"[{"name":"tenant","value":"A"}]"#.to_owned(), false),
            (r#"[{"name":"Tenant","value":"a"}]"#.to_owned(), false),
            (r#"[{"name":"tenant","value":""}]"#.to_owned(), false),
            (r#"[{"name":"tenant","value":"b"},{"name":"tenant","value":"a"}]"#.to_owned(), true),
        ] {
            assert_eq!(judged(vec![only(&["a"])], &matchers), Ok(expected), "{matchers}");
        }
    }

    #[test]
    fn each_label_needs_its_own_matcher() {
        let both = || vec![only(&["a", "b"]), listed("env", &["prod"], Absent::Allowed)];
        for (matchers, expected) in [
            (r#"[{"name":"tenant","value":"b"}]"#, false),
            (r#"[{"name":"tenant","value":"b"},{"name":"env","value":"prod"}]"#, true),
            (r#"[{"name":"tenant","value":"b"},{"name":"env","value":""}]"#, true),
            (r#"[{"name":"tenant","value":"b"},{"name":"env","value":"test"}]"#, false),
        ] {
            assert_eq!(judged(both(), matchers), Ok(expected), "{matchers}");
        }
        let of_pattern = |value: &str| {
            judged(vec![matching("a-.*")], &format!(r#"[{{"name":"tenant","value":"{value}"}}]"#))
        };
        assert_eq!(["a-1", "b-1", "a-.*", ""].map(of_pattern), [Ok(true), Ok(false), Ok(true), Ok(false)]);
    }

    #[test]
    fn one_alternative_needs_all_its_matchers() {
        let env = |value| listed("env", &[value], Absent::Refused);
        let alternatives = vec![vec![only(&["a"]), env("prod")], vec![only(&["b"]), env("dev")]];
        let restriction = Restriction::any_of(alternatives).unwrap();
        for (tenant, env, expected) in
            [("a", "prod", true), ("b", "dev", true), ("a", "dev", false), ("b", "prod", false)]
        {
            let matchers =
                format!(r#"[{{"name":"tenant","value":"{tenant}"}},{{"name":"env","value":"{env}"}}]"#);
            assert_eq!(judge(matchers.as_bytes(), &restriction), Ok(expected), "{matchers}");
        }
    }

    #[test]
    fn what_is_no_list_of_matchers_is_nobodys() {
        for matchers in [
            "",
            "null",
            "{}",
            "[null]",
            "[[]]",
            r#"[{"name":"tenant"}]"#,
            r#"[{"value":"a"}]"#,
            r#"[{"name":"tenant","value":1}]"#,
            r#"[{"name":"tenant","value":"a","isRegex":"false"}]"#,
            r#"[{"name":"tenant","value":"a","isEqual":null}]"#,
            r#"[{"name":"tenant","value":"a","name":"x"}]"#,
            r#"[{"name":"tenant","value":"a","Value":"b"}]"#,
            r#"[{"name":"tenant","value":"a"}]]"#,
        ] {
            assert_eq!(judged(vec![only(&["a"])], matchers), Err(NoMatchers), "{matchers}");
        }
    }
}
