//! The samples of the servers in these tests: series of two tenants and series without a tenant. They are equal in all
//! labels but one, and differ in their values, so that every series that slips through is visible.

use super::Random;
use promward_harness::prometheus::Release;
use std::fmt::Write;

/// The time of the first sample, in seconds since 1970. Prometheus begins a block at this time.
pub const START: i64 = 1_704_067_200;

/// The time from the first sample to the last, and between two samples, in seconds.
pub const LENGTH: i64 = 6_000;
const STEP: i64 = 30;

/// The label that names the tenant of a series.
pub const LABEL: &str = "tenant";

/// A text that occurs in series of the second tenant only, and that nobody else may ever read.
pub const SECRET: &str = "beta";

#[derive(Clone, Copy, Debug)]
pub struct Metric {
    pub name: &'static str,
    /// Its labels besides `job` and `instance`, and the values of each.
    pub labels: &'static [(&'static str, &'static [&'static str])],
    pub course: Course,
    /// Is set if only Prometheus 3 accepts its names.
    pub quoted: bool,
}

/// The way in which the values of a metric change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Course {
    /// Values that go up and down.
    Gauge,
    /// Values that go up, with resets.
    Counter,
    /// Values of a counter, by `le`.
    Bucket,
    /// Values that are always 1.
    Info,
}

/// The values of `job`, a label that every series has.
pub const JOBS: [&str; 2] = ["api", "db"];
/// The values of `instance`, a label that every series has.
pub const INSTANCES: [&str; 2] = ["one:9090", "two:9090"];

pub const METRICS: &[Metric] = &[
    metric("up", &[], Course::Gauge),
    metric("memory_bytes", &[], Course::Gauge),
    metric("temperature_celsius", &[], Course::Gauge),
    metric("job:requests:rate5m", &[], Course::Gauge),
    metric("requests_total", &[("method", &["get", "post"]), ("status", &["200", "500"])], Course::Counter),
    metric("sent_bytes_total", &[("device", &["eth0", "wlan0"])], Course::Counter),
    metric("request_seconds_bucket", &[("le", &["0.1", "0.5", "2.5", "+Inf"])], Course::Bucket),
    metric("request_seconds_sum", &[], Course::Counter),
    metric("request_seconds_count", &[], Course::Counter),
    metric("build_info", &[("version", &["1.2.3"])], Course::Info),
    metric("sum", &[("by", &["x"])], Course::Gauge),
    metric("offset", &[("on", &["y"]), ("bool", &["z"])], Course::Gauge),
    metric("start", &[("group_left", &["left"])], Course::Gauge),
    Metric {
        name: "http.server.duration",
        labels: &[("service.name", &["shop", "größe"])],
        course: Course::Gauge,
        quoted: true,
    },
    Metric { name: "quoted \"name\"", labels: &[("a label", &["v"])], course: Course::Counter, quoted: true },
];

const fn metric(
    name: &'static str,
    labels: &'static [(&'static str, &'static [&'static str])],
    course: Course,
) -> Metric {
    Metric { name, labels, course, quoted: false }
}

/// A choice of series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The series of `a` and `b`, and those without a tenant.
    Everybodys,
    /// The series of `a`, with the same samples.
    As,
    /// The series of `a`, and everybody's series of these metrics.
    AsAnd(&'static [&'static str]),
    /// The series whose labels have, in any of these alternatives, one of the values of each label.
    AnyOf(&'static [Alternative]),
}

/// Labels, each with the values that it may have.
pub type Alternative = &'static [(&'static str, &'static [&'static str])];

impl Whose {
    fn includes(self, labels: &Labels) -> bool {
        let Self::AnyOf(alternatives) = self else { return true };
        alternatives.iter().any(|alternative| {
            alternative.iter().all(|(label, values)| {
                labels.iter().any(|(name, value)| name == label && values.contains(&value.as_str()))
            })
        })
    }
}

