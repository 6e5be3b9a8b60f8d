//! The client's end: one connection, on which the request of a scenario and the questions to the probe follow one
//! another.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{RecvStream, SendStream};
use http::{HeaderValue, Request, Response};
use tokio::net::TcpStream;

use super::PATIENCE;
use super::wire::{map, rest, texts};
use crate::envoy::traces::script::{AUTHORITY, PATH, REQUEST_TRAILERS, Scenario};
use crate::envoy::traces::trace::{End, Message};

/// The client's end of one scenario.
pub(super) struct Client {
    requests: SendRequest<Bytes>,
    body: Option<SendStream<Bytes>>,
    pub(super) got: Arc<Mutex<Message>>,
    reader: Option<tokio::task::JoinHandle<()>>,
}

impl Client {
    pub(super) async fn connect(port: u16) -> Option<Client> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let (requests, connection) = h2::client::handshake(stream).await.ok()?;
        tokio::spawn(async move {
            let _ = connection.await;
        });
        Some(Client { requests, body: None, got: Arc::default(), reader: None })
    }

    pub(super) fn open(&mut self, scenario: &Scenario, end: bool) {
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

    pub(super) fn send(&mut self, bytes: Bytes, end: bool) {
        // The host may have reset the stream. Then nothing is sent.
        let _ = self.body.as_mut().unwrap().send_data(bytes, end);
    }

    pub(super) fn send_trailers(&mut self) {
        let _ = self.body.as_mut().unwrap().send_trailers(map(REQUEST_TRAILERS));
    }

    /// Cancels the request, if it hasn't ended.
    pub(super) fn leave(&mut self) {
        if let (Some(reader), Some(mut body)) = (self.reader.take(), self.body.take()) {
            reader.abort();
            body.send_reset(h2::Reason::CANCEL);
        }
    }

    /// Sends a control request to the probe and waits for its answer.
    pub(super) async fn ask(&mut self, what: &str) -> String {
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

fn request(method: &str, path: &str) -> Request<()> {
    Request::builder().method(method).uri(format!("http://{AUTHORITY}{path}")).body(()).unwrap()
}
