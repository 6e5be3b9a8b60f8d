//! Tenants: each team sees only its own series, rules, alerts and targets, a member of both teams sees both, and nobody
//! sees any others.

use crate::examples::running::Running;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward_harness::client::Request;
use serde_json::{Value, json};

const TEAM_A: &str = "Bearer team-a-for-trying";
const TEAM_B: &str = "Bearer team-b-for-trying";

/// The user, and the tenants whose series, rules and targets they see; `None` stands for those of no tenant.
const SEEN: [(&str, &[Option<&str>]); 4] = [
    ("a", &[Some("a")]),
    ("b", &[Some("b")]),
    ("carol", &[Some("a"), Some("b")]),
    ("admin", &[None, Some("a"), Some("b")]),
];

#[test]
fn each_team_sees_what_is_its_own() {
    let Some(example) = Running::start("tenants") else { return };
    assert_eq!(example.run_what_is_printed(), [r#"{"status":"success","data":["a"]}"#]);
    for (who, tenants) in SEEN {
        let named: Vec<_> = tenants.iter().flatten().collect();
        let values = ask(&example, who, "/prometheus/api/v1/label/tenant/values");
        assert_eq!(values["data"], json!(named), "{who}");
        let series = ask(&example, who, "/prometheus/api/v1/query?query=up");
        assert_eq!(tenants_of(&series["data"]["result"], "metric"), tenants, "{who}: {series}");
        let targets = ask(&example, who, "/prometheus/api/v1/targets");
        assert_eq!(tenants_of(&targets["data"]["activeTargets"], "labels"), tenants, "{who}: {targets}");
        let alerts = ask(&example, who, "/prometheus/api/v1/alerts");
        assert_eq!(tenants_of(&alerts["data"]["alerts"], "labels"), tenants, "{who}: {alerts}");
        let rules = ask(&example, who, "/prometheus/api/v1/rules");
        let groups = rules["data"]["groups"].as_array().unwrap();
        let names: Vec<_> = groups.iter().map(|group| group["name"].as_str().unwrap()).collect();
        let expected: Vec<_> = named.iter().map(|tenant| format!("of-team-{tenant}")).collect();
        assert_eq!(names, ["everybody".to_owned()].into_iter().chain(expected).collect::<Vec<_>>(), "{who}");
        let everybodys = &groups.first().unwrap()["rules"][0]["alerts"];
        assert_eq!(tenants_of(everybodys, "labels"), tenants, "{who}: {rules}");
    }
    example.run_what_the_readme_shows();
    example.end();
}

/// Returns Prometheus' answer to a user.
fn ask(example: &Running, who: &str, target: &str) -> Value {
    let credentials = match who {
        "a" => TEAM_A.to_owned(),
        "b" => TEAM_B.to_owned(),
        user => format!("Basic {}", STANDARD.encode(format!("{user}:{user}-for-trying"))),
    };
    example.json(Request::new("GET", target).header("authorization", credentials))
}

/// Returns the tenants in a list, each once and in order. `labels` is the key of the labels in each item.
fn tenants_of<'a>(list: &'a Value, labels: &str) -> Vec<Option<&'a str>> {
    let tenant = |item: &'a Value| item.get(labels).unwrap().get("tenant").and_then(Value::as_str);
    let mut tenants: Vec<_> = list.as_array().unwrap().iter().map(tenant).collect();
    tenants.sort_unstable();
    tenants.dedup();
    tenants
}
