//! The open requests of one caller under one rule in one worker, and those that wait until others have ended.

use super::leases::{LeaseError, LeaseTable, Place, Told};
use super::share::{NEVER, RENEWED};
use super::{Concurrent, Counted};
use crate::shared_data::SharedData;
use crate::time::instant::Instant;

/// The largest number of requests that go on at once: each of them then takes its own way through the filter.
pub(super) const MOST_READY: usize = 16;

/// The requests of one caller under one rule, in the order in which they came.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) place: Place,
    pub(super) who: Counted,
    pub(super) limit: Concurrent,
    pub(super) requests: Vec<Request>,
    /// The time at which other workers were told of it, or `None` if they have to be told again.
    pub(super) told: Option<Instant>,
}

/// A request, by its stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) stream: u32,
    pub(super) since: Instant,
    pub(super) stands: Stands,
}

/// The place where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// It waits for its turn.
    InLine,
    /// It has waited for as long as it may.
    Late,
    /// The request is open.
    Open,
}

impl Line {
    /// Returns the number of requests that stand at a place.
    #[inline(never)]
    pub(super) fn count(&self, stands: Stands) -> u32 {
        self.requests.iter().fold(0, |sum, request| sum.saturating_add((request.stands == stands).into()))
    }

    /// Returns `true` if nothing is left of it, and the other workers know that.
    pub(super) fn is_over(&self) -> bool {
        self.requests.is_empty() && self.told.is_some()
    }

    /// Tells the other workers of this line. Returns `true` if the first of those that stand in it may be opened.
    #[inline(never)]
    pub(super) fn tell(
        &mut self,
        table: &LeaseTable,
        shared: &dyn SharedData,
        most: u32,
        now: Instant,
    ) -> Result<bool, LeaseError> {
        let mut in_line = self.requests.iter().filter(|request| request.stands == Stands::InLine);
        let arrivals = [in_line.next(), in_line.next()].map(|request| request.map_or(NEVER, |it| it.since));
        let [running, waiting] = [self.count(Stands::Open), self.count(Stands::InLine)];
        let known = table.tell(shared, &self.place, Told { running, waiting, arrivals, most }, now);
        self.told = known.ok().map(|known| known.written);
        known.map(|known| known.opened)
    }

    /// Opens a request if there is room for it and nobody waits. If there is none, the other workers are told of it where
    /// it stands in line.
    pub(super) fn open(
        &mut self,
        table: &LeaseTable,
        shared: &dyn SharedData,
        request: Request,
    ) -> Result<Stands, LeaseError> {
        let (most, now) = (self.limit.most, request.since);
        let waiting = u32::from(request.stands == Stands::InLine);
        let told = Told { running: self.count(Stands::Open), waiting, arrivals: [now, NEVER], most };
        let known = table.tell(shared, &self.place, told, now)?;
        self.told = Some(known.written);
        Ok(if known.opened { Stands::Open } else { request.stands })
    }

    /// Tells the other workers of this line if it is time to, ends the waiting of those that have waited for too long, and
    /// opens the first of the others if there is room. Adds those to `ready` that can ask again.
    pub(super) fn tend(
        &mut self,
        table: &LeaseTable,
        shared: &dyn SharedData,
        now: Instant,
        ready: &mut Vec<u32>,
    ) {
        // Those who wait look each time for room. Those who only have requests open tell of them from time to time.
        let age = self.told.and_then(|told| now.0.checked_sub(told.0));
        if age.is_some_and(|age| age < RENEWED) && self.count(Stands::InLine) == 0 {
            return;
        }
        // After the clock was set back they would wait for all of that time, and come after whoever comes later elsewhere.
        self.requests.iter_mut().for_each(|request| request.since = request.since.min(now));
        let wait = u64::try_from(self.limit.wait).unwrap_or_default().saturating_mul(1_000_000);
        let mut opened = self.tell(table, shared, self.limit.most, now).unwrap_or_default();
        for request in self.requests.iter_mut().filter(|request| request.stands == Stands::InLine) {
            request.stands = match std::mem::take(&mut opened) {
                true => Stands::Open,
                false if now.0.saturating_sub(request.since.0) < wait || ready.len() >= MOST_READY => break,
                false => Stands::Late,
            };
            if request.stands == Stands::Late {
                self.told = None;
            }
            ready.push(request.stream);
        }
    }
}
