//! Passwords on their way to being known. A check takes a hundred milliseconds, so it runs in slices while its streams
//! wait: first come, first served, and one check for one credential, however many streams ask for it (`threats.md` C1).
//! What came out is remembered. All of it is one worker's and dies with the configuration (S3).

use super::bcrypt::{Check, SLICE, Verdict};
use super::budget::{Budget, Spent};
use super::identity::Identity;
use super::passwords::{Passwords, TICK};
use super::remembered::{Remembered, Room};
use super::secret::Secret;
use super::source::Source;
use crate::keyed_hash::{Digest, Key};
use crate::time::bucket::Empty;
use crate::time::instant::Instant;
use std::collections::VecDeque;
use std::rc::Rc;

/// How many credentials are remembered that were right, and how many that were wrong, which don't crowd out the others.
const MOST_RIGHT: usize = 4_096;
const MOST_WRONG: usize = 1_024;

/// How many streams may wait, in all and of one source, whose own may be more than an HTTP/2 connection has. Hosts hold
/// the bodies of those that wait.
const MOST_STREAMS: usize = 512;
const MOST_STREAMS_OF_SOURCE: usize = 128;

/// How many streams go on at once: each takes its own way through the filter then.
const MOST_AT_ONCE: usize = 16;

/// The host's number of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamId(pub u32);

/// A user's name and password, and where they come from.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// Who the client says it is.
    pub user: &'a [u8],
    /// What it says to prove it.
    pub password: &'a Secret,
    /// Where it is.
    pub source: Source,
    /// Which stream it is.
    pub stream: StreamId,
}

/// What is known of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    /// The password is right.
    Right(Rc<Identity>),
    /// It isn't, or there is no such user.
    Wrong,
    /// The stream has to wait: [`Logins::slice`] says when it can ask again.
    NotYet,
}

/// Why a password isn't looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooMany {
    /// The budget is used up.
    Begun(Spent),
    /// Too many wait, in all or of this source.
    Waiting(Empty),
}

/// Something that happens to checks, and is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckEvent {
    /// A check was run to its end.
    Done(Verdict),
    /// Something that has a bound was at it.
    Full(CheckCapacity),
}

/// Something that has a bound where passwords are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CheckCapacity {
    /// Checks that may begin.
    Checks,
    /// The same of one source.
    ChecksOfSource,
    /// Checks and streams that may wait.
    Waiting,
    /// Right passwords that are remembered.
    Right,
    /// Wrong passwords that are remembered.
    Wrong,
}

/// What a worker knows of passwords.
#[derive(Debug)]
pub struct Logins {
    key: Key,
    right: Remembered,
    wrong: Remembered,
    budget: Option<Budget>,
    queue: VecDeque<WaitingCheck>,
    /// Streams whose check is done.
    ready: VecDeque<StreamId>,
    events: Vec<CheckEvent>,
}

/// A check, and who waits for it.
#[derive(Debug)]
struct WaitingCheck {
    hash: Digest,
    /// Whose budget it is on.
    source: Source,
    check: Check,
    has_begun: bool,
    streams: Vec<WaitingStream>,
}

/// A stream that waits for a check.
#[derive(Debug)]
struct WaitingStream {
    id: StreamId,
    source: Source,
    /// The credential with where it was presented.
    from: Digest,
}

impl Logins {
    /// Nothing is known yet. The bytes are random, and the worker's own.
    pub fn new(random: Digest) -> Self {
        Self {
            key: Key::new(random),
            right: Remembered::new(MOST_RIGHT),
            wrong: Remembered::new(MOST_WRONG),
            budget: None,
            queue: VecDeque::new(),
            ready: VecDeque::new(),
            events: Vec::new(),
        }
    }

    /// Asks whether a password is right.
    ///
    /// # Errors
    ///
    /// It isn't known, and no check may begin or wait.
    pub fn ask(
        &mut self,
        passwords: &Passwords,
        attempt: &Attempt<'_>,
        now: Instant,
    ) -> Result<PasswordCheck, TooMany> {
        let (user, password) = (attempt.user, attempt.password.reveal());
        let stored = passwords.stored(user);
        // A right password is known from where it was presented. Were it known from anywhere, others could guess it without
        // a check: what isn't known is refused when their budget is used up, and what is known passes.
        let from = self.key.hash(&[user, password, stored, &attempt.source.bytes()]);
        if self.right.has(&from) {
            return Ok(passwords
                .user(user)
                .map_or(PasswordCheck::Wrong, |user| PasswordCheck::Right(Rc::clone(&user.identity))));
        }
        let hash = self.key.hash(&[user, password, stored]);
        if self.wrong.has(&hash) {
            return Ok(PasswordCheck::Wrong);
        }
        let stream = WaitingStream { id: attempt.stream, source: attempt.source, from };
        let waiting = self.queue.iter().flat_map(|waiting| &waiting.streams);
        let of_source = waiting.clone().filter(|stream| stream.source == attempt.source).count();
        if waiting.count() >= MOST_STREAMS || of_source >= MOST_STREAMS_OF_SOURCE {
            self.events.push(CheckEvent::Full(CheckCapacity::Waiting));
            return Err(TooMany::Waiting(self.time_to_wait(passwords)));
        }
        if let Some(waiting) = self.queue.iter_mut().find(|waiting| waiting.hash == hash) {
            waiting.streams.push(stream);
            return Ok(PasswordCheck::NotYet);
        }
        self.begin(passwords, attempt, hash, stream, now)
    }

