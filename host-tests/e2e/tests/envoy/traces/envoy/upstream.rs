//! The upstream's end. It accepts every request, and answers when it is told to.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{PingPong, RecvStream, SendStream};
use http::Response;
use tokio::net::TcpListener;

use super::wire::{bytes, map, texts};
use crate::envoy::traces::script::{ANSWER, ANSWER_TRAILERS, Step};
use crate::envoy::traces::trace::{End, Message};

/// The message that the upstream received, and the means to answer.
#[derive(Default)]
pub(super) struct Upstream {
    pub(super) got: Message,
    pub(super) respond: Option<SendResponse<Bytes>>,
    pub(super) answer: Option<SendStream<Bytes>>,
    pub(super) pings: Option<PingPong>,
}

impl Upstream {
    /// Does one step of the upstream.
    pub(super) fn step(&mut self, step: Step) {
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
        // The host may have reset the stream. Then nothing is sent.
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

pub(super) async fn accept(listener: TcpListener, upstream: Arc<Mutex<Upstream>>) {
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

fn request_texts(parts: &http::request::Parts) -> Vec<(String, String)> {
    let mut all: Vec<_> = texts(&parts.headers).collect();
    all.push((":method".into(), parts.method.to_string()));
    all.push((":path".into(), parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default()));
    all.push((":authority".into(), parts.uri.authority().map(ToString::to_string).unwrap_or_default()));
    all
}
