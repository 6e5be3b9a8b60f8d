//! Ports that no other program takes, and plain requests over HTTP to ask if a program is ready and what it counts.

use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use socket2::{Domain, SockAddr, Socket, Type};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::time::timeout;

/// The sockets that hold the ports which [`free_port`] has given away.
static KEPT: Mutex<Vec<Socket>> = Mutex::new(Vec::new());

/// The time that one request may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Returns a port of 127.0.0.1 that is free, and stays free for the program that is told of it: a socket stays bound to
/// it, without listening, until this process ends. So the kernel gives it to nobody else, while a listener with
/// `SO_REUSEADDR`, which every server sets, can take it.
///
/// # Errors
///
/// Returns an error if the system has no port.
pub fn free_port() -> Result<u16> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).context("cannot make a socket")?;
    socket.set_reuse_address(true).context("cannot share an address")?;
    socket.bind(&SockAddr::from(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))).context("no free port")?;
    let address = socket.local_addr().context("cannot ask for a port")?;
    KEPT.lock().unwrap().push(socket);
    Ok(address.as_socket().context("a socket without a port")?.port())
}

/// Sends a `GET` over plain HTTP/1.1, and returns the status and the body. This is for what our own programs say about
/// themselves, not for testing. It may be called inside an asynchronous runtime, or without one.
///
/// # Errors
///
/// Returns an error if there is no answer within ten seconds.
pub fn get(address: SocketAddr, target: &str) -> Result<(u16, String)> {
    let request = Request::get(target)
        .header(HOST, address.to_string())
        .body(Empty::<Bytes>::new())
        .with_context(|| format!("not a target: {target}"))?;
    let asking = thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { timeout(PATIENCE, ask(address, request)).await? })
    });
    asking
        .join()
        .unwrap_or_else(|_| Err(anyhow!("the question panicked")))
        .with_context(|| format!("no answer from http://{address}{target}"))
}

async fn ask(address: SocketAddr, request: Request<Empty<Bytes>>) -> Result<(u16, String)> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driving = tokio::spawn(connection);
    let answer = sender.send_request(request).await?;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await?.to_bytes();
    driving.abort();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::free_port;
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

    #[test]
    fn a_kept_port_refuses_connections_until_somebody_listens() {
        let port = free_port().unwrap();
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
        let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    }

    #[test]
    fn no_port_is_given_twice() {
        let mut ports: Vec<u16> = (0..200).map(|_| free_port().unwrap()).collect();
        ports.sort_unstable();
        ports.dedup();
        assert_eq!(ports.len(), 200);
    }
}
