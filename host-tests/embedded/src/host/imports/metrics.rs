//! Host calls that define, change and read metrics.

use crate::host::memory::Guest;
use crate::host::metrics::{MetricValue, Metrics};
use crate::host::personality::MetricRules;
use crate::host::state::lock;
use crate::host::status::{Outcome, Status};

/// The longest name of a metric on nginx: `max_metric_name_length 512`, less what nginx puts before it.
const LONGEST_NAME: usize = 512 - "pw:promward:".len();

pub(super) fn define(guest: &mut Guest, kind: u32, name: u32, name_size: u32, id: u32) -> Outcome {
    let name = guest.read(name, name_size)?;
    if guest.personality().metrics == MetricRules::CountersOnly && name.len() > LONGEST_NAME {
        return Err(guest.trap("the name of a metric is too long"));
    }
    let defined = with(guest, |metrics| metrics.define(kind, &name))?;
    guest.write_u32(id, defined)
}

pub(super) fn increment(guest: &mut Guest, id: u32, offset: i64) -> Outcome {
    match guest.personality().metrics {
        MetricRules::Checked => with(guest, |metrics| metrics.increment(id, offset)),
        MetricRules::CountersOnly => with(guest, |metrics| match metrics.kind(id)? {
            MetricValue::Counter(_) => metrics.shift(id, offset),
            _ => Err(Status::BadArgument),
        }),
        MetricRules::Unchecked => with(guest, |metrics| metrics.shift(id, offset)),
    }
}

pub(super) fn record(guest: &mut Guest, id: u32, value: u64) -> Outcome {
    let rules = guest.personality().metrics;
    with(guest, |metrics| match (rules, metrics.kind(id)?) {
        (MetricRules::CountersOnly, MetricValue::Counter(_)) => Err(Status::BadArgument),
        _ => metrics.record(id, value),
    })
}

pub(super) fn get(guest: &mut Guest, id: u32, to: u32) -> Outcome {
    let value = with(guest, |metrics| metrics.get(id))?;
    guest.write_u64(to, value)
}

/// Makes a call about a metric. Where only counters can be added to, a call that fails traps.
fn with<T>(guest: &mut Guest, call: impl FnOnce(&mut Metrics) -> Result<T, Status>) -> Result<T, Status> {
    let result = call(&mut lock(&guest.state().plugin.metrics));
    match result {
        Err(_) if guest.personality().metrics == MetricRules::CountersOnly => {
            Err(guest.trap("the call doesn't fit the metric"))
        }
        result => result,
    }
}
