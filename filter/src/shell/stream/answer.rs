//! The callbacks of an answer. Nothing of it passes that hasn't been looked at, and nothing follows a cut.

use super::phase::{Phase, Replies, Rest};
use super::{HostError, Stream};
use crate::decision::refusal::Refusal;
use crate::report::Reason;
use crate::response::answer;
use crate::response::reply::Reply;
use crate::shell::heads;
use crate::shell::host::{self, Map};
use crate::shell::host_kind::{Cut, Instead};
use crate::target::body::End;
use crate::target::header_edits::HeaderEdits;
use crate::target::headers::name::Name;
use proxy_wasm::types::Action;
use std::fmt;

impl Stream {
    /// Handles the headers of the server's answer.
    pub(crate) fn answer(&mut self) -> Result<Action, HostError> {
        let kind = self.worker.kind;
        match self.phase {
            // The host itself answers, and there is nothing left to wait for.
            Phase::Waiting(..) => {
                self.phase = Phase::Replied;
                self.worker.forget(self.context);
            }
            Phase::New => return self.unknown_answer(),
            // The host replies in its place.
            Phase::Replied if !kind.shows_own_replies => return Ok(Action::Pause),
            _ => {}
        }
        if let (Phase::Replied, Replies::Restored(status)) = (&self.phase, self.replies) {
            let headers = heads::read(kind, Map::Response)?;
            let edits = HeaderEdits::set(Name::Status, status.to_string());
            heads::edit(kind, Map::Response, &edits, &headers)?;
        }
        if !kind.tells_body && matches!(self.phase, Phase::AwaitingBody { .. }) {
            // Nothing was announced but an empty form, of which the host shows nothing.
            self.worker.report(&self.record);
        }
        let Some(context) = self.phase.context() else { return Ok(Action::Continue) };
        let headers = heads::read(kind, Map::Response)?;
        match self.gateway().answer(context, &headers) {
            Ok(edits) => {
                // An event stream or a WebSocket may stay open for hours, and isn't one of the requests at once.
                if self.worker.has_lines() && answer::is_lasting(&headers) {
                    self.worker.end(self.context);
                }
                heads::edit(kind, Map::Response, &edits, &headers)?;
                if let Some(filtered) = &context.filtered {
                    let filter = Box::new(filtered.filter());
                    let rest = match self.phase {
                        Phase::AwaitingBody { .. } | Phase::Working(_) => Rest::MustBeEmpty,
                        _ => Rest::Streams,
                    };
                    self.phase = Phase::Filtering(filter, rest);
                }
                Ok(Action::Continue)
            }
            Err(refusal) => {
                let reply = self.gateway().refuse(context, self.record.class, &refusal);
                self.record.refused(reply.status, refusal.reason(), &refusal);
                self.worker.report_answer(&self.record);
                Ok(self.instead(&reply))
            }
        }
    }

    /// Refuses an answer to a request that the filter hasn't seen: a new VM gets it, or the host has found an error by
    /// itself, whose status stays.
    #[cold]
    fn unknown_answer(&mut self) -> Result<Action, HostError> {
        let headers = heads::read(self.worker.kind, Map::Response)?;
        let status =
            headers.only(Name::Status).and_then(|status| std::str::from_utf8(status).ok()?.parse().ok());
        let mut reply = self.gateway().failed();
        if let Some(error @ 400..) = status {
            reply.status = error;
        }
        Ok(self.instead(&reply))
    }

    /// Returns the action for the host. If a host call failed, the answer is refused.
    pub(crate) fn closed_answer(&mut self, result: Result<Action, HostError>) -> Action {
        result.unwrap_or_else(|error| {
            let reply = self.failed(error);
            self.instead(&reply)
        })
    }

    /// Replies in place of the server's answer, whose headers have come.
    fn instead(&mut self, reply: &Reply) -> Action {
        let kind = self.worker.kind;
        if kind.instead == Instead::Reply {
            return self.reply(reply);
        }
        self.phase = Phase::Replaced(reply.body.clone());
        if let Err(error) = heads::nginx::make_reply(kind, reply) {
            log::error!("promward: the headers of an answer that is refused stay: {error:?}");
        }
        Action::Continue
    }

    /// Handles a piece of the server's answer. From its first byte on, only the end of the connection, or of what is
    /// sent, can tell the client that something is wrong (`threats.md` R3).
    pub(crate) fn answer_body(&mut self, size: usize, end: End) -> Action {
        let kind = self.worker.kind;
        let filter = match &mut self.phase {
            Phase::Filtering(filter, _) => filter,
            Phase::BrokenOff => return self.cut(),
            Phase::Replaced(body) => {
                let body = std::mem::take(body);
                let text = if body.is_empty() { kind.nothing } else { body.as_bytes() };
                return replaced(text);
            }
            // A new VM gets an answer of which it hasn't seen the headers, or the host has kept them to itself.
            Phase::New => return self.break_off(&Refusal::Host),
            phase if phase.context().is_some_and(|context| context.filtered.is_some()) => {
                return self.break_off(&Refusal::Host);
            }
            _ => return Action::Continue,
        };
        let piece = if size == 0 { Ok(Vec::new()) } else { host::response_body(size) };
        let filtered = piece.map(|piece| filter.next(&piece, end));
        let error: &dyn fmt::Display = match &filtered {
            Ok(Ok(filtered)) => {
                let filtered = if filtered.is_empty() { kind.nothing } else { filtered };
                match host::replace_response_body(filtered) {
                    Ok(()) => return Action::Continue,
                    Err(_) => &Refusal::Host,
                }
            }
            Ok(Err(error)) => error,
            Err(_) => &Refusal::Host,
        };
        self.break_off(error)
    }

    /// Breaks an answer off, of which nothing more may pass.
    fn break_off(&mut self, error: &dyn fmt::Display) -> Action {
        self.record.refused(502, Reason::Answer, error);
        self.worker.report_answer(&self.record);
        self.phase = Phase::BrokenOff;
        if self.worker.kind.cut == Cut::Close
            && let Err(error) = host::break_off()
        {
            log::error!(
                "promward: the host doesn't close the stream of an answer that was broken off: {error:?}"
            );
        }
        self.cut()
    }

    /// Lets nothing of a piece pass.
    fn cut(&self) -> Action {
        match self.worker.kind.cut {
            Cut::Close => Action::Pause,
            Cut::Empty => replaced(self.worker.kind.nothing),
        }
    }
}

/// Lets a text pass in place of a piece of an answer. If the host refuses even that, the piece is held.
fn replaced(text: &[u8]) -> Action {
    match host::replace_response_body(text) {
        Ok(()) => Action::Continue,
        Err(error) => {
            log::error!("promward: the host doesn't replace a piece of an answer: {error:?}");
            Action::Pause
        }
    }
}
