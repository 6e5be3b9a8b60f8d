//! The client of the tests. It speaks HTTP/1.1, written by hand so that a test can send what no library would, and
//! HTTP/2, over plain TCP or TLS, to an address that the test chooses. All calls block and end by a deadline. The
//! client repairs, retries and follows nothing: an answer is what the server said.

mod answer;
mod connection;
mod crowd;
mod exchange;
pub mod frames;
mod http1;
mod http2;
mod request;
mod tls;

use std::{
    future::Future,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, LazyLock},
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpSocket, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::client::TlsStream;

use self::connection::Protocol;
pub use self::{
    answer::{Answer, Head},
    connection::{Close, Connection},
    crowd::Crowd,
    exchange::Exchange,
    request::Request,
    tls::{Presented, Session, TlsVersion},
};

/// The address of a server, the way to reach it, and the headers of each request. Every [`Client::connect`] makes a new
/// connection.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
    authority: String,
    tls: Option<tls::Plan>,
    http2: bool,
    headers: Vec<(String, Vec<u8>)>,
    source: IpAddr,
    deadline: Duration,
}

impl Client {
    /// Creates a client that speaks TLS with `address`, as `curl --resolve` would: the server name and the authority
    /// are `example.com`. It trusts nobody before [`Client::trust`] or [`Client::insecure`], and speaks HTTP/1.1
    /// without [`Client::http2`].
    pub fn https(address: SocketAddr) -> Self {
        Self { tls: Some(tls::Plan::default()), ..Self::plain(address) }
    }

    /// Creates a client that speaks plain TCP with `address`, with the authority `example.com`.
    pub fn plain(address: SocketAddr) -> Self {
        Self {
            address,
            authority: "example.com".to_owned(),
            tls: None,
            http2: false,
            headers: Vec::new(),
            source: Ipv4Addr::UNSPECIFIED.into(),
            deadline: Duration::from_secs(60),
        }
    }

    /// Trusts the certificates in these PEM bytes, and no others.
    #[must_use]
    pub fn trust(self, pem: impl AsRef<[u8]>) -> Self {
        self.with_tls(|tls| tls.trusted = tls::Trust::Roots(pem.as_ref().to_vec()))
    }

    /// Accepts any certificate, as `curl -k` does.
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

    /// Sets the name that the certificate must be for. It is sent as SNI.
    #[must_use]
    pub fn server_name(self, name: &str) -> Self {
        self.with_tls(|tls| name.clone_into(&mut tls.server_name))
    }

    /// Sets the ALPN protocols to offer, in place of the one that fits. An empty list offers none.
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

    /// Sets the value of `Host` or `:authority`, such as `example.com:8443`.
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

    /// Connects from this address of the machine, such as 127.0.0.2.
    #[must_use]
    pub fn source(mut self, source: IpAddr) -> Self {
        self.source = source;
        self
    }

    /// Logs in by name and password with each request, as `curl --user` does.
    #[must_use]
    pub fn user(self, name: &str, password: &str) -> Self {
        self.header("authorization", format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))))
    }

    /// Sets how long each single wait may last before it is an error; a minute by default.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sends a `GET` on a connection of its own.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection or TLS fails, or the answer breaks off; the message says which.
    pub fn get(&self, target: &str) -> Result<Answer> {
        self.send(Request::new("GET", target))
    }

    /// Sends a `POST` with an urlencoded form on a connection of its own.
    ///
    /// # Errors
    ///
    /// Returns an error where [`Client::get`] does.
    pub fn post_form(&self, target: &str, form: &str) -> Result<Answer> {
        self.send(Request::form(target).body(form))
    }

    /// Sends any request on a connection of its own.
    ///
    /// # Errors
    ///
    /// Returns an error where [`Client::get`] does.
    pub fn send(&self, request: Request) -> Result<Answer> {
        self.connect()?.send(request)
    }

    /// Sends bytes as they are on an HTTP/1.1 connection of its own, and reads the answer.
    ///
    /// # Errors
    ///
    /// Returns an error where [`Client::get`] does.
    pub fn send_raw(&self, bytes: &[u8]) -> Result<Answer> {
        let mut connection = self.connect()?;
        connection.write_raw(bytes)?;
        connection.read_answer("GET")
    }

    /// Starts a request on a connection of its own, to be sent and read piece by piece.
    ///
    /// # Errors
    ///
    /// Returns an error where [`Client::get`] does.
    pub fn open(&self, request: Request) -> Result<Exchange> {
        self.connect()?.open(request)
    }

    /// Starts a request without a body on a connection of its own, whose answer is read piece by piece.
    ///
    /// # Errors
    ///
    /// Returns an error where [`Client::get`] does.
    pub fn ask(&self, request: Request) -> Result<Exchange> {
        self.connect()?.ask(request)
    }

    /// Connects, and does the TLS handshake.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection or the handshake fails; the message carries the alert.
    pub fn connect(&self) -> Result<Connection> {
        block_on(self.deadline, "connecting", async {
            let (wire, session) = self.reach().await?;
            let protocol = if self.http2 {
                Protocol::Http2(http2::Wire::start(wire).await?)
            } else {
                Protocol::Http1(Arc::new(tokio::sync::Mutex::new(http1::Wire::new(wire))))
            };
            Ok(Connection { client: self.clone(), protocol, session })
        })
    }

    /// Makes a great many HTTP/1.1 connections, and sends on each the bytes that `first` returns for its number.
    ///
    /// # Errors
    ///
    /// Returns an error if a connection can't be made within the deadline. It is not an error that the server closes
    /// one again.
    pub fn crowd(&self, number: usize, first: impl Fn(usize) -> Vec<u8>) -> Result<Crowd> {
        Crowd::gather(self, number, first)
    }

    async fn reach(&self) -> Result<(BoxedWire, Option<Session>)> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((self.source, 0).into())?;
        let tcp =
            socket.connect(self.address).await.with_context(|| format!("connecting to {}", self.address))?;
        tcp.set_nodelay(true)?;
        Ok(match &self.tls {
            None => (Box::new(tcp), None),
            Some(plan) => {
                let (stream, session) = plan.handshake(tcp, self.http2).await?;
                (Box::new(stream), Some(session))
            }
        })
    }

    fn with_tls(mut self, change: impl FnOnce(&mut tls::Plan)) -> Self {
        // These settings mean nothing on a plain connection.
        if let Some(plan) = &mut self.tls {
            change(plan);
        }
        self
    }
}

/// A connection, with or without TLS.
trait AsyncWire: AsyncRead + AsyncWrite + Send + Unpin {
    /// Returns the socket below the connection.
    fn socket(&self) -> &TcpStream;
}

impl AsyncWire for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl AsyncWire for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

type BoxedWire = Box<dyn AsyncWire>;

/// Runs a future on the one runtime that all clients share. The runtime also keeps their HTTP/2 connections going.
fn block_on<T>(deadline: Duration, doing: &str, future: impl Future<Output = Result<T>>) -> Result<T> {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().expect("the client's runtime starts")
    });
    RUNTIME.block_on(async {
        tokio::time::timeout(deadline, future)
            .await
            .map_err(|_| anyhow!("{doing}: nothing within {deadline:?}"))?
    })
}
