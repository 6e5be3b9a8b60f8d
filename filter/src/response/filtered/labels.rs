//! The labels of a rule, an alert or a target, and the check that they satisfy the restriction.

use super::error::FilterError;
use super::text::{self, Text};
use crate::enforce::restriction::Restriction;
use std::borrow::Cow;

/// Returns `true` if labels satisfy a restriction. They are an object that the scanner has checked.
///
/// # Errors
///
/// Returns an error if a value isn't a text, or if a name that the restriction is about stands twice.
pub(super) fn satisfy(object: &[u8], restriction: &Restriction) -> Result<bool, FilterError> {
    let labels = read(object, restriction)?;
    let value = |name: &str| {
        let found = labels.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| Cow::Borrowed(&**value))
    };
    Ok(restriction.allows(&value))
}

/// Returns `true` if a value without labels satisfies a restriction.
pub(super) fn none_satisfy(restriction: &Restriction) -> bool {
    restriction.allows(&|_| None)
}

type Label<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Reads the labels that the restriction is about.
fn read<'a>(object: &'a [u8], restriction: &Restriction) -> Result<Vec<Label<'a>>, FilterError> {
    let mut labels: Vec<Label<'_>> = Vec::new();
    let mut rest = object;
    while let Some((name, after)) = name(after_others(rest, restriction)) {
        let (value, after) = value(after).ok_or(FilterError::Shape)?;
        let label = (name.decoded()?, value.decoded()?);
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

/// Skips labels that the restriction isn't about, if they are written without escapes and white space, as servers
/// usually do.
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

/// Returns the next name and the bytes after it. No other text stands before it.
fn name(bytes: &[u8]) -> Option<(Text<'_>, &[u8])> {
    let begin = bytes.iter().position(|&byte| byte == b'"')?;
    Text::split(bytes.get(begin..)?)
}

/// Returns the value of a label, if it is a text, and the bytes after it.
fn value(bytes: &[u8]) -> Option<(Text<'_>, &[u8])> {
    let begin = bytes.iter().position(|&byte| byte != b':' && !byte.is_ascii_whitespace())?;
    Text::split(bytes.get(begin..)?)
}