/// Returns the samples as an OpenMetrics text.
#[must_use]
pub fn open_metrics(release: Release, whose: Whose) -> String {
    let tenants = |metric: &Metric| -> &[&str] {
        match whose {
            Whose::Everybodys | Whose::AnyOf(_) => &["a", "b", ""],
            Whose::AsAnd(shared) if shared.contains(&metric.name) => &["a", "b", ""],
            Whose::As | Whose::AsAnd(_) => &["a"],
        }
    };
    let metrics = METRICS.iter().filter(|metric| release == Release::Three || !metric.quoted);
    let mut text = String::new();
    for metric in metrics {
        for tenant in tenants(metric) {
            for labels in series(metric, tenant).into_iter().filter(|labels| whose.includes(labels)) {
                write_series(&mut text, metric, &labels);
            }
        }
    }
    text.push_str("# EOF\n");
    text
}

type Labels = Vec<(&'static str, String)>;

/// Returns the label sets of a metric that a tenant has.
fn series(metric: &Metric, tenant: &str) -> Vec<Labels> {
    let zone = if tenant == "b" { SECRET.to_owned() } else { format!("zone-{tenant}") };
    let mut sets: Vec<Labels> = vec![vec![("zone", zone)]];
    if !tenant.is_empty() {
        sets.iter_mut().for_each(|set| set.push((LABEL, tenant.to_owned())));
    }
    let ours: &[(&str, &[&str])] = &[("job", &JOBS), ("instance", &INSTANCES)];
    for (label, values) in ours.iter().chain(metric.labels) {
        sets = sets
            .iter()
            .flat_map(|set| {
                values.iter().map(|value| [set.clone(), vec![(*label, (*value).to_owned())]].concat())
            })
            .collect();
    }
    // Only `b` has this job.
    if tenant == "b" {
        let own = sets.iter().filter(|set| set.iter().any(|(_, value)| value == "db")).cloned();
        let own: Vec<Labels> = own.map(renamed).collect();
        sets.extend(own);
    }
    sets
}

fn renamed(labels: Labels) -> Labels {
    let named = labels.into_iter().map(|(name, value)| match value.as_str() {
        "db" => (name, format!("billing-{SECRET}")),
        _ => (name, value),
    });
    named.collect()
}

fn write_series(text: &mut String, metric: &Metric, labels: &Labels) {
    let named: Vec<_> =
        labels.iter().map(|(label, value)| format!("{}=\"{}\"", name(label), escaped(value))).collect();
    let series = match metric.quoted {
        false => format!("{}{{{}}}", metric.name, named.join(",")),
        true => format!("{{\"{}\",{}}}", escaped(metric.name), named.join(",")),
    };
    let seed = series.bytes().fold(7_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    let mut random = Random::new(seed);
    let bucket = labels.iter().find(|(label, _)| *label == "le").map(|(_, le)| le.parse().unwrap_or(9.0));
    let (mut value, mut time) = (start(metric, &mut random), START);
    while time <= START + LENGTH {
        writeln!(text, "{series} {value} {time}").unwrap();
        value = next(metric, value, bucket, &mut random);
        time += STEP;
    }
}

/// Returns a label's name, in quotes where it needs them.
fn name(label: &str) -> String {
    let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain { label.to_owned() } else { format!("\"{}\"", escaped(label)) }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn start(metric: &Metric, random: &mut Random) -> f64 {
    match metric.course {
        Course::Info => 1.0,
        _ => small(random),
    }
}

/// Returns the next value. All values are multiples of a half, so that sums are exact in any order.
fn next(metric: &Metric, value: f64, bucket: Option<f64>, random: &mut Random) -> f64 {
    match metric.course {
        Course::Info => value,
        Course::Gauge if metric.name == "up" => f64::from(u8::from(!random.once_in(9))),
        Course::Gauge => small(random) - 12.0,
        Course::Counter if random.once_in(50) => 0.0,
        Course::Counter => value + small(random),
        Course::Bucket => value + (2.0 * bucket.unwrap_or(1.0)).ceil() * 4.0,
    }
}

/// Returns a value from 0.5 to 32.
fn small(random: &mut Random) -> f64 {
    (random.below(64) + 1) as f64 / 2.0
}
