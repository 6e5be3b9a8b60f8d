//! The figures that the system has of a process of ours: its memory, its descriptors, the time that it ran.

use anyhow::{Context, Result, ensure};
use std::time::Duration;
use std::{fs, io};

/// Reads a size from `/proc/PID/status`, in KiB: `VmRSS` is the memory in use, `VmHWM` the most that was in use.
///
/// # Errors
///
/// Returns an error if there is no such process, or no such size of one.
pub fn size(process: u32, name: &str) -> Result<u64> {
    let path = format!("/proc/{process}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let line = line.with_context(|| format!("{path} has no {name}"))?;
    line.trim().trim_end_matches(" kB").parse().with_context(|| format!("{name} is{line}"))
}

/// Returns the number of descriptors that a process has open.
///
/// # Errors
///
/// Returns an error if there is no such process.
pub fn descriptors(process: u32) -> Result<usize> {
    let directory = format!("/proc/{process}/fd");
    Ok(fs::read_dir(&directory).with_context(|| format!("cannot read {directory}"))?.count())
}

/// Returns the time that a process has run on processors so far, with all its threads, in user mode and in the kernel.
/// `/proc/PID/stat` has it in hundredths of a second; this is in nanoseconds.
///
/// # Errors
///
/// Returns an error if there is no such process.
pub fn processor_time(process: u32) -> Result<Duration> {
    let mut clock = 0;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    let id = i32::try_from(process).expect("a process id fits into an i32");
    // SAFETY: each call writes to the one variable that it is given, which is ours and of the right type.
    let failed = unsafe { libc::clock_getcpuclockid(id, &raw mut clock) };
    ensure!(failed == 0, "there is no process {process}");
    // SAFETY: as above.
    if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return Err(io::Error::last_os_error()).context("cannot read the clock of a process");
    }
    Ok(Duration::new(time.tv_sec.try_into()?, time.tv_nsec.try_into()?))
}

/// Lets a process, with all its threads, run on this processor only.
///
/// # Errors
///
/// Returns an error if there is no such process or no such processor.
pub fn pin(process: u32, processor: usize) -> Result<()> {
    let mut only = rustix::thread::CpuSet::new();
    only.set(processor);
    let directory = format!("/proc/{process}/task");
    for thread in fs::read_dir(&directory).with_context(|| format!("cannot read {directory}"))? {
        let id = thread?.file_name().to_string_lossy().parse().context("threads have numbers")?;
        rustix::thread::sched_setaffinity(rustix::process::Pid::from_raw(id), &only)
            .with_context(|| format!("cannot pin {process} to processor {processor}"))?;
    }
    Ok(())
}
