//! Generates expressions whose types fit, most of which find something.

use super::Generator;
use super::functions::{ARITHMETIC, COMPARISONS};
use super::layout::Words;

/// An expression. `single` is set if it binds like a single word.
pub(super) struct Expression {
    pub(super) words: Words,
    single: bool,
}

impl Expression {
    fn single(words: Words) -> Self {
        Self { words, single: true }
    }

    pub(super) fn compound(words: Words) -> Self {
        Self { words, single: false }
    }

    /// Returns the words, in parentheses unless they bind like a single word.
    pub(super) fn operand(self) -> Words {
        if self.single { self.words } else { self.words.in_parentheses() }
    }
}

impl Generator {
    /// Returns an expression whose result is a vector.
    pub(super) fn vector(&mut self, depth: u32) -> Expression {
        let Some(below) = depth.checked_sub(1) else {
            return Expression::single(self.selector());
        };
        match self.random.below(30) {
            0..=4 => Expression::single(self.selector()),
            5..=9 => Expression::single(self.aggregation(below)),
            10..=13 => Expression::single(self.of_a_range(below)),
            14..=16 => Expression::single(self.of_a_vector(below)),
            17 => Expression::single(self.vector(below).words.in_parentheses()),
            18 => self.signed(below),
            19..=21 => self.with_a_scalar(below),
            22 | 23 => self.compared(below),
            24 | 25 => self.join(),
            26 => self.set(below),
            27 => Expression::single(self.relabelled(below)),
            28 => Expression::single(self.histogram_quantile()),
            _ => Expression::single(self.rare(below)),
        }
    }

    /// Returns an expression whose result is a number.
    pub(super) fn scalar(&mut self, depth: u32) -> Expression {
        let Some(below) = depth.checked_sub(1) else {
            return Expression::single(Words::one(self.number()));
        };
        match self.random.below(8) {
            0 => Expression::single(self.call("time", vec![])),
            1 => Expression::single(self.call("pi", vec![])),
            2 | 3 => {
                let vector = self.vector(below).words;
                let total = self.aggregated("sum", None, vector, Words::default());
                Expression::single(self.call("scalar", vec![total]))
            }
            4 => {
                let (left, right) = (self.scalar(below).operand(), self.scalar(below).operand());
                let operator = self.random.one(ARITHMETIC);
                Expression::compound(self.binary(left, operator, Words::default(), right))
            }
            5 => {
                let (left, right) = (self.scalar(below).operand(), self.scalar(below).operand());
                let (operator, _) = self.random.one(COMPARISONS);
                let bool = Words::one(self.keyword("bool"));
                Expression::compound(self.binary(left, operator, bool, right))
            }
            _ => Expression::single(Words::one(self.number())),
        }
    }

    fn signed(&mut self, depth: u32) -> Expression {
        let mut words = Words::one(self.random.one(&["-", "-", "+"]));
        words.append(self.vector(depth).operand());
        Expression::compound(words)
    }
}
