//! Counts the x86 instructions of an Envoy with callgrind, a tool of valgrind, and says in which part they were.
//!
//! Under valgrind Envoy's allocator can't use restartable sequences, so that each call of it takes four times what it
//! takes otherwise. So its instructions are known apart, with the number of calls.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The object that callgrind names for code of no file: what the just-in-time compiler wrote, and a part of Envoy.
const UNKNOWN: &str = "???";

/// Instructions by the part of the process that they were in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Instructions {
    /// Code that V8 made of WebAssembly.
    pub(crate) jit: u64,
    /// Envoy's own code, with V8's and without the allocator's.
    pub(crate) envoy: u64,
    /// The C library and other libraries.
    pub(crate) libraries: u64,
    pub(crate) allocator: u64,
    /// The number of calls of the allocator.
    pub(crate) allocations: u64,
}

/// Checks that valgrind can be run.
pub(crate) fn is_here() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Returns a command that runs a program under callgrind, which writes to this file. It counts nothing until it is told
/// to.
pub(crate) fn under(command: &Command, file: &Path) -> Command {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--instr-atstart=no", "--compress-strings=no", "--compress-pos=no"]);
    valgrind.arg(format!("--callgrind-out-file={}", file.display()));
    valgrind.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            valgrind.env(name, value);
        }
    }
    valgrind
}

/// Begins to count in a process.
pub(crate) fn begin(process: u32) -> Result<()> {
    control(process, &["-i", "on"])
}

/// Sets all counts to zero.
pub(crate) fn zero(process: u32) -> Result<()> {
    control(process, &["-z"])
}

/// Returns what has been counted since the counts were zero. `number` counts these calls from 1.
pub(crate) fn read(process: u32, file: &Path, number: u32) -> Result<Instructions> {
    control(process, &["-d"])?;
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{number}"));
    let path = PathBuf::from(name);
    let dump = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    sum(&dump, &envoys_code(process)?)
}

fn control(process: u32, arguments: &[&str]) -> Result<()> {
    let output = Command::new("callgrind_control").args(arguments).arg(process.to_string()).output();
    let output = output.context("cannot run callgrind_control")?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(said.contains("OK"), "callgrind_control {arguments:?}: {said}");
    Ok(())
}

/// Returns the addresses that Envoy's file is mapped to.
fn envoys_code(process: u32) -> Result<Range<u64>> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).context("cannot read a process' maps")?;
    let mut range = Range { start: u64::MAX, end: 0 };
    for line in maps.lines().filter(|line| line.ends_with("/envoy")) {
        let (addresses, _) = line.split_once(' ').context("a map has addresses")?;
        let (start, end) = addresses.split_once('-').context("a map has two addresses")?;
        range.start = range.start.min(u64::from_str_radix(start, 16)?);
        range.end = range.end.max(u64::from_str_radix(end, 16)?);
    }
    ensure!(!range.is_empty(), "Envoy's code isn't mapped");
    Ok(range)
}

/// A part of the process.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Jit,
    Envoy,
    Libraries,
    Allocator,
}

/// Returns the part that a function is in. The allocator is a section of Envoy's file that callgrind doesn't know.
fn part(object: &str, function: &str, envoy: &Range<u64>) -> Part {
    if object != UNKNOWN {
        return if object.ends_with("/envoy") { Part::Envoy } else { Part::Libraries };
    }
    let address = function
        .strip_prefix("0x")
        .and_then(|digits| u64::from_str_radix(digits.split('\'').next()?, 16).ok());
    if address.is_some_and(|address| envoy.contains(&address)) { Part::Allocator } else { Part::Jit }
}

/// Adds up a dump of callgrind. A line of a cost follows each line of a call; it is the callee's, which has lines of its
/// own.
fn sum(dump: &str, envoy: &Range<u64>) -> Result<Instructions> {
    let mut sum = Instructions::default();
    let (mut object, mut function) = ("", "");
    let (mut called_object, mut called, mut calls) = (None, "", None);
    for line in dump.lines() {
        if let Some(name) = line.strip_prefix("ob=") {
            object = name;
        } else if let Some(name) = line.strip_prefix("fn=") {
            function = name;
        } else if let Some(name) = line.strip_prefix("cob=") {
            called_object = Some(name);
        } else if let Some(name) = line.strip_prefix("cfn=") {
            called = name;
        } else if let Some(numbers) = line.strip_prefix("calls=") {
            calls = numbers.split(' ').next().map(str::parse::<u64>).transpose()?;
        } else if line.starts_with(|first: char| first.is_ascii_digit()) {
            let here = part(object, function, envoy);
            if let Some(calls) = calls.take() {
                let there = part(called_object.take().unwrap_or(object), called, envoy);
                if there == Part::Allocator && here != Part::Allocator {
                    sum.allocations += calls;
                }
                continue;
            }
            let cost: u64 = line.split(' ').nth(1).context("a line has a cost")?.parse()?;
            match here {
                Part::Jit => sum.jit += cost,
                Part::Envoy => sum.envoy += cost,
                Part::Libraries => sum.libraries += cost,
                Part::Allocator => sum.allocator += cost,
            }
        }
    }
    Ok(sum)
}
