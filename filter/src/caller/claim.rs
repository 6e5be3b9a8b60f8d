//! Claims of a token that rules read values from. Values are taken as they are: a text is one value, whatever it looks
//! like, and a list has as many values as it has items. A text has several values only where the configuration names
//! the character that parts them.

use super::metadata::{MalformedMetadata, Struct, Value};
use std::borrow::Cow;

/// The largest number of values that a claim may have.
pub(crate) const MAX_VALUES: usize = 1_000;

/// The whole numbers that are exact in JSON lie between this one and its negative, both of which are left out: the next
/// number reads like it.
const INEXACT: u64 = 1 << 53;

/// A claim that is read: the place of its values, and the character that parts them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath {
    /// The names of the fields on the way, each in the object before it.
    pub names: Vec<String>,
    /// The character that parts the values in a text. Without it, a text is one value.
    pub split: Option<char>,
}

/// The content of one of a token's claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// These values, none of which is empty.
    Values(Vec<String>),
    /// Neither a text nor a list of texts, or an empty text, or too many of them.
    Unreadable,
}

/// A reason why a claim has no values although it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClaimError {
    /// The bytes are not a valid message.
    Malformed,
    /// Neither a text nor a list of texts, or too many of them.
    Unreadable,
}

impl From<MalformedMetadata> for ClaimError {
    fn from(_: MalformedMetadata) -> Self {
        Self::Malformed
    }
}

impl ClaimPath {
    /// Reads the values of the claim, and returns `None` if there is nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are not a valid message.
    pub fn claim(&self, claims: Struct<'_>) -> Result<Option<Claim>, MalformedMetadata> {
        match self.texts(claims) {
            Ok(None) => Ok(None),
            Ok(Some(texts)) if texts.iter().any(|text| text.is_empty()) => Ok(Some(Claim::Unreadable)),
            Ok(Some(texts)) => Ok(Some(Claim::Values(texts.into_iter().map(Cow::into_owned).collect()))),
            Err(ClaimError::Unreadable) => Ok(Some(Claim::Unreadable)),
            Err(ClaimError::Malformed) => Err(MalformedMetadata),
        }
    }

    /// Reads the texts of the claim, and returns `None` if there is nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if there is something else, or more than [`MAX_VALUES`] of them.
    pub(super) fn texts<'a>(&self, claims: Struct<'a>) -> Result<Option<Vec<Cow<'a, str>>>, ClaimError> {
        let texts: Option<Vec<_>> = match (claims.at(&self.names)?, self.split) {
            (None | Some(Value::Null), _) => return Ok(None),
            (Some(Value::List(list)), _) => list.items()?.into_iter().map(text).collect(),
            (Some(Value::Text(words)), Some(separator)) => {
                Some(words.split(separator).filter(|word| !word.is_empty()).map(Cow::Borrowed).collect())
            }
            (Some(value), _) => text(value).map(|text| vec![text]),
        };
        texts.filter(|texts| texts.len() <= MAX_VALUES).map(Some).ok_or(ClaimError::Unreadable)
    }
}

