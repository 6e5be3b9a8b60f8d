//! Progress: a demo says what it does, and again while it takes long, so that nobody takes it for one that hangs.

use std::fmt::Display;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a demo may be silent.
const SILENCE: Duration = Duration::from_secs(8);

/// Says what goes on, beside what the demo has to show.
pub(super) fn say(what: impl Display) {
    eprintln!("demo: {what}");
}

/// Says what is done, does it, and says every few seconds that it isn't done yet.
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
