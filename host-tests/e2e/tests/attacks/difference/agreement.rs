//! Gathers what the command says otherwise than a host does.

use super::done::Done;
use super::exchange::Exchange;
use super::said::{Difference, Said};
use anyhow::{Result, ensure};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The most examples that are shown of one kind of difference.
const SHOWN: usize = 5;

/// The comparison of the command with a host, so far.
#[derive(Default)]
pub(crate) struct Agreement {
    pub(super) requests: u64,
    forwarded: u64,
    answered: u64,
    /// The requests that a single explanation can't be about.
    left_out: u64,
    /// The requests that differ, by the name of the difference.
    wrong: BTreeMap<String, Vec<String>>,
    /// The differences that a host makes by itself, by their reason.
    own: BTreeMap<&'static str, u64>,
}

impl Agreement {
    /// Counts a request that a single explanation can't be about.
    pub(super) fn leave_out(&mut self) {
        self.requests += 1;
        self.left_out += 1;
    }

    /// Adds what the command says of a request, and what `differ` finds to be otherwise. Rates and budgets count what came
    /// before, which a single explanation doesn't know.
    pub(super) fn add(
        &mut self,
        exchange: &Exchange,
        said: Option<&Said>,
        done: &Done,
        differ: impl FnOnce(&Said) -> Vec<Difference>,
    ) {
        let is_throttled = done.0.get("report: outcome").is_some_and(|outcome| outcome == &["throttled"]);
        let Some(said) = said.filter(|_| !is_throttled) else { return self.leave_out() };
        self.requests += 1;
        match said.is_forwarded {
            true => self.forwarded += 1,
            false => self.answered += 1,
        }
        let differences = differ(said);
        if let Some(first) = differences.first() {
            let lines: Vec<_> = differences.iter().map(Difference::to_string).collect();
            let host =
                done.0.get("envoy").map_or_else(String::new, |words| format!("\n    {}", words.join(" ")));
            let example = format!("{}{host}\n    {}", exchange.shown(), lines.join("\n    "));
            self.wrong.entry(first.name.clone()).or_default().push(example);
        }
    }

    /// Counts differences that a host makes by itself.
    pub(super) fn does_itself(&mut self, reasons: Vec<&'static str>) {
        reasons.into_iter().for_each(|reason| *self.own.entry(reason).or_default() += 1);
    }

    /// Checks that nothing differs.
    ///
    /// # Errors
    ///
    /// Returns an error with examples if something does.
    pub(super) fn check(&self) -> Result<()> {
        let mut text = format!(
            "{} requests, {} forwarded, {} answered, {} left out\n",
            self.requests, self.forwarded, self.answered, self.left_out
        );
        for (reason, number) in &self.own {
            let _ = writeln!(text, "{number}: {reason}");
        }
        for (kind, examples) in &self.wrong {
            let _ = writeln!(
                text,
                "{kind}: {}\n{}",
                examples.len(),
                examples[..examples.len().min(SHOWN)].join("\n")
            );
        }
        ensure!(self.wrong.is_empty(), "{text}");
        println!("{text}");
        Ok(())
    }

    /// Checks that nothing differs, and that so many requests were forwarded and answered.
    pub(super) fn assert(&self, forwarded: u64, answered: u64) {
        self.check().unwrap();
        let counted = format!("{} forwarded, {} answered", self.forwarded, self.answered);
        assert!(self.forwarded > forwarded && self.answered > answered, "{counted}");
        assert!(
            self.left_out * 5 < self.requests,
            "{} of {} can't be explained",
            self.left_out,
            self.requests
        );
    }
}
