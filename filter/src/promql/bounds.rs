//! Bounds on what one query may hold, so that no text costs a server much more than its length (`threats.md` P6), and
//! the counts that are compared with them while a query is parsed.

use super::extensions::Extensions;
use super::regex::REPETITION;
use std::fmt;

/// The greatest depth of expressions within expressions that any bounds may allow (`threats.md` S1).
pub const MAX_DEPTH: u32 = 64;

/// The most of anything else that any bounds may allow by count.
pub const MAX_COUNT: u32 = 10_000;

/// The most matchers that all selectors of a request may have.
const MAX_MATCHERS: u32 = 2_000;

/// The most work that a query is where nothing else is said: about a tenth of a second of Prometheus' processor.
const USUAL_WORK: u64 = 450_000;

/// The bounds on the texts of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The longest text, in bytes.
    pub length: usize,
    /// The greatest depth of expressions within expressions, at most [`MAX_DEPTH`].
    pub depth: u32,
    /// The most operators, signs before an operand among them.
    pub operators: u32,
    /// The most selectors of a request.
    pub selectors: u32,
    /// The most selectors that don't name one metric outright. Each may find every series that the caller may see.
    pub unnamed: u32,
    /// The most calls of functions, and aggregations.
    pub calls: u32,
    /// The most repetitions in regular expressions, and of what weighs as much.
    pub repetitions: u32,
    /// The most work that a query may be for the server, in the units of [`Work`](super::Work).
    pub work: u64,
    /// The experimental parts of the language that may be used.
    pub extensions: Extensions,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            length: 64 * 1024,
            depth: MAX_DEPTH,
            operators: 250,
            selectors: 500,
            unnamed: 50,
            calls: 300,
            repetitions: 180,
            work: USUAL_WORK,
            extensions: Extensions::NONE,
        }
    }
}

impl Bounds {
    /// The most that a server is asked to format: it prints each expression once for each of those around it, so that
    /// its time grows with the product of length and nesting.
    pub const FORMATTED: Self = Self {
        length: 16 * 1024,
        depth: MAX_DEPTH,
        operators: 64,
        selectors: 65,
        unnamed: MAX_COUNT,
        calls: 64,
        repetitions: 180,
        work: USUAL_WORK,
        extensions: Extensions::NONE,
    };

    /// The most that a server is asked to parse into a tree, whose time grows with the square of the length.
    pub const PARSED: Self = Self {
        length: 64 * 1024,
        depth: MAX_DEPTH,
        operators: 200,
        selectors: 200,
        unnamed: MAX_COUNT,
        calls: 200,
        repetitions: 180,
        work: USUAL_WORK,
        extensions: Extensions::NONE,
    };

    /// Returns the tighter of two bounds, for each count, with the extensions of the first.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self {
            length: self.length.min(other.length),
            depth: self.depth.min(other.depth),
            operators: self.operators.min(other.operators),
            selectors: self.selectors.min(other.selectors),
            unnamed: self.unnamed.min(other.unnamed),
            calls: self.calls.min(other.calls),
            repetitions: self.repetitions.min(other.repetitions),
            work: self.work.min(other.work),
            extensions: self.extensions,
        }
    }

    /// Returns the largest allowed count.
    fn most(&self, bound: Bound) -> u32 {
        match bound {
            Bound::Depth => self.depth,
            Bound::Operators => self.operators,
            Bound::Selectors => self.selectors,
            Bound::Unnamed => self.unnamed,
            Bound::Calls => self.calls,
            Bound::Matchers => MAX_MATCHERS,
            Bound::Repetitions => self.repetitions,
            Bound::WrittenBytes => MAX_WRITTEN,
            Bound::Groups => MAX_DEPTH,
        }
    }
}

/// The most bytes that `label_replace` and `label_join` may write for one series, by the estimate in `written`.
const MAX_WRITTEN: u32 = 64 * 1024;

/// A count that is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// The depth of expressions within expressions.
    Depth,
    /// The number of operators, and of signs before an operand.
    Operators,
    /// The number of all selectors.
    Selectors,
    /// The number of selectors that don't name one metric outright.
    Unnamed,
    /// The number of calls of functions, and of aggregations.
    Calls,
    /// The number of matchers of all selectors.
    Matchers,
    /// The weight of regular expressions, in parts of a repetition.
    Repetitions,
    /// The bytes that functions write into the labels of one series.
    WrittenBytes,
    /// The depth of groups within groups of a regular expression.
    Groups,
}

impl Bound {
    /// Writes that a text has more than `most` of this, and which field allows more.
    pub(super) fn explain(self, most: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Depth => write!(f, "expressions are nested deeper than {most} (limits.depth)"),
            Self::Operators => write!(f, "the query has more than {most} operators (limits.operators)"),
            Self::Selectors => write!(f, "the query has more than {most} selectors (limits.selectors)"),
            Self::Unnamed => write!(
                f,
                "more than {most} selectors don't name one metric outright (a tenth of limits.selectors)"
            ),
            Self::Calls => write!(f, "the query has more than {most} calls (limits.calls)"),
            Self::Matchers => write!(f, "the selectors have more than {most} matchers"),
            Self::Repetitions => write!(
                f,
                "regular expressions have more than {most} repetitions, or as heavy parts (limits.repetitions)"
            ),
            Self::WrittenBytes => {
                write!(f, "label_replace and label_join may write more than {most} bytes into labels")
            }
            Self::Groups => write!(f, "groups of a regular expression are nested deeper than {most}"),
        }
    }
}

/// The counts of what has been read of the texts of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    counts: [u32; 9],
}

impl Counts {
    /// Returns how much of something has been counted.
    pub fn of(&self, bound: Bound) -> u32 {
        self.counts.get(bound as usize).copied().unwrap_or_default()
    }

    /// Returns these counts and others together.
    #[must_use]
    pub fn with(mut self, others: Self) -> Self {
        for (count, other) in self.counts.iter_mut().zip(others.counts) {
            *count = count.saturating_add(other);
        }
        self
    }

    /// Adds to a count, and checks it against the bounds.
    ///
    /// # Errors
    ///
    /// Returns the largest allowed count if this one is larger.
    #[inline(never)]
    pub(super) fn add(&mut self, bound: Bound, number: u32, bounds: &Bounds) -> Result<(), u32> {
        let most = bounds.most(bound);
        let Some(count) = self.counts.get_mut(bound as usize) else { return Ok(()) };
        *count = count.saturating_add(number);
        let unit = if bound == Bound::Repetitions { REPETITION } else { 1 };
        if *count > most.saturating_mul(unit) { Err(most) } else { Ok(()) }
    }
}
