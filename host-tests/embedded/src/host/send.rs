//! What goes on to the next hop, and with the end of the answer the end of the stream.

use bytes::Bytes;

use super::message::Frame;
use super::stream::{Body, Way};
use super::worker::Worker;

impl Worker {
    pub(super) fn send_headers(&mut self, id: u32, way: Way, end: bool) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let side = stream.side(way);
        side.hop_saw_end = end;
        let headers = side.headers.clone().unwrap_or_default();
        stream.response_begun |= way == Way::Response;
        stream.send(way, Frame::Headers(headers, end));
        self.sent(id, way, end);
    }

    pub(super) fn send_body(&mut self, id: u32, way: Way, body: Body, end: bool) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let side = stream.side(way);
        if side.hop_saw_end {
            return;
        }
        let end = end && side.trailers.is_none();
        side.hop_saw_end = end;
        let bytes = match body {
            Body::Held => {
                side.above_limit = false;
                side.held.as_mut().map(std::mem::take).unwrap_or_default()
            }
            _ => std::mem::take(&mut side.piece),
        };
        if end || !bytes.is_empty() {
            stream.send(way, Frame::Data(Bytes::from(bytes), end));
        }
        self.sent(id, way, end);
    }

    pub(super) fn send_trailers(&mut self, id: u32, way: Way) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let side = stream.side(way);
        side.hop_saw_end = true;
        let trailers = side.trailers.clone().unwrap_or_default();
        stream.send(way, Frame::Trailers(trailers));
        self.sent(id, way, true);
    }

    /// With the end of the answer the stream is over.
    fn sent(&mut self, id: u32, way: Way, end: bool) {
        if end && way == Way::Response {
            self.end(id);
        }
    }
}
