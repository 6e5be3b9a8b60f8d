//! The metrics that a module defines, shared by all workers of a plugin.

use super::status::Status;

/// The value of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricValue {
    /// A sum that only grows.
    Counter(u64),
    /// A value that goes up and down.
    Gauge(u64),
    /// The values that were recorded.
    Histogram {
        /// The number of recorded values.
        count: u64,
        /// The sum of the recorded values.
        sum: u64,
    },
}

/// All metrics of a plugin. The id of a metric is its index here. A counter and a gauge may have the same name.
#[derive(Default)]
pub(super) struct Metrics {
    metrics: Vec<(String, MetricValue)>,
}

impl Metrics {
    pub(super) fn all(&self) -> Vec<(String, MetricValue)> {
        self.metrics.clone()
    }

    pub(super) fn define(&mut self, kind: u32, name: &[u8]) -> Result<u32, Status> {
        let fresh = match kind {
            0 => MetricValue::Counter(0),
            1 => MetricValue::Gauge(0),
            2 => MetricValue::Histogram { count: 0, sum: 0 },
            _ => return Err(Status::BadArgument),
        };
        let name = String::from_utf8_lossy(name).into_owned();
        let same = |(other, value): &(String, MetricValue)| {
            *other == name && std::mem::discriminant(value) == std::mem::discriminant(&fresh)
        };
        let index = self.metrics.iter().position(same).unwrap_or_else(|| {
            self.metrics.push((name.clone(), fresh));
            self.metrics.len() - 1
        });
        Ok(index as u32)
    }

    /// Adds to a counter or a gauge. As on Envoy, adding nothing to a counter is an error.
    pub(super) fn increment(&mut self, id: u32, offset: i64) -> Result<(), Status> {
        match self.metric(id)? {
            MetricValue::Counter(value) if offset > 0 => *value = value.wrapping_add_signed(offset),
            MetricValue::Gauge(value) => *value = value.wrapping_add_signed(offset),
            _ => return Err(Status::BadArgument),
        }
        Ok(())
    }

    /// Adds to a counter or a gauge, or takes from it.
    pub(super) fn shift(&mut self, id: u32, offset: i64) -> Result<(), Status> {
        match self.metric(id)? {
            MetricValue::Counter(value) | MetricValue::Gauge(value) => {
                *value = value.wrapping_add_signed(offset)
            }
            MetricValue::Histogram { .. } => return Err(Status::BadArgument),
        }
        Ok(())
    }

    /// Returns the value of a metric, which says its kind.
    pub(super) fn kind(&self, id: u32) -> Result<MetricValue, Status> {
        self.metrics.get(id as usize).map(|(_, value)| *value).ok_or(Status::NotFound)
    }

    /// Sets a gauge, adds to a counter, or records a value in a histogram.
    pub(super) fn record(&mut self, id: u32, recorded: u64) -> Result<(), Status> {
        match self.metric(id)? {
            MetricValue::Counter(value) => *value = value.wrapping_add(recorded),
            MetricValue::Gauge(value) => *value = recorded,
            MetricValue::Histogram { count, sum } => {
                *count = count.wrapping_add(1);
                *sum = sum.wrapping_add(recorded);
            }
        }
        Ok(())
    }

    pub(super) fn get(&mut self, id: u32) -> Result<u64, Status> {
        match self.metric(id)? {
            MetricValue::Counter(value) | MetricValue::Gauge(value) => Ok(*value),
            MetricValue::Histogram { .. } => Err(Status::BadArgument),
        }
    }

    fn metric(&mut self, id: u32) -> Result<&mut MetricValue, Status> {
        self.metrics.get_mut(id as usize).map(|(_, value)| value).ok_or(Status::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_defined_twice_is_one_metric() {
        let mut metrics = Metrics::default();
        let counter = metrics.define(0, b"a").unwrap();
        assert_eq!(metrics.define(0, b"a"), Ok(counter));
        assert_ne!(metrics.define(1, b"a"), Ok(counter));
        assert_eq!(metrics.define(3, b"a"), Err(Status::BadArgument));
    }

    #[test]
    fn counters_grow_gauges_move_histograms_record() {
        let mut metrics = Metrics::default();
        let (counter, gauge) = (metrics.define(0, b"c").unwrap(), metrics.define(1, b"g").unwrap());
        let histogram = metrics.define(2, b"h").unwrap();
        metrics.increment(counter, 2).unwrap();
        assert_eq!(metrics.increment(counter, 0), Err(Status::BadArgument));
        metrics.record(counter, 3).unwrap();
        metrics.record(gauge, 5).unwrap();
        metrics.increment(gauge, -1).unwrap();
        metrics.record(histogram, 9).unwrap();
        assert_eq!((metrics.get(counter), metrics.get(gauge)), (Ok(5), Ok(4)));
        assert_eq!(metrics.get(histogram), Err(Status::BadArgument));
        assert_eq!(metrics.increment(99, 1), Err(Status::NotFound));
    }
}
