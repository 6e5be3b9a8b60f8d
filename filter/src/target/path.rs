//! The canonical path. Prometheus routes on the percent-decoded path and so executes `/-%2Freload`. A path that can be
//! read in two ways is therefore refused, and any other has exactly one spelling (`threats.md` T1 to T4).

use super::escape::{Octets, escaped, is_printable, is_unreserved, push_escape};
use std::borrow::Cow;
use std::fmt;

/// A path in its only spelling. It begins with `/`, has no empty segment except perhaps the last, and no `.` or `..`
/// segment. Unreserved octets are never escaped, and all octets that a path can't hold are upper-case escapes.
///
/// Parsing the text of a canonical path gives the same path again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalPath<'a> {
    text: Cow<'a, str>,
    encoded_slash: Option<usize>,
}

/// The reason why a request target is refused. Positions are bytes from the start of the raw target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// The target doesn't begin with `/`.
    NotAPath,
    /// A byte below 0x21 or above 0x7e, or one of `\`, `#`, and in the path `;`.
    Byte {
        /// The byte that is refused.
        byte: u8,
        /// The position of the byte.
        at: usize,
    },
    /// An escape of a byte that would change the meaning of the path if it stood there unescaped.
    Escape {
        /// The byte that the escape stands for.
        byte: u8,
        /// The position of its `%`.
        at: usize,
    },
    /// A `%` without two hexadecimal digits.
    BadEscape {
        /// The position of the `%`.
        at: usize,
    },
    /// A `.` or `..` segment, in any spelling.
    DotSegment {
        /// The position at which the segment begins.
        at: usize,
    },
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPath => f.write_str("the request target must begin with \"/\""),
            Self::Byte { byte, at } => {
                write!(f, "the request target has the byte 0x{byte:02x} at position {at}")
            }
            Self::Escape { byte, at } => {
                write!(
                    f,
                    "the path has the escape %{byte:02X} at position {at}, which servers read in two ways"
                )
            }
            Self::BadEscape { at } => {
                write!(f, "the request target has a \"%\" without two hexadecimal digits at position {at}")
            }
            Self::DotSegment { at } => write!(f, "the path has a \".\" or \"..\" segment at position {at}"),
        }
    }
}

impl<'a> CanonicalPath<'a> {
    /// Parses a raw path, without its query. A path that is canonical already is taken as it is.
    ///
    /// An escaped slash is kept and remembered ([`CanonicalPath::encoded_slash`]), since only the mount knows if it is
    /// allowed. It already counts as the end of a segment.
    ///
    /// # Errors
    ///
    /// Returns an error for the first byte or segment that T1 refuses.
    pub fn parse(raw: &'a [u8]) -> Result<Self, TargetError> {
        match Self::before_a_query(raw) {
            (Some(path), []) => Ok(path),
            _ => Self::rewritten(raw),
        }
    }

    /// Parses the path of a target, and returns the raw query string behind it.
    ///
    /// # Errors
    ///
    /// Returns the error of [`CanonicalPath::parse`].
    pub(super) fn of_target(raw: &'a [u8]) -> Result<(Self, Option<&'a [u8]>), TargetError> {
        if let (Some(path), rest @ ([] | [b'?', ..])) = Self::before_a_query(raw) {
            return Ok((path, rest.get(1..)));
        }
        let mut parts = raw.splitn(2, |&byte| byte == b'?');
        let path = Self::rewritten(parts.next().unwrap_or_default())?;
        Ok((path, parts.next()))
    }

    /// Returns the longest beginning that is written as a canonical path is, with what follows it.
    fn before_a_query(raw: &'a [u8]) -> (Option<Self>, &'a [u8]) {
        let mut is_after_slash = false;
        let is_other = |byte: &u8| {
            let kind = KINDS.get(usize::from(*byte)).copied().unwrap_or(Kind::Other);
            let is_other = kind > if is_after_slash { Kind::Plain } else { Kind::Slash };
            is_after_slash = kind == Kind::Slash;
            is_other
        };
        let end = raw.iter().position(is_other).unwrap_or(raw.len());
        let (path, rest) = raw.split_at_checked(end).unwrap_or((raw, &[]));
        let text = std::str::from_utf8(path).ok().filter(|path| path.starts_with('/'));
        (text.map(|text| Self { text: text.into(), encoded_slash: None }), rest)
    }

