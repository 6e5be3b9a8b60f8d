//! A program in the background that never outlives us, and whose output can be waited for.
//!
//! Tests and the demo run Envoy, Prometheus and nginx, and none of them may be left behind, however we end. So a
//! process has a group of its own, which is ended on drop, and the kernel ends it when we are killed. Its output is
//! kept: a test waits for a line to know that something has happened, and every error shows the last lines.

mod figures;
mod lines;
mod ready;
mod spawn;

use anyhow::{Context, Result, bail};
pub use figures::{descriptors, pin, processor_time, size};
use lines::Lines;
pub use ready::{free_port, get};
use std::fmt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// The time that a process has to end by itself, before it is killed.
const GRACE: Duration = Duration::from_secs(5);

/// The time that a wait lasts before the process is looked at again.
const GLANCE: Duration = Duration::from_millis(10);

/// The number of last lines that an error shows.
const SHOWN: usize = 20;

/// A running program. Dropping it ends the program and every process that it has started.
pub struct Process {
    name: String,
    child: Mutex<Child>,
    lines: Lines,
}

/// One of the two outputs of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Output,
    Errors,
}

/// A position in the output of a process, see [`Process::mark`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(usize);

impl Process {
    /// Starts `command`, without input and with both outputs kept. `name` is its name in errors.
    ///
    /// # Errors
    ///
    /// Returns an error if the program can't be run.
    pub fn start(name: &str, mut command: Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = spawn::spawn(command).with_context(|| format!("cannot run {name} ({program})"))?;
        let lines = Lines::default();
        lines.collect(Stream::Output, child.stdout.take().expect("the output is piped"));
        lines.collect(Stream::Errors, child.stderr.take().expect("the errors are piped"));
        Ok(Self { name: name.to_owned(), child: Mutex::new(child), lines })
    }

    #[must_use]
    pub fn id(&self) -> u32 {
        self.child().id()
    }

    /// Returns the lines that it has printed on `stream`. Only the last 100,000 lines of both streams together are
    /// kept.
    #[must_use]
    pub fn lines(&self, stream: Stream) -> Vec<String> {
        self.lines.of(stream)
    }

    /// Returns what it has printed on either stream since `mark`, and the mark for what comes after that.
    #[must_use]
    pub fn lines_after(&self, mark: Mark) -> (Vec<(Stream, String)>, Mark) {
        self.lines.after(mark)
    }

    /// Returns the end of what it has printed by now, to wait for what comes after it.
    #[must_use]
    pub fn mark(&self) -> Mark {
        self.lines.mark()
    }

    /// Waits for a line, on either stream, that contains `pattern`. A line that was printed before counts too.
    ///
    /// # Errors
    ///
    /// Returns an error if the process ends, or if `within` passes, before it prints such a line.
    pub fn wait_for_line(&self, pattern: &str, within: Duration) -> Result<String> {
        self.wait_for_line_after(Mark::default(), pattern, within)
    }

    /// Waits for a line after `mark`, as [`wait_for_line`](Self::wait_for_line) does.
    ///
    /// # Errors
    ///
    /// Returns an error where [`wait_for_line`](Self::wait_for_line) does.
    pub fn wait_for_line_after(&self, mark: Mark, pattern: &str, within: Duration) -> Result<String> {
        self.wait_until(&format!("the line {pattern:?}"), within, || {
            self.lines.find(mark, |line| line.contains(pattern))
        })
    }

    /// Asks again and again until there is an answer: after every line that the process prints, and every 10 ms.
    ///
    /// # Errors
    ///
    /// Returns an error if the process ends, or if `within` passes, without an answer. `what` tells in the error what
    /// was waited for.
    pub fn wait_until<T>(
        &self,
        what: &str,
        within: Duration,
        mut answer: impl FnMut() -> Option<T>,
    ) -> Result<T> {
        let start = Instant::now();
        loop {
            let printed = self.mark();
            // This is asked before the question, so that the question then finds everything that was printed before the
            // end.
            let ended = self.ended()?;
            if let Some(found) = answer() {
                return Ok(found);
            }
            if let Some(status) = ended {
                self.lines.drain(GRACE);
                return answer().with_context(|| format!("{self} ended ({status}) before {what}"));
            }
            if start.elapsed() > within {
                bail!("{self} took longer than {within:?} for {what}");
            }
            self.lines.wait_after(printed, GLANCE);
        }
    }

