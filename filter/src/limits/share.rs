//! The part that one worker has in the open and waiting requests of a caller, as workers tell it each other.

use crate::time::instant::Instant;

/// The time for which a share counts after it was written, in nanoseconds. A worker that lives writes it again long
/// before; what a worker that has died had open counts no longer then.
const LEASE: u64 = 5_000_000_000;

/// The time after which a worker writes its share again, in nanoseconds.
pub(super) const RENEWED: u64 = 1_500_000_000;

/// The time for which others leave room for a waiting request, in nanoseconds. A worker with one writes it again
/// before.
const FRESH: u64 = 1_000_000_000;

/// The time after which a worker with a waiting request writes its share again, in nanoseconds.
const REFRESHED: u64 = 300_000_000;

/// The longest time to come in which a share may have been written, in nanoseconds.
const SOON: u64 = 60_000_000_000;

/// The time of arrival of nobody.
pub(super) const NEVER: Instant = Instant(u64::MAX);

/// A worker's part in a caller's requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    /// The caller, as a hash.
    pub(super) tag: u64,
    /// The worker, as a random number.
    pub(super) worker: u64,
    /// The number of requests that are open.
    pub(super) running: u32,
    /// The number of requests that wait.
    pub(super) waiting: u32,
    /// The time at which the first of the waiting ones came, or [`NEVER`].
    pub(super) since: Instant,
    /// The time at which the share was written.
    pub(super) written: Instant,
}

impl Share {
    pub(super) const SIZE: usize = 40;

    /// Returns `true` if the worker has none of the caller's requests.
    pub(super) fn is_empty(&self) -> bool {
        self.running == 0 && self.waiting == 0
    }

    /// Returns `true` if the worker that wrote the share may still live.
    pub(super) fn holds(&self, now: Instant) -> bool {
        self.is_within(LEASE, now)
    }

    /// Returns `true` if a waiting request of this share came before another one, and its worker still asks for it.
    pub(super) fn is_before(&self, arrival: Instant, now: Instant) -> bool {
        self.since < arrival && self.is_within(FRESH, now)
    }

    /// Returns `true` if the share has to be written again, although nothing has changed.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let lasts = if self.waiting > 0 { REFRESHED } else { RENEWED };
        now.0.checked_sub(self.written.0).is_none_or(|age| age >= lasts)
    }

    /// Returns `true` if the share was written within a time before now, or will have been soon: another worker may have
    /// asked for the time earlier, or the clock was set back.
    fn is_within(&self, time: u64, now: Instant) -> bool {
        let age = now.0.saturating_sub(self.written.0);
        age < time && self.written.0.saturating_sub(now.0) < SOON
    }

    /// Appends the share to an entry of the shared data.
    pub(super) fn write(self, entry: &mut Vec<u8>) {
        let numbers = u64::from(self.running) << 32 | u64::from(self.waiting);
        for word in [self.tag, self.worker, numbers, self.since.0, self.written.0] {
            entry.extend_from_slice(&word.to_le_bytes());
        }
    }

    /// Reads a share of so many bytes. What a neighbour has written there may say anything, until nobody renews it.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut words = [0; 5];
        for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
            *word = u64::from_le_bytes(bytes.try_into().unwrap_or_default());
        }
        let [tag, worker, numbers, since, written] = words;
        let [waiting, running] = [numbers, numbers >> 32].map(|half| half as u32);
        Self { tag, worker, running, waiting, since: Instant(since), written: Instant(written) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_700_000_000_000_000_000);

    fn share(running: u32, waiting: u32) -> Share {
        Share { tag: 1, worker: 2, running, waiting, since: NOW, written: NOW }
    }

    fn later(milliseconds: u64) -> Instant {
        Instant(NOW.0 + milliseconds * 1_000_000)
    }

    #[test]
    fn what_is_written_is_read_again_and_garbage_is_no_share_that_holds() {
        let shares = [share(3, 0), Share { tag: u64::MAX, since: NEVER, ..share(0, 7) }];
        let mut entry = Vec::new();
        shares.iter().for_each(|share| share.write(&mut entry));
        let read: Vec<_> = entry.chunks_exact(Share::SIZE).map(Share::read).collect();
        assert_eq!((entry.len(), read), (2 * Share::SIZE, shares.to_vec()));
        for garbage in [[0; Share::SIZE], [7; Share::SIZE], [255; Share::SIZE]] {
            assert!(!Share::read(&garbage).holds(NOW));
        }
    }

    #[test]
    fn a_share_that_nobody_renews_runs_out() {
        let open = share(1, 0);
        assert!(open.holds(later(4_999)) && !open.holds(later(5_000)));
        assert!(!open.is_due(later(1_499)) && open.is_due(later(1_500)));
        let waits = share(0, 1);
        let arrival = later(1);
        assert!(waits.is_before(arrival, later(999)) && !waits.is_before(arrival, later(1_000)));
        assert!(!waits.is_before(NOW, NOW), "of two that came at once neither is before the other");
        assert!(!waits.is_due(later(299)) && waits.is_due(later(300)));
        assert!(!Share { since: NEVER, ..open }.is_before(arrival, NOW));
    }

    #[test]
    fn after_a_clock_was_set_back_a_share_is_written_again() {
        let soon = Share { written: later(30_000), ..share(1, 0) };
        assert!(soon.holds(NOW) && soon.is_due(NOW));
        let tomorrow = Share { written: later(86_400_000), ..share(1, 0) };
        assert!(!tomorrow.holds(NOW) && tomorrow.is_due(NOW));
    }
}
