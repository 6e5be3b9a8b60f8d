//! `cargo demo` shows the guide on both hosts, and leaves nothing behind however it ends.

// A test that can't go on has failed, and says where.
#![allow(clippy::unwrap_used, clippy::panic)]

use promward_host_tests::client::Client;
use promward_host_tests::on_both_hosts;
use promward_host_tests::process::{self, Process, Stream};
use promward_host_tests::prometheus::{self, Prometheus};
use promward_host_tests::site::Host;
use promward_host_tests::tools::{self, Program};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::Duration;

on_both_hosts! {
    the_walk_through_the_guide_goes_well,
    a_prometheus_that_already_runs_is_guarded_where_it_is,
    told_to_end_it_leaves_nothing_behind,
}

/// A module is built, Prometheus scrapes itself, and other tests do the same at the same time.
const LONG: Duration = Duration::from_secs(300);

/// The last line that is shown when everything runs.
const READY: &str = "Ctrl-C ends all of it.";

/// A demo on a port of its own.
struct Demo {
    port: u16,
    process: Process,
}

impl Demo {
    fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let port = process::free_port().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
        command.args(["demo", "--port", &port.to_string()]).args(arguments).envs(environment.iter().copied());
        Self { port, process: Process::start("the demo", command).unwrap() }
    }

    fn on(host: Host, arguments: &[&str]) -> Self {
        let host = match host {
            Host::Envoy => "envoy",
            Host::Embedded => "embedded",
        };
        Self::start(&[&["--host", host], arguments].concat(), &[])
    }

    /// Waits for its end and shows what it printed if that isn't as expected.
    fn ends_with(&self, code: i32) -> String {
        let status = end_of(&self.process);
        let printed =
            [Stream::Output, Stream::Errors].map(|stream| self.process.lines(stream).join("\n")).concat();
        assert_eq!(status.code(), Some(code), "{printed}");
        assert!(!self.directory().join("tmp").exists(), "temporary files are left behind");
        printed
    }

    fn directory(&self) -> PathBuf {
        promward_module::target_directory().unwrap().join("demo").join(self.port.to_string())
    }

    fn terminate(&self) {
        signal("TERM", self.process.id());
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.stop();
        let _ = fs::remove_dir_all(self.directory());
    }
}

fn end_of(process: &Process) -> ExitStatus {
    let _ = process.wait_until("its end", LONG, || None::<()>);
    process.ended().unwrap().unwrap_or_else(|| panic!("it goes on: {process}"))
}

fn signal(name: &str, id: u32) {
    assert!(Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().unwrap().success());
}

/// Running processes that this one has started: id and name.
fn children(parent: u32) -> Vec<(u32, String)> {
    let processes =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let is_child = |id: u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let (state, of) = (fields.next()?, fields.next()?);
        (state != "Z" && of == parent.to_string()).then(|| (id, name.to_owned()))
    };
    processes.filter_map(is_child).collect()
}

