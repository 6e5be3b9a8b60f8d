//! Arithmetic in durations, such as `[5m * 2]`, `[step() * 5]` and `offset (1h / 2)`, in the grammar of Prometheus 3.14.
//! What such an expression comes to is worked out with the times of the request, for guards alone: between a lower and an
//! upper bound, since a server calculates with floating-point numbers.

use super::bounds::Bound;
use super::error::{Problem, SyntaxError};
use super::lexer::{TokenKind, expected};
use super::parser::{Parser, is_one_of};
use super::time;
use crate::time::Evaluation;
use crate::time::seconds::Rounded;

/// A step of a calculation, after the steps for its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// A number between these two, in milliseconds.
    Number(i64, i64),
    Step,
    Range,
    Negative,
    Plus,
    Minus,
    Times,
    Over,
    Modulo,
    Power,
    Least,
    Greatest,
}

/// A duration that is worked out with the times of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Calculation(Vec<Op>);

/// The bounds of a value, in seconds.
#[derive(Clone, Copy)]
struct Interval {
    low: f64,
    high: f64,
}

/// The place of an expression, which decides how its text is cut into tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Between brackets, where there are no comments.
    Brackets,
    /// After the keyword `offset`.
    Offset,
}

impl Calculation {
    /// Returns the value in milliseconds, from a lower to an upper bound, or `None` if it isn't known well enough.
    pub(super) fn value(&self, evaluation: &Evaluation, longest_step: Option<i64>) -> Option<(i64, i64)> {
        let mut stack: Vec<Interval> = Vec::new();
        for op in &self.0 {
            let value = match op {
                Op::Number(low, high) => Interval { low: seconds(*low), high: seconds(*high) },
                Op::Step => {
                    // An instant query has no step, which counts as 0.
                    let (low, high) = (evaluation.step.unwrap_or_default(), longest_step.unwrap_or_default());
                    Interval { low: seconds(low) - NOISE, high: seconds(high) + NOISE }
                }
                Op::Range => {
                    // Both times have been rounded so that the length is the greatest, by up to a millisecond.
                    let length = seconds(evaluation.window.end.saturating_sub(evaluation.window.start));
                    Interval { low: length - 2.0 * MILLISECOND, high: length + NOISE }
                }
                Op::Negative => {
                    let Interval { low, high } = stack.pop()?;
                    Interval { low: -high, high: -low }
                }
                _ => {
                    let right = stack.pop()?;
                    op.apply(stack.pop()?, right)?
                }
            };
            stack.push(value.widened()?);
        }
        let Interval { low, high } = stack.pop().filter(|_| stack.is_empty())?;
        Some((milliseconds(low)?, milliseconds(high)?))
    }

    /// Returns the value, if it is a number as it stands.
    pub(super) fn number(&self) -> Option<(i64, i64)> {
        match self.0.as_slice() {
            [Op::Number(low, high)] => Some((*low, *high)),
            _ => None,
        }
    }

    /// Returns the same value with the opposite sign.
    pub(super) fn negative(mut self) -> Self {
        self.0.push(Op::Negative);
        self
    }
}

impl Op {
    /// Returns what this makes of two operands.
    fn apply(self, a: Interval, b: Interval) -> Option<Interval> {
        Some(match self {
            Self::Plus => Interval { low: a.low + b.low, high: a.high + b.high },
            Self::Minus => Interval { low: a.low - b.high, high: a.high - b.low },
            Self::Least => Interval { low: a.low.min(b.low), high: a.high.min(b.high) },
            Self::Greatest => Interval { low: a.low.max(b.low), high: a.high.max(b.high) },
            Self::Times => Interval::around([a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]),
            Self::Over if b.low > 0.0 || b.high < 0.0 => {
                Interval::around([a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high])
            }
            Self::Modulo if b.low > 0.0 || b.high < 0.0 => {
                // The result has the sign of the left side, and is smaller than either side.
                let most = b.low.abs().max(b.high.abs()).min(a.low.abs().max(a.high.abs()));
                Interval {
                    low: if a.low < 0.0 { -most } else { 0.0 },
                    high: if a.high > 0.0 { most } else { 0.0 },
                }
            }
            Self::Power => a.power(b)?,
            _ => return None,
        })
    }
}

