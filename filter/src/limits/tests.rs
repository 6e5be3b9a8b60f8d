//! Tests of requests at once: several workers share one table, and are compared with what they should do together.

use super::lines::{Lines, Never, Turn};
use super::share::{NEVER, Share};
use super::table::Table;
use super::{Concurrent, Counted, CountedCaller};
use crate::shared_data::{SharedData, Unreachable, Written};
use crate::time::instant::Instant;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::thread;

/// Shared data of several threads. For some writes it acts as if another worker had been faster.
#[derive(Default)]
struct Memory {
    entries: Mutex<BTreeMap<String, (Vec<u8>, u32)>>,
    outrun: AtomicUsize,
    fails: AtomicUsize,
}

impl SharedData for Memory {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, u32)>, Unreachable> {
        match self.fails.load(Ordering::SeqCst) {
            0 => Ok(self.entries.lock().unwrap().get(key).cloned()),
            _ => Err(Unreachable),
        }
    }

    fn set(&self, key: &str, value: &[u8], based_on: u32) -> Result<Written, Unreachable> {
        let outrun = self.outrun.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        let mut entries = self.entries.lock().unwrap();
        let number = entries.get(key).map(|&(_, number)| number);
        if outrun.is_ok() || number.is_some_and(|number| number != based_on) {
            return Ok(Written::Outrun);
        }
        entries.insert(key.to_owned(), (value.to_vec(), number.unwrap_or(0) + 1));
        Ok(Written::Done)
    }
}

const START: Instant = Instant(1_700_000_000_000_000_000);
const A_SECOND: i64 = 1_000;
const FOUR: Concurrent = Concurrent { most: 4, wait: A_SECOND };
const NOBODY_WAITS: Concurrent = Concurrent { most: 4, wait: 0 };

fn later(milliseconds: u64) -> Instant {
    Instant(START.0 + milliseconds * 1_000_000)
}

fn caller(name: &[u8]) -> CountedCaller<'_> {
    CountedCaller { configuration: b"c", rule: 0, who: Counted::Known, name }
}

fn worker(memory: &Memory, number: u64) -> Lines {
    Lines::new(&Table::open(memory, [1; 32]).unwrap(), number)
}

/// Asks for so many requests of a caller, and returns the number of those that are opened.
fn opened(
    memory: &Memory,
    lines: &mut Lines,
    name: &[u8],
    limit: Concurrent,
    streams: std::ops::Range<u32>,
) -> usize {
    let turns = streams.map(|stream| lines.ask(memory, stream, &caller(name), limit, START));
    turns.filter(|turn| *turn == Turn::Now).count()
}

#[test]
fn workers_count_together_and_callers_apart() {
    let memory = Memory::default();
    let [mut first, mut second] = [1, 2].map(|number| worker(&memory, number));
    assert_eq!(opened(&memory, &mut first, b"a", NOBODY_WAITS, 0..3), 3);
    assert_eq!(opened(&memory, &mut second, b"a", NOBODY_WAITS, 0..3), 1);
    assert_eq!(opened(&memory, &mut second, b"b", NOBODY_WAITS, 10..20), 4);
    first.end(&memory, 1);
    assert_eq!(opened(&memory, &mut second, b"a", NOBODY_WAITS, 20..22), 1);
    assert_eq!(second.ask(&memory, 0, &caller(b"a"), NOBODY_WAITS, START), Turn::Now, "it is open already");
    let never = first.ask(&memory, 30, &caller(b"a"), NOBODY_WAITS, START);
    assert_eq!((never, first.knows(30)), (Turn::Never(Never::AtOnce), false));
}

