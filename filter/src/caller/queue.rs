//! The queue of password checks. Those of callers who have logged in with another worker stand in front of the others,
//! and have bounds of their own. Otherwise a check is served in the order in which it came.

use super::attempt::StreamId;
use super::bcrypt::{Check, SLICE, Verdict};
use super::hints::Hint;
use super::identity::Identity;
use super::passwords::PasswordLimits;
use super::source::Source;
use crate::keyed_hash::Tag;
use crate::time::instant::Instant;
use std::collections::VecDeque;
use std::rc::Rc;

/// The largest numbers of streams that may wait in a lane, in all and of one source. A source may have more of them than
/// one HTTP/2 connection has. Hosts hold the bodies of those that wait.
const MOST_STREAMS: usize = 512;
const MOST_STREAMS_OF_SOURCE: usize = 128;

/// A part of the queue, with its own bounds and its own budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// The lane of those of whom another worker has left a hint.
    Known,
    /// The lane of all others.
    Usual,
}

/// A check, and the streams that wait for it.
#[derive(Debug)]
pub(super) struct WaitingCheck {
    /// The tag of the credential, wherever it comes from.
    pub(super) credential: Tag,
    /// The caller if the password is right; `None` if there is no such user.
    pub(super) identity: Option<Rc<Identity>>,
    /// The lane whose budget the check is on.
    pub(super) lane: Lane,
    /// The source whose budget the check is on.
    pub(super) source: Source,
    pub(super) check: Check,
    pub(super) has_begun: bool,
    pub(super) streams: Vec<WaitingStream>,
}

/// A stream that waits for a check.
#[derive(Debug)]
pub(super) struct WaitingStream {
    pub(super) id: StreamId,
    pub(super) lane: Lane,
    pub(super) source: Source,
    /// The time at which the stream asked.
    pub(super) since: Instant,
    /// The tag of the credential together with its source.
    pub(super) from: Tag,
    /// The hint to leave if the password is right.
    pub(super) hint: Hint,
}

/// The checks that wait or run.
#[derive(Debug, Default)]
pub(super) struct CheckQueue(VecDeque<WaitingCheck>);

impl CheckQueue {
    /// Returns the number of checks.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns `true` if one more stream of this source may wait.
    pub(super) fn has_room_for_stream(&self, lane: Lane, source: Source) -> bool {
        let in_lane = self.0.iter().flat_map(|waiting| &waiting.streams).filter(|stream| stream.lane == lane);
        let of_source = in_lane.clone().filter(|stream| stream.source == source).count();
        of_source < MOST_STREAMS_OF_SOURCE && in_lane.count() < MOST_STREAMS
    }

    /// Returns `true` if one more check of this source may wait. Those of callers who are known elsewhere may wait
    /// however many of them come from one source, since a whole company may have one address.
    pub(super) fn has_room_for_check(&self, lane: Lane, source: Source, limits: PasswordLimits) -> bool {
        let in_lane = self.0.iter().filter(|waiting| waiting.lane == lane);
        let of_source = in_lane.clone().filter(|waiting| waiting.source == source).count();
        in_lane.count() < limits.waiting && (lane == Lane::Known || of_source < limits.waiting_per_source)
    }

    /// Adds a stream to the check of its credential, or returns it if there is no such check.
    pub(super) fn join(&mut self, credential: Tag, stream: WaitingStream) -> Option<WaitingStream> {
        match self.0.iter_mut().find(|waiting| waiting.credential == credential) {
            Some(waiting) => {
                waiting.streams.push(stream);
                None
            }
            None => Some(stream),
        }
    }

    /// Adds a check at the end of its lane. The one that runs already stays in front.
    pub(super) fn push(&mut self, check: WaitingCheck) {
        let is_behind = |other: &WaitingCheck| check.lane == Lane::Known && other.lane == Lane::Usual;
        let at = self.0.iter().position(|other| is_behind(other) && !other.has_begun);
        self.0.insert(at.unwrap_or(self.0.len()), check);
    }

    /// Runs one slice of the first check, and returns it if that was its last one.
    pub(super) fn run(&mut self) -> Option<(Verdict, WaitingCheck)> {
        let first = self.0.front_mut()?;
        first.has_begun = true;
        let verdict = first.check.run(SLICE)?;
        Some((verdict, self.0.pop_front()?))
    }

    /// Forgets a stream, and returns its check if no other stream waits for it.
    pub(super) fn forget(&mut self, stream: StreamId) -> Option<WaitingCheck> {
        for waiting in &mut self.0 {
            waiting.streams.retain(|waits| waits.id != stream);
        }
        let at = self.0.iter().position(|waiting| waiting.streams.is_empty())?;
        self.0.remove(at)
    }
}
