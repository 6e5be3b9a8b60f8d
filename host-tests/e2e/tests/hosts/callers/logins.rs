//! Checks of passwords, counted: their number, and the part of one that runs at a time. Guesses of one client don't
//! slow down others.

use crate::hosts::callers::set_up::{
    CHEAP, FORM, QUERY, RIGHT, WRONG, basic, configuration, deployment, hashed, options, upstream,
};
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_every_host;
use promward_harness::client::{Answer, Request};
use promward_harness::process;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

on_every_host! {
    twenty_requests_with_a_new_password_run_one_check,
    a_password_is_checked_once,
    an_unknown_user_is_answered_like_a_wrong_password,
    a_check_without_budget_is_answered_with_retry_after,
    a_right_password_costs_no_budget,
    a_password_that_somebody_else_has_presented_can_not_be_guessed_without_a_check,
    a_flood_of_wrong_passwords_is_not_felt_by_others,
    who_is_logged_in_is_not_locked_out_by_a_stranger_behind_the_same_address,
}

/// The default cost of `htpasswd -B` and most other tools, or near it.
const USUAL: u32 = 10;

fn checks(deployment: &Deployment) -> [u64; 2] {
    ["right", "wrong"]
        .map(|outcome| deployment.metric(&format!("promward.checks_total.outcome={outcome};")).unwrap())
}

fn users(cost: u32, passwords: &Value) -> String {
    let users = ["alice", "bob"].map(|name| (name.to_owned(), Value::from(hashed(RIGHT, cost))));
    let mut callers = json!({ "users": serde_json::Map::from_iter(users) });
    if !passwords.is_null() {
        callers["passwords"] = passwords.clone();
    }
    let access = json!([
        { "who": ["anyone"], "may": ["health"] },
        { "who": ["authenticated"], "may": ["query"] },
    ]);
    configuration(&callers, &access)
}

fn ask(deployment: &Deployment, user: &str, password: &str) -> Answer {
    deployment.client().user(user, password).get(QUERY).unwrap()
}

fn twenty_requests_with_a_new_password_run_one_check(host: Host) {
    let upstream = upstream();
    let deployment = deployment(host, &upstream, &users(USUAL, &Value::Null));
    let mut connection = deployment.client().http2().user("alice", RIGHT).connect().unwrap();
    let mut exchanges: Vec<_> = (0..20).map(|_| connection.open(Request::form(FORM)).unwrap()).collect();
    for exchange in &mut exchanges {
        exchange.data("query=up").unwrap();
        exchange.end(&[]).unwrap();
    }
    for exchange in &mut exchanges {
        assert_eq!(exchange.answer().unwrap().status, 200);
    }
    assert_eq!((checks(&deployment), upstream.requests().len()), ([1, 0], 20));
}

fn a_password_is_checked_once(host: Host) {
    let upstream = upstream();
    let deployment = deployment(host, &upstream, &users(CHEAP, &Value::Null));
    for _ in 0..3 {
        for (user, password, status) in
            [("alice", RIGHT, 200), ("alice", WRONG, 401), ("bob", RIGHT, 200), ("carol", WRONG, 401)]
        {
            assert_eq!(ask(&deployment, user, password).status, status);
        }
    }
    assert_eq!(checks(&deployment), [2, 2]);
}

fn an_unknown_user_is_answered_like_a_wrong_password(host: Host) {
    let upstream = upstream();
    let deployment = deployment(host, &upstream, &users(CHEAP, &Value::Null));
    let without_date = |mut answer: Answer| {
        answer.headers.retain(|(name, _)| name != "date" && name != "x-request-id");
        (answer.status, answer.headers, answer.body)
    };
    let wrong = without_date(ask(&deployment, "alice", WRONG));
    assert_eq!(wrong, without_date(ask(&deployment, "carol", WRONG)));
    assert_eq!((wrong.0, checks(&deployment)), (401, [0, 2]));
}

