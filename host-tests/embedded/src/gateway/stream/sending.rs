//! Sends the frames that the host has put out: those of the request to the upstream, those of the answer to the client.

use std::rc::Rc;

use tokio::time::Instant;

use super::super::{
    body::Pipe,
    headers,
    options::Options,
    origin::Failure,
    stream_ends::{Client, Upstream, write},
};
use super::StreamTask;
use crate::host::{Frame, Headers, Why};

impl StreamTask {
    /// Sends the heads that are first in the queues, which needs no waiting. Returns the reason if the stream is then
    /// over.
    pub(super) fn send_heads(&mut self) -> Option<Why> {
        while let Some(Frame::Headers(..)) = self.to_upstream.front()
            && let Some(Frame::Headers(head, whole)) = self.to_upstream.pop_front()
        {
            if !whole && headers::must_be_empty(&head) {
                self.held = Some(head);
                continue;
            }
            if let Err(failure) = self.ask(head, whole) {
                self.fail(&failure);
            }
        }
        if !self.to_upstream.is_empty()
            && let Some(head) = self.held.take()
        {
            let whole = matches!(self.to_upstream.front(), Some(Frame::Data(data, true)) if data.is_empty());
            if whole {
                self.to_upstream.clear();
            }
            if let Err(failure) = self.ask(head, whole) {
                self.fail(&failure);
            }
        }
        if matches!(self.upstream, Upstream::Done) || self.was_reset {
            self.to_upstream.clear();
        }
        if self.was_reset {
            return Some(Why::Finished);
        }
        if let Some(Frame::Headers(..)) = self.to_client.front()
            && let Some(Frame::Headers(head, whole)) = self.to_client.pop_front()
        {
            return self.begin_answer(head, whole);
        }
        None
    }

    fn ask(&mut self, head: Headers, whole: bool) -> Result<(), Failure> {
        let Options { clusters, upstream, .. } = &*self.worker.options;
        let address = match headers::cluster(&head) {
            Some(name) => clusters.get(&name).copied(),
            None => *upstream,
        };
        let address = address.ok_or_else(Failure::no_route)?;
        let body = if whole {
            Pipe::empty()
        } else {
            let (pieces, body) = Pipe::new();
            self.request_out = Some(pieces);
            body
        };
        let request = headers::to_request(head, body).map_err(|_| Failure::garbage())?;
        let worker = Rc::clone(&self.worker);
        self.upstream = Upstream::Asked(Box::pin(async move { worker.pool.send(address, request).await }));
        if whole {
            self.request_was_sent();
        }
        Ok(())
    }

    fn begin_answer(&mut self, head: Headers, whole: bool) -> Option<Why> {
        let (pieces, body) = Pipe::new();
        let body = if whole { Pipe::empty() } else { body };
        let Ok(response) = headers::to_response(head, body) else {
            return Some(Why::UpstreamReset);
        };
        match std::mem::replace(&mut self.client, Client::Reading(pieces)) {
            Client::Waiting(answer) => match answer.send(response) {
                Ok(()) => whole.then_some(Why::Finished),
                Err(_) => Some(Why::ClientGone),
            },
            Client::Reading(_) => Some(Why::UpstreamReset),
        }
    }

    /// Sends a frame of the request. There is room for it.
    pub(super) fn send_to_upstream(&mut self) {
        let frame = self.to_upstream.pop_front().expect("a frame waits to be sent");
        let ends = frame.ends();
        let piece = write(frame, self.worker.options.http1_trailers);
        let sent = match &self.request_out {
            Some(out) => out.try_send(piece).is_ok(),
            None => false,
        };
        // An upstream that stopped reading may still answer. The rest of the request is dropped.
        if ends || !sent {
            self.request_out = None;
        }
        if ends && sent {
            self.request_was_sent();
        }
    }

    /// Sends a frame of the answer. Returns the reason if the stream is then over.
    pub(super) fn send_to_client(&mut self) -> Option<Why> {
        let frame = self.to_client.pop_front().expect("a frame waits to be sent");
        let ends = frame.ends();
        let piece = write(frame, self.client_trailers);
        match &self.client {
            Client::Reading(out) if out.try_send(piece).is_ok() => ends.then_some(Why::Finished),
            _ => Some(Why::ClientGone),
        }
    }

    /// Starts the upstream's time, unless it has answered already.
    fn request_was_sent(&mut self) {
        if !matches!(self.upstream, Upstream::Asked(_)) {
            return;
        }
        self.timeout = Some(Instant::now() + self.worker.options.timeout);
    }
}
