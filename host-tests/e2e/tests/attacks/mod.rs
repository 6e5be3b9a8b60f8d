//! Two suites of requests as data: an attacker's, and those of [honest clients](honest). The attacker's are sent to
//! Envoy as it ships, to Envoy with a listener that normalises nothing, to Envoy with
//! `allow_on_headers_stop_iteration`, to the embedded host, and to the embedded host as it plays nginx and Traffic
//! Server. Each case names the answer and what reaches the server. `cases/README.md` describes the format.

mod difference;
mod elsewhere;
mod exhaustion;
mod expand;
mod format;
mod health;
mod honest;
mod http2;
mod message;
mod rules;
mod run;
mod send;
mod setting;

use format::Case;
use run::Runner;
use setting::{Running, Setting};
use std::{panic, thread};

/// The categories, each with its file.
const CATEGORIES: &[(&str, &str)] = &[
    ("paths", include_str!("cases/paths.txt")),
    ("methods", include_str!("cases/methods.txt")),
    ("headers", include_str!("cases/headers.txt")),
    ("smuggling", include_str!("cases/smuggling.txt")),
    ("http2", include_str!("cases/http2.txt")),
    ("parameters", include_str!("cases/parameters.txt")),
    ("doubles", include_str!("cases/doubles.txt")),
    ("framing", include_str!("cases/framing.txt")),
    ("tenants", include_str!("cases/tenants.txt")),
    ("experimental", include_str!("cases/experimental.txt")),
    ("promql", include_str!("cases/promql.txt")),
    ("bounds", include_str!("cases/bounds.txt")),
    ("shared", include_str!("cases/shared.txt")),
    ("alternatives", include_str!("cases/alternatives.txt")),
    ("alertmanager", include_str!("cases/alertmanager.txt")),
    ("remote-read", include_str!("cases/remote-read.txt")),
    ("remote-write", include_str!("cases/remote-write.txt")),
    ("endpoints", include_str!("cases/endpoints.txt")),
    ("credentials", include_str!("cases/credentials.txt")),
    ("certificates", include_str!("cases/certificates.txt")),
    ("cross-site", include_str!("cases/cross-site.txt")),
    ("navigation", include_str!("cases/navigation.txt")),
    ("health", include_str!("cases/health.txt")),
    ("answers", include_str!("cases/answers.txt")),
    ("exhaustion", include_str!("cases/exhaustion.txt")),
    ("opaque", include_str!("cases/opaque.txt")),
    ("victoria-metrics", include_str!("cases/victoria-metrics.txt")),
];

#[test]
fn envoy_as_shipped_withstands_it() {
    withstand(Setting::Shipped);
}

#[test]
fn envoy_with_a_bare_listener_withstands_it() {
    withstand(Setting::Bare);
}

#[test]
fn envoy_that_stops_at_headers_withstands_it() {
    withstand(Setting::Stopping);
}

#[test]
fn the_embedded_host_withstands_it() {
    withstand(Setting::Embedded);
}

#[test]
fn the_host_that_plays_nginx_withstands_it() {
    withstand(Setting::Nginx);
}

#[test]
fn the_host_that_plays_traffic_server_withstands_it() {
    withstand(Setting::TrafficServer);
}

#[test]
fn envoy_with_other_rules_on_trial_answers_and_sends_the_same() {
    withstand(Setting::ShippedWithTrial);
}

#[test]
fn the_embedded_host_with_other_rules_on_trial_answers_and_sends_the_same() {
    withstand(Setting::EmbeddedWithTrial);
}

/// Returns all cases of a category.
fn cases(category: &str, text: &str) -> Vec<Case> {
    format::parse(&format!("{category}.txt"), text).unwrap_or_else(|error| panic!("{error:#}"))
}

/// The categories whose cases Envoy mostly answers by closing the connection, a second after the request. They are sent to a
/// deployment of their own beside the others.
const CLOSING: [&str; 1] = ["http2"];

/// Runs all cases and attacks under a setting, and lists all failures.
fn withstand(setting: Setting) {
    if !setting.host().is_here() {
        return;
    }
    let (closing, others): (Vec<_>, Vec<_>) =
        CATEGORIES.iter().partition(|(category, _)| CLOSING.contains(category));
    thread::scope(|scope| {
        let closing = scope.spawn(|| drop(withstand_some(setting, &closing)));
        let mut runner = withstand_some(setting, &others);
        if setting.has_trial() {
            let tried = "promward.trial_requests_total.mount=/prometheus;.class=query;.enforced=allowed;.trial=allowed;";
            assert!(runner.running.deployment.metric(tried).unwrap() > 0, "nothing was tried");
        }
        if setting.host().is_like_envoy() {
            // Elsewhere no password waits for its check.
            let vms = runner.running.deployment.vms().unwrap();
            exhaustion::all(&mut runner);
            health::check(&mut runner, vms).unwrap();
        }
        closing.join().unwrap_or_else(|why| panic::resume_unwind(why));
    });
}

/// Runs all cases of some categories, and returns the deployment that has withstood them.
fn withstand_some(setting: Setting, categories: &[&(&str, &str)]) -> Runner {
    let mut runner = Runner::start(|upstream| Running::start(setting, upstream));
    let vms = runner.running.deployment.vms().unwrap();
    let mut wrong = Vec::new();
    for (category, text) in categories {
        for case in cases(category, text).iter().filter(|case| elsewhere::is_run(setting, case)) {
            if let Err(error) = runner.run(case) {
                wrong.push(format!("{}: {} ({})\n    {error:#}", case.place, case.name, case.shown()));
            }
        }
        if let Err(error) = health::check(&mut runner, vms) {
            wrong.push(format!("after {category}: {error:#}"));
        }
    }
    assert!(wrong.is_empty(), "{} went wrong:\n{}", wrong.len(), wrong.join("\n"));
    runner.check_explained().unwrap();
    runner
}
