//! The labels of a rule, an alert or a target in JSON, which are told to the judge who decides if it stays.

use super::error::FilterError;
use super::plain::split_before;
use super::text::Text;
use crate::enforce::judge::Judge;
use std::str;

/// Judges labels that stand whole at the beginning of these bytes, if they are written without escapes and white space, as servers
/// usually do. Returns the judgement and the bytes after them, or `None` if they have to be read another way, which also
/// finds what is wrong with them.
pub(super) fn judge_plain<'a>(bytes: &'a [u8], judge: &mut Judge) -> Option<(bool, &'a [u8])> {
    let mut series = judge.begin();
    let mut rest = bytes.strip_prefix(b"{\"")?;
    loop {
        let (name, value) = split_before(rest, b"\":\"")?;
        let (value, after) = split_before(value, b"\"")?;
        if let Some(term) = series.term(name) {
            series.label(term, str::from_utf8(value).ok()?).ok()?;
        }
        match after {
            [b',', b'"', after @ ..] => rest = after,
            [b'}', after @ ..] => return Some((series.is_allowed(), after)),
            _ => return None,
        }
    }
}

/// Judges labels that are written in any way. They are an object that the scanner has checked.
///
/// # Errors
///
/// Returns an error if a value isn't a text, or if a name that the restriction is about stands twice.
pub(super) fn judge_any(object: &[u8], judge: &mut Judge) -> Result<bool, FilterError> {
    let mut series = judge.begin();
    let mut rest = object;
    while let Some((name, after)) = name(rest) {
        let (value, after) = value(after).ok_or(FilterError::Shape)?;
        let (name, value) = (name.decoded()?, value.decoded()?);
        if let Some(term) = series.term(name.as_bytes()) {
            series.label(term, &value).map_err(|_| FilterError::Twice)?;
        }
        rest = after;
    }
    Ok(series.is_allowed())
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
