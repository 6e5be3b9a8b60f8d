//! Parses a query once, from left to right, and records every selector with everything that moves the time at which it
//! is read.
//!
//! There is no syntax tree: neither a restriction nor a guard depends on which operator binds tighter, since every
//! modifier belongs to the one expression before it. So a chain of operators is a loop, the result is a flat list that
//! needs no recursion to drop, and only parentheses nest.

use super::Query;
use super::bounds::{Bound, Bounds, Counts};
use super::error::{Problem, SyntaxError};
use super::extensions::Extensions;
use super::functions::{is_experimental, is_function};
use super::lexer::{Lexer, Token, TokenKind, expected};
use super::modifiers::{Mark, Modified};
use super::written::STORED;

/// Parses a text as an expression, or as a selector alone, within bounds. `spent` is what earlier texts of the request
/// have taken of them.
pub(super) fn parse<'a>(
    text: &'a str,
    wanted: Wanted,
    bounds: &Bounds,
    spent: Counts,
) -> Result<Query<'a>, SyntaxError> {
    if text.len() > bounds.length {
        return Err(SyntaxError { at: bounds.length, problem: Problem::TooLong(bounds.length) });
    }
    let mut lexer = Lexer::new(text);
    let token = lexer.next()?;
    let query = Query {
        text,
        selectors: Vec::new(),
        subqueries: Vec::new(),
        calculated: Vec::new(),
        counts: spent,
        parts: 0,
        labels: 0,
        read_anew: 0,
    };
    let mut parser = Parser {
        lexer,
        token,
        used: 0,
        query,
        bounds: *bounds,
        depth: 0,
        widest: STORED,
        alone: None,
        ungrouped: None,
    };
    let end = match wanted {
        Wanted::Expression => parser.expression().map(|_| "an operator or the end")?,
        Wanted::Selector => parser.lone_selector().map(|()| "the end of the selector")?,
    };
    if parser.token.kind == TokenKind::End { Ok(parser.query) } else { Err(parser.expected(end)) }
}

/// The form that a text must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// An expression, as the parameter `query` holds it.
    Expression,
    /// A single selector without a range or modifiers, as the parameter `match[]` holds it.
    Selector,
}

pub(super) struct Parser<'a> {
    pub(super) lexer: Lexer<'a>,
    /// The next token, which nothing has used yet.
    pub(super) token: Token,
    /// The end of the last token that was used, in bytes from the start of the text.
    pub(super) used: usize,
    pub(super) query: Query<'a>,
    bounds: Bounds,
    depth: u32,
    /// The most bytes that a label of the series read so far may have.
    pub(super) widest: u32,
    /// The index of the selector that the last operand is, without or with parentheses around it.
    pub(super) alone: Option<usize>,
    /// The position after the last `group_left` or `group_right` that has no labels.
    pub(super) ungrouped: Option<usize>,
}

/// The kind of an expression, as far as it matters to what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Primary {
    /// A selector, with its index in the query's list.
    Selector(usize),
    Other,
}

