//! Three workers at random steps, compared with what should be true of them.

use super::{FOUR, Memory, caller, later, worker};
use crate::limits::lines::{Lines, Never, Turn};
use proptest::prelude::*;
use std::sync::atomic::Ordering;

/// A step of three workers and their clients.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A client asks a worker.
    Ask(usize),
    /// The open or waiting request at some place ends.
    End(usize),
    /// A worker gets a tick.
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
