//! HTTP/1.1 by hand: sends exactly what the test says, and only takes apart what it reads.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::{Buf, Bytes, BytesMut};
use http::Version;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{BoxedWire, Head, Request};

/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 1 << 20;

/// A connection, with the bytes that were read from it but not used yet.
pub(super) struct Wire {
    stream: BoxedWire,
    buffer: BytesMut,
}

/// The state of an answer's body while it is read.
pub(super) struct Body {
    head_request: bool,
    left: Left,
    trailers: Vec<(String, Vec<u8>)>,
}

/// The rest of a body that is still to come.
enum Left {
    /// So many bytes in all.
    Length(u64),
    /// So many bytes of the current chunk, and then further chunks.
    Chunk(u64),
    /// Chunks, the next of which begins with its size.
    ChunkSize,
    UntilClose,
    Nothing,
}

impl Body {
    /// Creates the state for an answer to a request with this method.
    pub(super) fn after(method: &str) -> Self {
        Self { head_request: method == "HEAD", left: Left::Nothing, trailers: Vec::new() }
    }

    pub(super) fn take_trailers(&mut self) -> Vec<(String, Vec<u8>)> {
        std::mem::take(&mut self.trailers)
    }

    fn begin(&mut self, head: &Head) -> Result<()> {
        self.left = if self.head_request || head.status < 200 || matches!(head.status, 204 | 304) {
            Left::Nothing
        } else if let Some(coding) = head.header("transfer-encoding") {
            ensure!(coding.eq_ignore_ascii_case("chunked"), "unknown transfer-encoding {coding:?}");
            Left::ChunkSize
        } else if let Some(length) = head.header("content-length") {
            Left::Length(length.parse().with_context(|| format!("not a content-length: {length:?}"))?)
        } else {
            Left::UntilClose
        };
        Ok(())
    }
}

