//! Every path of every server, with every method. The answers to a restricted caller have no canary in them, and the
//! caller's own data is there. An admin sees the canaries in the same way.

use crate::servers::asking::{Asker, Question};
use crate::servers::upstreams::canaries::{self, ALL, EXTERNAL, OWN};
use crate::servers::upstreams::crawling;
use crate::servers::upstreams::paths;
use crate::servers::upstreams::servers::{Server, as_a, as_admin, guarded};
use promward::api::{Profile, prometheus, victoria_metrics};
use promward_e2e::deployment::{Deployment, Host};
use promward_e2e::on_both_hosts;
use promward_harness::prometheus::Release;
use promward_harness::tools;
use promward_harness::victoria_metrics::Edition;
use std::collections::{BTreeMap, BTreeSet};

on_both_hosts! {
    prometheus_shows_a_tenant_nothing_of_others,
    prometheus_3_shows_a_tenant_nothing_of_others,
    victoria_metrics_shows_a_tenant_nothing_of_others,
    a_newer_victoria_metrics_shows_a_tenant_nothing_of_others,
    a_victoria_metrics_that_is_named_shows_a_tenant_nothing_of_others,
    a_newer_victoria_metrics_that_is_named_shows_a_tenant_nothing_of_others,
}

fn prometheus_shows_a_tenant_nothing_of_others(host: Host) {
    nothing_of_others_shows(host, Server::Prometheus(Release::Usual), &prometheus::PROFILE);
}

fn prometheus_3_shows_a_tenant_nothing_of_others(host: Host) {
    nothing_of_others_shows(host, Server::Prometheus(Release::Three), &prometheus::PROFILE);
}

fn victoria_metrics_shows_a_tenant_nothing_of_others(host: Host) {
    nothing_of_others_shows(host, Server::VictoriaMetrics(Edition::Usual), &prometheus::PROFILE);
}

fn a_newer_victoria_metrics_shows_a_tenant_nothing_of_others(host: Host) {
    nothing_of_others_shows(host, Server::VictoriaMetrics(Edition::Newer), &prometheus::PROFILE);
}

fn a_victoria_metrics_that_is_named_shows_a_tenant_nothing_of_others(host: Host) {
    nothing_of_others_shows(host, Server::VictoriaMetrics(Edition::Usual), &victoria_metrics::PROFILE);
}

fn a_newer_victoria_metrics_that_is_named_shows_a_tenant_nothing_of_others(host: Host) {
    nothing_of_others_shows(host, Server::VictoriaMetrics(Edition::Newer), &victoria_metrics::PROFILE);
}

/// The paths with the caller's own data, on any of the servers.
const OWN_IS_AT: [&str; 5] =
    ["/api/v1/query", "/api/v1/query_range", "/api/v1/series", "/federate", "/api/v1/targets"];

/// The further paths on a Prometheus: VictoriaMetrics has no rules.
const OWN_OF_RULES_IS_AT: [&str; 2] = ["/api/v1/rules", "/api/v1/alerts"];

fn nothing_of_others_shows(host: Host, server: Server, api: &Profile) {
    let Some(address) = server.address() else { return };
    let deployment = guarded(host, address, api.name);
    let linked = crawling::linked(address);
    let written = match server {
        Server::Prometheus(_) => BTreeSet::new(),
        Server::VictoriaMetrics(_) => crawling::written(&tools::find(server.program()).unwrap().path),
    };
    println!(
        "{host}, {server:?}, {}: {} paths are linked, {} written",
        api.name,
        linked.len(),
        written.len()
    );
    let questions = paths::questions(api, &linked, &written);

    let (mut leaks, mut statuses, mut own_at) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
    let client = as_a(&deployment).header("accept-encoding", "gzip");
    let mut asker = Asker::new(client);
    for question in &questions {
        let answer = asker.ask(question);
        let said = canaries::said(&answer);
        *statuses.entry(answer.status).or_insert(0) += 1;
        // The answer may repeat a path that has a canary in it.
        let told = said.replace("canary_of_b_label/values", "");
        let shows_label = said.contains(EXTERNAL) && question.path != "/federate";
        if canaries::are_in(&told) || shows_label {
            leaks.push(format!("{question:?}: {}\n{said}", answer.status));
        }
        if said.contains(OWN) {
            own_at.insert(question.path.as_str());
        }
    }
    println!("{host}, {server:?}, {}: {} questions, answered {statuses:?}", api.name, questions.len());
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n\n"));
    let rules = if matches!(server, Server::Prometheus(_)) { OWN_OF_RULES_IS_AT.as_slice() } else { &[] };
    for path in OWN_IS_AT.iter().chain(rules) {
        assert!(own_at.contains(path), "nothing of one's own at {path}, but at {own_at:?}");
    }
    an_admin_sees_all(&deployment, &linked);
}

/// In the same way each canary can be seen, on pages and in data.
fn an_admin_sees_all(deployment: &Deployment, linked: &BTreeSet<String>) {
    let mut asker = Asker::new(as_admin(deployment).header("accept-encoding", "gzip"));
    let data = [
        "/api/v1/query",
        "/api/v1/targets",
        "/api/v1/status/config",
        "/api/v1/status/flags",
        "/config",
        "/flags",
    ];
    let paths =
        data.into_iter().map(str::to_owned).chain(linked.iter().filter(|path| !is_long(path)).cloned());
    let mut said = String::new();
    for path in paths {
        let parameters = vec![("query", r#"{tenant="b"}"#.to_owned())];
        said.push_str(&canaries::said(&asker.ask(&Question { method: "GET", path, parameters })));
    }
    for canary in ALL {
        assert!(said.contains(canary), "even the admin doesn't see {canary}");
    }
}

/// Checks that reading a path would take long, or end something.
fn is_long(path: &str) -> bool {
    ["/-/", "/debug/", "/live"].iter().any(|part| path.contains(part))
}
