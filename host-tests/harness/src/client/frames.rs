//! HTTP/2 by hand: frames (RFC 9113 §4.1) and fields without compression, for a test that sends what no library would.

/// The bytes that a client's connection begins with.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The type of a frame (RFC 9113 §6) that has a piece of a body.
pub const DATA: u8 = 0;
/// The type of a frame that has a header block, or its beginning.
pub const HEADERS: u8 = 1;
/// The type of a frame that ends a stream before its time.
pub const RST_STREAM: u8 = 3;
/// The type of a frame that says what a side supports.
pub const SETTINGS: u8 = 4;
/// The type of a frame that asks if the other side is alive.
pub const PING: u8 = 6;
/// The type of a frame that ends a connection.
pub const GOAWAY: u8 = 7;
/// The type of a frame that has more of a header block.
pub const CONTINUATION: u8 = 9;

/// The flag that nothing more comes on this stream.
pub const END_STREAM: u8 = 1;
/// The flag that a frame answers another one of the same type.
pub const ACK: u8 = 1;
/// The flag that the header block is complete.
pub const END_HEADERS: u8 = 4;

/// Returns the bytes of a frame. Its payload is shorter than 16 MiB.
#[must_use]
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, high, middle, low] = (payload.len() as u32).to_be_bytes();
    [&[high, middle, low, kind, flags], stream.to_be_bytes().as_slice(), payload].concat()
}

/// Returns the bytes of a field that is in no table and never to be indexed (RFC 7541 §6.2.3).
#[must_use]
pub fn field(name: &[u8], value: &[u8]) -> Vec<u8> {
    [vec![0x10], length(name.len()), name.to_vec(), length(value.len()), value.to_vec()].concat()
}

/// Returns the bytes of an integer with a prefix of seven bits (RFC 7541 §5.1).
fn length(length: usize) -> Vec<u8> {
    if length < 127 {
        return vec![length as u8];
    }
    let mut bytes = vec![127];
    let mut rest = length - 127;
    while rest > 127 {
        bytes.push((rest & 127) as u8 | 128);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}

#[cfg(test)]
mod tests {
    use super::{END_HEADERS, HEADERS, field, frame, length};

    #[test]
    fn lengths_are_written_as_the_rfc_has_them() {
        let cases: [(usize, &[u8]); 5] =
            [(10, &[10]), (126, &[126]), (127, &[127, 0]), (254, &[127, 127]), (1337, &[127, 186, 9])];
        for (number, bytes) in cases {
            assert_eq!(length(number), bytes, "{number}");
        }
    }

    #[test]
    fn a_frame_has_its_length_first() {
        let block = field(b"a", b"bc");
        assert_eq!(block, [0x10, 1, b'a', 2, b'b', b'c']);
        assert_eq!(frame(HEADERS, END_HEADERS, 1, &block)[..9], [0, 0, 6, 1, 4, 0, 0, 0, 1]);
    }
}
