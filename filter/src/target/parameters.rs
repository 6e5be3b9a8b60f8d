//! The parameters of the query string and of a form body. Parameters that two readers may read in two ways are refused,
//! and the text that goes upstream is written from the parsed parameters (`threats.md` P1, P2).

pub mod accepted;

use super::escape::{escaped, form_text_length, push_form_text};
use super::query::QueryString;
use std::fmt;

/// The largest number of parameters in a request. Above 10,000 Go drops all of them.
pub const MAX_PAIRS: usize = 1_000;

/// Parameters in the order in which they were received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
}

/// The names of the parameters that an endpoint lists. Those that end in `[]` may repeat, the others may not.
pub type ParameterNames = &'static [&'static str];

/// The part of a request in which parameters stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The query string of the target.
    Query,
    /// The body, which is a form.
    Form,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Query => "query string",
            Self::Form => "form",
        })
    }
}

/// The reason why parameters are ambiguous. Positions are bytes from the start of the query string or form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterError {
    /// A `;`, which some servers read as a separator, and because of which Go drops the pair.
    Semicolon {
        /// The part that contains it.
        part: Part,
        /// The position of the `;`.
        at: usize,
    },
    /// A `%` without two hexadecimal digits.
    BadEscape {
        /// The part that contains it.
        part: Part,
        /// The position of the `%`.
        at: usize,
    },
    /// A name or value that isn't UTF-8 once decoded.
    NotUtf8 {
        /// The part that contains it.
        part: Part,
        /// The position at which the pair begins.
        at: usize,
    },
    /// A request with more than [`MAX_PAIRS`] parameters.
    TooMany,
    /// A parameter that may have only one value, but has two: in the query string, in the form, or in both.
    Repeated {
        /// The parameter's name, as the endpoint lists it.
        name: &'static str,
    },
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Semicolon { part, at } => {
                write!(
                    f,
                    "the {part} has a \";\" at position {at}: separate parameters by \"&\", write %3B for the character"
                )
            }
            Self::BadEscape { part, at } => {
                write!(f, "the {part} has a \"%\" without two hexadecimal digits at position {at}")
            }
            Self::NotUtf8 { part, at } => {
                write!(f, "the {part} has a parameter at position {at} that is not UTF-8")
            }
            Self::TooMany => write!(f, "the request has more than {MAX_PAIRS} parameters"),
            Self::Repeated { name } => {
                write!(f, "the parameter \"{name}\" is given more than once, with different values")
            }
        }
    }
}

impl Parameters {
    /// Parses the parameters of a target's query string. Without a query string there are none.
    ///
    /// # Errors
    ///
    /// Returns an error for the first pair that P2 calls ambiguous.
    pub fn of_query(query: Option<&QueryString>) -> Result<Self, ParameterError> {
        Self::parse(query.map(QueryString::as_str).unwrap_or_default().as_bytes(), Part::Query)
    }

    /// Parses the parameters of a query string or a form.
    ///
    /// # Errors
    ///
    /// Returns an error for the first pair that P2 calls ambiguous.
    pub fn parse(raw: &[u8], part: Part) -> Result<Self, ParameterError> {
        let mut pairs = Vec::new();
        let mut at = 0_usize;
        for pair in raw.split(|&byte| byte == b'&') {
            if !pair.is_empty() {
                if pairs.len() == MAX_PAIRS {
                    return Err(ParameterError::TooMany);
                }
                pairs.push(parse_pair(pair, part, at)?);
            }
            at = at.saturating_add(pair.len()).saturating_add(1);
        }
        Ok(Self { pairs })
    }

    /// Settles the parameters together with `earlier`, those of the other part of the request. A name that may stand
    /// only once stays once if all its values are the same.
    ///
    /// # Errors
    ///
    /// Returns an error if a name that may stand only once has two values, or if there are too many pairs in all.
    fn settle(&mut self, names: ParameterNames, earlier: &Self) -> Result<(), ParameterError> {
        if self.pairs.len().saturating_add(earlier.pairs.len()) > MAX_PAIRS {
            return Err(ParameterError::TooMany);
        }
        for &name in names.iter().filter(|name| !name.ends_with("[]")) {
            let mut values = earlier.values(name).chain(self.values(name));
            let Some(value) = values.next() else { continue };
            let mut is_repeated = false;
            for other in values {
                if other != value {
                    return Err(ParameterError::Repeated { name });
                }
                is_repeated = true;
            }
            if is_repeated {
                let mut is_given = earlier.value(name).is_some();
                self.pairs.retain(|(given, _)| given != name || !std::mem::replace(&mut is_given, true));
            }
        }
        Ok(())
    }

