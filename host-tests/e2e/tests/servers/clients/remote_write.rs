//! Senders that may write the series of one tenant: another Prometheus of both releases, and of both versions of the
//! protocol.

use crate::servers::clients::second_prometheus::{
    LONG, RELEASE, Way, both, values, way_to, with_each_release,
};
use crate::servers::clients::set_up::token;
use promward_e2e::deployment::{self, Deployment, Host};
use promward_e2e::on_both_hosts;
use promward_harness::process::{self, Process};
use promward_harness::prometheus::{EACH_SECOND, Options, Prometheus, Release, Samples};
use promward_harness::tools::{self, Program};
use serde_json::{Value, json};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

on_both_hosts! {
    what_a_tenant_writes_has_the_label_of_the_tenant,
    what_vmagent_writes_has_the_label_of_the_tenant,
    nothing_is_lost_when_samples_come_too_fast_and_rules_change,
}

/// A caller who may write the series of `a`, all of which must have the label.
const STRICT: &str = "strict-token";
/// A caller whose series get the label of `a`.
const ADDING: &str = "adding-token";
/// The same with a rate of samples.
const RATED: &str = "rated-token";

/// The message of the second version, which the first release doesn't know.
const V2: &str = "io.prometheus.write.v2.Request";

/// Starts a Prometheus that takes both versions of the protocol, and has no series of its own.
fn receiver() -> Option<Prometheus> {
    tools::need(Release::Three.server())?;
    let samples = Samples::Configured(EACH_SECOND.to_owned());
    let options = Options {
        release: Release::Three,
        samples,
        lookback_delta: Some("1h".to_owned()),
        remote_write_receiver: true,
        ..Options::guide()
    };
    Some(Prometheus::start(options).unwrap())
}

/// Returns the filter's configuration. These classes are open to everybody.
fn configured(open: &[&str]) -> String {
    let digest = |token: &str| format!("sha256:{}", promward_module::sha256(token.as_bytes()));
    let configuration = json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": { "tokens": { "strict": digest(STRICT), "adding": digest(ADDING), "rated": digest(RATED) } },
        "access": [
            { "who": ["anyone"], "may": open },
            { "who": ["token:strict"], "may": ["write"], "only": { "tenant": ["a"] } },
            { "who": ["token:adding"], "may": ["write"], "only": { "tenant": ["a"] }, "write": "label" },
            { "who": ["token:rated"], "may": ["write"], "only": { "tenant": ["a"] }, "write": "label",
              "limits": { "samples": "10/s" } },
        ],
    });
    configuration.to_string()
}

fn deployed(host: Host, receiver: &Prometheus) -> Deployment {
    let mut options =
        deployment::Options::configured(receiver.address(), &configured(&["health", "metrics"]));
    options.workers = 1;
    options.watched = true;
    Deployment::start(host, &options).unwrap()
}

/// Returns what a sender sends: the series that a regular expression names, with the sender's name and a tenant, if it gives
/// one.
fn relabelled(name: &str, kept: &str, tenant: Option<&str>) -> Value {
    let mut steps = vec![
        json!({ "source_labels": ["__name__"], "regex": kept, "action": "keep" }),
        json!({ "target_label": "written_by", "replacement": name }),
        json!({ "target_label": "release", "replacement": RELEASE }),
    ];
    steps.extend(tenant.map(|tenant| json!({ "target_label": "tenant", "replacement": tenant })));
    steps.into()
}

/// Returns a sender of the series that a regular expression names, in the name of a caller.
fn sender(way: &Way, name: &str, caller: &str, kept: &str, more: &Value) -> Value {
    let what = json!({
        "write_relabel_configs": relabelled(name, kept, more["tenant"].as_str()),
        "queue_config": { "batch_send_deadline": "1s" },
    });
    let mut sender = both(both(way.remote(name, "write", way.tls(), &token(caller)), &what), more);
    sender.as_object_mut().unwrap().remove("tenant");
    sender
}

