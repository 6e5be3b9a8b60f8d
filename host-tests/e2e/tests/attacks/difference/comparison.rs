//! Gathers what two modules did differently, so that a hundred thousand requests with one difference make one entry.

use super::changes::{self, Difference};
use super::done::Done;
use super::exchange::Exchange;
use super::situation::Situation;
use super::subject::Subject;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The number of examples that are kept of a kind of difference, and the most characters of a value that are shown.
const EXAMPLES: usize = 3;
const SHOWN: usize = 400;

/// All differences that were found.
#[derive(Default)]
pub(super) struct Comparison {
    requests: u64,
    /// The number of requests that went to the server, by the status of the answer.
    forwarded: BTreeMap<String, u64>,
    /// The number of requests that the older module answered, by status.
    answered: BTreeMap<String, u64>,
    /// The differences that are intended, by the change that explains them.
    intended: BTreeMap<&'static str, u64>,
    kinds: BTreeMap<String, Kind>,
}

/// One kind of difference.
#[derive(Default)]
struct Kind {
    number: u64,
    examples: Vec<String>,
}

impl Comparison {
    /// Compares what both modules did with a request.
    pub(super) fn add(&mut self, exchange: &Exchange, old: &Done, new: &Done) {
        self.requests += 1;
        let by_status = match old.0.contains_key("to the server: end") {
            true => &mut self.forwarded,
            false => &mut self.answered,
        };
        let status = old.0.get("answer: head").map_or_else(|| "none".to_owned(), |heads| heads.join(" "));
        *by_status.entry(status).or_default() += 1;
        self.compare(&exchange.shown(), old, new);
    }

    /// Compares what both modules logged and counted.
    pub(super) fn end(&mut self, subjects: &mut [Subject; 2]) {
        let [old, new] = subjects.each_mut().map(Subject::end);
        self.compare("at the end", &old, &new);
    }

    /// Notes that a module refused a configuration.
    pub(super) fn refused(&mut self, situation: &Situation, refusals: [Option<String>; 2]) {
        let [old, new] = refusals.map(|refusal| refusal.unwrap_or_else(|| "accepted".to_owned()));
        self.note("configuration", &situation.name, &old, &new);
    }

    fn compare(&mut self, request: &str, old: &Done, new: &Done) {
        let names: BTreeSet<_> = old.0.keys().chain(new.0.keys()).collect();
        for name in names {
            let [was, is] = [old, new].map(|done| done.0.get(name).map(Vec::as_slice).unwrap_or_default());
            if was == is {
                continue;
            }
            match changes::reason(&Difference { name, done: new }) {
                Some(change) => *self.intended.entry(change).or_default() += 1,
                None => self.note(name, request, &shown(was), &shown(is)),
            }
        }
    }

    fn note(&mut self, name: &str, request: &str, old: &str, new: &str) {
        // A metric's labels follow its name.
        let name =
            if name.starts_with("metric: ") { name.split(".mount=").next().unwrap_or(name) } else { name };
        let kind = match (name, old, new) {
            ("answer: head", ..) => format!("{name}, {old:.3} and {new:.3}"),
            (_, _, "none") => format!("{name}, in the old one only"),
            (_, "none", _) => format!("{name}, in the new one only"),
            _ => name.to_owned(),
        };
        let kind = self.kinds.entry(kind).or_default();
        kind.number += 1;
        if kind.examples.len() < EXAMPLES {
            kind.examples.push(format!("{request}\n      old: {old}\n      new: {new}"));
        }
    }

    /// Returns `true` if nothing differs but what is meant to.
    pub(super) fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// Returns a report with a line for each kind of change.
    pub(super) fn shown(&self) -> String {
        let mut text = format!("{} requests\n", self.requests);
        for (what, by_status) in [("forwarded", &self.forwarded), ("answered by the filter", &self.answered)]
        {
            let numbers: Vec<_> =
                by_status.iter().map(|(status, number)| format!("{status}: {number}")).collect();
            let _ = writeln!(text, "{what}: {} ({})", by_status.values().sum::<u64>(), numbers.join(", "));
        }
        for (change, number) in &self.intended {
            let _ = writeln!(text, "meant: {change}: {number}");
        }
        for (name, Kind { number, examples }) in &self.kinds {
            let _ = writeln!(text, "\n{name}: {number}");
            for example in examples {
                let _ = writeln!(text, "  {example}");
            }
        }
        text
    }
}

fn shown(texts: &[String]) -> String {
    if texts.is_empty() {
        return "none".to_owned();
    }
    let text = texts.join(" | ");
    if text.chars().count() <= SHOWN {
        return text;
    }
    format!("{}… ({} bytes)", text.chars().take(SHOWN).collect::<String>(), text.len())
}
