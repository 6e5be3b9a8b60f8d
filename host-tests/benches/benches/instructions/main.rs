//! Counts the x86 instructions that a whole Envoy executes for a request: alone, with the same edits of headers natively,
//! with an empty filter, and with promward. Unlike times, they hardly differ from run to run, also on a busy machine, and
//! they hold what the host does for a filter.
//!
//! The requests of a work go over one connection, after a warm-up, so that handshakes and the compilation of the module
//! aren't counted.

#[path = "../common/mod.rs"]
mod common;
#[path = "../proxies/mod.rs"]
#[allow(dead_code, reason = "each benchmark uses a part")]
mod proxies;

use anyhow::{Context, Result, bail};
use clap::Parser;
use common::{Options, Report};
use promward_benches::costs::Work;
use promward_benches::rooms;
use promward_harness::certificates::Authority;
use promward_harness::tools;
use proxies::callgrind::{self, Instructions};
use proxies::load::Bench;
use proxies::peers::{Peer, Running, Setting};
use std::collections::BTreeMap;
use std::env;

/// The peers that are counted. The others are compared with the first one.
const PEERS: [Peer; 4] = [Peer::Envoy, Peer::Headers, Peer::Empty, Peer::Promward];

/// The instructions at which a call of the allocator is counted. That is what it takes outside valgrind, on average.
const ALLOCATION: u64 = 25;

/// The number of functions that are listed.
const FUNCTIONS: usize = 25;

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
    let Call { options, work: names } = Call::parse();
    if !callgrind::is_here() {
        if env::var_os("CI").is_some() {
            bail!("valgrind isn't here: apt-get install valgrind");
        }
        println!("skipped: valgrind isn't here (apt-get install valgrind)");
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let authority = Authority::new("bench")?;
    authority.server()?.write(directory.path(), "example.com")?;
    let mut setting = Setting {
        module: promward_module::build()?,
        empty: promward_module::build_package("promward-empty")?,
        certificates: directory.path().to_owned(),
        authority: authority.pem(),
        counted: None,
    };
    let mut report = Report::new("instructions", "What a request costs in instructions", &options)?;
    report.say(&format!("{}, Envoy {}.\n", promward::VERSION, tools::envoy()?.version));
    report.say(&format!(
        "x86 instructions of the whole Envoy process for a request, by callgrind, in thousands; each call of the \
         allocator is counted as {ALLOCATION}."
    ));
    let is_wanted = |work: &Work| names.is_empty() || names.iter().any(|part| work.name().contains(part));
    let works: Vec<_> = Work::ALL.into_iter().filter(is_wanted).collect();
    let mut counted = BTreeMap::new();
    for peer in PEERS {
        count(peer, &works, &mut setting, options.quick, &mut counted)?;
    }
    for work in &works {
        compare(&mut report, *work, &counted);
    }
    for work in [Work::Prefix, Work::Restricted].into_iter().filter(is_wanted) {
        say_rooms(&mut report, work)?;
    }
    report.write()
}

/// Adds tables of the WebAssembly instructions of a request by room, and of the functions that have most of them.
fn say_rooms(report: &mut Report, work: Work) -> Result<()> {
    let executed = rooms::executed(work)?;
    let all: f64 = executed.rooms.values().sum();
    report.say(&format!("\n## Where the WebAssembly goes: {}\n", work.name()));
    report.say(&format!(
        "{all:.0} instructions, in {:.1} KB of code; each call of a function in line is its caller's.\n",
        executed.code as f64 / 1e3
    ));
    report.head(["room", "instructions"]);
    let mut rooms: Vec<_> = executed.rooms.into_iter().collect();
    rooms.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    for (room, instructions) in rooms {
        report.row([room, format!("{instructions:.0}")]);
    }
    report.say("");
    report.head(["function", "instructions"]);
    for (function, instructions) in executed.functions.into_iter().take(FUNCTIONS) {
        report.row([format!("`{function}`"), format!("{instructions:.0}")]);
    }
    Ok(())
}

/// The instructions of a request, by work and peer.
type Counted = BTreeMap<(Work, Peer), [f64; 5]>;

/// Counts a peer in all works. It is started anew only for another configuration, because that takes most of the time.
fn count(
    peer: Peer,
    works: &[Work],
    setting: &mut Setting,
    quick: bool,
    counted: &mut Counted,
) -> Result<()> {
    let Some(first) = works.first() else { return Ok(()) };
    let bench = Bench::start(*first, &setting.authority)?;
    let mut running: Option<(String, Running, u32)> = None;
    for work in works {
        let place = || format!("{}, {}", work.name(), peer.name());
        let configuration =
            if peer == Peer::Promward { work.configuration().to_string() } else { String::new() };
        let file = setting.certificates.join(format!("{peer:?}-{work:?}"));
        if running.as_ref().is_none_or(|(running, ..)| *running != configuration) {
            drop(running.take());
            setting.counted = Some(file);
            let proxy =
                peer.start(*work, &configuration, setting, bench.upstream(), 1).with_context(place)?;
            running = Some((configuration, proxy, 0));
        }
        let (Some((_, proxy, dumps)), Some(file)) = (&mut running, &setting.counted) else { continue };
        *dumps += 1;
        bench.turn_to(*work);
        bench.wait_for(proxy.address, *work).with_context(place)?;
        let [before, number] = requests(*work, quick);
        if *dumps == 1 {
            bench.counted(proxy.address, *work, [before, 0], || Ok(()), || Ok(())).with_context(place)?;
            callgrind::begin(proxy.id())?;
        }
        let mut taken = Instructions::default();
        let end = || {
            taken = callgrind::read(proxy.id(), file, *dumps)?;
            Ok(())
        };
        bench
            .counted(proxy.address, *work, [before, number], || callgrind::zero(proxy.id()), end)
            .with_context(place)?;
        let Instructions { jit, envoy, libraries, allocations, .. } = taken;
        let each = |figure: u64| figure as f64 / f64::from(number);
        counted
            .insert((*work, peer), [jit, envoy, libraries, allocations * ALLOCATION, allocations].map(each));
        eprintln!("{}: counted", place());
    }
    Ok(())
}

/// Adds the table of a work.
fn compare(report: &mut Report, work: Work, counted: &Counted) {
    report.say(&format!("\n## {}\n", work.title()));
    report.head(["", "k a request", "to Envoy", "WebAssembly", "Envoy", "libraries", "allocations"]);
    let all = |peer| counted[&(work, peer)].iter().take(4).sum::<f64>();
    for peer in PEERS {
        let [jit, envoy, libraries, allocating, allocations] = counted[&(work, peer)];
        let thousands = |figure: f64| format!("{:.1}", figure / 1e3);
        report.row([
            peer.name().to_owned(),
            thousands(all(peer)),
            format!("{:.2}", all(peer) / all(Peer::Envoy)),
            thousands(jit),
            thousands(envoy),
            thousands(libraries),
            format!("{} in {allocations:.0}", thousands(allocating)),
        ]);
    }
}

/// Returns the number of requests for the warm-up, and of those that are counted.
fn requests(work: Work, quick: bool) -> [u32; 2] {
    match (work, quick) {
        (Work::Rules | Work::Alerts, _) => [1, 1],
        (Work::LongAnswer | Work::Write, _) => [10, 5],
        (_, true) => [20, 20],
        (_, false) => [100, 100],
    }
}
