//! The reader of metadata, and messages for tests of what reads them.

use super::*;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut length = content.len();
    let mut bytes = vec![number << 3 | 2];
    while length >= 0x80 {
        bytes.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap());
    [&bytes, content].concat()
}

fn entry_of(key: &str, value: &[u8]) -> Vec<u8> {
    field(1, &[field(1, key.as_bytes()), field(2, value)].concat())
}

fn value(json: &Json) -> Vec<u8> {
    match json {
        Json::Null => vec![0x08, 0],
        Json::Bool(value) => vec![0x20, u8::from(*value)],
        Json::Number(number) => [&[0x11], &number.as_f64().unwrap().to_le_bytes()[..]].concat(),
        Json::String(text) => field(3, text.as_bytes()),
        Json::Array(items) => {
            field(6, &items.iter().flat_map(|item| field(1, &value(item))).collect::<Vec<_>>())
        }
        Json::Object(_) => field(5, &object(json)),
    }
}

/// Returns an object as a `google.protobuf.Struct`.
pub(crate) fn object(json: &Json) -> Vec<u8> {
    json.as_object().unwrap().iter().flat_map(|(key, json)| entry_of(key, &value(json))).collect()
}

/// Returns the metadata that `jwt_authn` leaves for a token's payload.
pub(crate) fn metadata(filter: &str, fields: &Json) -> Vec<u8> {
    [entry_of("another.filter", &object(&json!({"a": 1}))), entry_of(filter, &object(fields))].concat()
}

fn path(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

#[test]
fn values_have_the_types_that_they_had() {
    let bytes = metadata(
        "f",
        &json!({"a": {"b": "x", "n": 1.5, "t": true, "z": null, "l": ["x", 1], "s": "[\"x\"]"}}),
    );
    let filter = of_filter(&bytes, "f").unwrap().unwrap();
    let at = |name| filter.at(&path(&["a", name])).unwrap();
    assert_eq!(at("b"), Some(Value::Text("x")));
    assert_eq!(at("n"), Some(Value::Number(1.5)));
    assert_eq!(at("t"), Some(Value::Bool(true)));
    assert_eq!(at("z"), Some(Value::Null));
    assert_eq!(at("s"), Some(Value::Text("[\"x\"]")));
    assert_eq!(at("none"), None);
    let Some(Value::List(list)) = at("l") else { panic!() };
    assert_eq!(list.items(), Ok(vec![Value::Text("x"), Value::Number(1.0)]));
    assert_eq!(filter.at(&path(&["a", "b", "c"])), Ok(None));
    assert_eq!(of_filter(&bytes, "g"), Ok(None));
    assert_eq!(of_filter(b"", "f"), Ok(None));
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    let twice = [entry_of("f", &object(&json!({"a": 1}))), entry_of("f", b"")].concat();
    assert_eq!(of_filter(&twice, "f"), Err(MalformedMetadata));
}

#[test]
fn what_breaks_off_or_has_no_end_is_refused() {
    for bytes in [
        &b"\x0a"[..],
        b"\x0a\xff",
        b"\x0a\x05ab",
        b"\x0b",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x0d\x01",
    ] {
        assert_eq!(of_filter(bytes, "f"), Err(MalformedMetadata), "{bytes:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_trap(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(Some(filter)) = of_filter(&bytes, "") {
            let _ = filter.at(&path(&["", ""]));
        }
        let _ = List(&bytes).items();
    }

    #[test]
    fn a_message_with_a_byte_changed_does_not_trap(at in 0_usize..200, byte in any::<u8>()) {
        let mut bytes = metadata("f", &json!({"a": {"b": ["x", {"c": 1}], "d": null}, "e": "é"}));
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(Some(filter)) = of_filter(&bytes, "f")
            && let Ok(Some(Value::List(list))) = filter.at(&path(&["a", "b"])) {
            let _ = list.items();
        }
    }
}
