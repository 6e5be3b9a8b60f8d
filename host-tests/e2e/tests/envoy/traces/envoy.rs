//! Envoy with the probe, between a client and an upstream that this file plays, both over HTTP/2.
//!
//! The timing of the network has no influence. After each step the host is asked a question over the same connections,
//! and when it has answered, it has handled everything before. So no two pieces of body are joined.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use h2::Ping;
use promward_harness::process::{Process, Stream, free_port};
use promward_harness::tools::Tool;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::script::{Mode, Scenario, Step};
use super::trace::{Message, Trace};
use client::Client;
use upstream::Upstream;
use wire::{bytes, rest};

mod client;
mod configuration;
mod upstream;
mod wire;

/// The longest time that any step may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The text that the probe is told to print at the end of a scenario. When it arrives, all lines before it have
/// arrived.
const MARK: &str = "mark";

/// A running Envoy with the probe.
pub(crate) struct Envoy {
    runtime: Runtime,
    process: Process,
    listener: u16,
    upstream: Arc<Mutex<Upstream>>,
    _directory: tempfile::TempDir,
}

impl Envoy {
    pub(crate) fn start(tool: &Tool, module: &Path, mode: Mode) -> Envoy {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let upstream = Arc::new(Mutex::new(Upstream::default()));
        let server = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = server.local_addr().unwrap().port();
        runtime.spawn(upstream::accept(server, Arc::clone(&upstream)));
        let directory = tempfile::tempdir().unwrap();
        let listener = free_port().unwrap();
        let configuration = directory.path().join("envoy.json");
        std::fs::write(&configuration, configuration::configure(listener, port, module, mode)).unwrap();
        let mut command = Command::new(&tool.path);
        command.arg("--config-path").arg(&configuration).args([
            "--concurrency",
            "1",
            "--disable-hot-restart",
        ]);
        command.args([
            "--log-level",
            "warning",
            "--component-log-level",
            "wasm:info,main:info",
            "--log-format",
            "%v",
        ]);
        let process = Process::start("Envoy", command).unwrap();
        process.wait_for_line("starting main dispatch loop", PATIENCE).unwrap();
        let mut envoy = Envoy { runtime, process, listener, upstream, _directory: directory };
        envoy.connect_to_upstream();
        envoy
    }

    /// Sends a request through, so that there is a connection to the upstream.
    fn connect_to_upstream(&mut self) {
        let scenario = Scenario { name: "connect", probe: "", headers: &[], method: "GET", steps: &[] };
        self.runtime.block_on(async {
            let mut client = Client::connect(self.listener).await.expect("Envoy accepts connections");
            client.open(&scenario, true);
            let deadline = tokio::time::Instant::now() + PATIENCE;
            while self.upstream.lock().unwrap().respond.is_none() {
                assert!(
                    tokio::time::Instant::now() < deadline,
                    "no request reaches the upstream: {}",
                    self.process
                );
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            self.upstream.lock().unwrap().step(Step::AnswerAndEnd);
            self.settle(&mut client).await;
            self.lines_since(0, &mut client).await;
        });
    }

    pub(crate) fn play(&mut self, scenario: &Scenario) -> Trace {
        {
            let mut upstream = self.upstream.lock().unwrap();
            upstream.got = Message::default();
            (upstream.respond, upstream.answer) = (None, None);
        }
        let before = self.probe_lines().len();
        self.runtime.block_on(async {
            let mut client = Client::connect(self.listener).await.expect("Envoy accepts connections");
            for step in scenario.steps {
                let ticks = self.ticks();
                self.step(&mut client, scenario, *step).await;
                if let Step::Tell(what) = step {
                    self.wait_for_tick(what, ticks).await;
                }
                self.settle(&mut client).await;
            }
            let upstream = self.upstream.lock().unwrap().got.clone();
            let got = client.got.lock().unwrap().clone();
            client.leave();
            self.settle(&mut client).await;
            Trace { module: self.lines_since(before, &mut client).await, upstream, client: got }
        })
    }

    /// Returns the probe's lines from `before` on. They arrive here a little later, so that the probe is told to print
    /// one more line: when that has arrived, all others have too. A VM that has trapped prints nothing.
    async fn lines_since(&self, before: usize, client: &mut Client) -> Vec<String> {
        let ticks = self.ticks();
        if client.ask(MARK).await == "told" {
            self.wait_for_tick(MARK, ticks).await;
        }
        let mut lines = self.probe_lines().split_off(before);
        lines.retain(|line| *line != format!("tick {MARK}"));
        lines
    }

    async fn step(&self, client: &mut Client, scenario: &Scenario, step: Step) {
        match step {
            Step::Open => client.open(scenario, false),
            Step::OpenAndEnd => client.open(scenario, true),
            Step::Send(piece) => client.send(piece.into(), false),
            Step::SendBytes(size) => client.send(bytes(size), false),
            Step::SendLast(piece) => client.send(piece.into(), true),
            Step::SendTrailers => client.send_trailers(),
            Step::Leave => client.leave(),
            Step::Tell(what) => drop(client.ask(what).await),
            _ => self.upstream.lock().unwrap().step(step),
        }
    }

    /// Waits until the host, the upstream and the client have handled everything that was sent.
    async fn settle(&self, client: &mut Client) {
        for _ in 0..2 {
            client.ask("nothing").await;
            let pings = self.upstream.lock().unwrap().pings.take();
            if let Some(mut pings) = pings {
                rest().await;
                tokio::time::timeout(PATIENCE, pings.ping(Ping::opaque()))
                    .await
                    .expect("Envoy answers pings")
                    .ok();
                self.upstream.lock().unwrap().pings.get_or_insert(pings);
            }
            rest().await;
        }
        client.ask("nothing").await;
        rest().await;
    }

    /// Waits for the tick that does what the probe was told.
    async fn wait_for_tick(&self, what: &str, before: usize) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.ticks() == before {
            assert!(tokio::time::Instant::now() < deadline, "no tick came to {what}: {}", self.process);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn ticks(&self) -> usize {
        self.probe_lines().iter().filter(|line| line.starts_with("tick ")).count()
    }

    fn probe_lines(&self) -> Vec<String> {
        let lines = self.process.lines(Stream::Errors);
        lines.iter().filter_map(|line| line.split_once("probe: ")).map(|(_, line)| line.to_owned()).collect()
    }
}
