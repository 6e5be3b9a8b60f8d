//! Changes to a header map. The core decides them, and the host applies them.

use super::headers::Headers;
use super::headers::name::Name;
use std::rc::Rc;

/// Changes to a header map, applied in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderEdits {
    /// The names of headers to remove, with all their values, as the map spells them.
    pub remove: Vec<Vec<u8>>,
    /// The headers to set to exactly one value.
    pub set: Vec<(HeaderName, HeaderValue)>,
    /// The headers to add beside others of the same name.
    pub add: Vec<(&'static str, HeaderValue)>,
}

/// The name of a header that is set, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderName {
    /// A name of the table.
    Known(Name),
    /// A name that the configuration gives.
    Configured(Rc<str>),
}

/// The value of a header. Most are the same for every request, and cost no copy.
#[derive(Clone, Debug)]
pub enum HeaderValue {
    /// The filter always sends it.
    Fixed(&'static str),
    /// It is part of the configuration, or is kept beside the header.
    Shared(Rc<str>),
    /// It is of this request alone.
    Own(String),
}

impl HeaderName {
    /// Returns the name as it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(name) => name.text(),
            Self::Configured(name) => name,
        }
    }
}

impl From<Name> for HeaderName {
    fn from(name: Name) -> Self {
        Self::Known(name)
    }
}

impl PartialEq<&str> for HeaderName {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl HeaderValue {
    /// Returns the value as it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Fixed(value) => value,
            Self::Shared(value) => value,
            Self::Own(value) => value,
        }
    }
}

impl PartialEq for HeaderValue {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for HeaderValue {}

impl From<&'static str> for HeaderValue {
    fn from(value: &'static str) -> Self {
        Self::Fixed(value)
    }
}

impl From<&Rc<str>> for HeaderValue {
    fn from(value: &Rc<str>) -> Self {
        Self::Shared(Rc::clone(value))
    }
}

impl From<String> for HeaderValue {
    fn from(value: String) -> Self {
        Self::Own(value)
    }
}

impl HeaderEdits {
    /// Creates the change of one header to one value.
    pub fn set(name: Name, value: impl Into<HeaderValue>) -> Self {
        Self { set: vec![(name.into(), value.into())], ..Self::default() }
    }

    /// Returns the value that a header is set to, or `None` if it isn't set.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.set.iter().find(|(set, _)| *set == name).map(|(_, value)| value.as_str())
    }

    /// Returns the changes that a host has to make to these headers, in order. What changes nothing is left out, and a
    /// header that isn't there is added, since each change is a call and hosts add faster than they replace.
    pub fn changes<'a>(&'a self, headers: &'a Headers) -> impl Iterator<Item = Change<'a>> {
        let is_first = |(at, name): &(usize, &Vec<u8>)| {
            !self.remove.iter().take(*at).any(|earlier| earlier.eq_ignore_ascii_case(name))
        };
        let remove = self.remove.iter().enumerate().filter(is_first).map(|(_, name)| name.as_slice());
        let set = self.set.iter().filter_map(|(name, value)| self.change(headers, name, value.as_str()));
        let add = self.add.iter().map(|(name, value)| Change::Add(name, value.as_str()));
        remove.map(Change::Remove).chain(set).chain(add)
    }

    /// Returns the values of a header that stays, with one more behind them, as one value, which means the same (RFC 9110
    /// §5.3). Returns `None` if no other value stays.
    #[cold]
    pub fn behind_others(&self, headers: &Headers, name: &str, value: &str) -> Option<String> {
        if self.removes(name) {
            return None;
        }
        let mut values = String::new();
        for other in headers.named_exactly(name.as_bytes()) {
            // They are ASCII (RFC 9110 §5.5). A host takes no other text than UTF-8.
            values.extend(other.iter().copied().map(char::from));
            values.push_str(", ");
        }
        (!values.is_empty()).then(|| values + value)
    }

    /// Returns `true` if a header of this name is removed.
    fn removes(&self, name: &str) -> bool {
        self.remove.iter().any(|removed| removed.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Returns the change that gives a header this value alone, or `None` if it has it.
    fn change<'a>(&self, headers: &Headers, name: &'a HeaderName, value: &'a str) -> Option<Change<'a>> {
        let (has, only) = match name {
            HeaderName::Known(known) => (headers.has(*known), headers.only(*known)),
            HeaderName::Configured(name) => {
                let mut values = headers.named_exactly(name.as_bytes());
                let first = values.next();
                (first.is_some(), first.filter(|_| values.next().is_none()))
            }
        };
        let name = name.as_str();
        match only {
            _ if !has || self.removes(name) => Some(Change::Add(name, value)),
            Some(old) if old == value.as_bytes() => None,
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

    fn named(name: &str) -> HeaderName {
        match Name::find(name.as_bytes()).0 {
            Name::Other => HeaderName::Configured(name.into()),
            known => known.into(),
        }
    }

    fn edits(remove: &[&str], set: &[(&str, &'static str)]) -> HeaderEdits {
        HeaderEdits {
            remove: remove.iter().map(|name| name.as_bytes().to_vec()).collect(),
            set: set.iter().map(|&(name, value)| (named(name), value.into())).collect(),
            add: Vec::new(),
        }
    }

    fn changes<'a>(edits: &'a HeaderEdits, headers: &'a Headers) -> Vec<Change<'a>> {
        edits.changes(headers).collect()
    }

    #[test]
    fn what_is_not_there_is_added() {
        let headers = Headers::from_iter([("X-A", "1"), ("x-b", "2")]);
        let edits = edits(&["X-A"], &[("x-b", "3"), ("x-d", "4"), ("vary", "x")]);
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
        let headers =
            [("Content-Type", "a"), ("x-a", "1"), ("x-b", "1"), ("x-b", "1"), ("te", "1"), ("te", "1")];
        let headers = Headers::from_iter(headers);
        let edits = edits(&[], &[("content-type", "a"), ("x-a", "1"), ("x-b", "1"), ("te", "1")]);
        let twice = [Change::Replace("x-b", "1"), Change::Replace("te", "1")];
        assert_eq!(changes(&edits, &headers), twice, "two values are not one");
    }

    #[test]
    fn what_is_removed_is_added_again_and_removed_once() {
        let headers = Headers::from_iter([("X-A", "1"), ("x-a", "1"), ("x_a", "1")]);
        let edits = edits(&["X-A", "x-a", "x_a"], &[("x-a", "1")]);
        let expected = [Change::Remove(b"X-A"), Change::Remove(b"x_a"), Change::Add("x-a", "1")];
        assert_eq!(changes(&edits, &headers), expected);
    }

    #[test]
    fn what_is_added_can_stand_behind_the_values_that_stay() {
        let headers = Headers::from_iter([("Vary", "a"), ("vary", "b"), ("x-a", "1")]);
        let edits = edits(&["x-a"], &[]);
        let behind = |name: &str| edits.behind_others(&headers, name, "new");
        assert_eq!(["vary", "x-a", "x-b"].map(behind), [Some("a, b, new".to_owned()), None, None]);
    }

    #[test]
    fn another_spelling_is_another_header() {
        let headers = Headers::from_iter([("x_forwarded_host", "a")]);
        let edits = edits(&[], &[("x-forwarded-host", "a")]);
        assert_eq!(changes(&edits, &headers), [Change::Add("x-forwarded-host", "a")]);
    }
}
