//! The progress of a long run, on terminals only.

use std::io::{self, Write};
use std::time::{Duration, Instant};

/// The time after which a run is long, and between two reports of its progress.
const LONG: Duration = Duration::from_millis(500);
const BETWEEN: Duration = Duration::from_millis(100);

/// The progress of a run.
pub(super) struct Progress {
    done: usize,
    of: usize,
    next: Option<Instant>,
    has_shown: bool,
}

impl Progress {
    /// Begins a run of this many tests.
    pub(super) fn new(of: usize, is_terminal: bool) -> Self {
        let next = is_terminal.then(|| Instant::now() + LONG);
        Self { done: 0, of, next, has_shown: false }
    }

    /// Notes that a test has been run, and reports it from time to time.
    pub(super) fn step(&mut self, errors: &mut dyn Write) -> io::Result<()> {
        self.done += 1;
        if self.next.is_some_and(|next| Instant::now() >= next) {
            self.next = Some(Instant::now() + BETWEEN);
            self.has_shown = true;
            write!(errors, "\r{} of {} tests", self.done, self.of)?;
            errors.flush()?;
        }
        Ok(())
    }

    /// Removes the report from the terminal.
    pub(super) fn end(&self, errors: &mut dyn Write) -> io::Result<()> {
        if self.has_shown {
            write!(errors, "\r\x1b[K")?;
        }
        Ok(())
    }
}
