//! The table in which all workers of a proxy count the open requests of each caller. Each worker tells the others in the
//! host's shared data how many requests of a caller it has open, and since when others wait. It holds nothing that grants
//! access, because a neighbour in the same VM could write to it (`threats.md` C9).
//!
//! An entry holds the shares of all callers whose hashes lead to it, so that callers never have to look for a place, and
//! one read and one write do everything. The number of entries and of the shares in each is bounded.

use super::share::{NEVER, Share};
use super::{ATTEMPTS, CountedCaller};
use crate::keyed_hash::Key;
use crate::shared_data::{NO_ENTRY, SharedData, Unreachable, Written};
use crate::time::instant::Instant;

/// The number of entries for known callers, and again for anonymous ones, so that these can't push the others out.
const ENTRIES: u64 = 1_024;

/// The largest number of bytes of an entry: 256 shares.
const MOST_BYTES: usize = 256 * Share::SIZE;

/// The table, and the number by which a worker is known in it.
#[derive(Clone, Debug)]
pub(super) struct LeaseTable {
    key: Key,
    worker: u64,
}

/// The place of a caller in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    entry: String,
    tag: u64,
}

/// A worker's open and waiting requests of a caller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// The number of requests that are open.
    pub(super) running: u32,
    /// The number of requests that stand in line.
    pub(super) waiting: u32,
    /// The times at which the first two came that want to be opened, or [`NEVER`].
    pub(super) arrivals: [Instant; 2],
    /// The number of open requests of the caller in all workers below which one more is opened.
    pub(super) most: u32,
}

/// The state of the table after a worker has told the others of its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// `true` if the first request was opened.
    pub(super) opened: bool,
    /// The time at which the worker's share was written.
    pub(super) written: Instant,
    /// The number of open requests of the caller in all workers.
    pub(super) running: u32,
    /// The number of waiting requests of the caller in all workers.
    pub(super) waiting: u32,
}

/// The reason why a worker can't tell the others of its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeaseError {
    /// The entry has the shares of so many callers that there is no room.
    Full,
    /// The host's shared data can't be read or written.
    Unreachable,
}

impl From<Unreachable> for LeaseError {
    fn from(_: Unreachable) -> Self {
        Self::Unreachable
    }
}

impl LeaseTable {
    /// Creates the part that the worker with this random number has in the table. All workers need the same key.
    pub(super) fn new(key: Key, worker: u64) -> Self {
        Self { key, worker }
    }

    /// Returns the place of a caller.
    pub(super) fn place(&self, caller: &CountedCaller<'_>) -> Place {
        let [tag, entry] = caller.numbers(&self.key);
        let entry = entry.checked_rem(ENTRIES).unwrap_or_default();
        Place { entry: format!("promward.open.{}.{entry}", caller.who), tag }
    }

    /// Tells the other workers of this one's requests, and opens the first of those that want to be, if there is room.
    ///
    /// It isn't opened if that would leave no room for one that came before it and waits in another worker. So all
    /// workers' requests have their turn.
    ///
    /// # Errors
    ///
    /// Returns an error if the host fails, or if there is no room in the table.
    #[inline(never)]
    pub(super) fn tell(
        &self,
        shared: &dyn SharedData,
        place: &Place,
        told: Told,
        now: Instant,
    ) -> Result<Known, LeaseError> {
        let [first, second] = told.arrivals;
        for _ in 0..ATTEMPTS {
            let (found, number) = shared.get(&place.entry)?.unwrap_or((Vec::new(), NO_ENTRY));
            let mut entry = Vec::with_capacity(found.len().saturating_add(Share::SIZE));
            let mut own = Share::default();
            let [mut running, mut waiting, mut before] = [told.running, told.waiting, 0_u32];
            for bytes in found.chunks_exact(Share::SIZE) {
                let share = Share::read(bytes);
                if !share.holds(now) {
                    continue;
                }
                if (share.tag, share.worker) == (place.tag, self.worker) {
                    own = share;
                    continue;
                }
                entry.extend_from_slice(bytes);
                if share.tag == place.tag {
                    running = running.saturating_add(share.running);
                    waiting = waiting.saturating_add(share.waiting);
                    before = before.saturating_add(share.is_before(first, now).into());
                }
            }
            let opened = first != NEVER && running.saturating_add(before) < told.most;
            let mut share = Share {
                tag: place.tag,
                worker: self.worker,
                running: told.running.saturating_add(opened.into()),
                waiting: told.waiting.saturating_sub(opened.into()),
                since: if opened { second } else { first },
                written: now,
            };
            if share.waiting == 0 {
                share.since = NEVER;
            }
            running = running.saturating_add(opened.into());
            let is_same = Share { written: own.written, ..share } == own && !own.is_due(now);
            if is_same || (own.is_empty() && share.is_empty()) {
                return Ok(Known { opened, written: own.written, running, waiting });
            }
            if !share.is_empty() {
                if own.is_empty() && entry.len() >= MOST_BYTES {
                    return Err(LeaseError::Full);
                }
                share.write(&mut entry);
            }
            if shared.set(&place.entry, &entry, number)? == Written::Done {
                return Ok(Known { opened, written: now, running, waiting });
            }
        }
        Err(LeaseError::Unreachable)
    }
}

impl Place {
    /// The place where workers tell each other of all their requests.
    pub(super) fn of_all() -> Self {
        Self { entry: "promward.open".to_owned(), tag: 0 }
    }
}
