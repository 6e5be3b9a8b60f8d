//! Reads a query once, from left to right, and notes every selector, with what moves the time at which it is read.
//!
//! There is no tree: nothing that a restriction or a guard asks depends on which operator binds tighter, since every
//! modifier belongs to the one expression before it. So a chain of operators is a loop, what was read is a flat list that
//! needs no recursion to drop, and only parentheses nest.

use super::error::{Problem, SyntaxError};
use super::functions::is_function;
use super::lexer::{Kind, Lexer, Token, expected};
use super::time::{self, At, Shift};
use super::{MAX_DEPTH, MAX_LENGTH, Place, Query, Selector, Subquery};
use crate::limits::seconds::Rounded;

/// Reads a text: an expression, or a selector alone as `match[]` has it.
pub(super) fn parse(text: &str, wanted: Wanted) -> Result<Query<'_>, SyntaxError> {
    if text.len() > MAX_LENGTH {
        return Err(SyntaxError { at: MAX_LENGTH, problem: Problem::TooLong });
    }
    let mut lexer = Lexer::new(text);
    let token = lexer.next()?;
    let query = Query { text, selectors: Vec::new(), subqueries: Vec::new() };
    let mut parser = Parser { lexer, token, query, depth: 0 };
    let end = match wanted {
        Wanted::Expression => parser.expression().map(|()| "an operator or the end")?,
        Wanted::Selector => parser.lone_selector().map(|()| "the end of the selector")?,
    };
    if parser.token.kind == Kind::End { Ok(parser.query) } else { Err(parser.expected(end)) }
}

/// What a text has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Expression,
    Selector,
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The next token that isn't used yet.
    token: Token,
    query: Query<'a>,
    depth: usize,
}

/// What an expression is, as far as it matters to what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Primary {
    /// A selector, by its place in the list.
    Selector(usize),
    Other,
}

/// What a modifier is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Modified {
    Selector(usize),
    Subquery(usize),
    Nothing,
}

/// What a sign before a number says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
}

/// Where the lists ended before an expression was read: what stands after is within it.
#[derive(Clone, Copy)]
struct Mark {
    selectors: usize,
    subqueries: usize,
}