/// Returns a text, or a whole number in decimal digits, since some issuers write names and tenants as numbers. Every
/// number in a token is a double, so a number that isn't exact there is none.
pub(crate) fn text(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => whole(number).map(|whole| Cow::Owned(whole.to_string())),
        _ => None,
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "only a number that is the same after both casts is taken"
)]
fn whole(number: f64) -> Option<i64> {
    let whole = number as i64;
    let is_exact = whole as f64 - number == 0.0 && whole.unsigned_abs() < INEXACT;
    is_exact.then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::super::metadata::{of_filter, tests::metadata};
    use super::*;
    use serde_json::{Value as Json, json};

    fn at(path: &[&str], split: Option<char>, claims: &Json) -> Option<Claim> {
        let bytes = metadata("f", claims);
        let names = path.iter().map(|&name| name.to_owned()).collect();
        ClaimPath { names, split }.claim(of_filter(&bytes, "f").unwrap().unwrap()).unwrap()
    }

    fn values(values: &[&str]) -> Option<Claim> {
        Some(Claim::Values(values.iter().map(|&value| value.to_owned()).collect()))
    }

    #[test]
    fn a_text_is_one_value_and_a_list_of_texts_as_many_as_it_has() {
        for (claim, expected) in [
            (json!("a"), values(&["a"])),
            (json!("a,b c"), values(&["a,b c"])),
            (json!("[\"a\"]"), values(&["[\"a\"]"])),
            (json!(["a", "b"]), values(&["a", "b"])),
            (json!([]), values(&[])),
            (json!(null), None),
        ] {
            assert_eq!(at(&["tenants"], None, &json!({ "tenants": claim })), expected, "{claim}");
        }
        assert_eq!(at(&["x", "y"], None, &json!({ "x": { "y": "a" } })), values(&["a"]));
        assert_eq!(at(&["x", "z"], None, &json!({ "x": { "y": "a" } })), None);
    }

    #[test]
    fn words_are_values_where_the_configuration_says_what_parts_them() {
        for (claim, split, expected) in [
            (json!("a b"), ' ', &["a", "b"][..]),
            (json!("  a  b "), ' ', &["a", "b"]),
            (json!("a, b"), ',', &["a", " b"]),
            (json!("a,b c"), ' ', &["a,b", "c"]),
            (json!("a\tb\u{a0}c"), ' ', &["a\tb\u{a0}c"]),
            (json!(""), ' ', &[]),
            (json!("  "), ' ', &[]),
            (json!(7), ' ', &["7"]),
            (json!(["a b", "c"]), ' ', &["a b", "c"]),
        ] {
            let found = at(&["scope"], Some(split), &json!({ "scope": claim }));
            assert_eq!(found, values(expected), "{claim}");
        }
        let many = |number| json!({ "scope": "a ".repeat(number) });
        assert!(matches!(at(&["scope"], Some(' '), &many(MAX_VALUES)), Some(Claim::Values(_))));
        assert_eq!(at(&["scope"], Some(' '), &many(MAX_VALUES + 1)), Some(Claim::Unreadable));
        assert_eq!(at(&["scope"], Some(' '), &json!({ "scope": true })), Some(Claim::Unreadable));
    }

    #[test]
    fn a_whole_number_is_its_decimal_digits_as_long_as_it_is_exact() {
        for (claim, expected) in [
            (json!(42), "42"),
            (json!(-1), "-1"),
            (json!(0), "0"),
            (json!(-0.0), "0"),
            (json!(1e3), "1000"),
            (json!(9_007_199_254_740_991_u64), "9007199254740991"),
            (json!(-9_007_199_254_740_991_i64), "-9007199254740991"),
        ] {
            assert_eq!(at(&["t"], None, &json!({ "t": claim })), values(&[expected]), "{claim}");
        }
        assert_eq!(at(&["t"], None, &json!({ "t": ["a", 7] })), values(&["a", "7"]));
        for number in [
            0.5,
            -1.5,
            9_007_199_254_740_992.0,
            -9_007_199_254_740_992.0,
            1e19,
            -1e300,
            f64::NAN,
            f64::INFINITY,
        ] {
            assert_eq!(text(Value::Number(number)), None, "{number}");
        }
    }

    #[test]
    fn anything_else_has_no_values() {
        let (most, too_many) = (vec!["a"; MAX_VALUES], vec!["a"; MAX_VALUES + 1]);
        assert!(matches!(at(&["t"], None, &json!({ "t": most })), Some(Claim::Values(_))));
        for claim in [
            json!(1.5),
            json!(true),
            json!(""),
            json!({ "a": true }),
            json!(["a", ""]),
            json!(["a", 0.5]),
            json!(["a", true]),
            json!(["a", null]),
            json!([["a"]]),
            json!(too_many),
        ] {
            assert_eq!(at(&["t"], None, &json!({ "t": claim })), Some(Claim::Unreadable), "{claim}");
        }
    }
}