fn a_check_without_budget_is_answered_with_retry_after(host: Host) {
    let limits = json!({ "checks": "8/h", "burst": 8 });
    let upstream = upstream();
    let deployment = deployment(host, &upstream, &users(CHEAP, &limits));
    assert_eq!(ask(&deployment, "alice", RIGHT).status, 200);
    // One source gets a quarter of the budget.
    let statuses: Vec<_> =
        (0..4).map(|number| ask(&deployment, "alice", &format!("{number}")).status).collect();
    assert_eq!(statuses, [401, 401, 429, 429]);
    let answer = ask(&deployment, "alice", "one more");
    let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=1_800).contains(&seconds), "{seconds}");
    assert_eq!(answer.json().unwrap()["errorType"], "throttled");
    assert_eq!(ask(&deployment, "alice", RIGHT).status, 200, "what is remembered passes");
    assert_eq!(ask(&deployment, "alice", "0").status, 401, "and so does what is remembered as wrong");
    assert_eq!(checks(&deployment), [1, 2]);
    assert_eq!(deployment.metric("promward.bounds_reached_total.bound=checks_of_source;").unwrap(), 3);
    assert_eq!(deployment.metric("promward.logins_total.scheme=user;.outcome=throttled;").unwrap(), 3);
}

fn a_right_password_costs_no_budget(host: Host) {
    let limits = json!({ "checks": "1/h", "burst": 4 });
    let upstream = upstream();
    let deployment = deployment(host, &upstream, &users(CHEAP, &limits));
    for user in ["alice", "bob"] {
        assert_eq!(ask(&deployment, user, RIGHT).status, 200);
    }
    assert_eq!(ask(&deployment, "alice", WRONG).status, 401);
    assert_eq!(ask(&deployment, "alice", "another").status, 429);
}

/// If a right password were known from everywhere, a source without budget would get 429 for a wrong one and 200 for
/// the right one.
fn a_password_that_somebody_else_has_presented_can_not_be_guessed_without_a_check(host: Host) {
    let upstream = upstream();
    let deployment = deployment(host, &upstream, &users(CHEAP, &json!({ "checks": "1/h", "burst": 4 })));
    let from = |last: u8, password: &str| {
        let client = deployment.client().source([127, 0, 0, last].into());
        client.user("alice", password).get(QUERY).unwrap().status
    };
    assert_eq!([from(1, RIGHT), from(2, WRONG)], [200, 401]);
    assert_eq!([from(2, "another"), from(2, RIGHT), from(1, RIGHT)], [429, 429, 200]);
    assert_eq!((from(3, RIGHT), checks(&deployment)), (200, [2, 1]), "from elsewhere it is checked again");
}

/// Each request has a connection of its own, which may end at any worker: one that has seen the login, or another one,
/// where the stranger has used up what their address may do.
fn who_is_logged_in_is_not_locked_out_by_a_stranger_behind_the_same_address(host: Host) {
    let limits = json!({ "checks": "1/h", "burst": 4, "waiting": 4, "waiting_per_source": 1 });
    for workers in [2, 4] {
        let upstream = upstream();
        let options = Options { workers, ..options(&upstream, &users(CHEAP, &limits)) };
        let deployment = Deployment::start(host, &options).unwrap();
        assert_eq!(ask(&deployment, "alice", RIGHT).status, 200);
        let guesses: Vec<_> =
            (0..40).map(|guess| ask(&deployment, "alice", &format!("guess {guess}")).status).collect();
        assert!(guesses.contains(&429) && !guesses.contains(&200), "{guesses:?}");
        let hers: Vec<_> = (0..40).map(|_| ask(&deployment, "alice", RIGHT).status).collect();
        assert_eq!(hers, [200; 40], "{workers} workers");
        let [right, _] = checks(&deployment);
        assert!((2..=u64::from(workers)).contains(&right), "{right} workers have checked her password");
        assert_eq!(ask(&deployment, "bob", RIGHT).status, 429, "she alone had logged in");
    }
}

