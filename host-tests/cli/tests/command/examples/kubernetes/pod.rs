//! Runs the Envoy of the pod in its [`Volumes`].

use super::volumes::{Volumes, secret};
use super::{container, object, pod_spec, text};
use promward_harness::certificates::Authority;
use promward_harness::client::{Client, Request};
use promward_harness::envoy;
use promward_harness::process::{self, Process, Stream};
use promward_harness::tools::{self, Program};
use promward_harness::upstream::{Reply, Upstream};
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;

/// The time that Envoy may take to start, and to notice a change.
const NOTICE: Duration = Duration::from_secs(120);

const METRICS: &str = "/prometheus/metrics";
const LABELS: &str = "/prometheus/api/v1/labels";

struct Pod {
    volumes: Volumes,
    upstream: Upstream,
    envoy: Process,
    https: SocketAddr,
    admin: SocketAddr,
}

impl Pod {
    /// Starts Envoy with a certificate of this authority, or returns `None` if there is no Envoy.
    fn start(authority: &Authority) -> Option<Self> {
        let tool = tools::need(Program::Envoy)?;
        let upstream = Upstream::start(|_| Reply::text("from Prometheus")).unwrap();
        let [https, http, admin] =
            [(); 3].map(|()| SocketAddr::from(([127, 0, 0, 1], process::free_port().unwrap())));
        let volumes = Volumes::new();
        for mut arguments in render_commands() {
            if arguments.contains(&"--https-port".to_owned()) {
                // The ports of this machine in place of the pod's.
                for (of_pod, here) in [("8443", https), ("8081", http)] {
                    let port = arguments.iter_mut().find(|argument| *argument == of_pod).unwrap();
                    *port = here.port().to_string();
                }
                let [admin, upstream] = [admin.port().to_string(), upstream.address().to_string()];
                let version = tool.version.to_string();
                let further = ["--admin-port", &admin, "--upstream", &upstream, "--envoy-version", &version];
                arguments.extend(further.into_iter().chain(["--listen", "127.0.0.1"]).map(str::to_owned));
            }
            volumes.render(&arguments);
        }
        volumes.mount_all(authority);
        let arguments = container(&pod_spec()["containers"], "envoy")["args"].clone();
        let mut command = tool.command();
        for argument in arguments.as_array().unwrap() {
            command.arg(volumes.in_root(argument.as_str().unwrap()));
        }
        let envoy = Process::start("Envoy", command).unwrap();
        envoy
            .wait_until("being ready", NOTICE, || {
                process::get(admin, "/ready").is_ok_and(|(status, _)| status == 200).then_some(())
            })
            .unwrap();
        Some(Self { volumes, upstream, envoy, https, admin })
    }

    /// Changes the rules as the README says: renders the file again, after this change to the JSON, and swaps it in.
    fn change_rules(&self, old: &str, new: &str) {
        self.volumes.change_rules(old, new);
        let commands = render_commands();
        self.volumes.render(commands.iter().find(|command| command.contains(&"--ecds".to_owned())).unwrap());
        self.volumes.swap("/etc/promward/ecds", &self.volumes.config_map("promward-policy"));
    }

    fn stat(&self, name: &str) -> Option<u64> {
        envoy::stat(self.admin, &format!("extension_config_discovery.http_filter.promward.{name}")).unwrap()
    }

    /// Waits until Envoy counts something that `act` brings about.
    fn awaiting(&self, name: &str, act: impl FnOnce()) {
        let before = self.stat(name);
        act();
        self.envoy.wait_until(name, NOTICE, || self.stat(name).filter(|now| Some(*now) != before)).unwrap();
    }

    fn client(&self, authority: &Authority) -> Client {
        Client::https(self.https).trust(authority.pem())
    }

    fn status(&self, authority: &Authority, token: &str, target: &str) -> u16 {
        let client = self.client(authority).authority("prometheus.example.com");
        client.header("authorization", format!("Bearer {token}-for-trying")).get(target).unwrap().status
    }
}

/// Returns the arguments of the README's commands that render the files of the pod.
fn render_commands() -> Vec<Vec<String>> {
    let readme = text("README.md").replace("\\\n", " ");
    let (steps, _) = readme.split_once("## What is where").unwrap();
    let commands = steps.lines().filter_map(|line| line.strip_prefix("$ cargo promward render "));
    let commands: Vec<Vec<String>> =
        commands.map(|command| command.split_whitespace().map(str::to_owned).collect()).collect();
    assert_eq!(commands.len(), 3, "{commands:?}");
    commands
}

