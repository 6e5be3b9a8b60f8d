//! Sends frames on to the next hop. The stream is over with the end of the answer.

use bytes::Bytes;

use super::header_map::{self, LOST, MapKind};
use super::message::{Frame, Headers, Way};
use super::personality::{AnswerLength, EmptiedEnd, NamedByConnection, PseudoHeaders, RequestLength};
use super::stream::{BodyPart, Side};
use super::worker::Worker;

impl Worker {
    pub(super) fn send_headers(&mut self, id: u32, way: Way, end: bool) {
        let personality = self.personality();
        let is_unseen = way == Way::Request && self.goes_unseen(id);
        let stream = self.stream(id);
        let side = stream.side(way);
        side.hop_saw_end = end;
        let mut headers = side.headers.clone().expect("a head that is sent has come");
        if way == Way::Request && personality.request_length == RequestLength::OfTheBody && !is_unseen {
            set_length(&mut headers, side);
        }
        headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
        if way == Way::Request && personality.named_by_connection == NamedByConnection::Dropped {
            drop_named_by_connection(&mut headers);
        }
        if way == Way::Response && !end && personality.answer_length == AnswerLength::Dropped {
            match side.length {
                Some(0) => set_length(&mut headers, side),
                Some(_) => header_map::remove(&mut headers, b"content-length"),
                None => {}
            }
        }
        if personality.pseudo_headers == PseudoHeaders::Hidden {
            // Traffic Server keeps headers whose names begin so to itself.
            headers.retain(|(name, _)| !name.starts_with(b"@"));
        }
        if let Some(received) = &side.received {
            add_removed(&mut headers, received);
        }
        for (_, name) in side.headers.iter().flatten().filter(|(name, _)| name == LOST) {
            header_map::remove(&mut headers, name);
        }
        headers.retain(|(name, _)| name != LOST);
        stream.response_begun |= way == Way::Response;
        stream.send(way, Frame::Headers(headers, end));
        self.sent(id, way, end);
    }

    pub(super) fn send_body(&mut self, id: u32, way: Way, body: BodyPart, end: bool) {
        let personality = self.personality();
        let is_unseen = way == Way::Request && self.goes_unseen(id);
        let stream = self.stream(id);
        let side = stream.side(way);
        if side.hop_saw_end {
            return;
        }
        let length = side.headers.as_ref().and_then(|head| header_map::get(head, b"content-length"));
        if is_unseen && length == Some(b"0") {
            side.piece.clear();
            side.held = side.held.take().map(|_| Vec::new());
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

/// Removes the headers that `connection` names.
fn drop_named_by_connection(headers: &mut Headers) {
    let named: Vec<Vec<u8>> = headers
        .iter()
        .filter(|(name, _)| name == b"connection")
        .flat_map(|(_, value)| value.split(|byte| *byte == b','))
        .map(|name| name.trim_ascii().to_ascii_lowercase())
        .collect();
    headers.retain(|(name, _)| !named.contains(name));
}

/// Adds the headers that the module has removed, and that go up all the same.
fn add_removed(headers: &mut Headers, received: &Headers) {
    for (at, (name, value)) in received.iter().enumerate() {
        let place = received[..at].iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count();
        if place >= header_map::count(headers, name) {
            headers.push((name.to_ascii_lowercase(), value.clone()));
        }
    }
}
