//! The labels of a rule, an alert or a target, and what the restriction says of them.

use super::error::FilterError;
use super::text::{self, Text};
use crate::enforce::restriction::Restriction;
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
    while let Some((name, after)) = name(after_others(rest, restriction)) {
        let (value, after) = value(after).ok_or(FilterError::Shape)?;
        let label = (name.says()?, value.says()?);
        if restriction.restricts(label.0.as_bytes()) {
            if labels.iter().any(|(known, _)| *known == label.0) {
                return Err(FilterError::Twice);
            }
            labels.push(label);
        }
        rest = after;
    }
    Ok(labels)
}

/// What follows labels that the restriction isn't about and that are written as servers write most: without escapes and
/// white space.
fn after_others<'a>(object: &'a [u8], restriction: &Restriction) -> &'a [u8] {
    let mut rest = object;
    while let [b'{' | b',', b'"', name @ ..] = rest
        && let (name, [b'"', b':', b'"', value @ ..]) = text::split_plain(name)
        && !restriction.restricts(name)
        && let [b'"', after @ ..] = text::after_plain(value)
    {
        rest = after;
    }
    rest
}

/// The next name, and what follows it. Before it stands no text.
fn name(bytes: &[u8]) -> Option<(Text<'_>, &[u8])> {
    let begin = bytes.iter().position(|&byte| byte == b'"')?;
    Text::split(bytes.get(begin..)?)
}

/// The value behind a name, if it is a text, and what follows it.
fn value(bytes: &[u8]) -> Option<(Text<'_>, &[u8])> {
    let begin = bytes.iter().position(|&byte| byte != b':' && !byte.is_ascii_whitespace())?;
    Text::split(bytes.get(begin..)?)
}
