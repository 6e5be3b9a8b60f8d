//! The parameters of the query string and of a form body. Parameters that two readers may read in two ways are refused,
//! and the text that goes upstream is written from the parsed parameters (`threats.md` P1, P2).
//!
//! Parameters are kept as they are written. Two texts are written alike only if they are the same, so that names and
//! values can be compared without decoding them.

pub mod accepted;
mod error;
mod parse;

pub use error::{ParameterError, Part};

use super::escape::{form_octets, form_text, is_form_text};
use super::query::QueryString;
use std::borrow::Cow;
use std::convert::Infallible;
use std::mem::replace;

/// The largest number of parameters in a request. Above 10,000 Go drops all of them.
pub const MAX_PAIRS: usize = 1_000;

/// The names of the parameters that an endpoint lists. Those that end in `[]` may repeat, and so may Alertmanager's lists
/// of matchers; the others may not.
pub type ParameterNames = &'static [&'static str];

/// Returns `true` if a parameter of this name may stand more than once.
pub fn may_repeat(name: &str) -> bool {
    name.ends_with("[]") || matches!(name, "filter" | "receiver_matchers")
}

/// Parameters in the order in which they were received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// The pairs as a query string or form has them, joined by `&`.
    text: String,
    pairs: Vec<Pair>,
}

/// The positions of a pair in the text: of its beginning, of the `=` after the name, and of its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pair {
    start: usize,
    equals: usize,
    end: usize,
}

/// A name with its value.
#[derive(Clone, Copy, Debug)]
pub struct Parameter<'a> {
    name: &'a str,
    value: &'a str,
}

/// A text as a query string or form has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormText(String);

impl FormText {
    /// Writes a text as a query string or a form has it.
    pub fn new(text: &str) -> Self {
        Self(form_text(text))
    }

    /// Returns the text as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'a> Parameter<'a> {
    /// Returns `true` if the parameter has this name.
    pub fn is(self, name: &str) -> bool {
        is_form_text(self.name, name)
    }

    /// Returns `true` if the parameter has one of these names.
    pub fn is_any(self, names: &[&str]) -> bool {
        names.iter().any(|name| self.is(name))
    }

    /// Returns the name as the client means it, without escapes.
    pub fn name(self) -> Cow<'a, str> {
        decoded(self.name)
    }

    /// Returns the value as the client means it, without escapes.
    pub fn value(self) -> Cow<'a, str> {
        decoded(self.value)
    }

    /// Returns the value as it is written.
    pub fn written_value(self) -> &'a str {
        self.value
    }

    /// Returns `true` if the value is empty.
    pub fn is_empty(self) -> bool {
        self.value.is_empty()
    }

    /// Returns the length of the value in bytes.
    pub fn value_length(self) -> usize {
        self.value.len().saturating_sub(self.value.matches('%').count().saturating_mul(2))
    }

    /// Returns `true` if the value has at most so many bytes.
    pub fn fits(self, max: usize) -> bool {
        self.value.len() <= max || self.value_length() <= max
    }
}

/// A change of a parameter.
enum Change {
    /// The parameter stays as it is.
    None,
    /// The parameter gets another value.
    Value(FormText),
    /// The parameter is left out of the text.
    Remove,
}

impl Parameters {
    /// Parses the parameters of a target's query string. Without a query string there are none.
    ///
    /// # Errors
    ///
    /// Returns an error for the first pair that P2 calls ambiguous.
    pub fn of_query(query: Option<QueryString<'_>>) -> Result<Self, ParameterError> {
        query.map_or_else(|| Ok(Self::default()), |query| Self::parse(query.as_bytes(), Part::Query))
    }

    /// Parses the parameters of a query string or a form.
    ///
    /// # Errors
    ///
    /// Returns an error for the first pair that P2 calls ambiguous.
    pub fn parse(raw: &[u8], part: Part) -> Result<Self, ParameterError> {
        parse::parse(raw, part)
    }

    /// Settles the parameters together with `earlier`, those of the other part of the request. A name that may stand
    /// only once stays once if all its values are the same.
    ///
    /// # Errors
    ///
    /// Returns an error if a name that may stand only once has two values, or if there are too many pairs in all.
    fn settle(&mut self, names: ParameterNames, earlier: &Self) -> Result<(), ParameterError> {
        match self.pairs.len().saturating_add(earlier.pairs.len()) {
            0 | 1 => return Ok(()),
            2..=MAX_PAIRS => {}
            _ => return Err(ParameterError::TooMany),
        }
        for &name in names.iter().filter(|name| !may_repeat(name)) {
            let mut given = earlier.named(name).chain(self.named(name));
            let Some(first) = given.next() else { continue };
            let mut is_repeated = false;
            for other in given {
                if other.value != first.value {
                    return Err(ParameterError::Repeated { name });
                }
                is_repeated = true;
            }
            if is_repeated {
                let mut is_given = earlier.has(name);
                self.remove(|given| given.is(name) && replace(&mut is_given, true));
            }
        }
        Ok(())
    }

