//! An open connection, on which requests are started.

use std::sync::Arc;

use anyhow::{Result, bail};

use super::{Answer, Client, Exchange, Request, Session, block_on, http1, http2};

/// An open connection for one request after the other, and on HTTP/2 for several at once.
pub struct Connection {
    pub(super) client: Client,
    pub(super) protocol: Protocol,
    pub(super) session: Option<Session>,
}

/// A way to end a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// TLS is ended, then TCP with FIN.
    Orderly,
    /// TCP is reset (RST), as by a program that crashed.
    Cut,
}

pub(super) enum Protocol {
    Http1(Arc<tokio::sync::Mutex<http1::Wire>>),
    Http2(http2::Wire),
}

impl Connection {
    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection fails or the answer breaks off.
    pub fn send(&mut self, mut request: Request) -> Result<Answer> {
        let body = request.body.take();
        let trailers = std::mem::take(&mut request.trailers);
        let whole = body.is_none() && trailers.is_empty();
        if let (Some(body), true) = (&body, trailers.is_empty() && !request.has_header("content-length")) {
            request = request.header("content-length", body.len().to_string());
        }
        let mut exchange = self.start(request, whole)?;
        // A server may answer, and stop reading, before the whole body is sent. Then its answer counts.
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
    /// Returns an error if the connection fails.
    pub fn open(&mut self, request: Request) -> Result<Exchange> {
        self.start(request, false)
    }

    /// Starts a request without a body, whose answer is read piece by piece.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection fails.
    pub fn ask(&mut self, request: Request) -> Result<Exchange> {
        self.start(request, true)
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    ///
    /// Returns an error on HTTP/2, or if the connection fails.
    pub fn write_raw(&mut self, bytes: &[u8]) -> Result<()> {
        let wire = self.http1()?;
        block_on(self.client.deadline, "sending raw bytes", async { wire.lock().await.write(bytes).await })
    }

    /// Reads an answer to what was sent by [`Connection::write_raw`]. The method decides whether it has a body
    /// (`HEAD`).
    ///
    /// # Errors
    ///
    /// Returns an error on HTTP/2, or if the connection fails or the answer breaks off.
    pub fn read_answer(&mut self, method: &str) -> Result<Answer> {
        Exchange::reading(self.http1()?, method, self.client.deadline).answer()
    }

    /// Waits for more bytes, and returns those that have come; none if the server has closed the connection.
    ///
    /// # Errors
    ///
    /// Returns an error on HTTP/2, or if nothing comes within the deadline.
    pub fn read_raw(&mut self) -> Result<Vec<u8>> {
        let wire = self.http1()?;
        block_on(self.client.deadline, "waiting for bytes", async { Ok(wire.lock().await.read_some().await) })
    }

    /// Waits until the server has closed the connection, and returns what it sent before.
    ///
    /// # Errors
    ///
    /// Returns an error on HTTP/2, or if the server keeps it open beyond the deadline.
    pub fn wait_for_close(&mut self) -> Result<Vec<u8>> {
        let wire = self.http1()?;
        block_on(self.client.deadline, "waiting for the connection's end", async {
            Ok(wire.lock().await.read_to_end().await)
        })
    }

    /// Closes the connection, or with [`Close::Cut`] resets it (TCP RST).
    ///
    /// # Errors
    ///
    /// Returns an error on HTTP/2, or if the connection is gone already.
    pub fn close(self, close: Close) -> Result<()> {
        let wire = self.http1()?;
        block_on(self.client.deadline, "closing the connection", async {
            let mut wire = wire.lock().await;
            match close {
                Close::Orderly => wire.close().await,
                Close::Cut => wire.cut(),
            }
        })
    }

    /// Returns what the TLS handshake agreed on, or `None` on a plain connection.
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
