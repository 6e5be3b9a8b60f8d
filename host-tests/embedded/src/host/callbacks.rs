//! Calls the module for each frame and reads its answer: the layer that Envoy's wasm filter puts between the filter
//! chain and the module.

use super::flow::Verdict;
use super::local_reply::LocalReply;
use super::message::Way;
use super::state::Action;
use super::stream::BodyPart;
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
        let pauses_all = verdict == Verdict::Hold && !self.plugin.settings.allow_on_headers_stop_iteration;
        self.stream(id).side(way).shows_headers &= verdict != Verdict::Goes;
        if pauses_all { Verdict::HoldAll } else { verdict }
    }

    pub(super) fn show_body(&mut self, id: u32, way: Way, body: BodyPart, end: bool) -> Verdict {
        if self.passes_by(id, way) {
            return Verdict::Goes;
        }
        let stream = self.stream(id);
        let side = stream.side(way);
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
        let bytes = side.body().map_or(0, |body| body.len()) as u32;
        let verdict = match way {
            Way::Request => self.ask(id, way, MessageCallback::RequestBody(bytes, end), Verdict::of_body),
            Way::Response => self.ask(id, way, MessageCallback::ResponseBody(bytes, end), Verdict::of_body),
        };
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
        if !stream.in_vm || stream.generation != self.vm.peek().vm {
            return;
        }
        stream.logging = true;
        self.vm.on_log(&mut self.streams, id);
        self.do_what_was_asked();
        self.stream(id).logging = false;
        self.vm.on_done(&mut self.streams, id);
        self.do_what_was_asked();
        self.vm.on_delete(&mut self.streams, id);
        self.do_what_was_asked();
    }

    /// Does what host calls asked for during the callback that has just returned.
    pub(super) fn do_what_was_asked(&mut self) {
        self.vm.state().stop = false;
        while let Some((id, action)) = self.vm.state().after.pop_front() {
            self.touched.push(id);
            match action {
                Action::Continue(way) => {
                    self.stream(id).side(way).buffering = false;
                    self.resume(id, way);
                }
                Action::Reply(reply) => self.send_reply(id, reply),
                Action::Close => self.reset(id),
            }
        }
    }

    fn create_context(&mut self, id: u32) {
        let stream = self.stream(id);
        stream.in_vm = true;
        if stream.generation == self.vm.peek().vm {
            self.vm.on_context_create(&mut self.streams, id);
            self.do_what_was_asked();
        }
    }

    /// Returns `true` if the module isn't asked about a frame: the stream is unknown to it, or the frame is part of the
    /// answer 503 for its trap.
    fn passes_by(&self, id: u32, way: Way) -> bool {
        let stream = &self.streams[&id];
        !stream.in_vm || stream.over || (way == Way::Response && stream.failure_replied)
    }

    fn ask(&mut self, id: u32, way: Way, callback: MessageCallback, read: fn(u32) -> Verdict) -> Verdict {
        self.stream(id).calling = Some(way);
        let verdict = if self.lost_its_vm(id) {
            self.fail_stream(id);
            Verdict::Drop
        } else {
            let answer = self.vm.on_message(&mut self.streams, id, callback);
            let verdict = if self.vm.failed() {
                self.fail_stream(id);
                Verdict::Drop
            } else if self.vm.state().stop {
                Verdict::Drop
            } else {
                answer.map_or(Verdict::Goes, read)
            };
            self.do_what_was_asked();
            verdict
        };
        self.stream(id).calling = None;
        verdict
    }

    fn lost_its_vm(&self, id: u32) -> bool {
        self.vm.failed() || self.streams[&id].generation != self.vm.peek().vm
    }

    /// Answers a stream with 503 because the VM trapped, once.
    fn fail_stream(&mut self, id: u32) {
        let stream = self.stream(id);
        if !std::mem::replace(&mut stream.failure_replied, true) {
            self.send_reply(id, LocalReply::plain(503, ""));
        }
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
