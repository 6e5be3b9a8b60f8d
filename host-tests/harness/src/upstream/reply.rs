//! The answers of the test upstream: well-formed answers of several shapes, and ways to misbehave.

use std::{
    io::{self, Write},
    net::TcpStream,
    sync::{Arc, mpsc},
    time::Duration,
};

use super::{Held, Shared};

/// An answer of the test upstream.
pub struct Reply {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    content: Content,
}

enum Content {
    Whole(Vec<u8>),
    Pieces(Box<dyn Iterator<Item = Vec<u8>> + Send>),
    Raw(Vec<u8>, Next),
    Close,
    Reset,
    Hold,
}

impl Reply {
    /// Creates an answer 200 with a text body.
    pub fn text(body: impl Into<String>) -> Self {
        Self::status(200).header("content-type", "text/plain").body(body.into().into_bytes())
    }

    /// Creates an answer without headers and with an empty body, to be filled by [`Reply::header`] and [`Reply::body`].
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), content: Content::Whole(Vec::new()) }
    }

    /// Creates an answer 200 with a chunked body, one chunk for each piece. The pieces are made while they are sent.
    pub fn pieces<I>(pieces: I) -> Self
    where
        I: IntoIterator<Item = Vec<u8>>,
        I::IntoIter: Send + 'static,
    {
        Self { content: Content::Pieces(Box::new(pieces.into_iter())), ..Self::status(200) }
    }

    /// Creates a reply that sends these bytes in place of an answer, and then ends the connection.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { content: Content::Raw(bytes.into(), Next::Close), ..Self::status(0) }
    }

    /// Creates a reply that sends these bytes in place of an answer, and keeps the connection open for the next
    /// request.
    pub fn raw_and_keep(bytes: impl Into<Vec<u8>>) -> Self {
        Self { content: Content::Raw(bytes.into(), Next::Keep), ..Self::status(0) }
    }

    /// Creates a reply that closes the connection without an answer.
    pub fn close() -> Self {
        Self { content: Content::Close, ..Self::status(0) }
    }

    /// Creates a reply that resets the connection (TCP RST) without an answer.
    pub fn reset() -> Self {
        Self { content: Content::Reset, ..Self::status(0) }
    }

    /// Creates a reply that sends nothing but what the test writes through [`super::Upstream::held`].
    pub fn hold() -> Self {
        Self { content: Content::Hold, ..Self::status(0) }
    }

    /// Adds a header. Name and value are written as they are.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Sets the body. Its `content-length` is added unless a header gives one.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.content = Content::Whole(body.into());
        self
    }

    pub(super) fn write(
        mut self,
        mut stream: &TcpStream,
        number: usize,
        method: &str,
        shared: &Arc<Shared>,
    ) -> io::Result<Next> {
        match self.content {
            Content::Whole(body) => {
                let bodiless = method == "HEAD" || self.status < 200 || matches!(self.status, 204 | 304);
                let said = self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"));
                if !said && !matches!(self.status, 100..=199 | 204 | 304) {
                    let length = body.len().to_string().into_bytes();
                    self.headers.push(("content-length".to_owned(), length));
                }
                let mut bytes = head(self.status, &self.headers);
                bytes.extend_from_slice(if bodiless { &[] } else { &body });
                stream.write_all(&bytes)?;
                Ok(Next::Keep)
            }
            Content::Pieces(pieces) => {
                self.headers.push(("transfer-encoding".to_owned(), b"chunked".to_vec()));
                stream.write_all(&head(self.status, &self.headers))?;
                for piece in pieces {
                    stream.write_all(&chunk(&piece))?;
                }
                stream.write_all(b"0\r\n\r\n")?;
                Ok(Next::Keep)
            }
            Content::Raw(bytes, next) => {
                stream.write_all(&bytes)?;
                Ok(next)
            }
            Content::Close => Ok(Next::Close),
            Content::Reset => {
                reset(stream)?;
                Ok(Next::Close)
            }
            Content::Hold => hold(stream, number, shared),
        }
    }
}

/// The fate of the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Keep,
    Close,
}

/// Hands the answer to the test, and waits until the test is done with it.
fn hold(stream: &TcpStream, number: usize, shared: &Arc<Shared>) -> io::Result<Next> {
    let (done, wait) = mpsc::channel();
    let held = Held::new(stream.try_clone()?, number, Arc::clone(shared), done);
    if shared.hold.lock().unwrap().send(held).is_err() {
        return Ok(Next::Close);
    }
    Ok(wait.recv().unwrap_or(Next::Close))
}

/// Returns a status line and header lines.
pub(super) fn head(status: u16, headers: &[(String, Vec<u8>)]) -> Vec<u8> {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let mut bytes = format!("HTTP/1.1 {status} {}\r\n", reason.unwrap_or("")).into_bytes();
    fields(&mut bytes, headers);
    bytes
}

/// Writes header or trailer lines, with the empty line at their end.
pub(super) fn fields(bytes: &mut Vec<u8>, fields: &[(String, Vec<u8>)]) {
    for (name, value) in fields {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
}

/// Returns one chunk of a chunked body. An empty piece gives no bytes, since an empty chunk would end the body.
pub(super) fn chunk(piece: &[u8]) -> Vec<u8> {
    if piece.is_empty() {
        return Vec::new();
    }
    let mut bytes = format!("{:x}\r\n", piece.len()).into_bytes();
    bytes.extend_from_slice(piece);
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// Resets the connection: TCP RST in place of FIN.
pub(super) fn reset(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO))?;
    // Closing does nothing while the socket has another clone. Connecting to no address ends the connection at once.
    Ok(rustix::net::connect_unspec(stream)?)
}
