//! Moves a stream: each frame is shown to the module and goes on to the next hop, unless the module pauses. The rules
//! are those of Envoy's filter manager for a chain of one filter, down to the odd ones; recorded traces hold this file
//! to them. Both directions have the same rules, which are written once.

use super::header_map::{self, MapKind};
use super::message::{Frame, Way};
use super::personality::{AnswerLength, ContinuedPiece, PauseAtEnd, RequestBody};
use super::stream::{BodyPart, Iteration};
use super::worker::Worker;

/// The meaning of a callback's answer for the frame that it was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The frame goes on.
    Goes,
    /// The frame is held back, and the callback of the next frame may release it. A body that grows over the limit is
    /// refused.
    Hold,
    /// The frame is held back as with `Hold`, but a body that grows over the limit is read more slowly.
    HoldSlowly,
    /// The frame is held back, and the module sees nothing more until it resumes. Only for headers.
    HoldAll,
    /// The frame is held back if it is a head, and dropped if it is a part of the body.
    Drop,
    /// The host makes no callback for this piece of body.
    Unseen,
}

/// The place that a frame comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The client or the upstream.
    Peer,
    /// The frames that were held back. The module is shown a frame of these only if it hasn't seen it.
    Held,
}

impl Worker {
    /// Takes a frame that the client or the upstream sent.
    pub(super) fn arrive(&mut self, id: u32, way: Way, frame: Frame) {
        for frame in self.as_host_reads(id, way, frame) {
            self.arrive_as_read(id, way, frame);
        }
    }

