//! The body of a message on its way out: a pipe with room for one piece, so that the side that fills it waits for the
//! side that reads it.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

/// A piece of a body. Only a piece that ends the message ends it well: if the pipe is dropped before, the message
/// breaks off.
pub(super) enum Piece {
    /// A part of the body, with `true` if it is the last one.
    Data(Bytes, bool),
    /// The trailers, which end the message.
    Trailers(HeaderMap),
}

/// The end of the pipe that hyper reads.
pub(super) struct Pipe {
    pieces: Option<mpsc::Receiver<Piece>>,
}

/// The error that a body broke off. hyper then resets the HTTP/2 stream, or closes the HTTP/1.1 connection.
#[derive(Debug)]
pub(super) struct BrokenOff;

impl Pipe {
    /// Creates a pipe and returns the end that fills it, too.
    pub(super) fn new() -> (mpsc::Sender<Piece>, Self) {
        let (sender, pieces) = mpsc::channel(1);
        (sender, Self { pieces: Some(pieces) })
    }

    /// Creates a body without content.
    pub(super) fn empty() -> Self {
        Self { pieces: None }
    }
}

impl Body for Pipe {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let Some(pieces) = &mut self.pieces else {
            return Poll::Ready(None);
        };
        let Poll::Ready(piece) = pieces.poll_recv(context) else {
            return Poll::Pending;
        };
        let frame = match piece {
            Some(Piece::Data(data, false)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
            Some(Piece::Data(data, true)) if data.is_empty() => None,
            Some(Piece::Data(data, true)) => Some(Ok(Frame::data(data))),
            Some(Piece::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
            None => Some(Err(BrokenOff)),
        };
        self.pieces = None;
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        if self.pieces.is_none() { SizeHint::with_exact(0) } else { SizeHint::default() }
    }
}

impl std::fmt::Display for BrokenOff {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("the message broke off")
    }
}

impl std::error::Error for BrokenOff {}
