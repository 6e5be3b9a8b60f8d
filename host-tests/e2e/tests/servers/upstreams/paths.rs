//! The questions for each path.

use crate::servers::asking::Question;
use promward::api::Profile;
use promward::api::endpoint::Endpoint;
use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

/// Methods, with all that any path has.
const METHODS: [&str; 7] = ["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"];

/// The series of everybody, and those of the other tenant.
const SELECTORS: [&str; 2] = [r#"{__name__=~".+"}"#, r#"{tenant="b"}"#];

/// Parameters that VictoriaMetrics reads besides those of Prometheus.
const FURTHER: [(&str, &str); 8] = [
    ("extra_label", "tenant=b"),
    ("extra_filters[]", r#"{tenant="b"}"#),
    ("extra_filters", r#"{tenant="b"}"#),
    ("match", r#"{tenant="b"}"#),
    ("trace", "1"),
    ("nocache", "1"),
    ("authKey", "canary"),
    ("topN", "100"),
];

/// The values for a part of a path that a row of the table leaves open.
const LABELS: [&str; 7] =
    ["tenant", "__name__", "job", "canary_of_b_label", "instance", "U__tenant", "__graphite__"];
const BELOW: [&str; 6] =
    ["index.html", "main.js", "heap", "../flags", "prometheus.html", "dashboards/index.json"];

/// Paths of VictoriaMetrics' documentation. Some of them are nowhere in one piece in the program.
#[rustfmt::skip]
const DOCUMENTED: [&str; 64] = [
    "/api/v1/export", "/api/v1/export/native", "/api/v1/export/csv", "/api/v1/import", "/api/v1/import/native",
    "/api/v1/import/csv", "/api/v1/import/prometheus", "/api/v1/series/count", "/api/v1/status/active_queries",
    "/api/v1/status/top_queries", "/api/v1/status/metric_names_stats", "/api/v1/admin/status/metric_names_stats/reset",
    "/api/v1/admin/tsdb/delete_series", "/api/v1/labels/count", "/api/v1/targets", "/api/v1/notifiers",
    "/api/v1/write", "/api/v1/push", "/api/v2/write", "/api/v1/rule", "/api/v1/alert", "/api/v1/group",
    "/vmui", "/vmui/", "/vmui/index.html", "/vmui/config.json", "/vmui/custom-dashboards", "/vmui/timezone",
    "/graph/custom-dashboards", "/vmalert", "/vmalert/", "/vmalert/api/v1/rules", "/vmalert/groups",
    "/graphite/metrics/find", "/graphite/metrics/expand", "/graphite/metrics/index.json", "/graphite/render",
    "/graphite/tags", "/graphite/tags/tenant", "/graphite/tags/findSeries", "/graphite/tags/autoComplete/tags",
    "/graphite/tags/autoComplete/values", "/graphite/tags/delSeries", "/metrics/find", "/metrics/expand",
    "/metrics/index.json", "/render", "/tags", "/tags/tenant", "/tags/autoComplete/values", "/snapshot/create",
    "/snapshot/list", "/snapshot/delete_all", "/internal/force_merge", "/internal/force_flush",
    "/internal/resetRollupResultCache", "/internal/log_new_series", "/expand-with-exprs", "/metric-relabel-debug",
    "/target-relabel-debug", "/target_response", "/service-discovery", "/influx/query", "/select/0/prometheus",
];

/// Beginnings of a path that VictoriaMetrics or its cluster removes.
const PREFIXES: [&str; 4] = ["/prometheus", "/select/0/prometheus", "/graphite", "/vmui"];

/// Returns a question for each path, method and set of parameters: for the paths in the API's table, for those from
/// documentation, and for those that were only found in a program.
pub(crate) fn questions(
    api: &Profile,
    linked: &BTreeSet<String>,
    written: &BTreeSet<String>,
) -> Vec<Question> {
    let mut questions = Vec::new();
    let mut known = BTreeSet::new();
    for endpoint in api.sections.iter().flat_map(|section| section.rows) {
        for (place, path) in filled_in(endpoint).into_iter().enumerate() {
            // One path of a row is enough for the methods that no path has.
            for method in METHODS.into_iter().take(if place == 0 { METHODS.len() } else { 1 }) {
                let ways = match method {
                    "GET" | "POST" => parameters(endpoint),
                    _ => vec![Vec::new()],
                };
                let ask = |parameters| Question { method, path: path.clone(), parameters };
                questions.extend(ways.into_iter().map(ask));
            }
            known.insert(path);
        }
    }
    let prefixed = PREFIXES.iter().flat_map(|prefix| known.iter().map(move |path| format!("{prefix}{path}")));
    let documented = DOCUMENTED.iter().map(|path| (*path).to_owned()).chain(linked.iter().cloned());
    let named: BTreeSet<_> = prefixed.chain(documented).filter(|path| !known.contains(path)).collect();
    for path in &named {
        let ask = |method, parameters| Question { method, path: path.clone(), parameters };
        questions.push(ask("GET", Vec::new()));
        questions.push(ask("POST", everything()));
    }
    let others = written.iter().filter(|path| !known.contains(*path) && !named.contains(*path));
    questions.extend(others.map(|path| Question {
        method: "GET",
        path: path.clone(),
        parameters: everything(),
    }));
    // This answer has no data and no end.
    questions.retain(|question| !question.path.ends_with("/notifications/live"));
    questions
}

/// Returns the paths of a row.
pub(crate) fn filled_in(endpoint: &Endpoint) -> Vec<String> {
    let path = endpoint.path;
    if path.contains(":name") {
        LABELS.iter().map(|label| path.replace(":name", label)).collect()
    } else if let Some(folder) = path.strip_suffix('*') {
        BELOW.iter().map(|below| format!("{folder}{below}")).collect()
    } else {
        vec![path.to_owned()]
    }
}

/// Returns no parameters, all that the row names in two ways, and each of the further ones beside those.
fn parameters(endpoint: &Endpoint) -> Vec<Vec<(&'static str, String)>> {
    // In an instant query it is how far VictoriaMetrics looks back, where a second may find nothing.
    let step = if endpoint.treatment.parameters.contains(&"time") { "30" } else { "1" };
    let named = |selector| {
        let value = move |name: &str| match name {
            "step" => Some(step.to_owned()),
            _ => typical(name, selector),
        };
        endpoint.treatment.parameters.iter().filter_map(move |name| Some((*name, value(name)?))).collect()
    };
    let mut ways: Vec<Vec<_>> = vec![Vec::new()];
    ways.extend(SELECTORS.map(named));
    let one = ways[1].clone();
    ways.extend(FURTHER.map(|(name, value)| [one.clone(), vec![(name, value.to_owned())]].concat()));
    ways.dedup();
    ways
}

/// Returns a usual value for a parameter, which for times is in the last half a minute. Parameters that only leave
/// something out have none.
fn typical(name: &str, selector: &str) -> Option<String> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    match name {
        "query" | "match[]" => Some(selector.to_owned()),
        "start" => Some((now - 30).to_string()),
        "end" => Some(now.to_string()),
        _ => None,
    }
}

/// Returns the parameters that an unknown path may read.
fn everything() -> Vec<(&'static str, String)> {
    let selector = SELECTORS[0].to_owned();
    ["match[]", "match", "query", "q", "target", "expr", "extra_filters[]"]
        .into_iter()
        .map(|name| (name, selector.clone()))
        .chain([("format", "__name__,__value__".to_owned()), ("db", "x".to_owned())])
        .collect()
}
