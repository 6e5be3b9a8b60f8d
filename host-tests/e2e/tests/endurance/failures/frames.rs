//! HTTP/2 written by hand, for frames that no library sends: half a header block, and GOAWAY while requests are open.

use promward_harness::client::frames::{
    DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PREFACE, SETTINGS, field, frame,
};
use promward_harness::client::{Client, Connection};

/// A connection with one stream, on which frames are written unchanged.
pub(crate) struct Frames(pub(crate) Connection);

/// The part of a request that is still to come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    Nothing,
    /// A body, after the whole header block.
    Body,
    /// The rest of the header block follows.
    Headers,
}

impl Frames {
    /// Connects, and sends the headers of a request.
    pub(crate) fn open(client: &Client, headers: &[(&str, &str)], rest: Rest) -> Self {
        let mut connection = client.clone().alpn(&["h2"]).connect().unwrap();
        let block: Vec<u8> =
            headers.iter().flat_map(|(name, value)| field(name.as_bytes(), value.as_bytes())).collect();
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

    /// Sends GOAWAY, with all streams still open.
    pub(crate) fn go_away(&mut self) {
        self.0.write_raw(&frame(GOAWAY, 0, 0, &[0; 8])).unwrap();
    }
}
