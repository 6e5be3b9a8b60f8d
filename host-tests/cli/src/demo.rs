//! `promward demo`: the guide's deployment, or an example's, on this machine, with one command.
//!
//! It starts the parts that the guide installs (Prometheus, a certificate, a TLS server), with promward in the server
//! and three users, and prints how to use it. It ends everything when it is told to, or as soon as one part ends.

mod callers;
mod credentials;
mod deployment;
mod directory;
mod embedded;
mod example;
mod guarded;
mod logs;
mod parts;
mod ports;
mod progress;
mod servers;
mod signals;
mod words;

use crate::smoke::{self, Proof, Whose};
use anyhow::{Context, Result, bail, ensure};
use callers::Callers;
use deployment::Deployment;
pub use deployment::Host;
use directory::Directory;
pub use example::Example;
use guarded::Guarded;
use logs::Logs;
use parts::Parts;
use ports::Ports;
use progress::{during, say};
use promward_harness::envoy::variants::Variant;
use promward_harness::identity_provider::IdentityProvider;
use promward_harness::process::Process;
use promward_harness::prometheus::Prometheus;
use promward_harness::tools;
use promward_module::installed;
use serde_json::Value;
use servers::Server;
use signals::Signalled;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// The interval at which the programs are checked.
const GLANCE: Duration = Duration::from_millis(200);

/// The time that a program that has ended has for handing over its last lines.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The issuer of tokens in examples, which a demo's own takes the place of.
const ISSUER: &str = "https://id.example.com";

/// The options of a demo.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The example to run; the guide with three users if `None`.
    pub example: Option<Example>,
    /// The directory for certificates, logs and the configuration; one below `target` if `None`.
    pub directory: Option<PathBuf>,
    /// The program that runs the filter. If `None`: Envoy if it is available, else the embedded host.
    pub host: Option<Host>,
    /// The URL of a Prometheus that already runs, `http://host:port/path`; a new one is started if `None`.
    pub upstream: Option<String>,
    /// The port of https; 8443 if `None` and it is free, else any free one.
    pub port: Option<u16>,
    /// The reason for running it: to stay, or to walk through the guide and end.
    pub purpose: Purpose,
}

/// The purpose of a demo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Stays until it is told to end.
    #[default]
    Stay,
    /// Walks through the guide and ends.
    Smoke,
}

/// The result of a demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The demo fulfilled its purpose.
    Done,
    /// A step of the guide failed.
    Failed,
}

