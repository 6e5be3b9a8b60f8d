//! What logins cost others: how long a request without a password takes beside people who guess passwords, on promward,
//! which checks them in slices, and on nginx, which checks each at once. One worker each, TLS, kept connections; the
//! figures of one run are to be compared with each other only.

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward_host_tests::certificates::Authority;
use promward_host_tests::client::{Client, Request};
use promward_host_tests::nginx::Nginx;
use promward_host_tests::site::{Host, Options, Site};
use promward_host_tests::upstream::{Reply, Upstream};
use serde_json::json;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A usual cost.
const COST: u32 = 10;

/// How long requests are timed, one after the other, and how many at most. nginx ends a connection after 1,000.
const TIME: Duration = Duration::from_secs(8);
const REQUESTS: usize = 10_000;
const REQUESTS_OF_A_CONNECTION: usize = 900;

/// How many guess at once, and at most how often each.
const GUESSERS: u8 = 4;
const MOST_GUESSES: u32 = 5_000;

/// What a guesser that is told to come later does.
const BREATH: Duration = Duration::from_millis(20);

const HEALTH: &str = "/prometheus/-/healthy";
const QUERY: &str = "/prometheus/api/v1/query?query=up";

fn main() -> Result<()> {
    let upstream = Upstream::start(|_| Reply::text("ok"))?;
    let hash = bcrypt::hash("nobody guesses this", COST)?;
    println!(
        "A request for {HEALTH}, beside {GUESSERS} who guess passwords of cost {COST}, in milliseconds:\n"
    );
    println!(
        "{:10} {:>24} {:>24} {:>10} {:>12}",
        "", "alone: median, p99", "beside: median, p99", "p99 ratio", "guesses/s"
    );
    promward(&upstream, &hash)?;
    nginx(&upstream, &hash)
}

fn promward(upstream: &Upstream, hash: &str) -> Result<()> {
    // As many checks as a worker can do, from each address as well.
    let configuration = json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": {
            "users": { "alice": hash },
            "passwords": { "checks": "1000/s", "burst": 1000, "waiting": 64, "waiting_per_source": 4 },
        },
        "access": [{ "who": ["anyone"], "may": ["health"] }, { "who": ["user:alice"], "may": ["query"] }],
    });
    let options =
        Options { workers: 1, ..Options::configured(upstream.address(), &configuration.to_string()) };
    let site = Site::start(Host::Envoy, &options)?;
    measure("promward", &site.client())
}

fn nginx(upstream: &Upstream, hash: &str) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let authority = Authority::new("bench")?;
    authority.server()?.write(directory.path(), "example.com")?;
    let passwords = directory.path().join("htpasswd");
    fs::write(&passwords, format!("alice:{hash}\n"))?;
    let nginx = Nginx::with_passwords(directory.path(), upstream.address(), &passwords)?;
    measure("nginx", &Client::https(nginx.https()).trust(authority.pem()))
}

/// Times requests alone and beside guesses, and prints a line.
fn measure(name: &str, client: &Client) -> Result<()> {
    let alone = timed(client)?;
    let (ends, guesses) = (AtomicBool::new(false), AtomicU64::new(0));
    let (beside, rate) = thread::scope(|scope| {
        for number in 0..GUESSERS {
            let (ends, guesses) = (&ends, &guesses);
            let client = client.clone().source(IpAddr::V4(Ipv4Addr::new(127, 0, 1, number)));
            scope.spawn(move || guess(&client, ends, guesses));
        }
        while guesses.load(Ordering::SeqCst) == 0 {
            thread::yield_now();
        }
        let (start, before) = (Instant::now(), guesses.load(Ordering::SeqCst));
        let beside = timed(client);
        let number = guesses.load(Ordering::SeqCst).saturating_sub(before);
        ends.store(true, Ordering::SeqCst);
        (beside, number as f64 / start.elapsed().as_secs_f64())
    });
    let beside = beside?;
    let shown = |times: &[f64]| format!("{:.2}, {:.2}", at(times, 50), at(times, 99));
    let ratio = at(&beside, 99) / at(&alone, 99);
    println!("{name:10} {:>24} {:>24} {ratio:>10.1} {rate:>12.1}", shown(&alone), shown(&beside));
    Ok(())
}

/// How long requests take, in milliseconds, the shortest first.
fn timed(client: &Client) -> Result<Vec<f64>> {
    let (mut connection, mut times) = (client.connect()?, Vec::new());
    let begun = Instant::now();
    while times.len() < REQUESTS && begun.elapsed() < TIME {
        if times.len().is_multiple_of(REQUESTS_OF_A_CONNECTION) {
            connection = client.connect()?;
        }
        let start = Instant::now();
        let answer = connection.send(Request::new("GET", HEALTH))?;
        times.push(start.elapsed().as_secs_f64() * 1_000.0);
        ensure!(answer.status == 200, "{HEALTH} is answered with {}", answer.status);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

fn at(times: &[f64], percent: usize) -> f64 {
    let place = times.len().saturating_mul(percent).checked_div(100).unwrap_or_default();
    times.get(place).copied().unwrap_or_default()
}

/// Guesses without a pause, until it is told to end. Counts what was checked.
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
