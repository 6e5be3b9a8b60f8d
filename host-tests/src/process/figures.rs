//! What the system says of a process of ours: its memory and its descriptors.

use anyhow::{Context, Result};
use std::fs;

/// A size out of `/proc/PID/status`, in KiB: `VmRSS` is memory in use, `VmHWM` the most that was.
///
/// # Errors
///
/// When there is no such process, or no such size of one.
pub fn size(process: u32, name: &str) -> Result<u64> {
    let path = format!("/proc/{process}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let line = line.with_context(|| format!("{path} has no {name}"))?;
    line.trim().trim_end_matches(" kB").parse().with_context(|| format!("{name} is{line}"))
}

/// How many descriptors a process has open.
///
/// # Errors
///
/// When there is no such process.
pub fn descriptors(process: u32) -> Result<usize> {
    let directory = format!("/proc/{process}/fd");
    Ok(fs::read_dir(&directory).with_context(|| format!("cannot read {directory}"))?.count())
}
