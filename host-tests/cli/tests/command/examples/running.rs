//! A running example: `promward demo NAME` on free ports, in a directory of its own.

use crate::processes::{LONG, READY, children, end_of, is_alive, signal};
use promward_cli::smoke::Proof;
use promward_harness::client::{Client, Request};
use promward_harness::process::{self, Process, Stream};
use promward_harness::tools::{self, Program};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// The answer to the guide's request by a Prometheus that watches itself.
pub(crate) const LABEL_VALUES: &str = r#"{"status":"success","data":["prometheus"]}"#;
pub(crate) const ASKED: &str = "/prometheus/api/v1/label/job/values";

pub(crate) struct Running {
    pub(crate) demo: Process,
    pub(crate) https: u16,
    folder: PathBuf,
    directory: TempDir,
}

impl Running {
    /// Starts an example on Envoy and waits until it serves. Returns `None` if a program is not available, and the test
    /// is to be skipped.
    pub(crate) fn start(name: &str) -> Option<Self> {
        for program in [Program::Envoy, Program::Prometheus, Program::Openssl] {
            tools::need(program)?;
        }
        let folder = super::path(name);
        let directory = tempfile::tempdir().unwrap();
        let https = process::free_port().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
        command.args(["demo", name, "--host", "envoy", "--port", &https.to_string(), "--directory"]);
        command.arg(directory.path());
        let demo = Process::start(&format!("cargo demo {name}"), command).unwrap();
        demo.wait_for_line(READY, LONG).unwrap();
        Some(Self { demo, https, folder, directory })
    }

    /// Returns a client that accepts any certificate.
    pub(crate) fn client(&self) -> Client {
        Client::https(([127, 0, 0, 1], self.https).into()).insecure()
    }

    /// Returns the JSON of the answer to a request, whose status has to be 200.
    pub(crate) fn json(&self, request: Request) -> Value {
        let asked = format!("{request:?}");
        let answer = self.client().send(request).unwrap();
        assert_eq!(answer.status, 200, "{asked}: {}", answer.text());
        answer.json().unwrap()
    }

    /// Returns the path of a file in the directory that the demo writes to.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Returns everything that it has printed for its user.
    pub(crate) fn printed(&self) -> String {
        self.demo.lines(Stream::Output).join("\n")
    }

    /// Runs each request that the demo has printed, where it was started, and returns the outputs.
    pub(crate) fn run_what_is_printed(&self) -> Vec<String> {
        let printed = self.printed();
        let commands = printed.lines().filter(|line| line.trim_start().starts_with("curl "));
        commands.map(|command| output_of(Command::new("bash").args(["-c", command]))).collect()
    }

    /// Runs a command in the example's folder, which has to succeed, and returns its output.
    pub(crate) fn output_of(&self, command: &str) -> String {
        output_of(Command::new("bash").args(["-c", command]).current_dir(&self.folder))
    }

    /// Runs each request of the README's proof, as `--smoke` does, and compares status and answer with those in the
    /// README.
    pub(crate) fn run_what_the_readme_shows(&self) {
        let proof = Proof {
            folder: self.folder.clone(),
            directory: self.directory.path().to_owned(),
            https: self.https,
            printed: Vec::new(),
        };
        let mut output = Vec::new();
        let holds = proof.walk(&mut output).unwrap();
        let output = String::from_utf8(output).unwrap();
        assert!(holds, "{output}");
        let requests = output.lines().filter(|line| line.starts_with("ok ")).count();
        assert!(requests > 5, "not even these were found in the README: {output}");
    }

    /// Repeats a request until there is an answer: a source that has sent wrong passwords has to wait.
    pub(crate) fn patiently<T>(&self, answer: impl FnMut() -> Option<T>) -> T {
        self.demo.wait_until("an answer that isn't 429", LONG, answer).unwrap()
    }

    /// Returns the programs that run for it.
    pub(crate) fn programs(&self) -> Vec<(u32, String)> {
        let programs = children(self.demo.id());
        let has = |file: &str| usize::from(self.folder.join(file).exists());
        let started = 2 + has("provider.mjs") + has("alertmanager.yml");
        assert_eq!(programs.len(), started, "{programs:?}");
        programs
    }

    /// Asks the demo to end, and checks that it does and leaves nothing running.
    pub(crate) fn end(&self) {
        let programs = self.programs();
        signal("TERM", self.demo.id());
        assert!(end_of(&self.demo).success(), "{}", self.demo);
        self.left_nothing(&programs);
    }

    /// Checks that none of the programs runs any more, and no temporary file is left.
    pub(crate) fn left_nothing(&self, programs: &[(u32, String)]) {
        for (id, name) in programs {
            assert!(!is_alive(*id), "{name} is left behind");
        }
        assert!(!self.path("tmp").exists(), "temporary files are left behind");
    }
}

fn output_of(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{command:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}
