//! What the system says of Envoy: memory and descriptors. And how those who ask beside a test learn that it is over.

use promward_harness::envoy::Envoy;
use promward_harness::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long Envoy may take to close what nobody uses any more.
const PATIENCE: Duration = Duration::from_secs(60);

/// What it has in memory, in KiB.
pub(crate) fn resident(envoy: &Envoy) -> u64 {
    process::size(envoy.process().id(), "VmRSS").unwrap()
}

/// How many descriptors it has open.
pub(crate) fn descriptors(envoy: &Envoy) -> usize {
    process::descriptors(envoy.process().id()).unwrap()
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
