//! Envoy with the probe, between a client and an upstream that this file plays, both over HTTP/2.
//!
//! What a network makes random is taken out of it: after each step the host is asked something over the same connections,
//! and by the time it has answered, it has handled all that came before. So no two pieces of body melt into one.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::server::SendResponse;
use h2::{Ping, PingPong, RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use promward_host_tests::process::{Process, Stream, free_port};
use promward_host_tests::tools::Tool;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use super::script::{
    ANSWER, ANSWER_TRAILERS, AUTHORITY, BUFFER_LIMIT, Mode, PATH, REQUEST_TRAILERS, Scenario, Step,
};
use super::trace::{End, Message, Trace};

/// The longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the probe is told at the end of a scenario, to find out that all its lines have arrived.
const MARK: &str = "mark";

/// An Envoy with the probe.
pub(crate) struct Envoy {
    runtime: Runtime,
    process: Process,
    listener: u16,
    upstream: Arc<Mutex<Upstream>>,
    _directory: tempfile::TempDir,
}

/// What the upstream got, and the means to answer.
#[derive(Default)]
struct Upstream {
    got: Message,
    respond: Option<SendResponse<Bytes>>,
    answer: Option<SendStream<Bytes>>,
    pings: Option<PingPong>,
}

/// The client's end of one scenario.
struct Client {
    requests: SendRequest<Bytes>,
    body: Option<SendStream<Bytes>>,
    got: Arc<Mutex<Message>>,
    reader: Option<tokio::task::JoinHandle<()>>,
}

impl Envoy {
    pub(crate) fn start(tool: &Tool, module: &std::path::Path, mode: Mode) -> Envoy {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let upstream = Arc::new(Mutex::new(Upstream::default()));
        let server = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = server.local_addr().unwrap().port();
        runtime.spawn(accept(server, Arc::clone(&upstream)));
        let directory = tempfile::tempdir().unwrap();
        let listener = free_port().unwrap();
        let configuration = directory.path().join("envoy.json");
        std::fs::write(&configuration, configure(listener, port, module, mode)).unwrap();
        let mut command = Command::new(&tool.path);
        command.arg("--config-path").arg(&configuration).args([
            "--concurrency",
            "1",
            "--disable-hot-restart",
        ]);
        command.args([
            "--log-level",
            "warning",
            "--component-log-level",
            "wasm:info,main:info",
            "--log-format",
            "%v",
        ]);
        let process = Process::start("Envoy", command).unwrap();
        process.wait_for_line("starting main dispatch loop", PATIENCE).unwrap();
        let mut envoy = Envoy { runtime, process, listener, upstream, _directory: directory };
        envoy.connect_to_upstream();
        envoy
    }

    /// Sends a request through, so that the connection to the upstream stands.
    fn connect_to_upstream(&mut self) {
        let scenario = Scenario { name: "connect", probe: "", headers: &[], method: "GET", steps: &[] };
        self.runtime.block_on(async {
            let mut client = Client::connect(self.listener).await.expect("Envoy accepts connections");
            client.open(&scenario, true);
            let deadline = tokio::time::Instant::now() + PATIENCE;
            while self.upstream.lock().unwrap().respond.is_none() {
                assert!(
                    tokio::time::Instant::now() < deadline,
                    "no request reaches the upstream: {}",
                    self.process
                );
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            self.upstream.lock().unwrap().step(Step::AnswerAndEnd);
            self.settle(&mut client).await;
        });
    }

    pub(crate) fn play(&mut self, scenario: &Scenario) -> Trace {
        {
            let mut upstream = self.upstream.lock().unwrap();
            upstream.got = Message::default();
            (upstream.respond, upstream.answer) = (None, None);
        }
        let before = self.probe_lines().len();
        self.runtime.block_on(async {
            let mut client = Client::connect(self.listener).await.expect("Envoy accepts connections");
            for step in scenario.steps {
                let ticks = self.ticks();
                self.step(&mut client, scenario, *step).await;
                if let Step::Tell(what) = step {
                    self.wait_for_tick(what, ticks).await;
                }
                self.settle(&mut client).await;
            }
            let upstream = self.upstream.lock().unwrap().got.clone();
            let got = client.got.lock().unwrap().clone();
            client.leave();
            self.settle(&mut client).await;
            Trace { module: self.lines_since(before, &mut client).await, upstream, client: got }
        })
    }

    /// The probe's lines from `before` on. What it prints arrives here a little later, so that it is told to print one more
    /// line: by then, all others are here. A VM that has trapped prints nothing.
    async fn lines_since(&self, before: usize, client: &mut Client) -> Vec<String> {
        let ticks = self.ticks();
        if client.ask(MARK).await == "told" {
            self.wait_for_tick(MARK, ticks).await;
        }
        let mut lines = self.probe_lines().split_off(before);
        lines.retain(|line| *line != format!("tick {MARK}"));
        lines
    }

    async fn step(&self, client: &mut Client, scenario: &Scenario, step: Step) {
        match step {
            Step::Open => client.open(scenario, false),
            Step::OpenAndEnd => client.open(scenario, true),
            Step::Send(piece) => client.send(piece.into(), false),
            Step::SendBytes(size) => client.send(bytes(size), false),
            Step::SendLast(piece) => client.send(piece.into(), true),
            Step::SendTrailers => client.send_trailers(),
            Step::Leave => client.leave(),
            Step::Tell(what) => drop(client.ask(what).await),
            _ => self.upstream.lock().unwrap().step(step),
        }
    }

    /// Waits until the host, the upstream and the client have handled all that was sent.
    async fn settle(&self, client: &mut Client) {
        for _ in 0..2 {
            client.ask("nothing").await;
            let pings = self.upstream.lock().unwrap().pings.take();
            if let Some(mut pings) = pings {
                rest().await;
                tokio::time::timeout(PATIENCE, pings.ping(Ping::opaque()))
                    .await
                    .expect("Envoy answers pings")
                    .ok();
                self.upstream.lock().unwrap().pings.get_or_insert(pings);
            }
            rest().await;
        }
        client.ask("nothing").await;
        rest().await;
    }

    /// Waits for the tick that does what it was told.
    async fn wait_for_tick(&self, what: &str, before: usize) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while self.ticks() == before {
            assert!(tokio::time::Instant::now() < deadline, "no tick came to {what}: {}", self.process);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    fn ticks(&self) -> usize {
        self.probe_lines().iter().filter(|line| line.starts_with("tick ")).count()
    }

    fn probe_lines(&self) -> Vec<String> {
        let lines = self.process.lines(Stream::Errors);
        lines.iter().filter_map(|line| line.split_once("probe: ")).map(|(_, line)| line.to_owned()).collect()
    }
}

impl Client {
    async fn connect(port: u16) -> Option<Client> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let (requests, connection) = h2::client::handshake(stream).await.ok()?;
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Some(Client { requests, body: None, got: Arc::default(), reader: None })
    }

    fn open(&mut self, scenario: &Scenario, end: bool) {
        let mut request = request(scenario.method, PATH);
        request.headers_mut().insert("x-probe", HeaderValue::from_static(scenario.probe));
        for (name, value) in scenario.headers {
            request.headers_mut().append(*name, HeaderValue::from_static(value));
        }
        let (response, body) = self.requests.send_request(request, end).unwrap();
        self.body = Some(body);
        let got = Arc::clone(&self.got);
        self.reader = Some(tokio::spawn(async move {
            match response.await {
                Ok(response) => read_answer(response, got).await,
                Err(_) => got.lock().unwrap().end = End::Reset,
            }
        }));
    }

    fn send(&mut self, bytes: Bytes, end: bool) {
        // The host may have reset the stream: then nothing is sent.
        let _ = self.body.as_mut().unwrap().send_data(bytes, end);
    }

    fn send_trailers(&mut self) {
        let _ = self.body.as_mut().unwrap().send_trailers(map(REQUEST_TRAILERS));
    }

    /// Cancels the request, if it isn't over.
    fn leave(&mut self) {
        if let (Some(reader), Some(mut body)) = (self.reader.take(), self.body.take()) {
            reader.abort();
            body.send_reset(h2::Reason::CANCEL);
        }
    }

    /// Sends a control request to the probe and waits for its answer.
    async fn ask(&mut self, what: &str) -> String {
        rest().await;
        let mut request = request("GET", "/");
        request.headers_mut().insert("x-probe-tell", HeaderValue::from_str(what).unwrap());
        let (response, _) = self.requests.send_request(request, true).unwrap();
        let response = tokio::time::timeout(PATIENCE, response).await.expect("Envoy answers");
        let response = response.expect("Envoy runs");
        let mut body = response.into_body();
        let mut told = Vec::new();
        while let Some(Ok(piece)) = body.data().await {
            told.extend(piece);
        }
        String::from_utf8_lossy(&told).into_owned()
    }
}

impl Upstream {
    /// Does a step of the upstream's.
    fn step(&mut self, step: Step) {
        if matches!(step, Step::Answer | Step::AnswerAndEnd) {
            let mut response = Response::new(());
            response.headers_mut().extend(map(ANSWER));
            let end = matches!(step, Step::AnswerAndEnd);
            let respond = self.respond.as_mut().expect("the upstream has got a request");
            self.answer = respond.send_response(response, end).ok();
            return;
        }
        if let (Step::BreakOff, None) = (step, &self.answer) {
            self.respond
                .as_mut()
                .expect("the upstream has got a request")
                .send_reset(h2::Reason::INTERNAL_ERROR);
            return;
        }
        let Some(answer) = &mut self.answer else { return };
        // The host may have reset the stream: then nothing is sent.
        let _ = match step {
            Step::Body(piece) => answer.send_data(piece.into(), false),
            Step::BodyBytes(size) => answer.send_data(bytes(size), false),
            Step::BodyLast(piece) => answer.send_data(piece.into(), true),
            Step::AnswerTrailers => answer.send_trailers(map(ANSWER_TRAILERS)),
            _ => {
                answer.send_reset(h2::Reason::INTERNAL_ERROR);
                Ok(())
            }
        };
    }
}

async fn accept(listener: TcpListener, upstream: Arc<Mutex<Upstream>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let upstream = Arc::clone(&upstream);
        tokio::spawn(async move {
            let Ok(mut connection) = h2::server::handshake(stream).await else {
                return;
            };
            upstream.lock().unwrap().pings = connection.ping_pong();
            while let Some(Ok((request, respond))) = connection.accept().await {
                let (parts, body) = request.into_parts();
                let mut upstream_now = upstream.lock().unwrap();
                upstream_now.respond = Some(respond);
                upstream_now.got.set_headers(request_texts(&parts));
                upstream_now.got.end = if body.is_end_stream() { End::Whole } else { End::Open };
                drop(upstream_now);
                tokio::spawn(read_request(body, Arc::clone(&upstream)));
            }
        });
    }
}

async fn read_request(mut body: RecvStream, upstream: Arc<Mutex<Upstream>>) {
    while let Some(piece) = body.data().await {
        let Ok(piece) = piece else { return };
        let _ = body.flow_control().release_capacity(piece.len());
        upstream.lock().unwrap().got.body.extend(piece);
    }
    let Ok(trailers) = body.trailers().await else {
        return;
    };
    let mut upstream = upstream.lock().unwrap();
    upstream.got.set_trailers(trailers.iter().flat_map(texts));
    upstream.got.end = End::Whole;
}

async fn read_answer(response: Response<RecvStream>, got: Arc<Mutex<Message>>) {
    let (parts, mut body) = response.into_parts();
    let status = (":status".to_owned(), parts.status.as_str().to_owned());
    got.lock().unwrap().set_headers([status].into_iter().chain(texts(&parts.headers)));
    while let Some(piece) = body.data().await {
        let Ok(piece) = piece else {
            return got.lock().unwrap().end = End::Reset;
        };
        let _ = body.flow_control().release_capacity(piece.len());
        got.lock().unwrap().body.extend(piece);
    }
    let trailers = body.trailers().await;
    let mut got = got.lock().unwrap();
    got.end = if trailers.is_ok() { End::Whole } else { End::Reset };
    got.set_trailers(trailers.iter().flatten().flat_map(texts));
}

/// Lets the other tasks of this thread do what they can do without waiting.
async fn rest() {
    for _ in 0..64 {
        tokio::task::yield_now().await;
    }
}

fn request(method: &str, path: &str) -> Request<()> {
    Request::builder().method(method).uri(format!("http://{AUTHORITY}{path}")).body(()).unwrap()
}

fn request_texts(parts: &http::request::Parts) -> Vec<(String, String)> {
    let mut all: Vec<_> = texts(&parts.headers).collect();
    all.push((":method".into(), parts.method.to_string()));
    all.push((":path".into(), parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default()));
    all.push((":authority".into(), parts.uri.authority().map(ToString::to_string).unwrap_or_default()));
    all
}

fn map(pairs: &'static [(&'static str, &'static str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .collect()
}

fn texts(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> + '_ {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

fn bytes(size: usize) -> Bytes {
    vec![b'a'; size].into()
}

/// Envoy's configuration: the probe, then the router to the upstream, without timeouts.
fn configure(listener: u16, upstream: u16, module: &std::path::Path, mode: Mode) -> String {
    let address =
        |port: u16| serde_json::json!({"socket_address": {"address": "127.0.0.1", "port_value": port}});
    let http2 = serde_json::json!({"initial_stream_window_size": BUFFER_LIMIT});
    let wasm = serde_json::json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": {
            "name": "plugin", "root_id": "root", "failure_policy": "FAIL_CLOSED",
            "allow_on_headers_stop_iteration": mode == Mode::StopIteration,
            "vm_config": {
                "vm_id": "vm", "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": module}},
            },
        },
    });
    let manager = serde_json::json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "probe", "codec_type": "HTTP2", "http2_protocol_options": http2,
        "stream_idle_timeout": "0s",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{
            "match": {"prefix": "/"}, "route": {"cluster": "upstream", "timeout": "0s"},
        }]}]},
        "http_filters": [
            {"name": "probe", "typed_config": wasm},
            {"name": "router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}},
        ],
    });
    let options = serde_json::json!({
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": http2},
    });
    serde_json::json!({
        "static_resources": {
            "listeners": [{
                "name": "probe", "address": address(listener),
                "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
            }],
            "clusters": [{
                "name": "upstream", "connect_timeout": "5s",
                "load_assignment": {"cluster_name": "upstream", "endpoints": [{"lb_endpoints": [
                    {"endpoint": {"address": address(upstream)}},
                ]}]},
                "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
            }],
        },
    })
    .to_string()
}
