//! Reports to the host how much memory the VM has taken. One memory serves every configuration of a VM, so the last
//! report is kept with the VM and not with a configuration.

use super::host::{self, HostError, Metric, MetricKind};
use crate::report::count::MEMORY_PAGES;
use std::cell::Cell;

/// The last report to the host.
#[derive(Clone, Copy)]
struct Told {
    metric: Option<Metric>,
    pages: usize,
}

thread_local! {
    static TOLD: Cell<Told> = const { Cell::new(Told { metric: None, pages: 0 }) };
}

/// Reports by how many pages of 64 KiB the VM has grown since the last call, as a metric of this kind. If it hasn't grown, this makes no host
/// call. A report that the host refuses is not repeated.
///
/// Call it at the end of an action of a stream: the VM in which a host tries a configuration has no streams, and its
/// memory goes with it.
pub(crate) fn tell_growth(kind: MetricKind) {
    let told = TOLD.get();
    let pages = core::arch::wasm32::memory_size::<0>();
    if pages == told.pages {
        return;
    }
    let metric = tell(kind, told.metric, pages.saturating_sub(told.pages));
    if let Err(error) = &metric {
        log::debug!("promward: the host refuses the metric of the memory: {error:?}");
    }
    TOLD.set(Told { metric: metric.ok().or(told.metric), pages });
}

fn tell(kind: MetricKind, metric: Option<Metric>, growth: usize) -> Result<Metric, HostError> {
    let metric = metric.map_or_else(|| host::metric(kind, MEMORY_PAGES), Ok)?;
    host::add(metric, i64::try_from(growth).unwrap_or(i64::MAX))?;
    Ok(metric)
}
