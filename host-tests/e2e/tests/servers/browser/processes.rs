//! A browser is many processes, and none of them outlives the value that stands for it.

use promward_e2e::browser::{Browser, Options};
use promward_harness::process::Process;
use promward_harness::tools::{self, Program};
use std::fs;
use std::process::Command;
use std::time::Duration;

/// The longest time until a killed process is gone.
const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_browser_leaves_no_process_behind() {
    if [Program::Chromium, Program::Chromedriver].into_iter().any(|program| tools::need(program).is_none()) {
        return;
    }
    let browser = Browser::start(&Options::default()).unwrap();
    let group = browser.group();
    let processes = members(group);
    assert!(processes.len() > 2, "Chromium has processes for several things: {processes:?}");
    drop(browser);
    // A process to wait for beside it: the kernel removes a killed one a moment later.
    let mut sleep = Command::new("sleep");
    sleep.arg("1000");
    let waiting = Process::start("a wait", sleep).unwrap();
    waiting.wait_until("the end of all", LONG, || members(group).is_empty().then_some(())).unwrap();
}

/// Returns the running processes of a group.
fn members(group: u32) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let in_group = |stat: &String| {
        let fields: Vec<&str> =
            stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ').collect()).unwrap_or_default();
        fields.first() != Some(&"Z") && fields.get(2) == Some(&group.to_string().as_str())
    };
    processes
        .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok())
        .filter(in_group)
        .collect()
}
