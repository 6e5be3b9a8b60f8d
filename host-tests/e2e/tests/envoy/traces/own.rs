//! The host of this repository, driven without a network.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use promward_embedded::host::personality::RemovedHeaders;
use promward_embedded::host::{
    Connection, Frame, Headers, Output, Personality, Plugin, Settings, StreamId, Why, Worker,
};

use super::script::{
    ANSWER, ANSWER_TRAILERS, AUTHORITY, BUFFER_LIMIT, Mode, PATH, REQUEST_TRAILERS, Scenario, Step,
};
use super::trace::{End, Message, Trace};

/// The front's answer when the upstream breaks off before its answer, in Envoy's words.
const BROKEN_OFF: &str =
    "upstream connect error or disconnect/reset before headers. reset reason: remote reset";

/// The number of bytes of Traffic Server's page for the same.
const PAGE: usize = 255;

/// A worker with the probe.
pub(crate) struct Own {
    personality: Personality,
    worker: Worker,
    log: Arc<Mutex<Vec<String>>>,
}

impl Own {
    pub(crate) fn start(module: &[u8], mode: Mode) -> Own {
        Own::playing(module, mode, Personality::ENVOY)
    }

    /// Starts a worker that plays another host, as that host was when its traces were recorded.
    pub(crate) fn playing(module: &[u8], mode: Mode, personality: Personality) -> Own {
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        let plugin_name = if personality == Personality::NGINX { "filter" } else { "plugin" };
        // No allow-list was configured.
        let removed_headers = match personality.removed_headers {
            RemovedHeaders::Gone => RemovedHeaders::Gone,
            RemovedHeaders::GoUp | RemovedHeaders::GoneIfRepeated => RemovedHeaders::GoUp,
        };
        let plugin = Plugin::load(Settings {
            personality: Personality { removed_headers, ..personality },
            vm_id: "vm".into(),
            plugin_name: plugin_name.into(),
            root_id: "root".into(),
            allow_on_headers_stop_iteration: mode == Mode::StopIteration,
            buffer_limit: BUFFER_LIMIT,
            log: Arc::new(move |_, line| lines.lock().unwrap().push(line.to_owned())),
            ..Settings::new(module.to_vec(), "")
        });
        Own { personality, worker: plugin.unwrap().worker().unwrap(), log }
    }

    pub(crate) fn play(&mut self, scenario: &Scenario) -> Trace {
        self.log.lock().unwrap().clear();
        let id = self.worker.open(connection());
        let mut trace = Trace::default();
        for step in scenario.steps {
            let answers = matches!(step, Step::Answer | Step::AnswerAndEnd | Step::BreakOff);
            if answers && self.personality != Personality::ENVOY && trace.upstream.headers.is_empty() {
                // No request has reached the server, which the recorders of other hosts take as it is.
                continue;
            }
            self.step(id, scenario, *step);
            for output in self.worker.outputs(id) {
                note(&mut trace, output);
            }
        }
        if self.personality == Personality::TRAFFIC_SERVER {
            self.leave_unanswered(id, &trace);
        }
        self.worker.close(id, Why::Finished);
        let lines = self.log.lock().unwrap();
        trace.module =
            lines.iter().filter_map(|line| line.strip_prefix("probe: ")).map(str::to_owned).collect();
        trace
    }

    /// Ends a request that the server hasn't answered, as the recorder of Traffic Server does at the end of a scenario: its
    /// server breaks off when the client has left already.
    fn leave_unanswered(&mut self, id: StreamId, trace: &Trace) {
        if trace.upstream.end == End::Whole && trace.client.headers.is_empty() {
            self.break_off(id);
        }
    }

    fn break_off(&mut self, id: StreamId) {
        if self.personality == Personality::TRAFFIC_SERVER {
            self.worker.local_reply(id, 502, &"-".repeat(PAGE));
        } else {
            self.worker.local_reply(id, 503, BROKEN_OFF);
        }
    }

