//! Calls the module for each frame and reads its answer: the layer that Envoy's wasm filter puts between the filter
//! chain and the module.

use super::flow::Verdict;
use super::local_reply::LocalReply;
use super::message::Way;
use super::personality::{
    BodySize, CloseStream, EndWithHead, LogCallback, PausedAnswer, PausedEnd, Replies, ReplyFromOutside,
};
use super::state::Action;
use super::stream::{BodyPart, Moment};
use super::vm::MessageCallback;
use super::worker::Worker;

impl Worker {
    pub(super) fn show_headers(&mut self, id: u32, way: Way, end: bool) -> Verdict {
        if way == Way::Request {
            self.create_context(id);
        }
        if self.passes_by(id, way) {
            return Verdict::Goes;
        }
        let personality = self.personality();
        let end = end && personality.end_with_head == EndWithHead::Told;
        let stream = self.stream(id);
        stream.end_of_stream = end;
        let side = stream.side(way);
        side.shows_headers = true;
        let count = side.headers.as_ref().map_or(0, Vec::len) as u32;
        let verdict = match way {
            Way::Request => {
                self.ask(id, way, MessageCallback::RequestHeaders(count, end), Verdict::of_headers)
            }
            Way::Response => {
                self.ask(id, way, MessageCallback::ResponseHeaders(count, end), Verdict::of_headers)
            }
        };
        let verdict = match (way, personality.paused_answer) {
            (Way::Response, PausedAnswer::GatheredOnce) if verdict == Verdict::Hold => Verdict::Goes,
            _ => verdict,
        };
        let pauses_all = verdict == Verdict::Hold && !self.plugin.settings.allow_on_headers_stop_iteration;
        self.stream(id).side(way).shows_headers &= verdict != Verdict::Goes;
        if pauses_all { Verdict::HoldAll } else { verdict }
    }

    pub(super) fn show_body(&mut self, id: u32, way: Way, body: BodyPart, end: bool) -> Verdict {
        if self.passes_by(id, way) {
            return Verdict::Goes;
        }
        let side = self.stream(id).side(way);
        let newest = match body {
            BodyPart::Held => side.held.as_ref().map_or(0, Vec::len),
            BodyPart::Piece | BodyPart::Nothing => side.piece.len(),
        };
        let Some(end) = self.told_end(id, way, newest, end) else {
            return Verdict::Unseen;
        };
        let stream = self.stream(id);
        let side = stream.side(way);
        side.emptied = false;
        if side.buffering {
            side.streaming = false;
            stream.calling = Some(way);
            self.hold(id, way, body);
            let stream = self.stream(id);
            stream.calling = None;
            if stream.over {
                return Verdict::Hold;
            }
        }
        let stream = self.stream(id);
        stream.end_of_stream = end;
        let side = stream.side(way);
        side.shows_body = body;
        let held = side.body().map_or(newest, |body| body.len());
        let bytes = match self.personality().body_size {
            BodySize::OfEverythingHeld => held as u32,
            BodySize::OfTheNewestPiece => newest as u32,
        };
        let verdict = match way {
            Way::Request => self.ask(id, way, MessageCallback::RequestBody(bytes, end), Verdict::of_body),
            Way::Response => self.ask(id, way, MessageCallback::ResponseBody(bytes, end), Verdict::of_body),
        };
        let verdict = self.pausing_twice_goes_on(id, way, verdict);
        let side = self.stream(id).side(way);
        side.buffering = verdict == Verdict::Hold;
        if verdict == Verdict::Goes {
            side.shows_body = BodyPart::Nothing;
        }
        verdict
    }

    pub(super) fn show_trailers(&mut self, id: u32, way: Way) -> Verdict {
        if self.passes_by(id, way) {
            return Verdict::Goes;
        }
        let side = self.stream(id).side(way);
        side.shows_trailers = true;
        let count = side.trailers.as_ref().map_or(0, Vec::len) as u32;
        let verdict = match way {
            Way::Request => self.ask(id, way, MessageCallback::RequestTrailers(count), Verdict::of_trailers),
            Way::Response => {
                self.ask(id, way, MessageCallback::ResponseTrailers(count), Verdict::of_trailers)
            }
        };
        self.stream(id).side(way).shows_trailers &= verdict != Verdict::Goes;
        verdict
    }

    /// Ends a stream, and tells the module so.
    pub(super) fn end(&mut self, id: u32) {
        let Some(stream) = self.streams.get_mut(&id).filter(|stream| !stream.over) else {
            return;
        };
        stream.over = true;
        let is_untold =
            stream.is_paused() && self.plugin.settings.personality.paused_end == PausedEnd::Untold;
        if is_untold || !stream.in_vm || stream.unseen || stream.generation != self.vm.peek().vm {
            return;
        }
        let log_callback = self.personality().log_callback;
        if log_callback == LogCallback::BeforeDone {
            self.log_end(id);
        }
        self.vm.on_done(&mut self.streams, id);
        self.do_what_was_asked();
        if log_callback == LogCallback::AfterDone {
            self.log_end(id);
        }
        self.vm.on_delete(&mut self.streams, id);
        self.do_what_was_asked();
        self.vm.state().calls.forget(id);
    }

