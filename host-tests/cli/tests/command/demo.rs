//! `cargo demo` shows the guide and its users on both hosts, and leaves nothing behind however it ends.

use crate::processes::{LONG, READY, children, end_of, is_alive, signal};
use promward_cli::demo::Host;
use promward_harness::client::Client;
use promward_harness::process::{self, Process, Stream};
use promward_harness::prometheus::{self, Prometheus};
use promward_harness::tools::{self, Program};
use promward_harness::upstream::{Reply, Upstream};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Turns each scenario, a function of a [`Host`], into two tests, one on each host. A test is skipped by name if this
/// machine lacks its host.
macro_rules! on_both_hosts {
    ($($scenario:ident),* $(,)?) => {
        mod on_envoy {
            $(#[test]
            fn $scenario() {
                if super::tools::need(super::Program::Envoy).is_some() {
                    super::$scenario(super::Host::Envoy);
                }
            })*
        }

        mod on_the_embedded_host {
            $(#[test]
            fn $scenario() {
                super::$scenario(super::Host::Embedded);
            })*
        }
    };
}

on_both_hosts! {
    the_walk_through_the_guide_goes_well,
    the_users_that_are_printed_may_do_what_is_printed,
    a_prometheus_that_already_runs_is_guarded_where_it_is,
    told_to_end_it_leaves_nothing_behind,
    an_example_is_tried_by_one_command,
}

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

    /// Waits for its end, and panics with its output if the exit code is another one.
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

    /// Returns a client that trusts its authority.
    fn client(&self) -> Client {
        let authority = fs::read(self.directory().join("ca.crt")).unwrap();
        Client::https(([127, 0, 0, 1], self.port).into()).trust(authority)
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

fn the_walk_through_the_guide_goes_well(host: Host) {
    let Some(_) = tools::need(Program::Prometheus) else { return };
    let printed = Demo::on(host, &["--smoke"]).ends_with(0);
    assert!(printed.contains("The guide holds: 14 steps of 14 went well."), "{printed}");
    assert!(printed.contains("The rules hold: 10 steps of 10 went well."), "{printed}");
    assert!(!printed.contains("FAILED"), "{printed}");
    assert!(printed.contains(&format!("The guide on {host}, guarding Prometheus ")), "{printed}");
}

fn the_users_that_are_printed_may_do_what_is_printed(host: Host) {
    let Some(_) = tools::need(Program::Prometheus) else { return };
    let demo = Demo::on(host, &[]);
    demo.process.wait_for_line(READY, LONG).unwrap();
    let lines = demo.process.lines(Stream::Output);
    let printed = lines.join("\n");
    let table =
        lines.iter().skip_while(|line| !line.starts_with("  user ")).take_while(|line| !line.is_empty());
    let rows: Vec<Vec<&str>> = table.skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), ["anyone", "viewer", "operator", "admin"]);
    let nobody = demo.client();
    for row in &rows {
        let [name, password, may @ ..] = row.as_slice() else { panic!("{printed}") };
        let client = if *password == "-" { nobody.clone() } else { nobody.clone().user(name, password) };
        for (class, path) in [
            ("health", "-/healthy"),
            ("read", "api/v1/query?query=up"),
            ("metrics", "metrics"),
            ("debug", "debug/pprof/cmdline"),
        ] {
            let is_open = may == ["everything"] || may.contains(&class);
            let refused = if *password == "-" { 401 } else { 403 };
            let status = client.get(&format!("/prometheus/{path}")).unwrap().status;
            assert_eq!(status, if is_open { 200 } else { refused }, "{path} by {name}: {printed}");
        }
    }

    let curl = lines.iter().find(|line| line.starts_with("  curl ")).unwrap();
    assert_eq!(output_of(curl), r#"{"status":"success","data":["prometheus"]}"#);
    let place = |text: &str| printed.find(text).unwrap_or_else(|| panic!("{text}: {printed}"));
    let url = format!("https://localhost:{}/prometheus/", demo.port);
    let order = [&url, "  viewer ", "  curl ", "In a browser", "Logs "].map(place);
    assert!(order.is_sorted(), "what a person wants comes first: {printed}");
    assert!(printed.trim_start().lines().next().unwrap().ends_with(&url), "{printed}");
    the_page_opens_at(&demo, &url, &rows);
    let file = lines.iter().find_map(|line| line.trim().strip_prefix("cargo promward check ")).unwrap();
    let checked = output_of(&format!("{} check {file}", env!("CARGO_BIN_EXE_promward")));
    assert!(checked.starts_with(&format!("{file}: valid\n")), "{checked}");
}

