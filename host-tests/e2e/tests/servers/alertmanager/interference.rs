//! Two servers: one with the alerts and silences of everybody, and one with the caller's alone. Through the filter the
//! caller can't tell them apart, whatever they ask.

use super::{A, ADMIN, BOTH, RELEASES, caller, guarded, server};
use promward_e2e::deployment::Host;
use promward_e2e::on_both_hosts;
use promward_e2e::queries::Random;
use promward_harness::alertmanager::{Alertmanager, equals};
use promward_harness::client::Client;
use serde_json::{Value, json};

on_both_hosts! {
    what_others_have_changes_no_answer,
}

/// The number of questions to each pair of servers.
const QUESTIONS: usize = 150;
const SEED: u64 = 18;

const TENANTS: [&str; 4] = ["a", "b", "a|b", ""];
const ENVIRONMENTS: [&str; 3] = ["prod", "dev", ""];
const NAMES: [&str; 3] = ["one", "two", "three"];

const FILTERS: [&str; 14] = [
    "tenant=a",
    "tenant=\"b\"",
    "tenant=~\".*\"",
    "tenant!=\"a\"",
    "tenant!~\"a|b\"",
    "tenant=\"\"",
    "env=prod",
    "env!=\"dev\"",
    "env=~\"p.*|\"",
    " alertname = one ",
    "alertname=~\"one|two\"",
    "alertname!=three",
    "alertname=\"t\\\"\"",
    "none!=\"x\"",
];

const PLACES: [&str; 3] = ["alerts", "alerts/groups", "silences"];

/// Alerts and silences, each as labels or matchers, and whether they are the caller's.
struct Contents {
    alerts: Vec<(Value, [bool; 2])>,
    silences: Vec<(Value, [bool; 2])>,
}

/// Returns the contents of the servers. The first flag of each is that of the caller of tenant `a`, the second one that of the
/// caller of two tenants in one environment.
fn contents() -> Contents {
    let (mut alerts, mut silences) = (Vec::new(), Vec::new());
    for tenant in TENANTS {
        for env in ENVIRONMENTS {
            let whose = [tenant == "a", ["a", "b"].contains(&tenant) && env == "prod"];
            for name in NAMES {
                let mut labels = json!({ "alertname": name });
                for (label, value) in
                    [("tenant", tenant), ("env", env)].into_iter().filter(|(_, value)| !value.is_empty())
                {
                    labels[label] = json!(value);
                }
                alerts.push((labels, whose));
            }
            let given = [("tenant", tenant), ("env", env)].into_iter().filter(|(_, value)| !value.is_empty());
            let matchers =
                given.map(|(label, value)| equals(label, value)).chain([equals("alertname", "none")]);
            silences.push((matchers.collect(), whose));
            let by_regex = json!({ "name": "tenant", "value": tenant, "isRegex": true, "isEqual": true });
            silences
                .push((json!([by_regex, equals("env", "prod"), equals("alertname", "none")]), [false; 2]));
        }
    }
    Contents { alerts, silences }
}

fn fill(server: &Alertmanager, contents: &Contents, is_in: impl Fn([bool; 2]) -> bool) {
    let alerts: Vec<_> =
        contents.alerts.iter().filter(|(_, whose)| is_in(*whose)).map(|(labels, _)| labels.clone()).collect();
    server.alert(&alerts).unwrap();
    for (matchers, _) in contents.silences.iter().filter(|(_, whose)| is_in(*whose)) {
        server.silence(matchers).unwrap();
    }
}

/// Returns the answer without what differs between any two servers: ids, and the times of alerts and silences.
fn answer(client: &Client, target: &str) -> (u16, Value) {
    let answer = client.get(target).unwrap();
    let mut body = answer.json().unwrap_or_else(|_| json!(answer.text()));
    strip(&mut body);
    // The order of silences is that of their times.
    if let Some(list) = body.as_array_mut() {
        list.sort_by_key(ToString::to_string);
    }
    (answer.status, body)
}

fn strip(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(strip),
        Value::Object(fields) => {
            for name in ["id", "startsAt", "endsAt", "updatedAt"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(strip);
        }
        _ => {}
    }
}

/// Returns a question with some filters.
fn question(random: &mut Random) -> String {
    let mut target = format!("/am/api/v2/{}?", random.one(&PLACES));
    for _ in 0..random.below(3) {
        let filter: String = form(random.one(&FILTERS));
        target.push_str(&format!("filter={filter}&"));
    }
    target.push_str(random.one(&["", "active=true", "active=false"]));
    target
}

fn form(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn what_others_have_changes_no_answer(host: Host) {
    for release in RELEASES {
        let contents = contents();
        let Some(all) = server(release) else { return };
        fill(&all, &contents, |_| true);
        let of_all = guarded(host, all.address());
        for (number, token) in [A, BOTH].into_iter().enumerate() {
            let Some(own) = server(release) else { return };
            fill(&own, &contents, |whose| whose[number]);
            let of_own = guarded(host, own.address());
            let (shown, alone) = (caller(&of_all, token), caller(&of_own, token));
            let everything = caller(&of_all, ADMIN);
            let mut random = Random::new(SEED);
            let (mut found, mut differs) = (0, 0);
            for _ in 0..QUESTIONS {
                let target = question(&mut random);
                let (seen, expected) = (answer(&shown, &target), answer(&alone, &target));
                assert_eq!(seen, expected, "{release:?} {token}: {target}");
                found += usize::from(seen.1.as_array().is_some_and(|list| !list.is_empty()));
                differs += usize::from(answer(&everything, &target) != seen);
            }
            assert!(found > QUESTIONS / 6, "{release:?} {token}: only {found} questions find something");
            assert!(differs > QUESTIONS / 3, "{release:?} {token}: only {differs} differ for the others");
        }
    }
}
