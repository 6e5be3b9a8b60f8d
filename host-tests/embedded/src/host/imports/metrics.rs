//! Host calls that define, change and read metrics.

use crate::host::memory::Guest;
use crate::host::metrics::Metrics;
use crate::host::state::lock;
use crate::host::status::{Outcome, Status};

pub(super) fn define(guest: &mut Guest, kind: u32, name: u32, name_size: u32, id: u32) -> Outcome {
    let name = guest.read(name, name_size)?;
    let defined = with(guest, |metrics| metrics.define(kind, &name))?;
    guest.write_u32(id, defined)
}

pub(super) fn increment(guest: &mut Guest, id: u32, offset: i64) -> Outcome {
    with(guest, |metrics| metrics.increment(id, offset))
}

pub(super) fn record(guest: &mut Guest, id: u32, value: u64) -> Outcome {
    with(guest, |metrics| metrics.record(id, value))
}

pub(super) fn get(guest: &mut Guest, id: u32, to: u32) -> Outcome {
    let value = with(guest, |metrics| metrics.get(id))?;
    guest.write_u64(to, value)
}

fn with<T>(guest: &mut Guest, call: impl FnOnce(&mut Metrics) -> Result<T, Status>) -> Result<T, Status> {
    call(&mut lock(&guest.state().plugin.metrics))
}
