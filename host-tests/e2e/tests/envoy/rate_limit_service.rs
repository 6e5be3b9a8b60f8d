//! A stand-in for a rate limit service: it speaks Envoy's gRPC API (`envoy.service.ratelimit.v3.RateLimitService`), counts
//! the requests of each descriptor, and never forgets. Dropping it makes it a service that is down.

mod messages;

use anyhow::{Context, Result};
use bytes::{BufMut, Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{RecvStream, server};
use http::{HeaderMap, HeaderValue, Request, Response};
use messages::{Code, DescriptorStatus, RateLimit, RateLimitRequest, RateLimitResponse, Unit};
use prost::Message;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{self, Runtime};

/// The one call that Envoy makes.
const SHOULD_RATE_LIMIT: &str = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";

/// The length of what stands before each message of gRPC: a flag and the length of the message.
const PREFIX: usize = 5;

/// The keys and values by which requests are counted.
pub(crate) type Descriptor = Vec<(String, String)>;

/// Says how many requests of a descriptor pass.
type Limit = dyn Fn(&Descriptor) -> Option<u32> + Send + Sync;

/// A question of a gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The domain that the gateway's filter is configured with.
    pub(crate) domain: String,
    /// The descriptors of the request.
    pub(crate) descriptors: Vec<Descriptor>,
}

/// A running service on a loopback port of its own.
pub(crate) struct RateLimitService {
    address: SocketAddr,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

struct Shared {
    limit: Box<Limit>,
    counted: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    asked: Vec<Asked>,
    requests: BTreeMap<Descriptor, u32>,
}

impl RateLimitService {
    /// Starts a service that lets as many requests of a descriptor pass as `limit` says, or all of them if it says `None`.
    ///
    /// # Errors
    ///
    /// Returns an error if no loopback port can be bound.
    pub(crate) fn start(limit: impl Fn(&Descriptor) -> Option<u32> + Send + Sync + 'static) -> Result<Self> {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.context("binding the rate limit service")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { limit: Box::new(limit), counted: Mutex::default() });
        runtime.spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, runtime: Some(runtime) })
    }

    /// Returns the address that it listens on.
    #[must_use]
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns all questions so far, in order.
    #[must_use]
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.counted().asked.clone()
    }
}

impl Drop for RateLimitService {
    fn drop(&mut self) {
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

impl Shared {
    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request, and answers it.
    fn decide(&self, request: RateLimitRequest) -> RateLimitResponse {
        let descriptors: Vec<Descriptor> = request.descriptors.into_iter().map(Into::into).collect();
        let mut counted = self.counted();
        let statuses: Vec<_> = descriptors
            .iter()
            .map(|descriptor| {
                let requests = counted.requests.entry(descriptor.clone()).or_default();
                *requests = requests.saturating_add(1);
                status((self.limit)(descriptor), *requests)
            })
            .collect();
        counted.asked.push(Asked { domain: request.domain, descriptors });
        let is_over = statuses.iter().any(|status| status.code() == Code::OverLimit);
        let overall = if is_over { Code::OverLimit } else { Code::Ok };
        RateLimitResponse { overall_code: overall.into(), statuses }
    }
}

fn status(limit: Option<u32>, requests: u32) -> DescriptorStatus {
    let is_over = limit.is_some_and(|limit| requests > limit);
    DescriptorStatus {
        code: if is_over { Code::OverLimit } else { Code::Ok }.into(),
        current_limit: limit.map(|limit| RateLimit { requests_per_unit: limit, unit: Unit::Minute.into() }),
        limit_remaining: limit.map_or(0, |limit| limit.saturating_sub(requests)),
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&shared)));
    }
}

/// Serves one connection of a gateway. An error of it ends the connection, as it would in a real service.
async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let Ok(mut connection) = server::handshake(stream).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move { answer(request, respond, &shared).await });
    }
}

async fn answer(
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    shared: &Shared,
) -> Result<()> {
    let is_known = request.uri().path() == SHOULD_RATE_LIMIT;
    let mut body = request.into_body();
    let mut bytes = BytesMut::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        bytes.extend_from_slice(&piece);
    }
    let message = bytes.get(PREFIX..).filter(|_| is_known).context("a message of the one call")?;
    let decided = shared.decide(RateLimitRequest::decode(message)?);
    let mut framed = BytesMut::new();
    framed.put_u8(0);
    framed.put_u32(u32::try_from(decided.encoded_len())?);
    decided.encode(&mut framed)?;
    let head = Response::builder().header("content-type", "application/grpc").body(())?;
    let mut sent = respond.send_response(head, false)?;
    sent.send_data(framed.freeze(), false)?;
    sent.send_trailers(HeaderMap::from_iter([(
        http::HeaderName::from_static("grpc-status"),
        HeaderValue::from_static("0"),
    )]))?;
    Ok(())
}
