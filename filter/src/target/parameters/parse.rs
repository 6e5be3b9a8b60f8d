//! Reads a query string or a form, and writes it anew in the same pass: what goes upstream is what was read.

use super::super::escape::{Octets, escaped, form_octets, push_form_octet};
use super::{MAX_PAIRS, Pair, ParameterError, Parameters, Part};

/// A pass over parameters.
struct Pass<'a> {
    part: Part,
    raw: &'a [u8],
    /// The end of `raw` that hasn't been read yet.
    rest: &'a [u8],
    /// The text of the parameters that have been read.
    written: Vec<u8>,
}

/// The two texts of a pair.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    /// It ends before the first `=`.
    Name,
    /// It ends with the pair.
    Value,
}

/// Parses the parameters of a query string or a form.
pub(super) fn parse(raw: &[u8], part: Part) -> Result<Parameters, ParameterError> {
    // Leaves room for escapes, which most values have.
    let room = raw.len().saturating_add(raw.len() / 2);
    let mut pass = Pass { part, raw, rest: raw, written: Vec::with_capacity(room) };
    let mut pairs = Vec::new();
    loop {
        while let [b'&', rest @ ..] = pass.rest {
            pass.rest = rest;
        }
        if pass.rest.is_empty() {
            break;
        }
        if pairs.len() == MAX_PAIRS {
            return Err(ParameterError::TooMany);
        }
        pairs.push(pass.pair()?);
    }
    // Everything that isn't plain has been escaped.
    Ok(Parameters { text: String::from_utf8(pass.written).unwrap_or_default(), pairs })
}

impl Pass<'_> {
    /// Reads and writes a pair, and returns where it stands in the text that was written.
    fn pair(&mut self) -> Result<Pair, ParameterError> {
        if !self.written.is_empty() {
            self.written.push(b'&');
        }
        let (begin, start) = (self.at(), self.written.len());
        self.text(Text::Name, begin)?;
        let equals = self.written.len();
        self.written.push(b'=');
        if let [b'=', rest @ ..] = self.rest {
            self.rest = rest;
            self.text(Text::Value, begin)?;
        }
        Ok(Pair { start, equals, end: self.written.len() })
    }

    /// Reads and writes a name or a value. `begin` is the position of its pair.
    fn text(&mut self, text: Text, begin: usize) -> Result<(), ParameterError> {
        /// The octets that are written as they came.
        static PLAIN: Octets = Octets::UNRESERVED.with(b"+");
        let start = self.written.len();
        let mut is_ascii = true;
        loop {
            let (plain, rest) = PLAIN.split(self.rest);
            if !plain.is_empty() {
                self.written.extend_from_slice(plain);
            }
            self.rest = rest;
            let (octet, rest) = match *rest {
                [] | [b'&', ..] => break,
                [b'=', ..] if text == Text::Name => break,
                [b'%', high, low, ref rest @ ..] if let Some(octet) = escaped(high, low) => (octet, rest),
                [b'%' | b';', ..] => {
                    let error = ParameterError::BadEscape { part: self.part, at: self.at() };
                    return Err(self.refused(begin, error));
                }
                [octet, ref rest @ ..] => (octet, rest),
            };
            self.rest = rest;
            is_ascii &= octet.is_ascii();
            push_form_octet(&mut self.written, octet);
        }
        if is_ascii || is_utf8(self.written.get(start..).unwrap_or_default()) {
            return Ok(());
        }
        Err(self.refused(begin, ParameterError::NotUtf8 { part: self.part, at: begin }))
    }

    /// Returns the position in the raw text that the pass has come to.
    fn at(&self) -> usize {
        self.raw.len().saturating_sub(self.rest.len())
    }

    /// Returns the reason to refuse the pair that begins here: its first `;`, or else what was found.
    #[cold]
    fn refused(&self, begin: usize, found: ParameterError) -> ParameterError {
        let pair = self.raw.get(begin..).unwrap_or_default().split(|&byte| byte == b'&').next();
        match pair.unwrap_or_default().iter().position(|&byte| byte == b';') {
            Some(offset) => ParameterError::Semicolon { part: self.part, at: begin.saturating_add(offset) },
            None => found,
        }
    }
}

/// Returns `true` if a text that has been written stands for UTF-8.
#[cold]
fn is_utf8(written: &[u8]) -> bool {
    std::str::from_utf8(&form_octets(written)).is_ok()
}
