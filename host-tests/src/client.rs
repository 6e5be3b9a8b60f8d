//! What tests send with: HTTP/1.1 written by hand, so that a test can send what no library would, and HTTP/2, over plain
//! TCP or TLS, to an address of the test's choice. All calls block and end by a deadline. Nothing is repaired, retried or
//! followed: an answer is what the server said.

mod answer;
mod exchange;
mod http1;
mod http2;
mod tls;

use std::{
    future::Future,
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    runtime::Runtime,
};

pub use self::{
    answer::{Answer, Head},
    exchange::Exchange,
    tls::{Presented, Session, TlsVersion},
};

/// How to reach a server, and what to send with each request. It is a plan: every [`Client::connect`] makes a connection.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
    authority: String,
    tls: Option<tls::Plan>,
    http2: bool,
    headers: Vec<(String, Vec<u8>)>,
    deadline: Duration,
}

impl Client {
    /// TLS to `address`, as `curl --resolve` would: the server name and the authority are `example.com`. Nothing is
    /// trusted until [`Client::trust`] or [`Client::insecure`] says so. HTTP/1.1 unless [`Client::http2`] is asked for.
    pub fn https(address: SocketAddr) -> Self {
        Self { tls: Some(tls::Plan::default()), ..Self::plain(address) }
    }

    /// Plain TCP to `address`, with the authority `example.com`.
    pub fn plain(address: SocketAddr) -> Self {
        Self {
            address,
            authority: "example.com".to_owned(),
            tls: None,
            http2: false,
            headers: Vec::new(),
            deadline: Duration::from_secs(60),
        }
    }

    /// Trusts the certificates in these PEM bytes, and no others.
    #[must_use]
    pub fn trust(self, pem: impl AsRef<[u8]>) -> Self {
        self.with_tls(|tls| tls.trusted = tls::Trust::Roots(pem.as_ref().to_vec()))
    }

    /// Takes any certificate, as `curl -k`.
    #[must_use]
    pub fn insecure(self) -> Self {
        self.with_tls(|tls| tls.trusted = tls::Trust::Anything)
    }

    /// Presents this client certificate (PEM, with its chain) and proves its key (PEM).
    #[must_use]
    pub fn certificate(self, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        let presented = Presented { chain: certificate.as_ref().to_vec(), key: key.as_ref().to_vec() };
        self.with_tls(|tls| tls.presented = Some(presented))
    }

    /// Offers this version of TLS only.
    #[must_use]
    pub fn tls(self, version: TlsVersion) -> Self {
        self.with_tls(|tls| tls.version = Some(version))
    }

    /// The name that the certificate must be for, sent as SNI.
    #[must_use]
    pub fn server_name(self, name: &str) -> Self {
        self.with_tls(|tls| name.clone_into(&mut tls.server_name))
    }

    /// The ALPN protocols to offer, in place of the one that fits. An empty list offers none.
    #[must_use]
    pub fn alpn(self, protocols: &[&str]) -> Self {
        let protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        self.with_tls(|tls| tls.alpn = Some(protocols))
    }

    /// Speaks HTTP/2: by ALPN over TLS, with prior knowledge over plain TCP.
    #[must_use]
    pub fn http2(mut self) -> Self {
        self.http2 = true;
        self
    }

    /// What goes into `Host` or `:authority`, such as `example.com:8443`.
    #[must_use]
    pub fn authority(mut self, authority: &str) -> Self {
        authority.clone_into(&mut self.authority);
        self
    }

    /// Sends this header with each request.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// How long each single wait may last before it is an error; a minute if it isn't set.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// A `GET` on a connection of its own.
    ///
    /// # Errors
    ///
    /// When the connection or TLS fails, or the answer breaks off; the message says which.
    pub fn get(&self, target: &str) -> Result<Answer> {
        self.send(Request::new("GET", target))
    }

    /// A `POST` of an urlencoded form on a connection of its own.
    ///
    /// # Errors
    ///
    /// As [`Client::get`].
    pub fn post_form(&self, target: &str, form: &str) -> Result<Answer> {
        self.send(
            Request::new("POST", target)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form),
        )
    }

    /// Any request on a connection of its own.
    ///
    /// # Errors
    ///
    /// As [`Client::get`].
    pub fn send(&self, request: Request) -> Result<Answer> {
        self.connect()?.send(request)
    }

    /// Bytes as they are on an HTTP/1.1 connection of its own, and the answer to them.
    ///
    /// # Errors
    ///
    /// As [`Client::get`].
    pub fn send_raw(&self, bytes: &[u8]) -> Result<Answer> {
        let mut connection = self.connect()?;
        connection.write_raw(bytes)?;
        connection.read_answer("GET")
    }

    /// Starts a request on a connection of its own, to be sent and read piece by piece.
    ///
    /// # Errors
    ///
    /// As [`Client::get`].
    pub fn open(&self, request: Request) -> Result<Exchange> {
        self.connect()?.open(request)
    }

    /// Connects, and does the TLS handshake.
    ///
    /// # Errors
    ///
    /// When the connection or the handshake fails; the message carries the alert.
    pub fn connect(&self) -> Result<Connection> {
        block_on(self.deadline, "connecting", async {
            let tcp = TcpStream::connect(self.address)
                .await
                .with_context(|| format!("connecting to {}", self.address))?;
            tcp.set_nodelay(true)?;
            let (wire, session): (BoxedWire, _) = match &self.tls {
                None => (Box::new(tcp), None),
                Some(plan) => {
                    let (stream, session) = plan.handshake(tcp, self.http2).await?;
                    (Box::new(stream), Some(session))
                }
            };
            let protocol = if self.http2 {
                Protocol::Http2(http2::Wire::start(wire).await?)
            } else {
                Protocol::Http1(Arc::new(tokio::sync::Mutex::new(http1::Wire::new(wire))))
            };
            Ok(Connection { client: self.clone(), protocol, session })
        })
    }

    fn with_tls(mut self, change: impl FnOnce(&mut tls::Plan)) -> Self {
        // On a plain connection there is nothing that these could mean, so they mean nothing.
        if let Some(plan) = &mut self.tls {
            change(plan);
        }
        self
    }
}

