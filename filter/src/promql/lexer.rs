//! Cuts a query into tokens exactly where Prometheus does (`promql/parser/lex.go`): between braces and brackets there
//! are other tokens than elsewhere. A character that isn't known is an error, and is never skipped.

use super::error::{Problem, SyntaxError};
use super::literal;
use crate::time::duration;

/// A token with its position, in bytes from the start of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name, a keyword, or a number that is written as a word.
    Word,
    /// A number or a duration.
    Number,
    /// A string in quotes of any kind.
    Text,
    /// The sign `+` or `-`.
    Sign,
    /// Any other operator that isn't a word.
    Operator,
    /// An operator between braces that compares a label.
    Match,
    /// An opening parenthesis, as in `sum(`.
    Open,
    /// A closing parenthesis, as in `up)`.
    Close,
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    Colon,
    Comma,
    At,
    /// The end of the text.
    End,
}

/// The text of a query, and how far it has been read.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Returns the text between two positions.
    pub(super) fn text(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Reads the next token of an expression.
    pub(super) fn next(&mut self) -> Result<Token, SyntaxError> {
        self.skip_space_and_comments()?;
        let start = self.at;
        let kind = match self.peek(0) {
            None => TokenKind::End,
            Some(b'(') => self.one(TokenKind::Open),
            Some(b')') => self.one(TokenKind::Close),
            Some(b'{') => self.one(TokenKind::OpenBrace),
            Some(b'[') => self.one(TokenKind::OpenBracket),
            Some(b',') => self.one(TokenKind::Comma),
            Some(b'@') => self.one(TokenKind::At),
            Some(b'+' | b'-') => self.one(TokenKind::Sign),
            Some(b'*' | b'/' | b'%' | b'^') => self.one(TokenKind::Operator),
            Some(b'=' | b'!') if self.peek(1) == Some(b'=') => self.many(2, TokenKind::Operator),
            Some(b'<' | b'>') if matches!(self.peek(1), Some(b'=' | b'/')) => {
                self.many(2, TokenKind::Operator)
            }
            Some(b'<' | b'>') => self.one(TokenKind::Operator),
            Some(b'"' | b'\'' | b'`') => self.string()?,
            Some(byte) if is_digit(byte) => self.number()?,
            Some(b'.') if self.peek(1).is_some_and(is_digit) => self.number()?,
            Some(byte) if is_alpha(byte) || byte == b':' => self.word(|byte| is_word(byte) || byte == b':'),
            Some(_) => return Err(expected(start, "a metric, a function, a number or an operator")),
        };
        Ok(Token { kind, start, end: self.at })
    }

    /// Reads the next token between braces.
    pub(super) fn next_in_braces(&mut self) -> Result<Token, SyntaxError> {
        self.skip_space_and_comments()?;
        let start = self.at;
        let kind = match self.peek(0) {
            Some(b'}') => self.one(TokenKind::CloseBrace),
            Some(b',') => self.one(TokenKind::Comma),
            Some(b'=' | b'!') if self.peek(1) == Some(b'~') => self.many(2, TokenKind::Match),
            Some(b'!') if self.peek(1) == Some(b'=') => self.many(2, TokenKind::Match),
            Some(b'=') => self.one(TokenKind::Match),
            Some(b'"' | b'\'' | b'`') => self.string()?,
            Some(byte) if is_alpha(byte) => self.word(is_word),
            _ => return Err(expected(start, "a label, \",\" or \"}\"")),
        };
        Ok(Token { kind, start, end: self.at })
    }

    /// Reads the next duration between brackets, where comments aren't allowed.
    pub(super) fn duration_in_brackets(&mut self) -> Result<Token, SyntaxError> {
        self.skip_space();
        let start = self.at;
        match self.peek(0) {
            Some(b'0'..=b'9' | b'.') => {
                let kind = self.number()?;
                Ok(Token { kind, start, end: self.at })
            }
            _ => Err(expected(start, "a duration like 5m")),
        }
    }

    /// Reads the next token of a duration between brackets, where comments aren't allowed.
    pub(super) fn next_in_brackets(&mut self) -> Result<Token, SyntaxError> {
        self.skip_space();
        let start = self.at;
        let kind = match self.peek(0) {
            Some(b'(') => self.one(TokenKind::Open),
            Some(b')') => self.one(TokenKind::Close),
            Some(b']') => self.one(TokenKind::CloseBracket),
            Some(b':') => self.one(TokenKind::Colon),
            Some(b',') => self.one(TokenKind::Comma),
            Some(b'+' | b'-') => self.one(TokenKind::Sign),
            Some(b'*' | b'/' | b'%' | b'^') => self.one(TokenKind::Operator),
            Some(b'0'..=b'9' | b'.') => self.number()?,
            Some(byte) if is_alpha(byte) => self.word(is_alpha),
            _ => return Err(expected(start, "a duration like 5m")),
        };
        Ok(Token { kind, start, end: self.at })
    }

    /// Returns `true` if this sign comes next between brackets, and skips it.
    pub(super) fn takes_in_brackets(&mut self, sign: u8) -> bool {
        self.skip_space();
        let is_it = self.peek(0) == Some(sign);
        if is_it {
            self.advance(1);
        }
        is_it
    }

    /// Goes back to a position, after which the text is read again.
    pub(super) fn back_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Returns how far the text has been read, in bytes.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at.saturating_add(ahead)).copied()
    }

    fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn one(&mut self, kind: TokenKind) -> TokenKind {
        self.many(1, kind)
    }

    fn many(&mut self, bytes: usize, kind: TokenKind) -> TokenKind {
        self.advance(bytes);
        kind
    }

    fn skip(&mut self, skipped: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&skipped) {
            self.advance(1);
        }
    }

    fn skip_space(&mut self) {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    /// Skips white space and comments. Some servers end a comment at a carriage return, others only at the end of the
    /// line. The text between would be a selector to some of them, so such a comment is an error.
    fn skip_space_and_comments(&mut self) -> Result<(), SyntaxError> {
        self.skip_space();
        while self.peek(0) == Some(b'#') {
            self.skip(|byte| byte != b'\n' && byte != b'\r');
            if self.peek(0) == Some(b'\r') && self.peek(1) != Some(b'\n') {
                return Err(SyntaxError { at: self.at, problem: Problem::Comment });
            }
            self.skip_space();
        }
        Ok(())
    }

    fn word(&mut self, goes_on: impl Fn(u8) -> bool) -> TokenKind {
        self.skip(goes_on);
        TokenKind::Word
    }

    /// Reads a number in any of Prometheus' forms, or a duration. Its value is checked where it is needed; elsewhere
    /// the server checks it.
    fn number(&mut self) -> Result<TokenKind, SyntaxError> {
        let start = self.at;
        if self.peek(0) == Some(b'0') && matches!(self.peek(1), Some(b'x' | b'X')) {
            self.advance(2);
            self.skip(|byte| byte.is_ascii_hexdigit() || byte == b'_');
        } else {
            self.skip(is_digit_or_underscore);
            if self.peek(0) == Some(b'.') {
                self.advance(1);
                self.skip(is_digit_or_underscore);
            }
            if matches!(self.peek(0), Some(b'e' | b'E')) {
                self.advance(1);
                if matches!(self.peek(0), Some(b'+' | b'-')) {
                    self.advance(1);
                }
                self.skip(is_digit_or_underscore);
            }
        }
        if self.peek(0).is_some_and(is_word) {
            self.skip(is_word);
            if duration::parse(self.text(start, self.at)).is_none() {
                return Err(expected(start, "a number, or a duration like 1h30m"));
            }
        }
        Ok(TokenKind::Number)
    }

    fn string(&mut self) -> Result<TokenKind, SyntaxError> {
        let start = self.at;
        let quote = self.peek(0);
        self.advance(1);
        let is_raw = quote == Some(b'`');
        let mut has_bytes = false;
        loop {
            match self.peek(0) {
                byte if byte == quote => {
                    if is_raw && self.escapes_its_end(start) {
                        return Err(SyntaxError { at: start, problem: Problem::Text });
                    }
                    self.advance(1);
                    if has_bytes && std::str::from_utf8(&literal::value(self.text(start, self.at))).is_err() {
                        return Err(SyntaxError { at: start, problem: Problem::Bytes });
                    }
                    return Ok(TokenKind::Text);
                }
                Some(b'\\') if !is_raw => has_bytes |= self.escape(quote)?,
                Some(b'\n') if !is_raw => return Err(SyntaxError { at: start, problem: Problem::Text }),
                // This is the replacement character, which Prometheus takes for bytes that aren't UTF-8.
                Some(0xef) if self.peek(1) == Some(0xbf) && self.peek(2) == Some(0xbd) => {
                    return Err(SyntaxError { at: self.at, problem: Problem::Text });
                }
                Some(_) => self.skip_in_string(),
                None => return Err(SyntaxError { at: start, problem: Problem::Text }),
            }
        }
    }

    /// Skips a byte of a string, and those after it that mean nothing in a string of any kind.
    fn skip_in_string(&mut self) {
        self.advance(1);
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let means_nothing = |byte: &&u8| !matches!(**byte, b'"' | b'\'' | b'`' | b'\\' | b'\n' | 0xef);
        self.advance(rest.iter().take_while(means_nothing).count());
    }

    /// Returns `true` if an odd number of backslashes stands before the quote that comes next, in the string that
    /// begins at `start`. To Prometheus they mean nothing in a raw string, but VictoriaMetrics goes on to another quote
    /// there. The text between the two quotes would be a string to one server and selectors to the other.
    fn escapes_its_end(&self, start: usize) -> bool {
        let backslashes = self.text(start, self.at).bytes().rev().take_while(|byte| *byte == b'\\').count();
        !backslashes.is_multiple_of(2)
    }

    /// Reads an escape as Go defines it, in a string with this quote. Returns `true` if it is a byte that isn't ASCII.
    fn escape(&mut self, quote: Option<u8>) -> Result<bool, SyntaxError> {
        let at = self.at;
        let (skipped, digits, radix, most) = match self.peek(1) {
            Some(b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\') => (2, 0, 16, 0),
            escaped if escaped == quote => (2, 0, 16, 0),
            Some(b'0'..=b'7') => (1, 3, 8, 0xff),
            Some(b'x') => (2, 2, 16, 0xff),
            Some(b'u') => (2, 4, 16, 0x10_ffff),
            Some(b'U') => (2, 8, 16, 0x10_ffff),
            _ => return Err(SyntaxError { at, problem: Problem::Text }),
        };
        self.advance(skipped);
        let end = self.at.saturating_add(digits);
        let text = self.text(self.at, end);
        let is_whole = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = if digits == 0 { Some(0) } else { u32::from_str_radix(text, radix).ok() };
        let is_valid = |code: u32| code <= most && !(0xd800..0xe000).contains(&code);
        if !is_whole || !code.is_some_and(is_valid) {
            return Err(SyntaxError { at, problem: Problem::Text });
        }
        self.at = end;
        Ok(most == 0xff && code.is_some_and(|code| code > 0x7f))
    }
}

/// Returns the error that something else was expected at a position.
pub(super) fn expected(at: usize, what: &'static str) -> SyntaxError {
    SyntaxError { at, problem: Problem::Expected(what) }
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

fn is_digit_or_underscore(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

fn is_alpha(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
