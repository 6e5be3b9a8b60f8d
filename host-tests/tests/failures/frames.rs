//! HTTP/2 by hand, for what no library does: half a header block, and GOAWAY while requests are open.

use promward_host_tests::client::{Client, Connection};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Types of frames and flags (RFC 9113 §6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A connection with one stream, on which frames are written as they are.
pub(crate) struct Frames(pub(crate) Connection);

/// Whether a header block or a request goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// It is whole.
    Nothing,
    /// A body follows.
    Body,
    /// The header block itself isn't at its end.
    Headers,
}

impl Frames {
    /// Connects, and sends the headers of a request.
    pub(crate) fn open(client: &Client, headers: &[(&str, &str)], rest: Rest) -> Self {
        let mut connection = client.clone().alpn(&["h2"]).connect().unwrap();
        let block: Vec<u8> = headers.iter().flat_map(|(name, value)| field(name, value)).collect();
        let flags = match rest {
            Rest::Nothing => END_STREAM | END_HEADERS,
            Rest::Body => END_HEADERS,
            Rest::Headers => 0,
        };
        let bytes = [PREFACE, &frame(SETTINGS, 0, 0, &[]), &frame(HEADERS, flags, 1, &block)].concat();
        connection.write_raw(&bytes).unwrap();
        Self(connection)
    }

    /// Sends a piece of the request's body.
    pub(crate) fn data(&mut self, piece: &str) {
        self.0.write_raw(&frame(DATA, 0, 1, piece.as_bytes())).unwrap();
    }

    /// Says that the connection is done with, whatever is open on it.
    pub(crate) fn go_away(&mut self) {
        self.0.write_raw(&frame(GOAWAY, 0, 0, &[0; 8])).unwrap();
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A literal field that nobody has to remember (RFC 7541 §6.2.2); both parts are shorter than 127 bytes.
fn field(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}
