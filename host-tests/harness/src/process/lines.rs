//! The output of a process, kept line by line, with a way to wait for more.

use super::{Mark, Stream};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

/// The number of lines that are kept.
const KEPT: usize = 100_000;

/// The lines of both streams in the order of their arrival.
#[derive(Default)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    lines: VecDeque<(Stream, String)>,
    /// The number of lines that are no longer kept.
    forgotten: usize,
    /// The number of streams that are still open.
    open: usize,
}

impl Lines {
    /// Keeps what comes from `source` until it ends.
    pub(super) fn collect(&self, stream: Stream, source: impl Read + Send + 'static) {
        let mut state = self.state();
        state.open += 1;
        drop(state);
        let shared = Arc::clone(&self.0);
        thread::spawn(move || {
            let mut source = BufReader::new(source);
            let mut line = Vec::new();
            while source.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                shared.add(stream, String::from_utf8_lossy(&line).trim_end().to_owned());
                line.clear();
            }
            shared.end();
        });
    }

    pub(super) fn of(&self, stream: Stream) -> Vec<String> {
        let state = self.state();
        state.lines.iter().filter(|(from, _)| *from == stream).map(|(_, line)| line.clone()).collect()
    }

    pub(super) fn last(&self, count: usize) -> Vec<String> {
        let state = self.state();
        let skipped = state.lines.len().saturating_sub(count);
        state.lines.iter().skip(skipped).map(|(_, line)| line.clone()).collect()
    }

    pub(super) fn after(&self, mark: Mark) -> (Vec<(Stream, String)>, Mark) {
        let state = self.state();
        let skipped = mark.0.saturating_sub(state.forgotten);
        (state.lines.iter().skip(skipped).cloned().collect(), state.end())
    }

    pub(super) fn mark(&self) -> Mark {
        self.state().end()
    }

    /// Returns the first line after `mark` that is wanted.
    pub(super) fn find(&self, mark: Mark, wanted: impl Fn(&str) -> bool) -> Option<String> {
        let state = self.state();
        let skipped = mark.0.saturating_sub(state.forgotten);
        state.lines.iter().skip(skipped).map(|(_, line)| line).find(|line| wanted(line)).cloned()
    }

    /// Waits until something is printed after `mark`, but no longer than `limit`.
    pub(super) fn wait_after(&self, mark: Mark, limit: Duration) {
        self.wait_while(limit, |state| state.end() <= mark);
    }

    /// Waits until everything that was printed has been read, but no longer than `limit`.
    pub(super) fn drain(&self, limit: Duration) {
        self.wait_while(limit, |state| state.open > 0);
    }

    fn wait_while(&self, limit: Duration, condition: impl Fn(&State) -> bool) {
        let waited = self.0.news.wait_timeout_while(self.state(), limit, |state| condition(state));
        drop(waited.unwrap());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }
}

impl Shared {
    fn add(&self, stream: Stream, line: String) {
        let mut state = self.state.lock().unwrap();
        state.lines.push_back((stream, line));
        if state.lines.len() > KEPT {
            state.lines.pop_front();
            state.forgotten += 1;
        }
        self.news.notify_all();
    }

    fn end(&self) {
        let mut state = self.state.lock().unwrap();
        state.open -= 1;
        self.news.notify_all();
    }
}

impl State {
    fn end(&self) -> Mark {
        Mark(self.forgotten + self.lines.len())
    }
}
