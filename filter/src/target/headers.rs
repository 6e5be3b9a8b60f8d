//! The headers of a request or an answer: a map as the host gives it. Each name is looked up once, when it comes into the
//! map.

pub mod name;

use name::{COUNT, Name, NameSet, Spelling};
use std::ops::Range;

/// A header map as the host gives it, with `:method`, `:path` and `:authority` or `:status` among the names. It keeps
/// the received bytes and the position of each text in them.
#[derive(Clone, Debug)]
pub struct Headers {
    bytes: Vec<u8>,
    spans: Vec<HeaderSpan>,
    /// The place of each name's header, in its usual spelling.
    places: [Place; COUNT],
}

/// The positions of a header's name and value in the bytes of the map, and what the name is.
#[derive(Clone, Debug)]
pub(crate) struct HeaderSpan {
    known: Name,
    spelling: Spelling,
    name: Range<usize>,
    value: Range<usize>,
}

/// The place of a name's only header among the spans: its number, counted from 1. A byte, so that a map costs little to
/// begin with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place(u8);

impl Place {
    /// There is no header with the name.
    const NOWHERE: Self = Self(0);

    /// There are several, or the only one is further behind than a byte can say.
    const SEARCH: Self = Self(u8::MAX);
}

impl Default for Headers {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}

impl HeaderSpan {
    /// Looks up the name at a position in the bytes of a map. `value` is the position of its value.
    #[inline]
    pub(crate) fn new(bytes: &[u8], name: Range<usize>, value: Range<usize>) -> Self {
        let (known, spelling) = Name::find(bytes.get(name.clone()).unwrap_or_default());
        Self { known, spelling, name, value }
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    /// Creates a map with these names and values, in their order.
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let (mut bytes, mut spans) = (Vec::new(), Vec::new());
        let hold = |bytes: &mut Vec<u8>, text: &[u8]| {
            let start = bytes.len();
            bytes.extend_from_slice(text);
            start..bytes.len()
        };
        for (name, value) in pairs {
            let (name, value) = (hold(&mut bytes, name.as_ref()), hold(&mut bytes, value.as_ref()));
            spans.push(HeaderSpan::new(&bytes, name, value));
        }
        Self::new(bytes, spans)
    }
}

impl PartialEq for Headers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Headers {}

impl Headers {
    /// Creates a map of the headers at these positions in the bytes.
    pub(crate) fn new(bytes: Vec<u8>, spans: Vec<HeaderSpan>) -> Self {
        let mut places = [Place::NOWHERE; COUNT];
        for (span, number) in spans.iter().zip(1_usize..) {
            if span.spelling == Spelling::Usual
                && let Some(place) = places.get_mut(span.known.number())
            {
                let is_first = *place == Place::NOWHERE && number < usize::from(u8::MAX);
                *place = if is_first { Place(number as u8) } else { Place::SEARCH };
            }
        }
        Self { bytes, spans, places }
    }

    fn text(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    /// Returns every name with its value, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.spans.iter().map(|span| (self.text(&span.name), self.text(&span.value)))
    }

    /// Returns the names for which `is_like` is true, as they are spelled, in order.
    #[inline]
    pub(crate) fn names(&self, is_like: impl Fn(Name, Spelling, &[u8]) -> bool) -> Vec<Vec<u8>> {
        let mut names = Vec::new();
        for span in &self.spans {
            let name = self.text(&span.name);
            if is_like(span.known, span.spelling, name) {
                names.push(name.to_vec());
            }
        }
        names
    }

    /// Returns the names of the headers in a set, as they are spelled, in order.
    pub(crate) fn named(&self, set: &NameSet) -> Vec<Vec<u8>> {
        self.names(|known, spelling, _| set.has(known) && spelling == Spelling::Usual)
    }

    /// Returns the names of the headers in a set, also of those with a `_` for a `-`, in order.
    pub(crate) fn spelled(&self, set: &NameSet) -> Vec<Vec<u8>> {
        self.names(|known, _, _| set.has(known))
    }

