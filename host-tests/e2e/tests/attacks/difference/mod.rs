//! Compares two modules: requests go through both on the embedded host, and everything that can be seen of them has to
//! be the same, byte for byte: what reaches the server, what the client gets, what is reported, logged and counted. The
//! requests are those of both suites, and generated ones. Requests of a batch run at once in one worker, so that a
//! request that leaves something behind for another one is noticed.
//!
//! A change that doesn't mean to change what the module does is compared with the module from before it, as
//! `CONTRIBUTING.md` says. What changes on purpose is listed in [`changes`].

mod agreement;
mod answers;
mod cases;
mod changes;
mod comparison;
mod done;
mod envoys_own;
mod exchange;
mod explained;
mod generator;
mod headers;
mod many_on_envoy;
pub(crate) mod on_envoy;
mod parameters;
mod said;
pub(crate) mod seen;
mod shown;
mod situation;
mod subject;

use comparison::Comparison;
use exchange::Exchange;
use generator::Generator;
use promward_e2e::queries::Random;
use situation::Situation;
use std::env;
use std::fs;
use std::path::PathBuf;
use subject::Subject;

/// The variables that name the older module, a newer one in place of that of this source, the number of generated
/// requests, and their seed.
const OLD: &str = "PROMWARD_OLD";
const NEW: &str = "PROMWARD_NEW";
const REQUESTS: &str = "PROMWARD_REQUESTS";
const SEED: &str = "PROMWARD_SEED";

/// The number of generated requests without such a variable.
const MANY: u64 = 100_000;

/// The number of generated requests in the tests that always run.
const FEW: u64 = 600;

/// The number of requests after which every kind of difference has shown.
const MORE: u64 = 3_000;

/// The most requests that are open at once.
const AT_ONCE: usize = 4;

#[test]
#[ignore = "long, and needs an older module: PROMWARD_OLD=PATH"]
fn the_module_does_what_an_older_one_does() {
    let Some(old) = env::var_os(OLD).map(PathBuf::from) else {
        println!("skipped: {OLD} names no older module");
        return;
    };
    let new = env::var_os(NEW).map_or_else(|| promward_module::build().unwrap(), PathBuf::from);
    let number = |name, usual| env::var(name).map_or(usual, |text| text.parse().unwrap());
    let modules =
        [old, new].map(|path| fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
    let comparison = compare(&modules, number(REQUESTS, MANY), number(SEED, 1));
    println!("{}", comparison.shown());
    assert!(comparison.is_empty(), "the modules differ");
}

#[test]
fn a_module_does_always_the_same() {
    let module = fs::read(promward_module::build().unwrap()).unwrap();
    let comparison = compare(&[module.clone(), module], FEW, 2);
    assert!(comparison.is_empty(), "{}", comparison.shown());
}

#[test]
fn a_module_that_does_something_else_is_noticed() {
    let module = fs::read(promward_module::build().unwrap()).unwrap();
    let situation = situation::generated().remove(0);
    let other = Situation {
        configuration: situation.configuration.replace(r#""tenant":["a"]"#, r#""tenant":["b"]"#),
        ..situation.clone()
    };
    assert_ne!(situation.configuration, other.configuration);
    let mut subjects = [&situation, &other].map(|situation| Subject::start(&module, situation).unwrap());
    let mut comparison = Comparison::default();
    let mut generator = Generator::new(3, &situation.configuration);
    for _ in 0..MORE {
        run(&mut subjects, &[generator.exchange()], 0, &mut comparison);
    }
    let shown = comparison.shown();
    assert!(shown.contains("to the server: head") && shown.contains("answer: body"), "{shown}");
}

/// Sends all cases and so many generated requests through two modules.
fn compare(modules: &[Vec<u8>; 2], generated: u64, seed: u64) -> Comparison {
    let mut comparison = Comparison::default();
    for (situation, exchanges) in cases::all() {
        let Some(mut subjects) = started(modules, &situation, &mut comparison) else { continue };
        for exchange in exchanges {
            run(&mut subjects, &[exchange], 0, &mut comparison);
        }
        comparison.end(&mut subjects);
    }
    let situations = situation::generated();
    let each = generated / situations.iter().map(|situation| situation.share).sum::<u64>();
    for (number, situation) in (0..).zip(situations) {
        let Some(mut subjects) = started(modules, &situation, &mut comparison) else { continue };
        let mut random = Random::new(seed.wrapping_add(number));
        let mut generator = Generator::new(random.number(), &situation.configuration);
        let mut left = each * situation.share;
        while left > 0 {
            let together = (random.below(AT_ONCE) as u64 + 1).min(left);
            let batch: Vec<Exchange> = (0..together).map(|_| generator.exchange()).collect();
            run(&mut subjects, &batch, random.number(), &mut comparison);
            left -= together;
        }
        comparison.end(&mut subjects);
    }
    comparison
}

/// Starts both modules under a configuration. The newer one is told of clients by the listener, so that this is seen to
/// change nothing. Where one of them refuses it, that is noted.
fn started(
    modules: &[Vec<u8>; 2],
    situation: &Situation,
    comparison: &mut Comparison,
) -> Option<[Subject; 2]> {
    let old = Subject::start(&modules[0], situation);
    let new = Subject::start(&modules[1], &situation.told_of_clients());
    match (old, new) {
        (Ok(old), Ok(new)) => Some([old, new]),
        (old, new) => {
            let refusal = |started: anyhow::Result<Subject>| started.err().map(|error| format!("{error:#}"));
            comparison.refused(situation, [refusal(old), refusal(new)]);
            None
        }
    }
}

/// Sends a batch of requests through both, in an order that the seed decides.
fn run(subjects: &mut [Subject; 2], batch: &[Exchange], seed: u64, comparison: &mut Comparison) {
    let [old, new] = subjects.each_mut().map(|subject| subject.run(batch, Random::new(seed)));
    for ((exchange, old), new) in batch.iter().zip(old).zip(new) {
        comparison.add(exchange, &old, &new);
    }
}