impl Interval {
    /// Returns the smallest interval with these values in it.
    fn around(values: [f64; 4]) -> Self {
        let [first, ..] = values;
        let wider = |found: Self, value: f64| Self { low: found.low.min(value), high: found.high.max(value) };
        values.into_iter().fold(Self { low: first, high: first }, wider)
    }

    /// Returns this raised to a small whole number. An exponent that isn't exactly one is none: `1e9 ^ 0.4` is 4,000.
    fn power(self, exponent: Self) -> Option<Self> {
        let number = (0..=MAX_EXPONENT).find(|number| {
            let number = f64::from(*number);
            (exponent.low..=exponent.high).contains(&number) && exponent.high - exponent.low < EXACT
        })?;
        let mut power = Self { low: 1.0, high: 1.0 };
        for _ in 0..number {
            power = Op::Times.apply(power, self)?.widened()?;
        }
        Some(power)
    }

    /// Returns this with room for the rounding of floating-point numbers, or `None` if it is none or too large.
    fn widened(self) -> Option<Self> {
        let low = self.low - self.low.abs() * ROUNDING;
        let high = self.high + self.high.abs() * ROUNDING;
        // A comparison with what isn't a number is false.
        (low > -LARGEST && high < LARGEST && low <= high).then_some(Self { low, high })
    }
}

/// A bound on the error of some calculations with numbers of 53 bits, as a part of the result.
const ROUNDING: f64 = 1e-14;

/// The largest value that is followed, in seconds: longer than any duration of Go.
const LARGEST: f64 = 1e10;

const MILLISECOND: f64 = 0.001;

/// The most by which a server misses a time when it reads it as a floating-point number: some nanoseconds, in seconds.
const NOISE: f64 = 1e-8;

/// The width below which an exponent is exactly the number in it: what is left of parts of a millisecond is wider, and
/// the rounding of floating-point numbers is narrower.
const EXACT: f64 = 1e-9;

/// The largest exponent that is followed.
const MAX_EXPONENT: u32 = 8;

/// Returns milliseconds as seconds.
#[allow(clippy::cast_precision_loss, reason = "the result is bounded on both sides")]
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1_000.0
}

/// Returns seconds as milliseconds, without their parts, as Prometheus does.
#[allow(clippy::cast_possible_truncation, reason = "larger values have been refused")]
fn milliseconds(seconds: f64) -> Option<i64> {
    (seconds.abs() < LARGEST).then_some((seconds * 1_000.0) as i64)
}