/// The events that a demo waits for.
enum Event {
    /// Everything runs, or something failed to start.
    Started(Result<Box<Demo>>),
    /// The walk is over, with or without a failed step.
    Walked(io::Result<bool>),
    /// The user or the system asks the demo to end.
    Asked(&'static str),
}

impl From<Signalled> for Event {
    fn from(Signalled(name): Signalled) -> Self {
        Self::Asked(name)
    }
}

/// The content of a demo.
enum Content {
    /// The guide with three users.
    Users(Callers),
    /// An example of this repository.
    Example(Box<Example>),
}

/// A running demo. Dropping this value ends all of it.
struct Demo {
    host: Host,
    deployment: Arc<Deployment>,
    guarded: Guarded,
    servers: Vec<Server>,
    provider: Option<IdentityProvider>,
    content: Content,
    ports: Ports,
    logs: Logs,
    directory: Directory,
}

/// Runs the demo to its end.
///
/// # Errors
///
/// Returns an error if something that it needs is not available, fails to start, or ends by itself; the message has its
/// last lines.
pub fn run(options: &Options) -> Result<Outcome> {
    let (events, happened) = mpsc::channel();
    signals::listen(events.clone())?;
    if options.example.is_some() && options.purpose == Purpose::Smoke {
        ensure!(
            options.upstream.is_none(),
            "an example's README says what its own Prometheus answers: --smoke can't be used with --upstream here"
        );
    }
    let ports = Ports::choose(options.port)?;
    let path = options.directory(ports)?;
    let directory = match options.directory {
        Some(_) => Directory::chosen(&path)?,
        None => Directory::make(&path)?,
    };
    let starting = (options.clone(), events.clone());
    thread::spawn(move || {
        let (options, events) = starting;
        // The receiver is gone if the demo was told to end meanwhile, and everything that was started goes with it.
        let _ = events.send(Event::Started(Demo::start(&options, ports, directory).map(Box::new)));
    });
    match happened.recv().context("the thread that starts the demo is gone")? {
        Event::Started(demo) => demo?.stay(options.purpose, &events, &happened),
        Event::Asked(signal) => {
            say(format!("{signal}: ending before everything was started"));
            // Programs that were being started end with this process, and the next demo removes their files.
            let _ = Directory::clean(&path);
            Ok(Outcome::Done)
        }
        Event::Walked(_) => bail!("a walk was over before it began"),
    }
}

impl Options {
    /// Returns the directory of the demo.
    fn directory(&self, ports: Ports) -> Result<PathBuf> {
        if let Some(directory) = &self.directory {
            return Ok(directory.clone());
        }
        let target = promward_module::target_directory()?;
        Ok(match &self.example {
            Some(example) => target.join(example.name()),
            None => target.join("demo").join(ports.https.to_string()),
        })
    }
}

impl Demo {
    fn start(options: &Options, ports: Ports, directory: Directory) -> Result<Self> {
        say(promward::VERSION);
        let example = options.example.as_ref();
        let host = choose_host(options.host, example)?;
        // A wrong URL is said before anything is built.
        let theirs = options.upstream.as_deref().map(Guarded::theirs).transpose()?;
        let module = match installed::share() {
            Some(_) => installed::module()?,
            None => during("building the module", installed::module)?,
        };
        let servers = match example {
            Some(example) => example.start_servers(&format!("https://example.com:{}", ports.https))?,
            None => Vec::new(),
        };
        let guarded = match theirs {
            Some(_) if !servers.is_empty() => {
                bail!("this example has several servers: --upstream can't be used with it")
            }
            Some(theirs) => theirs,
            None => during("starting Prometheus, and waiting until it has scraped itself", || {
                Guarded::ours(example, &servers, ports.https)
            })?,
        };
        let logs = Logs::in_directory(directory.path())?;
        let (content, mut configuration) = prepare(example, &guarded, &directory)?;
        let provider = match example {
            Some(example) => example.start_provider(directory.file("provider"), ports.https)?,
            None => None,
        };
        if let Some(provider) = &provider {
            configuration = configuration.replace(ISSUER, &provider.issuer());
        }
        let variants = example.map(Example::variants).transpose()?.unwrap_or_default();
        let jwks = match variants.contains(&Variant::Jwt) {
            true => Some(during("making the issuer's key", || {
                credentials::issuer(&directory.file("issuer.key"))
            })?),
            false => None,
        };
        let parts = Parts {
            module: &module,
            configuration: &configuration,
            upstream: guarded.address(),
            https: ports.https,
            http: ports.http,
            certificates: &directory.certificates(),
            variants: &variants,
            clusters: servers.iter().map(|server| (server.name.clone(), server.address())).collect(),
            jwks,
            provider: provider.as_ref().map(IdentityProvider::of_envoy).transpose()?,
        };
        let deployment = match host {
            Host::Envoy => during("starting Envoy", || Deployment::start(host, &parts))?,
            // Its start prints its own progress.
            Host::Embedded => Deployment::start(host, &parts)?,
        };
        let deployment = Arc::new(deployment);
        deployment.authority().write(&directory.file("ca.crt"))?;
        let copy = directory.file("promward.json");
        fs::write(&copy, &configuration).with_context(|| format!("cannot write {}", copy.display()))?;
        Ok(Self { host, deployment, guarded, servers, provider, content, ports, logs, directory })
    }

    /// Returns the URL of Prometheus without a trailing slash, with the host name that every program on this machine
    /// can resolve.
    fn url(&self) -> String {
        format!("https://localhost:{}/prometheus", self.ports.https)
    }

    /// Fulfils the demo's purpose, and checks the programs meanwhile.
    fn stay(
        mut self,
        purpose: Purpose,
        events: &Sender<Event>,
        happened: &Receiver<Event>,
    ) -> Result<Outcome> {
        match purpose {
            Purpose::Stay => {
                if is_gone(&io::stdout().write_all(words::welcome(&self)?.as_bytes())) {
                    self.end()?;
                    return Ok(Outcome::Done);
                }
            }
            Purpose::Smoke => self.walk(events.clone()),
        }
        loop {
            let event = happened.recv_timeout(GLANCE);
            self.look()?;
            match event {
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => bail!("nobody is left to end this demo"),
                Ok(Event::Asked(signal)) => {
                    say(format!("{signal}: ending everything"));
                    self.end()?;
                    return Ok(Outcome::Done);
                }
                Ok(Event::Walked(went_well)) if is_gone(&went_well) => return Ok(Outcome::Done),
                Ok(Event::Walked(went_well)) => {
                    return Ok(if went_well? { Outcome::Done } else { Outcome::Failed });
                }
                Ok(Event::Started(_)) => bail!("the demo was started twice"),
            }
        }
    }

    fn walk(&self, events: Sender<Event>) {
        let walk: Box<dyn FnOnce() -> io::Result<bool> + Send> = match &self.content {
            Content::Users(callers) => {
                let heading = format!("The guide on {}, guarding {}:", self.host, self.guarded);
                let subject = self.subject(callers);
                Box::new(move || {
                    writeln!(io::stdout(), "{heading}")?;
                    smoke::walk(&subject, &mut io::stdout())
                })
            }
            Content::Example(example) => {
                let (name, host) = (example.name(), self.host);
                let heading = format!("The example {name} on {host}, guarding {}:", self.guarded);
                let proof = self.proof(example);
                Box::new(move || {
                    writeln!(io::stdout(), "{heading}")?;
                    proof.walk(&mut io::stdout())
                })
            }
        };
        thread::spawn(move || {
            // The receiver is gone if the demo was told to end before.
            let _ = events.send(Event::Walked(walk()));
        });
    }

