//! The dashboard and the alerts ask for metrics that Envoy has, and the alerts fire when they should.

use crate::envoy::envoy_file::setup::Setup;
use promql_parser::parser::{self, Expr};
use promql_parser::util::{ExprVisitor, walk_expr};
use promward_harness::client::Request;
use promward_harness::envoy::variants::Variant;
use promward_harness::tools::{self, Program};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

fn file(name: &str) -> PathBuf {
    promward_module::workspace().unwrap().join("envoy/dashboards/promward").join(name)
}

fn dashboard() -> Value {
    serde_json::from_str(&fs::read_to_string(file("dashboard.json")).unwrap()).unwrap()
}

/// Returns the expressions of the dashboard and of the alerts, with what they are of.
fn expressions() -> Vec<(String, String)> {
    let dashboard = dashboard();
    let mut expressions = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = target["expr"].as_str().unwrap();
            let expression =
                [("$__rate_interval", "5m"), ("$__range", "1h"), ("$instance", ".*"), ("$mount", ".*")]
                    .iter()
                    .fold(expression.to_owned(), |text, (variable, value)| text.replace(variable, value));
            expressions.push((format!("panel {}", panel["title"]), expression));
        }
    }
    let alerts: Value = serde_norway::from_str(&fs::read_to_string(file("alerts.yml")).unwrap()).unwrap();
    for rule in alerts["groups"][0]["rules"].as_array().unwrap() {
        expressions.push((format!("alert {}", rule["alert"]), rule["expr"].as_str().unwrap().to_owned()));
    }
    expressions
}

/// Returns a configuration of which every metric of the filter has a label.
fn configuration() -> String {
    json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": { "users": { "alice": bcrypt::hash("correct horse", 4).unwrap() } },
        "access": [
            { "who": ["anyone"], "may": ["query"], "limits": { "rate": "10/s", "concurrent": 9 } },
            { "who": ["user:alice"], "may": ["everything"] },
        ],
        "trial": [{ "who": ["anyone"], "may": ["health"] }],
    })
    .to_string()
}

/// The metrics that an expression selects, each with the labels that it compares.
#[derive(Default)]
struct Selected(BTreeMap<String, BTreeSet<String>>);

impl ExprVisitor for Selected {
    type Error = String;

    fn pre_visit(&mut self, expression: &Expr) -> Result<bool, String> {
        let selector = match expression {
            Expr::VectorSelector(selector) => selector,
            Expr::MatrixSelector(selector) => &selector.vs,
            _ => return Ok(true),
        };
        let name = selector.name.clone().ok_or("a selector names no metric")?;
        let labels = selector.matchers.matchers.iter().map(|matcher| matcher.name.clone());
        self.0.entry(name).or_default().extend(labels);
        Ok(true)
    }
}

#[test]
fn every_metric_of_the_dashboard_and_the_alerts_is_in_a_scrape() {
    let Some(setup) = Setup::with(|options| {
        options.variants.push(Variant::Watched);
        options.configuration = Some(configuration());
    }) else {
        return;
    };
    // Envoy shows the times of a server only when they have been measured.
    for target in ["/prometheus/api/v1/query?query=up", "/elsewhere"] {
        setup.client().send(Request::new("GET", target)).unwrap();
    }
    let measured = |stats: &String| {
        ["envoy_cluster_upstream_rq_time_count", "envoy_http_downstream_rq_time_count"]
            .iter()
            .all(|name| stats.lines().any(|line| line.starts_with(name)))
    };
    let stats = setup.envoy.process().wait_until("the times of requests", Duration::from_secs(60), || {
        setup.envoy.stats().ok().filter(measured)
    });
    let stats = stats.unwrap();
    let expressions = expressions();
    assert!(expressions.len() > 25, "{}", expressions.len());
    for (what, expression) in expressions {
        let parsed =
            parser::parse(&expression).unwrap_or_else(|error| panic!("{what}: {expression}: {error}"));
        let mut selected = Selected::default();
        walk_expr(&mut selected, &parsed).unwrap_or_else(|error| panic!("{what}: {expression}: {error}"));
        for (metric, labels) in selected.0 {
            let series: Vec<&str> =
                stats.lines().filter(|line| line.split(['{', ' ']).next() == Some(metric.as_str())).collect();
            assert!(!series.is_empty(), "{what}: Envoy has no {metric}");
            // Prometheus adds this one.
            for label in labels.iter().filter(|label| *label != "instance") {
                let written = format!("{label}=\"");
                let is_there = series.iter().any(|line| line.contains(&written));
                assert!(is_there, "{what}: {metric} has no label {label}");
            }
        }
    }
}

#[test]
fn alerts_fire_for_what_they_are_about_and_not_without_it() {
    let Some(promtool) = tools::need(Program::Promtool) else { return };
    for arguments in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"]] {
        let output = promtool.command().args(arguments).current_dir(file("")).output().unwrap();
        let said =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(output.status.success(), "{arguments:?}: {said}");
    }
    let tests = fs::read_to_string(file("alerts.test.yml")).unwrap();
    let alerts =
        expressions().into_iter().filter_map(|(what, _)| what.strip_prefix("alert ").map(str::to_owned));
    for alert in alerts {
        let name = alert.trim_matches('"');
        assert_eq!(
            tests.matches(&format!("alertname: {name}")).count(),
            2,
            "{name} is tested with and without its cause"
        );
    }
}

#[test]
fn panels_have_a_place_of_their_own_and_ask_the_chosen_data_source() {
    let dashboard = dashboard();
    let mut taken = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = &panel["title"];
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        let place = |field: &str| panel["gridPos"][field].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24, "{title}");
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{title} covers another panel");
            }
        }
        for target in panel["targets"].as_array().into_iter().flatten() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
        }
    }
}
