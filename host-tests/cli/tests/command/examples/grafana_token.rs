//! A restricted token for Grafana: every request of its data source is answered, with the series of the token's tenant.

use crate::examples::running::Running;
use promward_harness::client::Request;
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

#[test]
fn a_data_source_of_grafanas_works_and_sees_one_tenant() {
    let Some(example) = Running::start("grafana-token") else { return };
    let printed = example.run_what_is_printed();
    let [health] = printed.as_slice() else { panic!("{printed:?}") };
    assert_eq!(serde_json::from_str::<Value>(health).unwrap()["data"]["result"][1], "2");

    // In the order in which Grafana asks: the check of a new data source, variables, Explore, panels, rules.
    // One second ahead, so that samples of this second are before it.
    let end = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 1;
    let times = format!("start={}&end={end}", end.saturating_sub(3_600));
    let health = post(&example, "query", "query=1%2B1&time=4");
    assert_eq!(health["data"], json!({ "resultType": "scalar", "result": [4, "2"] }));
    let build = get(&example, "status/buildinfo");
    assert!(build["data"]["version"].is_string(), "{build}");
    let labels = post(&example, "labels", &times);
    assert!(labels["data"].as_array().unwrap().contains(&json!("tenant")), "{labels}");
    let names = get(&example, &format!("label/__name__/values?{times}"));
    assert!(names["data"].as_array().unwrap().contains(&json!("up")), "{names}");
    assert_eq!(get(&example, &format!("label/tenant/values?{times}"))["data"], json!(["a"]));
    let series = post(&example, "series", &format!("match%5B%5D=up&{times}"));
    assert_eq!(series["data"].as_array().unwrap().len(), 1, "{series}");
    assert_eq!(series["data"][0]["tenant"], "a");
    let instant = post(&example, "query", &format!("query=up&time={end}"));
    assert_eq!(instant["data"]["result"].as_array().unwrap().len(), 1, "{instant}");
    let range = post(&example, "query_range", &format!("query=up&{times}&step=15"));
    assert_eq!(range["data"]["result"].as_array().unwrap().len(), 1, "{range}");
    assert_eq!(range["data"]["result"][0]["metric"]["tenant"], "a");
    post(&example, "query_exemplars", &format!("query=up&{times}"));
    let rules = get(&example, "rules");
    let alerts = rules["data"]["groups"][0]["rules"][0]["alerts"].as_array().unwrap();
    assert_eq!(alerts.len(), 1, "{rules}");
    let metadata = get(&example, "metadata");
    assert_eq!(metadata, json!({ "status": "success", "data": {} }));

    example.run_what_the_readme_shows();
    example.end();
}

fn get(example: &Running, what: &str) -> Value {
    answer(example, Request::new("GET", &format!("/prometheus/api/v1/{what}")))
}

fn post(example: &Running, what: &str, form: &str) -> Value {
    answer(example, Request::form(&format!("/prometheus/api/v1/{what}")).body(form))
}

/// Returns Prometheus' answer to a request of Grafana.
fn answer(example: &Running, request: Request) -> Value {
    example.json(request.header("authorization", "Bearer grafana-for-trying"))
}
