//! Measures what one caller's storm costs another one: the time of a request while 200 clients of somebody else ask at once,
//! without a limit, and with few of them open at once and the others in line. Envoy has two workers, TLS and kept
//! connections. Only the figures of one run can be compared with each other.

mod beside;
mod common;

use anyhow::{Result, ensure};
use beside::{columns, timed};
use clap::Parser;
use common::{Options as Call, Report};
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_harness::client::{Client, Request};
use promward_harness::upstream::{Reply, Upstream};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The time for which requests are timed, one after the other.
const TIME: Duration = Duration::from_secs(8);
const QUICK: Duration = Duration::from_secs(3);

/// The number of clients that ask at once, and how many of their requests may be open.
const CLIENTS: usize = 200;
const AT_ONCE: usize = 4;

/// The time that the server takes for a query of theirs, whatever else it does.
const SLOW: Duration = Duration::from_millis(20);

const STORM: &str = "/prometheus/api/v1/query?query=storm";
const QUERY: &str = "/prometheus/api/v1/query?query=up";

fn main() -> Result<()> {
    let call = Call::parse();
    let time = if call.quick { QUICK } else { TIME };
    let mut report = Report::new("at_once", "What another caller's storm costs", &call)?;
    report.say(&format!(
        "A request beside {CLIENTS} clients of another caller, whose queries take {} ms at the server, in milliseconds.\n",
        SLOW.as_millis()
    ));
    report.head([
        "",
        "alone: p50",
        "p99",
        "beside: p50",
        "p99",
        "p99, beside to alone",
        "theirs/s",
        "most of them at the server",
    ]);
    measure(&mut report, "no limit", &Value::Null, time)?;
    let limits = json!({ "concurrent": AT_ONCE, "wait": "1m" });
    measure(&mut report, &format!("{AT_ONCE} at once"), &limits, time)?;
    report.write()
}

/// Times the requests of a caller, alone and beside the storm, and adds a row.
fn measure(report: &mut Report, name: &str, limits: &Value, time: Duration) -> Result<()> {
    let [now, most] = [0, 0].map(|number| Arc::new(AtomicUsize::new(number)));
    let counted = [&now, &most].map(Arc::clone);
    let upstream = Upstream::start(move |request| {
        let [now, most] = &counted;
        if request.target.contains("storm") {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::sleep(SLOW);
            now.fetch_sub(1, Ordering::SeqCst);
        }
        Reply::text("ok")
    })?;
    let digest = |token: &str| format!("sha256:{}", promward_module::sha256(token.as_bytes()));
    let mut rule = json!({ "who": ["authenticated"], "may": ["query"] });
    if !limits.is_null() {
        rule["limits"] = limits.clone();
    }
    let configuration = json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": { "tokens": { "storm": digest("storm"), "other": digest("other") } },
        "access": [rule],
    });
    let options = Options::configured(upstream.address(), &configuration.to_string());
    let deployment = Deployment::start(Host::Envoy, &options)?;
    let client = |token: &str| deployment.client().header("authorization", format!("Bearer {token}"));
    let other = client("other");
    let mut alone = timed(&other, QUERY, time, usize::MAX)?;
    let (ends, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    let (beside, rate) = thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let (client, ends, answered) = (client("storm"), &ends, &answered);
            scope.spawn(move || storm(&client, ends, answered));
        }
        while answered.load(Ordering::SeqCst) < CLIENTS as u64 {
            thread::yield_now();
        }
        let (start, before) = (Instant::now(), answered.load(Ordering::SeqCst));
        let beside = timed(&other, QUERY, time, usize::MAX);
        let number = answered.load(Ordering::SeqCst) - before;
        ends.store(true, Ordering::SeqCst);
        (beside, number as f64 / start.elapsed().as_secs_f64())
    });
    let mut beside = beside?;
    let [p50, p99, beside_p50, beside_p99, ratio] = columns(&mut alone, &mut beside);
    let most = most.load(Ordering::SeqCst).to_string();
    report.row([name.to_owned(), p50, p99, beside_p50, beside_p99, ratio, format!("{rate:.0}"), most]);
    Ok(())
}

/// Asks again and again until it is told to end, and counts the answers.
fn storm(client: &Client, ends: &AtomicBool, answered: &AtomicU64) -> Result<()> {
    let mut connection = client.connect()?;
    while !ends.load(Ordering::SeqCst) {
        let status = connection.send(Request::new("GET", STORM))?.status;
        ensure!(status == 200, "a request of the storm is answered with {status}");
        answered.fetch_add(1, Ordering::SeqCst);
    }
    Ok(())
}
