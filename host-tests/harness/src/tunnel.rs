//! A proxy that leads `example.com` to a gateway on this machine, for programs that resolve a name as the system does.
//! curl has `--resolve`. Prometheus and its tool don't, but they can use a proxy, through which they speak TLS with the
//! gateway.

use anyhow::{Context, Result};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The one request line that is accepted: the name and the port of `https://example.com`.
const WANTED: &str = "CONNECT example.com:443 HTTP/1.1";

/// The time that a client has to say where it wants to go.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running proxy on a loopback port of its own. Dropping it ends the proxy; connections through it last as long as
/// their ends.
pub struct Tunnel {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl Tunnel {
    /// Starts a proxy that leads `example.com:443` to `gateway`.
    ///
    /// # Errors
    ///
    /// Returns an error if no loopback port can be bound.
    pub fn to(gateway: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("binding the proxy")?;
        let address = listener.local_addr()?;
        let stopping = Arc::new(AtomicBool::new(false));
        let acceptor = thread::spawn({
            let stopping = Arc::clone(&stopping);
            move || {
                for client in listener.incoming().take_while(|_| !stopping.load(Ordering::SeqCst)) {
                    let Ok(client) = client else { continue };
                    // It is no error of the proxy if a client goes away.
                    thread::spawn(move || drop(lead(client, gateway)));
                }
            }
        });
        Ok(Self { address, stopping, acceptor: Some(acceptor) })
    }

    /// Returns the URL that programs are given as `proxy_url`, or in the variable `HTTPS_PROXY`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // The acceptor sleeps in `accept`; one more connection makes it look at the flag.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

/// Reads where a client wants to go, and then carries bytes both ways.
fn lead(mut client: TcpStream, gateway: SocketAddr) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    // A client sends nothing of TLS before it is answered, so that nothing is left in the buffer.
    let mut head = BufReader::new(client.try_clone()?).lines();
    let first = head.next().unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))?;
    for line in head {
        if line?.is_empty() {
            break;
        }
    }
    if first != WANTED {
        return client.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    }
    let server = TcpStream::connect(gateway)?;
    client.set_read_timeout(None)?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (there, back) = ((client.try_clone()?, server.try_clone()?), (server, client));
    thread::spawn(move || carry(there.0, there.1));
    carry(back.0, back.1);
    Ok(())
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    // Whichever way it ends, the other side has to see an end.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::{Reply, Upstream};
    use std::io::Read;

    #[test]
    fn it_leads_to_the_gateway_and_nowhere_else() {
        let upstream = Upstream::start(|_| Reply::text("here").header("connection", "close")).unwrap();
        let tunnel = Tunnel::to(upstream.address()).unwrap();
        let ask = |line: &str, then: &str| {
            let mut stream = TcpStream::connect(tunnel.address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.write_all(format!("{line}\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
            let mut answer = vec![0; 12];
            stream.read_exact(&mut answer).unwrap();
            stream.write_all(then.as_bytes()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            stream.read_to_end(&mut answer).unwrap();
            String::from_utf8(answer).unwrap()
        };
        assert!(ask(WANTED, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").ends_with("here"));
        assert!(ask("CONNECT example.org:443 HTTP/1.1", "").starts_with("HTTP/1.1 403"));
    }
}