impl Parser<'_> {
    fn advance(&mut self) -> Result<(), SyntaxError> {
        self.token = self.lexer.next()?;
        Ok(())
    }

    fn expected(&self, what: &'static str) -> SyntaxError {
        expected(self.token.start, what)
    }

    fn take(&mut self, kind: Kind, what: &'static str) -> Result<(), SyntaxError> {
        if self.token.kind == kind { self.advance() } else { Err(self.expected(what)) }
    }

    fn is_word(&self, words: &[&str]) -> bool {
        self.token.kind == Kind::Word && is_one_of(self.lexer.text(self.token.start, self.token.end), words)
    }

    /// Operands with operators between them.
    fn expression(&mut self) -> Result<(), SyntaxError> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > MAX_DEPTH {
            return Err(SyntaxError { at: self.token.start, problem: Problem::TooDeep });
        }
        self.operand()?;
        while matches!(self.token.kind, Kind::Sign | Kind::Operator) || self.is_word(&OPERATORS) {
            self.advance()?;
            self.matching()?;
            self.operand()?;
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    /// How two sides of an operator are matched: `bool`, `on` or `ignoring`, `group_left` or `group_right`.
    fn matching(&mut self) -> Result<(), SyntaxError> {
        if self.is_word(&["bool"]) {
            self.advance()?;
        }
        if self.is_word(&["on", "ignoring"]) {
            self.advance()?;
            self.labels()?;
            if self.is_word(&["group_left", "group_right"]) {
                self.advance()?;
                if self.token.kind == Kind::Open {
                    self.labels()?;
                }
            }
        }
        Ok(())
    }

    /// Names of labels in parentheses.
    fn labels(&mut self) -> Result<(), SyntaxError> {
        self.take(Kind::Open, "\"(\" and labels")?;
        while self.token.kind != Kind::Close {
            let name = self.lexer.text(self.token.start, self.token.end);
            match self.token.kind {
                Kind::Text => {}
                Kind::Word if !name.contains(':') && !is_one_of(name, &NUMBERS) => {}
                _ => return Err(self.expected("a label or \")\"")),
            }
            self.advance()?;
            if self.token.kind != Kind::Close {
                self.take(Kind::Comma, "\",\" or \")\"")?;
            }
        }
        self.advance()
    }

    /// One operand, with its signs before it and its modifiers after it.
    fn operand(&mut self) -> Result<(), SyntaxError> {
        while self.token.kind == Kind::Sign {
            self.advance()?;
        }
        let mark = Mark { selectors: self.query.selectors.len(), subqueries: self.query.subqueries.len() };
        let primary = self.primary()?;
        self.modifiers(primary, mark)
    }

    fn primary(&mut self) -> Result<Primary, SyntaxError> {
        match self.token.kind {
            Kind::Number | Kind::Text => self.advance().map(|()| Primary::Other),
            Kind::Open => {
                self.advance()?;
                self.expression()?;
                self.take(Kind::Close, "an operator or \")\"")?;
                Ok(Primary::Other)
            }
            Kind::OpenBrace => self.selector(None),
            Kind::Word => self.named(),
            _ => Err(self.expected("a metric, a function, a number or \"(\"")),
        }
    }

    /// What begins with a word: a metric, a call of a function, an aggregation, a number.
    fn named(&mut self) -> Result<Primary, SyntaxError> {
        let word = self.token;
        let name = self.lexer.text(word.start, word.end);
        self.advance()?;
        if is_one_of(name, &NUMBERS) {
            return Ok(Primary::Other);
        }
        let is_aggregation = is_one_of(name, &AGGREGATIONS);
        if is_aggregation && self.is_word(&GROUPINGS) {
            self.advance()?;
            self.labels()?;
            self.arguments()?;
            return Ok(Primary::Other);
        }
        if self.token.kind != Kind::Open {
            return if is_one_of(name, &NO_METRICS) {
                Err(expected(word.start, "a metric, a function or a number: this word is a keyword"))
            } else {
                self.selector(Some(word))
            };
        }
        if !is_aggregation && !is_function(name) {
            let name = name.chars().take(MAX_SHOWN).collect();
            return Err(SyntaxError { at: word.start, problem: Problem::Function(name) });
        }
        self.arguments()?;
        if is_aggregation && self.is_word(&GROUPINGS) {
            self.advance()?;
            self.labels()?;
        }
        Ok(Primary::Other)
    }

    /// Arguments in parentheses.
    fn arguments(&mut self) -> Result<(), SyntaxError> {
        self.take(Kind::Open, "\"(\" and arguments")?;
        if self.token.kind == Kind::Close {
            return self.advance();
        }
        loop {
            self.expression()?;
            if self.token.kind != Kind::Comma {
                return self.take(Kind::Close, "an operator, \",\" or \")\"");
            }
            self.advance()?;
        }
    }

    fn lone_selector(&mut self) -> Result<(), SyntaxError> {
        let word = self.token;
        let name = self.lexer.text(word.start, word.end);
        match word.kind {
            Kind::OpenBrace => self.selector(None)?,
            Kind::Word if !is_one_of(name, &NO_METRICS) && !is_one_of(name, &NUMBERS) => {
                self.advance()?;
                self.selector(Some(word))?
            }
            _ => return Err(self.expected("a selector")),
        };
        Ok(())
    }

    /// A metric's name, matchers in braces, or both; the name has been read.
    fn selector(&mut self, name: Option<Token>) -> Result<Primary, SyntaxError> {
        let place = match (self.token.kind, name) {
            (Kind::OpenBrace, _) => {
                let inside = self.token.end;
                if self.matchers()? { Place::BeforeOthers(inside) } else { Place::Alone(inside) }
            }
            (_, Some(name)) => Place::AfterName(name.end),
            (_, None) => return Err(self.expected("a selector")),
        };
        self.query.selectors.push(Selector { place, range: 0, shift: Shift::default(), within: None });
        Ok(Primary::Selector(self.query.selectors.len().saturating_sub(1)))
    }

    /// Matchers between braces, and whether there are any; the current token is the brace that opens.
    fn matchers(&mut self) -> Result<bool, SyntaxError> {
        let mut token = self.lexer.next_in_braces()?;
        let any = token.kind != Kind::CloseBrace;
        while token.kind != Kind::CloseBrace {
            let is_name = token.kind == Kind::Text;
            if !is_name && token.kind != Kind::Word {
                return Err(expected(token.start, "a label or \"}\""));
            }
            token = self.lexer.next_in_braces()?;
            if token.kind == Kind::Match {
                token = self.lexer.next_in_braces()?;
                if token.kind != Kind::Text {
                    return Err(expected(token.start, "a value in quotes"));
                }
                token = self.lexer.next_in_braces()?;
            } else if !is_name {
                return Err(expected(token.start, "=, !=, =~ or !~"));
            }
            match token.kind {
                Kind::Comma => token = self.lexer.next_in_braces()?,
                Kind::CloseBrace => {}
                _ => return Err(expected(token.start, "\",\" or \"}\"")),
            }
        }
        self.advance()?;
        Ok(any)
    }

    /// What follows an operand: ranges and subqueries in brackets, `offset`, `@`.
    fn modifiers(&mut self, primary: Primary, mark: Mark) -> Result<(), SyntaxError> {
        let mut modified = match primary {
            Primary::Selector(at) => Modified::Selector(at),
            Primary::Other => Modified::Nothing,
        };
        loop {
            if self.token.kind == Kind::OpenBracket {
                modified = self.brackets(modified, mark)?;
            } else if self.token.kind == Kind::At {
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
                return Ok(());
            }
        }
    }

    /// What a modifier after this changes.
    fn shift(&mut self, modified: Modified) -> Result<&mut Shift, SyntaxError> {
        let error = self.expected("this modifier only after a selector or a subquery");
        let shift = match modified {
            Modified::Selector(at) => self.query.selectors.get_mut(at).map(|selector| &mut selector.shift),
            Modified::Subquery(at) => self.query.subqueries.get_mut(at).map(|subquery| &mut subquery.shift),
            Modified::Nothing => None,
        };
        shift.ok_or(error)
    }

    /// `[5m]` after a selector, or `[1h:1m]` after any expression.
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
        // What is a range already is none of the points that a subquery takes. So subqueries nest by parentheses only,
        // and what stands in one is looked at again no more often than those may.
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

    /// Notes a subquery, and that what was read since the mark is within it.
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

    /// The value of a duration, in milliseconds.
    fn duration(&self, token: Token, rounded: Rounded) -> Result<i64, SyntaxError> {
        let text = self.lexer.text(token.start, token.end);
        time::milliseconds(text, rounded)
            .ok_or(expected(token.start, "a duration like 5m, or a number of seconds"))
    }

    /// What stands after `offset`, with its sign.
    fn offset(&mut self) -> Result<i64, SyntaxError> {
        let sign = self.sign()?;
        if self.token.kind != Kind::Number {
            return Err(self.expected("a duration like 5m"));
        }
        let offset = match sign {
            Sign::Plus => self.duration(self.token, Rounded::Up)?,
            Sign::Minus => self.duration(self.token, Rounded::Down)?.saturating_neg(),
        };
        self.advance()?;
        Ok(offset)
    }

    /// What stands after `@`: seconds since 1970, `start()` or `end()`.
    fn instant(&mut self) -> Result<At, SyntaxError> {
        for (word, at) in [("start", At::Start), ("end", At::End)] {
            if self.is_word(&[word]) {
                self.advance()?;
                self.take(Kind::Open, "\"()\"")?;
                self.take(Kind::Close, "\")\"")?;
                return Ok(at);
            }
        }
        let sign = self.sign()?;
        let what = "a time: seconds since 1970, start() or end()";
        if self.token.kind != Kind::Number {
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
        if self.token.kind != Kind::Sign {
            return Ok(Sign::Plus);
        }
        let sign =
            if self.lexer.text(self.token.start, self.token.end) == "-" { Sign::Minus } else { Sign::Plus };
        self.advance()?;
        Ok(sign)
    }
}

/// Whether a word is one of these, in whatever case.
fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// How many characters of a name a message shows.
const MAX_SHOWN: usize = 40;

const OPERATORS: [&str; 4] = ["and", "or", "unless", "atan2"];

const GROUPINGS: [&str; 2] = ["by", "without"];

const NUMBERS: [&str; 2] = ["inf", "nan"];

/// The aggregations of stable Prometheus 3.x; `limitk` and `limit_ratio` are experimental.
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

/// Keywords that can't be a metric's name.
const NO_METRICS: [&str; 6] = ["bool", "on", "ignoring", "group_left", "group_right", "atan2"];