impl Parser<'_> {
    pub(super) fn advance(&mut self) -> Result<(), SyntaxError> {
        self.used = self.lexer.at();
        self.token = self.lexer.next()?;
        Ok(())
    }

    pub(super) fn expected(&self, what: &'static str) -> SyntaxError {
        expected(self.token.start, what)
    }

    pub(super) fn take(&mut self, kind: TokenKind, what: &'static str) -> Result<(), SyntaxError> {
        if self.token.kind == kind { self.advance() } else { Err(self.expected(what)) }
    }

    /// Returns `true` if an experimental part of the language may be used.
    pub(super) fn may_use(&self, part: Extensions) -> bool {
        self.bounds.extensions.has(part)
    }

    /// Notes that an expression begins within another one.
    pub(super) fn deeper(&mut self) -> Result<(), SyntaxError> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > self.bounds.depth {
            let problem = Problem::Exceeded(Bound::Depth, self.bounds.depth);
            return Err(SyntaxError { at: self.token.start, problem });
        }
        Ok(())
    }

    /// Notes that an expression within another one has ended.
    pub(super) fn shallower(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Notes a part of the query that a server evaluates at each point.
    pub(super) fn part(&mut self) {
        self.query.parts = self.query.parts.saturating_add(1);
    }

    /// Counts something that is bounded. `at` is its position in the text.
    pub(super) fn count(&mut self, bound: Bound, number: u32, at: usize) -> Result<(), SyntaxError> {
        if matches!(bound, Bound::Operators | Bound::Selectors | Bound::Calls) {
            self.part();
        }
        let added = self.query.counts.add(bound, number, &self.bounds);
        added.map_err(|most| SyntaxError { at, problem: Problem::Exceeded(bound, most) })
    }

    pub(super) fn is_word(&self, words: &[&str]) -> bool {
        self.token.kind == TokenKind::Word
            && is_one_of(self.lexer.text(self.token.start, self.token.end), words)
    }

    /// Parses an expression: operands with operators between them. Returns the part of the query that it is, if it is
    /// nothing but a selector or a subquery.
    pub(super) fn expression(&mut self) -> Result<Modified, SyntaxError> {
        self.deeper()?;
        let mut is = self.operand()?;
        while matches!(self.token.kind, TokenKind::Sign | TokenKind::Operator) || self.is_word(&OPERATORS) {
            self.count(Bound::Operators, 1, self.token.start)?;
            let operator = self.lexer.text(self.token.start, self.token.end);
            self.query.read_anew =
                self.query.read_anew.saturating_add(is_one_of(operator, &READ_ANEW).into());
            self.advance()?;
            self.matching()?;
            self.operand()?;
            self.alone = None;
            is = Modified::Nothing;
        }
        self.shallower();
        Ok(is)
    }

    /// Parses how the two sides of an operator are matched: `bool`, `on` or `ignoring`, `group_left` or `group_right`.
    fn matching(&mut self) -> Result<(), SyntaxError> {
        if self.is_word(&["bool"]) {
            self.advance()?;
        }
        if self.is_word(&["on", "ignoring"]) {
            self.advance()?;
            self.labels()?;
            if self.is_word(&["group_left", "group_right"]) {
                self.advance()?;
                if self.token.kind == TokenKind::Open {
                    self.labels()?;
                } else {
                    self.ungrouped = Some(self.token.start);
                }
            }
        }
        if self.may_use(Extensions::FILL) { self.fill() } else { Ok(()) }
    }

    /// Parses the names of labels in parentheses.
    fn labels(&mut self) -> Result<(), SyntaxError> {
        self.take(TokenKind::Open, "\"(\" and labels")?;
        while self.token.kind != TokenKind::Close {
            let name = self.lexer.text(self.token.start, self.token.end);
            match self.token.kind {
                TokenKind::Text if is_empty(name) => {
                    return Err(expected(self.token.start, "a label's name"));
                }
                TokenKind::Text => {}
                TokenKind::Word if !name.contains(':') && !is_one_of(name, &NUMBERS) => {}
                _ => return Err(self.expected("a label or \")\"")),
            }
            self.query.labels = self.query.labels.saturating_add(1);
            self.advance()?;
            if self.token.kind != TokenKind::Close {
                self.take(TokenKind::Comma, "\",\" or \")\"")?;
            }
        }
        self.advance()
    }

    /// Parses one operand, with the signs before it and the modifiers after it.
    fn operand(&mut self) -> Result<Modified, SyntaxError> {
        let is_signed = self.token.kind == TokenKind::Sign;
        while self.token.kind == TokenKind::Sign {
            self.count(Bound::Operators, 1, self.token.start)?;
            self.advance()?;
        }
        let mark = Mark::of(&self.query);
        let is_nested = self.token.kind == TokenKind::Open;
        let primary = self.primary()?;
        let modified = self.modifiers(primary, mark)?;
        self.alone = match modified {
            _ if is_signed => None,
            Modified::Selector(at) => Some(at),
            Modified::Nothing if is_nested => self.alone,
            Modified::Nothing | Modified::Subquery(_) => None,
        };
        Ok(if is_signed { Modified::Nothing } else { modified })
    }

    fn primary(&mut self) -> Result<Primary, SyntaxError> {
        match self.token.kind {
            TokenKind::Number | TokenKind::Text => {
                self.part();
                self.advance().map(|()| Primary::Other)
            }
            TokenKind::Open => {
                self.advance()?;
                self.expression()?;
                self.take(TokenKind::Close, "an operator or \")\"")?;
                Ok(Primary::Other)
            }
            TokenKind::OpenBrace => self.selector(None),
            TokenKind::Word => self.named(),
            _ => Err(self.expected("a metric, a function, a number or \"(\"")),
        }
    }

    /// Parses an operand that begins with a word: a metric, a call of a function, an aggregation, a number.
    fn named(&mut self) -> Result<Primary, SyntaxError> {
        let word = self.token;
        let name = self.lexer.text(word.start, word.end);
        self.advance()?;
        if is_one_of(name, &NUMBERS) {
            self.part();
            return Ok(Primary::Other);
        }
        let is_aggregation = is_one_of(name, &AGGREGATIONS)
            || self.may_use(Extensions::FUNCTIONS) && is_one_of(name, &EXPERIMENTAL_AGGREGATIONS);
        if is_aggregation && self.is_word(&GROUPINGS) {
            self.advance()?;
            self.labels()?;
            self.call(word, name)?;
            return Ok(Primary::Other);
        }
        if self.token.kind != TokenKind::Open {
            return if is_one_of(name, &NO_METRICS) {
                Err(expected(word.start, "a metric, a function or a number: this word is a keyword"))
            } else {
                self.selector(Some(word))
            };
        }
        if !is_aggregation && !is_function(name, self.bounds.extensions) {
            let opens = is_experimental(name) || is_one_of(name, &EXPERIMENTAL_AGGREGATIONS);
            let name = name.chars().take(MAX_SHOWN).collect();
            let problem = if opens { Problem::Experimental(name) } else { Problem::Function(name) };
            return Err(SyntaxError { at: word.start, problem });
        }
        self.call(word, name)?;
        if is_aggregation && self.is_word(&GROUPINGS) {
            self.advance()?;
            self.labels()?;
        }
        Ok(Primary::Other)
    }
}