    fn log_end(&mut self, id: u32) {
        let stream = self.stream(id);
        (stream.logging, stream.moment) = (true, Some(Moment::Log));
        self.vm.on_log(&mut self.streams, id);
        self.do_what_was_asked();
        let stream = self.stream(id);
        (stream.logging, stream.moment) = (false, None);
    }

    /// Does what host calls asked for during the callback that has just returned.
    pub(super) fn do_what_was_asked(&mut self) {
        self.vm.state().stop = false;
        while let Some((id, action)) = self.vm.state().after.pop_front() {
            self.touched.push(id);
            match action {
                Action::Continue(way) => self.let_go(id, way),
                Action::Reply(reply) => {
                    let reply = self.as_sent(id, reply);
                    if self.waits(id) {
                        self.stream(id).prepared = Some(reply);
                    } else {
                        self.send_reply(id, reply);
                    }
                }
                Action::Close if self.personality().close_stream == CloseStream::BeforeTheAnswer => {
                    let waiting = self.stream(id).prepared.take();
                    self.send_reply(id, waiting.unwrap_or_else(|| LocalReply::plain(500, "")));
                }
                Action::Close => self.reset(id),
            }
        }
    }

    /// Returns a local reply as the host sends it. Where replies aren't shown, one whose status is no error is sent only if
    /// the module lets the request go on as well.
    fn as_sent(&mut self, id: u32, mut reply: LocalReply) -> LocalReply {
        let goes_on = |(other, action): &(u32, Action)| *other == id && matches!(action, Action::Continue(_));
        let errors_only = self.personality().replies == Replies::NotShown;
        if errors_only && reply.status < 400 && !self.vm.state().after.iter().any(goes_on) {
            reply.status = 500;
        }
        reply
    }

    /// Returns `true` if a local reply to a stream waits until the stream is let go.
    fn waits(&self, id: u32) -> bool {
        let waits = self.personality().reply_from_outside == ReplyFromOutside::Waits;
        waits && self.streams[&id].moment.is_none()
    }

    fn create_context(&mut self, id: u32) {
        let stream = self.stream(id);
        stream.in_vm = true;
        if stream.generation == self.vm.peek().vm {
            self.vm.on_context_create(&mut self.streams, id);
            self.do_what_was_asked();
        }
    }

    /// Returns `true` if the module isn't asked about a frame: the stream is unknown to it, the frame is part of the
    /// answer for its trap, or the host doesn't show local replies.
    fn passes_by(&self, id: u32, way: Way) -> bool {
        let stream = &self.streams[&id];
        let hides_replies = self.personality().replies == Replies::NotShown;
        let hidden = stream.failure_replied || (stream.replied && hides_replies);
        !stream.in_vm || stream.over || stream.unseen || (way == Way::Response && hidden)
    }

    fn ask(&mut self, id: u32, way: Way, callback: MessageCallback, read: fn(u32) -> Verdict) -> Verdict {
        self.renew_vm(id);
        let stream = self.stream(id);
        stream.calling = Some(way);
        stream.moment = Some(callback.moment());
        let verdict = if self.lost_its_vm(id) {
            self.fail_stream(id)
        } else {
            let answer = self.vm.on_message(&mut self.streams, id, callback);
            let verdict = if self.vm.failed() {
                self.fail_stream(id)
            } else if self.vm.state().stop {
                Verdict::Drop
            } else {
                answer.map_or(Verdict::Goes, read)
            };
            self.do_what_was_asked();
            let stream = self.stream(id);
            let head_goes_on = stream.first_piece.is_some() && stream.moment == Some(Moment::Head(way));
            if head_goes_on { Verdict::Goes } else { verdict }
        };
        let stream = self.stream(id);
        (stream.calling, stream.moment) = (None, None);
        verdict
    }
}

impl Verdict {
    /// Reads the answer of a headers callback. It says 3 or 4 to hold back everything, also after a trap or a reply of
    /// its own.
    fn of_headers(answer: u32) -> Verdict {
        match answer {
            0 | 2 => Verdict::Goes,
            1 => Verdict::Hold,
            _ => Verdict::HoldAll,
        }
    }

    fn of_body(answer: u32) -> Verdict {
        match answer {
            0 => Verdict::Goes,
            1 => Verdict::Hold,
            2 => Verdict::HoldSlowly,
            _ => Verdict::Drop,
        }
    }

    fn of_trailers(answer: u32) -> Verdict {
        if answer == 0 { Verdict::Goes } else { Verdict::Hold }
    }
}
