//! One request and its answer, piece by piece, so that a test decides what is on its way at each moment.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, bail};
use bytes::Bytes;
use tokio::sync::Mutex;

use super::{Answer, Head, block_on, http1, http2};

/// A request that was started, and its answer.
pub struct Exchange {
    side: Side,
    deadline: Duration,
    head: Option<Head>,
    unread: Vec<u8>,
}

enum Side {
    Http1 { wire: Arc<Mutex<http1::Wire>>, chunked: bool, body: http1::Body },
    Http2(http2::Stream),
}

impl Exchange {
    pub(super) fn http1(
        wire: Arc<Mutex<http1::Wire>>,
        method: &str,
        chunked: bool,
        deadline: Duration,
    ) -> Self {
        let body = http1::Body::after(method);
        Self::new(Side::Http1 { wire, chunked, body }, deadline)
    }

    pub(super) fn reading(wire: Arc<Mutex<http1::Wire>>, method: &str, deadline: Duration) -> Self {
        Self::http1(wire, method, false, deadline)
    }

    pub(super) fn http2(stream: http2::Stream, deadline: Duration) -> Self {
        Self::new(Side::Http2(stream), deadline)
    }

    fn new(side: Side, deadline: Duration) -> Self {
        Self { side, deadline, head: None, unread: Vec::new() }
    }

    /// Sends a piece of the request's body: as one chunk, or as many DATA frames as flow control needs. On HTTP/1.1
    /// with a `content-length` header the bytes are sent as they are.
    ///
    /// # Errors
    ///
    /// Returns an error if the server doesn't take it.
    pub fn data(&mut self, piece: impl AsRef<[u8]>) -> Result<()> {
        let piece = piece.as_ref();
        let side = &mut self.side;
        block_on(self.deadline, "sending a piece of the body", async {
            match side {
                Side::Http1 { wire, chunked: true, .. } => wire.lock().await.write_chunk(piece).await,
                Side::Http1 { wire, .. } => wire.lock().await.write(piece).await,
                Side::Http2(stream) => stream.send(Bytes::copy_from_slice(piece), false).await,
            }
        })
    }

    /// Ends the request, with trailers if there are any. Nothing else ends it: a request that is dropped before breaks
    /// off.
    ///
    /// # Errors
    ///
    /// Returns an error if the server doesn't take it, and for trailers after a `content-length` on HTTP/1.1.
    pub fn end(&mut self, trailers: &[(&str, &str)]) -> Result<()> {
        let trailers: Vec<_> =
            trailers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        self.end_with(&trailers)
    }

    /// Reads the status and headers of the answer. Interim answers (1xx) are skipped.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection or the stream ends without them.
    pub fn head(&mut self) -> Result<Head> {
        if let Some(head) = &self.head {
            return Ok(head.clone());
        }
        let side = &mut self.side;
        let head = block_on(self.deadline, "reading the answer's head", async {
            match side {
                Side::Http1 { wire, body, .. } => wire.lock().await.read_head(body).await,
                Side::Http2(stream) => stream.head().await,
            }
        })?;
        Ok(self.head.insert(head).clone())
    }

    /// Reads the next bytes of the answer's body, as many as have come. Returns `None` at its end.
    ///
    /// # Errors
    ///
    /// Returns an error if the answer breaks off.
    pub fn piece(&mut self) -> Result<Option<Bytes>> {
        self.head()?;
        if !self.unread.is_empty() {
            return Ok(Some(std::mem::take(&mut self.unread).into()));
        }
        let side = &mut self.side;
        block_on(self.deadline, "reading the answer's body", async {
            match side {
                Side::Http1 { wire, body, .. } => wire.lock().await.read_piece(body).await,
                Side::Http2(stream) => stream.piece().await,
            }
        })
    }

    /// Reads the body up to and including the next `delimiter`, such as the empty line after a server-sent event. What
    /// came after it is kept for the next read. Returns `None` at the end of the body.
    ///
    /// # Errors
    ///
    /// Returns an error if the answer breaks off, or ends between two delimiters.
    pub fn event(&mut self, delimiter: &[u8]) -> Result<Option<Vec<u8>>> {
        let mut event = Vec::new();
        while let Some(piece) = self.piece()? {
            event.extend_from_slice(&piece);
            let Some(at) = event.windows(delimiter.len()).position(|window| window == delimiter) else {
                continue;
            };
            self.unread = event.split_off(at + delimiter.len());
            return Ok(Some(event));
        }
        if !event.is_empty() {
            bail!("the body ends in the middle of an event: {:?}", String::from_utf8_lossy(&event));
        }
        Ok(None)
    }

    /// Reads the rest of the answer.
    ///
    /// # Errors
    ///
    /// Returns an error if the answer breaks off; the message says how much of it came.
    pub fn answer(&mut self) -> Result<Answer> {
        let head = self.head()?;
        let mut body = Vec::new();
        loop {
            match self.piece() {
                Ok(Some(piece)) => body.extend_from_slice(&piece),
                Ok(None) => break,
                Err(error) => {
                    return Err(error.context(format!(
                        "an answer with status {} broke off after {} bytes of body",
                        head.status,
                        body.len()
                    )));
                }
            }
        }
        let trailers = match &mut self.side {
            Side::Http1 { body, .. } => body.take_trailers(),
            Side::Http2(stream) => {
                block_on(self.deadline, "reading the trailers", async { stream.trailers().await })?
            }
        };
        Ok(Answer::new(head, body, trailers))
    }

    /// Gives up: sends `RST_STREAM` with CANCEL on HTTP/2, and closes the connection on HTTP/1.1.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection is gone already.
    pub fn reset(mut self) -> Result<()> {
        let side = &mut self.side;
        block_on(self.deadline, "giving up", async {
            match side {
                Side::Http1 { wire, .. } => wire.lock().await.close().await,
                Side::Http2(stream) => {
                    stream.reset();
                    Ok(())
                }
            }
        })
    }

    /// Resets the connection (TCP RST), as a program that crashed does.
    ///
    /// # Errors
    ///
    /// Returns an error on HTTP/2, or if the connection is gone already.
    pub fn cut(self) -> Result<()> {
        match self.side {
            Side::Http1 { wire, .. } => {
                block_on(self.deadline, "cutting the connection", async { wire.lock().await.cut() })
            }
            Side::Http2(_) => bail!("a connection of several streams isn't cut by one of them"),
        }
    }

    pub(super) fn send_rest(&mut self, body: Option<Vec<u8>>, trailers: &[(String, Vec<u8>)]) -> Result<()> {
        match body {
            None if trailers.is_empty() => return Ok(()),
            None => {}
            Some(body) => self.data(body)?,
        }
        self.end_with(trailers)
    }

    fn end_with(&mut self, trailers: &[(String, Vec<u8>)]) -> Result<()> {
        let side = &mut self.side;
        block_on(self.deadline, "ending the request", async {
            match side {
                Side::Http1 { wire, chunked: true, .. } => wire.lock().await.write_last_chunk(trailers).await,
                Side::Http1 { .. } if trailers.is_empty() => Ok(()),
                Side::Http1 { .. } => bail!("HTTP/1.1 has trailers in chunked bodies only"),
                Side::Http2(stream) if trailers.is_empty() => stream.send(Bytes::new(), true).await,
                Side::Http2(stream) => stream.send_trailers(trailers),
            }
        })
    }
}