    /// Returns the names and values, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the first value of this name.
    pub fn value<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.values(name).next()
    }

    /// Returns every value of this name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Returns every value of this name, so that it can be changed.
    pub fn values_mut(&mut self, name: &str) -> impl Iterator<Item = &mut String> {
        self.pairs.iter_mut().filter(move |(given, _)| given == name).map(|(_, value)| value)
    }

    /// Removes every parameter for which `goes` is true of its name and value.
    pub fn remove(&mut self, goes: impl Fn(&str, &str) -> bool) {
        self.pairs.retain(|(name, value)| !goes(name, value));
    }

    /// Adds a parameter before all others.
    pub fn put_first(&mut self, name: &str, value: String) {
        self.pairs.insert(0, (name.to_owned(), value));
    }

    /// Writes the parameters as a query string or form.
    pub fn to_text(&self) -> String {
        self.to_text_within(usize::MAX).unwrap_or_default()
    }

    /// Returns the length of the written parameters, in bytes.
    pub fn text_length(&self) -> usize {
        let text = |text: &str| form_text_length(text).saturating_add(1);
        let pairs = self.pairs.iter().map(|(name, value)| text(name).saturating_add(text(value)));
        pairs.fold(0, usize::saturating_add).saturating_sub(1)
    }

    /// Writes the parameters, or returns `None` if the text is longer than `max` bytes.
    pub fn to_text_within(&self, max: usize) -> Option<String> {
        let mut text = String::new();
        for (name, value) in &self.pairs {
            let more = name.len().saturating_add(value.len());
            if text.len().saturating_add(more) > max {
                return None;
            }
            // Leaves room for escapes, which most values have.
            text.reserve(more.saturating_add(more / 2).saturating_add(2));
            if !text.is_empty() {
                text.push('&');
            }
            push_form_text(&mut text, name);
            text.push('=');
            push_form_text(&mut text, value);
        }
        (text.len() <= max).then_some(text)
    }
}

fn parse_pair(pair: &[u8], part: Part, at: usize) -> Result<(String, String), ParameterError> {
    if let Some(offset) = pair.iter().position(|&byte| byte == b';') {
        return Err(ParameterError::Semicolon { part, at: at.saturating_add(offset) });
    }
    let equals = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
    let (name, value) = pair.split_at_checked(equals).unwrap_or((pair, &[]));
    let value_at = at.saturating_add(equals).saturating_add(1);
    let decode = |text: &[u8], text_at: usize| {
        let bytes = decode(text)
            .map_err(|offset| ParameterError::BadEscape { part, at: text_at.saturating_add(offset) })?;
        String::from_utf8(bytes).map_err(|_| ParameterError::NotUtf8 { part, at })
    };
    Ok((decode(name, at)?, decode(value.get(1..).unwrap_or_default(), value_at)?))
}

