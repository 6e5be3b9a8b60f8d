//! Lets go what a module has asked for by `proxy_continue_stream`.

use super::flow::Source;
use super::message::Way;
use super::personality::ContinueStream;
use super::settings::Level;
use super::stream::{BodyPart, Iteration, Moment};
use super::worker::Worker;

impl Worker {
    /// Lets go what the module asked for.
    pub(super) fn let_go(&mut self, id: u32, way: Way) {
        if let Some(reply) = self.stream(id).prepared.take() {
            return self.send_reply(id, reply);
        }
        if self.personality().continue_stream != ContinueStream::ResumesHeads {
            self.stream(id).side(way).buffering = false;
            return self.resume(id, way);
        }
        let stream = self.stream(id);
        if stream.moment == Some(Moment::Head(way)) {
            stream.side(way).is_let_go = true;
            return;
        }
        self.resume_head(id, way);
    }

    /// Lets a paused head go on, and shows the body that has come meanwhile.
    fn resume_head(&mut self, id: u32, way: Way) {
        let waits_for_body = self.waits_for_body(id, way);
        let side = self.stream(id).side(way);
        if side.iteration != Iteration::PausedForAll || side.headers_went_on {
            return;
        }
        let end = side.complete;
        if !waits_for_body || (end && side.held.is_none()) {
            return self.resume(id, way);
        }
        side.iteration = Iteration::Paused;
        if let Some(piece) = side.held.take() {
            side.piece = piece;
            self.body(id, way, BodyPart::Piece, end, Source::Peer);
        }
    }

    /// Lets go what was held back.
    pub(super) fn resume(&mut self, id: u32, way: Way) {
        let stream = self.stream(id);
        if stream.over || (way == Way::Request && stream.local_complete) {
            return;
        }
        let side = stream.side(way);
        if side.headers.is_none() {
            let line = "the module continued an answer that hasn't come: Envoy crashes at this";
            self.plugin.log(Level::Critical, line);
            self.reset(id);
            return;
        }
        side.from_module |= side.iteration == Iteration::PausedForAll;
        side.iteration = Iteration::Goes;
        if !side.headers_went_on {
            side.headers_went_on = true;
            let end = side.complete && side.held.is_none() && side.trailers.is_none();
            self.send_headers(id, way, end);
        }
        let side = self.stream(id).side(way);
        // Trailers that a body callback adds go on together with that body.
        let had_trailers = side.trailers.is_some();
        if side.held.is_some() {
            let end = side.complete && !had_trailers;
            self.body(id, way, BodyPart::Held, end, Source::Held);
        }
        if had_trailers {
            self.trailers(id, way, Source::Held);
        }
        self.stream(id).side(way).from_module = false;
    }
}
