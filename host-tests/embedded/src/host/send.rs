//! Sends frames on to the next hop. The stream is over with the end of the answer.

use bytes::Bytes;

use super::message::{Frame, Way};
use super::stream::BodyPart;
use super::worker::Worker;

impl Worker {
    pub(super) fn send_headers(&mut self, id: u32, way: Way, end: bool) {
        let stream = self.stream(id);
        let side = stream.side(way);
        side.hop_saw_end = end;
        let headers = side.headers.clone().expect("a head that is sent has come");
        stream.response_begun |= way == Way::Response;
        stream.send(way, Frame::Headers(headers, end));
        self.sent(id, way, end);
    }

    pub(super) fn send_body(&mut self, id: u32, way: Way, body: BodyPart, end: bool) {
        let stream = self.stream(id);
        let side = stream.side(way);
        if side.hop_saw_end {
            return;
        }
        let end = end && side.trailers.is_none();
        side.hop_saw_end = end;
        let bytes = match body {
            BodyPart::Held => {
                side.above_limit = false;
                std::mem::take(side.held.as_mut().expect("a body that goes on was held"))
            }
            _ => std::mem::take(&mut side.piece),
        };
        if end || !bytes.is_empty() {
            stream.send(way, Frame::Data(Bytes::from(bytes), end));
        }
        self.sent(id, way, end);
    }

    pub(super) fn send_trailers(&mut self, id: u32, way: Way) {
        let stream = self.stream(id);
        let side = stream.side(way);
        side.hop_saw_end = true;
        let trailers = side.trailers.clone().expect("trailers that are sent have come");
        stream.send(way, Frame::Trailers(trailers));
        self.sent(id, way, true);
    }

    /// Ends the stream if the answer has been sent to its end.
    fn sent(&mut self, id: u32, way: Way, end: bool) {
        if end && way == Way::Response {
            self.end(id);
        }
    }
}
