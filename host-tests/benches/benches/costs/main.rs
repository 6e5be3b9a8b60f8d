//! Measures what a request costs with promward, beside what it costs with other proxies.
//!
//! All proxies of a work run at once and take turns, so that a machine whose speed changes favours none of them. Each
//! proxy has one worker and one processor; the clients and the server share another. The main figure is the processor
//! time that the proxy takes for a request, in user mode and in the kernel. Latencies are those of clients that send
//! without a pause.

#[path = "../common/mod.rs"]
mod common;
mod module;
#[path = "../proxies/mod.rs"]
#[allow(dead_code, reason = "each benchmark uses a part")]
mod proxies;

use anyhow::{Context, Result};
use clap::Parser;
use common::{Options, Report, at};
use promward_benches::costs::Work;
use promward_harness::certificates::Authority;
use promward_harness::process;
use promward_harness::tools;
use proxies::load::{self, Bench, Round};
use proxies::peers::{Peer, Running, Setting};
use std::collections::BTreeSet;
use std::time::Duration;

/// The processor of the proxies, and the one of the clients and the server.
const PROXY: usize = 0;
const CLIENTS: usize = 1;

/// The number of rounds, and the length of each.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    rounds: u32,
    length: Duration,
}

const FULL: Plan = Plan { rounds: 7, length: Duration::from_millis(1_500) };
const QUICK: Plan = Plan { rounds: 3, length: Duration::from_millis(400) };

/// A round of one proxy: the processor time of a request, in microseconds, and the measurements of the clients.
pub(crate) struct Measured {
    pub(crate) cost: f64,
    round: Round,
}

/// The command line of this benchmark.
#[derive(Parser)]
struct Call {
    #[command(flatten)]
    options: Options,
    /// Only the works whose names have one of these texts in them
    #[arg(long, value_delimiter = ',')]
    work: Vec<String>,
}

fn main() -> Result<()> {
    let Call { options, work } = Call::parse();
    let plan = if options.quick { QUICK } else { FULL };
    process::pin(std::process::id(), CLIENTS)?;
    let directory = tempfile::tempdir()?;
    let authority = Authority::new("bench")?;
    authority.server()?.write(directory.path(), "example.com")?;
    let setting = Setting {
        module: promward_module::build()?,
        empty: promward_module::build_package("promward-empty")?,
        certificates: directory.path().to_owned(),
        authority: authority.pem(),
        counted: None,
    };
    let mut report = Report::new("costs", "What a request costs", &options)?;
    say_versions(&mut report)?;
    report.say(&format!(
        "{} connections that are kept; {} rounds of {} ms for each in turn; medians, the least and the most in \
         brackets.",
        load::CONNECTIONS,
        plan.rounds,
        plan.length.as_millis()
    ));
    let is_wanted = |name: &str| work.is_empty() || work.iter().any(|part| name.contains(part));
    for work in Work::ALL.into_iter().filter(|work| is_wanted(work.name())) {
        compare(&mut report, work, &setting, plan)?;
    }
    if is_wanted(module::TITLE) {
        module::report(&mut report, &setting, plan)?;
    }
    report.write()
}

fn say_versions(report: &mut Report) -> Result<()> {
    let programs: BTreeSet<_> = Work::ALL.into_iter().flat_map(Peer::of).map(Peer::program).collect();
    let mut versions = vec![promward::VERSION.to_owned()];
    for program in programs {
        versions.push(format!("{program} {}", tools::find(program)?.version));
    }
    report.say(&format!("{}.\n", versions.join(", ")));
    Ok(())
}

/// Measures all peers of a work in turns.
fn compare(report: &mut Report, work: Work, setting: &Setting, plan: Plan) -> Result<()> {
    report.say(&format!("\n## {}\n", work.title()));
    report.head(["", "does", "µs a request", "to Envoy", "requests/s", "p50 ms", "p99 ms"]);
    let bench = Bench::start(work, &setting.authority)?;
    let mut running = Vec::new();
    for peer in Peer::of(work) {
        let proxy = start(&bench, peer, work, setting)?;
        running.push((peer, proxy, Vec::new()));
    }
    for _ in 0..plan.rounds {
        for (peer, proxy, rounds) in &mut running {
            let measured = measure(&bench, proxy, work, plan.length.max(peer.least_round()));
            rounds.push(measured.with_context(|| format!("{}, {}", work.name(), peer.name()))?);
        }
    }
    let base: Vec<f64> = running[0].2.iter().map(|round| round.cost).collect();
    for (peer, _, rounds) in &running {
        let mut costs: Vec<f64> = rounds.iter().map(|round| round.cost).collect();
        let mut ratios: Vec<f64> = costs.iter().zip(&base).map(|(cost, base)| cost / base).collect();
        let of_rounds = |figure: &dyn Fn(&Round) -> f64| {
            at(&mut rounds.iter().map(|measured| figure(&measured.round)).collect::<Vec<_>>(), 50)
        };
        report.row([
            peer.name().to_owned(),
            peer.does(work).to_owned(),
            format!("{:.1} ({:.1} – {:.1})", at(&mut costs, 50), at(&mut costs, 0), at(&mut costs, 100)),
            format!("{:.2}", at(&mut ratios, 50)),
            format!("{:.0}", of_rounds(&Round::rate)),
            format!("{:.2}", of_rounds(&|round| round.p50)),
            format!("{:.2}", of_rounds(&|round| round.p99)),
        ]);
    }
    Ok(())
}

/// Starts a proxy on its processor, and waits until it does its work.
fn start(bench: &Bench, peer: Peer, work: Work, setting: &Setting) -> Result<Running> {
    let configuration = work.configuration().to_string();
    let proxy = peer.start(work, &configuration, setting, bench.upstream(), 1)?;
    process::pin(proxy.id(), PROXY)?;
    bench.wait_for(proxy.address, work).with_context(|| format!("{}, {}", work.name(), peer.name()))?;
    Ok(proxy)
}

/// Measures one round of one proxy.
pub(crate) fn measure(bench: &Bench, proxy: &Running, work: Work, length: Duration) -> Result<Measured> {
    let (round, before, after) =
        bench.round(proxy.address, work, length, || process::processor_time(proxy.id()))?;
    let cost = (after - before).as_secs_f64() * 1e6 / round.requests as f64;
    Ok(Measured { cost, round })
}
