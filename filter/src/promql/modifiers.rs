//! Parses what follows an operand: a range or a subquery in brackets, `offset`, `@`. Each belongs to the one expression
//! before it.

use super::error::SyntaxError;
use super::lexer::{Token, TokenKind, expected};
use super::parser::{Parser, Primary};
use super::time::{self, At, Shift};
use super::{Query, Subquery};
use crate::time::seconds::Rounded;

/// The lengths of the lists before an expression is read. Selectors and subqueries that are added later stand within
/// it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    selectors: usize,
    subqueries: usize,
}

impl Mark {
    /// Notes the lengths of the lists as they are now.
    pub(super) fn of(query: &Query<'_>) -> Self {
        Self { selectors: query.selectors.len(), subqueries: query.subqueries.len() }
    }
}

/// The part of a query that a modifier changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Modified {
    Selector(usize),
    Subquery(usize),
    Nothing,
}

/// The sign before a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
}

impl Parser<'_> {
    /// Parses everything that follows an operand: ranges and subqueries in brackets, `offset`, `@`. Returns the part of
    /// the query that the operand is with all of that.
    pub(super) fn modifiers(&mut self, primary: Primary, mark: Mark) -> Result<Modified, SyntaxError> {
        let mut modified = match primary {
            Primary::Selector(at) => Modified::Selector(at),
            Primary::Other => Modified::Nothing,
        };
        loop {
            if self.token.kind == TokenKind::OpenBracket {
                modified = self.brackets(modified, mark)?;
            } else if self.token.kind == TokenKind::At {
                self.advance()?;
                let at = self.instant()?;
                let shift = self.shift(modified)?;
                if shift.at.replace(at).is_some() {
                    return Err(self.expected("one \"@\" only"));
                }
            } else if self.is_word(&["offset"]) {
                self.advance()?;
                let offset = self.offset()?;
                let shift = self.shift(modified)?;
                if shift.offset.replace(offset).is_some() {
                    return Err(self.expected("one \"offset\" only"));
                }
            } else {
                return Ok(modified);
            }
        }
    }

    /// Returns the shift that a modifier after this part changes.
    fn shift(&mut self, modified: Modified) -> Result<&mut Shift, SyntaxError> {
        let error = self.expected("this modifier only after a selector or a subquery");
        let shift = match modified {
            Modified::Selector(at) => self.query.selectors.get_mut(at).map(|selector| &mut selector.shift),
            Modified::Subquery(at) => self.query.subqueries.get_mut(at).map(|subquery| &mut subquery.shift),
            Modified::Nothing => None,
        };
        shift.ok_or(error)
    }

    /// Parses `[5m]` after a selector, or `[1h:1m]` after any expression.
    fn brackets(&mut self, modified: Modified, mark: Mark) -> Result<Modified, SyntaxError> {
        let opened = self.token.start;
        let range = self.lexer.duration_in_brackets()?;
        let range = self.duration(range, Rounded::Up)?;
        if self.lexer.takes_in_brackets(b']') {
            let Modified::Selector(at) = modified else {
                return Err(expected(opened, "a range only after a selector"));
            };
            let selector = self.query.selectors.get_mut(at).filter(|selector| selector.is_plain());
            let selector = selector.ok_or(expected(opened, "a range right after its selector"))?;
            selector.range = range;
            self.advance()?;
            return Ok(modified);
        }
        if !self.lexer.takes_in_brackets(b':') {
            return Err(expected(self.lexer.at(), "\"]\" or \":\""));
        }
        // A range isn't a value at each point, so it can't be the operand of a subquery. Subqueries therefore nest by
        // parentheses only, and the content of one is visited no more often than parentheses may nest.
        let is_range = match modified {
            Modified::Selector(at) => self.query.selectors.get(at).is_some_and(|selector| selector.range > 0),
            Modified::Subquery(_) => true,
            Modified::Nothing => false,
        };
        if is_range {
            return Err(expected(opened, "no brackets after brackets"));
        }
        let mut step = None;
        if !self.lexer.takes_in_brackets(b']') {
            let token = self.lexer.duration_in_brackets()?;
            step = Some(self.duration(token, Rounded::Down)?);
            if !self.lexer.takes_in_brackets(b']') {
                return Err(expected(self.lexer.at(), "\"]\""));
            }
        }
        self.advance()?;
        Ok(self.subquery(Subquery { range, step, shift: Shift::default(), within: None }, mark))
    }

    /// Adds the subquery that a server may make of everything that was read since `mark`, unless that is no series.
    pub(super) fn implied_subquery(&mut self, mark: Mark) {
        if mark != Mark::of(&self.query) {
            self.subquery(Subquery { range: 0, step: None, shift: Shift::default(), within: None }, mark);
        }
    }

    /// Adds a subquery, and marks everything that was read since `mark` as within it.
    fn subquery(&mut self, subquery: Subquery, mark: Mark) -> Modified {
        let number = self.query.subqueries.len();
        for selector in self.query.selectors.iter_mut().skip(mark.selectors) {
            selector.within.get_or_insert(number);
        }
        for inner in self.query.subqueries.iter_mut().skip(mark.subqueries) {
            inner.within.get_or_insert(number);
        }
        self.query.subqueries.push(subquery);
        Modified::Subquery(number)
    }

    /// Returns the value of a duration in milliseconds.
    fn duration(&self, token: Token, rounded: Rounded) -> Result<i64, SyntaxError> {
        let text = self.lexer.text(token.start, token.end);
        time::milliseconds(text, rounded)
            .ok_or(expected(token.start, "a duration like 5m, or a number of seconds"))
    }

    /// Parses the duration after `offset`, with its sign, in milliseconds.
    fn offset(&mut self) -> Result<i64, SyntaxError> {
        let sign = self.sign()?;
        if self.token.kind != TokenKind::Number {
            return Err(self.expected("a duration like 5m"));
        }
        let offset = match sign {
            Sign::Plus => self.duration(self.token, Rounded::Up)?,
            Sign::Minus => self.duration(self.token, Rounded::Down)?.saturating_neg(),
        };
        self.advance()?;
        Ok(offset)
    }

    /// Parses the time after `@`: seconds since 1970, `start()` or `end()`.
    fn instant(&mut self) -> Result<At, SyntaxError> {
        for (word, at) in [("start", At::Start), ("end", At::End)] {
            if self.is_word(&[word]) {
                self.advance()?;
                self.take(TokenKind::Open, "\"()\"")?;
                self.take(TokenKind::Close, "\")\"")?;
                return Ok(at);
            }
        }
        let sign = self.sign()?;
        let what = "a time: seconds since 1970, start() or end()";
        if self.token.kind != TokenKind::Number {
            return Err(self.expected(what));
        }
        let text = self.lexer.text(self.token.start, self.token.end);
        let time = match sign {
            Sign::Plus => time::milliseconds(text, Rounded::Down),
            Sign::Minus => time::milliseconds(text, Rounded::Up).map(i64::saturating_neg),
        };
        let time = time.ok_or(self.expected(what))?;
        self.advance()?;
        Ok(At::Time(time))
    }

    fn sign(&mut self) -> Result<Sign, SyntaxError> {
        if self.token.kind != TokenKind::Sign {
            return Ok(Sign::Plus);
        }
        let sign =
            if self.lexer.text(self.token.start, self.token.end) == "-" { Sign::Minus } else { Sign::Plus };
        self.advance()?;
        Ok(sign)
    }
}
