//! Generates calls of functions: of ranges, of vectors, and of the functions that are special.

use super::Generator;
use super::functions::{OF_A_RANGE, OF_A_TIME, OF_A_VECTOR, OF_NATIVE_HISTOGRAMS};
use super::layout::Words;
use super::samples::Course;
use promward_harness::prometheus::Release;

impl Generator {
    pub(super) fn call(&mut self, name: &str, arguments: Vec<Words>) -> Words {
        let mut words = Words::one(name);
        words.append(Words::list(arguments, None).in_parentheses());
        words
    }

    /// Returns a call of a function whose argument is a range: a selector or a subquery.
    pub(super) fn of_a_range(&mut self, depth: u32) -> Words {
        let range = if self.random.once_in(4) { self.any_subquery(depth) } else { self.range() };
        match self.random.below(10) {
            0 => {
                let part = self.part();
                self.call("quantile_over_time", vec![Words::one(part), range])
            }
            1 => {
                let seconds = self.scalar(1).words;
                self.call("predict_linear", vec![range, seconds])
            }
            2 if self.release == Release::Usual => {
                self.call("holt_winters", vec![range, Words::one("0.5"), Words::one("0.5")])
            }
            _ => {
                let name = self.random.one(OF_A_RANGE);
                self.call(name, vec![range])
            }
        }
    }

    fn any_subquery(&mut self, depth: u32) -> Words {
        let mut words = self.vector(depth.min(1)).operand();
        words.append(self.subquery());
        words
    }

    pub(super) fn of_a_vector(&mut self, depth: u32) -> Words {
        let vector = self.vector(depth).words;
        match self.random.below(10) {
            0 => {
                let name = self.random.one(&["clamp_max", "clamp_min"]);
                let bound = self.scalar(1).words;
                self.call(name, vec![vector, bound])
            }
            1 => self.call("clamp", vec![vector, Words::one("-5"), Words::one("1e2")]),
            2 => {
                let to = self.part();
                self.call("round", vec![vector, Words::one(to)])
            }
            3 => {
                let name = self.random.one(OF_A_TIME);
                let arguments = if self.random.once_in(3) { vec![] } else { vec![vector] };
                self.call(name, arguments)
            }
            _ => {
                let name = self.random.one(OF_A_VECTOR);
                self.call(name, vec![vector])
            }
        }
    }

    pub(super) fn relabelled(&mut self, depth: u32) -> Words {
        let vector = self.vector(depth).words;
        let target = self.random.one(&["new", "tenant", "by", "zone"]);
        if self.random.once_in(2) {
            let texts = [target, "$1-x", "job", "(.*)"].map(|text| Words::one(self.quoted(text)));
            return self.call("label_replace", [vec![vector], texts.to_vec()].concat());
        }
        let texts = [target, "-", "job", "instance"].map(|text| Words::one(self.quoted(text)));
        self.call("label_join", [vec![vector], texts.to_vec()].concat())
    }

    pub(super) fn histogram_quantile(&mut self) -> Words {
        let metric = self.metric(|metric| metric.course == Course::Bucket);
        let range = self.range_of(&metric);
        let rate = self.call("rate", vec![range]);
        let buckets = match self.random.below(3) {
            0 => rate,
            _ => {
                let mut grouping = Words::one(self.keyword("by"));
                grouping
                    .append(Words::list(vec![Words::one("le"), Words::one("job")], None).in_parentheses());
                self.aggregated("sum", None, rate, grouping)
            }
        };
        let part = self.part();
        self.call("histogram_quantile", vec![Words::one(part), buckets])
    }

    pub(super) fn rare(&mut self, depth: u32) -> Words {
        match self.random.below(5) {
            0 => {
                self.echoes = true;
                let vector = self.vector(depth).words;
                self.call("absent", vec![vector])
            }
            1 => {
                self.echoes = true;
                let mut words = self.nothing();
                words.append(self.subquery_or_range());
                self.call("absent_over_time", vec![words])
            }
            2 => {
                let vector = self.vector(depth).words;
                let name = self.random.one(OF_NATIVE_HISTOGRAMS);
                self.call(name, vec![vector])
            }
            _ => {
                let scalar = self.scalar(depth).words;
                self.call("vector", vec![scalar])
            }
        }
    }

    /// Returns a selector that finds no series.
    pub(super) fn nothing(&mut self) -> Words {
        let mut words = Words::one("nothing");
        if self.random.once_in(2) {
            words.push("{");
            words.push(self.label("job"));
            words.push("=");
            words.push(self.quoted("api"));
            words.push("}");
        }
        words
    }

    fn subquery_or_range(&mut self) -> Words {
        if self.random.once_in(2) { self.subquery() } else { Words::one("[5m]") }
    }
}
