//! Redirects of a real Prometheus, in each of the four ways in which its flags put it behind a proxy. Some name the
//! public prefix and some don't, and every one has to end on a page.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_every_host;
use promward_harness::page::Page;
use promward_harness::prometheus::{self, Prometheus};
use promward_harness::tools::{self, Program};

on_every_host! {
    with_external_url_and_route_prefix,
    with_neither,
    with_external_url_only,
    with_route_prefix_only,
}

fn with_external_url_and_route_prefix(host: Host) {
    every_redirect_lands_on_a_page(host, prometheus::Options::guide());
}

fn with_neither(host: Host) {
    every_redirect_lands_on_a_page(host, prometheus::Options::default());
}

fn with_external_url_only(host: Host) {
    let external_url = Some("https://example.com/prometheus".to_owned());
    every_redirect_lands_on_a_page(
        host,
        prometheus::Options { external_url, ..prometheus::Options::default() },
    );
}

fn with_route_prefix_only(host: Host) {
    let route_prefix = Some("/prom".to_owned());
    every_redirect_lands_on_a_page(
        host,
        prometheus::Options { route_prefix, ..prometheus::Options::default() },
    );
}

/// Paths that Prometheus redirects, and the status of the last page. Where its own redirect leads to no page, it is the
/// error that Prometheus returns there: 404 at `/api/v1/`, 500 at the folder of console templates.
const REDIRECTED: &[(&str, u16)] = &[
    ("/prometheus", 200),
    ("/prometheus/", 200),
    ("/prometheus/graph/", 200),
    ("/prometheus//graph", 200),
    ("/prometheus/-/healthy/", 200),
    ("/prometheus/federate/", 200),
    ("/prometheus/debug/pprof", 200),
    ("/prometheus/consoles", 500),
    ("/prometheus/api/v1", 404),
    ("/prometheus/api/v1/rules/", 200),
    ("/prometheus/api/v1/labels/", 200),
];

fn every_redirect_lands_on_a_page(host: Host, options: prometheus::Options) {
    if tools::need(Program::Prometheus).is_none() {
        return;
    }
    let prometheus = Prometheus::start(options).unwrap();
    let upstream_prefix =
        if prometheus.options().path().is_empty() { "/" } else { prometheus.options().path() };
    let configuration = format!(
        r#"{{ "mounts": [{{ "prefix": "/prometheus", "upstream_prefix": "{upstream_prefix}", "cluster": "prometheus" }}],
             "access": [{{ "who": ["anyone"], "may": ["everything"] }}] }}"#
    );
    let deployment =
        Deployment::start(host, &Options::configured(prometheus.address(), &configuration)).unwrap();
    for &(path, status) in REDIRECTED {
        let page = Page::open(&deployment.client(), path).unwrap();
        assert_eq!(page.answer.status, status, "{path} leads to {}: {}", page.path, page.answer.text());
    }
}
