//! Tests of requests at once: several workers share one table, and are compared with what they should do together.

mod model;

use super::lines::{Lines, Never, Turn};
use super::share::{NEVER, Share};
use super::table::Table;
use super::{Concurrent, Counted, CountedCaller};
use crate::shared_data::{SharedData, Unreachable, Written};
use crate::time::instant::Instant;
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
fn after_a_clock_was_set_back_nobody_waits_longer_and_nobody_overtakes() {
    let memory = Memory::default();
    let [mut first, mut second] = [1, 2].map(|number| worker(&memory, number));
    assert_eq!(opened(&memory, &mut first, b"a", FOUR, 0..4), 4);
    let set_back = |milliseconds: u64| Instant(later(milliseconds).0 - 3_600_000_000_000);
    for stream in [4, 5] {
        assert_eq!(first.ask(&memory, stream, &caller(b"a"), FOUR, START), Turn::NotYet);
    }
    assert!(first.tend(&memory, set_back(0)).is_empty());
    assert_eq!(second.ask(&memory, 9, &caller(b"a"), FOUR, set_back(1)), Turn::NotYet);
    first.end(&memory, 0);
    assert!(second.tend(&memory, set_back(2)).is_empty());
    assert_eq!(first.tend(&memory, set_back(2)), [4]);
    assert_eq!(first.tend(&memory, set_back(1_000)), [5], "its time is over");
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
