//! Reads the frames of the client and the server as the host that is played does: which of them it knows, how it cuts
//! a message, and what it waits for before it shows a body.

use bytes::Bytes;

use super::flow::Verdict;
use super::header_map::{self, MapKind};
use super::local_reply::is_head;
use super::message::{Frame, Headers, Way};
use super::personality::{
    AnswerEnd, BodySize, PausedAnswer, RemovedHeaders, RepeatedHeaders, RequestBody, Trailers,
    UnannouncedBody,
};
use super::worker::Worker;

impl Worker {
    /// Returns the frames that the host makes of one. Trailers that it drops are the end of the body, a body that is as long
    /// as its head says has ended, and an answer's end may come apart.
    pub(super) fn as_host_reads(&self, id: u32, way: Way, frame: Frame) -> Vec<Frame> {
        let personality = self.personality();
        let frame = match frame {
            Frame::Trailers(_) if personality.trailers == Trailers::Dropped => {
                Frame::Data(Bytes::new(), true)
            }
            frame => frame,
        };
        let frame = match frame {
            Frame::Data(bytes, false) if personality.body_size == BodySize::OfTheNewestPiece => {
                let side = self.streams.get(&id).map(|stream| stream.side_ref(way));
                let size = side.map_or(0, |side| side.size) + bytes.len() as u64;
                let is_whole = size > 0 && side.and_then(|side| side.length) == Some(size);
                Frame::Data(bytes, is_whole)
            }
            frame => frame,
        };
        let comes_apart = way == Way::Response && personality.answer_end == AnswerEnd::Apart;
        let is_shown = way == Way::Response && personality.answer_end != AnswerEnd::WithTheLastPiece;
        let end = || Frame::Data(Bytes::new(), true);
        match frame {
            Frame::Headers(head, true) if is_shown && self.may_have_body(id, &head) => {
                vec![Frame::Headers(head, false), end()]
            }
            Frame::Data(bytes, true) if comes_apart && !bytes.is_empty() => {
                vec![Frame::Data(bytes, false), end()]
            }
            frame => vec![frame],
        }
    }

    /// Stores a head as it came, and shows it.
    pub(super) fn receive_head(&mut self, id: u32, way: Way, headers: Headers, end: bool) {
        let personality = self.personality();
        let kind = match personality.repeated_headers {
            RepeatedHeaders::JoinedIfKnown => MapKind::Headers(way),
            RepeatedHeaders::Separate => MapKind::Separate,
        };
        let headers = header_map::received(kind, headers);
        let side = self.stream(id).side(way);
        side.length = header_map::get(&headers, b"content-length").and_then(number);
        if way == Way::Request && personality.removed_headers == RemovedHeaders::GoUp {
            side.received = Some(headers.clone());
        }
        side.headers = Some(headers);
        self.headers(id, way, end);
    }

    /// Returns the piece of body that is there now, or `None` while the host waits for more.
    pub(super) fn gather(&mut self, id: u32, way: Way, bytes: Bytes, end: bool) -> Option<Vec<u8>> {
        let limit = self.plugin.settings.buffer_limit;
        let whole = way == Way::Request && self.personality().request_body == RequestBody::Whole;
        let stream = self.stream(id);
        let bytes = match stream.first_piece.take() {
            Some(piece) if way == Way::Response => piece.into(),
            _ => bytes,
        };
        let side = stream.side(way);
        if !whole && side.gathered.is_none() {
            return Some(bytes.into());
        }
        let gathered = side.gathered.get_or_insert_default();
        gathered.extend(bytes);
        if !end {
            return None;
        }
        side.spilled = whole && gathered.len() > limit;
        side.streaming = true;
        side.gathered.take()
    }

    /// Returns `true` if a pause in this answer's body makes the host gather it.
    pub(super) fn gathers_answer(&self, id: u32, way: Way, verdict: Verdict) -> bool {
        let gathers = self.personality().paused_answer == PausedAnswer::GatheredOnce;
        gathers
            && way == Way::Response
            && verdict == Verdict::Hold
            && !self.streams[&id].response.was_gathered
    }

    /// Gathers an answer's body from the piece on that the module has just been shown.
    pub(super) fn gather_answer(&mut self, id: u32) {
        let side = &mut self.stream(id).response;
        side.was_gathered = true;
        side.buffering = false;
        side.gathered = Some(std::mem::take(&mut side.piece));
    }

    /// Returns the flag `end_of_stream` of a body callback, or `None` if the callback isn't made.
    pub(super) fn told_end(&mut self, id: u32, way: Way, size: usize, end: bool) -> Option<bool> {
        let personality = self.personality();
        let side = self.stream(id).side(way);
        let (length, total) = (side.length.unwrap_or_default(), side.size);
        match way {
            Way::Request if personality.request_body == RequestBody::InPieces => Some(end),
            Way::Request => (size > 0 && !self.goes_unseen(id)).then_some(end),
            Way::Response => match personality.answer_end {
                AnswerEnd::WithTheLastPiece => Some(end),
                AnswerEnd::Apart => {
                    let end = if length > 0 { size as u64 == length } else { end };
                    (size > 0 || end).then_some(end)
                }
                AnswerEnd::OnlyWithTheLastPiece => (size > 0 || total == 0).then_some(end),
            },
        }
    }

    /// Returns `true` if the module isn't shown the body of a request, since that has no length.
    pub(super) fn goes_unseen(&self, id: u32) -> bool {
        let unseen = self.personality().unannounced_body == UnannouncedBody::Unseen;
        unseen && self.streams[&id].request.length.is_none()
    }

    /// Lets an answer's body go on that was gathered already because of a pause.
    pub(super) fn pausing_twice_goes_on(&mut self, id: u32, way: Way, verdict: Verdict) -> Verdict {
        let gathers = self.personality().paused_answer == PausedAnswer::GatheredOnce;
        let was_gathered = way == Way::Response && self.stream(id).side(way).was_gathered;
        if gathers && was_gathered && verdict == Verdict::Hold { Verdict::Goes } else { verdict }
    }

    fn may_have_body(&self, id: u32, head: &Headers) -> bool {
        let request = self.streams.get(&id).and_then(|stream| stream.request.headers.as_ref());
        !request.is_some_and(is_head) && header_map::get(head, b":status") != Some(b"204")
    }
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}