#[test]
fn whoever_came_first_goes_on_first_in_a_worker_and_between_two() {
    let memory = Memory::default();
    let [mut first, mut second, mut third] = [1, 2, 3].map(|number| worker(&memory, number));
    let one = Concurrent { most: 1, wait: A_SECOND };
    assert_eq!(first.ask(&memory, 0, &caller(b"a"), one, START), Turn::Now);
    // Odd ones wait in the first worker, and even ones in the second one.
    for stream in 1..=6 {
        let lines = if stream % 2 == 1 { &mut first } else { &mut second };
        let turn = lines.ask(&memory, stream, &caller(b"a"), one, later(stream.into()));
        assert_eq!(turn, Turn::NotYet);
    }
    assert!(first.tend(&memory, later(10)).is_empty() && second.tend(&memory, later(10)).is_empty());
    for stream in 0..6 {
        let lines = if stream == 0 || stream % 2 == 1 { &mut first } else { &mut second };
        lines.end(&memory, stream);
        let newcomer =
            third.ask(&memory, 100 + stream, &caller(b"a"), Concurrent { wait: 0, ..one }, later(20));
        assert_eq!(newcomer, Turn::Never(Never::AtOnce), "nobody overtakes those who wait");
        let mut ready = [second.tend(&memory, later(20)), first.tend(&memory, later(20))].concat();
        ready.extend(second.tend(&memory, later(21)));
        assert_eq!(ready, [stream + 1]);
    }
}

#[test]
fn a_request_waits_for_as_long_as_it_may_and_no_longer() {
    let memory = Memory::default();
    let mut lines = worker(&memory, 1);
    assert_eq!(opened(&memory, &mut lines, b"a", FOUR, 0..4), 4);
    assert_eq!(lines.ask(&memory, 4, &caller(b"a"), FOUR, START), Turn::NotYet);
    assert!(lines.knows(4) && lines.is_waiting());
    assert!(lines.tend(&memory, later(999)).is_empty());
    assert_eq!(lines.tend(&memory, later(1_000)), [4]);
    assert_eq!(lines.ask(&memory, 4, &caller(b"a"), FOUR, later(1_000)), Turn::Never(Never::Waited));
    lines.end(&memory, 4);
    (0..4).for_each(|stream| lines.end(&memory, stream));
    assert!(!lines.is_waiting() && lines.tend(&memory, later(1_001)).is_empty() && !lines.is_busy());
}

#[test]
fn what_a_dead_worker_had_counts_for_five_seconds_and_no_longer() {
    let memory = Memory::default();
    let mut dead = worker(&memory, 1);
    assert_eq!(opened(&memory, &mut dead, b"a", FOUR, 0..4), 4);
    assert_eq!(dead.ask(&memory, 4, &caller(b"a"), FOUR, START), Turn::NotYet);
    drop(dead);
    let mut lines = worker(&memory, 2);
    let limit = Concurrent { most: 4, wait: 60_000 };
    assert_eq!(lines.ask(&memory, 1, &caller(b"a"), limit, later(1)), Turn::NotYet);
    assert!(lines.tend(&memory, later(4_999)).is_empty());
    assert_eq!(lines.tend(&memory, later(5_000)), [1]);
}

#[test]
fn a_line_is_bounded_for_each_caller_and_in_all_and_says_so() {
    let memory = Memory::default();
    let mut lines = worker(&memory, 1);
    let one = Concurrent { most: 1, wait: A_SECOND };
    let mut stream = 0;
    let mut full = 0;
    let waiting: Vec<usize> = [b"a", b"b", b"c"]
        .map(|name| {
            let turns: Vec<_> = (0..300)
                .map(|_| {
                    stream += 1;
                    lines.ask(&memory, stream, &caller(name), one, START)
                })
                .collect();
            full += turns.iter().filter(|turn| **turn == Turn::Never(Never::LineFull)).count();
            turns.iter().filter(|turn| **turn == Turn::NotYet).count()
        })
        .to_vec();
    assert_eq!(waiting, [256, 256, 0]);
    assert_eq!(full, 300 * 3 - 3 - 512);
    let stranger = CountedCaller { who: Counted::Anonymous, ..caller(b"d") };
    assert_eq!(lines.ask(&memory, 9_000, &stranger, one, START), Turn::Now);
    assert_eq!(
        lines.ask(&memory, 9_001, &stranger, one, START),
        Turn::NotYet,
        "strangers have room of their own"
    );
}