fn configuration(way: &Way, senders: &[Value]) -> String {
    let scrapes = json!([way.job("first", "/metrics", way.tls(), &json!({}))]);
    format!("scrape_configs: {scrapes}\nremote_write: {}\n", json!(senders))
}

fn what_a_tenant_writes_has_the_label_of_the_tenant(host: Host) {
    let Some(receiver) = receiver() else { return };
    let deployment = deployed(host, &receiver);
    let way = way_to(&deployment);
    let second = json!({ "protobuf_message": V2 });
    let all = [
        sender(&way, "adding", ADDING, "up|go_.*", &json!({})),
        sender(&way, "labelled", STRICT, "up", &json!({ "tenant": "a" })),
        sender(&way, "lacking", STRICT, "up", &json!({})),
        sender(&way, "wrong", STRICT, "up", &json!({ "tenant": "b" })),
        sender(&way, "other", ADDING, "up", &json!({ "tenant": "b" })),
    ];
    let of_three = [
        sender(&way, "adding v2", ADDING, "up|go_.*", &second),
        sender(&way, "wrong v2", STRICT, "up", &both(second, &json!({ "tenant": "b" }))),
    ];
    let check = |sender: &Prometheus, written: &[&str], refused: &[&str]| {
        for name in written {
            let query = format!("up{{written_by=\"{name}\",release=\"{:?}\"}}", sender.options().release);
            let is_written =
                || (values(&receiver, &query, "tenant") == [("a".to_owned(), 1.0)].into()).then_some(());
            sender.process().wait_until(name, LONG, is_written).unwrap();
        }
        for name in refused {
            let counter = format!("prometheus_remote_storage_samples_failed_total{{remote_name=\"{name}\"");
            sender.process().wait_until(&counter, LONG, || counted(sender, &counter)).unwrap();
        }
        // It logs one refusal a minute, whichever comes first.
        sender.process().wait_for_line("a series ", LONG).unwrap();
    };
    with_each_release(&configuration(&way, &all), |sender| {
        check(sender, &["adding", "labelled"], &["lacking", "wrong", "other"]);
    });
    let second = configuration(&way, &of_three).replace(RELEASE, "Three");
    let samples = Samples::Configured(format!("{EACH_SECOND}{second}"));
    let second =
        Prometheus::start(Options { release: Release::Three, samples, ..Options::default() }).unwrap();
    check(&second, &["adding v2"], &["wrong v2"]);
    let tenants = values(&receiver, "count by (tenant) ({__name__!=\"\"})", "tenant");
    assert_eq!(tenants.keys().collect::<Vec<_>>(), ["a"]);
}

fn counted(prometheus: &Prometheus, counter: &str) -> Option<()> {
    is_above_zero(&prometheus.get("/metrics").unwrap().1, counter)
}

/// Returns something if a text of metrics has a counter that begins so and isn't 0.
fn is_above_zero(metrics: &str, counter: &str) -> Option<()> {
    metrics.lines().any(|line| line.starts_with(counter) && !line.ends_with(" 0")).then_some(())
}

