//! Claims of a token that rules read values from. Values are taken as they are: a text is one value, whatever it looks
//! like, and a list has as many values as it has items.

use super::metadata::{MalformedMetadata, Struct, Value};

/// The largest number of values that a claim may have.
pub(crate) const MAX_VALUES: usize = 1_000;

/// The content of one of a token's claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// These values, none of which is empty.
    Values(Vec<String>),
    /// Neither a text nor a list of texts, or an empty text, or too many of them.
    Unreadable,
}

impl Claim {
    /// Reads the claim at the end of a path of names, and returns `None` if there is nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are not a valid message.
    pub fn at(path: &[String], claims: Struct<'_>) -> Result<Option<Self>, MalformedMetadata> {
        let items = match claims.at(path)? {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::List(list)) => list.items()?,
            Some(value) => vec![value],
        };
        let mut values = Vec::new();
        for item in &items {
            match item {
                Value::Text(text) if !text.is_empty() && items.len() <= MAX_VALUES => {
                    values.push((*text).to_owned());
                }
                _ => return Ok(Some(Self::Unreadable)),
            }
        }
        Ok(Some(Self::Values(values)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::metadata::{of_filter, tests::metadata};
    use super::*;
    use serde_json::{Value as Json, json};

    fn at(path: &[&str], claims: &Json) -> Option<Claim> {
        let bytes = metadata("f", claims);
        let path: Vec<String> = path.iter().map(|&name| name.to_owned()).collect();
        Claim::at(&path, of_filter(&bytes, "f").unwrap().unwrap()).unwrap()
    }

    #[test]
    fn a_text_is_one_value_and_a_list_of_texts_as_many_as_it_has() {
        let values =
            |values: &[&str]| Some(Claim::Values(values.iter().map(|&value| value.to_owned()).collect()));
        for (claim, expected) in [
            (json!("a"), values(&["a"])),
            (json!("a,b c"), values(&["a,b c"])),
            (json!("[\"a\"]"), values(&["[\"a\"]"])),
            (json!(["a", "b"]), values(&["a", "b"])),
            (json!([]), values(&[])),
            (json!(null), None),
        ] {
            assert_eq!(at(&["tenants"], &json!({ "tenants": claim })), expected, "{claim}");
        }
        assert_eq!(at(&["x", "y"], &json!({ "x": { "y": "a" } })), values(&["a"]));
        assert_eq!(at(&["x", "z"], &json!({ "x": { "y": "a" } })), None);
    }

    #[test]
    fn anything_else_has_no_values() {
        let (most, too_many) = (vec!["a"; MAX_VALUES], vec!["a"; MAX_VALUES + 1]);
        assert!(matches!(at(&["t"], &json!({ "t": most })), Some(Claim::Values(_))));
        for claim in [
            json!(1),
            json!(true),
            json!(""),
            json!({ "a": true }),
            json!(["a", ""]),
            json!(["a", 1]),
            json!(["a", null]),
            json!([["a"]]),
            json!(too_many),
        ] {
            assert_eq!(at(&["t"], &json!({ "t": claim })), Some(Claim::Unreadable), "{claim}");
        }
    }
}
