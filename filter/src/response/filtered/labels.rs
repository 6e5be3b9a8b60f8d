//! The labels of a rule, an alert or a target, and what the restriction says of them.

use super::error::FilterError;
use super::text;
use crate::access::restriction::Restriction;
use std::borrow::Cow;

/// Whether labels, an object that the scanner has checked, satisfy a restriction.
///
/// # Errors
///
/// A value that isn't text, or a name that the restriction is about and that stands twice.
pub(super) fn satisfy(object: &[u8], restriction: &Restriction) -> Result<bool, FilterError> {
    let labels = read(object, restriction)?;
    let value = |name: &str| {
        let found = labels.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| Cow::Borrowed(&**value))
    };
    Ok(restriction.allows(&value))
}

/// Whether something without labels satisfies a restriction.
pub(super) fn none_satisfy(restriction: &Restriction) -> bool {
    restriction.allows(&|_| None)
}

type Label<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Those labels that the restriction is about.
fn read<'a>(object: &'a [u8], restriction: &Restriction) -> Result<Vec<Label<'a>>, FilterError> {
    let mut labels: Vec<Label<'_>> = Vec::new();
    let mut rest = object;
    while let Some((name, after)) = text::split(between(rest, b"{,")) {
        let (value, after) = text::split(between(after, b":")).ok_or(FilterError::Shape)?;
        let label = (text::read(name)?, text::read(value)?);
        if restriction.restricts(&label.0) {
            if labels.iter().any(|(known, _)| *known == label.0) {
                return Err(FilterError::Twice);
            }
            labels.push(label);
        }
        rest = after;
    }
    Ok(labels)
}

/// What follows white space and these bytes.
fn between<'a>(bytes: &'a [u8], skipped: &[u8]) -> &'a [u8] {
    let is_skipped = |byte: &u8| byte.is_ascii_whitespace() || skipped.contains(byte);
    let start = bytes.iter().position(|byte| !is_skipped(byte)).unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}
