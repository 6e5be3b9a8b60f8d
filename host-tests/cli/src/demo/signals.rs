//! The signals that end a demo. They become events, so that all programs are ended in order.

use anyhow::{Context, Result};
use std::sync::mpsc::Sender;
use std::thread;
use tokio::runtime;
use tokio::select;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signal that asked the program to end, by the name that users know it by.
pub(super) struct Signalled(pub(super) &'static str);

/// Turns the signals that ask a program to end into events, from now on.
///
/// # Errors
///
/// Returns an error if the system doesn't allow it.
pub(super) fn listen<E: From<Signalled> + Send + 'static>(events: Sender<E>) -> Result<()> {
    let runtime =
        runtime::Builder::new_current_thread().enable_all().build().context("cannot listen for signals")?;
    let caught = {
        let _inside = runtime.enter();
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal)
    };
    let [interrupt, terminate, hangup] = caught;
    let signals = (interrupt?, terminate?, hangup?);
    thread::spawn(move || runtime.block_on(forward(signals, &events)));
    Ok(())
}

async fn forward<E: From<Signalled>>(
    (mut interrupt, mut terminate, mut hangup): (Signal, Signal, Signal),
    events: &Sender<E>,
) {
    loop {
        let name = select! {
            _ = interrupt.recv() => "Ctrl-C",
            _ = terminate.recv() => "SIGTERM",
            _ = hangup.recv() => "SIGHUP",
        };
        if events.send(Signalled(name).into()).is_err() {
            return;
        }
    }
}
