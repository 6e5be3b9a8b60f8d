//! Progress messages: a demo says what it does, and repeats it while that takes long, so that it never seems to hang.

use std::fmt::Display;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// The longest time that a demo is silent.
const SILENCE: Duration = Duration::from_secs(8);

/// Prints a progress message to standard error.
pub(super) fn say(what: impl Display) {
    eprintln!("demo: {what}");
}

/// Prints what is done, does it, and repeats the message every few seconds until it is done.
pub(super) fn during<T>(what: &str, work: impl FnOnce() -> T) -> T {
    say(what);
    let (done, is_done) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let begin = Instant::now();
            while is_done.recv_timeout(SILENCE) == Err(RecvTimeoutError::Timeout) {
                say(format!("still {what} ({} s)", begin.elapsed().as_secs()));
            }
        });
        let result = work();
        drop(done);
        result
    })
}
