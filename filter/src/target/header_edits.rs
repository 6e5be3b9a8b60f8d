//! Changes to a header map. The core decides them, and the host applies them.

use super::headers::Headers;
use std::borrow::Cow;

/// Changes to a header map, applied in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderEdits {
    /// The names of headers to remove, with all their values.
    pub remove: Vec<Vec<u8>>,
    /// The headers to set to exactly one value.
    pub set: Vec<(Cow<'static, str>, String)>,
    /// The headers to add beside others of the same name.
    pub add: Vec<(&'static str, String)>,
}

impl HeaderEdits {
    /// Creates the change of one header to one value.
    pub fn set(name: &'static str, value: String) -> Self {
        Self { set: vec![(name.into(), value)], ..Self::default() }
    }

    /// Returns the changes that a host has to make to these headers, in order. What changes nothing is left out, and a
    /// header that isn't there is added, since each change is a call and hosts add faster than they replace.
    pub fn changes<'a>(&'a self, headers: &'a Headers) -> impl Iterator<Item = Change<'a>> {
        let is_first = |(at, name): &(usize, &Vec<u8>)| {
            !self.remove.iter().take(*at).any(|earlier| earlier.eq_ignore_ascii_case(name))
        };
        let remove = self.remove.iter().enumerate().filter(is_first).map(|(_, name)| name.as_slice());
        let remove = remove.filter(|name| headers.named_exactly(name).next().is_some());
        let set = self.set.iter().filter_map(|(name, value)| self.change(headers, name, value));
        let add = self.add.iter().map(|(name, value)| Change::Add(name, value));
        remove.map(Change::Remove).chain(set).chain(add)
    }

    /// Returns the change that gives a header this value alone, or `None` if it has it.
    fn change<'a>(&self, headers: &Headers, name: &'a str, value: &'a str) -> Option<Change<'a>> {
        let is_removed = || self.remove.iter().any(|removed| removed.eq_ignore_ascii_case(name.as_bytes()));
        let mut values = headers.named_exactly(name.as_bytes());
        match (values.next(), values.next()) {
            (None, _) => Some(Change::Add(name, value)),
            (Some(_), _) if is_removed() => Some(Change::Add(name, value)),
            (Some(old), None) if old == value.as_bytes() => None,
            _ => Some(Change::Replace(name, value)),
        }
    }
}

/// A change of one header, which takes one call of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// The header is removed, with all its values.
    Remove(&'a [u8]),
    /// The header gets this value in place of those that it has.
    Replace(&'a str, &'a str),
    /// The header gets this value beside those that it has.
    Add(&'a str, &'a str),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edits(remove: &[&str], set: &[(&'static str, &str)]) -> HeaderEdits {
        HeaderEdits {
            remove: remove.iter().map(|name| name.as_bytes().to_vec()).collect(),
            set: set.iter().map(|&(name, value)| (name.into(), value.to_owned())).collect(),
            add: Vec::new(),
        }
    }

    fn changes<'a>(edits: &'a HeaderEdits, headers: &'a Headers) -> Vec<Change<'a>> {
        edits.changes(headers).collect()
    }

    #[test]
    fn what_is_not_there_is_neither_removed_nor_replaced() {
        let headers = Headers::from_iter([("X-A", "1"), ("x-b", "2")]);
        let edits = edits(&["x-c", "X-A"], &[("x-b", "3"), ("x-d", "4"), ("vary", "x")]);
        assert_eq!(
            changes(&edits, &headers),
            [
                Change::Remove(b"X-A"),
                Change::Replace("x-b", "3"),
                Change::Add("x-d", "4"),
                Change::Add("vary", "x"),
            ]
        );
    }

    #[test]
    fn what_has_the_value_already_stays() {
        let headers = Headers::from_iter([("Content-Type", "a"), ("x-a", "1"), ("x-a", "1")]);
        let edits = edits(&[], &[("content-type", "a"), ("x-a", "1")]);
        assert_eq!(changes(&edits, &headers), [Change::Replace("x-a", "1")], "two values are not one");
    }

    #[test]
    fn what_is_removed_is_added_again_and_removed_once() {
        let headers = Headers::from_iter([("X-A", "1"), ("x-a", "1"), ("x_a", "1")]);
        let edits = edits(&["X-A", "x-a", "x_a"], &[("x-a", "1")]);
        let expected = [Change::Remove(b"X-A"), Change::Remove(b"x_a"), Change::Add("x-a", "1")];
        assert_eq!(changes(&edits, &headers), expected);
    }

    #[test]
    fn another_spelling_is_another_header() {
        let headers = Headers::from_iter([("x_forwarded_host", "a")]);
        let edits = edits(&[], &[("x-forwarded-host", "a")]);
        assert_eq!(changes(&edits, &headers), [Change::Add("x-forwarded-host", "a")]);
    }
}
