//! The open requests of one worker whose number is limited, and those that stand in line until others have ended: first
//! come, first served, for each caller and rule. The worker tells the others of them from time to time, so that what it
//! has open counts while it lives, and soon no longer when it has died.

use super::leases::{LeaseError, LeaseTable, Place, Told};
use super::line::{Line, MOST_READY, Request, Stands};
use super::share::NEVER;
use super::table::Table;
use super::{Concurrent, CountedCaller};
use crate::shared_data::SharedData;
use crate::time::instant::Instant;

/// The largest numbers of requests that may stand in line in a worker: of one caller, and of known callers or of
/// anonymous ones. Hosts hold their bodies.
const MOST_WAITING_OF_CALLER: u32 = 256;
const MOST_WAITING: u32 = 512;

/// The time between two reports of all requests, in nanoseconds.
const REPORT: u64 = 250_000_000;

/// The requests of a worker.
#[derive(Debug)]
pub struct Lines {
    table: LeaseTable,
    lines: Vec<Line>,
    /// The line to look after first, so that each has its turn.
    next: usize,
    /// The last report of all requests: when it was made, and the numbers of open and of waiting ones in all workers.
    reported: (Instant, [u32; 2]),
}

/// The turn of a request that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The request is open from now on.
    Now,
    /// The request stands in line: [`Lines::tend`] says when it can ask again.
    NotYet,
    /// The request is not opened.
    Never(Never),
}

/// The reason why a request is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {
    /// The caller has as many requests open as the rule allows, and nobody waits under it.
    AtOnce,
    /// So many requests stand in line that no other may.
    LineFull,
    /// The table in which workers count open requests has no room.
    TableFull,
    /// It has waited for as long as the rule allows.
    Waited,
    /// The host's shared data can't be read or written.
    Unreachable,
}

impl Lines {
    /// Creates the state of a worker that has this random number, beside the table of rates.
    pub(crate) fn new(table: &Table, worker: u64) -> Self {
        let table = LeaseTable::new(table.key().clone(), worker);
        Self { table, lines: Vec::new(), next: 0, reported: (Instant(0), [0; 2]) }
    }

    /// Returns `true` if a stream has asked before and hasn't ended.
    pub(crate) fn knows(&self, stream: u32) -> bool {
        self.find(stream).is_some()
    }

    /// Asks for the turn of a request.
    pub(crate) fn ask(
        &mut self,
        shared: &dyn SharedData,
        stream: u32,
        caller: &CountedCaller<'_>,
        limit: Concurrent,
        now: Instant,
    ) -> Turn {
        if let Some((_, request)) = self.find(stream) {
            return match request.stands {
                Stands::Open => Turn::Now,
                Stands::InLine => Turn::NotYet,
                Stands::Late => Turn::Never(Never::Waited),
            };
        }
        let place = self.table.place(caller);
        let of_kind = self.lines.iter().filter(|line| line.who == caller.who);
        let in_all = of_kind.fold(0_u32, |sum, line| sum.saturating_add(line.count(Stands::InLine)));
        let known = self.lines.iter_mut().find(|line| line.place == place);
        let mut new = Line { place, who: caller.who, limit, requests: Vec::new(), told: Some(now) };
        let is_known = known.is_some();
        let line = known.unwrap_or(&mut new);
        let before = line.count(Stands::InLine);
        let has_room = before < MOST_WAITING_OF_CALLER && in_all < MOST_WAITING;
        let stands = if limit.wait > 0 && has_room { Stands::InLine } else { Stands::Late };
        let mut request = Request { stream, since: now, stands };
        if before == 0 {
            request.stands = match line.open(&self.table, shared, request) {
                Ok(stands) => stands,
                Err(LeaseError::Full) => return Turn::Never(Never::TableFull),
                Err(LeaseError::Unreachable) => return Turn::Never(Never::Unreachable),
            };
        }
        let turn = match request.stands {
            Stands::Open => Turn::Now,
            Stands::InLine => Turn::NotYet,
            Stands::Late if limit.wait > 0 => return Turn::Never(Never::LineFull),
            Stands::Late => return Turn::Never(Never::AtOnce),
        };
        line.requests.push(request);
        if !is_known {
            self.lines.push(new);
        }
        turn
    }

    /// Looks after all requests: tells the other workers of them, opens those whose turn it is, and ends the waiting of
    /// those that have waited for too long. Returns the streams that can ask again.
    pub fn tend(&mut self, shared: &dyn SharedData, now: Instant) -> Vec<u32> {
        let mut ready = Vec::new();
        for _ in 0..self.lines.len() {
            self.next = self.next.checked_sub(1).unwrap_or(self.lines.len().saturating_sub(1));
            let Some(line) = self.lines.get_mut(self.next) else { continue };
            line.tend(&self.table, shared, now, &mut ready);
            if line.is_over() {
                self.lines.swap_remove(self.next);
            }
            if ready.len() >= MOST_READY {
                break;
            }
        }
        ready
    }

    /// Ends a request, whether it was open or stood in line.
    pub(crate) fn end(&mut self, shared: &dyn SharedData, stream: u32) {
        let Some((at, _)) = self.find(stream) else { return };
        let Some(line) = self.lines.get_mut(at) else { return };
        line.requests.retain(|request| request.stream != stream);
        // Only the tick renews what the others are told, so the time of the last one is good enough.
        if let Some(told) = line.told {
            let _ = line.tell(&self.table, shared, 0, told);
        }
    }

    /// Returns `true` if requests have to be looked after, or the end of other workers' requests has to be reported. They
    /// may have died.
    pub fn is_busy(&self) -> bool {
        !self.lines.is_empty() || self.reported.1 != [0; 2]
    }

    /// Returns `true` if a request stands in line.
    pub(crate) fn is_waiting(&self) -> bool {
        self.lines.iter().any(|line| line.count(Stands::InLine) > 0)
    }

    /// Returns the numbers of open and of waiting requests in all workers, if it is time to report them.
    pub fn report(&mut self, shared: &dyn SharedData, now: Instant) -> Option<[u32; 2]> {
        let age = now.0.checked_sub(self.reported.0.0);
        if !self.lines.is_empty() && age.is_some_and(|age| age < REPORT) {
            return None;
        }
        let [mut running, mut waiting] = [0_u32; 2];
        for line in &self.lines {
            running = running.saturating_add(line.count(Stands::Open));
            waiting = waiting.saturating_add(line.count(Stands::InLine));
        }
        let told = Told { running, waiting, arrivals: [NEVER; 2], most: 0 };
        let known = self.table.tell(shared, &Place::of_all(), told, now).ok()?;
        self.reported = (now, [known.running, known.waiting]);
        Some(self.reported.1)
    }

    fn find(&self, stream: u32) -> Option<(usize, Request)> {
        self.lines.iter().enumerate().find_map(|(at, line)| {
            line.requests.iter().find(|request| request.stream == stream).map(|request| (at, *request))
        })
    }
}
