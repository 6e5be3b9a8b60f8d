//! A second Prometheus, of both releases, that scrapes, federates, reads from and writes to the first one through a
//! deployment, with `tls_config`, `basic_auth` and `authorization`.

use crate::servers::clients::set_up::{
    ALL, Given, OF_A, OF_B, PASSWORD, READER, WRITER, deployment, password, prometheus, token,
};
use promward_e2e::deployment::{Deployment, Host};
use promward_e2e::on_both_hosts;
use promward_harness::prometheus::{EACH_SECOND, Options, Prometheus, Release, Samples};
use promward_harness::tools;
use promward_harness::tunnel::Tunnel;
use promward_harness::upstream::{Reply, Upstream};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

on_both_hosts! {
    it_scrapes_and_federates_what_it_may,
    what_may_not_be_scraped_is_down_for_the_reason_that_is_true,
    it_reads_and_writes_what_it_may,
}

/// The longest time until an expected state is reached.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// The files of a deployment's clients, and a tunnel to the deployment.
pub(crate) struct Way {
    given: Given,
    tunnel: Tunnel,
}

impl Way {
    /// Returns a scrape configuration with a path, a caller and TLS settings.
    pub(crate) fn job(&self, name: &str, path: &str, tls: Value, caller: &Value) -> Value {
        let own = json!({
            "job_name": name,
            "scheme": "https",
            "metrics_path": format!("/prometheus{path}"),
            "honor_labels": true,
            "static_configs": [{ "targets": ["example.com:443"] }],
            "tls_config": tls,
            "proxy_url": self.tunnel.url(),
        });
        both(own, caller)
    }

    /// Returns a scrape configuration for `/federate`, with a selector.
    fn federate(&self, name: &str, selector: &str, tls: Value, caller: &Value) -> Value {
        both(self.job(name, "/federate", tls, caller), &json!({ "params": { "match[]": [selector] } }))
    }

    /// Returns a server to read from or to write to.
    pub(crate) fn remote(&self, name: &str, path: &str, tls: Value, caller: &Value) -> Value {
        let url = format!("https://example.com/prometheus/api/v1/{path}");
        both(json!({ "name": name, "url": url, "tls_config": tls, "proxy_url": self.tunnel.url() }), caller)
    }

    /// Returns TLS settings that trust the deployment's authority.
    pub(crate) fn tls(&self) -> Value {
        Given::tls(&self.given.authority, None)
    }

    /// Returns TLS settings that also present the known certificate.
    pub(crate) fn certified(&self) -> Value {
        Given::tls(&self.given.authority, Some(&self.given.scraper))
    }
}

pub(crate) fn both(mut one: Value, other: &Value) -> Value {
    one.as_object_mut().unwrap().extend(other.as_object().cloned().unwrap_or_default());
    one
}

/// The text in a configuration that stands for the name of the release.
pub(crate) const RELEASE: &str = "$RELEASE";

/// Runs a second Prometheus of each release, both at once, with this configuration.
pub(crate) fn with_each_release(parts: &str, check: impl Fn(&Prometheus) + Sync) {
    thread::scope(|scope| {
        for release in [Release::Usual, Release::Three] {
            if tools::need(release.server()).is_none() {
                continue;
            }
            let check = &check;
            scope.spawn(move || {
                let parts = parts.replace(RELEASE, &format!("{release:?}"));
                let samples = Samples::Configured(format!("{EACH_SECOND}{parts}"));
                check(&Prometheus::start(Options { release, samples, ..Options::default() }).unwrap());
            });
        }
    });
}