#[test]
fn a_full_table_opens_nothing_and_nobody_fills_that_of_another_kind() {
    let memory = Memory::default();
    let mut entry = Vec::new();
    for tag in 0..256 {
        let (since, written) = (NEVER, START);
        Share { tag, worker: 7, running: 1, waiting: 0, since, written }.write(&mut entry);
    }
    for number in 0..1_024 {
        memory.set(&format!("promward.open.anonymous.{number}"), &entry, 0).unwrap();
    }
    let mut lines = worker(&memory, 1);
    let stranger = CountedCaller { who: Counted::Anonymous, ..caller(b"a") };
    let mut ask = |stream, caller: &CountedCaller<'_>, now| lines.ask(&memory, stream, caller, FOUR, now);
    assert_eq!(ask(1, &stranger, START), Turn::Never(Never::TableFull));
    assert_eq!(ask(2, &caller(b"a"), START), Turn::Now, "known callers have a table of their own");
    assert_eq!(ask(3, &stranger, later(5_000)), Turn::Now, "what nobody renews makes room");
    let entries = memory.entries.lock().unwrap();
    assert!(entries.values().all(|(written, _)| written.len() <= entry.len()));
}

#[test]
fn a_host_that_fails_opens_nothing_and_takes_back_what_ended_meanwhile() {
    let memory = Memory::default();
    let mut lines = worker(&memory, 1);
    assert_eq!(opened(&memory, &mut lines, b"a", NOBODY_WAITS, 0..4), 4);
    memory.fails.store(1, Ordering::SeqCst);
    for stream in 4..40 {
        let turn = lines.ask(&memory, stream, &caller(&stream.to_le_bytes()), NOBODY_WAITS, START);
        assert_eq!(turn, Turn::Never(Never::Unreachable));
    }
    (0..4).for_each(|stream| lines.end(&memory, stream));
    assert!(lines.is_busy(), "the other workers have to be told");
    memory.fails.store(0, Ordering::SeqCst);
    lines.tend(&memory, later(1));
    assert!(!lines.is_busy());
    let mut other = worker(&memory, 2);
    assert_eq!(opened(&memory, &mut other, b"a", NOBODY_WAITS, 0..9), 4);
}

#[test]
fn all_requests_are_reported_and_those_of_the_dead_are_not() {
    let memory = Memory::default();
    let [mut first, mut second] = [1, 2].map(|number| worker(&memory, number));
    opened(&memory, &mut first, b"a", FOUR, 0..6);
    opened(&memory, &mut second, b"b", FOUR, 0..3);
    assert_eq!(first.report(&memory, START), Some([4, 2]));
    assert_eq!(first.report(&memory, later(200)), None, "not each time");
    assert_eq!(second.report(&memory, later(200)), Some([7, 2]));
    (0..3).for_each(|stream| second.end(&memory, stream));
    second.tend(&memory, later(202));
    assert_eq!(second.report(&memory, later(202)), Some([4, 2]), "the end is told at once");
    drop(first);
    assert!(second.is_busy(), "somebody has to tell that the other one is dead");
    assert_eq!(second.report(&memory, later(5_001)), Some([0, 0]));
    assert!(!second.is_busy());
}

#[test]
fn threads_never_have_more_open_than_the_limit() {
    let memory = Memory::default();
    let (open, highest) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        for number in 0..4 {
            let (memory, open, highest) = (&memory, &open, &highest);
            scope.spawn(move || {
                let mut lines = worker(memory, number);
                for stream in 0..2_000 {
                    let mut turn = lines.ask(memory, stream, &caller(b"a"), FOUR, START);
                    while turn == Turn::NotYet {
                        lines.tend(memory, START);
                        turn = lines.ask(memory, stream, &caller(b"a"), FOUR, START);
                        thread::yield_now();
                    }
                    if turn == Turn::Now {
                        highest.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        open.fetch_sub(1, Ordering::SeqCst);
                    }
                    lines.end(memory, stream);
                }
            });
        }
    });
    assert!((1..=4).contains(&highest.load(Ordering::SeqCst)));
}

/// A step of three workers and their clients.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A client asks a worker.
    Ask(usize),
    /// The open or waiting request at some place ends.
    End(usize),
    /// A worker ticks.
    Tick(usize),
    /// A worker dies, and another one comes in its place.
    Die(usize),
    /// Other workers are faster a few times.
    Outrun(usize),
    /// Time goes by, and the workers tick as long as they do.
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let worker = 0..3_usize;
    let step = prop_oneof![
        8 => worker.clone().prop_map(Step::Ask),
        6 => (0..64_usize).prop_map(Step::End),
        6 => worker.clone().prop_map(Step::Tick),
        1 => worker.prop_map(Step::Die),
        1 => (0..8_usize).prop_map(Step::Outrun),
        3 => (1..500_u64).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 1..200)
}

