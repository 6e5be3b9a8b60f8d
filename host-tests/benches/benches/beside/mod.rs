//! Times the requests of a client, alone and beside a load of others.

use crate::common::at;
use anyhow::{Result, ensure};
use promward_harness::client::{Client, Request};
use std::time::{Duration, Instant};

/// Returns the times that requests for a path take, in milliseconds: those of so many, or as many as there is time for.
pub(crate) fn timed(client: &Client, path: &str, time: Duration, most: usize) -> Result<Vec<f64>> {
    let (mut connection, mut times) = (client.connect()?, Vec::new());
    // The first request waits for what later ones find done, such as the check of a password.
    connection.send(Request::new("GET", path))?;
    let begun = Instant::now();
    while times.len() < most && begun.elapsed() < time {
        let start = Instant::now();
        let answer = connection.send(Request::new("GET", path))?;
        times.push(start.elapsed().as_secs_f64() * 1_000.0);
        ensure!(answer.status == 200, "{path} is answered with {}", answer.status);
    }
    Ok(times)
}

/// Returns the columns that compare times: p50 and p99 alone, both beside the load, and p99 beside it to p99 alone.
pub(crate) fn columns(alone: &mut [f64], beside: &mut [f64]) -> [String; 5] {
    let shown = |time: f64| format!("{time:.2}");
    let [p50, p99] = [50, 99].map(|percent| at(alone, percent));
    let [beside_p50, beside_p99] = [50, 99].map(|percent| at(beside, percent));
    [shown(p50), shown(p99), shown(beside_p50), shown(beside_p99), format!("{:.1}", beside_p99 / p99)]
}
