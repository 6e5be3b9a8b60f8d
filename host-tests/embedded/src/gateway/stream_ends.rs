//! The two ends of a stream, the client and the upstream: waits for them, and converts their bodies to the host's
//! frames and back.

use std::{future::Future, pin::Pin};

use bytes::Bytes;
use http::Response;
use http_body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};

use super::{
    body::{Piece, Pipe},
    headers,
    origin::{Answering, Failure, UpstreamConnection},
};
use crate::host::Frame;

/// The state of the client's end.
pub(super) enum Client {
    /// The client waits for the head of the answer.
    Waiting(oneshot::Sender<Response<Pipe>>),
    /// The client has the head, and reads the body.
    Reading(mpsc::Sender<Piece>),
}

/// The state of the upstream's end.
pub(super) enum Upstream {
    NotAsked,
    Asked(Pin<Box<dyn Future<Output = Result<Answering, Failure>>>>),
    Answering(Incoming, UpstreamConnection),
    Done,
}

/// An event that a stream waits for.
pub(super) enum Event {
    RoomToUpstream,
    RoomToClient,
    Request(Option<Result<http_body::Frame<Bytes>, hyper::Error>>),
    Answered(Result<Answering, Failure>),
    Answer(Option<Result<http_body::Frame<Bytes>, hyper::Error>>),
    Woken,
    ClientGone,
    TimedOut,
}

impl Client {
    /// Waits until the client is gone or, if there is something to send, can take more.
    pub(super) async fn next(&mut self, sending: bool) -> Event {
        match self {
            Self::Waiting(answer) => {
                answer.closed().await;
                Event::ClientGone
            }
            Self::Reading(out) if sending => {
                room(Some(out)).await;
                Event::RoomToClient
            }
            Self::Reading(out) => {
                out.closed().await;
                Event::ClientGone
            }
        }
    }
}

impl Upstream {
    pub(super) async fn next(&mut self) -> Event {
        match self {
            Self::Asked(answer) => Event::Answered(answer.await),
            Self::Answering(body, _) => Event::Answer(body.frame().await),
            Self::NotAsked | Self::Done => std::future::pending().await,
        }
    }
}

/// Waits until one more piece can be sent, or the other side has stopped reading. Returns at once if there is no pipe.
pub(super) async fn room(out: Option<&mpsc::Sender<Piece>>) {
    if let Some(out) = out {
        let _ = out.reserve().await;
    }
}

pub(super) async fn sleep_until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

pub(super) async fn frame(
    body: Option<&mut Incoming>,
) -> Option<Result<http_body::Frame<Bytes>, hyper::Error>> {
    match body {
        Some(body) => body.frame().await,
        None => std::future::pending().await,
    }
}

/// Converts a frame that was read into what the module sees.
pub(super) fn read(frame: Option<http_body::Frame<Bytes>>, body: Option<&Incoming>, trailers: bool) -> Frame {
    let Some(frame) = frame else {
        return Frame::Data(Bytes::new(), true);
    };
    match frame.into_data() {
        Ok(data) => Frame::Data(data, body.is_none_or(Body::is_end_stream)),
        Err(frame) => match frame.into_trailers() {
            Ok(fields) if trailers => Frame::Trailers(headers::from_trailers(&fields)),
            _ => Frame::Data(Bytes::new(), true),
        },
    }
}

/// Converts a frame that the module let through into what is sent.
pub(super) fn write(frame: Frame, trailers: bool) -> Piece {
    match frame {
        Frame::Data(data, last) => Piece::Data(data, last),
        Frame::Trailers(fields) if trailers => Piece::Trailers(headers::to_trailers(fields)),
        Frame::Trailers(_) | Frame::Headers(..) => Piece::Data(Bytes::new(), true),
    }
}
