//! The admin of the program, on a port of its own, in the form of Envoy's: `/ready` answers 200 once the program
//! serves, and `/stats` has a line `wasmcustom.NAME: VALUE` for each counter and gauge of the module.

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use promward_embedded::host::{MetricValue, Plugin};
use std::convert::Infallible;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::runtime;

/// Answers until the process ends.
///
/// # Errors
///
/// Returns an error if it can't listen on the port.
pub(crate) fn serve(address: SocketAddr, plugin: &Plugin) -> Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().context("cannot serve")?;
    runtime.block_on(async {
        let listener =
            TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
        loop {
            let (stream, _) = listener.accept().await.context("cannot take a connection")?;
            let service = service_fn(|request| async move { Ok::<_, Infallible>(answer(&request, plugin)) });
            // Clients are on this machine and send one request; one that goes away is no error here.
            let _ = hyper::server::conn::http1::Builder::new()
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), service)
                .await;
        }
    })
}

fn answer<B>(request: &Request<B>, plugin: &Plugin) -> Response<Full<Bytes>> {
    let (status, text) = match request.uri().path() {
        "/ready" => (StatusCode::OK, "LIVE\n".to_owned()),
        "/stats" => (StatusCode::OK, stats(plugin)),
        _ => (StatusCode::NOT_FOUND, "there are /ready and /stats\n".to_owned()),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response
}

fn stats(plugin: &Plugin) -> String {
    let line = |(name, value)| match value {
        MetricValue::Counter(value) | MetricValue::Gauge(value) => {
            Some(format!("wasmcustom.{name}: {value}\n"))
        }
        MetricValue::Histogram { .. } => None,
    };
    plugin.metrics().into_iter().filter_map(line).collect()
}
