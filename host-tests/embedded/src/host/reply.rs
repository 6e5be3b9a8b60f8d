//! Local replies, which answer in place of the upstream, and resets.

use super::header_map::{self, MapKind};
use super::message::{Frame, Headers, Output, Way};
use super::stream::Stream;
use super::worker::Worker;

const HEAD: MapKind = MapKind::Headers(Way::Response);

/// An answer of the host's or the module's own.
pub(super) struct LocalReply {
    pub(super) status: u32,
    pub(super) body: Vec<u8>,
    pub(super) headers: Headers,
    /// The status for a gRPC client; without it, the one that fits the HTTP status.
    pub(super) grpc_status: Option<u32>,
}

impl LocalReply {
    pub(super) fn plain(status: u16, body: &str) -> LocalReply {
        LocalReply { status: status.into(), body: body.into(), headers: Headers::new(), grpc_status: None }
    }

    /// Returns the head and the body. A gRPC client gets the reply in the head alone, with the status 200.
    fn render(self, stream: &Stream) -> (Headers, Vec<u8>) {
        let mut head = vec![(b":status".to_vec(), self.status.to_string().into_bytes())];
        for (name, value) in &self.headers {
            header_map::add(HEAD, &mut head, name, value);
        }
        if stream.is_grpc() {
            let code = self.grpc_status.unwrap_or_else(|| grpc_status(self.status));
            header_map::replace(HEAD, &mut head, b":status", b"200");
            header_map::replace(HEAD, &mut head, b"content-type", b"application/grpc");
            header_map::replace(HEAD, &mut head, b"grpc-status", code.to_string().as_bytes());
            if !self.body.is_empty() {
                header_map::replace(HEAD, &mut head, b"grpc-message", &percent_encoded(&self.body));
            }
            header_map::remove(&mut head, b"content-length");
            return (head, Vec::new());
        }
        if self.body.is_empty() {
            header_map::remove(&mut head, b"content-length");
            header_map::remove(&mut head, b"content-type");
        } else {
            header_map::replace(HEAD, &mut head, b"content-length", self.body.len().to_string().as_bytes());
            if header_map::get(&head, b"content-type").is_none() {
                header_map::add(HEAD, &mut head, b"content-type", b"text/plain");
            }
        }
        (head, if stream.is_head() { Vec::new() } else { self.body })
    }
}

impl Worker {
    /// Answers in place of the upstream. The reply goes through the module's response callbacks if no answer has come
    /// yet, and past them if one has come but its head hasn't been sent. If the head has been sent, the stream is
    /// reset.
    pub(super) fn send_reply(&mut self, id: u32, reply: LocalReply) {
        let Some(stream) = self.streams.get_mut(&id).filter(|stream| !stream.over) else {
            return;
        };
        match stream.calling {
            Some(Way::Request) => stream.request_aborted = true,
            Some(Way::Response) => stream.response_aborted = true,
            None => {}
        }
        if stream.response.headers.is_some() {
            if stream.response_begun {
                self.reset(id);
            } else {
                self.reply_past_the_module(id, reply);
            }
        } else if stream.calling == Some(Way::Request) {
            stream.prepared.get_or_insert(reply);
        } else {
            self.reply_through_the_module(id, reply);
        }
    }

    /// Sends the reply that waited for a callback to return.
    pub(super) fn send_prepared_reply(&mut self, id: u32) {
        if let Some(reply) = self.stream(id).prepared.take() {
            self.reply_through_the_module(id, reply);
        }
    }

    /// Answers that a body is larger than the buffer.
    pub(super) fn refuse_size(&mut self, id: u32, way: Way) {
        self.send_reply(
            id,
            match way {
                Way::Request => LocalReply::plain(413, "Payload Too Large"),
                Way::Response => LocalReply::plain(500, "Internal Server Error"),
            },
        );
    }

    /// Cuts the stream off.
    pub(super) fn reset(&mut self, id: u32) {
        if let Some(stream) = self.streams.get_mut(&id).filter(|stream| !stream.over) {
            stream.outputs.push(Output::Reset);
            self.end(id);
        }
    }

    fn reply_through_the_module(&mut self, id: u32, reply: LocalReply) {
        let stream = self.stream(id);
        if stream.over {
            return;
        }
        let (head, body) = reply.render(stream);
        let end = body.is_empty();
        stream.replied = true;
        stream.local_complete |= end;
        stream.response.complete |= end;
        stream.response.headers = Some(head);
        self.headers(id, Way::Response, end);
        if !end {
            self.reply_body(id, body);
        }
    }

    fn reply_past_the_module(&mut self, id: u32, reply: LocalReply) {
        let stream = self.stream(id);
        let (head, body) = reply.render(stream);
        stream.replied = true;
        stream.response_begun = true;
        stream.response.headers = Some(head.clone());
        stream.send(Way::Response, Frame::Headers(head, body.is_empty()));
        if !body.is_empty() {
            stream.send(Way::Response, Frame::Data(body.into(), true));
        }
        self.end(id);
    }
}

/// Returns the gRPC status for an HTTP status, as gRPC's documentation maps them.
fn grpc_status(status: u32) -> u32 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}

fn percent_encoded(message: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for byte in message {
        match byte {
            b' '..=b'~' if *byte != b'%' => encoded.push(*byte),
            _ => encoded.extend(format!("%{byte:02X}").bytes()),
        }
    }
    encoded
}
