//! Each folder of `examples/` does what its README promises: its one command is run, asked, and ended.

// A test that can't go on has failed, and says where.
#![allow(clippy::unwrap_used, clippy::panic)]

use promward_host_tests::client::Client;
use promward_host_tests::process::{self, Process, Stream};
use promward_host_tests::tools::{self, Program, Tool};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A module is built, a certificate is made, and Prometheus scrapes itself.
const LONG: Duration = Duration::from_secs(300);

const LABEL_VALUES: &str = r#"{"status":"success","data":["prometheus"]}"#;

#[test]
fn every_example_has_a_test_here() {
    let folders = fs::read_dir(promward_module::workspace().unwrap().join("examples")).unwrap();
    let names: Vec<_> = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names, ["guide"]);
}

#[test]
fn the_guide_is_run_by_one_command_which_leaves_nothing_behind() {
    let Some(tools) = needed() else { return };
    let directory = tempfile::tempdir().unwrap();
    let https = process::free_port().unwrap();
    let http = process::free_port().unwrap();
    let script = start(directory.path(), [https, http, process::free_port().unwrap()], &tools);
    script.wait_for_line("Ctrl-C ends all of it.", LONG).unwrap();

    assert_eq!(output_of(&printed_curl(&script)), LABEL_VALUES);
    let careless = Client::https(([127, 0, 0, 1], https).into()).insecure();
    assert_eq!(careless.get("/prometheus/api/v1/label/job/values").unwrap().text(), LABEL_VALUES);
    assert_eq!(careless.get("/prometheus").unwrap().header("location").as_deref(), Some("/prometheus/"));
    let plain = Client::plain(([127, 0, 0, 1], http).into()).get("/prometheus/graph").unwrap();
    let location = format!("https://example.com:{https}/prometheus/graph");
    assert_eq!((plain.status, plain.header("location")), (301, Some(location)));

    let running = running_in(directory.path());
    assert_eq!(running.len(), 2, "{running:?}");
    assert!(Command::new("kill").arg(script.id().to_string()).status().unwrap().success());
    let _ = script.wait_until("its end", LONG, || None::<()>);
    assert!(script.ended().unwrap().is_some_and(|status| status.success()), "{script}");
    assert_eq!(running_in(directory.path()), [""; 0]);
}

#[test]
fn the_guide_ends_when_one_of_its_programs_does_and_says_so() {
    let Some(mut tools) = needed() else { return };
    let directory = tempfile::tempdir().unwrap();
    for (variable, tool) in &mut tools {
        if *variable == "PROMWARD_ENVOY" {
            tool.path = "/bin/false".into();
        }
    }
    let ports = [(); 3].map(|()| process::free_port().unwrap());
    let script = start(directory.path(), ports, &tools);
    let _ = script.wait_until("its end", LONG, || None::<()>);
    assert_eq!(script.ended().unwrap().and_then(|status| status.code()), Some(1), "{script}");
    let said = script.lines(Stream::Errors).join("\n");
    assert!(said.contains("guide: Envoy or Prometheus has ended by itself:"), "{said}");
    assert_eq!(running_in(directory.path()), [""; 0]);
}

/// The programs that the script asks for, by its variables.
fn needed() -> Option<Vec<(&'static str, Tool)>> {
    let programs = [Program::Envoy, Program::Prometheus, Program::Openssl];
    programs.map(|program| Some((program.variable(), tools::need(program)?))).into_iter().collect()
}

fn start(directory: &Path, [https, http, prometheus]: [u16; 3], tools: &[(&str, Tool)]) -> Process {
    let mut command = Command::new(promward_module::workspace().unwrap().join("examples/guide/run.sh"));
    for (name, port) in [("HTTPS", https), ("HTTP", http), ("PROMETHEUS", prometheus)] {
        command.env(format!("{name}_PORT"), port.to_string());
    }
    command.env("ADMIN_PORT", process::free_port().unwrap().to_string()).env("DIRECTORY", directory);
    for (variable, tool) in tools {
        command.env(variable, &tool.path);
        for (name, value) in tool.command().get_envs() {
            command.env(name, value.unwrap_or_default());
        }
    }
    Process::start("examples/guide/run.sh", command).unwrap()
}

/// The command that the script tells its user to type.
fn printed_curl(script: &Process) -> String {
    let lines = script.lines(Stream::Output);
    let lines = lines.iter().skip_while(|line| !line.trim_start().starts_with("curl ")).take(2);
    lines.map(|line| format!("{line}\n")).collect()
}

fn output_of(command: &str) -> String {
    let output = Command::new("sh").args(["-c", command]).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The command lines of running programs that name the directory.
fn running_in(directory: &Path) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(directory.to_str().unwrap())).collect()
}