    fn step(&mut self, id: StreamId, scenario: &Scenario, step: Step) {
        let traffic_server = self.personality == Personality::TRAFFIC_SERVER;
        let worker = &mut self.worker;
        match step {
            Step::Open => worker.request(id, Frame::Headers(head(scenario, self.personality), false)),
            Step::OpenAndEnd => worker.request(id, Frame::Headers(head(scenario, self.personality), true)),
            Step::Send(piece) => worker.request(id, Frame::Data(piece.into(), false)),
            Step::SendBytes(size) => worker.request(id, Frame::Data(bytes(size), false)),
            Step::SendLast(piece) => worker.request(id, Frame::Data(piece.into(), true)),
            Step::SendTrailers => worker.request(id, Frame::Trailers(pairs(REQUEST_TRAILERS))),
            // It goes on with the request.
            Step::Leave if traffic_server => {}
            Step::Leave => worker.close(id, Why::ClientGone),
            Step::Answer => worker.response(id, Frame::Headers(answer(), false)),
            Step::AnswerAndEnd => worker.response(id, Frame::Headers(whole_answer(self.personality), true)),
            Step::Body(piece) => worker.response(id, Frame::Data(piece.into(), false)),
            Step::BodyBytes(size) => worker.response(id, Frame::Data(bytes(size), false)),
            Step::BodyLast(piece) => worker.response(id, Frame::Data(piece.into(), true)),
            Step::AnswerTrailers => worker.response(id, Frame::Trailers(pairs(ANSWER_TRAILERS))),
            Step::BreakOff => self.break_off(id),
            Step::Tell(what) => self.tell(what),
        }
    }

    fn tell(&mut self, what: &str) {
        let id = self.worker.open(connection());
        let mut head =
            pairs(&[(":method", "GET"), (":path", "/"), (":authority", AUTHORITY), (":scheme", "http")]);
        head.extend(pairs(&[("x-probe-tell", what)]));
        self.worker.request(id, Frame::Headers(head, true));
        self.worker.close(id, Why::Finished);
        self.worker.tick();
    }
}

fn note(trace: &mut Trace, output: Output) {
    match output {
        Output::ToUpstream(frame) => receive(&mut trace.upstream, frame),
        Output::ToDownstream(frame) => receive(&mut trace.client, frame),
        Output::Reset => trace.client.end = End::Reset,
    }
}

fn receive(message: &mut Message, frame: Frame) {
    if frame.ends() {
        message.end = End::Whole;
    }
    match frame {
        Frame::Headers(headers, _) => message.set_headers(with_host(texts(headers).collect())),
        Frame::Data(bytes, _) => message.body.extend(bytes),
        Frame::Trailers(trailers) => message.set_trailers(texts(trailers)),
    }
}

fn connection() -> Arc<Connection> {
    Arc::new(Connection::plain(1, ([127, 0, 0, 1], 1000).into(), ([127, 0, 0, 1], 2000).into()))
}

fn head(scenario: &Scenario, personality: Personality) -> Headers {
    let is_envoy = personality == Personality::ENVOY;
    // Other hosts take their own name for `:authority`. The recorders write `machine` for it.
    let authority = if is_envoy { AUTHORITY } else { "machine:80" };
    let mut head = pairs(&[
        (":method", scenario.method),
        (":path", PATH),
        (":authority", authority),
        (":scheme", "http"),
    ]);
    if !is_envoy {
        head.extend(pairs(&[("host", AUTHORITY)]));
    }
    if personality == Personality::TRAFFIC_SERVER && has_body(scenario) {
        // Only bodies with a length are shown to the module.
        head.push((b"content-length".to_vec(), length(scenario).to_string().into_bytes()));
    }
    head.extend(pairs(&[("x-probe", scenario.probe)]));
    head.extend(pairs(scenario.headers));
    head
}

fn has_body(scenario: &Scenario) -> bool {
    scenario.steps.iter().any(|step| matches!(step, Step::Open))
}

/// Returns the number of bytes of a scenario's request body.
fn length(scenario: &Scenario) -> usize {
    let length = |step: &Step| match step {
        Step::Send(piece) | Step::SendLast(piece) => piece.len(),
        Step::SendBytes(size) => *size,
        _ => 0,
    };
    scenario.steps.iter().map(length).sum()
}

fn answer() -> Headers {
    let mut head = pairs(&[(":status", "200")]);
    head.extend(pairs(ANSWER));
    head
}

/// Returns the head of an answer without a body, to which an HTTP/1.1 server gives a length.
fn whole_answer(personality: Personality) -> Headers {
    let mut head = answer();
    if personality != Personality::ENVOY {
        head.extend(pairs(&[("content-length", "0")]));
    }
    head
}

fn pairs(pairs: &[(&str, &str)]) -> Headers {
    pairs.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
}

fn texts(headers: Headers) -> impl Iterator<Item = (String, String)> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    headers.into_iter().map(move |(name, value)| (text(name), text(value)))
}

/// Puts `host` in the place of `:authority`, as in the request that a server gets by HTTP/1.1.
fn with_host(mut headers: Vec<(String, String)>) -> Vec<(String, String)> {
    if let Some(place) = headers.iter().position(|(name, _)| name == "host") {
        let (_, host) = headers.remove(place);
        headers.retain(|(name, _)| name != ":authority");
        headers.push((":authority".to_owned(), host));
    }
    headers
}

fn bytes(size: usize) -> Bytes {
    vec![b'a'; size].into()
}