    /// Returns every value of this name, in order.
    pub fn all(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        let is_named = move |span: &&HeaderSpan| span.known == name && span.spelling == Spelling::Usual;
        self.spans.iter().filter(is_named).map(|span| self.text(&span.value))
    }

    /// Returns every value of a header that need not be in the table of names, in order. Case doesn't matter, and `_` is no
    /// `-`.
    pub(crate) fn named_exactly(&self, name: &[u8]) -> impl Iterator<Item = &[u8]> {
        let (known, _) = Name::find(name);
        let spans = self.spans.iter().filter(move |span| span.known == known);
        let is_named = move |span: &&HeaderSpan| self.text(&span.name).eq_ignore_ascii_case(name);
        spans.filter(is_named).map(|span| self.text(&span.value))
    }

    /// Returns the first value of this name.
    #[inline]
    pub fn first(&self, name: Name) -> Option<&[u8]> {
        match self.place(name) {
            Place::NOWHERE => None,
            Place::SEARCH => self.all(name).next(),
            place => self.value(place),
        }
    }

    /// Returns the only value of this name, or `None` if there are two.
    #[inline]
    pub fn only(&self, name: Name) -> Option<&[u8]> {
        match self.place(name) {
            Place::NOWHERE => None,
            Place::SEARCH => {
                let mut values = self.all(name);
                values.next().filter(|_| values.next().is_none())
            }
            place => self.value(place),
        }
    }

    /// Returns the host that the client names. Hosts of the filter other than Envoy leave it in `host`.
    pub(crate) fn named_host(&self) -> Option<&[u8]> {
        self.only(Name::Authority).or_else(|| self.only(Name::Host))
    }

    /// Returns `true` if there is a header with this name.
    #[inline]
    pub fn has(&self, name: Name) -> bool {
        self.place(name) != Place::NOWHERE
    }

    #[inline]
    fn place(&self, name: Name) -> Place {
        self.places.get(name.number()).copied().unwrap_or(Place::SEARCH)
    }

    #[inline]
    fn value(&self, Place(number): Place) -> Option<&[u8]> {
        let span = self.spans.get(usize::from(number).wrapping_sub(1))?;
        Some(self.text(&span.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_values_are_not_one() {
        let headers = Headers::from_iter([("Origin", "a"), ("origin", "b")]);
        assert_eq!((headers.first(Name::Origin), headers.only(Name::Origin)), (Some(&b"a"[..]), None));
        assert_eq!(headers.all(Name::Origin).collect::<Vec<_>>(), [b"a", b"b"]);
    }

    #[test]
    fn a_header_is_found_behind_any_number_of_others() {
        for others in [0, 1, 254, 255, 256, 1_000] {
            let mut pairs = vec![("accept", "x"); others];
            pairs.push(("Content-Type", "a"));
            let headers = Headers::from_iter(pairs.iter().copied());
            let found = [headers.first(Name::ContentType), headers.only(Name::ContentType)];
            assert_eq!(found, [Some(&b"a"[..]); 2], "{others}");
            assert!(headers.has(Name::ContentType) && !headers.has(Name::ContentLength));
            pairs.push(("content-type", "b"));
            let headers = Headers::from_iter(pairs.iter().copied());
            let found = (headers.first(Name::ContentType), headers.only(Name::ContentType));
            assert_eq!(found, (Some(&b"a"[..]), None), "{others}");
        }
    }

    #[test]
    fn an_underscore_makes_it_another_header_that_is_removed_with_the_first() {
        let headers = Headers::from_iter([("content_type", "a"), ("Content-Type", "b"), ("accept", "c")]);
        assert_eq!(headers.only(Name::ContentType), Some(&b"b"[..]));
        let set = NameSet::of(&[Name::ContentType]);
        assert_eq!(headers.named(&set), [b"Content-Type"]);
        assert_eq!(headers.spelled(&set), [b"content_type", b"Content-Type"]);
    }
}
