//! Turns a `google.protobuf.Struct` into the JSON that it stands for. Envoy hands a configuration of that type on as
//! protobuf, whose order is any; the JSON has its fields in the order of their names, so that one configuration has one
//! digest.

use crate::caller::claim;
use crate::caller::metadata::{MalformedMetadata, Struct, Value};

/// The key of field 1 in protobuf, length-delimited, with which every `Struct` begins that isn't empty.
const FIELD_1: u8 = 0x0a;

/// The most values inside of each other. Envoy reads about fifty.
const MAX_DEPTH: usize = 64;

/// A number that no field takes, for those that aren't whole.
const NOT_WHOLE: &str = "-1";

/// Returns the JSON that these bytes stand for, or `None` if they are no such message, or an empty one.
pub(super) fn json(bytes: &[u8]) -> Option<String> {
    if bytes.first() != Some(&FIELD_1) {
        return None;
    }
    let mut json = String::new();
    write(&mut json, Value::Struct(Struct::new(bytes)), MAX_DEPTH).ok()?;
    Some(json)
}

fn write(json: &mut String, value: Value<'_>, depth: usize) -> Result<(), MalformedMetadata> {
    let within = depth.checked_sub(1).ok_or(MalformedMetadata)?;
    match value {
        Value::Null => json.push_str("null"),
        Value::Bool(true) => json.push_str("true"),
        Value::Bool(false) => json.push_str("false"),
        Value::Number(_) => json.push_str(claim::text(value).as_deref().unwrap_or(NOT_WHOLE)),
        Value::Text(text) => write_text(json, text),
        Value::List(list) => {
            json.push('[');
            for (index, item) in list.items()?.into_iter().enumerate() {
                separate(json, index);
                write(json, item, within)?;
            }
            json.push(']');
        }
        Value::Struct(object) => {
            json.push('{');
            for (index, (name, value)) in in_order(object.fields()?).into_iter().enumerate() {
                separate(json, index);
                write_text(json, name);
                json.push(':');
                write(json, value, within)?;
            }
            json.push('}');
        }
    }
    Ok(())
}

/// Sorts fields by their names, and leaves those of one name in their order. The sort of the standard library would make the
/// module 5 KB larger.
fn in_order<'a>(mut fields: Vec<(&'a str, Value<'a>)>) -> Vec<(&'a str, Value<'a>)> {
    if fields.len() < 2 {
        return fields;
    }
    let later = fields.split_off(fields.len() / 2);
    let mut merged = Vec::with_capacity(fields.len().saturating_add(later.len()));
    let [mut first, mut second] = [fields, later].map(|half| in_order(half).into_iter().peekable());
    while let (Some((earlier, _)), Some((later, _))) = (first.peek(), second.peek()) {
        merged.extend(if later < earlier { second.next() } else { first.next() });
    }
    merged.extend(first.chain(second));
    merged
}

fn separate(json: &mut String, index: usize) {
    if index > 0 {
        json.push(',');
    }
}

fn write_text(json: &mut String, text: &str) {
    json.push_str(&serde_json::to_string(text).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::metadata::tests::object;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    /// Any JSON that a `Struct` can hold as it is.
    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<u32>().prop_map(Json::from),
            any::<String>().prop_map(Json::from),
        ];
        leaf.prop_recursive(6, 60, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|fields| Json::Object(fields.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn numbers_are_whole_or_none_that_a_field_takes() {
        let numbers = json!({ "n": [0, 11000, 4_294_967_295_u32, 1.0, 0.5, 1e300, -2] });
        assert_eq!(super::json(&object(&numbers)).unwrap(), r#"{"n":[0,11000,4294967295,1,-1,-1,-2]}"#);
    }

    #[test]
    fn a_name_that_stands_twice_stays_there_twice() {
        let twice = [object(&json!({ "a": 1, "b": 2 })), object(&json!({ "a": 3 }))].concat();
        assert_eq!(super::json(&twice).unwrap(), r#"{"a":1,"a":3,"b":2}"#);
    }

    #[test]
    fn what_is_nested_too_deeply_is_none() {
        let nested = |depth| (1..depth).fold(json!(1), |inner, _| json!({ "a": inner }));
        assert!(super::json(&object(&nested(MAX_DEPTH))).is_some());
        assert_eq!(super::json(&object(&nested(MAX_DEPTH + 1))), None);
        assert_eq!(super::json(b""), None);
    }

    proptest! {
        #[test]
        fn it_is_the_json_that_was_encoded_with_its_names_in_order(value in any_json()) {
            let whole = json!({ "whole": value });
            prop_assert_eq!(super::json(&object(&whole)).unwrap(), whole.to_string());
        }

        #[test]
        fn no_bytes_trap(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(json) = super::json(&[&[FIELD_1], &bytes[..]].concat()) {
                prop_assert!(serde_json::from_str::<Json>(&json).is_ok(), "{}", json);
            }
        }
    }
}
