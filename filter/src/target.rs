//! Requests as clients send them. The raw target, headers and form come in, and are parsed once into the only form that
//! later rooms see: a canonical path, a checked query string and parameters. No later room reads the raw request again.
//!
//! This is the first room on the way of a request. A target that it refuses never meets a mount or a rule.

pub mod body;
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
pub struct Target {
    /// The path, in its only spelling.
    pub path: CanonicalPath,
    /// The text after the first `?`, unless it is empty.
    pub query: Option<QueryString>,
}

impl Target {
    /// Parses the raw `:path`.
    ///
    /// # Errors
    ///
    /// Returns an error for the first byte, escape or segment that is refused (`threats.md` T1).
    pub fn parse(raw: &[u8]) -> Result<Self, TargetError> {
        let mut parts = raw.splitn(2, |&byte| byte == b'?');
        let path = CanonicalPath::parse(parts.next().unwrap_or_default())?;
        let start = raw.iter().position(|&byte| byte == b'?').map_or(raw.len(), |at| at.saturating_add(1));
        let query = parts.next().filter(|query| !query.is_empty());
        let query = query.map(|query| QueryString::parse(query, start)).transpose()?;
        Ok(Self { path, query })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn printed(target: &Target) -> String {
        match &target.query {
            Some(query) => format!("{}?{}", target.path.as_str(), query.as_str()),
            None => target.path.as_str().to_owned(),
        }
    }

    #[test]
    fn a_query_begins_at_the_first_question_mark() {
        let target = Target::parse(b"/graph?a=b?c").unwrap();
        assert_eq!(
            (target.path.as_str(), target.query.as_ref().map(QueryString::as_str)),
            ("/graph", Some("a=b?c"))
        );
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
                let again = Target::parse(printed(&target).as_bytes());
                prop_assert_eq!(again.map(|target| printed(&target)), Ok(printed(&target)));
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
        let mut bytes = path.iter().copied().enumerate();
        let mut decoded = Vec::new();
        while let Some((_, byte)) = bytes.next() {
            decoded.push(if byte == b'%' {
                crate::target::escape::escaped(&mut bytes).unwrap()
            } else {
                byte
            });
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
