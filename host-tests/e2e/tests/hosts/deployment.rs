//! Checks what a [`Deployment`] promises to the scenarios that run on it, on both hosts.

use promward_e2e::deployment::{ClientCertificates, Deployment, Host, Options};
use promward_e2e::on_both_hosts;
use promward_harness::certificates::{Authority, Identity};
use promward_harness::client::{Client, Request};
use promward_harness::jwt::{Issuer, claims, metadata};
use promward_harness::process::Stream;
use promward_harness::upstream::{Reply, Upstream};
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

on_both_hosts! {
    a_client_may_present_a_certificate_of_the_deployments_authority,
    a_pause_in_the_headers_lets_the_body_come_where_the_deployment_says_so,
    the_claims_of_a_verified_token_are_in_the_metadata,
    a_metric_is_the_sum_over_all_workers,
    another_configuration_is_for_requests_that_begin_after_it,
    a_configuration_that_is_refused_changes_nothing,
    a_request_that_waits_is_released_by_the_tick_of_its_own_configuration,
}

const MINUTE: Duration = Duration::from_secs(60);

/// A deployment with the probe as its module. Tests can wait for the probe's lines.
struct Probed {
    deployment: Deployment,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Probed {
    fn start(host: Host, change: impl FnOnce(&mut Options)) -> Self {
        let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&lines);
        let mut options = Options::new(upstream.address());
        options.module = Some(promward_module::build_package("promward-probe").unwrap());
        options.log = Arc::new(move |_, line| log.lock().unwrap().push(line.to_owned()));
        change(&mut options);
        Self { deployment: Deployment::start(host, &options).unwrap(), lines }
    }

    fn client(&self, script: &str) -> Client {
        self.deployment.client().header("x-probe", script)
    }