impl Parser<'_> {
    /// Parses a duration that may be an expression. The current token is its first one, and afterwards the one that
    /// follows it.
    pub(super) fn duration_expression(&mut self, place: Place) -> Result<Calculation, SyntaxError> {
        let mut calculation = Calculation::default();
        self.sum(place, &mut calculation)?;
        Ok(calculation)
    }

    fn next_in(&mut self, place: Place) -> Result<(), SyntaxError> {
        match place {
            Place::Brackets => self.token = self.lexer.next_in_brackets()?,
            Place::Offset => self.advance()?,
        }
        Ok(())
    }

    /// Returns the operator that comes next, if it is one of these.
    fn arithmetic(&self, operators: &[(&str, Op)]) -> Option<Op> {
        let is_operator = matches!(self.token.kind, TokenKind::Sign | TokenKind::Operator);
        let text = self.lexer.text(self.token.start, self.token.end);
        operators.iter().find(|(sign, _)| is_operator && *sign == text).map(|&(_, op)| op)
    }

    fn sum(&mut self, place: Place, out: &mut Calculation) -> Result<(), SyntaxError> {
        self.deeper()?;
        self.product(place, out)?;
        while let Some(op) = self.arithmetic(&[("+", Op::Plus), ("-", Op::Minus)]) {
            self.count(Bound::Operators, 1, self.token.start)?;
            self.next_in(place)?;
            self.product(place, out)?;
            out.0.push(op);
        }
        self.shallower();
        Ok(())
    }

    fn product(&mut self, place: Place, out: &mut Calculation) -> Result<(), SyntaxError> {
        self.signed(place, out)?;
        while let Some(op) = self.arithmetic(&[("*", Op::Times), ("/", Op::Over), ("%", Op::Modulo)]) {
            self.count(Bound::Operators, 1, self.token.start)?;
            self.next_in(place)?;
            self.signed(place, out)?;
            out.0.push(op);
        }
        Ok(())
    }

    /// Parses a power with the signs before it, which bind less tightly.
    fn signed(&mut self, place: Place, out: &mut Calculation) -> Result<(), SyntaxError> {
        let mut is_negative = false;
        while self.token.kind == TokenKind::Sign {
            self.count(Bound::Operators, 1, self.token.start)?;
            is_negative ^= self.lexer.text(self.token.start, self.token.end) == "-";
            self.next_in(place)?;
        }
        self.duration_operand(place, out)?;
        if self.arithmetic(&[("^", Op::Power)]).is_some() {
            self.count(Bound::Operators, 1, self.token.start)?;
            self.next_in(place)?;
            self.deeper()?;
            self.signed(place, out)?;
            self.shallower();
            out.0.push(Op::Power);
        }
        if is_negative {
            out.0.push(Op::Negative);
        }
        Ok(())
    }

    /// Parses a number, a call, or an expression in parentheses.
    pub(super) fn duration_operand(
        &mut self,
        place: Place,
        out: &mut Calculation,
    ) -> Result<(), SyntaxError> {
        let token = self.token;
        let text = self.lexer.text(token.start, token.end);
        match token.kind {
            TokenKind::Number => {
                let bound = |rounded| time::milliseconds(text, rounded);
                let (Some(low), Some(high)) = (bound(Rounded::Down), bound(Rounded::Up)) else {
                    return Err(self.expected("a duration like 5m, or a number of seconds"));
                };
                out.0.push(Op::Number(low, high));
                self.next_in(place)
            }
            TokenKind::Open => {
                self.next_in(place)?;
                self.sum(place, out)?;
                self.close(place)
            }
            TokenKind::Word => {
                let Some(&(_, op)) = CALLS.iter().find(|(name, _)| is_one_of(text, &[name])) else {
                    return Err(self.expected(DURATION));
                };
                self.next_in(place)?;
                if self.token.kind != TokenKind::Open {
                    return Err(self.expected("\"(\""));
                }
                self.next_in(place)?;
                if matches!(op, Op::Least | Op::Greatest) {
                    self.sum(place, out)?;
                    if self.token.kind != TokenKind::Comma {
                        return Err(self.expected("\",\" and another duration"));
                    }
                    self.next_in(place)?;
                    self.sum(place, out)?;
                }
                out.0.push(op);
                self.close(place)
            }
            _ => Err(expected(token.start, DURATION)),
        }
    }

    fn close(&mut self, place: Place) -> Result<(), SyntaxError> {
        if self.token.kind == TokenKind::Close { self.next_in(place) } else { Err(self.expected("\")\"")) }
    }
}

/// Returns the error of a duration that is known only at the server.
pub(super) fn unclear(at: usize) -> SyntaxError {
    SyntaxError { at, problem: Problem::Unclear }
}

const DURATION: &str = "a duration like 5m, step(), range(), max_of or min_of";

/// The calls in durations. `max` and `min` are the names of `max_of` and `min_of` in releases before 3.13.
const CALLS: [(&str, Op); 6] = [
    ("step", Op::Step),
    ("range", Op::Range),
    ("max_of", Op::Greatest),
    ("min_of", Op::Least),
    ("max", Op::Greatest),
    ("min", Op::Least),
];