    fn arrive_as_read(&mut self, id: u32, way: Way, frame: Frame) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let dropped = match way {
            Way::Request => stream.local_complete,
            Way::Response => stream.replied,
        };
        // The end of a body may have been told by its length already.
        if stream.over || dropped || stream.side_ref(way).complete {
            return;
        }
        let end = frame.ends();
        stream.side(way).complete |= end;
        stream.local_complete |= end && way == Way::Response;
        match frame {
            Frame::Headers(headers, end) => self.receive_head(id, way, headers, end),
            Frame::Data(bytes, end) => {
                let side = stream.side(way);
                side.size += bytes.len() as u64;
                if let Some(piece) = self.gather(id, way, bytes, end) {
                    self.stream(id).side(way).piece = piece;
                    self.body(id, way, BodyPart::Piece, end, Source::Peer);
                }
            }
            Frame::Trailers(trailers) => {
                stream.side(way).trailers = Some(header_map::received(MapKind::Trailers(way), trailers));
                self.trailers(id, way, Source::Peer);
            }
        }
    }

    /// Shows the head, which is stored already, to the module, and sends it on if the module lets it go.
    pub(super) fn headers(&mut self, id: u32, way: Way, end: bool) {
        let waits_for_body = !end && self.waits_for_body(id, way);
        let stream = self.stream(id);
        stream.side(way).module_saw_end = end;
        let mut verdict = self.show_headers(id, way, end);
        if self.aborted(id, way) {
            self.send_prepared_reply(id);
            verdict = Verdict::Hold;
        } else if std::mem::take(&mut self.stream(id).side(way).is_let_go) {
            verdict = Verdict::Goes;
        }
        let stream = self.stream(id);
        let pauses = way == Way::Response && matches!(verdict, Verdict::Hold | Verdict::HoldAll);
        if pauses && let Some(reply) = stream.late_reply.take() {
            return self.reply_past_the_module(id, reply);
        }
        let side = self.stream(id).side(way);
        match verdict {
            Verdict::Goes if waits_for_body => side.iteration = Iteration::Paused,
            Verdict::Goes => {
                side.headers_went_on = true;
                self.send_headers(id, way, end);
            }
            Verdict::HoldAll => side.iteration = Iteration::PausedForAll,
            _ => side.iteration = Iteration::Paused,
        }
    }

    /// Takes the body of a local reply through the module.
    pub(super) fn reply_body(&mut self, id: u32, body: Vec<u8>) {
        let stream = self.stream(id);
        stream.local_complete = true;
        stream.response.complete = true;
        stream.response.piece = body;
        self.body(id, Way::Response, BodyPart::Piece, true, Source::Peer);
    }

    pub(super) fn body(&mut self, id: u32, way: Way, body: BodyPart, end: bool, from: Source) {
        let stream = self.stream(id);
        if stream.over || (way == Way::Request && stream.local_complete) {
            return;
        }
        let side = stream.side(way);
        let had_trailers = side.trailers.is_some();
        if from == Source::Peer || side.from_module {
            if side.iteration == Iteration::PausedForAll {
                side.streaming = true;
                self.hold(id, way, body);
                return;
            }
            if side.module_saw_end {
                return;
            }
            side.module_saw_end = end && !had_trailers;
            let verdict = self.show_body(id, way, body, end && !had_trailers);
            if verdict == Verdict::Goes && !end && self.closes_at_a_piece(id, way) {
                return self.reset(id);
            }
            let mut verdict = self.at_end(id, way, verdict, end);
            if self.aborted(id, way) {
                self.send_prepared_reply(id);
                verdict = Verdict::Drop;
            }
            if !self.after_body(id, way, verdict, body) {
                if end && let Some(piece) = self.stream(id).side(way).gathered.take() {
                    // The pause came with the end, so that everything is gathered.
                    let side = self.stream(id).side(way);
                    (side.piece, side.module_saw_end) = (piece, false);
                    self.body(id, way, body, end, from);
                }
                return;
            }
        }
        self.send_body(id, way, body, end);
        let stream = self.stream(id);
        if !had_trailers && stream.side(way).trailers.is_some() {
            self.send_trailers(id, way);
        }
    }

    pub(super) fn trailers(&mut self, id: u32, way: Way, from: Source) {
        let stream = self.stream(id);
        if stream.over || (way == Way::Request && stream.local_complete) {
            return;
        }
        let side = stream.side(way);
        if from == Source::Peer || side.from_module {
            if side.iteration == Iteration::PausedForAll {
                return;
            }
            let mut verdict = self.show_trailers(id, way);
            if self.aborted(id, way) {
                self.send_prepared_reply(id);
                verdict = Verdict::Hold;
            }
            if !self.after_trailers(id, way, verdict) {
                return;
            }
        }
        self.send_trailers(id, way);
    }

    /// Returns what becomes of a piece of body where a pause at the end holds nothing back, and where no callback was
    /// made. What a module dropped there, or holds while the end goes by unseen, is lost.
    fn at_end(&mut self, id: u32, way: Way, verdict: Verdict, end: bool) -> Verdict {
        if verdict == Verdict::Unseen && way == Way::Request && self.goes_unseen(id) {
            return Verdict::Goes;
        }
        let goes_on = self.personality().pause_at_end == PauseAtEnd::GoesOn && end;
        let stream = self.stream(id);
        let is_lost = way == Way::Request && stream.late_reply.is_some();
        if is_lost && !end {
            return Verdict::Hold;
        }
        let verdict = if is_lost { Verdict::Drop } else { verdict };
        let side = stream.side(way);
        match verdict {
            Verdict::Drop | Verdict::Unseen if goes_on => {
                side.piece.clear();
                side.held = side.held.take().map(|_| Vec::new());
                Verdict::Goes
            }
            Verdict::Hold | Verdict::HoldSlowly if goes_on => Verdict::Goes,
            Verdict::Unseen => Verdict::Goes,
            verdict => verdict,
        }
    }

    /// Returns `true` if a piece of body goes on by itself after its callback has returned.
    fn after_body(&mut self, id: u32, way: Way, verdict: Verdict, body: BodyPart) -> bool {
        let gathers = self.gathers_answer(id, way, verdict);
        let waits_for_body = self.waits_for_body(id, way);
        let stream = self.stream(id);
        let over = stream.over;
        let side = stream.side(way);
        if verdict == Verdict::Goes {
            if side.iteration == Iteration::Goes {
                return true;
            }
            let is_nothing = waits_for_body && side.complete && side.piece.is_empty() && side.held.is_none();
            if !is_nothing {
                self.hold(id, way, body);
            }
            self.resume(id, way);
            return false;
        }
        side.iteration = Iteration::Paused;
        if gathers {
            self.gather_answer(id);
        } else if verdict != Verdict::Drop {
            side.streaming = verdict == Verdict::HoldSlowly;
            self.hold(id, way, body);
        } else if side.complete && side.trailers.is_none() && side.held.is_none() && !over {
            // The next hop has to learn of the end when the stream goes on, even if nothing is left to send.
            side.held = Some(Vec::new());
        }
        false
    }

    fn after_trailers(&mut self, id: u32, way: Way, verdict: Verdict) -> bool {
        let side = self.stream(id).side(way);
        side.module_saw_end = true;
        match (verdict, side.iteration) {
            (Verdict::Goes, Iteration::Goes) => return true,
            (Verdict::Goes, _) => self.resume(id, way),
            (_, Iteration::Goes) => side.iteration = Iteration::Paused,
            _ => {}
        }
        false
    }

    /// Returns `true` if the head of a message waits until the first piece of its body goes on.
    pub(super) fn waits_for_body(&mut self, id: u32, way: Way) -> bool {
        let personality = self.personality();
        match way {
            Way::Request => personality.request_body != RequestBody::InPieces,
            Way::Response => {
                personality.answer_length == AnswerLength::Dropped
                    && self.stream(id).response.length == Some(0)
            }
        }
    }

    /// Returns `true` if a piece of this stream's body that goes on by itself closes the stream.
    fn closes_at_a_piece(&self, id: u32, way: Way) -> bool {
        let closes = self.personality().continued_piece == ContinuedPiece::ClosesTheStream;
        let stream = &self.streams[&id];
        closes && way == Way::Request && stream.in_vm && !stream.over && stream.late_reply.is_none()
    }

    /// Adds a piece of body to what is held back. Nothing moves if it is held back already.
    pub(super) fn hold(&mut self, id: u32, way: Way, body: BodyPart) {
        let limit = self.plugin.settings.buffer_limit;
        let side = self.stream(id).side(way);
        if body == BodyPart::Piece {
            let piece = std::mem::take(&mut side.piece);
            side.held.get_or_insert_default().extend(piece);
        }
        let above = side.held.as_ref().is_some_and(|held| held.len() > limit);
        let crossed = above && !std::mem::replace(&mut side.above_limit, above);
        if crossed && !side.streaming && !side.spilled {
            self.refuse_size(id, way);
        }
    }

    fn aborted(&self, id: u32, way: Way) -> bool {
        match way {
            Way::Request => self.streams[&id].request_aborted,
            Way::Response => self.streams[&id].response_aborted,
        }
    }
}