/// Returns a request's line and headers. Without a `host` header the authority is sent as one. A body without a
/// `content-length` is announced as chunked.
pub(super) fn head(request: &Request, authority: &str, whole: bool) -> Vec<u8> {
    let mut bytes = format!("{} {} HTTP/1.1\r\n", request.method, request.target).into_bytes();
    if !request.has_header("host") {
        field(&mut bytes, "host", authority.as_bytes());
    }
    for (name, value) in &request.headers {
        field(&mut bytes, name, value);
    }
    if !whole && !request.has_header("content-length") && !request.has_header("transfer-encoding") {
        field(&mut bytes, "transfer-encoding", b"chunked");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

fn field(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b": ");
    bytes.extend_from_slice(value);
    bytes.extend_from_slice(b"\r\n");
}

impl Wire {
    pub(super) fn new(stream: BoxedWire) -> Self {
        Self { stream, buffer: BytesMut::new() }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await.context("the server took no more bytes")?;
        self.stream.flush().await.context("the server took no more bytes")
    }

    /// Writes one chunk. An empty piece writes nothing, since an empty chunk would end the body.
    pub(super) async fn write_chunk(&mut self, piece: &[u8]) -> Result<()> {
        if piece.is_empty() {
            return Ok(());
        }
        let mut bytes = format!("{:x}\r\n", piece.len()).into_bytes();
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
        self.write(&bytes).await
    }

    pub(super) async fn write_last_chunk(&mut self, trailers: &[(String, Vec<u8>)]) -> Result<()> {
        let mut bytes = b"0\r\n".to_vec();
        for (name, value) in trailers {
            field(&mut bytes, name, value);
        }
        bytes.extend_from_slice(b"\r\n");
        self.write(&bytes).await
    }

    pub(super) async fn close(&mut self) -> Result<()> {
        self.stream.shutdown().await.context("the connection is gone already")
    }

    /// Returns the bytes that have come, or those that come next; none when the connection has ended in any way.
    pub(super) async fn read_some(&mut self) -> Vec<u8> {
        if self.buffer.is_empty() {
            let _ = self.stream.read_buf(&mut self.buffer).await;
        }
        self.buffer.split().to_vec()
    }

    /// Resets the connection: TCP RST, and no end of TLS.
    pub(super) fn cut(&self) -> Result<()> {
        let socket = self.stream.socket();
        socket2::SockRef::from(socket).set_linger(Some(Duration::ZERO))?;
        // Connecting to no address ends the connection at once, even if the socket has other owners.
        rustix::net::connect_unspec(socket).context("the connection is gone already")
    }

    /// Reads until the connection ends in any way.
    pub(super) async fn read_to_end(&mut self) -> Vec<u8> {
        while matches!(self.stream.read_buf(&mut self.buffer).await, Ok(read) if read > 0) {}
        self.buffer.split().to_vec()
    }

    /// Reads a head, skipping interim ones, and prepares `body` for what follows it.
    pub(super) async fn read_head(&mut self, body: &mut Body) -> Result<Head> {
        loop {
            let line = self.line().await?;
            let head =
                Head { version: version(&line)?, status: status(&line)?, headers: self.fields().await? };
            if head.status >= 200 || head.status == 101 {
                body.begin(&head)?;
                return Ok(head);
            }
        }
    }

    /// Reads the part of the body that has come. Returns `None` at its end.
    pub(super) async fn read_piece(&mut self, body: &mut Body) -> Result<Option<Bytes>> {
        loop {
            match body.left {
                Left::Nothing => return Ok(None),
                Left::UntilClose => {
                    if self.buffer.is_empty() && !self.fill().await? {
                        body.left = Left::Nothing;
                        return Ok(None);
                    }
                    return Ok(Some(self.buffer.split().freeze()));
                }
                Left::Length(0) => body.left = Left::Nothing,
                Left::Length(left) => {
                    let (piece, left) = self.some(left).await?;
                    body.left = Left::Length(left);
                    return Ok(Some(piece));
                }
                Left::Chunk(0) => {
                    let line = self.line().await?;
                    ensure!(line.is_empty(), "a chunk is longer than it says");
                    body.left = Left::ChunkSize;
                }
                Left::Chunk(left) => {
                    let (piece, left) = self.some(left).await?;
                    body.left = Left::Chunk(left);
                    return Ok(Some(piece));
                }
                Left::ChunkSize => {
                    let line = self.line().await?;
                    let size = String::from_utf8_lossy(&line);
                    let digits = size.split_once(';').map_or(&*size, |(digits, _)| digits);
                    let size = u64::from_str_radix(digits.trim(), 16)
                        .with_context(|| format!("not the size of a chunk: {size:?}"))?;
                    body.left = Left::Chunk(size);
                    if size == 0 {
                        body.trailers = self.fields().await?;
                        body.left = Left::Nothing;
                    }
                }
            }
        }
    }

    /// Returns at most `left` of the bytes that have come, and the number of bytes that are then left.
    async fn some(&mut self, left: u64) -> Result<(Bytes, u64)> {
        if self.buffer.is_empty() && !self.fill().await? {
            bail!("the connection ended with {left} bytes to come");
        }
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
        let piece = self.buffer.split_to(length).freeze();
        Ok((piece, left - length as u64))
    }

    async fn fields(&mut self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut fields = Vec::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok(fields);
            }
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let name = parts.next().expect("splitting gives at least one part");
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            let value = parts.next().with_context(|| format!("a header without a colon: {name:?}"))?;
            fields.push((name, value.trim_ascii().to_vec()));
        }
    }

    async fn line(&mut self) -> Result<Vec<u8>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let mut line = self.buffer.split_to(end).to_vec();
                self.buffer.advance(1);
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            ensure!(self.buffer.len() < LONGEST_LINE, "a line of more than {LONGEST_LINE} bytes");
            if !self.fill().await? {
                bail!("the connection ended after {:?}", String::from_utf8_lossy(&self.buffer));
            }
        }
    }

    async fn fill(&mut self) -> Result<bool> {
        self.buffer.reserve(16 * 1024);
        Ok(self.stream.read_buf(&mut self.buffer).await.context("the connection broke")? > 0)
    }
}

fn version(line: &[u8]) -> Result<Version> {
    match line.get(..9) {
        Some(b"HTTP/1.1 ") => Ok(Version::HTTP_11),
        Some(b"HTTP/1.0 ") => Ok(Version::HTTP_10),
        _ => bail!("not a status line: {:?}", String::from_utf8_lossy(line)),
    }
}

fn status(line: &[u8]) -> Result<u16> {
    line.get(9..12)
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
        .with_context(|| format!("not a status line: {:?}", String::from_utf8_lossy(line)))
}
