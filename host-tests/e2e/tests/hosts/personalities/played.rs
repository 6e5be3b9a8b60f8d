//! The probe on the embedded host, and what it, the server and the client have seen.

use std::sync::{Arc, Mutex};

use promward_embedded::host::{
    Connection, Frame, Headers, MetricValue, Output, PeerCertificate, Personality, Plugin, Settings,
    StreamId, Worker,
};

/// A worker with the probe, which plays a host.
pub(super) struct Played {
    plugin: Plugin,
    pub(super) worker: Worker,
    log: Arc<Mutex<Vec<String>>>,
}

/// The message that one end has got so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) head: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) ended: bool,
}

/// The messages that both ends of a stream have got.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    pub(super) server: Seen,
    pub(super) client: Seen,
    pub(super) reset: bool,
}

impl Played {
    pub(super) fn new(personality: Personality) -> Self {
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = Arc::clone(&log);
        let module = promward_module::build_package("promward-probe").unwrap();
        let plugin = Plugin::load(Settings {
            personality,
            log: Arc::new(move |_, line| lines.lock().unwrap().push(line.to_owned())),
            ..Settings::new(std::fs::read(module).unwrap(), "")
        });
        let plugin = plugin.unwrap();
        Self { worker: plugin.worker().unwrap(), plugin, log }
    }

    /// Sends the head of a request, with the script for the probe.
    pub(super) fn open(
        &mut self,
        method: &str,
        probe: &str,
        headers: &[(&str, &str)],
        whole: bool,
    ) -> StreamId {
        self.open_on(connection(), method, probe, headers, whole)
    }

    /// Sends the head of a request on a connection.
    pub(super) fn open_on(
        &mut self,
        connection: Connection,
        method: &str,
        probe: &str,
        headers: &[(&str, &str)],
        whole: bool,
    ) -> StreamId {
        let id = self.worker.open(Arc::new(connection));
        let mut head =
            pairs(&[(":authority", "a:1"), (":path", "/p?q=1"), (":method", method), (":scheme", "https")]);
        head.extend(pairs(&[("host", "example.com"), ("x-probe", probe)]));
        head.extend(pairs(headers));
        self.worker.request(id, Frame::Headers(head, whole));
        id
    }

    /// Sends a piece of the request's body.
    pub(super) fn send(&mut self, id: StreamId, piece: &'static str, last: bool) {
        self.worker.request(id, Frame::Data(piece.into(), last));
    }

    /// Sends the head of an answer.
    pub(super) fn answer(&mut self, id: StreamId, headers: &[(&str, &str)]) {
        let mut head = pairs(&[(":status", "200")]);
        head.extend(pairs(headers));
        self.worker.response(id, Frame::Headers(head, false));
    }

    /// Sends a piece of an answer's body.
    pub(super) fn piece(&mut self, id: StreamId, piece: &'static str, last: bool) {
        self.worker.response(id, Frame::Data(piece.into(), last));
    }

    /// Plays a GET whose answer has these headers and pieces, of which the last one ends it.
    pub(super) fn answered(
        personality: Personality,
        probe: &str,
        headers: &[(&str, &str)],
        pieces: &[&'static str],
    ) -> (Self, StreamId) {
        let mut played = Self::new(personality);
        let id = played.open("GET", probe, &[], true);
        played.answer(id, headers);
        for (index, piece) in (1..).zip(pieces) {
            played.piece(id, piece, index == pieces.len());
        }
        (played, id)
    }

    /// Takes what has gone out to both ends since the last time.
    pub(super) fn take(&mut self, id: StreamId) -> Exchange {
        let mut exchange = Exchange::default();
        for output in self.worker.outputs(id) {
            match output {
                Output::ToUpstream(frame) => exchange.server.take(frame),
                Output::ToDownstream(frame) => exchange.client.take(frame),
                Output::Reset => exchange.reset = true,
            }
        }
        exchange
    }

    /// Returns the probe's and the host's lines since the last time.
    pub(super) fn lines(&self) -> Vec<String> {
        let lines = std::mem::take(&mut *self.log.lock().unwrap());
        lines.into_iter().map(|line| line.trim_start_matches("probe: ").to_owned()).collect()
    }

    /// Checks that a line with this text was logged since the last time, and drops all of them.
    pub(super) fn said(&self, text: &str) -> bool {
        self.lines().iter().any(|line| line.contains(text))
    }

    /// Returns the value of a counter or gauge.
    pub(super) fn metric(&self, name: &str) -> Option<u64> {
        self.plugin.metrics().into_iter().find_map(|(other, value)| match value {
            MetricValue::Counter(value) | MetricValue::Gauge(value) if other == name => Some(value),
            _ => None,
        })
    }
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn take(&mut self, frame: Frame) {
        self.ended |= frame.ends();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        match frame {
            Frame::Headers(head, _) => {
                self.head = head.into_iter().map(|(name, value)| (text(name), text(value))).collect();
            }
            Frame::Data(bytes, _) => self.body += std::str::from_utf8(&bytes).unwrap(),
            Frame::Trailers(_) => {}
        }
    }
}

/// Returns a connection without TLS.
pub(super) fn connection() -> Connection {
    Connection::plain(1, ([127, 0, 0, 1], 1000).into(), ([127, 0, 0, 1], 443).into())
}

/// Returns a connection with TLS and a client's certificate.
pub(super) fn with_certificate() -> Connection {
    let certificate = PeerCertificate {
        sha256: "00".repeat(32),
        subject: Some("CN=reader".to_owned()),
        ..PeerCertificate::default()
    };
    Connection { tls_version: Some("TLSv1.3".to_owned()), certificate: Some(certificate), ..connection() }
}

fn pairs(pairs: &[(&str, &str)]) -> Headers {
    pairs.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
}
