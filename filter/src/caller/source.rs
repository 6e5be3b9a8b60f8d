//! The source of a request, as far as budgets and rates tell addresses apart: an IPv4 address, or the /64 of an IPv6
//! address, since somebody who has one address of a /64 has all of them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// An IPv4 address, or a block of IPv6 addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// An address of IPv4.
    V4(Ipv4Addr),
    /// The upper 64 bits of the addresses in a block of IPv6.
    V6(u64),
}

impl Source {
    /// Parses what a host says: `address:port`, or the address alone.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let with_port = || text.parse().map(|address: SocketAddr| address.ip());
        text.parse().or_else(|_| with_port()).ok().map(Self::of)
    }

    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(upper(address)),
        }
    }

    /// Returns two numbers that no other source has, to be hashed.
    pub(crate) fn numbers(self) -> [u64; 2] {
        match self {
            Self::V4(address) => [4, address.to_bits().into()],
            Self::V6(block) => [6, block],
        }
    }

    /// Returns the source as bytes, to be hashed.
    pub fn bytes(self) -> Vec<u8> {
        match self {
            Self::V4(address) => address.octets().to_vec(),
            Self::V6(block) => block.to_be_bytes().to_vec(),
        }
    }
}

impl fmt::Display for Source {
    /// Writes the address, or the block as `2001:db8:0:1::/64`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6(block) => {
                let group = |bits: u32| (block >> bits) & 0xffff;
                write!(f, "{:x}:{:x}:{:x}:{:x}::/64", group(48), group(32), group(16), group(0))
            }
        }
    }
}

fn upper(address: Ipv6Addr) -> u64 {
    u64::try_from(address.to_bits() >> 64).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_port_is_nobody_else() {
        assert_eq!(source("192.0.2.1:1234"), source("192.0.2.1:99"));
        assert_eq!(source("192.0.2.1:1234"), source("192.0.2.1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
    }

    #[test]
    fn a_whole_64_is_one_source() {
        assert_eq!(source("[2001:db8::1]:1"), source("2001:db8::ffff:1"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
    }

    #[test]
    fn it_is_written_as_an_address_or_as_a_block() {
        for (text, written) in
            [("[::ffff:192.0.2.1]:1", "192.0.2.1"), ("2001:db8:0:1::ffff", "2001:db8:0:1::/64")]
        {
            assert_eq!(source(text).to_string(), written);
        }
    }

    #[test]
    fn an_ipv4_address_is_the_same_in_either_spelling() {
        assert_eq!(source("[::ffff:192.0.2.1]:1"), source("192.0.2.1"));
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in [&b""[..], b"unix:/x", b"example.com:1", b"\xff", b"1.2.3.4:99999"] {
            assert_eq!(Source::parse(text), None, "{text:?}");
        }
    }
}
