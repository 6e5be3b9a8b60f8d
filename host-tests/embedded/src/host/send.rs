//! Sends frames on to the next hop. The stream is over with the end of the answer.

use bytes::Bytes;

use super::header_map::{self, MapKind};
use super::message::{Frame, Headers, Way};
use super::personality::{EmptiedEnd, RemovedHeaders, RequestLength};
use super::stream::{BodyPart, Side};
use super::worker::Worker;

impl Worker {
    pub(super) fn send_headers(&mut self, id: u32, way: Way, end: bool) {
        let personality = self.personality();
        let stream = self.stream(id);
        let side = stream.side(way);
        side.hop_saw_end = end;
        let mut headers = side.headers.clone().expect("a head that is sent has come");
        if way == Way::Request && personality.request_length == RequestLength::OfTheBody && !end {
            set_length(&mut headers, side);
        }
        headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
        if let Some(received) = &side.received {
            add_removed(&mut headers, received, personality.removed_headers);
        }
        stream.response_begun |= way == Way::Response;
        stream.send(way, Frame::Headers(headers, end));
        self.sent(id, way, end);
    }

    pub(super) fn send_body(&mut self, id: u32, way: Way, body: BodyPart, end: bool) {
        let personality = self.personality();
        let stream = self.stream(id);
        let side = stream.side(way);
        if side.hop_saw_end {
            return;
        }
        let end = end && side.trailers.is_none();
        let is_lost =
            side.emptied && personality.emptied_end == EmptiedEnd::NeverEnds && way == Way::Response;
        let end = end && !is_lost;
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

/// Sets the length of a request to that of its body, if the whole body has come.
fn set_length(headers: &mut Headers, side: &Side) {
    let length = side.held.as_ref().map_or(side.piece.len(), Vec::len);
    if side.complete && (length > 0 || header_map::get(headers, b"content-length").is_some()) {
        header_map::replace(MapKind::Separate, headers, b"content-length", length.to_string().as_bytes());
        header_map::remove(headers, b"transfer-encoding");
    }
}

/// Adds the headers that the module has removed and that go up all the same. Where an allow-list says what goes up, one
/// that came more than once and was replaced is lost instead.
fn add_removed(headers: &mut Headers, received: &Headers, removed: RemovedHeaders) {
    let values =
        |map: &Headers, name: &[u8]| map.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count();
    for (at, (name, value)) in received.iter().enumerate() {
        let (came, kept) = (values(received, name), values(headers, name));
        let place = values(&received[..at].to_vec(), name);
        match removed {
            RemovedHeaders::GoUp if place >= kept => headers.push((name.to_ascii_lowercase(), value.clone())),
            RemovedHeaders::GoneIfRepeated if kept > 0 && kept < came => header_map::remove(headers, name),
            _ => {}
        }
    }
}