fn is_alive(id: u32) -> bool {
    fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn the_walk_through_the_guide_goes_well(host: Host) {
    let Some(_) = tools::need(Program::Prometheus) else { return };
    let printed = Demo::on(host, &["--smoke"]).ends_with(0);
    assert!(printed.contains("The guide holds: ") && !printed.contains("FAILED"), "{printed}");
    assert!(printed.contains(&format!("The guide on {host}, guarding Prometheus ")), "{printed}");
}

fn a_prometheus_that_already_runs_is_guarded_where_it_is(host: Host) {
    let Some(_) = tools::need(Program::Prometheus) else { return };
    let external_url = Some("http://localhost:9090/prometheus".to_owned());
    let prometheus = Prometheus::start(prometheus::Options { external_url, ..Default::default() }).unwrap();
    let url = format!("http://{}/prometheus", prometheus.address());
    let printed = Demo::on(host, &["--smoke", "--upstream", &url]).ends_with(0);
    assert!(printed.contains(&format!("guarding the Prometheus at {url}:")), "{printed}");
    assert!(is_alive(prometheus.process().id()), "it isn't ours to end");
}

fn told_to_end_it_leaves_nothing_behind(host: Host) {
    let Some(_) = tools::need(Program::Prometheus) else { return };
    let demo = Demo::on(host, &[]);
    demo.process.wait_for_line(READY, LONG).unwrap();
    let address = ([127, 0, 0, 1], demo.port).into();
    let authority = fs::read(demo.directory().join("ca.crt")).unwrap();
    let answer = Client::https(address).trust(authority).get("/prometheus/-/healthy").unwrap();
    assert_eq!(answer.status, 200);
    let children = children(demo.process.id());
    assert_eq!(children.len(), if host == Host::Envoy { 2 } else { 1 }, "{children:?}");

    demo.terminate();
    demo.ends_with(0);
    for (id, name) in children {
        assert!(!is_alive(id), "{name} is left behind");
    }
}

#[test]
fn told_to_end_while_it_starts_it_leaves_nothing_behind() {
    let Some(_) = tools::need(Program::Prometheus) else { return };
    let demo = Demo::on(Host::Embedded, &[]);
    let id = demo.process.id();
    let prometheus = demo
        .process
        .wait_until("starting Prometheus", LONG, || {
            children(id).into_iter().find(|(_, name)| name == "prometheus")
        })
        .unwrap();
    demo.terminate();
    assert!(end_of(&demo.process).success(), "{}", demo.process);
    let waiting = Process::start("a wait", sleeping()).unwrap();
    let gone = || (!is_alive(prometheus.0)).then_some(());
    waiting.wait_until("the end of Prometheus", LONG, gone).unwrap();
}

/// Something to wait beside: the kernel ends what a process has started a moment after the process itself.
fn sleeping() -> Command {
    let mut command = Command::new("sleep");
    command.arg("1000");
    command
}

#[test]
fn when_a_program_ends_by_itself_the_demo_says_so_and_ends() {
    let Some(_) = tools::need(Program::Prometheus) else { return };
    let demo = Demo::on(Host::Embedded, &[]);
    demo.process.wait_for_line(READY, LONG).unwrap();
    let (prometheus, _) = children(demo.process.id()).remove(0);
    signal("KILL", prometheus);
    let printed = demo.ends_with(1);
    assert!(printed.contains("ended by itself (signal: 9"), "{printed}");
    assert!(printed.contains("Prometheus (its last lines: "), "{printed}");
}

#[test]
fn where_envoy_can_not_be_had_the_embedded_host_takes_its_place() {
    let Some(_) = tools::need(Program::Prometheus) else { return };
    let printed = Demo::start(&["--smoke"], &[("PROMWARD_ENVOY", "/bin/false")]).ends_with(0);
    assert!(
        printed.contains("Envoy can't be had on this machine, so the embedded host takes its place: "),
        "{printed}"
    );
    assert!(printed.contains("The guide on the embedded host, "), "{printed}");
}

#[test]
fn what_can_not_be_guarded_or_served_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let nobody = format!("http://127.0.0.1:{}", process::free_port().unwrap());
    for (arguments, complaint) in [
        (
            ["--host", "embedded", "--upstream", &nobody],
            format!("--upstream {nobody}: no Prometheus answers there"),
        ),
        (
            ["--host", "embedded", "--upstream", "https://localhost"],
            "--upstream https://localhost: write http://host:port or http://host:port/path".to_owned(),
        ),
        (["--host", "embedded", "--port", &port], format!("port {port} can't be had: choose another --port")),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
        command.arg("demo").args(arguments);
        let process = Process::start("the demo", command).unwrap();
        assert_eq!(end_of(&process).code(), Some(1), "{process}");
        let printed = process.lines(Stream::Errors).join("\n");
        assert!(printed.contains(&format!("promward: {complaint}")), "{printed}");
    }
}