    /// Returns the rest of the first line of the probe with this beginning.
    fn wait_for(&self, beginning: &str) -> String {
        let start = Instant::now();
        let beginning = format!("probe: {beginning}");
        loop {
            let lines = match self.deployment.envoy() {
                Some(envoy) => envoy.process().lines(Stream::Errors),
                None => self.lines.lock().unwrap().clone(),
            };
            if let Some((_, rest)) = lines.iter().find_map(|line| line.split_once(&beginning)) {
                return rest.to_owned();
            }
            assert!(start.elapsed() < MINUTE, "no line {beginning:?}: {lines:#?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn a_client_may_present_a_certificate_of_the_deployments_authority(host: Host) {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let mut options = Options::new(upstream.address());
    options.client_certificates = ClientCertificates::SignedByTheDeployment;
    let deployment = Deployment::start(host, &options).unwrap();
    let status = |client: Client| client.get("/prometheus/metrics").map(|answer| answer.status);
    let with = |identity: &Identity| {
        status(deployment.client().certificate(identity.certificate_pem(), identity.key_pem()))
    };
    assert_eq!(status(deployment.client()).unwrap(), 200, "none is fine");
    assert_eq!(with(&deployment.authority().client("reader", None).unwrap()).unwrap(), 200);
    assert!(with(&Identity::self_signed_client("reader", None).unwrap()).is_err());
    assert!(with(&Authority::new("other").unwrap().client("reader", None).unwrap()).is_err());
}

fn a_pause_in_the_headers_lets_the_body_come_where_the_deployment_says_so(host: Host) {
    let probed = Probed::start(host, |options| options.allow_on_headers_stop_iteration = true);
    let mut exchange =
        probed.client("request_headers=pause,request_body=reply").open(Request::new("POST", "/")).unwrap();
    exchange.data("body").unwrap();
    assert_eq!(exchange.answer().unwrap().status, 403);
}

fn the_claims_of_a_verified_token_are_in_the_metadata(host: Host) {
    let issuer = Issuer::new().unwrap();
    let claims = claims("alice", &json!({ "groups": ["team-a"] })).unwrap();
    let probed = Probed::start(host, |options| match host {
        Host::Envoy => options.jwks = Some(issuer.jwks()),
        _ => options.metadata = Some(metadata(&claims)),
    });
    let token = issuer.sign(&claims).unwrap();
    let client = probed.client("request_headers=property:metadata");
    client.header("authorization", format!("Bearer {token}")).get("/").unwrap();
    let told = probed.wait_for("metadata is ");
    assert!(told.contains("alice") && told.contains("team-a"), "{told}");
}

fn a_metric_is_the_sum_over_all_workers(host: Host) {
    const COUNTED: &str = "probe.counted.by=stream";
    let probed = Probed::start(host, |_| {});
    assert_eq!(probed.deployment.metric(COUNTED).unwrap(), 0);
    for _ in 0..10 {
        probed.client("request_headers=count").get("/").unwrap();
    }
    assert_eq!(probed.deployment.wait_for_metric(COUNTED, 10).unwrap(), 10);
    assert_eq!(probed.deployment.metric("probe.counted").unwrap(), 0);
    let calls =
        probed.deployment.counts().map(|counts| counts.host_calls.get("proxy_increment_metric").copied());
    assert_eq!(calls, (host == Host::Embedded).then_some(Some(10)));
}

/// A configuration that allows only `/-/healthy`.
const HEALTH_ONLY: &str = r#"{
    "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
    "access": [{ "who": ["anyone"], "may": ["health"] }]
}"#;

/// Starts a deployment of the shipped configuration, with a server that holds its answers to `/metrics?held`.
fn watched(host: Host) -> (Deployment, Upstream) {
    let upstream = Upstream::start(|request| match request.target.contains("held") {
        true => Reply::hold(),
        false => Reply::text("ok"),
    });
    let upstream = upstream.unwrap();
    let mut options = Options::new(upstream.address());
    options.watched = true;
    (Deployment::start(host, &options).unwrap(), upstream)
}

fn another_configuration_is_for_requests_that_begin_after_it(host: Host) {
    let (deployment, upstream) = watched(host);
    let mut open = deployment.client().http2().connect().unwrap();
    let mut begun = open.open(Request::new("GET", "/prometheus/metrics?held")).unwrap();
    begun.end(&[]).unwrap();
    let mut held = upstream.held().unwrap();
    deployment.reconfigure(HEALTH_ONLY).unwrap();
    for (target, status) in [("/prometheus/metrics", 403), ("/prometheus/-/healthy", 200)].repeat(4) {
        assert_eq!(deployment.client().get(target).unwrap().status, status, "{target}");
        assert_eq!(open.send(Request::new("GET", target)).unwrap().status, status, "{target}");
    }
    held.head(200, &[]).unwrap();
    held.data(b"begun before").unwrap();
    held.end(&[]).unwrap();
    assert_eq!(begun.answer().unwrap().text(), "begun before");
}

fn a_request_that_waits_is_released_by_the_tick_of_its_own_configuration(host: Host) {
    let probed = Probed::start(host, |options| {
        options.workers = 1;
        options.watched = true;
        // In this mode the probe is shown the body of a paused request.
        options.allow_on_headers_stop_iteration = true;
    });
    let mut waiting = probed.client("request_headers=pause").open(Request::new("GET", "/")).unwrap();
    waiting.end(&[]).unwrap();
    probed.wait_for("request_headers returns Pause");
    let script = "request_headers=property:request.method+pause,request_body=tell:resume+pause";
    let mut teller = probed.client(script).open(Request::new("POST", "/")).unwrap();
    probed.wait_for("request.method is");
    probed.deployment.reconfigure("{}").unwrap();
    teller.data("now").unwrap();
    assert_eq!(waiting.answer().unwrap().status, 404);
}

fn a_configuration_that_is_refused_changes_nothing(host: Host) {
    let (deployment, _upstream) = watched(host);
    let error = format!("{:#}", deployment.reconfigure("{}").unwrap_err());
    assert!(error.contains("configuration refused: "), "{error}");
    assert_eq!(deployment.client().get("/prometheus/metrics").unwrap().status, 200);
    deployment.reconfigure(HEALTH_ONLY).unwrap();
    assert_eq!(deployment.client().get("/prometheus/metrics").unwrap().status, 403);
}
