//! The processes that the command has started, and how they end.

use promward_harness::process::Process;
use std::fs;
use std::process::{Command, ExitStatus};
use std::time::Duration;

/// The time for building a module, making certificates and a first scrape, while other tests do the same.
pub(crate) const LONG: Duration = Duration::from_secs(300);

/// The end of the last line that a demo prints when everything runs.
pub(crate) const READY: &str = "Ctrl-C ends all of it.";

/// Waits until a process ends.
pub(crate) fn end_of(process: &Process) -> ExitStatus {
    let _ = process.wait_until("its end", LONG, || None::<()>);
    process.ended().unwrap().unwrap_or_else(|| panic!("it goes on: {process}"))
}

pub(crate) fn signal(name: &str, id: u32) {
    assert!(Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().unwrap().success());
}

/// Returns the running children of a process, with id and name.
pub(crate) fn children(parent: u32) -> Vec<(u32, String)> {
    let processes =
        fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let is_child = |id: u32| {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let (state, of) = (fields.next()?, fields.next()?);
        (state != "Z" && of == parent.to_string()).then(|| (id, name.to_owned()))
    };
    processes.filter_map(is_child).collect()
}

pub(crate) fn is_alive(id: u32) -> bool {
    fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
