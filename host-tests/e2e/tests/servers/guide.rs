//! The guide, as its reader follows it: a real Prometheus behind TLS at `/prometheus`.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_every_host;
use promward_harness::client::{Answer, Client, Request, TlsVersion};
use promward_harness::page::Page;
use promward_harness::prometheus::{self, Prometheus};
use promward_harness::tools::{self, Program};
use std::process::Stdio;
use std::sync::{Arc, Mutex, OnceLock, Weak};

on_every_host! {
    curl_with_the_authority_gets_label_values,
    curl_without_verification_gets_label_values,
    curl_without_the_authority_gets_nothing,
    the_page_and_every_asset_that_it_names_are_there,
    the_servers_own_metrics_are_there,
    a_path_that_is_not_below_the_prefix_is_404,
    http_2_is_negotiated_and_answers_the_same,
    a_query_in_a_form_is_answered,
    plain_http_leads_to_https,
    only_tls_1_2_and_1_3_are_spoken,
    every_answer_has_the_security_headers,
    the_endpoints_of_the_table_are_what_prometheus_serves,
}

const LABEL_VALUES: &str = "/prometheus/api/v1/label/job/values";

/// Returns one Prometheus for all scenarios of this file, which only read.
fn prometheus() -> Option<&'static Prometheus> {
    static SHARED: OnceLock<Option<Prometheus>> = OnceLock::new();
    let start = || {
        let options =
            prometheus::Options { admin_api: true, lifecycle: true, ..prometheus::Options::guide() };
        tools::need(Program::Prometheus).map(|_| Prometheus::start(options).unwrap())
    };
    SHARED.get_or_init(start).as_ref()
}

/// Runs a scenario on a deployment that it shares with those that run at the same time on the same host.
fn with_deployment(host: Host, scenario: impl FnOnce(&Deployment)) {
    static SHARED: [Mutex<Weak<Deployment>>; 4] = [const { Mutex::new(Weak::new()) }; 4];
    let Some(prometheus) = prometheus() else { return };
    let shared = {
        let mut shared = SHARED[host as usize].lock().unwrap();
        let running = shared.upgrade().unwrap_or_else(|| {
            Arc::new(Deployment::start(host, &Options::new(prometheus.address())).unwrap())
        });
        *shared = Arc::downgrade(&running);
        running
    };
    scenario(&shared);
}

fn assert_label_values(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (200, r#"{"status":"success","data":["prometheus"]}"#)
    );
}

fn curl_with_the_authority_gets_label_values(host: Host) {
    with_deployment(host, |deployment| assert_label_values(&deployment.client().get(LABEL_VALUES).unwrap()));
}

fn curl_without_verification_gets_label_values(host: Host) {
    with_deployment(host, |deployment| {
        assert_label_values(&Client::https(deployment.https()).insecure().get(LABEL_VALUES).unwrap())
    });
}

fn curl_without_the_authority_gets_nothing(host: Host) {
    with_deployment(host, |deployment| {
        let error = Client::https(deployment.https()).get(LABEL_VALUES).unwrap_err();
        assert!(format!("{error:#}").contains("UnknownIssuer"), "{error:#}");
    });
}

fn the_page_and_every_asset_that_it_names_are_there(host: Host) {
    with_deployment(host, |deployment| {
        let client = deployment.client();
        let page = Page::open(&client, "/prometheus").unwrap();
        assert_eq!(page.answer.status, 200, "{}", page.path);
        assert!(page.answer.header("content-type").unwrap().starts_with("text/html"));
        let files = page.files().unwrap();
        assert!(files.len() > 3, "the page names only {files:?}");
        for file in files {
            assert!(file.starts_with("/prometheus/"), "{file}");
            let answer = client.get(&file).unwrap();
            assert_eq!(answer.status, 200, "{file}");
            assert_ne!(answer.header("cache-control").as_deref(), Some("no-store"), "{file}");
        }
    });
}

fn the_servers_own_metrics_are_there(host: Host) {
    with_deployment(host, |deployment| {
        let answer = deployment.client().get("/prometheus/metrics").unwrap();
        assert_eq!(answer.status, 200);
        assert!(answer.text().contains("prometheus_build_info"));
    });
}

fn a_path_that_is_not_below_the_prefix_is_404(host: Host) {
    with_deployment(host, |deployment| {
        for path in ["/", "/prometheusX", "/prometheus../-/healthy", "/Prometheus/", "/graph"] {
            assert_eq!(deployment.client().get(path).unwrap().status, 404, "{path}");
        }
    });
}

fn http_2_is_negotiated_and_answers_the_same(host: Host) {
    with_deployment(host, |deployment| {
        let answer = deployment.client().http2().get(LABEL_VALUES).unwrap();
        assert_eq!(answer.version, http::Version::HTTP_2);
        assert_label_values(&answer);
        let both = deployment.client().alpn(&["h2", "http/1.1"]).http2().connect().unwrap();
        assert_eq!(both.session().unwrap().alpn.as_deref(), Some("h2"));
        let old = deployment.client().alpn(&["http/1.1"]).connect().unwrap();
        assert_eq!(old.session().unwrap().alpn.as_deref(), Some("http/1.1"));
    });
}