    /// Writes a path anew, in one pass.
    #[cold]
    fn rewritten(raw: &[u8]) -> Result<Self, TargetError> {
        if raw.first() != Some(&b'/') {
            return Err(TargetError::NotAPath);
        }
        let mut path = Builder { text: String::with_capacity(raw.len()), ..Builder::default() };
        let mut bytes = raw.iter().copied().enumerate();
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'/' => path.slash(at)?,
                b'%' => {
                    let mut digit = || bytes.next().map(|(_, byte)| byte);
                    let byte = digit().zip(digit()).and_then(|(high, low)| escaped(high, low));
                    let byte = byte.ok_or(TargetError::BadEscape { at })?;
                    path.escape(byte, at)?;
                }
                _ if !is_printable(byte) || matches!(byte, b'\\' | b'#' | b';') => {
                    return Err(TargetError::Byte { byte, at });
                }
                _ => path.octet(byte),
            }
        }
        path.finish()
    }

    /// Returns the path as it is matched and forwarded.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the path as its text.
    pub fn into_text(self) -> String {
        self.text.into_owned()
    }

    /// Returns the path as it is read by a server that treats an escaped slash as a slash, and several slashes as one.
    pub fn with_slashes(&self) -> String {
        let mut text = String::with_capacity(self.text.len());
        for (index, part) in self.text.split('%').enumerate() {
            let (separator, part) = match part.strip_prefix("2F") {
                _ if index == 0 => ("", part),
                Some(rest) => ("/", rest),
                None => ("%", part),
            };
            for piece in [separator, part] {
                let piece = if text.ends_with('/') { piece.trim_start_matches('/') } else { piece };
                text.push_str(piece);
            }
        }
        text
    }

    /// Returns the position of the first escaped slash in the raw path, if there is one. Only an opaque mount may let
    /// it pass.
    pub fn encoded_slash(&self) -> Option<usize> {
        self.encoded_slash
    }
}

/// The octets that a segment holds unescaped (RFC 3986 §3.3), without `;`.
static SEGMENT: Octets = Octets::UNRESERVED.with(b"!$&'()*+,=:@");

/// The meaning of a byte in a path that may be canonical as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// It may stand anywhere.
    Plain,
    /// It may not stand after a slash here: it may begin a dot segment.
    Dot,
    /// It may not stand after a slash.
    Slash,
    /// It may stand nowhere.
    Other,
}

/// The meaning of each byte.
#[allow(clippy::indexing_slicing, reason = "there is a place for each byte, and it runs in the compiler")]
static KINDS: [Kind; 256] = {
    let mut kinds = [Kind::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        kinds[byte as usize] = match byte as u8 {
            b'/' => Kind::Slash,
            b'.' => Kind::Dot,
            other if SEGMENT.has(other) => Kind::Plain,
            _ => Kind::Other,
        };
        byte += 1;
    }
    kinds
};

#[derive(Default)]
struct Builder {
    text: String,
    segment: Segment,
    encoded_slash: Option<usize>,
}

/// The segment that is being read, as far as is needed to recognise a dot segment.
#[derive(Default)]
struct Segment {
    start: usize,
    dots: usize,
    other: bool,
}

impl Builder {
    fn slash(&mut self, at: usize) -> Result<(), TargetError> {
        self.end_segment(at.saturating_add(1))?;
        if !self.text.ends_with('/') {
            self.text.push('/');
        }
        Ok(())
    }

    fn escape(&mut self, byte: u8, at: usize) -> Result<(), TargetError> {
        match byte {
            b'/' => {
                self.encoded_slash.get_or_insert(at);
                self.end_segment(at.saturating_add(3))?;
                push_escape(&mut self.text, byte);
                Ok(())
            }
            b'\\' | b'#' | b'?' | b';' | 0..0x20 | 0x7f => Err(TargetError::Escape { byte, at }),
            _ if is_unreserved(byte) => {
                self.octet(byte);
                Ok(())
            }
            _ => {
                self.segment.other = true;
                push_escape(&mut self.text, byte);
                Ok(())
            }
        }
    }

    fn octet(&mut self, byte: u8) {
        if byte == b'.' {
            self.segment.dots = self.segment.dots.saturating_add(1);
        } else {
            self.segment.other = true;
        }
        if SEGMENT.has(byte) {
            self.text.push(char::from(byte));
        } else {
            push_escape(&mut self.text, byte);
        }
    }

    /// Closes the current segment. The next one begins at `next`.
    fn end_segment(&mut self, next: usize) -> Result<(), TargetError> {
        let segment = std::mem::replace(&mut self.segment, Segment { start: next, ..Segment::default() });
        if !segment.other && matches!(segment.dots, 1 | 2) {
            return Err(TargetError::DotSegment { at: segment.start });
        }
        Ok(())
    }

