//! The queries of a message of remote read as text.

use promward::wire::protobuf::{Malformed, Reader, Value};
use promward::wire::snappy::{Decoder, Progress};

/// The operators of matchers, by the number of each type.
const OPERATORS: [&str; 4] = ["=", "!=", "=~", "!~"];

/// The longest message that is read, in bytes once it is decoded. The filter's own bound is below it.
const MAX: usize = 16 << 20;

/// Returns the queries of a message, or none if it is no message that the filter reads.
pub(super) fn texts(body: &[u8]) -> Vec<String> {
    let Ok(mut decoder) = Decoder::new(body, MAX) else { return Vec::new() };
    while let Ok(Progress::More) = decoder.run(body, MAX) {}
    let mut texts = Vec::new();
    let mut reader = Reader::new(decoder.output());
    while let Ok(Some(field)) = reader.field() {
        if let (1, Value::Bytes(query)) = (field.number, field.value) {
            texts.extend(text(query));
        }
    }
    texts
}

/// Returns a query as a selector with its times, and those of its hints, in milliseconds since 1970.
fn text(query: &[u8]) -> Result<String, Malformed> {
    let (mut matchers, mut hints) = (Vec::new(), String::new());
    let mut reader = Reader::new(query);
    while let Some(field) = reader.field()? {
        match (field.number, field.value) {
            (3, Value::Bytes(bytes)) => matchers.push(matcher(bytes)?),
            (4, Value::Bytes(bytes)) => hints = format!(" (hints: {})", times(bytes, 3, 4)?),
            _ => {}
        }
    }
    Ok(format!("{{{}}} {}{hints}", matchers.join(","), times(query, 1, 2)?))
}

/// Returns the times in the fields with these numbers. One that is missing is zero.
fn times(message: &[u8], start: u32, end: u32) -> Result<String, Malformed> {
    let (mut from, mut to) = (0, 0);
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field()? {
        match (field.number, field.value) {
            (number, Value::Varint(time)) if number == start => from = time.cast_signed(),
            (number, Value::Varint(time)) if number == end => to = time.cast_signed(),
            _ => {}
        }
    }
    Ok(format!("from {from} to {to}"))
}

fn matcher(matcher: &[u8]) -> Result<String, Malformed> {
    let (mut kind, mut name, mut value) = (0, String::new(), String::new());
    let mut reader = Reader::new(matcher);
    while let Some(field) = reader.field()? {
        match (field.number, field.value) {
            (1, Value::Varint(number)) => kind = number,
            (2, Value::Bytes(bytes)) => name = String::from_utf8_lossy(bytes).into_owned(),
            (3, Value::Bytes(bytes)) => value = String::from_utf8_lossy(bytes).into_owned(),
            _ => {}
        }
    }
    let known = usize::try_from(kind).ok().and_then(|kind| OPERATORS.get(kind));
    Ok(format!("{name}{}{value:?}", known.copied().unwrap_or("?")))
}