/// Three workers, and what should be true of them.
struct Model {
    memory: Memory,
    workers: [Lines; 3],
    /// The open requests: worker and stream.
    open: Vec<(usize, u32)>,
    /// The waiting requests in the order in which they came.
    waiting: Vec<(usize, u32)>,
    /// The requests that dead workers had open, with the time of their death.
    dead: Vec<u64>,
    next: u32,
    now: u64,
}

impl Model {
    fn new() -> Self {
        let memory = Memory::default();
        let workers = [0, 1, 2].map(|number| worker(&memory, number));
        let (open, waiting, dead) = (Vec::new(), Vec::new(), Vec::new());
        Self { memory, workers, open, waiting, dead, next: 100, now: 0 }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Ask(at) => self.ask(at),
            Step::End(number) => {
                let all: Vec<_> = self.open.iter().chain(&self.waiting).copied().collect();
                if let Some(&(at, stream)) = all.get(number % all.len().max(1)) {
                    self.workers[at].end(&self.memory, stream);
                    for of in [&mut self.open, &mut self.waiting] {
                        of.retain(|known| *known != (at, stream));
                    }
                }
            }
            Step::Tick(at) => self.tick(at),
            Step::Die(at) => {
                self.next += 1;
                self.workers[at] = worker(&self.memory, self.next.into());
                let before = self.open.len();
                self.open.retain(|&(of, _)| of != at);
                self.waiting.retain(|&(of, _)| of != at);
                self.dead.extend(vec![self.now; before - self.open.len()]);
            }
            Step::Outrun(times) => self.memory.outrun.store(times, Ordering::SeqCst),
            Step::Pass(time) => {
                self.now += time;
                (0..3).for_each(|at| self.tick(at));
            }
        }
        // A dead worker has told of what it had within two seconds before it died.
        let counting = self.dead.iter().filter(|died| self.now < *died + 3_000).count();
        assert!(self.open.len() + counting <= 4, "{:?} and {counting} of the dead", self.open);
    }

    fn ask(&mut self, at: usize) {
        self.next += 1;
        let stream = self.next;
        match self.workers[at].ask(&self.memory, stream, &caller(b"a"), FOUR, later(self.now)) {
            Turn::Now => self.open.push((at, stream)),
            Turn::NotYet => self.waiting.push((at, stream)),
            Turn::Never(_) => panic!("there is room in the line"),
        }
    }

    /// Lets a worker tick. Those who go on are the first of its line.
    fn tick(&mut self, at: usize) {
        for stream in self.workers[at].tend(&self.memory, later(self.now)) {
            let first = self.waiting.iter().find(|&&(of, _)| of == at);
            assert_eq!(first, Some(&(at, stream)), "first come, first served");
            self.waiting.retain(|known| *known != (at, stream));
            match self.workers[at].ask(&self.memory, stream, &caller(b"a"), FOUR, later(self.now)) {
                Turn::Now => self.open.push((at, stream)),
                Turn::Never(Never::Waited) => self.workers[at].end(&self.memory, stream),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Ends everything, and lets the time of the dead run out.
    fn finish(&mut self) {
        self.memory.outrun.store(0, Ordering::SeqCst);
        for _ in 0..12 {
            self.step(Step::Pass(500));
        }
        assert!(self.waiting.is_empty(), "nobody waits for longer than allowed");
        while !self.open.is_empty() {
            self.step(Step::End(0));
        }
        (0..3).for_each(|at| self.tick(at));
        assert!(self.workers.iter().all(|lines| !lines.is_busy()));
        (0..4).for_each(|at| self.ask(at % 3));
        assert_eq!((self.open.len(), self.waiting.len()), (4, 0), "no place is lost");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_step_opens_too_many_or_loses_a_place(steps in steps()) {
        let mut model = Model::new();
        steps.into_iter().for_each(|step| model.step(step));
        model.finish();
    }
}
