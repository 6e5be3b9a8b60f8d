//! Password checks that wait or run, and the results of those that have ended. A check takes a hundred milliseconds, so
//! it runs in slices while its streams wait: first come, first served, and one check for one credential, however many
//! streams ask for it (`threats.md` C1). Tokens that were accepted are remembered too. All of this belongs to one worker
//! and dies with the configuration (S3). Workers leave each other hints, so that those who have logged in come first.

pub use super::attempt::{Attempt, StreamId};

use super::authorization::Presented;
use super::bcrypt::{Check, Verdict};
use super::budget::{Budget, Spent};
use super::groups::Groups;
use super::hints::{HintRoom, Hints};
use super::identity::Identity;
use super::jwt::Accepted;
use super::metadata::Struct;
use super::passwords::{Passwords, TICK};
use super::queue::{CheckQueue, Lane, WaitingCheck, WaitingStream};
use super::recall::Recall;
use super::remembered::{Remembered, Room};
use super::scheme::Scheme;
use super::source::Source;
use crate::keyed_hash::{Digest, Tag};
use crate::time::bucket::Empty;
use crate::time::instant::Instant;
use std::collections::VecDeque;
use std::iter;
use std::rc::Rc;

/// The largest number of wrong passwords that are remembered.
const MOST_WRONG: usize = 1_024;

/// The largest number of streams that go on at once: each of them then takes its own way through the filter.
const MOST_AT_ONCE: usize = 16;

/// The result of an attempt with a password that isn't known to be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    /// The password is wrong, or there is no such user.
    Wrong,
    /// The stream has to wait: [`Logins::slice`] says when it can ask again.
    NotYet,
}

/// A reason why a password isn't checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMany {
    /// The budget for checks is used up.
    Begun(Spent),
    /// Too many checks or streams wait, in all or of this source.
    Waiting(Empty),
}

/// An event of password checks that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckEvent {
    /// A check was run to its end.
    Done(Verdict),
    /// A bound was reached.
    Full(CheckCapacity),
}

/// A bound on password checks, or on the results that are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckCapacity {
    /// The number of password checks that may begin.
    Checks,
    /// The number of password checks that may begin for one source.
    ChecksOfSource,
    /// The number of checks and streams that may wait.
    Waiting,
    /// The number of right passwords that are remembered.
    Right,
    /// The number of wrong passwords that are remembered.
    Wrong,
    /// The number of tokens that are remembered.
    Tokens,
    /// The number of hints that workers leave each other.
    Hints,
}

/// The passwords that a worker checks or has checked.
#[derive(Debug)]
pub struct Logins {
    recall: Recall,
    /// The wrong passwords, by the tag of the credential, wherever it came from.
    wrong: Remembered<()>,
    budget: Option<Budget>,
    queue: CheckQueue,
    /// The streams whose check is done.
    ready: VecDeque<StreamId>,
    events: Vec<CheckEvent>,
}

impl Logins {
    /// Creates an empty state. `random` are random bytes that no other worker has.
    pub fn new(random: Digest) -> Self {
        Self {
            recall: Recall::new(random),
            wrong: Remembered::new(MOST_WRONG),
            budget: None,
            queue: CheckQueue::default(),
            ready: VecDeque::new(),
            events: Vec::new(),
        }
    }

    /// Returns the caller of a password that came from the same source, or of a token, if it was found right before.
    pub(super) fn recall(
        &self,
        presented: Presented<'_>,
        source: Option<Source>,
        configuration: &Digest,
    ) -> Option<&Rc<Identity>> {
        self.recall.caller(presented, source, configuration)
    }

    /// Returns the token that was accepted before for the same claims. Its times have to be checked each time.
    pub(super) fn recall_accepted(
        &self,
        verified: Struct<'_>,
        configuration: &Digest,
    ) -> Option<Rc<Accepted>> {
        self.recall.accepted(verified, configuration)
    }

    /// Remembers the caller of a token of the configuration.
    pub(super) fn remember_token(
        &mut self,
        presented: Presented<'_>,
        identity: &Rc<Identity>,
        configuration: &Digest,
    ) {
        let room = self.recall.remember_token(presented, identity, configuration);
        self.check_room(room, CheckCapacity::Tokens);
    }

    /// Remembers a JSON web token that was accepted.
    pub(super) fn remember_accepted(
        &mut self,
        verified: Struct<'_>,
        accepted: &Rc<Accepted>,
        configuration: &Digest,
    ) {
        let room = self.recall.remember_accepted(verified, accepted, configuration);
        self.check_room(room, CheckCapacity::Tokens);
    }

    /// Counts a bound that was reached.
    fn check_room(&mut self, room: Room, bound: CheckCapacity) {
        if room == Room::Full {
            self.events.push(CheckEvent::Full(bound));
        }
    }

    /// Returns the result of a login if the password is known to be wrong, and begins a check of it otherwise.
    ///
    /// # Errors
    ///
    /// Returns an error if the result isn't known, and no check may begin or wait.
    pub fn ask(
        &mut self,
        passwords: &Passwords,
        groups: &Groups,
        attempt: &Attempt<'_>,
        hints: Hints<'_>,
        now: Instant,
    ) -> Result<PasswordCheck, TooMany> {
        let credential = self.recall.tag(attempt.presented, None, hints.configuration);
        if self.wrong.get(credential).is_some() {
            return Ok(PasswordCheck::Wrong);
        }
        let hint = hints.of(attempt, &passwords.stored(attempt.user));
        let lane = if hints.has(hint, now) { Lane::Known } else { Lane::Usual };
        if !self.queue.has_room_for_stream(lane, attempt.source) {
            return Err(self.too_many_wait(passwords));
        }
        let (id, source) = (attempt.stream, attempt.source);
        let from = self.recall.tag(attempt.presented, Some(source), hints.configuration);
        let stream = WaitingStream { id, lane, source, since: now, from, hint };
        match self.queue.join(credential, stream) {
            Some(stream) => self.begin(passwords, groups, attempt, credential, stream),
            None => Ok(PasswordCheck::NotYet),
        }
    }