    /// Returns the facts about this demo that the walk through the guide needs.
    fn subject(&self, callers: &Callers) -> smoke::Subject {
        // The walk may outlast the demo, which then has to be the last owner of the deployment.
        let deployment = Arc::downgrade(&self.deployment);
        smoke::Subject {
            https: self.ports.https_address(),
            http: self.ports.http_address(),
            authority: self.deployment.authority().pem(),
            passwords: callers.passwords().clone(),
            right_checks: Box::new(move || {
                deployment
                    .upgrade()
                    .context("the demo is over")?
                    .metric("promward.checks_total.outcome=right;")
            }),
            prometheus: match self.guarded {
                Guarded::Ours(_) => Whose::Ours,
                Guarded::Theirs(_) => Whose::Theirs,
            },
        }
    }

    fn proof(&self, example: &Example) -> Proof {
        Proof {
            folder: example.folder().to_owned(),
            directory: self.directory.path().to_owned(),
            https: self.ports.https,
            printed: words::commands(self),
        }
    }

    /// Appends what the programs have printed to the logs, and returns an error if a program has ended.
    fn look(&mut self) -> Result<()> {
        self.write_logs()?;
        for process in self.processes() {
            if let Some(status) = process.ended()? {
                bail!("ended by itself ({status}): {process}\nLogs are in {}", self.directory.shown());
            }
        }
        Ok(())
    }

    /// Ends the programs, and writes their last lines to the logs.
    fn end(&mut self) -> Result<()> {
        for process in self.processes() {
            process.stop()?;
            // After a program has ended, everything that it printed can be read.
            let _ = process.wait_until("its last lines", LAST_LINES, || None::<()>);
        }
        self.write_logs()
    }

    /// Returns the programs that it has started.
    fn processes(&self) -> Vec<&Process> {
        let prometheus = self.guarded.prometheus().map(Prometheus::process);
        let provider = self.provider.as_ref().map(IdentityProvider::process);
        let servers = self.servers.iter().map(Server::process);
        [Some(self.deployment.process()), prometheus, provider].into_iter().chain(servers).flatten().collect()
    }

    fn write_logs(&mut self) -> Result<()> {
        self.logs.write_host(self.host, self.deployment.process())?;
        if let Some(prometheus) = self.guarded.prometheus() {
            self.logs.write("prometheus.log", prometheus.process())?;
        }
        for process in self.servers.iter().filter_map(Server::process) {
            self.logs.write("alertmanager.log", process)?;
        }
        match &self.provider {
            Some(provider) => self.logs.write("provider.log", provider.process()),
            None => Ok(()),
        }
    }
}

/// Returns `true` if standard output couldn't be written to because its reader, such as `head`, has read as much as it
/// wanted.
fn is_gone<T>(written: &io::Result<T>) -> bool {
    written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Returns the content and the filter's configuration, and makes the credentials that it needs.
fn prepare(example: Option<&Example>, guarded: &Guarded, directory: &Directory) -> Result<(Content, String)> {
    let Some(example) = example else {
        let callers = Callers::anew(&guarded.mount())?;
        let configuration = callers.configuration().to_owned();
        return Ok((Content::Users(callers), configuration));
    };
    let mut configuration = example.prepare(&directory.certificates())?;
    if let Guarded::Theirs(_) = guarded {
        let mut changed: Value = serde_json::from_str(&configuration)?;
        let mount: Value = serde_json::from_str(&guarded.mount())?;
        if let Some(mounts) = changed.get_mut("mounts") {
            *mounts = Value::Array(vec![mount]);
        }
        configuration = format!("{changed:#}\n");
    }
    Ok((Content::Example(Box::new(example.clone())), configuration))
}

/// Returns the host to use: the wanted one, else Envoy if it is available, else the embedded host.
fn choose_host(wanted: Option<Host>, example: Option<&Example>) -> Result<Host> {
    let host = match wanted {
        Some(host) => host,
        None => match during("looking for Envoy", tools::envoy) {
            Ok(_) => Host::Envoy,
            Err(error) => {
                let why = format!("{error:#}");
                let why = why.lines().next().unwrap_or_default();
                say(format!(
                    "Envoy can't be had on this machine, so the embedded host takes its place: {why}"
                ));
                Host::Embedded
            }
        },
    };
    if let Some(example) = example {
        example.check_host(host)?;
    }
    Ok(host)
}
