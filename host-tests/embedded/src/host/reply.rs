//! Sends local replies in place of answers of the upstream, and resets streams.

use super::header_map::{self, MapKind};
use super::local_reply::{LocalReply, is_head};
use super::message::{Frame, Output, Way};
use super::personality::{LateReply, Replies, ReplyToAnswer, ReplyToBody};
use super::stream::{Moment, Stream};
use super::worker::Worker;

impl Worker {
    /// Answers in place of the upstream. The reply goes through the module's response callbacks if no answer has come
    /// yet, and past them if one has come but its head hasn't been sent. If the head has been sent, the stream is
    /// reset.
    pub(super) fn send_reply(&mut self, id: u32, reply: LocalReply) {
        let personality = self.personality();
        let takes_the_first_piece = personality.reply_to_answer == ReplyToAnswer::TakesTheFirstPiece;
        let drops_late_replies = personality.late_reply == LateReply::DropsThePiece;
        let Some(stream) = self.streams.get_mut(&id).filter(|stream| !stream.over) else {
            return;
        };
        if stream.moment == Some(Moment::Head(Way::Response)) && !stream.replied && takes_the_first_piece {
            return reply_in_the_first_piece(stream, reply);
        }
        if stream.response_begun && drops_late_replies {
            return;
        }
        if stream.moment == Some(Moment::Body(Way::Request))
            && personality.reply_to_body == ReplyToBody::EmptiesTheRequest
        {
            stream.late_reply.get_or_insert(reply);
            return;
        }
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

    /// Answers for the front where the host doesn't show local replies. The module sees the head of such an answer,
    /// but none of its body. An answer that is paused stays so, and one that has begun is cut.
    pub(super) fn send_page(&mut self, id: u32, reply: LocalReply) {
        let replies = self.personality().replies;
        let Some(stream) = self.streams.get_mut(&id).filter(|stream| !stream.over && !stream.replied) else {
            return;
        };
        if stream.response_begun {
            return self.reset(id);
        }
        if stream.response.headers.is_some() {
            return;
        }
        let (head, body) = reply.render(stream.request.headers.as_ref(), replies);
        (stream.local_complete, stream.response.complete) = (true, true);
        stream.response.headers = Some(head);
        self.headers(id, Way::Response, false);
        if !self.stream(id).over {
            self.stream(id).replied = true;
            self.reply_body(id, body);
        }
    }

    fn reply_through_the_module(&mut self, id: u32, reply: LocalReply) {
        let replies = self.personality().replies;
        let stream = self.stream(id);
        if stream.over {
            return;
        }
        let (head, body) = reply.render(stream.request.headers.as_ref(), replies);
        let is_head = stream.request.headers.as_ref().is_some_and(is_head);
        let end = body.is_empty() && (is_head || replies != Replies::ShownWithALineFeed);
        stream.replied = true;
        stream.local_complete |= end;
        stream.response.complete |= end;
        stream.response.headers = Some(head);
        self.headers(id, Way::Response, end);
        if !end {
            self.reply_body(id, body);
        }
    }

    pub(super) fn reply_past_the_module(&mut self, id: u32, reply: LocalReply) {
        let replies = self.personality().replies;
        let stream = self.stream(id);
        let (head, body) = reply.render(stream.request.headers.as_ref(), replies);
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

/// Sets the status of an answer, and keeps the reply's body for the answer's first piece. The reply's headers are lost.
fn reply_in_the_first_piece(stream: &mut Stream, reply: LocalReply) {
    if let Some(head) = &mut stream.response.headers {
        header_map::replace(MapKind::Separate, head, b":status", reply.status.to_string().as_bytes());
    }
    let line_feed: &[u8] = if reply.body.is_empty() { b"" } else { b"\n" };
    stream.first_piece = Some([&reply.body, line_feed].concat());
}
