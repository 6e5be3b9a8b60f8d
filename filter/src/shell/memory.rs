//! How much memory the VM has taken, told to the host. One memory serves every configuration of a VM, so what was told is
//! kept with the VM and not with a configuration.

use super::host::{self, HostError, Metric, MetricKind};
use crate::report::count::MEMORY_PAGES;
use std::cell::Cell;

/// What the host knows of this VM.
#[derive(Clone, Copy)]
struct Told {
    metric: Option<Metric>,
    pages: usize,
}

thread_local! {
    static TOLD: Cell<Told> = const { Cell::new(Told { metric: None, pages: 0 }) };
}

/// Tells by how many pages of 64 KiB the VM has grown since the last time. Where it hasn't, this makes no host call. What a
/// host doesn't take is left out, and not said again.
///
/// It is for the end of something that a stream did: the VM in which a host tries a configuration has no streams, and its
/// memory goes with it.
pub(crate) fn tell_growth() {
    let told = TOLD.get();
    let pages = core::arch::wasm32::memory_size::<0>();
    if pages == told.pages {
        return;
    }
    let metric = tell(told.metric, pages.saturating_sub(told.pages));
    if let Err(error) = &metric {
        log::debug!("promward: the host counts no memory: {error:?}");
    }
    TOLD.set(Told { metric: metric.ok().or(told.metric), pages });
}

fn tell(metric: Option<Metric>, growth: usize) -> Result<Metric, HostError> {
    let metric = metric.map_or_else(|| host::metric(MetricKind::Gauge, MEMORY_PAGES), Ok)?;
    host::add(metric, i64::try_from(growth).unwrap_or(i64::MAX))?;
    Ok(metric)
}