/// A request to be sent.
#[derive(Clone, Debug, Default)]
pub struct Request {
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
    trailers: Vec<(String, Vec<u8>)>,
}

impl Request {
    /// A request without a body. The target is sent as it is on HTTP/1.1.
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), ..Self::default() }
    }

    /// Adds a header; `host` and `content-length` given here replace those that would be sent.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Sets the body. On HTTP/1.1 it is sent with its length, or chunked where there are trailers.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Adds a trailer.
    #[must_use]
    pub fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.trailers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(sent, _)| sent.eq_ignore_ascii_case(name))
    }
}

/// An open connection, good for one request after the other, and on HTTP/2 for several at once.
pub struct Connection {
    client: Client,
    protocol: Protocol,
    session: Option<Session>,
}

enum Protocol {
    Http1(Arc<tokio::sync::Mutex<http1::Wire>>),
    Http2(http2::Wire),
}

impl Connection {
    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    ///
    /// When the connection fails or the answer breaks off.
    pub fn send(&mut self, mut request: Request) -> Result<Answer> {
        let body = request.body.take();
        let trailers = std::mem::take(&mut request.trailers);
        let whole = body.is_none() && trailers.is_empty();
        if let (Some(body), true) = (&body, trailers.is_empty() && !request.has_header("content-length")) {
            request = request.header("content-length", body.len().to_string());
        }
        let mut exchange = self.start(request, whole)?;
        // A server may answer and stop reading before the whole body is sent; its answer is what counts then.
        let sent = exchange.send_rest(body, &trailers);
        let answer = exchange.answer();
        match sent {
            Ok(()) => answer,
            Err(error) => answer.map_err(|_| error),
        }
    }

    /// Starts a request whose body is sent piece by piece with [`Exchange::data`], and ended by [`Exchange::end`].
    ///
    /// # Errors
    ///
    /// When the connection fails.
    pub fn open(&mut self, request: Request) -> Result<Exchange> {
        self.start(request, false)
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    ///
    /// On HTTP/2, and when the connection fails.
    pub fn write_raw(&mut self, bytes: &[u8]) -> Result<()> {
        let wire = self.http1()?;
        block_on(self.client.deadline, "sending raw bytes", async { wire.lock().await.write(bytes).await })
    }

    /// Reads an answer to what was sent by [`Connection::write_raw`]. The method says whether it has a body (`HEAD`).
    ///
    /// # Errors
    ///
    /// On HTTP/2, and when the connection fails or the answer breaks off.
    pub fn read_answer(&mut self, method: &str) -> Result<Answer> {
        Exchange::reading(self.http1()?, method, self.client.deadline).answer()
    }

    /// Waits until the server has closed the connection, and gives what it sent before that.
    ///
    /// # Errors
    ///
    /// On HTTP/2, and when the server keeps it open beyond the deadline.
    pub fn wait_for_close(&mut self) -> Result<Vec<u8>> {
        let wire = self.http1()?;
        block_on(self.client.deadline, "waiting for the connection's end", async {
            Ok(wire.lock().await.read_to_end().await)
        })
    }

    /// What TLS agreed on; `None` on a plain connection.
    pub fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    fn start(&mut self, request: Request, whole: bool) -> Result<Exchange> {
        let mut request = request;
        request.headers.splice(0..0, self.client.headers.iter().cloned());
        let deadline = self.client.deadline;
        match &mut self.protocol {
            Protocol::Http1(wire) => {
                let head = http1::head(&request, &self.client.authority, whole);
                let chunked = !whole && !request.has_header("content-length");
                block_on(deadline, "sending the head", async { wire.lock().await.write(&head).await })?;
                Ok(Exchange::http1(Arc::clone(wire), &request.method, chunked, deadline))
            }
            Protocol::Http2(wire) => {
                let scheme = if self.client.tls.is_some() { "https" } else { "http" };
                let head = http2::head(&request, scheme, &self.client.authority)?;
                let stream =
                    block_on(deadline, "sending the head", async { wire.start_stream(head, whole).await })?;
                Ok(Exchange::http2(stream, deadline))
            }
        }
    }

    fn http1(&self) -> Result<Arc<tokio::sync::Mutex<http1::Wire>>> {
        match &self.protocol {
            Protocol::Http1(wire) => Ok(Arc::clone(wire)),
            Protocol::Http2(_) => bail!("raw bytes go over HTTP/1.1 only: don't ask this client for http2()"),
        }
    }
}

trait AsyncWire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> AsyncWire for T {}
type BoxedWire = Box<dyn AsyncWire>;

/// Runs a future on the one runtime that all clients share, which also keeps their HTTP/2 connections going.
fn block_on<T>(deadline: Duration, doing: &str, future: impl Future<Output = Result<T>>) -> Result<T> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    let runtime = RUNTIME
        .get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build())
        .as_ref()
        .map_err(|error| anyhow!("starting the client's runtime: {error}"))?;
    runtime.block_on(async {
        tokio::time::timeout(deadline, future)
            .await
            .map_err(|_| anyhow!("{doing}: nothing within {deadline:?}"))?
    })
}
