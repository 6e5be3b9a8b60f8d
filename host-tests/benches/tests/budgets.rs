//! What a request takes of the module, held to budgets: nobody makes it dearer unseen, nor leaves a budget behind that
//! holds nothing any more. What it takes of time is for the benchmark to say.

use promward_benches::costs::{self, Taken, Work};

/// How far a figure may be from its budget, as a part of it.
const MARGIN: f64 = 0.1;

/// Host calls and instructions for a request. An answer that is filtered comes in as many pieces as it happens to, with two
/// calls for each, so that its calls aren't counted.
fn budget(work: Work) -> (Option<f64>, f64) {
    match work {
        Work::Prefix => (Some(17.0), 59_000.0),
        Work::Password => (Some(23.0), 90_000.0),
        Work::Restricted => (Some(23.0), 95_000.0),
        Work::NewQueries => (Some(23.0), 109_000.0),
        Work::Form => (Some(27.0), 124_000.0),
        Work::LongAnswer => (Some(23.0), 110_000.0),
        Work::Rules => (None, 214_000_000.0),
        Work::Alerts => (None, 211_000_000.0),
    }
}

#[test]
fn a_request_takes_what_it_may() {
    let is_near = |figure: f64, budget: f64| (figure - budget).abs() <= budget * MARGIN;
    let mut wrong = Vec::new();
    for work in Work::ALL {
        let Taken { host_calls, instructions, .. } = costs::taken(work, &work.configuration()).unwrap();
        let (calls, most) = budget(work);
        if !calls.is_none_or(|calls| is_near(host_calls, calls)) || !is_near(instructions, most) {
            wrong.push(format!(
                "{}: {host_calls} host calls where {calls:?} were, {instructions} instructions where {most} were",
                work.name()
            ));
        }
    }
    assert!(wrong.is_empty(), "more than a tenth away from the budget:\n{}", wrong.join("\n"));
}
