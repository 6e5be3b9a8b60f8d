//! Measures what logins cost others: the time of a request while strangers guess passwords, on promward, which checks
//! passwords in slices, and on nginx, which checks each at once. Each has one worker, TLS and kept connections. Only
//! the figures of one run can be compared with each other. With promward the caller has a password that is remembered.
//! nginx remembers no password, so that its request needs none.

mod beside;
mod common;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use beside::{columns, timed};
use clap::Parser;
use common::{Options as Call, Report};
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_harness::certificates::Authority;
use promward_harness::client::{Client, Request};
use promward_harness::nginx::{self, Nginx};
use promward_harness::upstream::{Reply, Upstream};
use serde_json::json;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// The cost of the bcrypt hashes, which is a usual one.
const COST: u32 = 10;

/// The time for which requests are timed, one after the other, and the most of them.
const TIME: Duration = Duration::from_secs(8);
const QUICK: Duration = Duration::from_secs(3);
const REQUESTS: usize = 10_000;

/// The number of clients that guess at once, and the most guesses of each.
const GUESSERS: u8 = 16;
const MOST_GUESSES: u32 = 5_000;

/// The pause of a guesser that is told to come later.
const BREATH: Duration = Duration::from_millis(20);

const HEALTH: &str = "/prometheus/-/healthy";
const QUERY: &str = "/prometheus/api/v1/query?query=up";

/// The user whose password is remembered, and the password.
const REMEMBERED: (&str, &str) = ("bob", "bob's");

fn main() -> Result<()> {
    let call = Call::parse();
    let time = if call.quick { QUICK } else { TIME };
    let mut report = Report::new("logins", "What others' logins cost", &call)?;
    report.say(&format!(
        "A request beside {GUESSERS} who guess passwords of cost {COST} without a pause, in milliseconds.\n"
    ));
    report.head(["", "alone: p50", "p99", "beside: p50", "p99", "p99, beside to alone", "guesses/s"]);
    let upstream = Upstream::start(|_| Reply::text("ok"))?;
    let hash = bcrypt::hash("nobody guesses this", COST)?;
    promward(&mut report, &upstream, &hash, time)?;
    nginx(&mut report, &upstream, &hash, time)?;
    report.write()
}

fn promward(report: &mut Report, upstream: &Upstream, hash: &str, time: Duration) -> Result<()> {
    // As many checks as a worker can do, from a single address as well.
    let configuration = json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": {
            "users": { "alice": hash, REMEMBERED.0: bcrypt::hash(REMEMBERED.1, COST)? },
            "passwords": { "checks": "1000/s", "burst": 1000, "waiting": 64, "waiting_per_source": 4 },
        },
        "access": [{ "who": ["authenticated"], "may": ["query"] }],
    });
    let options =
        Options { workers: 1, ..Options::configured(upstream.address(), &configuration.to_string()) };
    let deployment = Deployment::start(Host::Envoy, &options)?;
    let remembered = deployment.client().user(REMEMBERED.0, REMEMBERED.1);
    measure(report, "promward", time, &deployment.client(), (&remembered, QUERY))
}

fn nginx(report: &mut Report, upstream: &Upstream, hash: &str, time: Duration) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let authority = Authority::new("bench")?;
    authority.server()?.write(directory.path(), "example.com")?;
    let passwords = directory.path().join("htpasswd");
    fs::write(&passwords, format!("alice:{hash}\n"))?;
    let options = nginx::Options { passwords: Some(passwords), ..nginx::Options::default() };
    let nginx = Nginx::start_with(directory.path(), upstream.address(), &options)?;
    let client = Client::https(nginx.https()).trust(authority.pem());
    measure(report, "nginx", time, &client, (&client, HEALTH))
}

/// Times the requests of a client for a path, alone and beside guesses, and adds a row.
fn measure(
    report: &mut Report,
    name: &str,
    time: Duration,
    stranger: &Client,
    (client, path): (&Client, &str),
) -> Result<()> {
    let mut alone = timed(client, path, time, REQUESTS)?;
    let (ends, guesses) = (AtomicBool::new(false), AtomicU64::new(0));
    let (beside, rate) = thread::scope(|scope| {
        for number in 0..GUESSERS {
            let (ends, guesses) = (&ends, &guesses);
            let client = stranger.clone().source(IpAddr::V4(Ipv4Addr::new(127, 0, 1, number)));
            scope.spawn(move || guess(&client, ends, guesses));
        }
        while guesses.load(Ordering::SeqCst) == 0 {
            thread::yield_now();
        }
        let (start, before) = (Instant::now(), guesses.load(Ordering::SeqCst));
        let beside = timed(client, path, time, REQUESTS);
        let number = guesses.load(Ordering::SeqCst) - before;
        ends.store(true, Ordering::SeqCst);
        (beside, number as f64 / start.elapsed().as_secs_f64())
    });
    let mut beside = beside?;
    let [p50, p99, beside_p50, beside_p99, ratio] = columns(&mut alone, &mut beside);
    report.row([name.to_owned(), p50, p99, beside_p50, beside_p99, ratio, format!("{rate:.1}")]);
    Ok(())
}

/// Guesses passwords without a pause until it is told to end, and counts the guesses that were checked.
fn guess(client: &Client, ends: &AtomicBool, guesses: &AtomicU64) -> Result<()> {
    let mut connection = client.connect()?;
    for number in 0..MOST_GUESSES {
        if ends.load(Ordering::SeqCst) {
            break;
        }
        let guess = STANDARD.encode(format!("alice:{:?} {number}", thread::current().id()));
        let request = Request::new("GET", QUERY).header("authorization", format!("Basic {guess}"));
        match connection.send(request).context("a guess")?.status {
            401 => _ = guesses.fetch_add(1, Ordering::SeqCst),
            _ => thread::sleep(BREATH),
        }
    }
    Ok(())
}
