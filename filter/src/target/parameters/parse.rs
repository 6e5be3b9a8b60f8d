//! Reads a query string or a form, and writes it anew in the same pass: what goes upstream is what was read.

use super::super::escape::{InForm, Octets, escaped, form_octets, in_form};
use super::{MAX_PAIRS, Pair, ParameterError, Parameters, Part};
use std::slice::IterMut;

/// A pass over parameters.
struct Pass<'a> {
    part: Part,
    raw: &'a [u8],
    /// The end of `raw` that hasn't been read yet.
    rest: &'a [u8],
    /// Room for the text of the parameters, and the number of bytes of it that have been written.
    room: Vec<u8>,
    written: usize,
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
    // An escape takes three bytes, and the last name may get a `=`.
    let room = vec![0; raw.len().saturating_mul(3).saturating_add(1)];
    let mut pass = Pass { part, raw, rest: raw, room, written: 0 };
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
    pass.room.truncate(pass.written);
    Ok(Parameters { text: String::from_utf8(pass.room).unwrap_or_default(), pairs })
}

impl Pass<'_> {
    /// Reads and writes a pair, and returns where it stands in the text that was written.
    fn pair(&mut self) -> Result<Pair, ParameterError> {
        if self.written > 0 {
            self.push(b'&');
        }
        let (begin, start) = (self.at(self.rest), self.written);
        self.text(Text::Name, begin)?;
        let equals = self.written;
        self.push(b'=');
        if let [b'=', rest @ ..] = self.rest {
            self.rest = rest;
            self.text(Text::Value, begin)?;
        }
        Ok(Pair { start, equals, end: self.written })
    }

    /// Writes what stands between texts.
    fn push(&mut self, separator: u8) {
        if let Some(slot) = self.room.get_mut(self.written) {
            *slot = separator;
            self.written = self.written.saturating_add(1);
        }
    }

    /// Reads and writes a name or a value. `begin` is the position of its pair.
    fn text(&mut self, text: Text, begin: usize) -> Result<(), ParameterError> {
        /// The octets that are written as they came.
        static PLAIN: Octets = Octets::UNRESERVED.with(b"+");
        let start = self.written;
        let mut slots = self.room.get_mut(start..).unwrap_or_default().iter_mut();
        let mut bytes = self.rest.iter();
        let mut is_ascii = true;
        loop {
            let rest = bytes.as_slice();
            let Some(&octet) = bytes.next() else { break };
            if PLAIN.has(octet) {
                put(&mut slots, octet)?;
                continue;
            }
            let octet = match (octet, bytes.as_slice()) {
                (b'%', &[high, low, ref after @ ..]) if let Some(octet) = escaped(high, low) => {
                    bytes = after.iter();
                    octet
                }
                (b'%' | b';', _) => {
                    let error = ParameterError::BadEscape { part: self.part, at: self.at(rest) };
                    return Err(self.refused(begin, error));
                }
                (octet, _) if octet == b'&' || octet == b'=' && text == Text::Name => {
                    bytes = rest.iter();
                    break;
                }
                (octet, _) => octet,
            };
            match in_form(octet) {
                InForm::Plain(octet) => put(&mut slots, octet)?,
                InForm::Escaped([percent, high, low]) => {
                    is_ascii &= octet.is_ascii();
                    put(&mut slots, percent)?;
                    put(&mut slots, high)?;
                    put(&mut slots, low)?;
                }
            }
        }
        let left = slots.len();
        (self.rest, self.written) = (bytes.as_slice(), self.room.len().saturating_sub(left));
        if is_ascii || is_utf8(self.room.get(start..self.written).unwrap_or_default()) {
            return Ok(());
        }
        Err(self.refused(begin, ParameterError::NotUtf8 { part: self.part, at: begin }))
    }

    /// Returns the position in the raw text at which this end of it begins.
    fn at(&self, rest: &[u8]) -> usize {
        self.raw.len().saturating_sub(rest.len())
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

/// Writes an octet into the next slot. There is always one.
#[inline(always)]
fn put(slots: &mut IterMut<'_, u8>, octet: u8) -> Result<(), ParameterError> {
    *slots.next().ok_or(ParameterError::TooMany)? = octet;
    Ok(())
}

/// Returns `true` if a text that has been written stands for UTF-8.
#[cold]
fn is_utf8(written: &[u8]) -> bool {
    std::str::from_utf8(&form_octets(written)).is_ok()
}
