//! Generates selectors: every way to name a metric, every matcher, every modifier.

use super::Generator;
use super::layout::Words;
use super::samples::{Course, INSTANCES, JOBS, LABEL, LENGTH, METRICS, Metric, START};
use promward_harness::prometheus::Release;

impl Generator {
    /// Returns a metric whose names the release accepts.
    pub(super) fn metric(&mut self, wanted: impl Fn(&Metric) -> bool) -> Metric {
        let metrics: Vec<Metric> = METRICS
            .iter()
            .filter(|metric| (self.release == Release::Three || !metric.quoted) && wanted(metric))
            .copied()
            .collect();
        self.random.one(&metrics)
    }

    /// Returns an instant selector of any metric, sometimes with modifiers.
    pub(super) fn selector(&mut self) -> Words {
        let metric = self.metric(|_| true);
        let mut words = self.matching(&metric);
        words.append(self.modifiers());
        words
    }

    /// Returns a selector of this metric, without modifiers.
    pub(super) fn matching(&mut self, metric: &Metric) -> Words {
        let mut matchers = self.matchers(metric);
        let plain = !metric.quoted;
        let mut words = Words::default();
        match self.random.below(10) {
            0 => matchers.insert(0, self.matcher("__name__", "=", metric.name)),
            1 if plain => matchers.push(self.matcher("__name__", "=~", &format!("{}|nothing", metric.name))),
            2 if self.release == Release::Three => self.insert_anywhere(&mut matchers, metric.name),
            _ if !plain => self.insert_anywhere(&mut matchers, metric.name),
            _ => words.push(metric.name),
        }
        if matchers.is_empty() && !self.random.once_in(4) {
            return words;
        }
        words.push("{");
        let end = (!matchers.is_empty() && self.random.once_in(5)).then_some(",");
        words.append(Words::list(matchers, end));
        words.push("}");
        words
    }

    fn insert_anywhere(&mut self, matchers: &mut Vec<Words>, name: &str) {
        let place = self.random.below(matchers.len() + 1);
        let quoted = self.quoted_name(name);
        matchers.insert(place, Words::one(quoted));
    }

    /// Returns a name in quotes, without escapes, which servers read differently there. A raw string isn't allowed
    /// there.
    pub(super) fn quoted_name(&mut self, name: &str) -> String {
        let quote = if name.contains('"') || self.random.once_in(3) { '\'' } else { '"' };
        format!("{quote}{name}{quote}")
    }

    fn matchers(&mut self, metric: &Metric) -> Vec<Words> {
        let mut labels: Vec<(&str, &[&str])> = vec![("job", &JOBS), ("instance", &INSTANCES)];
        labels.extend(metric.labels);
        let mut matchers = Vec::new();
        for (label, values) in labels {
            // Only all buckets together make a histogram.
            if label == "le" || !self.random.once_in(4) {
                continue;
            }
            let value = self.random.one(values);
            matchers.push(match self.random.below(6) {
                0 => self.matcher(label, "!=", "nothing"),
                1 => self.matcher(label, "=~", &format!("{}|nothing", value.replace(['+', '.'], "."))),
                2 => self.matcher(label, "!~", r"\d+nothing"),
                3 => self.matcher(label, "=~", r".+"),
                4 => self.matcher(label, "!=", ""),
                _ => self.matcher(label, "=", value),
            });
        }
        if self.random.once_in(12) {
            let (operator, value) = self.random.one(&[
                ("=", "a"),
                ("!=", "b"),
                ("=~", "a|b"),
                ("!~", "b?"),
                ("=~", ".*"),
                ("!=", ""),
            ]);
            matchers.push(self.matcher(LABEL, operator, value));
        }
        if self.random.once_in(20) {
            matchers.push(self.matcher("nothing", "=", ""));
        }
        matchers
    }

    fn matcher(&mut self, label: &str, operator: &str, value: &str) -> Words {
        let label = self.label(label);
        let mut words = Words::one(label);
        words.push(operator);
        let value = self.quoted(value);
        words.push(value);
        words
    }

    /// Returns a label's name, in quotes where it needs them, and sometimes where it may have them.
    pub(super) fn label(&mut self, label: &str) -> String {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let may = self.release == Release::Three && self.random.once_in(6);
        if plain && !may { label.to_owned() } else { self.quoted_name(label) }
    }

    /// Returns a range of any counter or gauge.
    pub(super) fn range(&mut self) -> Words {
        let metric = self.metric(|metric| metric.course != Course::Info);
        self.range_of(&metric)
    }

    /// Returns a range of this metric.
    pub(super) fn range_of(&mut self, metric: &Metric) -> Words {
        let mut words = self.matching(metric);
        let duration = self.duration();
        words.push(self.bracket(&duration));
        words.append(self.modifiers());
        words
    }

    /// Returns the brackets that make a subquery of an expression.
    pub(super) fn subquery(&mut self) -> Words {
        let duration = self.duration();
        let step = if self.random.once_in(3) { String::new() } else { self.step() };
        let range = match self.random.below(3) {
            0 => format!("[ {duration} : {step} ]"),
            _ => format!("[{duration}:{step}]"),
        };
        let mut words = Words::one(range);
        words.append(self.modifiers());
        words
    }

    fn bracket(&mut self, duration: &str) -> String {
        match self.random.below(5) {
            0 => format!("[ {duration} ]"),
            1 => format!("[{duration}\n]"),
            _ => format!("[{duration}]"),
        }
    }

    /// Returns `offset` and `@`, in either order.
    fn modifiers(&mut self) -> Words {
        let mut both = Vec::new();
        if self.random.once_in(6) {
            both.push(self.offset());
        }
        if self.random.once_in(8) {
            both.push(self.at());
        }
        if self.random.once_in(2) {
            both.reverse();
        }
        let mut words = Words::default();
        both.into_iter().for_each(|modifier| words.append(modifier));
        words
    }

    fn offset(&mut self) -> Words {
        let mut words = Words::one(self.keyword("offset"));
        if self.random.once_in(3) {
            words.push("-");
        }
        words.push(self.duration());
        words
    }

    fn at(&mut self) -> Words {
        let mut words = Words::one("@");
        let time = START + LENGTH / 2;
        match self.random.below(5) {
            0 => {
                words.push(self.keyword("start"));
                words.append(Words::default().in_parentheses());
            }
            1 => {
                words.push(self.keyword("end"));
                words.append(Words::default().in_parentheses());
            }
            2 => words.push(format!("{time}.125")),
            3 => words.push("1.70407e9"),
            _ => words.push(time.to_string()),
        }
        words
    }
}
