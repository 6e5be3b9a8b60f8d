//! Sends requests over kept connections, and runs the server that answers them. Both are on one thread, on a processor
//! that the proxy doesn't use.

use crate::common::at;
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use promward_benches::costs::{self, Work};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;
use tokio_rustls::TlsConnector;

/// The number of kept connections.
pub(crate) const CONNECTIONS: usize = 16;

/// The time for which requests are sent before the clock starts, and the most requests of a connection.
const WARM_UP: Duration = Duration::from_millis(200);
const MOST: u32 = 1_000_000;

/// The number of attempts for a request that is told to come later because its password is being checked, and the pause
/// between two of them.
const PATIENCE: u32 = 200;
const PAUSE: Duration = Duration::from_millis(20);

/// The runtime of the thread, with the server in it.
pub(crate) struct Bench {
    runtime: Runtime,
    tasks: LocalSet,
    upstream: SocketAddr,
    answer: Rc<RefCell<costs::Answer>>,
    tls: TlsConnector,
    sent: Rc<Cell<u64>>,
}

/// The measurements of a round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    /// The number of requests that were answered.
    pub(crate) requests: usize,
    time: Duration,
    /// The median time of a request, in milliseconds.
    pub(crate) p50: f64,
    /// The 99th percentile of the times, in milliseconds.
    pub(crate) p99: f64,
}

impl Round {
    /// Returns the number of requests that were answered in a second.
    pub(crate) fn rate(&self) -> f64 {
        self.requests as f64 / self.time.as_secs_f64()
    }
}

impl Bench {
    /// Starts the server, which answers `work`. Clients trust this authority.
    pub(crate) fn start(work: Work, authority: &str) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let tasks = LocalSet::new();
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
        let upstream = listener.local_addr()?;
        let answer = Rc::new(RefCell::new(work.answer()));
        tasks.spawn_local(serve(listener, Rc::clone(&answer)));
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes())?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = TlsConnector::from(Arc::new(config));
        Ok(Self { runtime, tasks, upstream, answer, tls, sent: Rc::default() })
    }

    /// Lets the server answer another work from now on.
    pub(crate) fn turn_to(&self, work: Work) {
        *self.answer.borrow_mut() = work.answer();
    }

    /// Returns the address of the server.
    pub(crate) fn upstream(&self) -> SocketAddr {
        self.upstream
    }

    /// Sends requests to a proxy, and measures for `length` after a warm-up. `clock` is called at the beginning and at
    /// the end of that time, and its results are returned beside the round.
    pub(crate) fn round<T>(
        &self,
        proxy: SocketAddr,
        work: Work,
        length: Duration,
        clock: impl Fn() -> Result<T>,
    ) -> Result<(Round, T, T)> {
        self.run(async {
            let ends = Rc::new(Cell::new(false));
            let mut sending = Vec::new();
            for _ in 0..CONNECTIONS {
                let connection = self.connect(proxy, work).await?;
                sending.push(tokio::task::spawn_local(connection.send_until(Rc::clone(&ends))));
            }
            tokio::time::sleep(WARM_UP).await;
            let (start, before) = (Instant::now(), clock()?);
            tokio::time::sleep(length).await;
            let (end, after) = (Instant::now(), clock()?);
            ends.set(true);
            let mut latencies = Vec::new();
            for sent in sending {
                let answered = sent.await??.into_iter().filter(|(at, _)| (start..end).contains(at));
                latencies.extend(answered.map(|(_, took)| took));
            }
            let (requests, time) = (latencies.len(), end.duration_since(start));
            let (p50, p99) = (at(&mut latencies, 50), at(&mut latencies, 99));
            Ok((Round { requests, time, p50, p99 }, before, after))
        })
    }

    /// Sends requests over one connection, first those before the count and then those that are counted. `begin` and
    /// `end` are called around the latter.
    pub(crate) fn counted(
        &self,
        proxy: SocketAddr,
        work: Work,
        [before, counted]: [u32; 2],
        begin: impl FnOnce() -> Result<()>,
        end: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        self.run(async {
            let mut connection = self.connect(proxy, work).await?;
            for _ in 0..before {
                connection.send().await?;
            }
            begin()?;
            for _ in 0..counted {
                connection.send().await?;
            }
            end()
        })
    }

    /// Waits until the proxy answers a request of this work with 200.
    pub(crate) fn wait_for(&self, proxy: SocketAddr, work: Work) -> Result<()> {
        self.run(async {
            for _ in 0..PATIENCE {
                if let Ok(mut connection) = self.connect(proxy, work).await
                    && connection.send().await.is_ok()
                {
                    return Ok(());
                }
                tokio::time::sleep(PAUSE).await;
            }
            let mut connection = self.connect(proxy, work).await?;
            connection.send().await
        })
    }

    fn run<T>(&self, task: impl Future<Output = Result<T>>) -> Result<T> {
        self.runtime.block_on(self.tasks.run_until(task))
    }

    async fn connect(&self, proxy: SocketAddr, work: Work) -> Result<Connection> {
        let tcp = TcpStream::connect(proxy).await.context("connecting to a proxy")?;
        tcp.set_nodelay(true)?;
        let name = ServerName::try_from("example.com")?;
        let stream = self.tls.connect(name, tcp).await.context("the handshake with a proxy")?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        tokio::task::spawn_local(async move {
            // The next request fails if the connection has ended.
            let _ = driver.await;
        });
        let user = STANDARD.encode(format!("{}:{}", costs::USER, costs::PASSWORD));
        let authorization = HeaderValue::from_str(&format!("Basic {user}"))?;
        Ok(Connection { sender, work, authorization, sent: Rc::clone(&self.sent) })
    }
}