/// Decodes `+` and escapes, or returns the position of a `%` that begins no escape.
fn decode(raw: &[u8]) -> Result<Vec<u8>, usize> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut rest = raw;
    loop {
        let plain = rest.iter().position(|byte| matches!(byte, b'+' | b'%')).unwrap_or(rest.len());
        let (plain, others) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
        decoded.extend_from_slice(plain);
        rest = match others {
            [] => return Ok(decoded),
            [b'+', others @ ..] => {
                decoded.push(b' ');
                others
            }
            [_, escape @ ..] => {
                let octet = escaped(&mut escape.iter().copied().enumerate());
                decoded.push(octet.ok_or(raw.len().saturating_sub(others.len()))?);
                escape.get(2..).unwrap_or_default()
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const QUERY: ParameterNames = &["query", "match[]"];

    fn parse(raw: &str) -> Result<Parameters, ParameterError> {
        Parameters::parse(raw.as_bytes(), Part::Query)
    }

    /// Settles a query string, and then a form together with it.
    fn settled(query: &str, form: &str) -> Result<(String, String), ParameterError> {
        let mut earlier = parse(query).unwrap();
        earlier.settle(QUERY, &Parameters::default())?;
        let mut form = Parameters::parse(form.as_bytes(), Part::Form).unwrap();
        form.settle(QUERY, &earlier)?;
        Ok((earlier.to_text(), form.to_text()))
    }

    #[test]
    fn parameters_are_printed_from_what_was_read() {
        let parameters = parse("%71uery=a+b%20c&&match%5B%5D=%7Bx%3D%221%22%7D&flag").unwrap();
        assert_eq!(parameters.to_text(), "query=a+b+c&match%5B%5D=%7Bx%3D%221%22%7D&flag=");
    }

    #[test]
    fn what_go_would_drop_is_refused() {
        let part = Part::Query;
        assert_eq!(parse("a=1;b=2"), Err(ParameterError::Semicolon { part, at: 3 }));
        assert_eq!(parse("x=1&a=%zz"), Err(ParameterError::BadEscape { part, at: 6 }));
        assert_eq!(parse("x=1&a=%ff"), Err(ParameterError::NotUtf8 { part, at: 4 }));
        assert_eq!(parse(&"a&".repeat(1_001)), Err(ParameterError::TooMany));
        assert!(parse(&"a&".repeat(1_000)).is_ok());
    }

    #[test]
    fn a_single_value_has_one_value_in_query_string_and_form_together() {
        let repeated = Err(ParameterError::Repeated { name: "query" });
        for (query, form) in [
            ("query=a&query=b", ""),
            ("query=a&query=", ""),
            ("query=a&query=a&query=b", ""),
            ("query=a&query=a+", ""),
            ("", "query=a&query=A"),
            ("query=a", "query=b"),
            ("query=a", "query=a&query=b"),
            ("query=a&query=a", "query=b"),
            ("query", "query=b"),
        ] {
            assert_eq!(settled(query, form), repeated, "{query} {form}");
        }
        assert!(settled("match[]=a&match[]=b", "match[]=c&query=d").is_ok());
    }

    #[test]
    fn the_same_value_is_printed_once_and_where_it_came_first() {
        for (query, form, printed) in [
            ("query=a&x=1&query=a", "", ("query=a&x=1", "")),
            ("query=a&query=a&query=a", "", ("query=a", "")),
            ("query=a+b&%71uery=a%20b", "", ("query=a+b", "")),
            ("query&query=", "", ("query=", "")),
            ("", "x=1&query=a&query=a", ("", "x=1&query=a")),
            ("query=a", "query=a&x=1", ("query=a", "x=1")),
            ("query=a&query=a", "query=a&query=a", ("query=a", "")),
            (
                "match[]=a&match[]=a",
                "match[]=a&x=1&x=1",
                ("match%5B%5D=a&match%5B%5D=a", "match%5B%5D=a&x=1&x=1"),
            ),
        ] {
            let (before, after) = printed;
            assert_eq!(settled(query, form), Ok((before.to_owned(), after.to_owned())), "{query} {form}");
        }
    }

    #[test]
    fn the_pairs_of_both_parts_are_counted_together() {
        assert_eq!(settled(&"a&".repeat(600), &"a&".repeat(401)), Err(ParameterError::TooMany));
        assert!(settled(&"a&".repeat(600), &"a&".repeat(400)).is_ok());
    }

    proptest! {
        #[test]
        fn any_pairs_survive_printing_and_reading(pairs in prop::collection::vec((".{1,8}", ".{0,8}"), 0..6)) {
            let parameters = Parameters { pairs };
            prop_assert_eq!(parameters.text_length(), parameters.to_text().len());
            prop_assert_eq!(parse(&parameters.to_text()), Ok(parameters));
        }

        #[test]
        fn reading_twice_changes_nothing(raw in "[a-c=&+%0-9;]{0,24}") {
            if let Ok(parameters) = parse(&raw) {
                prop_assert_eq!(parse(&parameters.to_text()), Ok(parameters));
            }
        }
    }
}
