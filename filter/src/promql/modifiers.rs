//! Parses what follows an operand: a range or a subquery in brackets, `offset`, `@`. Each belongs to the one expression
//! before it.

use super::durations::{Calculation, Place};
use super::error::SyntaxError;
use super::extensions::Extensions;
use super::lexer::{Token, TokenKind, expected};
use super::parser::{NUMBERS, Parser, Primary};
use super::time::{self, At, Shift};
use super::{Calculated, Duration, Query, Subquery};
use crate::time::seconds::Rounded;

/// The lengths of the lists before an expression is read. Selectors and subqueries that are added later stand within
/// it.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    selectors: usize,
    subqueries: usize,
    parts: u32,
}

impl Mark {
    /// Notes the lengths of the lists as they are now.
    pub(super) fn of(query: &Query<'_>) -> Self {
        Self { selectors: query.selectors.len(), subqueries: query.subqueries.len(), parts: query.parts }
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

/// The duration after `offset`.
enum Offset {
    /// A number of milliseconds.
    Number(i64),
    /// An expression that is worked out with the times of the request.
    Calculated(Calculation),
}

/// The modifiers that fill in values where one side of an operator has none.
const FILLS: [&str; 3] = ["fill", "fill_left", "fill_right"];

impl Parser<'_> {
    /// Parses everything that follows an operand: ranges and subqueries in brackets, `offset`, `@`. Returns the part of
    /// the query that the operand is with all of that.
    pub(super) fn modifiers(&mut self, primary: Primary, mark: Mark) -> Result<Modified, SyntaxError> {
        let mut modified = match primary {
            Primary::Selector(at) => Modified::Selector(at),
            Primary::Other => Modified::Nothing,
        };
        loop {
            if let Modified::Selector(at) = modified {
                self.query
                    .selectors
                    .get_mut(at)
                    .into_iter()
                    .for_each(|selector| selector.unit.end = self.used);
            }
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
                let at = self.token.start;
                let offset = self.offset()?;
                let number = match &offset {
                    Offset::Number(number) => *number,
                    Offset::Calculated(_) => 0,
                };
                let shift = self.shift(modified)?;
                if shift.offset.replace(number).is_some() {
                    return Err(self.expected("one \"offset\" only"));
                }
                if let Offset::Calculated(calculation) = offset {
                    self.calculated_offset(modified, calculation, at)?;
                }
            } else if self.may_use(Extensions::RANGE_SELECTORS) && self.is_word(&["anchored", "smoothed"]) {
                self.extended(modified)?;
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
        if self.may_use(Extensions::DURATIONS) {
            return self.calculated_brackets(modified, mark);
        }
        let range = self.lexer.duration_in_brackets()?;
        let range = self.duration(range, Rounded::Up)?;
        if self.lexer.takes_in_brackets(b']') {
            self.set_range(modified, range, opened)?;
            self.advance()?;
            return Ok(modified);
        }
        if !self.lexer.takes_in_brackets(b':') {
            return Err(expected(self.lexer.at(), "\"]\" or \":\""));
        }
        self.check_not_range(modified, opened)?;
        let mut step = None;
        if !self.lexer.takes_in_brackets(b']') {
            let token = self.lexer.duration_in_brackets()?;
            step = Some(self.duration(token, Rounded::Down)?);
            if !self.lexer.takes_in_brackets(b']') {
                return Err(expected(self.lexer.at(), "\"]\""));
            }
        }
        self.advance()?;
        Ok(self.subquery(range, step, mark))
    }

    /// Sets the range of the selector before the brackets that were opened here.
    fn set_range(&mut self, modified: Modified, range: i64, opened: usize) -> Result<usize, SyntaxError> {
        let Modified::Selector(at) = modified else {
            return Err(expected(opened, "a range only after a selector"));
        };
        let selector = self.query.selectors.get_mut(at).filter(|selector| selector.is_plain());
        let selector = selector.ok_or(expected(opened, "a range right after its selector"))?;
        selector.range = range;
        Ok(at)
    }

    /// Checks that a subquery isn't one of a range. A range isn't a value at each point, so it can't be the operand of
    /// a subquery. Subqueries therefore nest by parentheses only, and the content of one is visited no more often than
    /// parentheses may nest.
    fn check_not_range(&self, modified: Modified, opened: usize) -> Result<(), SyntaxError> {
        let is_range = match modified {
            Modified::Selector(at) => self.query.selectors.get(at).is_some_and(|selector| selector.range > 0),
            Modified::Subquery(_) => true,
            Modified::Nothing => false,
        };
        if is_range { Err(expected(opened, "no brackets after brackets")) } else { Ok(()) }
    }

    /// Parses what stands in brackets, where durations may be expressions.
    fn calculated_brackets(&mut self, modified: Modified, mark: Mark) -> Result<Modified, SyntaxError> {
        let opened = self.token.start;
        self.token = self.lexer.next_in_brackets()?;
        let from = self.token.start;
        let range = self.duration_expression(Place::Brackets)?;
        let placeholder = range.number().map_or(1, |(_, high)| high);
        if self.token.kind == TokenKind::CloseBracket {
            let selector = self.set_range(modified, placeholder, opened)?;
            self.note(Duration::RangeOfSelector(selector), range, from);
            self.advance()?;
            return Ok(modified);
        }
        if self.token.kind != TokenKind::Colon {
            return Err(self.expected("an operator, \"]\" or \":\""));
        }
        self.check_not_range(modified, opened)?;
        let number = self.query.subqueries.len();
        self.note(Duration::RangeOfSubquery(number), range, from);
        let mut step = None;
        self.token = self.lexer.next_in_brackets()?;
        if self.token.kind != TokenKind::CloseBracket {
            let from = self.token.start;
            let calculation = self.duration_expression(Place::Brackets)?;
            step = Some(calculation.number().map_or(1, |(low, _)| low));
            self.note(Duration::StepOfSubquery(number), calculation, from);
            if self.token.kind != TokenKind::CloseBracket {
                return Err(self.expected("an operator or \"]\""));
            }
        }
        self.advance()?;
        Ok(self.subquery(placeholder, step, mark))
    }

    /// Notes a duration that has to be worked out, unless it is a number.
    fn note(&mut self, duration: Duration, calculation: Calculation, at: usize) {
        if calculation.number().is_none() {
            self.query.calculated.push(Calculated { duration, calculation, at });
        }
    }

    /// Notes an offset that has to be worked out. Releases differ in what they make of an operator right after it.
    fn calculated_offset(
        &mut self,
        modified: Modified,
        calculation: Calculation,
        at: usize,
    ) -> Result<(), SyntaxError> {
        let duration = match modified {
            Modified::Selector(index) => Duration::OffsetOfSelector(index),
            Modified::Subquery(index) => Duration::OffsetOfSubquery(index),
            Modified::Nothing => return Ok(()),
        };
        let text = self.lexer.text(self.token.start, self.token.end);
        if matches!(text, "+" | "-" | "*" | "/" | "%" | "^") {
            return Err(self.expected("parentheses around the whole expression with this offset"));
        }
        self.query.calculated.push(Calculated { duration, calculation, at });
        Ok(())
    }

    /// Parses `anchored` or `smoothed`, which let a selector read samples before its range.
    fn extended(&mut self, modified: Modified) -> Result<(), SyntaxError> {
        let selector = match modified {
            Modified::Selector(at) => self.query.selectors.get_mut(at),
            Modified::Subquery(_) | Modified::Nothing => None,
        };
        match selector.filter(|selector| !selector.is_extended) {
            Some(selector) => selector.is_extended = true,
            None => return Err(self.expected("this modifier once, after a selector")),
        }
        self.advance()
    }

    /// Parses the modifiers that fill in values: `fill(0)`, or one or both of `fill_left(0)` and `fill_right(0)`.
    pub(super) fn fill(&mut self) -> Result<(), SyntaxError> {
        let mut given = [false; 3];
        loop {
            let word = self.token;
            let Some(index) = FILLS.iter().position(|fill| self.is_word(&[fill])) else { return Ok(()) };
            self.advance()?;
            if self.token.kind != TokenKind::Open {
                // A metric may have this name.
                self.token = word;
                self.lexer.back_to(word.end);
                return Ok(());
            }
            let is_again = given.get(index).copied().unwrap_or(true);
            if is_again || given != [false; 3] && (index == 0 || given.first() == Some(&true)) {
                return Err(expected(word.start, "fill, or one or both of fill_left and fill_right"));
            }
            given.get_mut(index).into_iter().for_each(|given| *given = true);
            self.advance()?;
            self.sign()?;
            if self.token.kind != TokenKind::Number && !self.is_word(&NUMBERS) {
                return Err(self.expected("a number"));
            }
            self.advance()?;
            self.take(TokenKind::Close, "\")\"")?;
        }
    }

    /// Adds the subquery that a server may make of everything that was read since `mark`, unless that is no series.
    pub(super) fn implied_subquery(&mut self, mark: Mark) {
        let Query { selectors, subqueries, .. } = &self.query;
        if (mark.selectors, mark.subqueries) != (selectors.len(), subqueries.len()) {
            self.subquery(0, None, mark);
        }
    }

    /// Notes that a function sorts the points of the subqueries that were read since `mark`.
    pub(super) fn sorted(&mut self, mark: Mark) {
        let given = self.query.subqueries.iter_mut().skip(mark.subqueries);
        given.for_each(|subquery| subquery.is_sorted = true);
    }

    /// Adds a subquery, and marks everything that was read since `mark` as within it.
    fn subquery(&mut self, range: i64, step: Option<i64>, mark: Mark) -> Modified {
        let number = self.query.subqueries.len();
        for selector in self.query.selectors.iter_mut().skip(mark.selectors) {
            selector.within.get_or_insert(number);
        }
        for inner in self.query.subqueries.iter_mut().skip(mark.subqueries) {
            inner.within.get_or_insert(number);
        }
        self.part();
        self.query.subqueries.push(Subquery {
            range,
            step,
            shift: Shift::default(),
            within: None,
            parts: self.query.parts.saturating_sub(mark.parts),
            is_sorted: false,
        });
        Modified::Subquery(number)
    }

    /// Returns the value of a duration in milliseconds.
    fn duration(&self, token: Token, rounded: Rounded) -> Result<i64, SyntaxError> {
        let text = self.lexer.text(token.start, token.end);
        time::milliseconds(text, rounded)
            .ok_or(expected(token.start, "a duration like 5m, or a number of seconds"))
    }

    /// Parses the duration after `offset`, with its sign.
    fn offset(&mut self) -> Result<Offset, SyntaxError> {
        let sign = self.sign()?;
        if self.token.kind != TokenKind::Number && self.may_use(Extensions::DURATIONS) {
            let mut calculation = Calculation::default();
            self.duration_operand(Place::Offset, &mut calculation)?;
            return Ok(Offset::Calculated(match sign {
                Sign::Plus => calculation,
                Sign::Minus => calculation.negative(),
            }));
        }
        if self.token.kind != TokenKind::Number {
            return Err(self.expected("a duration like 5m"));
        }
        let offset = match sign {
            Sign::Plus => self.duration(self.token, Rounded::Up)?,
            Sign::Minus => self.duration(self.token, Rounded::Down)?.saturating_neg(),
        };
        self.advance()?;
        Ok(Offset::Number(offset))
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
        let after = self.lexer.text(self.token.end, self.token.end.saturating_add(2));
        let goes_on = after
            .strip_prefix('-')
            .is_some_and(|rest| rest.starts_with(|next: char| next == '.' || next.is_ascii_digit()));
        if goes_on && text.ends_with(|last: char| last.is_ascii_alphabetic()) {
            // VictoriaMetrics reads `9s-5m` as one duration, and so as an earlier time.
            return Err(expected(self.token.end, "a space between a duration and the sign after it"));
        }
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
