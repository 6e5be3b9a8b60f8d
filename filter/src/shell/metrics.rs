//! The metrics of one configuration in one worker. A metric that the host refuses is left out, since that is no reason to
//! refuse a request.

use super::host::{self, HostError, Metric, MetricKind};
use super::host_kind::HostKind;
use super::host_kind::PasswordChecks;
use crate::gateway::Gateway;
use crate::report::count::{CHECKS_WAITING, Count, LINES};
use std::cell::{Cell, RefCell};

/// The metrics that the host knows already.
#[derive(Default)]
pub(super) struct Metrics {
    counts: RefCell<Vec<(Count, Metric)>>,
    /// The number of waiting checks, with the number that was reported last.
    checks_waiting: Cell<Option<(Metric, i64)>>,
    lines: Cell<Option<[Metric; 2]>>,
}

impl Metrics {
    /// Makes the host show the metrics of what may go wrong before it does. Their numbers aren't kept, so that the
    /// metrics that are used are found among few.
    pub(super) fn tell_zeros(gateway: &Gateway, kind: &HostKind) {
        for count in gateway.counts_at_zero() {
            log_refused(host::metric(MetricKind::Counter, &count.metric(&gateway.mounts)).map(drop));
        }
        if gateway.callers.passwords.is_some() && kind.checks == PasswordChecks::InTicks {
            log_refused(host::metric(MetricKind::Gauge, CHECKS_WAITING).map(drop));
        }
        if gateway.access.has_lines() {
            LINES.iter().for_each(|name| log_refused(host::metric(MetricKind::Gauge, name).map(drop)));
        }
    }

    /// Adds one to the metric of a count.
    pub(super) fn add(&self, count: Count, gateway: &Gateway) {
        log_refused(self.of_count(count, gateway).and_then(|metric| host::add(metric, 1)));
    }

    fn of_count(&self, count: Count, gateway: &Gateway) -> Result<Metric, HostError> {
        if let Some(&(_, metric)) = self.counts.borrow().iter().find(|(known, _)| *known == count) {
            return Ok(metric);
        }
        let metric = host::metric(MetricKind::Counter, &count.metric(&gateway.mounts))?;
        self.counts.borrow_mut().push((count, metric));
        Ok(metric)
    }

    /// Reports the number of waiting checks. The gauge is shared by all workers, so each adds only its own change.
    pub(super) fn tell_checks_waiting(&self, waiting: usize) {
        let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
        let told = self.checks_waiting.get();
        if waiting == told.map_or(0, |(_, number)| number) {
            return;
        }
        let metric =
            told.map_or_else(|| host::metric(MetricKind::Gauge, CHECKS_WAITING), |(metric, _)| Ok(metric));
        let Ok(metric) = metric else { return };
        let difference = waiting.saturating_sub(told.map_or(0, |(_, number)| number));
        if host::add(metric, difference).is_ok() {
            self.checks_waiting.set(Some((metric, waiting)));
        }
    }

    /// Reports the numbers of open and of waiting requests. They are those of all workers, so that nothing stays of a VM
    /// that died.
    pub(super) fn tell_lines(&self, numbers: [u32; 2]) {
        let [open, waiting] = LINES;
        let metrics = || {
            let gauge = |name| host::metric(MetricKind::Gauge, name);
            Ok([gauge(open)?, gauge(waiting)?])
        };
        match self.lines.get().map_or_else(metrics, Ok) {
            Ok(metrics) => {
                self.lines.set(Some(metrics));
                for (metric, number) in metrics.into_iter().zip(numbers) {
                    log_refused(host::record(metric, number.into()));
                }
            }
            Err(error) => log_refused(Err(error)),
        }
    }
}

/// Logs that the host refuses a metric, if it does.
fn log_refused(told: Result<(), HostError>) {
    if let Err(error) = told {
        log::debug!("promward: the host refuses a metric: {error:?}");
    }
}
