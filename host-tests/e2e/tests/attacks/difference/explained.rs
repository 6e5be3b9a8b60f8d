//! Holds `promward explain` to the module: requests of both suites and generated ones go through the module, and the
//! command has to say what becomes of each: what reaches the server, byte for byte, what the client gets, and what is
//! reported.

use super::agreement::Agreement;
use super::cases;
use super::exchange::Exchange;
use super::generator::Generator;
use super::said::{differences, said};
use super::situation::{self, Situation};
use super::subject::Subject;
use promward_cli::policy::Policy;
use promward_e2e::queries::Random;
use std::fs;

/// The number of generated requests.
const MANY: u64 = 20_000;

#[test]
fn the_command_says_what_the_module_does() {
    let module = fs::read(promward_module::build().unwrap()).unwrap();
    let mut comparison = Agreement::default();
    for (situation, exchanges) in cases::all() {
        let mut pair = Pair::start(&module, &situation);
        exchanges.iter().for_each(|exchange| pair.compare(exchange, &mut comparison));
    }
    assert!(comparison.requests > 4_000, "{} requests of the suites", comparison.requests);
    let situations = situation::generated();
    let shares: u64 = situations.iter().map(|situation| situation.share).sum();
    for (seed, situation) in (1..).zip(situations) {
        let mut pair = Pair::start(&module, &situation);
        let mut generator = Generator::new(seed, &situation.configuration);
        for _ in 0..(MANY * situation.share).div_ceil(shares) {
            pair.compare(&generator.exchange(), &mut comparison);
        }
    }
    comparison.assert(5_000, 5_000);
}

/// The module and the command under one configuration.
struct Pair {
    subject: Subject,
    policy: Policy,
    metadata: Vec<u8>,
}

impl Pair {
    fn start(module: &[u8], situation: &Situation) -> Self {
        Self {
            subject: Subject::start(module, situation).unwrap(),
            policy: Policy::load(situation.configuration.as_bytes()).unwrap(),
            metadata: situation.metadata.clone(),
        }
    }

    /// Sends a request through the module, and compares what became of it with what the command says.
    fn compare(&mut self, exchange: &Exchange, agreement: &mut Agreement) {
        let done = self.subject.run(std::slice::from_ref(exchange), Random::new(1)).remove(0);
        // An early answer keeps the module from what comes after it.
        if exchange.answers_early {
            return agreement.leave_out();
        }
        let said = said(&self.policy, exchange, &self.metadata, self.subject.began);
        agreement.add(exchange, said.as_ref(), &done, |said| {
            differences(&said.effects, &done, |said, done| said == done)
        });
    }
}
