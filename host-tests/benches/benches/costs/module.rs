//! Measures the module itself: its size, instructions, host calls and memory, and the cost of many callers.

use super::common::{Report, at};
use super::proxies::load::Bench;
use super::proxies::peers::{Peer, Setting};
use super::{Plan, measure};
use anyhow::{Context, Result};
use promward_benches::costs::{self, HASH, Taken, Work};
use promward_harness::process;
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

/// The name of this part on the command line.
pub(crate) const TITLE: &str = "the module";

/// The numbers of callers that a configuration names.
const CALLERS: [u32; 3] = [10, 1_000, 100_000];

/// The number of workers that is compared with one worker.
const WORKERS: u32 = 4;

/// Adds all tables to the report.
pub(crate) fn report(report: &mut Report, setting: &Setting, plan: Plan) -> Result<()> {
    let size = fs::metadata(&setting.module).context("cannot look at the module")?.len();
    report.say(&format!("\n## The module\n\n{} KB.\n", size.div_ceil(1_000)));
    report.head(["a request", "host calls", "callbacks", "instructions"]);
    for work in Work::ALL {
        row(report, work.name(), &costs::taken(work, &work.configuration())?);
    }
    memory(report, setting)?;
    growth(report, setting, plan)?;
    callers(report, setting, plan)
}

fn row(report: &mut Report, name: &str, taken: &Taken) {
    report.row([
        name.to_owned(),
        format!("{:.0}", taken.host_calls),
        format!("{:.0}", taken.callbacks),
        format!("{:.0}", taken.instructions),
    ]);
}

/// Measures the memory of Envoy with and without the filter, and the time that it takes to start.
fn memory(report: &mut Report, setting: &Setting) -> Result<()> {
    let work = Work::Restricted;
    let bench = Bench::start(work, &setting.authority)?;
    report.say("\n### Memory and start\n");
    report.head(["", "MiB, 1 worker", "MiB, 4 workers", "MiB for a further worker", "start, ms"]);
    let mut further = Vec::new();
    for peer in [Peer::Envoy, Peer::Empty, Peer::Promward] {
        let mut sizes = Vec::new();
        let mut start = Duration::ZERO;
        for workers in [1, WORKERS] {
            let configuration = work.configuration().to_string();
            let proxy = peer.start(work, &configuration, setting, bench.upstream(), workers)?;
            bench.wait_for(proxy.address, work)?;
            // Connections go to any worker. With so many of them, each worker gets some.
            let clock = || Ok(());
            bench.round(proxy.address, work, Duration::from_millis(500), clock)?;
            sizes.push(process::size(proxy.id(), "VmRSS")? as f64 / 1_024.0);
            start = start.max(proxy.start);
        }
        let (one, four) = (sizes[0], sizes[1]);
        let each = (four - one) / f64::from(WORKERS - 1);
        further.push(each);
        report.row([
            peer.name().to_owned(),
            format!("{one:.1}"),
            format!("{four:.1}"),
            format!("{each:.1}"),
            format!("{:.0}", start.as_secs_f64() * 1e3),
        ]);
    }
    let (native, ours) = (further[0], further[2]);
    report
        .say(&format!("\nA further worker takes {:.1} MiB more with promward than without.", ours - native));
    Ok(())
}

/// Measures the memory that many new queries leave behind.
fn growth(report: &mut Report, setting: &Setting, plan: Plan) -> Result<()> {
    let work = Work::NewQueries;
    let bench = Bench::start(work, &setting.authority)?;
    let proxy = super::start(&bench, Peer::Promward, work, setting)?;
    let size = || process::size(proxy.id(), "VmRSS");
    let mut requests = 0;
    measure(&bench, &proxy, work, plan.length)?;
    let before = size()?;
    for _ in 0..plan.rounds {
        let (round, (), ()) = bench.round(proxy.address, work, plan.length, || Ok(()))?;
        requests += round.requests;
    }
    let grown = size()?.saturating_sub(before);
    report.say(&format!(
        "\n{requests} requests with a query each that nobody had asked before left {grown} KiB behind ({:.0} KiB a \
         million).",
        grown as f64 * 1e6 / requests as f64
    ));
    Ok(())
}

/// Measures a request where the configuration names many callers.
fn callers(report: &mut Report, setting: &Setting, plan: Plan) -> Result<()> {
    let work = Work::Password;
    report.say("\n### Many callers\n");
    report.head(["callers", "instructions", "µs a request", "MiB", "start, ms"]);
    let bench = Bench::start(work, &setting.authority)?;
    let mut running = Vec::new();
    for number in CALLERS {
        let configuration = with_callers(work, number);
        let taken = costs::taken(work, &configuration)?;
        let proxy = Peer::Promward.start(work, &configuration.to_string(), setting, bench.upstream(), 1)?;
        process::pin(proxy.id(), super::PROXY)?;
        bench.wait_for(proxy.address, work)?;
        running.push((number, taken, proxy, Vec::new()));
    }
    for _ in 0..plan.rounds {
        for (_, _, proxy, costs) in &mut running {
            costs.push(measure(&bench, proxy, work, plan.length)?.cost);
        }
    }
    for (number, taken, proxy, mut costs) in running {
        report.row([
            number.to_string(),
            format!("{:.0}", taken.instructions),
            format!("{:.1} ({:.1} – {:.1})", at(&mut costs, 50), at(&mut costs, 0), at(&mut costs, 100)),
            format!("{:.0}", process::size(proxy.id(), "VmRSS")? as f64 / 1_024.0),
            format!("{:.0}", proxy.start.as_secs_f64() * 1e3),
        ]);
    }
    Ok(())
}

/// Returns a work's configuration with so many users in it.
fn with_callers(work: Work, number: u32) -> Value {
    let mut configuration = work.configuration();
    let users = configuration["callers"]["users"].as_object_mut().unwrap();
    let present = users.len() as u32;
    users.extend((present..number).map(|number| (format!("user-{number}"), json!(HASH))));
    configuration
}
