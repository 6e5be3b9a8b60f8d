//! What a request takes of the module, held to budgets: nobody makes it dearer unseen, nor leaves a budget behind that
//! holds nothing any more.

use promward_host_tests::costs::{self, Taken, Work};

/// How far a figure may be from its budget, as a part of it.
const MARGIN: f64 = 0.1;

/// Host calls and instructions for a request.
fn budget(work: Work) -> (f64, f64) {
    match work {
        Work::Prefix => (0.0, 0.0),
        Work::Password => (0.0, 0.0),
        Work::Restricted => (0.0, 0.0),
        Work::NewQueries => (0.0, 0.0),
        Work::Form => (0.0, 0.0),
        Work::LongAnswer => (0.0, 0.0),
        Work::Rules => (0.0, 0.0),
        Work::Alerts => (0.0, 0.0),
    }
}

#[test]
fn a_request_takes_what_it_may() {
    let mut wrong = Vec::new();
    for work in Work::ALL {
        let taken = costs::taken(work, &work.configuration()).unwrap();
        let Taken { host_calls, callbacks, instructions } = taken;
        let (calls, fuel) = budget(work);
        let is_near = |figure: f64, budget: f64| (figure - budget).abs() <= budget * MARGIN;
        let line = format!(
            "{}: {host_calls} host calls of {calls}, {instructions} instructions of {fuel}, {callbacks} callbacks",
            work.name()
        );
        println!("{line}");
        if !is_near(host_calls, calls) || !is_near(instructions, fuel) {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "more or less than the budget:\n{}", wrong.join("\n"));
}
