//! The metadata that Envoy's `jwt_authn` leaves of a verified token, for hosts that have no such filter.

use serde_json::{Map, Value};

/// The metadata's namespace, which is the name of the filter.
const FILTER: &str = "envoy.filters.http.jwt_authn";
/// The metadata's key, as `envoy/fragments/jwt.yaml` chooses it.
const KEY: &str = "jwt";

/// Returns the property `metadata` after a token with these claims was verified: `envoy.config.core.v3.Metadata`, as
/// protobuf.
#[must_use]
pub fn metadata(claims: &Value) -> Vec<u8> {
    metadata_under(KEY, claims)
}

/// Returns the same, where `payload_in_metadata` of `jwt_authn` has this value.
#[must_use]
pub fn metadata_under(key: &str, claims: &Value) -> Vec<u8> {
    let payload = Map::from_iter([(key.to_owned(), claims.clone())]);
    // Field 1 of `Metadata` is a map: a list of messages with a key and a value.
    message(1, &[message(1, FILTER.as_bytes()), message(2, &structure(&payload))].concat())
}

/// Writes an object as a `google.protobuf.Struct`.
fn structure(fields: &Map<String, Value>) -> Vec<u8> {
    let field =
        |(key, field): (&String, &Value)| [message(1, key.as_bytes()), message(2, &value(field))].concat();
    fields.iter().flat_map(|entry| message(1, &field(entry))).collect()
}

/// Writes a value as a `google.protobuf.Value`, whose fields are numbered by the kind of value.
fn value(value: &Value) -> Vec<u8> {
    match value {
        Value::Null => [tag(1, VARINT), vec![0]].concat(),
        Value::Number(number) => {
            let number = number.as_f64().expect("a number of JSON is a double");
            [tag(2, EIGHT_BYTES), number.to_le_bytes().to_vec()].concat()
        }
        Value::String(text) => message(3, text.as_bytes()),
        Value::Bool(is) => [tag(4, VARINT), vec![u8::from(*is)]].concat(),
        Value::Object(fields) => message(5, &structure(fields)),
        Value::Array(values) => {
            let items = values.iter().flat_map(|item| message(1, &self::value(item)));
            message(6, &items.collect::<Vec<_>>())
        }
    }
}

/// The form of a field that is a number of variable length. The others are of eight bytes, and of a length and so many
/// bytes.
const VARINT: u8 = 0;
const EIGHT_BYTES: u8 = 1;
const LENGTH_FIRST: u8 = 2;

fn tag(field: u8, form: u8) -> Vec<u8> {
    vec![field << 3 | form]
}

fn message(field: u8, bytes: &[u8]) -> Vec<u8> {
    [&tag(field, LENGTH_FIRST), &length(bytes.len()), bytes].concat()
}

/// Writes a number in groups of seven bits, the lowest first. The eighth bit says that more groups follow.
fn length(mut length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while length > 0x7f {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes
}