    /// Returns the parameters, in order.
    pub fn iter(&self) -> impl Iterator<Item = Parameter<'_>> {
        self.pairs.iter().map(|pair| self.at(pair))
    }

    fn at(&self, pair: &Pair) -> Parameter<'_> {
        let name = self.text.get(pair.start..pair.equals).unwrap_or_default();
        let value = self.text.get(pair.equals.saturating_add(1)..pair.end).unwrap_or_default();
        Parameter { name, value }
    }

    /// Returns the parameters with this name, in order.
    pub fn named(&self, name: &str) -> impl Iterator<Item = Parameter<'_>> {
        self.iter().filter(move |given| given.is(name))
    }

    /// Returns `true` if there is a parameter with this name.
    pub fn has(&self, name: &str) -> bool {
        self.named(name).next().is_some()
    }

    /// Returns the first value of this name.
    pub fn value(&self, name: &str) -> Option<Cow<'_, str>> {
        self.named(name).next().map(Parameter::value)
    }

    /// Returns every value of this name.
    pub fn values(&self, name: &str) -> impl Iterator<Item = Cow<'_, str>> {
        self.named(name).map(Parameter::value)
    }

    /// Removes every parameter for which `goes` is true.
    pub fn remove(&mut self, mut goes: impl FnMut(Parameter<'_>) -> bool) {
        let Ok(()) =
            self.change(|given| Ok::<_, Infallible>(if goes(given) { Change::Remove } else { Change::None }));
    }

    /// Gives the parameters with this name other values, unless `rewritten` returns `None`.
    ///
    /// # Errors
    ///
    /// Returns the first error of `rewritten`, and changes nothing then.
    pub fn rewrite<E>(
        &mut self,
        name: &str,
        mut rewritten: impl FnMut(Parameter<'_>) -> Result<Option<FormText>, E>,
    ) -> Result<(), E> {
        self.change(|given| match given.is(name) {
            true => Ok(rewritten(given)?.map_or(Change::None, Change::Value)),
            false => Ok(Change::None),
        })
    }

    /// Puts each parameter with this name so many times in its place.
    pub fn repeat(&mut self, name: &str, times: usize) {
        let mut repeated = Self::default();
        for given in self.iter() {
            let times = if given.is(name) { times } else { 1 };
            (0..times).for_each(|_| repeated.push(given));
        }
        *self = repeated;
    }

    /// Changes the parameters one after the other. Nothing is copied until one changes.
    fn change<E>(&mut self, mut change: impl FnMut(Parameter<'_>) -> Result<Change, E>) -> Result<(), E> {
        let mut changed: Option<Self> = None;
        for (number, pair) in self.pairs.iter().enumerate() {
            let given = self.at(pair);
            match (change(given)?, &mut changed) {
                (Change::None, None) => {}
                (Change::None, Some(changed)) => changed.push(given),
                (Change::Remove, changed) => _ = changed.get_or_insert_with(|| self.first(number)),
                (Change::Value(FormText(value)), changed) => {
                    let changed = changed.get_or_insert_with(|| self.first(number));
                    changed.push(Parameter { value: &value, ..given });
                }
            }
        }
        if let Some(changed) = changed {
            *self = changed;
        }
        Ok(())
    }

    /// Returns the first parameters, with room for the others.
    fn first(&self, number: usize) -> Self {
        let mut first = Self {
            text: String::with_capacity(self.text.len().saturating_mul(2)),
            pairs: Vec::with_capacity(self.pairs.len()),
        };
        self.iter().take(number).for_each(|given| first.push(given));
        first
    }

    /// Adds a parameter behind all others.
    fn push(&mut self, Parameter { name, value }: Parameter<'_>) {
        if !self.text.is_empty() {
            self.text.push('&');
        }
        let start = self.text.len();
        self.text.push_str(name);
        let equals = self.text.len();
        self.text.push('=');
        self.text.push_str(value);
        self.pairs.push(Pair { start, equals, end: self.text.len() });
    }

    /// Adds a parameter before all others.
    pub fn put_first(&mut self, name: &str, value: &str) {
        let (FormText(name), FormText(value)) = (FormText::new(name), FormText::new(value));
        let mut changed = Self::default();
        changed.push(Parameter { name: &name, value: &value });
        self.iter().for_each(|given| changed.push(given));
        *self = changed;
    }

    /// Returns the parameters as a query string or form.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the parameters as a query string or form.
    pub fn into_text(self) -> String {
        self.text
    }
}

/// Returns the text that stands in a query string or a form like this.
fn decoded(written: &str) -> Cow<'_, str> {
    match form_octets(written.as_bytes()) {
        Cow::Borrowed(_) => written.into(),
        // That it is UTF-8 has been checked when it was read.
        Cow::Owned(octets) => String::from_utf8(octets).unwrap_or_default().into(),
    }
}

#[cfg(test)]
mod tests;