    fn finish<'a>(mut self) -> Result<CanonicalPath<'a>, TargetError> {
        self.end_segment(0)?;
        Ok(CanonicalPath { text: self.text.into(), encoded_slash: self.encoded_slash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(raw: &str) -> Result<String, TargetError> {
        CanonicalPath::parse(raw.as_bytes()).map(|path| path.text.into_owned())
    }

    macro_rules! accepted {
        ($($name:ident: $raw:literal => $canonical:literal;)*) => {
            $(#[test] fn $name() { assert_eq!(canonical($raw).as_deref(), Ok($canonical)); })*
        };
    }

    accepted! {
        the_root_is_itself: "/" => "/";
        a_plain_path_is_itself: "/api/v1/query" => "/api/v1/query";
        unreserved_escapes_are_decoded: "/api/v1/%71uery%2D%2e%5F%7e" => "/api/v1/query-._~";
        slashes_are_merged: "//api///v1//" => "/api/v1/";
        other_escapes_become_upper_case: "/label/%c3%a9%20/values" => "/label/%C3%A9%20/values";
        escapes_of_what_has_a_meaning_stay: "/a%3db%21%2b%40" => "/a%3Db%21%2B%40";
        an_escaped_percent_stays_escaped: "/%2571uery" => "/%2571uery";
        what_no_segment_holds_is_escaped: "/{a}|\"" => "/%7Ba%7D%7C%22";
        three_dots_are_a_name: "/.../..a/a.." => "/.../..a/a..";
    }

    macro_rules! refused {
        ($($name:ident: $raw:expr => $error:expr;)*) => {
            $(#[test] fn $name() { assert_eq!(CanonicalPath::parse($raw), Err($error)); })*
        };
    }

    refused! {
        an_empty_path_is_refused: b"" => TargetError::NotAPath;
        an_absolute_form_is_refused: b"http://a/" => TargetError::NotAPath;
        an_encoded_backslash_is_refused: b"/a%5cb" => TargetError::Escape { byte: b'\\', at: 2 };
        an_encoded_hash_is_refused: b"/a%23" => TargetError::Escape { byte: b'#', at: 2 };
        an_encoded_question_mark_is_refused: b"/%3f" => TargetError::Escape { byte: b'?', at: 1 };
        an_encoded_semicolon_is_refused: b"/%3B" => TargetError::Escape { byte: b';', at: 1 };
        an_encoded_nul_is_refused: b"/a%00" => TargetError::Escape { byte: 0, at: 2 };
        an_encoded_delete_is_refused: b"/a%7f" => TargetError::Escape { byte: 0x7f, at: 2 };
        a_half_escape_is_refused: b"/a%4" => TargetError::BadEscape { at: 2 };
        an_escape_of_no_digits_is_refused: b"/a%zz" => TargetError::BadEscape { at: 2 };
        a_signed_escape_is_refused: b"/a%+1" => TargetError::BadEscape { at: 2 };
        a_space_is_refused: b"/a b" => TargetError::Byte { byte: b' ', at: 2 };
        a_high_byte_is_refused: b"/\xc3\xa9" => TargetError::Byte { byte: 0xc3, at: 1 };
        a_backslash_is_refused: b"/a\\..\\b" => TargetError::Byte { byte: b'\\', at: 2 };
        a_fragment_is_refused: b"/a#b" => TargetError::Byte { byte: b'#', at: 2 };
        a_semicolon_is_refused: b"/..;/a" => TargetError::Byte { byte: b';', at: 3 };
        a_dot_segment_is_refused: b"/a/./b" => TargetError::DotSegment { at: 3 };
        a_last_dot_segment_is_refused: b"/a/.." => TargetError::DotSegment { at: 3 };
        a_half_encoded_dot_segment_is_refused: b"/a/.%2E/b" => TargetError::DotSegment { at: 3 };
        an_encoded_dot_segment_is_refused: b"/%2e%2e/b" => TargetError::DotSegment { at: 1 };
        a_dot_segment_beside_an_encoded_slash_is_refused: b"/a%2f../b" => TargetError::DotSegment { at: 5 };
    }

    #[test]
    fn an_encoded_slash_is_remembered() {
        let path = CanonicalPath::parse(b"/a%2fb%2Fc").unwrap();
        assert_eq!((path.as_str(), path.encoded_slash()), ("/a%2Fb%2Fc", Some(2)));
        assert_eq!(path.with_slashes(), "/a/b/c");
        let path = CanonicalPath::parse(b"/%2f%2fa/%2fb%2f/%41%20").unwrap();
        assert_eq!(path.with_slashes(), "/a/b/A%20");
    }
}
