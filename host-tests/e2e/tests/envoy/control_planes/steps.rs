//! The steps of the guide and those of the tenants, behind a control plane: with a JSON web token in place of a password.

use super::site::{Site, example};
use promward_harness::client::{Answer, Client, Request};
use promward_harness::page::Page;
use promward_harness::prometheus::{self, Prometheus, Samples};
use promward_harness::tools::{self, Program};
use serde_json::{Value, json};

const LABEL_VALUES: &str = "/prometheus/api/v1/label/tenant/values";

/// Starts a Prometheus with the data of the example of two tenants. `keeps_prefix` is about the path that it serves itself at.
pub(super) fn prometheus(keeps_prefix: bool) -> Option<Prometheus> {
    tools::need(Program::Prometheus)?;
    let path = if keeps_prefix { "/prometheus/metrics" } else { "/metrics" };
    let scrapes = example("tenants/prometheus.yml")
        .replace("localhost:9090", "ADDRESS")
        .replace("5s", "1s")
        .replace("- job_name: prometheus", &format!("- job_name: prometheus\n  metrics_path: {path}"));
    let options = prometheus::Options {
        samples: Samples::Configured(scrapes),
        rules: Some(example("tenants/rules.yml")),
        external_url: Some("https://example.com/prometheus".to_owned()),
        route_prefix: (!keeps_prefix).then(|| "/".to_owned()),
        ..prometheus::Options::default()
    };
    let prometheus = Prometheus::start(options).unwrap();
    prometheus.wait("its first scrapes", "/api/v1/query?query=count(ALERTS)", "\"3\"").unwrap();
    Some(prometheus)
}

/// Takes the steps of the guide.
pub(super) fn guide(site: &Site) {
    let (operator, stranger) = (site.operator(), site.client());
    for client in [site.operator(), site.operator().http2()] {
        assert_eq!(client.get(LABEL_VALUES).unwrap().text(), r#"{"status":"success","data":["a","b"]}"#);
        let counted = client.post_form("/prometheus/api/v1/query", "query=count%28up%29").unwrap();
        assert_eq!(value(&counted), "3");
    }
    let moved = operator.get("/prometheus").unwrap();
    assert_eq!((moved.status, moved.header("location").as_deref()), (301, Some("/prometheus/")));
    let page = Page::open(&operator, "/prometheus/").unwrap();
    assert_eq!(page.answer.status, 200, "{}", page.path);
    for file in page.files().unwrap() {
        assert_eq!(operator.get(&file).unwrap().status, 200, "{file}");
    }
    assert!(operator.get("/prometheus/metrics").unwrap().text().contains("prometheus_build_info"));
    for path in ["/", "/prometheusX", "/graph", "/prometheus/../graph"] {
        assert_eq!(operator.get(path).unwrap().status, 404, "{path}");
    }
    assert_eq!(stranger.get("/prometheus/-/healthy").unwrap().status, 200);
    let asked = stranger.get(LABEL_VALUES).unwrap();
    assert_eq!(asked.status, 401);
    assert!(asked.header("www-authenticate").unwrap().starts_with("Bearer"));
    let other = stranger.authority("other.example.com").get("/prometheus/-/healthy").unwrap();
    assert_eq!(other.status, 404, "another name is not served");
}

/// Takes the steps of the tenants.
pub(super) fn tenants(site: &Site) {
    for tenants in [&["a"][..], &["b"], &["a", "b"]] {
        let client = site.of_tenants(tenants);
        let values: Value = client.get(LABEL_VALUES).unwrap().json().unwrap();
        assert_eq!(values["data"], json!(tenants));
        let answer = client.post_form("/prometheus/api/v1/query", "query=count+by+(tenant)+(up)").unwrap();
        assert_eq!(series(&answer), tenants);
        let rules = client.get("/prometheus/api/v1/rules").unwrap().json().unwrap();
        let groups = rules["data"]["groups"].as_array().unwrap().iter();
        let groups: Vec<_> = groups.map(|group| group["name"].as_str().unwrap().to_owned()).collect();
        let expected: Vec<_> = tenants.iter().map(|tenant| format!("of-team-{tenant}")).collect();
        assert_eq!(groups[1..], expected, "{rules}");
        let deleted =
            client.send(Request::new("POST", "/prometheus/api/v1/admin/tsdb/delete_series")).unwrap();
        assert_eq!(deleted.status, 403);
    }
    let everything = site.operator().get("/prometheus/api/v1/query?query=count(up)").unwrap();
    assert_eq!(value(&everything), "3");
    assert_eq!(site.of_tenants(&[]).get(LABEL_VALUES).unwrap().status, 403, "a token of no tenant");
}

/// Checks what becomes of tokens that aren't good, and of one in another place.
pub(super) fn tokens(site: &Site) {
    let forged =
        promward_harness::jwt::Issuer::new().unwrap().token("olga", &json!({ "groups": ["sre"] })).unwrap();
    let good = site.issuer.token("olga", &json!({ "groups": ["sre"] })).unwrap();
    let expired = site.issuer.token("olga", &json!({ "groups": ["sre"], "exp": 1_000_000_000 })).unwrap();
    for token in [&forged, &expired] {
        let client = site.client().header("authorization", format!("Bearer {token}"));
        assert_eq!(client.get(LABEL_VALUES).unwrap().status, 401);
    }
    let in_url = site.client().get(&format!("{LABEL_VALUES}?access_token={good}")).unwrap();
    assert_eq!(in_url.status, 401);
    // Nobody but the filter that verifies tokens says who is calling.
    let claiming = site.client().header("x-forwarded-user", "jwt:corp/olga").header("x-jwt-payload", "e30");
    assert_eq!(claiming.get(LABEL_VALUES).unwrap().status, 401);
}

/// Sends a form as long as the filter takes, and returns the statuses by HTTP/1.1 and by HTTP/2.
pub(super) fn long_form(site: &Site) -> [u16; 2] {
    let form = format!("query=up+%23+{}", "x".repeat(250 * 1024));
    let send = |client: Client| client.post_form("/prometheus/api/v1/query", &form).unwrap().status;
    [send(site.operator()), send(site.operator().http2())]
}

fn value(answer: &Answer) -> String {
    let json = answer.json().unwrap();
    json["data"]["result"][0]["value"][1].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
}

/// Returns the tenants of the series of an answer.
fn series(answer: &Answer) -> Vec<String> {
    let json = answer.json().unwrap();
    let results = json["data"]["result"].as_array().unwrap_or_else(|| panic!("{json}")).iter();
    let mut tenants: Vec<_> =
        results.map(|series| series["metric"]["tenant"].as_str().unwrap_or_default().to_owned()).collect();
    tenants.sort_unstable();
    tenants
}
