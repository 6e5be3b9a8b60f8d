//! The upstream's side: sends requests by HTTP/1.1 over connections that are kept, and says what to answer when that
//! fails.

use std::{cell::RefCell, collections::HashMap, net::SocketAddr};

use http::{Request, Response, StatusCode};
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::spawn_local};

use super::body::Pipe;

/// The number of idle connections that are kept for each upstream.
const MOST_IDLE: usize = 32;

/// The idle connections of a worker.
#[derive(Default)]
pub(super) struct Pool {
    idle: RefCell<HashMap<SocketAddr, Vec<SendRequest<Pipe>>>>,
}

/// An answer that has begun, with the connection that it comes on.
pub(super) struct Answering {
    pub(super) response: Response<Incoming>,
    pub(super) connection: UpstreamConnection,
}

/// A connection to an upstream. It can be kept when its answer has been read to the end.
pub(super) struct UpstreamConnection {
    address: SocketAddr,
    sender: SendRequest<Pipe>,
}

/// An answer that the client gets in place of the upstream's, in Envoy's words.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl Pool {
    /// Sends a request on a kept connection, or on a new one, and waits for the head of its answer.
    pub(super) async fn send(
        &self,
        address: SocketAddr,
        mut request: Request<Pipe>,
    ) -> Result<Answering, Failure> {
        while let Some(mut sender) = self.take(address) {
            if sender.ready().await.is_err() {
                continue;
            }
            match sender.try_send_request(request).await {
                Ok(response) => return answering(response, address, sender),
                Err(mut failed) => match failed.take_message() {
                    // The upstream closed the connection before any part of the request was written to it.
                    Some(unsent) => request = unsent,
                    None => return Err(Failure::from_hyper(failed.error())),
                },
            }
        }
        let mut sender = connect(address).await?;
        match sender.send_request(request).await {
            Ok(response) => answering(response, address, sender),
            Err(error) => Err(Failure::from_hyper(&error)),
        }
    }

    /// Keeps a connection. Its request has been sent and its answer has been read, both to the end.
    pub(super) fn keep(&self, connection: UpstreamConnection) {
        let mut idle = self.idle.borrow_mut();
        let idle = idle.entry(connection.address).or_default();
        idle.retain(|sender| !sender.is_closed());
        if idle.len() < MOST_IDLE {
            idle.push(connection.sender);
        }
    }

    fn take(&self, address: SocketAddr) -> Option<SendRequest<Pipe>> {
        self.idle.borrow_mut().get_mut(&address)?.pop()
    }
}

async fn connect(address: SocketAddr) -> Result<SendRequest<Pipe>, Failure> {
    let refused = |error: std::io::Error| Failure::before_the_answer(&format!("connection failure: {error}"));
    let tcp = TcpStream::connect(address).await.map_err(refused)?;
    let _ = tcp.set_nodelay(true);
    let (sender, connection) = http1::Builder::new()
        .max_headers(1024)
        .handshake(TokioIo::new(tcp))
        .await
        .map_err(|error| Failure::from_hyper(&error))?;
    spawn_local(connection);
    Ok(sender)
}

fn answering(
    response: Response<Incoming>,
    address: SocketAddr,
    sender: SendRequest<Pipe>,
) -> Result<Answering, Failure> {
    if response.status().is_informational() {
        // 101 can only answer an `Upgrade`, and none was sent.
        return Err(Failure::garbage());
    }
    Ok(Answering { response, connection: UpstreamConnection { address, sender } })
}

impl Failure {
    /// Creates the answer for an upstream that sent nothing in its time.
    pub(super) fn timeout() -> Self {
        Self { status: StatusCode::GATEWAY_TIMEOUT, message: "upstream request timeout".to_owned() }
    }

    /// Creates the answer for a message, from the upstream or to it, that isn't HTTP.
    pub(super) fn garbage() -> Self {
        Self { status: StatusCode::BAD_GATEWAY, ..Self::before_the_answer("protocol error") }
    }

    /// Creates the answer for a request that no route leads anywhere, because the module named no cluster or an unknown
    /// one. Envoy's answer has no body.
    pub(super) fn no_route() -> Self {
        Self { status: StatusCode::NOT_FOUND, message: String::new() }
    }

    fn before_the_answer(reason: &str) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            message: format!(
                "upstream connect error or disconnect/reset before headers. reset reason: {reason}"
            ),
        }
    }

    fn from_hyper(error: &hyper::Error) -> Self {
        if error.is_parse() { Self::garbage() } else { Self::before_the_answer("connection termination") }
    }
}