/// Checks that the page opens at the printed URL, for a client that trusts the authority and uses no other name, and
/// that its requests don't count as another site's.
fn the_page_opens_at(demo: &Demo, url: &str, rows: &[Vec<&str>]) {
    let viewer = format!("{}:{}", rows[1][0], rows[1][1]);
    let authority = demo.directory().join("ca.crt").display().to_string();
    let curl = |arguments: &str| {
        let write = r"--write-out '\n%{http_code} %{url_effective}'";
        output_of(&format!(
            "curl --silent --noproxy '*' --cacert {authority} --user {viewer} {write} {arguments}"
        ))
    };
    let origin = url.trim_end_matches("/prometheus/");
    let page = curl(&format!("--location {}", url.trim_end_matches('/')));
    let (page, end) = page.rsplit_once('\n').unwrap();
    // curl shows the user in the URL too.
    let end = end.replace(&format!("{viewer}@"), "");
    assert!(end.starts_with(&format!("200 {url}")) && page.contains("<title>"), "{end}: {page}");
    let asked = curl(&format!("--header 'Origin: {origin}' --data query=up {url}api/v1/query"));
    assert!(asked.contains(r#""status":"success""#), "{asked}");
}

/// Runs a printed command where the demo was started, and returns its output.
fn output_of(command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn a_prometheus_that_already_runs_is_guarded_where_it_is(host: Host) {
    let Some(_) = tools::need(Program::Prometheus) else { return };
    let external_url = Some("http://localhost:9090/prometheus".to_owned());
    let prometheus = Prometheus::start(prometheus::Options { external_url, ..Default::default() }).unwrap();
    let url = format!("http://{}/prometheus", prometheus.address());
    let printed = Demo::on(host, &["--smoke", "--upstream", &url]).ends_with(0);
    assert!(printed.contains(&format!("guarding the Prometheus at {url}:")), "{printed}");
    assert!(
        printed.contains("The rules hold: 9 steps of 9 went well."),
        "what changes it isn't tried: {printed}"
    );
    assert!(is_alive(prometheus.process().id()), "it isn't ours to end");
}

fn told_to_end_it_leaves_nothing_behind(host: Host) {
    let Some(_) = tools::need(Program::Prometheus) else { return };
    let demo = Demo::on(host, &[]);
    demo.process.wait_for_line(READY, LONG).unwrap();
    assert_eq!(demo.client().get("/prometheus/-/healthy").unwrap().status, 200);
    let children = children(demo.process.id());
    assert_eq!(children.len(), 2, "{children:?}");

    demo.terminate();
    demo.ends_with(0);
    for (id, name) in children {
        assert!(!is_alive(id), "{name} is left behind");
    }
}

fn an_example_is_tried_by_one_command(host: Host) {
    let Some(_) = tools::need(Program::Prometheus) else { return };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    let printed = Demo::on(host, &["client-certificates", "--smoke", "--directory", path]).ends_with(0);
    assert!(printed.contains("The README holds: 9 of 9 requests were answered as it says."), "{printed}");
    let title = format!("The example client-certificates on {host}, guarding Prometheus ");
    assert!(printed.contains(&title), "{printed}");
}

#[test]
fn an_example_that_needs_envoy_says_so_on_the_embedded_host() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    let printed = Demo::on(Host::Embedded, &["jwt", "--directory", path]).ends_with(1);
    let complaint = "the example jwt needs Envoy: Envoy's filter jwt_authn verifies the tokens";
    assert!(printed.contains(complaint), "{printed}");
}

#[test]
fn a_directory_that_is_not_a_demos_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    fs::create_dir(directory.path().join("tmp")).unwrap();
    let files = ["ca.crt", "promward.json", "tmp/notes"].map(|name| directory.path().join(name));
    for file in &files {
        fs::write(file, "precious").unwrap();
    }
    // The example ends at once where the directory is accepted.
    let printed = Demo::on(Host::Embedded, &["jwt", "--directory", path]).ends_with(1);
    assert!(printed.contains("choose a --directory that is empty or doesn't exist"), "{printed}");
    for file in &files {
        assert_eq!(fs::read_to_string(file).unwrap(), "precious", "{}", file.display());
    }
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
}

#[test]
fn an_example_guards_a_prometheus_that_already_runs() {
    let Some(_) = tools::need(Program::Prometheus) else { return };
    let external_url = Some("http://localhost:9090/prometheus".to_owned());
    let prometheus = Prometheus::start(prometheus::Options { external_url, ..Default::default() }).unwrap();
    let url = format!("http://{}/prometheus", prometheus.address());
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap();
    let demo = Demo::on(Host::Embedded, &["passwords", "--upstream", &url, "--directory", path]);
    demo.process.wait_for_line(READY, LONG).unwrap();
    let authority = fs::read(directory.path().join("ca.crt")).unwrap();
    let client = Client::https(([127, 0, 0, 1], demo.port).into()).trust(authority);
    let values =
        client.user("viewer", "viewer-for-trying").get("/prometheus/api/v1/label/job/values").unwrap();
    assert_eq!(values.text(), r#"{"status":"success","data":["prometheus"]}"#);
}

#[test]
fn a_separator_before_the_options_changes_nothing() {
    let list = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_promward")).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        output.stdout
    };
    assert_eq!(list(&["demo", "--", "--list"]), list(&["demo", "--list"]));
}

#[test]
fn a_list_that_nobody_reads_to_its_end_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
    let output = command.args(["demo", "--list"]).stdout(writer).stderr(Stdio::piped());
    let output = output.spawn().unwrap().wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
    assert_eq!(command.args(["demo", "--list"]).stdout(full).status().unwrap().code(), Some(1));
}

#[test]
fn a_walk_with_steps_that_fail_says_which_and_fails() {
    let upstream = Upstream::start(|_| Reply::text("this is no Prometheus")).unwrap();
    let url = format!("http://{}", upstream.address());
    let printed = Demo::on(Host::Embedded, &["--smoke", "--upstream", &url]).ends_with(1);
    for line in ["FAILED  the same as viewer ", "The guide doesn't hold: ", "The rules don't hold: "] {
        assert!(printed.contains(line), "{line}: {printed}");
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

/// Returns a process to wait beside: the kernel ends the children of a process a moment after the process itself.
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
    let children = children(demo.process.id());
    let (prometheus, _) = children.iter().find(|(_, name)| name == "prometheus").unwrap();
    signal("KILL", *prometheus);
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
