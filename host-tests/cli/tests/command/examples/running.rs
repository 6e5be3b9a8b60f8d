//! An example that runs: its script on free ports, in a directory of its own.

use promward_harness::client::{Client, Request};
use promward_harness::process::{self, Process, Stream};
use promward_harness::tools::{self, Program, Tool};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use tempfile::TempDir;

/// A module is built, a certificate is made, and Prometheus scrapes itself.
pub(crate) const LONG: Duration = Duration::from_secs(300);

/// What the guide asks for, and what a Prometheus answers that watches itself.
pub(crate) const LABEL_VALUES: &str = r#"{"status":"success","data":["prometheus"]}"#;
pub(crate) const ASKED: &str = "/prometheus/api/v1/label/job/values";

/// What requests of a README's begin with: an alias of its own.
const ASK: &str = "ask";

pub(crate) struct Running {
    pub(crate) script: Process,
    pub(crate) https: u16,
    pub(crate) http: u16,
    folder: PathBuf,
    directory: TempDir,
}

/// The programs that a script asks for, by its variables; `None` where one can't be had, and the test is to be skipped.
pub(crate) fn needed() -> Option<Vec<(&'static str, Tool)>> {
    let programs = [Program::Envoy, Program::Prometheus, Program::Openssl];
    programs.map(|program| Some((program.variable(), tools::need(program)?))).into_iter().collect()
}

impl Running {
    /// Starts an example and waits until it serves.
    pub(crate) fn start(name: &str) -> Option<Self> {
        let running = Self::with(name, &needed()?);
        running.script.wait_for_line("Ctrl-C ends all of it.", LONG).unwrap();
        Some(running)
    }

    /// Starts an example with these programs.
    pub(crate) fn with(name: &str, tools: &[(&str, Tool)]) -> Self {
        let folder = promward_module::workspace().unwrap().join("examples").join(name);
        let directory = tempfile::tempdir().unwrap();
        let [https, http, prometheus, admin] = [(); 4].map(|()| process::free_port().unwrap());
        let mut command = Command::new(folder.join("run.sh"));
        for (name, port) in [("HTTPS", https), ("HTTP", http), ("PROMETHEUS", prometheus), ("ADMIN", admin)] {
            command.env(format!("{name}_PORT"), port.to_string());
        }
        command.env("DIRECTORY", directory.path());
        for (variable, tool) in tools {
            command.env(variable, &tool.path);
            for (name, value) in tool.command().get_envs() {
                command.env(name, value.unwrap_or_default());
            }
        }
        let script = Process::start(&format!("examples/{name}/run.sh"), command).unwrap();
        Self { script, https, http, folder, directory }
    }

    /// A client that takes any certificate.
    pub(crate) fn client(&self) -> Client {
        Client::https(([127, 0, 0, 1], self.https).into()).insecure()
    }

    /// The JSON that a request is answered with, which has to be 200.
    pub(crate) fn json(&self, request: Request) -> Value {
        let asked = format!("{request:?}");
        let answer = self.client().send(request).unwrap();
        assert_eq!(answer.status, 200, "{asked}: {}", answer.text());
        answer.json().unwrap()
    }

    /// What lies in the directory that the script writes to.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs each command that the script tells its user to type.
    pub(crate) fn run_what_is_printed(&self) -> Vec<String> {
        let printed = self.script.lines(Stream::Output).join("\n").replace("\\\n", "");
        let commands = printed.lines().filter(|line| line.trim_start().starts_with("curl "));
        commands.map(|command| self.output_of(command)).collect()
    }

    /// What a command prints that is typed in the example's folder, and has to succeed.
    pub(crate) fn output_of(&self, command: &str) -> String {
        let mut shell = Command::new("bash");
        shell.args(["-c", command]).current_dir(&self.folder);
        let Output { status, stdout, stderr } = shell.output().unwrap();
        assert!(status.success(), "{command}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    /// Runs each request that the README shows as its proof, on this port and in this directory, and holds status and
    /// answer against what it says: the commands are answered, with the line below if there is one, and the table says
    /// with what the others are refused.
    pub(crate) fn run_what_the_readme_shows(&self) {
        let readme = fs::read_to_string(self.folder.join("README.md")).unwrap();
        let (_, proof) = readme.split_once("The proof.**").unwrap();
        let commands = || proof.lines().filter_map(|line| line.strip_prefix("$ "));
        let before: Vec<_> = commands().filter(|command| !command.starts_with(ASK)).collect();
        let below = proof.lines().skip(1).map(|line| Some(line).filter(|line| line.starts_with('{')));
        let shown = proof.lines().zip(below);
        let shown = shown.filter_map(|(line, below)| Some((line.strip_prefix("$ ")?, "200", below)));
        let shown = shown.filter(|(command, ..)| command.starts_with(ASK));
        let rows = proof.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
        let refused = rows.filter_map(|(command, answer)| Some((command, answer.get(..3)?, None)));
        let refused = refused.filter(|(command, ..)| command.starts_with(ASK));
        let requests: Vec<_> = shown.chain(refused).collect();
        assert!(requests.len() > 5, "not even these were found in the README: {requests:?}");
        for (command, status, below) in requests {
            let quiet = command.replacen(' ', " --silent --write-out '\\n%{http_code}' ", 1);
            let typed = ["shopt -s expand_aliases", &before.join("\n"), &quiet].join("\n");
            let (answer, answered) = self.patiently(|| {
                let output = self.output_of(&self.here(&typed));
                let (answer, status) = output.rsplit_once('\n').unwrap();
                (status != "429").then(|| (answer.to_owned(), status.to_owned()))
            });
            assert_eq!(answered, status, "{command}: {answer}");
            assert!(below.is_none_or(|below| below == answer), "{command}: {answer}");
        }
    }

    /// Asks again as long as there is no answer: a source that has sent wrong passwords has to wait a while.
    pub(crate) fn patiently<T>(&self, answer: impl FnMut() -> Option<T>) -> T {
        self.script.wait_until("an answer that isn't 429", LONG, answer).unwrap()
    }

    /// A command of the README's as it has to be typed here.
    fn here(&self, command: &str) -> String {
        let name = self.folder.file_name().unwrap().to_str().unwrap();
        let directory = self.directory.path().to_str().unwrap();
        let written = format!("target/{name}");
        let command = command.replace(&format!("../../{written}"), directory).replace(&written, directory);
        let command = command.replace(&format!("cd examples/{name}"), "cd .");
        let command = command.replace('…', "https://example.com:8443");
        let command = command.replace(":8443", &format!(":{}", self.https));
        format!("export DIRECTORY={directory}\n{command}")
    }

    /// Asks the script to end, and sees to it that it does and leaves nothing running.
    pub(crate) fn end(&self) {
        let running = running_in(self.directory.path());
        assert_eq!(running.len(), 2, "{running:?}");
        assert!(Command::new("kill").arg(self.script.id().to_string()).status().unwrap().success());
        let _ = self.script.wait_until("its end", LONG, || None::<()>);
        assert!(self.script.ended().unwrap().is_some_and(|status| status.success()), "{}", self.script);
        self.left_nothing();
    }

    /// Sees to it that nothing runs any more.
    pub(crate) fn left_nothing(&self) {
        assert_eq!(running_in(self.directory.path()), [""; 0]);
    }
}

/// The command lines of running programs that name the directory.
fn running_in(directory: &Path) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(directory.to_str().unwrap())).collect()
}