/// Returns `true` if a word is one of these, in upper or lower case.
pub(super) fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Returns `true` if a text in quotes, which stands here with them, is empty.
pub(super) fn is_empty(written: &str) -> bool {
    written.len() <= 2
}

/// The largest number of characters of a name that a message shows.
const MAX_SHOWN: usize = 40;

/// The operators of a chain whose longer side VictoriaMetrics evaluates second, with what it has learned of the first: it
/// prints and parses it for that.
const READ_ANEW: [&str; 2] = ["and", "^"];

const OPERATORS: [&str; 4] = ["and", "or", "unless", "atan2"];

const GROUPINGS: [&str; 2] = ["by", "without"];

pub(super) const NUMBERS: [&str; 2] = ["inf", "nan"];

/// The aggregations that are experimental.
const EXPERIMENTAL_AGGREGATIONS: [&str; 2] = ["limitk", "limit_ratio"];

/// The aggregations of stable Prometheus 3.x.
const AGGREGATIONS: [&str; 12] = [
    "sum",
    "avg",
    "count",
    "min",
    "max",
    "group",
    "topk",
    "bottomk",
    "quantile",
    "stddev",
    "stdvar",
    "count_values",
];

/// The keywords that can't be the name of a metric.
pub(super) const NO_METRICS: [&str; 6] = ["bool", "on", "ignoring", "group_left", "group_right", "atan2"];
