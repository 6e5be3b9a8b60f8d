//! `promward demo`: the guide's site on this machine, with one command.
//!
//! It starts what the guide has its reader install (Prometheus, a certificate, a server for TLS), with promward in the
//! server and three users who may log in, says how to look at it, and ends all of it when it is told to, or as soon as one
//! part of it ends.

mod callers;
mod directory;
mod embedded;
mod guarded;
mod logs;
mod ports;
mod signals;
mod site;
mod words;

use crate::smoke::{self, Whose};
use anyhow::{Context, Result, bail};
use callers::Callers;
use directory::Directory;
use guarded::Guarded;
use logs::Logs;
use ports::Ports;
use promward_harness::prometheus::Prometheus;
use promward_harness::tools;
pub use site::Host;
use site::Site;
use std::fmt::Display;
use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

/// How often the programs are looked at.
const GLANCE: Duration = Duration::from_millis(200);

/// What is to be shown.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What runs the filter; Envoy where it can be had, else the embedded host.
    pub host: Option<Host>,
    /// A Prometheus that already runs, `http://host:port/path`; without it, one is started.
    pub upstream: Option<String>,
    /// The port of https; 8443 if it is free, else any.
    pub port: Option<u16>,
    /// Whether to walk through the guide and end, rather than to stay.
    pub purpose: Purpose,
}

/// What a demo is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// It stays until it is told to end.
    #[default]
    Stay,
    /// It walks through the guide and ends.
    Smoke,
}

/// How a demo ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it is for.
    Done,
    /// A step of the guide failed.
    Failed,
}

/// What the demo waits for.
enum Event {
    /// Everything runs, or something doesn't.
    Started(Result<Box<Demo>>),
    /// The walk is over, with or without a step that failed.
    Walked(io::Result<bool>),
    /// The user or the system wants it to end.
    Asked(&'static str),
}

/// A running demo. All of it ends with this value.
struct Demo {
    host: Host,
    site: Arc<Site>,
    guarded: Guarded,
    callers: Callers,
    ports: Ports,
    logs: Logs,
    directory: Directory,
}

/// Runs the demo to its end.
///
/// # Errors
///
/// When something that it needs can't be had or started, or ends by itself: the message has its last lines.
pub fn run(options: &Options) -> Result<Outcome> {
    let (events, happened) = mpsc::channel();
    signals::listen(events.clone())?;
    let ports = Ports::choose(options.port)?;
    let directory = Directory::make(ports.https)?;
    let starting = (options.clone(), events.clone());
    thread::spawn(move || {
        let (options, events) = starting;
        // Whoever was to hear of it is gone if the demo was told to end meanwhile, and all that was started with it.
        let _ = events.send(Event::Started(Demo::start(&options, ports, directory).map(Box::new)));
    });
    match happened.recv().context("the thread that starts the demo is gone")? {
        Event::Started(demo) => demo?.stay(options.purpose, &events, &happened),
        Event::Asked(signal) => {
            say(format!("{signal}: ending before everything was started"));
            // What was being started goes with this process, and what is left of its files with the next demo.
            let _ = Directory::clean(ports.https);
            Ok(Outcome::Done)
        }
        Event::Walked(_) => bail!("a walk was over before it began"),
    }
}

impl Demo {
    fn start(options: &Options, ports: Ports, directory: Directory) -> Result<Self> {
        say(promward::VERSION);
        let host = choose_host(options.host);
        say("building the module");
        let module = promward_module::build()?;
        let guarded = match &options.upstream {
            Some(url) => Guarded::theirs(url)?,
            None => {
                say("starting Prometheus, and waiting until it has scraped itself once");
                Guarded::ours(ports.https)?
            }
        };
        let logs = Logs::in_directory(directory.path());
        let callers = Callers::anew(&guarded.mount())?;
        say(format!("making a certificate, and starting {host}"));
        let site = site::Options {
            module: &module,
            configuration: callers.configuration(),
            upstream: guarded.address(),
            https: ports.https,
            http: ports.http,
        };
        let site = Arc::new(Site::start(host, &site)?);
        site.authority().write(&directory.authority())?;
        let copy = directory.configuration();
        fs::write(&copy, callers.configuration())
            .with_context(|| format!("cannot write {}", copy.display()))?;
        Ok(Self { host, site, guarded, callers, ports, logs, directory })
    }

    /// Does what the demo is for, and has an eye on the programs meanwhile.
    fn stay(
        mut self,
        purpose: Purpose,
        events: &Sender<Event>,
        happened: &Receiver<Event>,
    ) -> Result<Outcome> {
        match purpose {
            Purpose::Stay => print!("{}", words::welcome(&self)?),
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
                    return Ok(Outcome::Done);
                }
                Ok(Event::Walked(went_well)) => {
                    return Ok(if went_well? { Outcome::Done } else { Outcome::Failed });
                }
                Ok(Event::Started(_)) => bail!("the demo was started twice"),
            }
        }
    }

    fn walk(&self, events: Sender<Event>) {
        // The walk may be told to end with the demo, which then has to be the last that holds the site.
        let site = Arc::downgrade(&self.site);
        let site = smoke::Site {
            https: self.ports.https_address(),
            http: self.ports.http_address(),
            authority: self.site.authority().pem(),
            passwords: self.callers.passwords().clone(),
            right_checks: Box::new(move || {
                site.upgrade().context("the demo is over")?.metric("promward.checks.outcome=right;")
            }),
            prometheus: match self.guarded {
                Guarded::Ours(_) => Whose::Ours,
                Guarded::Theirs(_) => Whose::Theirs,
            },
        };
        println!("The guide on {}, guarding {}:", self.host, self.guarded);
        thread::spawn(move || {
            let went_well = smoke::walk(&site, &mut io::stdout());
            // Nobody listens any more where the demo was told to end before.
            let _ = events.send(Event::Walked(went_well));
        });
    }

    /// Writes down what the programs have printed, and notices when one has ended.
    fn look(&mut self) -> Result<()> {
        let host = self.site.process();
        let prometheus = self.guarded.prometheus().map(Prometheus::process);
        self.logs.write(self.host, host, prometheus)?;
        for process in [Some(host), prometheus].into_iter().flatten() {
            if let Some(status) = process.ended()? {
                bail!("ended by itself ({status}): {process}\nLogs are in {}", self.directory.shown());
            }
        }
        Ok(())
    }
}

/// Envoy, unless something else is wanted or it can't be had.
fn choose_host(wanted: Option<Host>) -> Host {
    let found = || match tools::envoy() {
        Ok(_) => Host::Envoy,
        Err(error) => {
            let why = format!("{error:#}");
            let why = why.lines().next().unwrap_or_default();
            say(format!("Envoy can't be had on this machine, so the embedded host takes its place: {why}"));
            Host::Embedded
        }
    };
    wanted.unwrap_or_else(found)
}

/// Says what goes on, beside what the demo has to show.
fn say(what: impl Display) {
    eprintln!("demo: {what}");
}