    fn begin(
        &mut self,
        passwords: &Passwords,
        attempt: &Attempt<'_>,
        hash: Digest,
        stream: WaitingStream,
        now: Instant,
    ) -> Result<PasswordCheck, TooMany> {
        let limits = passwords.limits;
        let of_source = self.queue.iter().filter(|waiting| waiting.source == attempt.source).count();
        if self.queue.len() >= limits.waiting || of_source >= limits.waiting_per_source {
            self.events.push(CheckEvent::Full(CheckCapacity::Waiting));
            return Err(TooMany::Waiting(self.time_to_wait(passwords)));
        }
        let budget = self.budget.get_or_insert_with(|| Budget::new(limits.checks));
        if let Err(spent) = budget.spend(attempt.source, now) {
            self.events.push(CheckEvent::Full(match spent {
                Spent::BySource(_) => CheckCapacity::ChecksOfSource,
                Spent::InAll(_) => CheckCapacity::Checks,
            }));
            return Err(TooMany::Begun(spent));
        }
        self.queue.push_back(WaitingCheck {
            hash,
            source: attempt.source,
            check: Check::new(
                attempt.password,
                Rc::clone(passwords.hashes(attempt.user)),
                passwords.rounds(),
            ),
            has_begun: false,
            streams: vec![stream],
        });
        Ok(PasswordCheck::NotYet)
    }

    /// Runs one slice of the check that came first, and gives the streams that can ask again.
    pub fn slice(&mut self) -> Vec<StreamId> {
        if self.ready.is_empty()
            && let Some(first) = self.queue.front_mut()
        {
            first.has_begun = true;
            if let Some(verdict) = first.check.run(SLICE) {
                self.finish(verdict);
            }
        }
        let number = self.ready.len().min(MOST_AT_ONCE);
        self.ready.drain(..number).collect()
    }

    fn finish(&mut self, verdict: Verdict) {
        let Some(done) = self.queue.pop_front() else { return };
        self.events.push(CheckEvent::Done(verdict));
        match verdict {
            Verdict::Wrong => {
                if self.wrong.insert(done.hash) == Room::Full {
                    self.events.push(CheckEvent::Full(CheckCapacity::Wrong));
                }
            }
            Verdict::Right => {
                done.streams.iter().for_each(|stream| self.remember(stream.from));
                self.budget.iter_mut().for_each(|budget| budget.give_back(done.source));
            }
        }
        self.ready.extend(done.streams.into_iter().map(|stream| stream.id));
    }

    fn remember(&mut self, from: Digest) {
        if !self.right.has(&from) && self.right.insert(from) == Room::Full {
            self.events.push(CheckEvent::Full(CheckCapacity::Right));
        }
    }

    /// A stream is gone, and its check with it unless others wait for it as well.
    pub fn forget(&mut self, stream: StreamId) {
        self.ready.retain(|&ready| ready != stream);
        for waiting in &mut self.queue {
            waiting.streams.retain(|waits| waits.id != stream);
        }
        let Some(at) = self.queue.iter().position(|waiting| waiting.streams.is_empty()) else { return };
        if let Some(waiting) = self.queue.remove(at)
            && !waiting.has_begun
            && let Some(budget) = &mut self.budget
        {
            budget.give_back(waiting.source);
        }
    }

    /// Whether no slice is needed.
    pub fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.ready.is_empty()
    }

    /// How many checks wait or run.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// What happened since this was asked last.
    pub fn take_events(&mut self) -> Vec<CheckEvent> {
        std::mem::take(&mut self.events)
    }

    /// How long it takes until all who wait have been served.
    fn time_to_wait(&self, passwords: &Passwords) -> Empty {
        let checks = u64::try_from(self.queue.len()).unwrap_or(u64::MAX);
        let nanoseconds = TICK.saturating_mul(passwords.slices().into()).saturating_mul(checks);
        Empty { retry_after: nanoseconds.div_ceil(1_000_000_000).max(1) }
    }
}
