//! A request that waits for a silence that the server is asked for. It goes on if the silence is the caller's.

use super::Stream;
use super::phase::{Phase, ShownBody};
use crate::decision::Forward;
use crate::enforce::silence::lookup::{Lookup, LookupError, MAX_ANSWER};
use crate::shell::heads;
use crate::shell::host::{self, HostError, Map};
use proxy_wasm::types::Action;

/// A silence that the server is being asked for, and what happens if it is the caller's.
pub(super) struct Looking {
    lookup: Lookup,
    then: Then,
}

/// The part of a request that waits for the answer.
pub(super) enum Then {
    /// All of it: the head may go on in this way.
    Head(Box<Forward>),
    /// The body, which goes on as this one.
    Body(Vec<u8>),
}

impl Stream {
    /// Asks the server for a silence before a request goes on at all.
    pub(super) fn look_up_first(
        &mut self,
        lookup: Lookup,
        forward: Box<Forward>,
    ) -> Result<Action, HostError> {
        // A refusal needs the context of the answer.
        self.phase = Phase::Forwarded { context: forward.context.clone() };
        let action = self.look_up(lookup, Then::Head(forward));
        if self.looking.is_some() {
            self.phase = Phase::Waiting(ShownBody::Nothing);
        }
        Ok(action)
    }

    /// Asks the server for a silence, or refuses the request if that can't be done.
    pub(super) fn look_up(&mut self, lookup: Lookup, then: Then) -> Action {
        let asked = match lookup.request() {
            Ok(_) if !self.worker.kind.has_calls => Err(LookupError::NoCalls),
            Ok((cluster, path)) => self
                .worker
                .as_root(self.context, || host::ask(cluster, &path))
                .map_err(|_| LookupError::Failed),
            Err(error) => Err(error),
        };
        match asked {
            Ok(()) => {
                self.looking = Some(Box::new(Looking { lookup, then }));
                Action::Pause
            }
            Err(error) => self.refuse(error.into()),
        }
    }

    /// Handles the answer to a call, whose body has `size` bytes.
    pub(crate) fn looked_up(&mut self, size: usize) -> Result<Action, HostError> {
        let Some(looking) = self.looking.take() else { return Ok(Action::Pause) };
        let Looking { lookup, then } = *looking;
        let judged = self.judge(&lookup, size);
        match (then, &self.phase) {
            (Then::Head(forward), &Phase::Waiting(shown)) => {
                if let Err(error) = judged {
                    self.phase = Phase::Forwarded { context: forward.context };
                    return Ok(self.refuse(error.into()));
                }
                let headers = heads::read(self.worker.kind, Map::Request)?;
                match self.forward(*forward, &headers)? {
                    Action::Pause => Ok(Action::Pause),
                    _ => self.go_on(shown),
                }
            }
            (Then::Body(completed), Phase::AwaitingBody { .. }) => {
                if let Err(error) = judged {
                    return Ok(self.refuse(error.into()));
                }
                if self.completed(Ok(completed))? == Action::Pause {
                    return Ok(Action::Pause);
                }
                host::resume_request()?;
                Ok(Action::Continue)
            }
            // The host has answered meanwhile.
            _ => Ok(Action::Pause),
        }
    }

    /// Reads the answer to a call, which belongs to the root, and judges it.
    fn judge(&self, lookup: &Lookup, size: usize) -> Result<(), LookupError> {
        let answer = self.worker.as_root(self.context, || {
            let headers = host::call_response()?;
            let body =
                if (1..=MAX_ANSWER).contains(&size) { host::call_response_body(size)? } else { Vec::new() };
            Ok((headers, body))
        });
        match answer {
            Ok((headers, body)) => lookup.judge(&headers, &body),
            _ => Err(LookupError::Failed),
        }
    }
}
