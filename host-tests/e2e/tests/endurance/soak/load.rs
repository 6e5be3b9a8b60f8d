//! A crowd of clients: each task keeps a connection for a while, with HTTP/1.1 or HTTP/2, and then connects from
//! another address. Some leave without their answer.

use super::kinds::KINDS;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use promward_e2e::deployment::Deployment;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpSocket;
use tokio_rustls::TlsConnector;

/// The number of clients at once.
const CLIENTS: u64 = 24;

/// The number of requests on a connection. It makes each connection begin with another kind.
const OF_A_CONNECTION: u64 = 251;

/// The longest time until an answer.
const DEADLINE: Duration = Duration::from_secs(60);

/// The results of the requests: the number of each status, and of the clients that left, by kind.
#[derive(Default)]
pub(crate) struct Seen {
    statuses: BTreeMap<usize, BTreeMap<u16, u64>>,
    left: BTreeMap<usize, u64>,
}

impl Seen {
    pub(crate) fn statuses(&self, kind: usize) -> BTreeMap<u16, u64> {
        self.statuses.get(&kind).cloned().unwrap_or_default()
    }

    pub(crate) fn left(&self, kind: usize) -> u64 {
        self.left.get(&kind).copied().unwrap_or_default()
    }

    pub(crate) fn total(&self) -> u64 {
        self.statuses.values().flat_map(BTreeMap::values).chain(self.left.values()).sum()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (kind, statuses) in &other.statuses {
            for (status, number) in statuses {
                *self.statuses.entry(*kind).or_default().entry(*status).or_default() += number;
            }
        }
        for (kind, number) in &other.left {
            *self.left.entry(*kind).or_default() += number;
        }
    }
}

/// Sends the requests with these numbers, and returns their results. All clients are gone when it returns.
pub(crate) async fn run(deployment: &Deployment, numbers: Range<u64>) -> Seen {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(deployment.authority().pem().as_ref()).unwrap()).unwrap();
    let plan = Arc::new(Plan { address: deployment.https(), roots });
    let next = Arc::new(AtomicU64::new(numbers.start));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(client(Arc::clone(&plan), Arc::clone(&next), numbers.end)))
        .collect();
    let mut seen = Seen::default();
    for client in clients {
        seen.add(&client.await.unwrap());
    }
    seen
}

/// The address to connect to, and the trusted authority.
struct Plan {
    address: SocketAddr,
    roots: RootCertStore,
}

async fn client(plan: Arc<Plan>, next: Arc<AtomicU64>, end: u64) -> Seen {
    let mut seen = Seen::default();
    loop {
        let first = next.fetch_add(OF_A_CONNECTION, Ordering::Relaxed);
        if first >= end {
            return seen;
        }
        let mut connection = plan.connect(first / OF_A_CONNECTION).await;
        let last = (first + OF_A_CONNECTION).min(end) - 1;
        for number in first..=last {
            let kind = usize::try_from(number).unwrap() % KINDS.len();
            // After a refusal before the end of a form, the client has to connect again.
            if !connection.is_open().await {
                connection = plan.connect(first / OF_A_CONNECTION).await;
            }
            // On a third of the connections, the client leaves at the last request.
            if number == last && (first / OF_A_CONNECTION).is_multiple_of(3) {
                connection.leave(number).await;
                *seen.left.entry(kind).or_default() += 1;
            } else {
                let status = tokio::time::timeout(DEADLINE, connection.send(number)).await.unwrap();
                *seen.statuses.entry(kind).or_default().entry(status).or_default() += 1;
            }
        }
    }
}

enum Connection {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Plan {
    /// Opens the connection with this number, from an address that few others have.
    async fn connect(&self, number: u64) -> Connection {
        let with_http2 = number % 2 == 1;
        let [.., high, low] = u32::try_from(number % 60_000).unwrap().to_be_bytes();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::new(127, 1, high, low), 0).into()).unwrap();
        let tcp = socket.connect(self.address).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let mut tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        tls.alpn_protocols = vec![if with_http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        let name = ServerName::try_from("example.com").unwrap();
        let tls = TokioIo::new(TlsConnector::from(Arc::new(tls)).connect(name, tcp).await.unwrap());
        if with_http2 {
            let (send, connection) = http2::handshake(TokioExecutor::new(), tls).await.unwrap();
            tokio::spawn(connection);
            Connection::Http2(send)
        } else {
            let (send, connection) = http1::handshake(tls).await.unwrap();
            tokio::spawn(connection);
            Connection::Http1(send)
        }
    }
}

impl Connection {
    async fn is_open(&mut self) -> bool {
        match self {
            Self::Http1(send) => send.ready().await.is_ok(),
            Self::Http2(send) => send.ready().await.is_ok(),
        }
    }

    async fn send(&mut self, number: u64) -> u16 {
        let mut answer = match self {
            Self::Http1(send) => send.send_request(head(number)).await.unwrap(),
            Self::Http2(send) => send.send_request(KINDS[place(number)].request(number)).await.unwrap(),
        };
        while let Some(frame) = answer.frame().await {
            frame.unwrap();
        }
        answer.status().as_u16()
    }

    /// Sends a request, and leaves without its answer.
    async fn leave(&mut self, number: u64) {
        match self {
            Self::Http1(send) => {
                let asked = send.send_request(head(number));
                let _ = tokio::time::timeout(Duration::ZERO, asked).await;
            }
            Self::Http2(send) => {
                let asked = send.send_request(KINDS[place(number)].request(number));
                let _ = tokio::time::timeout(Duration::ZERO, asked).await;
            }
        }
    }
}

fn place(number: u64) -> usize {
    usize::try_from(number).unwrap() % KINDS.len()
}

/// Returns a request as HTTP/1.1 writes it, where the authority is a header.
fn head(number: u64) -> http::Request<Full<Bytes>> {
    let mut request = KINDS[place(number)].request(number);
    let target = request.uri().path_and_query().unwrap().as_str().parse().unwrap();
    *request.uri_mut() = target;
    request.headers_mut().insert("host", "example.com".parse().unwrap());
    request
}
