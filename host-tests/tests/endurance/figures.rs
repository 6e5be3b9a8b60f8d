//! What the system says of Envoy: memory and descriptors. And how those who ask beside a test learn that it is over.

use promward_host_tests::envoy::Envoy;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long Envoy may take to close what nobody uses any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// A size out of `/proc/PID/status`, in KiB: `VmRSS` is memory in use, `VmSize` address space.
pub(crate) fn size(envoy: &Envoy, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", envoy.process().id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// How many descriptors it has open.
pub(crate) fn descriptors(envoy: &Envoy) -> usize {
    fs::read_dir(format!("/proc/{}/fd", envoy.process().id())).unwrap().count()
}

/// Waits until it has no more than so many.
pub(crate) fn wait_for_descriptors(envoy: &Envoy, at_most: usize) {
    let few = || Some(descriptors(envoy)).filter(|open| *open <= at_most);
    let waited = envoy.process().wait_until("closing its descriptors", PATIENCE, few);
    assert!(waited.is_ok(), "{} descriptors are open, and {at_most} were", descriptors(envoy));
}

/// Tells those who ask beside a test to end, however the test ends: a scope waits for all of its threads.
pub(crate) struct EndsOnDrop<'a>(pub(crate) &'a AtomicBool);

impl Drop for EndsOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