    /// Returns how it ended, or `None` while it runs.
    ///
    /// # Errors
    ///
    /// Returns an error if the system can't tell.
    pub fn ended(&self) -> Result<Option<ExitStatus>> {
        self.child().try_wait().with_context(|| format!("cannot ask for the state of {}", self.name))
    }

    /// Asks it to end, as a service manager would, and kills it if it takes more than five seconds.
    ///
    /// # Errors
    ///
    /// Returns an error if the system can't tell how it ended.
    pub fn stop(&self) -> Result<ExitStatus> {
        let group = self.id();
        if self.ended()?.is_none() {
            spawn::signal(group, libc::SIGTERM);
        }
        let start = Instant::now();
        while start.elapsed() < GRACE {
            if let Some(status) = self.ended()? {
                // Processes that it has started may still be there, in the same group.
                spawn::signal(group, libc::SIGKILL);
                return Ok(status);
            }
            self.lines.wait_after(self.mark(), GLANCE);
        }
        spawn::signal(group, libc::SIGKILL);
        self.child().wait().with_context(|| format!("cannot wait for {}", self.name))
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap()
    }
}

/// Shows the name with the last lines, for errors.
impl fmt::Display for Process {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.lines.last(SHOWN);
        if last.is_empty() {
            return write!(formatter, "{} (it printed nothing)", self.name);
        }
        write!(formatter, "{} (its last lines: {})", self.name, last.join("\n"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Nobody can be told of an error here, and the kernel ends the process with us in any case.
        let _ = self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::{Process, Stream};
    use std::fs;
    use std::path::Path;
    use std::process::Command;
    use std::thread;
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(20);

    fn shell(script: &str) -> Process {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        Process::start("a script", command).unwrap()
    }

    #[test]
    fn a_line_is_waited_for_on_both_streams() {
        let process = shell("echo one; echo two >&2; exec sleep 60");
        assert_eq!(process.wait_for_line("tw", LONG).unwrap(), "two");
        process.wait_for_line("one", LONG).unwrap();
        assert_eq!(process.lines(Stream::Output), ["one"]);
        assert_eq!(process.lines(Stream::Errors), ["two"]);
    }

    #[test]
    fn the_end_of_a_process_ends_the_wait_and_its_last_words_are_told() {
        let error = shell("echo no such file; exit 3").wait_for_line("ready", LONG).unwrap_err().to_string();
        assert!(error.contains("no such file") && error.contains('3') && error.contains("ready"), "{error}");
    }

    #[test]
    fn a_line_after_a_mark_is_a_new_line() {
        let process = shell("echo same; exec sleep 60");
        process.wait_for_line("same", LONG).unwrap();
        let mark = process.mark();
        assert!(process.wait_for_line_after(mark, "same", Duration::from_millis(30)).is_err());
    }

    #[test]
    fn what_a_dropped_process_had_started_ends_too() {
        let process = shell("sleep 60 & echo child=$!; wait");
        let line = process.wait_for_line("child=", LONG).unwrap();
        let child = Path::new("/proc").join(line.trim_start_matches("child="));
        assert!(child.exists());
        drop(process);
        let waiting = shell("exec sleep 60");
        waiting.wait_until("the end of the child", LONG, || (!is_alive(&child)).then_some(())).unwrap();
    }

    #[test]
    fn a_process_that_ignores_the_request_to_end_is_killed() {
        let process = shell("trap '' TERM; echo deaf; while :; do sleep 1; done");
        process.wait_for_line("deaf", LONG).unwrap();
        assert!(!process.stop().unwrap().success());
    }

    #[test]
    fn a_process_outlives_the_thread_that_started_it() {
        let directory = tempfile::tempdir().unwrap();
        let sign = directory.path().join("sign");
        let script =
            format!("until [ -e {} ]; do sleep 0.01; done; echo here; exec sleep 60", sign.display());
        let process = thread::spawn(move || shell(&script)).join().unwrap();
        fs::write(sign, "").unwrap();
        process.wait_for_line("here", LONG).unwrap();
    }

    /// Returns `true` if a process runs. After the end of its parent it may stay as a zombie for a while where nobody
    /// collects it.
    fn is_alive(process: &Path) -> bool {
        fs::read_to_string(process.join("stat")).is_ok_and(|stat| !stat.contains(") Z "))
    }
}