fn a_query_in_a_form_is_answered(host: Host) {
    with_deployment(host, |deployment| {
        for client in [deployment.client(), deployment.client().http2()] {
            let answer = client.post_form("/prometheus/api/v1/query", "query=count%28up%29").unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(answer.json().unwrap().pointer("/data/result/0/value/1").unwrap(), "1");
            let twice = client.post_form("/prometheus/api/v1/query?query=up", "query=down").unwrap();
            assert_eq!(twice.status, 400);
            assert_eq!(twice.json().unwrap().get("errorType").unwrap(), "bad_data");
        }
    });
}

fn plain_http_leads_to_https(host: Host) {
    with_deployment(host, |deployment| {
        let answer = Client::plain(deployment.http().unwrap()).get("/prometheus/graph?a=b").unwrap();
        assert_eq!(answer.status, 308);
        let location = answer.header("location").unwrap();
        let port = deployment.https().port();
        assert!(location == format!("https://example.com:{port}/prometheus/graph?a=b"), "{location}");
    });
}

/// The text that OpenSSL prints when the server refuses its offer.
const REFUSED: &str = "SSL alert number";

fn only_tls_1_2_and_1_3_are_spoken(host: Host) {
    with_deployment(host, |deployment| {
        for version in [TlsVersion::Tls12, TlsVersion::Tls13] {
            assert_label_values(&deployment.client().tls(version).get(LABEL_VALUES).unwrap());
        }
        let Some(openssl) = tools::need(Program::Openssl) else { return };
        let said = |options: &[&str]| {
            let mut command = openssl.command();
            command.args([
                "s_client",
                "-connect",
                &deployment.https().to_string(),
                "-servername",
                "example.com",
            ]);
            let output = command.args(options).stdin(Stdio::null()).output().unwrap();
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
        };
        for version in ["-tls1", "-tls1_1"] {
            let said = said(&[version, "-cipher", "ALL@SECLEVEL=0"]);
            assert!(said.contains(REFUSED), "{version}: {said}");
        }
        for suite in ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-CCM"] {
            let said = said(&["-tls1_2", "-cipher", &format!("{suite}:@SECLEVEL=0")]);
            assert!(said.contains(REFUSED), "{suite}: {said}");
        }
        let strong = "ECDHE-ECDSA-AES128-GCM-SHA256";
        assert!(said(&["-tls1_2", "-cipher", strong]).contains(&format!("Cipher is {strong}")));
    });
}

fn every_answer_has_the_security_headers(host: Host) {
    with_deployment(host, |deployment| {
        let evil = "https://evil.example";
        for (client, path, status) in [
            (deployment.client(), LABEL_VALUES, 200),
            (deployment.client(), "/prometheus/api/v1/nothing", 404),
            (deployment.client().header("origin", evil), LABEL_VALUES, 403),
            (deployment.client().header("origin", evil), "/prometheus/-/healthy", 200),
            (deployment.client().header("origin", evil), "/", 404),
            (deployment.client().header("origin", evil), "/prometheus", 301),
        ] {
            let answer = client.get(path).unwrap();
            assert_eq!(answer.status, status, "{path}");
            assert_eq!(answer.header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
            // JSON is no page.
            let frames = (path, status) != (LABEL_VALUES, 200);
            assert_eq!(answer.header("x-frame-options").as_deref(), frames.then_some("DENY"), "{path}");
            assert_eq!(answer.header("cache-control").as_deref(), Some("no-store"), "{path}");
            assert!(
                answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"),
                "{path}"
            );
            for absent in [
                "server",
                "access-control-allow-origin",
                "strict-transport-security",
                "x-envoy-upstream-service-time",
            ] {
                assert_eq!(answer.header(absent), None, "{path} has {absent}");
            }
        }
    });
}

/// For endpoints of most classes, the methods of the table are those of a real Prometheus.
fn the_endpoints_of_the_table_are_what_prometheus_serves(host: Host) {
    with_deployment(host, |deployment| {
        let client = deployment.client();
        for (method, path, status) in [
            ("GET", "/api/v1/query?query=up", 200),
            ("GET", "/api/v1/query_range?query=up&start=1&end=2&step=1", 200),
            ("POST", "/api/v1/series?match%5B%5D=up", 200),
            ("GET", "/api/v1/labels", 200),
            ("GET", "/api/v1/rules", 200),
            ("GET", "/api/v1/alerts", 200),
            ("GET", "/api/v1/targets", 200),
            ("GET", "/api/v1/metadata", 200),
            ("GET", "/api/v1/status/buildinfo", 200),
            ("GET", "/api/v1/status/config", 200),
            ("GET", "/federate?match%5B%5D=up", 200),
            ("GET", "/-/healthy", 200),
            ("HEAD", "/-/ready", 200),
            ("GET", "/version", 200),
            ("POST", "/-/reload", 200),
            ("POST", "/api/v1/admin/tsdb/clean_tombstones", 204),
            ("GET", "/-/reload", 405),
            ("DELETE", "/api/v1/series", 405),
            ("OPTIONS", "/api/v1/query", 204),
        ] {
            let answer = client.send(Request::new(method, &format!("/prometheus{path}"))).unwrap();
            assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        }
    });
}