/// vmagent tries its own encoding first, and goes back to that of Prometheus where it is refused.
fn what_vmagent_writes_has_the_label_of_the_tenant(host: Host) {
    let (Some(receiver), Some(vmagent)) = (receiver(), tools::need(Program::Vmagent)) else { return };
    let deployment = deployed(host, &receiver);
    let way = way_to(&deployment);
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, content: &Value| {
        let path = directory.path().join(name);
        fs::write(&path, content.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let targets = json!([{ "targets": [receiver.address().to_string()] }]);
    let scrapes = json!({
        "global": { "scrape_interval": "1s" },
        "scrape_configs": [{ "job_name": "receiver", "static_configs": targets }],
    });
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, process::free_port().unwrap()));
    let mut command = vmagent.command();
    command.arg(format!("-httpListenAddr={address}"));
    command.arg(format!("-promscrape.config={}", write("scrape.yml", &scrapes)));
    command.arg(format!("-remoteWrite.tmpDataPath={}", directory.path().join("queue").display()));
    command.arg("-remoteWrite.flushInterval=1s");
    for (name, caller, tenant) in [
        ("adding", ADDING, None),
        ("labelled", STRICT, Some("a")),
        ("lacking", STRICT, None),
        ("wrong", STRICT, Some("b")),
    ] {
        let remote = way.remote(name, "write", way.tls(), &json!({}));
        let relabelled = write(&format!("{name}.yml"), &relabelled(name, "up|go_.*", tenant));
        command.args([
            format!("-remoteWrite.url={}", remote["url"].as_str().unwrap()),
            format!("-remoteWrite.proxyURL={}", remote["proxy_url"].as_str().unwrap()),
            format!("-remoteWrite.tlsCAFile={}", remote["tls_config"]["ca_file"].as_str().unwrap()),
            format!("-remoteWrite.bearerToken={caller}"),
            format!("-remoteWrite.urlRelabelConfig={relabelled}"),
        ]);
    }
    let vmagent = Process::start("vmagent", command).unwrap();
    for name in ["adding", "labelled"] {
        let query = format!("up{{written_by=\"{name}\"}}");
        let is_written =
            || (values(&receiver, &query, "tenant") == [("a".to_owned(), 1.0)].into()).then_some(());
        vmagent.wait_until(name, LONG, is_written).unwrap();
    }
    // It drops what is refused, and counts that by the number of the server.
    for number in [3, 4] {
        let counter = format!("vmagent_remotewrite_packets_dropped_total{{url=\"{number}:");
        vmagent
            .wait_until(&counter, LONG, || {
                is_above_zero(&process::get(address, "/metrics").ok()?.1, &counter)
            })
            .unwrap();
    }
    let tenants = values(&receiver, "count by (tenant) ({__name__!=\"\"})", "tenant");
    assert_eq!(tenants.keys().collect::<Vec<_>>(), ["a"]);
}

fn nothing_is_lost_when_samples_come_too_fast_and_rules_change(host: Host) {
    let Some(receiver) = receiver() else { return };
    let deployment = deployed(host, &receiver);
    let way = way_to(&deployment);
    // Four queues send what came in five seconds at the same moment, which is more than may come at once.
    let queues = json!({ "queue_config": { "batch_send_deadline": "5s", "min_shards": 4, "max_shards": 4, "max_samples_per_send": 5 } });
    let rated = sender(&way, "rated", RATED, "up|scrape_.*", &queues);
    with_each_release(&configuration(&way, &[rated]), |sender| {
        let release = sender.options().release;
        let counter =
            |what: &str| format!("prometheus_remote_storage_samples_{what}_total{{remote_name=\"rated\"");
        let retried = counter("retried");
        sender.process().wait_until(&retried, LONG, || counted(sender, &retried)).unwrap();
        if release == Release::Three {
            // The rules change for both, while messages are on their way or wait for their next try.
            deployment.reconfigure(&configured(&["health", "metrics", "info"])).unwrap();
        }
        // All that was scraped up to now comes in the end.
        let now = crate::servers::clients::set_up::now();
        let scraped =
            || values(sender, &format!("count_over_time(scrape_duration_seconds[1h] @ {now})"), "job");
        let arrived = || {
            let matchers = format!("written_by=\"rated\",release=\"{release:?}\",tenant=\"a\"");
            let query = format!("count_over_time(scrape_duration_seconds{{{matchers}}}[1h] @ {now})");
            (values(&receiver, &query, "job") == scraped()).then_some(())
        };
        sender.process().wait_until("all that was scraped", LONG, arrived).unwrap();
        assert_eq!(counted(sender, &counter("failed")), None);
    });
}
