//! One of the modules that are compared, and the worker that requests go through.

use super::done::Done;
use super::exchange::Exchange;
use super::situation::Situation;
use anyhow::Result;
use promward_e2e::queries::Random;
use promward_embedded::host::{Frame, Level, MetricValue, Output, Plugin, Settings, StreamId, Why, Worker};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

/// The time of the first request, in milliseconds since 1970, and the least time from one batch to the next.
const START: u64 = 1_796_000_000_000;
const STEP: u64 = 500;

/// The most ticks for which a batch may wait.
const PATIENCE: u32 = 2_000;

/// The properties that the access log shows: one object, or one property for each of its fields.
const RECORD: &str = "promward";
const PROPERTIES: [&str; 7] = [
    "promward_mount",
    "promward_caller",
    "promward_scheme",
    "promward_class",
    "promward_rule",
    "promward_outcome",
    "promward_reason",
];

/// Parts of log lines that name the version or the digest of the configuration, which differ.
const OWN: [&str; 2] = ["(git ", "configuration taken: "];

/// A module with one worker and a clock of its own.
pub(super) struct Subject {
    plugin: Plugin,
    worker: Worker,
    clock: Arc<AtomicU64>,
    log: Arc<Mutex<Vec<String>>>,
    batches: u64,
    /// The time at which the last batch began, in milliseconds since 1970.
    pub(super) began: u64,
}

/// A request on its way.
struct Open<'a> {
    id: StreamId,
    early: bool,
    /// The frames that are still to come.
    request: VecDeque<&'a Frame>,
    answer: VecDeque<&'a Frame>,
    is_asked: bool,
    has_asked: bool,
    is_over: bool,
    done: Done,
}

impl Subject {
    pub(super) fn start(module: &[u8], situation: &Situation) -> Result<Self> {
        let clock = Arc::new(AtomicU64::new(START));
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let (time, lines) = (Arc::clone(&clock), Arc::clone(&log));
        let mut settings = Settings::new(module.to_vec(), situation.configuration.clone());
        settings.metadata.clone_from(&situation.metadata);
        settings.allow_on_headers_stop_iteration = situation.stops_at_headers;
        settings.clock = Arc::new(move || UNIX_EPOCH + Duration::from_millis(time.load(Ordering::Relaxed)));
        settings.log =
            Arc::new(move |level: Level, line: &str| lines.lock().unwrap().push(format!("{level:?} {line}")));
        let plugin = Plugin::load(settings)?;
        let worker = plugin.worker()?;
        Ok(Self { plugin, worker, clock, log, batches: 0, began: START })
    }

    /// Sends a batch of requests at once, in an order that `random` decides, and returns what came of each.
    pub(super) fn run(&mut self, batch: &[Exchange], mut random: Random) -> Vec<Done> {
        self.batches += 1;
        let next = START + self.batches * STEP + random.below(100) as u64;
        self.clock.fetch_max(next, Ordering::Relaxed);
        self.began = self.clock.load(Ordering::Relaxed);
        let mut open: Vec<Open<'_>> = batch
            .iter()
            .map(|exchange| Open {
                id: self.worker.open(Arc::clone(&exchange.connection)),
                early: exchange.answers_early,
                request: exchange.request.iter().collect(),
                answer: exchange.answer.iter().collect(),
                is_asked: false,
                has_asked: false,
                is_over: false,
                done: Done::default(),
            })
            .collect();
        for _ in 0..PATIENCE {
            while let Some(stream) = one(&mut open, &mut random) {
                self.step(stream);
                self.take_outputs(&mut open);
            }
            if open.iter().all(|stream| stream.is_over) {
                break;
            }
            self.clock.fetch_add(1, Ordering::Relaxed);
            self.worker.tick();
            self.take_outputs(&mut open);
        }
        open.into_iter().map(|stream| self.finish(stream)).collect()
    }

    /// Sends the next frame of a stream.
    fn step(&mut self, stream: &mut Open<'_>) {
        match stream.next_is_answer() {
            false => {
                if let Some(frame) = stream.request.pop_front() {
                    self.worker.request(stream.id, frame.clone());
                }
            }
            true => {
                if let Some(frame) = stream.answer.pop_front() {
                    self.worker.response(stream.id, frame.clone());
                }
            }
        }
    }

    fn take_outputs(&mut self, open: &mut [Open<'_>]) {
        for stream in open.iter_mut().filter(|stream| !stream.is_over) {
            for output in self.worker.outputs(stream.id) {
                match &output {
                    Output::ToUpstream(frame) => {
                        stream.is_asked = true;
                        stream.has_asked |= frame.ends();
                    }
                    Output::ToDownstream(frame) => stream.is_over |= frame.ends(),
                    Output::Reset => stream.is_over = true,
                }
                stream.done.take(output);
            }
        }
    }

    fn finish(&mut self, mut stream: Open<'_>) -> Done {
        if !stream.is_over {
            stream.done.add("answer: end", "never".to_owned());
        }
        if self.worker.failed() {
            stream.done.add("trap", "the module has trapped".to_owned());
        }
        for name in PROPERTIES {
            if let Some(value) = self.worker.filter_state(stream.id, name) {
                let name = name.trim_start_matches("promward_");
                stream.done.add(&format!("report: {name}"), String::from_utf8_lossy(&value).into_owned());
            }
        }
        if let Some(record) = self.worker.filter_state(stream.id, RECORD) {
            let record: BTreeMap<String, serde_json::Value> =
                serde_json::from_slice(&record).expect("the record is an object");
            record.iter().for_each(|(name, value)| stream.done.add_reported(name, value));
        }
        let why = if stream.is_over { Why::Finished } else { Why::ClientGone };
        self.worker.close(stream.id, why);
        stream.done
    }

    /// Returns what was logged and counted since the start. When a table is full depends on a key that each VM draws.
    pub(super) fn end(&mut self) -> Done {
        let mut done = Done::default();
        for line in
            self.log.lock().unwrap().drain(..).filter(|line| !OWN.iter().any(|part| line.contains(part)))
        {
            done.add("log", line);
        }
        for (name, value) in self.plugin.metrics() {
            // A counter may be there before it counts, and its name may say that it is one.
            let name = name.replacen("_total.", ".", 1);
            let counts = value != MetricValue::Counter(0) && value != MetricValue::Gauge(0);
            if counts && !name.contains("memory_pages") && !name.contains("bounds_reached") {
                done.add(&format!("metric: {name}"), format!("{value:?}"));
            }
        }
        done
    }
}

impl Open<'_> {
    /// Returns `true` if the answer is what comes next, and not the rest of the request.
    fn next_is_answer(&self) -> bool {
        let begins = if self.early { self.is_asked } else { self.has_asked };
        begins && !self.answer.is_empty()
    }

    fn can_go_on(&self) -> bool {
        !self.is_over && (self.next_is_answer() || !self.request.is_empty())
    }
}

/// Returns one of the streams that can go on.
fn one<'a, 'b>(open: &'a mut [Open<'b>], random: &mut Random) -> Option<&'a mut Open<'b>> {
    let mut able: Vec<_> = open.iter_mut().filter(|stream| stream.can_go_on()).collect();
    let place = random.below(able.len());
    (place < able.len()).then(|| able.swap_remove(place))
}
