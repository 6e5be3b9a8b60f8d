//! A client of HTTP/2 written by hand, so that a case can send what no library would. It reads only the status and the
//! body of an answer.

use anyhow::{Result, bail};
use promward_harness::client::frames::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS,
    field, frame,
};
use promward_harness::client::{Client, Connection};
use std::collections::BTreeMap;

/// The longest frame that every peer accepts, in bytes.
const LONGEST: usize = 16_384;

/// Header fields in the order in which they are sent.
pub(crate) type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// A connection to the host.
pub(crate) struct Http2 {
    connection: Connection,
    unread: Vec<u8>,
    next: u32,
    streams: BTreeMap<u32, Came>,
    closed: bool,
}

/// The parts of an answer that have arrived.
#[derive(Default)]
struct Came {
    status: Option<String>,
    body: Vec<u8>,
    ended: bool,
    reset: bool,
}

impl Http2 {
    /// Connects, without a table for compressed fields.
    pub(crate) fn connect(client: &Client) -> Result<Self> {
        let connection = client.clone().alpn(&["h2"]).connect()?;
        let mut wire =
            Self { connection, unread: Vec::new(), next: 1, streams: BTreeMap::new(), closed: false };
        // SETTINGS_HEADER_TABLE_SIZE is 0, and SETTINGS_INITIAL_WINDOW_SIZE a MiB.
        let settings = [0, 1, 0, 0, 0, 0, 0, 4, 0, 0x10, 0, 0];
        wire.connection.write_raw(&[PREFACE, &frame(SETTINGS, 0, 0, &settings)].concat())?;
        Ok(wire)
    }

    /// Sends a request, and returns its stream. The body has to be short, because the client has no flow control.
    pub(crate) fn ask(&mut self, fields: &Fields, body: Option<&[u8]>, trailers: &Fields) -> Result<u32> {
        let whole = body.is_none() && trailers.is_empty();
        let stream = self.open(fields, whole)?;
        if let Some(body) = body {
            let end = if trailers.is_empty() { END_STREAM } else { 0 };
            let mut pieces = body.chunks(LONGEST).peekable();
            let mut bytes = if body.is_empty() { frame(DATA, end, stream, &[]) } else { Vec::new() };
            while let Some(piece) = pieces.next() {
                let flags = if pieces.peek().is_none() { end } else { 0 };
                bytes.extend(frame(DATA, flags, stream, piece));
            }
            self.write(&bytes);
        }
        if !trailers.is_empty() {
            self.write(&headers(stream, trailers, true));
        }
        Ok(stream)
    }

    pub(crate) fn open(&mut self, fields: &Fields, end: bool) -> Result<u32> {
        let stream = self.next;
        self.next += 2;
        self.write(&headers(stream, fields, end));
        Ok(stream)
    }

    /// Resets the stream of a request.
    pub(crate) fn reset(&mut self, stream: u32) {
        const CANCEL: [u8; 4] = [0, 0, 0, 8];
        self.write(&frame(RST_STREAM, 0, stream, &CANCEL));
    }

    /// Waits for the answer. Returns its status and its body, or `closed` if the stream or the connection ends without
    /// one.
    pub(crate) fn answer(&mut self, stream: u32) -> Result<(String, String)> {
        loop {
            let came = self.streams.entry(stream).or_default();
            let body = String::from_utf8_lossy(&came.body).into_owned();
            match &came.status {
                Some(status) if came.ended => return Ok((status.clone(), body)),
                _ if came.reset || self.closed => return Ok(("closed".to_owned(), body)),
                _ => self.read()?,
            }
        }
    }

    /// Writes bytes. A failure shows when the next answer is read.
    fn write(&mut self, bytes: &[u8]) {
        let _ = self.connection.write_raw(bytes);
    }

    fn read(&mut self) -> Result<()> {
        let bytes = self.connection.read_raw()?;
        self.closed |= bytes.is_empty();
        self.unread.extend(bytes);
        while let Some((kind, flags, stream, payload)) = self.frame() {
            self.take(kind, flags, stream, &payload)?;
        }
        Ok(())
    }

    fn frame(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let [a, b, c, kind, flags, d, e, f, g] = *self.unread.first_chunk::<9>()?;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        let payload = self.unread.get(9..9 + length)?.to_vec();
        self.unread.drain(..9 + length);
        Some((kind, flags, u32::from_be_bytes([d & 0x7f, e, f, g]), payload))
    }

    fn take(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Result<()> {
        match kind {
            SETTINGS if flags & ACK == 0 => self.write(&frame(SETTINGS, ACK, 0, &[])),
            PING if flags & ACK == 0 => self.write(&frame(PING, ACK, 0, payload)),
            GOAWAY => self.closed = true,
            DATA | HEADERS => {
                let came = self.streams.entry(stream).or_default();
                came.ended |= flags & END_STREAM != 0;
                match kind {
                    DATA => came.body.extend(payload),
                    _ if came.status.is_none() => came.status = Some(status(payload)?),
                    _ => {}
                }
            }
            RST_STREAM => self.streams.entry(stream).or_default().reset = true,
            _ => {}
        }
        Ok(())
    }
}

/// Returns a HEADERS frame, and as many CONTINUATION frames as the fields need.
fn headers(stream: u32, fields: &Fields, end: bool) -> Vec<u8> {
    let block: Vec<u8> = fields.iter().flat_map(|(name, value)| field(name, value)).collect();
    let mut pieces = block.chunks(LONGEST).peekable();
    let mut bytes = Vec::new();
    let mut first = true;
    while let Some(piece) = pieces.next() {
        let last = if pieces.peek().is_none() { END_HEADERS } else { 0 };
        let ends = if first && end { END_STREAM } else { 0 };
        bytes.extend(frame(if first { HEADERS } else { CONTINUATION }, last | ends, stream, piece));
        first = false;
    }
    bytes
}

/// Returns the status, which is the first field: an entry of the static table, or three digits after its name.
fn status(block: &[u8]) -> Result<String> {
    const STATIC: [&str; 7] = ["200", "204", "206", "304", "400", "404", "500"];
    // An update of the table's size comes first, if the size has changed.
    let block = if block.first().is_some_and(|byte| byte & 0xe0 == 0x20) { &block[1..] } else { block };
    match block {
        [indexed @ 0x88..=0x8e, ..] => Ok(STATIC[usize::from(indexed - 0x88)].to_owned()),
        [0x08 | 0x18 | 0x48, 3, digits @ ..] => Ok(String::from_utf8_lossy(&digits[..3]).into_owned()),
        [0x08 | 0x18 | 0x48, packed, digits @ ..] if packed & 0x80 != 0 => {
            Ok(unpacked(&digits[..usize::from(packed & 0x7f)]))
        }
        _ => bail!("no status in {:x?}", block.iter().take(16).collect::<Vec<_>>()),
    }
}

/// Decodes three digits in Huffman's code (RFC 7541, appendix B): 0, 1 and 2 have five bits, the others six.
fn unpacked(bytes: &[u8]) -> String {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let mut rest = bits.as_str();
    let mut digits = String::new();
    while digits.len() < 3 {
        let short = u8::from_str_radix(&rest[..5], 2).unwrap_or_default();
        let (digit, length) = if short < 3 {
            (short, 5)
        } else {
            (u8::from_str_radix(&rest[..6], 2).unwrap_or_default() - 0b01_1001 + 3, 6)
        };
        digits.push(char::from(b'0' + digit));
        rest = &rest[length..];
    }
    digits
}
