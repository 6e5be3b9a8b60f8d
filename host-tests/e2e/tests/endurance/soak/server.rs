//! The server behind a soak: fast, with short answers. It records only the number of requests, and of those that no
//! rule allows.

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio::sync::watch;

const RULES: &str = r#"{"status":"success","data":{"groups":[{"name":"g","file":"f","rules":[
    {"name":"x","type":"recording","labels":{"tenant":"a"}},{"name":"y","type":"recording","labels":{"tenant":"c"}}]}]}}"#;
const TARGETS: &str = r#"{"status":"success","data":{"activeTargets":[{"labels":{"tenant":"b"}},{"labels":{"tenant":"c"}}],
    "droppedTargets":[],"droppedTargetCounts":{}}}"#;

#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    unrestricted: AtomicU64,
}

/// A running server. It ends with its runtime.
pub(crate) struct Server {
    address: SocketAddr,
    counts: Arc<Counts>,
    ends: watch::Sender<()>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let counts = Arc::new(Counts::default());
        let (ends, ended) = watch::channel(());
        let counted = Arc::clone(&counts);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (counted, mut ended) = (Arc::clone(&counted), ended.clone());
                ended.mark_unchanged();
                tokio::spawn(async move {
                    let service = service_fn(|request| serve(request, &counted));
                    let _ = tcp.set_nodelay(true);
                    let connection = http1::Builder::new().serve_connection(TokioIo::new(tcp), service);
                    tokio::select! { _ = connection => {}, _ = ended.changed() => {} }
                });
            }
        });
        Self { address, counts, ends }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the number of requests so far.
    pub(crate) fn requests(&self) -> u64 {
        self.counts.requests.load(Ordering::Relaxed)
    }

    /// Returns the number of requests so far that ask for series of all tenants.
    pub(crate) fn unrestricted(&self) -> u64 {
        self.counts.unrestricted.load(Ordering::Relaxed)
    }

    pub(crate) fn hang_up(&self) {
        self.ends.send_replace(());
    }
}

/// Reads the whole request before it answers, as Prometheus does.
async fn serve(request: Request<Incoming>, counts: &Counts) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    counts.requests.fetch_add(1, Ordering::Relaxed);
    let asked = [head.uri.query().unwrap_or_default().as_bytes(), &body].concat();
    let asked = String::from_utf8_lossy(&asked);
    let asks_for_series = ["/api/v1/query", "/federate"].iter().any(|path| head.uri.path().starts_with(path));
    // Each of the selectors has the matcher, and only forms and query strings that were read have one each.
    if asks_for_series && asked.matches("tenant").count() != asked.matches("up").count() {
        counts.unrestricted.fetch_add(1, Ordering::Relaxed);
    }
    Ok(answer(head.uri.path()))
}

fn answer(path: &str) -> Response<Full<Bytes>> {
    let (status, body) = match path {
        "/" => (302, ""),
        "/api/v1/rules" => (200, RULES),
        "/api/v1/targets" => (200, TARGETS),
        _ => (200, r#"{"status":"success","data":[]}"#),
    };
    let response = Response::builder().status(status).header("content-type", "application/json");
    let response = match status {
        302 => response.header("location", "http://localhost:9090/graph"),
        _ => response,
    };
    response.body(Full::from(body)).unwrap()
}