/// Returns a Prometheus' answer to a target of its API.
fn api(prometheus: &Prometheus, target: &str) -> Value {
    let (status, body) = prometheus.get(&format!("/api/v1/{target}")).unwrap();
    assert_eq!(status, 200, "{target}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// Returns the values of an instant query, by one of the labels of the series.
pub(crate) fn values(prometheus: &Prometheus, query: &str, label: &str) -> BTreeMap<String, f64> {
    let encoded: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let answer = api(prometheus, &format!("query?query={encoded}"));
    let series = answer["data"]["result"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    series.map(|one| (text(&one["metric"][label]), text(&one["value"][1]).parse().unwrap())).collect()
}

/// Waits until every target has been scraped, and returns the last error of each, which is empty after a success. A scrape
/// that took longer than its second on a busy machine is waited for again.
fn last_errors(prometheus: &Prometheus, jobs: usize) -> BTreeMap<String, String> {
    let scraped = || {
        let targets = api(prometheus, "targets?state=active");
        let targets = targets["data"]["activeTargets"].as_array().unwrap().clone();
        let is_scraped = |target: &Value| {
            let too_late = target["lastError"].as_str().unwrap().contains("context deadline exceeded");
            target["health"] != "unknown" && !too_late
        };
        (targets.len() == jobs && targets.iter().all(is_scraped)).then_some(targets)
    };
    let targets = prometheus.process().wait_until("a scrape of every target", LONG, scraped).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    targets.iter().map(|target| (text(&target["scrapePool"]), text(&target["lastError"]))).collect()
}

/// Waits until the last sample of `up` is this value for every job. Samples are stored a moment after their target is known
/// to be up or down.
fn wait_for_up(prometheus: &Prometheus, jobs: usize, value: f64) {
    let stored = || {
        let up = values(prometheus, "up", "job");
        (up.len() == jobs && up.values().all(|stored| *stored == value)).then_some(())
    };
    prometheus.process().wait_until("the samples of every scrape", LONG, stored).unwrap();
}

pub(crate) fn way_to(deployment: &Deployment) -> Way {
    Way { given: Given::by(deployment), tunnel: Tunnel::to(deployment.https()).unwrap() }
}

fn it_scrapes_and_federates_what_it_may(host: Host) {
    const EVERYTHING: &str = "{__name__=~\".+\"}";
    let Some(first) = prometheus(None) else { return };
    let deployment = deployment(host, first.address());
    let way = way_to(&deployment);
    let nobody = json!({});
    let old = both(token(OF_A), &json!({ "enable_http2": false }));
    let jobs = [
        way.job("metrics", "/metrics", way.certified(), &nobody),
        way.federate("all", EVERYTHING, way.certified(), &nobody),
        way.federate("of a", EVERYTHING, way.tls(), &token(OF_A)),
        way.federate("of a by HTTP/1.1", EVERYTHING, way.tls(), &old),
        way.federate("of b", EVERYTHING, way.tls(), &password(OF_B, PASSWORD)),
        way.federate("of b for a", "{tenant=\"b\"}", way.tls(), &token(OF_A)),
    ];
    with_each_release(&format!("scrape_configs: {}\n", json!(jobs)), |second| {
        for (job, error) in last_errors(second, jobs.len()) {
            assert_eq!(error, "", "{job}");
        }
        wait_for_up(second, jobs.len(), 1.0);
        let mut scraped = values(second, "scrape_samples_scraped", "job");
        assert!(scraped.remove("metrics").unwrap() > 100.0, "{scraped:?}");
        let expected =
            [("all", 6.0), ("of a", 3.0), ("of a by HTTP/1.1", 3.0), ("of b", 2.0), ("of b for a", 0.0)];
        assert_eq!(scraped, expected.map(|(job, count)| (job.to_owned(), count)).into());
        let stock = values(second, "count(stock{job=\"all\"})", "");
        assert_eq!(stock[""], ALL as f64, "as series of its own");
    });
}

fn what_may_not_be_scraped_is_down_for_the_reason_that_is_true(host: Host) {
    const UNAUTHORIZED: &str = "server returned HTTP status 401 Unauthorized";
    const FORBIDDEN: &str = "server returned HTTP status 403 Forbidden";
    // In TLS 1.3 a client has finished its handshake before the server has seen its certificate. Go names the server's alert
    // if it comes before the first request over HTTP/2 is sent, and after that only says that there is no connection.
    const ALERT: &str = "tls: ";
    const LATE_ALERT: &str = "http2: client conn could not be established";
    let upstream = Upstream::start(|_| Reply::text("up 1\n")).unwrap();
    let deployment = deployment(host, upstream.address());
    let way = way_to(&deployment);
    let given = &way.given;
    let scraper = Some(&given.scraper);
    let mut other_name = way.certified();
    other_name["server_name"] = json!("example.org");
    let nobody = json!({});
    let refused = [
        (
            "another authority",
            Given::tls(&given.other_authority, scraper),
            &nobody,
            "x509: certificate signed by unknown",
        ),
        ("another name", other_name, &nobody, "x509: certificate is valid for example.com"),
        ("a forged certificate", Given::tls(&given.authority, Some(&given.forged)), &nobody, ALERT),
        ("an unknown certificate", Given::tls(&given.authority, Some(&given.unknown)), &nobody, UNAUTHORIZED),
        ("no certificate", way.tls(), &nobody, UNAUTHORIZED),
        ("a wrong password", way.tls(), &password(READER, "battery staple"), UNAUTHORIZED),
        ("a wrong token", way.tls(), &token("nobodys-token"), UNAUTHORIZED),
        ("a reader", way.tls(), &password(READER, PASSWORD), FORBIDDEN),
        ("a writer", way.tls(), &token(WRITER), FORBIDDEN),
        ("a token beside a certificate", way.certified(), &token(WRITER), FORBIDDEN),
        ("a restricted caller", way.tls(), &token(OF_A), FORBIDDEN),
    ];
    let jobs: Vec<_> =
        refused.iter().map(|(name, tls, caller, _)| way.job(name, "/metrics", tls.clone(), caller)).collect();
    with_each_release(&format!("scrape_configs: {}\n", json!(jobs)), |second| {
        let errors = last_errors(second, jobs.len());
        for (name, _, _, reason) in &refused {
            let error = &errors[*name];
            let is_late_alert = *reason == ALERT && error.contains(LATE_ALERT);
            assert!(error.contains(reason) || is_late_alert, "{name}: {error}");
        }
        wait_for_up(second, jobs.len(), 0.0);
    });
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
}

fn it_reads_and_writes_what_it_may(host: Host) {
    let Some(first) = prometheus(None) else { return };
    let deployment = deployment(host, first.address());
    let way = way_to(&deployment);
    // The tenant of the series in a query decides which server is asked.
    let read = |name: &str, tenant: &str, tls: Value, caller: &Value| {
        let of = json!({ "read_recent": true, "required_matchers": { "tenant": tenant } });
        both(way.remote(name, "read", tls, caller), &of)
    };
    let write = |name: &str, tls: Value, caller: &Value| {
        let what = json!({
            "write_relabel_configs": [
                { "source_labels": ["__name__"], "regex": "up", "action": "keep" },
                { "target_label": "written_by", "replacement": name },
                { "target_label": "release", "replacement": RELEASE },
            ],
            "queue_config": { "batch_send_deadline": "1s" },
        });
        both(way.remote(name, "write", tls, caller), &what)
    };
    let wrong = Given::tls(&way.given.other_authority, None);
    let reads = [
        read("reader", "a", way.tls(), &password(READER, PASSWORD)),
        read("restricted", "b", way.tls(), &token(OF_A)),
        read("writer", "c", way.tls(), &token(WRITER)),
        read("mistrusted", "d", wrong.clone(), &password(READER, PASSWORD)),
    ];
    let writes = [
        write("writer", way.tls(), &token(WRITER)),
        write("reader", way.tls(), &password(READER, PASSWORD)),
        write("restricted", way.tls(), &token(OF_A)),
        write("mistrusted", wrong, &token(WRITER)),
    ];
    let scrapes = [way.job("first", "/metrics", way.certified(), &json!({}))];
    let parts = json!({ "scrape_configs": scrapes, "remote_read": reads, "remote_write": writes });
    let parts: String =
        parts.as_object().unwrap().iter().map(|(part, value)| format!("{part}: {value}\n")).collect();
    with_each_release(&parts, |second| {
        let read = values(second, "stock{tenant=\"a\"}", "item");
        assert_eq!(read, [("1".to_owned(), 1.0), ("2".to_owned(), 2.0), ("3".to_owned(), 3.0)].into());
        for (tenant, reason) in [
            ("c", r#"no access rule allows the class \"remote_read\" to token:writer here"#),
            ("d", "x509: certificate signed by unknown authority"),
        ] {
            let answer = api(second, &format!("query?query=stock%7Btenant%3D%22{tenant}%22%7D"));
            assert_eq!(answer["data"]["result"], json!([]), "{tenant}");
            let warning = answer["warnings"][0].as_str().unwrap();
            assert!(warning.contains(reason), "{tenant}: {warning}");
        }
        // What a restricted caller asks of others is answered, and there is nothing in it.
        let answer = api(second, "query?query=stock%7Btenant%3D%22b%22%7D");
        assert_eq!((&answer["data"]["result"], &answer["warnings"]), (&json!([]), &Value::Null));
        let written = format!("up{{written_by=\"writer\",release=\"{:?}\"}}", second.options().release);
        let is_written =
            || (values(&first, &written, "job") == [("first".to_owned(), 1.0)].into()).then_some(());
        second.process().wait_until("what it writes", LONG, is_written).unwrap();
        // Prometheus logs a refusal once a minute, whichever server it is about. Its counters are by server.
        for (name, counter) in [("reader", "failed"), ("restricted", "failed"), ("mistrusted", "retried")] {
            let counter =
                format!("prometheus_remote_storage_samples_{counter}_total{{remote_name=\"{name}\"");
            let is_counted = || {
                let metrics = second.get("/metrics").unwrap().1;
                metrics.lines().any(|line| line.starts_with(&counter) && !line.ends_with(" 0")).then_some(())
            };
            second.process().wait_until(&counter, LONG, is_counted).unwrap();
        }
        for reason in ["HTTP status 403 Forbidden", "x509: certificate signed by unknown authority"] {
            second.process().wait_for_line(reason, LONG).unwrap();
        }
    });
    let writers = values(&first, "count by (written_by) ({written_by!=\"\"})", "written_by");
    assert_eq!(writers.keys().collect::<Vec<_>>(), ["writer"]);
}
