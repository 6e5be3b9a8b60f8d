//! A handshake of TLS 1.1. No current library speaks it any more, so its first message is written by hand.

use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The time that the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A `ClientHello` of TLS 1.1 (RFC 4346 §7.4.1.2) inside its record, with suites that every server of that time had.
#[rustfmt::skip]
const CLIENT_HELLO: &[u8] = &[
    0x16, 0x03, 0x01, 0x00, 0x51, // A handshake record of 81 bytes.
    0x01, 0x00, 0x00, 0x4d, // ClientHello, 77 bytes.
    0x03, 0x02, // TLS 1.1.
    7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, // Random.
    0x00, // No session.
    0x00, 0x08, 0xc0, 0x09, 0xc0, 0x0a, 0xc0, 0x13, 0x00, 0x2f, // ECDHE with ECDSA or RSA, and RSA, with AES-CBC.
    0x01, 0x00, // No compression.
    0x00, 0x1c, // Extensions, 28 bytes.
    0x00, 0x00, 0x00, 0x10, 0x00, 0x0e, 0x00, 0x00, 0x0b, // The server's name, 11 bytes.
    b'e', b'x', b'a', b'm', b'p', b'l', b'e', b'.', b'c', b'o', b'm',
    0x00, 0x0a, 0x00, 0x04, 0x00, 0x02, 0x00, 0x17, // The curve P-256.
];

/// The first byte of a record that continues the handshake; a refusal is an alert (0x15) or a closed connection.
const HANDSHAKE: u8 = 0x16;

/// Sends the handshake, and describes the server's answer.
pub(super) fn handshake_of_1_1(address: SocketAddr) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).context("connecting")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(CLIENT_HELLO)?;
    let mut record = [0; 1];
    let answered = stream.read(&mut record).context("waiting for an answer")?;
    let is_accepted = answered == 1 && record == [HANDSHAKE];
    Ok(if is_accepted { "accepted" } else { "refused" }.to_owned())
}
