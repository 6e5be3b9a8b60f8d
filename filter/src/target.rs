//! Requests as clients send them. The raw target, headers and form come in, and are parsed once into the only form that
//! later rooms see: a canonical path, a checked query string and parameters. No later room reads the raw request again.
//!
//! This is the first room on the way of a request. A target that it refuses never meets a mount or a rule.

pub mod body;
pub(crate) mod cookies;
pub(crate) mod escape;
pub mod header_edits;
pub mod headers;
pub(crate) mod media_type;
pub mod method;
pub mod origin;
pub mod parameters;
pub mod path;
pub(crate) mod query;
pub mod strip;
pub mod upgrade;

use path::{CanonicalPath, TargetError};
use query::QueryString;

/// A request target (`:path`) that can be read in only one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// The path, in its only spelling.
    pub path: CanonicalPath<'a>,
    /// The text after the first `?`, unless it is empty.
    pub query: Option<QueryString<'a>>,
}

impl<'a> Target<'a> {
    /// Parses the raw `:path`.
    ///
    /// # Errors
    ///
    /// Returns an error for the first byte, escape or segment that is refused (`threats.md` T1).
    pub fn parse(raw: &'a [u8]) -> Result<Self, TargetError> {
        let (path, query) = CanonicalPath::of_target(raw)?;
        let query = query.filter(|query| !query.is_empty());
        let start = |query: &[u8]| raw.len().saturating_sub(query.len());
        let query = query.map(|query| QueryString::parse(query, start(query))).transpose()?;
        Ok(Self { path, query })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn printed(target: &Target<'_>) -> String {
        match &target.query {
            Some(query) => format!("{}?{}", target.path.as_str(), query.as_str()),
            None => target.path.as_str().to_owned(),
        }
    }

    #[test]
    fn a_query_begins_at_the_first_question_mark() {
        let target = Target::parse(b"/graph?a=b?c").unwrap();
        assert_eq!((target.path.as_str(), target.query.map(QueryString::as_str)), ("/graph", Some("a=b?c")));
    }

    #[test]
    fn a_refused_byte_of_the_query_is_counted_from_the_start_of_the_target() {
        assert_eq!(Target::parse(b"/a?b#c"), Err(TargetError::Byte { byte: b'#', at: 4 }));
        assert_eq!(Target::parse(b"/a?b\xff"), Err(TargetError::Byte { byte: 0xff, at: 4 }));
    }

    /// Generates targets in which the bytes that attackers use are frequent.
    fn raw_target() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            6 => "[a-z0-9._~-]{1,4}".prop_map(String::into_bytes),
            4 => Just(b"/".to_vec()),
            3 => prop::sample::select(vec!["%2e", "%2F", "%25", "%5c", "..", ".", "%c3%a9", "%41", "?", "&", "=", "+", "{", "\""])
                .prop_map(|text| text.as_bytes().to_vec()),
            1 => any::<u8>().prop_map(|byte| vec![byte]),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| [b"/".to_vec(), pieces.concat()].concat())
    }

    proptest! {
        #[test]
        fn canonicalising_the_result_changes_nothing(raw in raw_target()) {
            if let Ok(target) = Target::parse(&raw) {
                let once = printed(&target);
                let again = Target::parse(once.as_bytes()).map(|target| printed(&target));
                prop_assert_eq!(again, Ok(once.clone()));
            }
        }

        #[test]
        fn a_canonical_path_decodes_to_what_the_raw_one_decodes_to(raw in raw_target()) {
            if let Ok(target) = Target::parse(&raw) {
                let raw_path = raw.split(|&byte| byte == b'?').next().unwrap();
                prop_assert_eq!(merged(&decoded(target.path.as_str().as_bytes())), merged(&decoded(raw_path)));
            }
        }

        #[test]
        fn no_canonical_path_has_a_dot_segment_once_decoded(raw in raw_target()) {
            if let Ok(target) = Target::parse(&raw) {
                let path = decoded(target.path.as_str().as_bytes());
                prop_assert!(path.split(|&byte| byte == b'/').all(|segment| segment != b"." && segment != b".."));
            }
        }
    }

    fn decoded(path: &[u8]) -> Vec<u8> {
        let (mut bytes, mut decoded) = (path.iter().copied(), Vec::new());
        while let Some(byte) = bytes.next() {
            let mut digit = || bytes.next().unwrap();
            decoded.push(if byte == b'%' { escape::escaped(digit(), digit()).unwrap() } else { byte });
        }
        decoded
    }

    fn merged(path: &[u8]) -> Vec<u8> {
        let mut merged: Vec<u8> = Vec::new();
        for &byte in path {
            if byte != b'/' || merged.last() != Some(&b'/') {
                merged.push(byte);
            }
        }
        merged
    }
}
