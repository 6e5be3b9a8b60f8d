//! Generates operations with two sides: with numbers, between vectors that match each other, and on sets.

use super::Generator;
use super::expressions::Expression;
use super::functions::{AGGREGATIONS, ARITHMETIC, COMPARISONS, SETS};
use super::layout::Words;
use super::samples::{Course, Metric};

impl Generator {
    pub(super) fn binary(&mut self, left: Words, operator: &str, modifiers: Words, right: Words) -> Words {
        let mut words = left;
        let operator = if operator.starts_with(char::is_alphabetic) {
            self.keyword(operator)
        } else {
            operator.to_owned()
        };
        words.push(operator);
        words.append(modifiers);
        words.append(right);
        words
    }

    /// Returns arithmetic with numbers, sometimes as a chain whose order follows from precedence and associativity
    /// only.
    pub(super) fn with_a_scalar(&mut self, depth: u32) -> Expression {
        let mut words = self.vector(depth).operand();
        for _ in 0..self.random.below(3) + 1 {
            let right = self.scalar(depth.min(1)).operand();
            let operator = self.random.one(ARITHMETIC);
            words = if self.random.once_in(3) {
                self.binary(right, operator, Words::default(), words)
            } else {
                self.binary(words, operator, Words::default(), right)
            };
        }
        Expression::compound(words)
    }

    pub(super) fn compared(&mut self, depth: u32) -> Expression {
        let vector = self.vector(depth).operand();
        let (operator, number) = self.random.one(COMPARISONS);
        let bool = operator == "==" || self.random.once_in(3);
        let modifiers = if bool { Words::one(self.keyword("bool")) } else { Words::default() };
        Expression::compound(self.binary(vector, operator, modifiers, Words::one(number)))
    }

    /// Returns an operation between two vectors that match each other.
    pub(super) fn join(&mut self) -> Expression {
        let gauge = |metric: &Metric| metric.labels.is_empty() && metric.course == Course::Gauge;
        let operator = self.random.one(ARITHMETIC);
        let left = self.metric(gauge);
        let right = self.metric(gauge);
        let words = match self.random.below(5) {
            0 => {
                let (left, right) = (self.whole(&left), self.whole(&right));
                self.binary(left, operator, Words::default(), right)
            }
            1 => {
                let (left, right) = (self.whole(&left), self.whole(&right));
                let modifiers = self.matched("on", &["job", "instance"]);
                self.binary(left, operator, modifiers, right)
            }
            2 => {
                let (left, right) = (self.whole(&left), self.whole(&right));
                let mut modifiers = Words::one(self.keyword("bool"));
                let ignored = self.random.one(&[&["zone"][..], &["nothing", "zone"], &[]]);
                modifiers.append(self.matched("ignoring", ignored));
                let (comparison, _) = self.random.one(COMPARISONS);
                self.binary(left, comparison, modifiers, right)
            }
            3 => self.one_to_many(operator),
            _ => {
                let by = self.grouping();
                let left = self.aggregated_whole(&left, by.clone());
                let right = self.aggregated_whole(&right, by);
                self.binary(left, operator, Words::default(), right)
            }
        };
        Expression::compound(words)
    }

    /// Returns a selector of all series of a metric, so that the other side finds its match.
    fn whole(&mut self, metric: &Metric) -> Words {
        Words::one(metric.name)
    }

    fn aggregated_whole(&mut self, metric: &Metric, grouping: Words) -> Words {
        let whole = self.whole(metric);
        let operator = self.random.one(AGGREGATIONS);
        self.aggregated(operator, None, whole, grouping)
    }

    /// Returns the labels by which two vectors are matched.
    fn matched(&mut self, how: &str, labels: &[&str]) -> Words {
        let mut words = Words::one(self.keyword(how));
        let labels: Vec<_> = labels.iter().map(|label| Words::one(self.label(label))).collect();
        let end = (!labels.is_empty() && self.random.once_in(6)).then_some(",");
        words.append(Words::list(labels, end).in_parentheses());
        words
    }

    fn one_to_many(&mut self, operator: &str) -> Words {
        let counter = self.metric(|metric| metric.course == Course::Counter && !metric.quoted);
        let many = self.range_of_whole(&counter);
        let many = self.call("rate", vec![many]);
        let one = Words::one("build_info");
        let mut modifiers = self.matched("on", &["job", "instance"]);
        let left = self.random.once_in(2);
        modifiers.push(self.keyword(if left { "group_left" } else { "group_right" }));
        match self.random.below(3) {
            0 => {}
            1 => modifiers.append(Words::default().in_parentheses()),
            _ => modifiers.append(Words::one(self.label("version")).in_parentheses()),
        }
        let (first, second) = if left { (many, one) } else { (one, many) };
        self.binary(first, operator, modifiers, second)
    }

    fn range_of_whole(&mut self, metric: &Metric) -> Words {
        let mut words = self.whole(metric);
        words.push("[5m]");
        words
    }

    pub(super) fn set(&mut self, depth: u32) -> Expression {
        let operator = self.random.one(SETS);
        let left = self.vector(depth).operand();
        let (modifiers, right) = match operator {
            "or" => (Words::default(), self.vector(depth).operand()),
            "and" => (self.matched("on", &[]), self.vector(depth).operand()),
            _ if self.random.once_in(3) => (Words::default(), self.vector(depth).operand()),
            _ => (Words::default(), self.nothing()),
        };
        Expression::compound(self.binary(left, operator, modifiers, right))
    }
}