    fn begin(
        &mut self,
        passwords: &Passwords,
        groups: &Groups,
        attempt: &Attempt<'_>,
        credential: Tag,
        stream: WaitingStream,
    ) -> Result<PasswordCheck, TooMany> {
        let (source, now) = (stream.source, stream.since);
        // Where the lane of the known is full, there is still the usual one.
        let is_known = stream.lane == Lane::Known && self.admit(Lane::Known, source, passwords, now).is_ok();
        let lane = if is_known { Lane::Known } else { Lane::Usual };
        if !is_known {
            self.admit(lane, source, passwords, now)?;
        }
        let identity = passwords.user(attempt.user).map(|user| groups.identity(Scheme::User, user.name));
        let check = Check::new(attempt.password, passwords.hashes(attempt.user), passwords.rounds());
        let streams = vec![stream];
        let has_begun = false;
        self.queue.push(WaitingCheck { credential, identity, lane, source, check, has_begun, streams });
        Ok(PasswordCheck::NotYet)
    }

    /// Lets one more check wait in a lane, and takes it from the budget.
    fn admit(
        &mut self,
        lane: Lane,
        source: Source,
        passwords: &Passwords,
        now: Instant,
    ) -> Result<(), TooMany> {
        let limits = passwords.limits;
        if !self.queue.has_room_for_check(lane, source, limits) {
            return Err(self.too_many_wait(passwords));
        }
        let budget = self.budget.get_or_insert_with(|| Budget::new(limits));
        budget.spend(lane, source, now).map_err(|spent| {
            self.events.push(CheckEvent::Full(match spent {
                Spent::BySource(_) => CheckCapacity::ChecksOfSource,
                Spent::InAll(_) => CheckCapacity::Checks,
            }));
            TooMany::Begun(spent)
        })
    }

    fn too_many_wait(&mut self, passwords: &Passwords) -> TooMany {
        self.events.push(CheckEvent::Full(CheckCapacity::Waiting));
        TooMany::Waiting(self.time_to_wait(passwords))
    }

    /// Runs one slice of the check that comes first, and returns the streams that can ask again.
    pub fn slice(&mut self, hints: Hints<'_>) -> Vec<StreamId> {
        if self.ready.is_empty()
            && let Some((verdict, done)) = self.queue.run()
        {
            self.finish(verdict, done, hints);
        }
        iter::from_fn(|| self.ready.pop_front()).take(MOST_AT_ONCE).collect()
    }

    fn finish(&mut self, verdict: Verdict, done: WaitingCheck, hints: Hints<'_>) {
        self.events.push(CheckEvent::Done(verdict));
        match done.identity.as_ref().filter(|_| verdict == Verdict::Right) {
            Some(identity) => {
                done.streams.iter().for_each(|stream| self.remember(stream, identity, hints));
                self.budget.iter_mut().for_each(|budget| budget.give_back(done.lane, done.source));
            }
            None => {
                let room = self.wrong.insert(done.credential, ());
                self.check_room(room, CheckCapacity::Wrong);
            }
        }
        self.ready.extend(done.streams.into_iter().map(|stream| stream.id));
    }

    /// Remembers a right password for this worker, and leaves a hint for the others.
    fn remember(&mut self, stream: &WaitingStream, identity: &Rc<Identity>, hints: Hints<'_>) {
        if self.recall.has_password(stream.from) {
            return;
        }
        let room = self.recall.remember_password(stream.from, identity);
        self.check_room(room, CheckCapacity::Right);
        if hints.leave(stream.hint, stream.since) == HintRoom::Full {
            self.events.push(CheckEvent::Full(CheckCapacity::Hints));
        }
    }

    /// Forgets a stream that is gone, and its check unless other streams wait for it as well.
    pub fn forget(&mut self, stream: StreamId) {
        self.ready.retain(|&ready| ready != stream);
        if let Some(waiting) = self.queue.forget(stream)
            && !waiting.has_begun
            && let Some(budget) = &mut self.budget
        {
            budget.give_back(waiting.lane, waiting.source);
        }
    }

    /// Returns `true` if no slice is needed.
    pub fn is_idle(&self) -> bool {
        self.queue.len() == 0 && self.ready.is_empty()
    }

    /// Returns the number of checks that wait or run.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Returns the events since the last call.
    pub fn take_events(&mut self) -> Vec<CheckEvent> {
        std::mem::take(&mut self.events)
    }

    /// Returns the time until everybody who waits has been served.
    fn time_to_wait(&self, passwords: &Passwords) -> Empty {
        let checks = u64::try_from(self.queue.len()).unwrap_or(u64::MAX);
        let nanoseconds = TICK.saturating_mul(passwords.slices().into()).saturating_mul(checks);
        Empty { retry_after: nanoseconds.div_ceil(1_000_000_000).max(1) }
    }
}