/// A connection that is kept between requests.
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    work: Work,
    authorization: HeaderValue,
    /// The number of requests that all connections have sent.
    sent: Rc<Cell<u64>>,
}

impl Connection {
    /// Sends one request after the other until it is told to end. Returns the time of each answer, and the milliseconds
    /// that it took.
    async fn send_until(mut self, ends: Rc<Cell<bool>>) -> Result<Vec<(Instant, f64)>> {
        let mut answered = Vec::new();
        for _ in 0..MOST {
            if ends.get() {
                break;
            }
            let start = Instant::now();
            self.send().await?;
            let end = Instant::now();
            answered.push((end, end.duration_since(start).as_secs_f64() * 1e3));
        }
        Ok(answered)
    }

    async fn send(&mut self) -> Result<()> {
        let number = self.sent.get();
        self.sent.set(number + 1);
        let mut request = http::Request::<Bytes>::try_from(self.work.request(number))?.map(Full::new);
        request.headers_mut().insert(HOST, HeaderValue::from_static("example.com"));
        if self.work.has_password() {
            request.headers_mut().insert(AUTHORIZATION, self.authorization.clone());
        }
        let answer = self.sender.send_request(request).await.context("sending a request")?;
        let (status, read) = (answer.status(), read(answer.into_body()).await?);
        ensure!(status == 200 && read > 0, "a proxy answers {status} with {read} bytes");
        Ok(())
    }
}

/// Reads a body to its end, and returns its length.
async fn read(mut body: Incoming) -> Result<usize> {
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.context("an answer breaks off")?;
        length += frame.data_ref().map_or(0, Bytes::len);
    }
    Ok(length)
}

/// Answers every request once its body has arrived.
async fn serve(listener: TcpListener, answer: Rc<RefCell<costs::Answer>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let answer = Rc::clone(&answer);
        // A proxy that has gone closes its connections, which is no failure.
        let _ = stream.set_nodelay(true);
        let service = service_fn(move |request: http::Request<Incoming>| {
            let answer = answer.borrow().clone();
            async move {
                // The sender notices when a body breaks off.
                let _ = read(request.into_body()).await;
                let mut response = http::Response::new(Full::new(answer.body));
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(answer.media_type));
                Ok::<_, Infallible>(response)
            }
        });
        tokio::task::spawn_local(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
