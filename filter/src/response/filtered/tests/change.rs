//! Changes that may happen to an answer on its way.

use super::*;
use proptest::prelude::*;

/// A change of bytes on their way.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Cut,
    Remove(usize),
    Replace(u8),
    Insert(&'static str),
}

pub(super) fn change_all(bytes: &mut Vec<u8>, changes: &[(Index, Change)]) {
    for (place, change) in changes {
        let at = place.index(bytes.len().max(1)).min(bytes.len());
        change.to(bytes, at);
    }
}

impl Change {
    fn to(&self, bytes: &mut Vec<u8>, at: usize) {
        let length = bytes.len();
        match self {
            Self::Cut => bytes.truncate(at),
            Self::Remove(count) => drop(bytes.drain(at..(at + count).min(length))),
            Self::Replace(byte) => drop(bytes.splice(at..(at + 1).min(length), [*byte])),
            Self::Insert(text) => drop(bytes.splice(at..at, text.bytes())),
        }
    }
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    const INSERTED: &[&str] = &[
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "null",
        "1",
        "\"data\":",
        "\"labels\":{},",
        "{\"labels\":{\"tenant\":\"a\"}},",
        "\"tenant\":\"a\",",
        "\u{feff}",
        "\\u0061",
        "]}",
        "}]",
    ];
    prop_oneof![
        1 => Just(Change::Cut),
        3 => (1_usize..20).prop_map(Change::Remove),
        3 => prop_oneof![any::<u8>(), Just(b'"'), Just(b'\\'), Just(b','), Just(b'{')].prop_map(Change::Replace),
        6 => prop::sample::select(INSERTED).prop_map(Change::Insert),
    ]
}