/// Fifty connections guess without a pause, from one address. Other callers come from another address.
fn a_flood_of_wrong_passwords_is_not_felt_by_others(host: Host) {
    let upstream = upstream();
    let mut options = options(&upstream, &users(USUAL, &Value::Null));
    options.workers = 1;
    let deployment = Deployment::start(host, &options).unwrap();
    assert_eq!(ask(&deployment, "bob", RIGHT).status, 200);
    let (ends, guessed) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for number in 0..50 {
            let (deployment, ends, guessed) = (&deployment, &ends, &guessed);
            scope.spawn(move || guess(deployment, number, ends, guessed));
        }
        let wait_for = |number| {
            while guessed.load(Ordering::SeqCst) < number {
                thread::yield_now();
            }
        };
        wait_for(1_000);
        let before = resident(&deployment);
        let other = deployment.client().source([127, 0, 0, 2].into());
        let [_, before_it] = checks(&deployment);
        let login = other.clone().user("alice", RIGHT).get(QUERY).unwrap();
        let [_, after_it] = checks(&deployment);
        // A caller whose password is remembered passes even from the address of the guesses.
        let remembered = deployment.client().user("bob", RIGHT).get(QUERY).unwrap();
        let health = other.get("/prometheus/-/healthy").unwrap();
        wait_for(5_000);
        let after = resident(&deployment);
        ends.store(true, Ordering::SeqCst);
        assert_eq!([login.status, remembered.status, health.status], [200; 3], "{}", login.text());
        assert!(after <= before + (8 << 10), "{before} KiB before, {after} KiB after");
        // A check takes a quarter of a second, so that the number of requests served before is decisive: those of one
        // source that may wait, and one that ended during the measurement.
        assert!(after_it - before_it <= 4, "{before_it} checks before, {after_it} after");
    });
    let [right, wrong] = checks(&deployment);
    assert_eq!(right, 2);
    assert!(wrong < 40, "one source's budget was kept: {wrong}");
    // Everything that was remembered before the flood still is, so that no VM was restarted.
    assert_eq!((ask(&deployment, "bob", RIGHT).status, checks(&deployment)[0]), (200, 2));
}

/// Returns Envoy's resident memory in KiB, or 0 on the embedded host, where the test itself would be counted.
fn resident(deployment: &Deployment) -> u64 {
    deployment.envoy().map_or(0, |envoy| process::size(envoy.process().id(), "VmRSS").unwrap())
}

fn guess(deployment: &Deployment, number: usize, ends: &AtomicBool, guessed: &AtomicUsize) {
    let mut connection = deployment.client().connect().unwrap();
    for round in 0..10_000 {
        if ends.load(Ordering::SeqCst) {
            return;
        }
        let guess = basic("alice", &format!("guess {number} {round}"));
        let answer = connection.send(Request::new("GET", QUERY).header("authorization", guess)).unwrap();
        assert!([401, 429].contains(&answer.status), "{}", answer.status);
        guessed.fetch_add(1, Ordering::SeqCst);
    }
}

/// Counts the ticks of the embedded host until nothing waits any more, and the most instructions of one tick.
fn ticks(cost: u32, user: &str, password: &str) -> (u64, u64) {
    let upstream = upstream();
    let deployment = deployment(Host::Embedded, &upstream, &users(cost, &Value::Null));
    ask(&deployment, user, password);
    loop {
        let counts = deployment.counts().unwrap();
        // The tick was turned on and off again.
        if counts.host_calls.get("proxy_set_tick_period_milliseconds") == Some(&2) {
            // The last tick was counted before this request is answered.
            deployment.client().get("/prometheus/-/healthy").unwrap();
            let ticks = deployment.counts().unwrap().callbacks["proxy_on_tick"];
            return (ticks.calls, ticks.most);
        }
        thread::yield_now();
    }
}

#[test]
fn a_check_runs_in_slices_of_sixteen_rounds_one_a_tick() {
    // The rounds, one to begin and one to end, in slices of 16, and a tick that turns the ticks off.
    let slices = |cost: u64| ((1 << cost) + 2_u64).div_ceil(16) + 1;
    let (cheap, most_of_cheap) = ticks(CHEAP, "alice", WRONG);
    let (usual, most_of_usual) = ticks(USUAL, "alice", WRONG);
    assert_eq!((cheap, usual), (slices(4), slices(10)));
    // The first tick of cost 4 has all of 16 rounds, so that no tick of cost 10 has more.
    assert!(most_of_usual <= most_of_cheap / 10 * 11, "{most_of_usual} {most_of_cheap}");
}

#[test]
fn an_unknown_user_takes_as_long_as_a_wrong_password() {
    assert_eq!(ticks(USUAL, "nobody", WRONG).0, ticks(USUAL, "alice", WRONG).0);
}
