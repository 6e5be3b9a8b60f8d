//! Holds what a request takes of the module to budgets, so that a request that becomes dearer is seen. Time is measured
//! by the benchmark.

use promward_benches::costs::{self, Taken, Work};
use promward_benches::rooms;
use serde_json::json;
use std::io::{self, Write};

/// The distance from its budget that a figure may have, as a part of the budget.
const MARGIN: f64 = 0.1;

/// The most code that a request of the first work may touch, in bytes of WebAssembly: the processor's caches have to hold
/// all that is made of it.
const CODE: f64 = 28_500.0;

/// Returns the host calls and instructions that a request may take. A filtered answer comes in a number of pieces that
/// differs from run to run, with two calls for each, so that its calls aren't counted.
fn budget(work: Work) -> (Option<f64>, f64) {
    match work {
        Work::Prefix => (Some(11.0), 34_800.0),
        Work::Password => (Some(13.0), 43_200.0),
        Work::Restricted => (Some(13.0), 50_800.0),
        Work::Tried => (Some(13.0), 54_500.0),
        Work::NewQueries => (Some(13.0), 82_100.0),
        Work::Form => (Some(17.0), 86_100.0),
        Work::LongAnswer => (Some(13.0), 79_300.0),
        Work::Rules => (None, 87_700_000.0),
        Work::Alerts => (None, 73_200_000.0),
        Work::Write => (None, 6_870_000.0),
    }
}

#[test]
fn no_request_takes_more_than_its_budget() {
    let (mut dearer, mut cheaper) = (Vec::new(), Vec::new());
    for work in Work::ALL {
        let Taken { host_calls, instructions, .. } = costs::taken(work, &work.configuration()).unwrap();
        let (most_calls, most_instructions) = budget(work);
        let instructions = ("instructions", instructions, most_instructions);
        let host_calls = most_calls.map(|most| ("host calls", host_calls, most));
        let code = (work == Work::Prefix)
            .then(|| ("bytes of code", rooms::executed(work).unwrap().code as f64, CODE));
        for (unit, figure, most) in host_calls.into_iter().chain([instructions]).chain(code) {
            let line = format!("{}: {figure} {unit}, and the budget is {most}", work.name());
            if figure > most * (1.0 + MARGIN) {
                dearer.push(line);
            } else if figure < most * (1.0 - MARGIN) {
                cheaper.push(format!("{line}: write {}", rounded_up(figure)));
            }
        }
    }
    if !cheaper.is_empty() {
        // Not by `println!`, whose output is hidden where a test passes.
        let list = cheaper.join("\n");
        writeln!(io::stderr(), "\nMore than a tenth cheaper. Please lower these budgets:\n{list}").unwrap();
    }
    assert!(dearer.is_empty(), "more than a tenth dearer:\n{}", dearer.join("\n"));
}

#[test]
fn the_same_rules_on_trial_cost_a_tenth_at_most() {
    let taken = |work: Work| costs::taken(work, &work.configuration()).unwrap();
    let [alone, tried] = [Work::Restricted, Work::Tried].map(taken);
    let figures = format!("{} instructions, and {} with a trial", alone.instructions, tried.instructions);
    writeln!(io::stderr(), "{figures}").unwrap();
    assert_eq!(tried.host_calls, alone.host_calls);
    assert!(tried.instructions <= alone.instructions * 1.1, "{figures}");
}

/// The most that a request takes beside its budget where the number of requests at once is limited: the tables of open requests
/// are read and written at its begin and at its end, and the host is asked for the time.
const AT_ONCE: (f64, f64) = (5.0, 20_400.0);

#[test]
fn a_number_of_requests_at_once_costs_those_alone_who_have_it() {
    let work = Work::Password;
    let mut limited = work.configuration();
    let alone = costs::taken(work, &limited).unwrap();
    limited["access"][2]["limits"] = json!({ "concurrent": 100, "wait": "2s" });
    let limited = costs::taken(work, &limited).unwrap();
    let more = (limited.host_calls - alone.host_calls, limited.instructions - alone.instructions);
    writeln!(io::stderr(), "{more:?} more host calls and instructions").unwrap();
    let (calls, instructions) = AT_ONCE;
    assert!(more.0 <= calls + 0.5 && more.1 <= instructions * (1.0 + MARGIN), "{more:?}");
}

/// Returns the next number above a figure that has three digits and then zeros, as budgets do.
fn rounded_up(figure: f64) -> f64 {
    let unit = 10_f64.powf((figure.log10().floor() - 2.0).max(0.0));
    (figure / unit).ceil() * unit
}
