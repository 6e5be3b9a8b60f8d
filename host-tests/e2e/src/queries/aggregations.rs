//! Generates aggregations, with their grouping before, after or nowhere.

use super::Generator;
use super::functions::AGGREGATIONS;
use super::layout::Words;
use promward_harness::prometheus::Release;

impl Generator {
    pub(super) fn aggregation(&mut self, depth: u32) -> Words {
        let vector = self.vector(depth).words;
        let grouping = self.grouping();
        match self.random.below(12) {
            0 | 1 => {
                let operator = self.random.one(&["topk", "bottomk"]);
                let number = match self.random.below(3) {
                    0 => self.counted(),
                    _ => Words::one(self.small_number()),
                };
                self.aggregated(operator, Some(number), vector, grouping)
            }
            2 => {
                let part = match self.random.below(3) {
                    0 => self.scalar(1).words,
                    _ => Words::one(self.part()),
                };
                self.aggregated("quantile", Some(part), vector, grouping)
            }
            3 => {
                let label = self.quoted("value");
                self.aggregated("count_values", Some(Words::one(label)), vector, grouping)
            }
            _ => {
                let operator = self.random.one(AGGREGATIONS);
                self.aggregated(operator, None, vector, grouping)
            }
        }
    }

    /// Returns a number that depends on the caller's series only.
    fn counted(&mut self) -> Words {
        let metric = self.metric(|metric| metric.name == "up");
        let up = self.matching(&metric);
        let count = self.aggregated("count", None, up, Words::default());
        self.call("scalar", vec![count])
    }

    /// Puts an aggregation together, with its grouping before or after.
    pub(super) fn aggregated(
        &mut self,
        operator: &str,
        parameter: Option<Words>,
        vector: Words,
        grouping: Words,
    ) -> Words {
        let mut words = Words::one(self.keyword(operator));
        let arguments = parameter.into_iter().chain([vector]).collect();
        let arguments = Words::list(arguments, None).in_parentheses();
        if self.random.once_in(2) {
            words.append(grouping);
            words.append(arguments);
        } else {
            words.append(arguments);
            words.append(grouping);
        }
        words
    }

    /// Returns `by` or `without` with labels, or nothing.
    pub(super) fn grouping(&mut self) -> Words {
        let word = self.random.one(&["", "by", "by", "without"]);
        if word.is_empty() {
            return Words::default();
        }
        let mut words = Words::one(self.keyword(word));
        words.append(self.labels());
        words
    }

    /// Returns labels in parentheses.
    fn labels(&mut self) -> Words {
        let mut known = vec![
            "job",
            "instance",
            "method",
            "status",
            "le",
            "zone",
            "tenant",
            "by",
            "on",
            "offset",
            "group_left",
        ];
        if self.release == Release::Three {
            known.extend(["service.name", "a label"]);
        }
        let mut labels = Vec::new();
        for _ in 0..self.random.below(4) {
            let label = self.random.one(&known);
            labels.push(Words::one(self.label(label)));
        }
        let end = (!labels.is_empty() && self.random.once_in(6)).then_some(",");
        Words::list(labels, end).in_parentheses()
    }
}
