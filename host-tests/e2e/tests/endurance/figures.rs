//! The memory and descriptors of Envoy as the system counts them, and a way to end the threads that send requests
//! beside a test.

use promward_harness::envoy::Envoy;
use promward_harness::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The longest time that Envoy may take to close unused connections.
const PATIENCE: Duration = Duration::from_secs(60);

/// Returns Envoy's resident memory, in KiB.
pub(crate) fn resident(envoy: &Envoy) -> u64 {
    process::size(envoy.process().id(), "VmRSS").unwrap()
}

/// Returns the number of Envoy's open descriptors.
pub(crate) fn descriptors(envoy: &Envoy) -> usize {
    process::descriptors(envoy.process().id()).unwrap()
}

/// Waits until Envoy has at most this number of descriptors.
pub(crate) fn wait_for_descriptors(envoy: &Envoy, at_most: usize) {
    let few = || Some(descriptors(envoy)).filter(|open| *open <= at_most);
    let waited = envoy.process().wait_until("closing its descriptors", PATIENCE, few);
    assert!(waited.is_ok(), "{} descriptors are open, and {at_most} were", descriptors(envoy));
}

/// Tells the threads of a scope to end when the test ends, even by a failure. A scope waits for all of its threads.
pub(crate) struct EndsOnDrop<'a>(pub(crate) &'a AtomicBool);

impl Drop for EndsOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}