#[test]
fn the_rules_in_the_config_map_are_checked_and_tested() {
    let volumes = Volumes::new();
    let commands = render_commands();
    volumes.render(commands.iter().find(|command| command.contains(&"--ecds".to_owned())).unwrap());
    let policy = volumes.config_map("promward-policy");
    let policy = String::from_utf8(policy["promward.yaml"].clone()).unwrap();
    let data = json!({ "promward.yaml": policy });
    let map = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "promward-policy" }, "data": data });
    let said = volumes.said(&["check", "-"], &map.to_string());
    assert!(said.contains(": valid\n") && !said.contains("warning"), "{said}");
    let tests =
        text("tests.yaml").replace("configuration: promward.json", "configuration: rendered/promward.yaml");
    volumes.write("tests.yaml", &tests);
    volumes.said(&["test", "tests.yaml"], "");
}

#[test]
fn the_pod_serves_its_names_and_health_by_any_other() {
    let authority = Authority::new("Test CA").unwrap();
    let Some(pod) = Pod::start(&authority) else { return };
    let client = pod.client(&authority);
    // As the kubelet asks, with the path of the probe.
    let probe = container(&pod_spec()["containers"], "envoy")["readinessProbe"]["httpGet"]["path"].clone();
    let ready =
        Client::https(pod.https).insecure().authority("10.0.0.7:8443").get(probe.as_str().unwrap()).unwrap();
    assert_eq!((ready.status, ready.text().as_str()), (200, "from Prometheus"));
    assert_eq!(pod.upstream.wait_for(0).unwrap().target, "/prometheus/-/ready");
    // As the ServiceMonitor has it.
    let endpoint = object("monitoring.yaml", "ServiceMonitor")["spec"]["endpoints"][0].clone();
    let address = endpoint["relabelings"][0]["replacement"].as_str().unwrap().to_owned();
    let scraper = client.clone().authority(&address).header("authorization", "Bearer monitoring-for-trying");
    assert_eq!(scraper.get(endpoint["path"].as_str().unwrap()).unwrap().status, 200);
    assert_eq!(scraper.get(LABELS).unwrap().status, 403);
    assert_eq!(pod.status(&authority, "grafana", LABELS), 200);
    assert_eq!(pod.status(&authority, "nobody", LABELS), 401);
    assert_eq!(client.authority("10.0.0.7:8443").get(METRICS).unwrap().status, 404);
    let logged = pod.envoy.lines(Stream::Errors);
    let complaints: Vec<_> =
        logged.iter().filter(|line| line.contains("[warning]") || line.contains("[error]")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn other_rules_are_live_without_a_restart_and_wrong_ones_change_nothing() {
    let authority = Authority::new("Test CA").unwrap();
    let Some(pod) = Pod::start(&authority) else { return };
    let mut open = pod.client(&authority).authority("prometheus.example.com").http2().connect().unwrap();
    assert_eq!(pod.status(&authority, "grafana", METRICS), 403);
    pod.awaiting("config_reload", || pod.change_rules(r#""may": ["read"]"#, r#""may": ["read", "metrics"]"#));
    assert_eq!(pod.status(&authority, "grafana", METRICS), 200);
    // The same connection is served on.
    let request = Request::new("GET", "/prometheus/-/healthy");
    assert_eq!(open.send(request).unwrap().status, 200);
    // Nothing renders such a file, and somebody may write one.
    let mut policy = pod.volumes.config_map("promward-policy");
    let wrong = String::from_utf8(policy["promward.yaml"].clone()).unwrap().replace("\"may\"", "\"mey\"");
    policy.insert("promward.yaml".to_owned(), wrong.into_bytes());
    pod.awaiting("config_fail", || pod.volumes.swap("/etc/promward/ecds", &policy));
    assert_eq!(pod.status(&authority, "grafana", METRICS), 200, "the last rules stay");
    pod.envoy
        .wait_until("saying which field is wrong", NOTICE, || {
            let lines = pod.envoy.lines(Stream::Errors);
            lines.iter().any(|line| line.contains("access[0].mey: there is no such field")).then_some(())
        })
        .unwrap();
    pod.awaiting("config_reload", || pod.change_rules(r#", "metrics"]"#, "]"));
    assert_eq!(pod.status(&authority, "grafana", METRICS), 403);
}

#[test]
fn a_renewed_certificate_is_served_without_a_restart() {
    let [old, new] = ["Old CA", "New CA"].map(|name| Authority::new(name).unwrap());
    let Some(pod) = Pod::start(&old) else { return };
    let healthy = |authority: &Authority| {
        let client = pod.client(authority).authority("prometheus.example.com");
        client.get("/prometheus/-/healthy").is_ok_and(|answer| answer.status == 200)
    };
    assert!(healthy(&old) && !healthy(&new));
    let volume = container(&pod_spec()["volumes"], "certificates");
    pod.volumes.swap("/etc/promward/certificates", &secret(&volume["secret"], &new));
    pod.envoy.wait_until("serving the new certificate", NOTICE, || healthy(&new).then_some(())).unwrap();
}
