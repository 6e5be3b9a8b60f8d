//! The signals that end a demo. They become events, so that all programs are ended in order.

use super::Event;
use anyhow::{Context, Result};
use std::sync::mpsc::Sender;
use std::thread;
use tokio::runtime;
use tokio::select;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Turns the signals that ask a program to end into events, from now on.
///
/// # Errors
///
/// Returns an error if the system doesn't allow it.
pub(super) fn listen(events: Sender<Event>) -> Result<()> {
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

async fn forward(
    (mut interrupt, mut terminate, mut hangup): (Signal, Signal, Signal),
    events: &Sender<Event>,
) {
    loop {
        let name = select! {
            _ = interrupt.recv() => "Ctrl-C",
            _ = terminate.recv() => "SIGTERM",
            _ = hangup.recv() => "SIGHUP",
        };
        if events.send(Event::Asked(name)).is_err() {
            return;
        }
    }
}
