//! Takes connections from a listener and requests from connections: the TLS handshake, the protocol that it chose, and
//! the limits of a connection.

use std::{convert::Infallible, net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use http::{Request, Response, StatusCode, header};
use hyper::{body::Incoming, rt::Executor, server::conn, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream},
    task::spawn_local,
    time::{sleep, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    body::Pipe,
    stream,
    tls::{Certificates, describe},
    worker_state::WorkerState,
};

/// The time that a client has for its handshake, and for the head of a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most headers of a request: a module has to cope with as many as Envoy can be told to let through.
const MOST_HEADERS: usize = 1024;

/// The largest head of a request, in bytes: Envoy's 60 KiB.
const LARGEST_HEAD: u32 = 60 * 1024;

/// The most streams that one HTTP/2 client may have open, and the bytes that it may have on the way: the numbers of the
/// shipped `envoy.yaml`.
const STREAMS: u32 = 100;
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// Serves TLS until the worker stops.
pub(super) async fn serve(listener: TcpListener, certificates: Arc<Certificates>, worker: Rc<WorkerState>) {
    loop {
        let (tcp, source) = next(&listener).await;
        spawn_local(connection(tcp, source, certificates.current(), Rc::clone(&worker)));
    }
}

/// Answers every request with a redirect (308) to https on the port that serves TLS.
pub(super) async fn redirect(listener: TcpListener, port: u16) {
    loop {
        let (tcp, _) = next(&listener).await;
        spawn_local(async move {
            let service = service_fn(async |request| Ok::<_, Infallible>(to_https(&request, port)));
            let _ = http1().serve_connection(TokioIo::new(tcp), service).await;
        });
    }
}

async fn next(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((tcp, source)) => {
                let _ = tcp.set_nodelay(true);
                return (tcp, source);
            }
            // Most likely there are no more file descriptors. Some become free as connections end.
            Err(_) => sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection(tcp: TcpStream, source: SocketAddr, config: Arc<ServerConfig>, worker: Rc<WorkerState>) {
    let Ok(destination) = tcp.local_addr() else { return };
    let Ok(Ok(tls)) = timeout(PATIENCE, TlsAcceptor::from(config).accept(tcp)).await else {
        return;
    };
    let (_, session) = tls.get_ref();
    let http2 = session.alpn_protocol() == Some(b"h2");
    let connection = Arc::new(describe(worker.number_connection(), source, destination, session));
    let service =
        service_fn(move |request| stream::serve(Rc::clone(&worker), Arc::clone(&connection), request));
    // An error that ends a connection early reaches its streams too. Nobody else has to know of it.
    if http2 {
        let _ = http2_server().serve_connection(TokioIo::new(tls), service).await;
    } else {
        let _ = http1().serve_connection(TokioIo::<TlsStream<_>>::new(tls), service).await;
    }
}

fn http1() -> conn::http1::Builder {
    let mut http1 = conn::http1::Builder::new();
    http1
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_headers(MOST_HEADERS)
        .max_header_size(LARGEST_HEAD as usize);
    http1
}

fn http2_server() -> conn::http2::Builder<Local> {
    let mut http2 = conn::http2::Builder::new(Local);
    http2
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(LARGEST_HEAD)
        .max_send_buf_size(STREAM_WINDOW as usize);
    http2
}

fn to_https(request: &Request<Incoming>, port: u16) -> Response<Pipe> {
    let mut response = Response::new(Pipe::empty());
    let location = host_name(request).and_then(|host| {
        let port = if port == 443 { String::new() } else { format!(":{port}") };
        let target = request.uri().path_and_query()?;
        format!("https://{host}{port}{target}").parse().ok()
    });
    match location {
        Some(location) => {
            *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
            response.headers_mut().insert(header::LOCATION, location);
        }
        None => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    response
}

/// Returns the host that a request is for, without its port.
fn host_name(request: &Request<Incoming>) -> Option<String> {
    let authority: http::uri::Authority = match request.uri().authority() {
        Some(authority) => authority.clone(),
        None => request.headers().get(header::HOST)?.to_str().ok()?.parse().ok()?,
    };
    Some(authority.host().to_owned())
}

/// An executor that runs hyper's tasks on the worker's own thread.
#[derive(Clone)]
struct Local;

impl<F: Future + 'static> Executor<F> for Local
where
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        spawn_local(future);
    }
}
