//! Rules, alerts and targets that stand whole in a piece, that are written without white space, as servers usually do,
//! and of which either everything stays or nothing. All others are left to the scanner, which also finds what is wrong
//! with them.

use super::event::Shape;
use super::labels;
use super::layout::{JsonPath, MAX_NAME};
use super::nesting::Nesting;
use super::plain::split_before;
use super::whole::after_value;
use crate::enforce::judge::Judge;

/// The judgement on the alerts of a rule.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Alerts {
    /// Nothing is judged: the rule has no alerts.
    None,
    /// All of them stay, or none.
    All { stay: bool },
}

/// Judges a rule, an alert or a target, whose brace has been read. Returns `true` if it stays, and the bytes after it.
/// Returns `None` if it has to be read another way.
pub(super) fn judge_whole<'a>(
    path: JsonPath,
    inner: &'a [u8],
    inside: Nesting,
    judge: &mut Judge,
) -> Option<(bool, &'a [u8])> {
    let (mut allowed, mut alerts) = (None, None);
    let mut rest = inner.strip_prefix(b"\"")?;
    loop {
        let (name, value) = split_before(rest, b"\":")?;
        let after = match name {
            b"labels" => {
                let (judgement, after) = labels::judge_plain(value, judge)?;
                allowed.replace(judgement).is_none().then_some(after)?
            }
            b"alerts" if path == JsonPath::Rule => {
                let (judgement, after) = judge_alerts(value, inside, judge)?;
                alerts.replace(judgement).is_none().then_some(after)?
            }
            _ if name.len() <= MAX_NAME => after_value(value, inside)?,
            _ => return None,
        };
        match after {
            [b',', b'"', key @ ..] => rest = key,
            [b'}', after @ ..] => {
                let allowed = allowed.unwrap_or_else(|| judge.begin().is_allowed());
                return match alerts {
                    Some(Alerts::All { stay: false }) if allowed => None,
                    Some(Alerts::All { stay: true }) => Some((true, after)),
                    _ => Some((allowed, after)),
                };
            }
            _ => return None,
        }
    }
}

/// Judges a list of the alerts of a rule.
fn judge_alerts<'a>(bytes: &'a [u8], rule: Nesting, judge: &mut Judge) -> Option<(Alerts, &'a [u8])> {
    let inside = rule.opened(Shape::List).and_then(|list| list.opened(Shape::Object)).ok()?;
    let mut rest = bytes.strip_prefix(b"[")?;
    if let [b']', after @ ..] = rest {
        return Some((Alerts::None, after));
    }
    let mut alerts = None;
    loop {
        let (stay, after) = judge_whole(JsonPath::One, rest.strip_prefix(b"{")?, inside, judge)?;
        if *alerts.get_or_insert(stay) != stay {
            return None;
        }
        match after {
            [b',', next @ ..] => rest = next,
            [b']', after @ ..] => return Some((Alerts::All { stay }, after)),
            _ => return None,
        }
    }
}
