//! The versions of the protocol, and the spellings of their content types.

use crate::target::headers::Headers;
use crate::target::headers::name::Name;

/// The most bytes that a message may have once it is decoded, and once it is written anew.
pub const MAX_MESSAGE: usize = 16 << 20;

/// The content type of a message that doesn't say which it is.
const V1_TYPE: &str = "application/x-protobuf";

/// The content type of a message of the second version.
const V2_TYPE: &str = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

/// The spellings of content types that senders use.
const TYPES: [(&str, Version); 5] = [
    (V1_TYPE, Version::V1),
    (V2_TYPE, Version::V2),
    ("application/x-protobuf; proto=io.prometheus.write.v2.Request", Version::V2),
    ("application/x-protobuf;proto=prometheus.WriteRequest", Version::V1),
    ("application/x-protobuf; proto=prometheus.WriteRequest", Version::V1),
];

/// A message of the protocol, by its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The first version, whose message is `prometheus.WriteRequest`.
    V1,
    /// The second version, whose message is `io.prometheus.write.v2.Request`.
    V2,
}

impl Version {
    /// Returns the version that a content type names. Servers read it as it is spelled: any other spelling is refused.
    pub(super) fn of(headers: &Headers) -> Option<Self> {
        let value = headers.only(Name::ContentType)?;
        TYPES.iter().find(|(known, _)| known.as_bytes() == value).map(|&(_, version)| version)
    }

    /// Returns the other version.
    pub(super) fn other(self) -> Self {
        match self {
            Self::V1 => Self::V2,
            Self::V2 => Self::V1,
        }
    }

    /// Returns the content type that the message has when it goes upstream.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::V1 => V1_TYPE,
            Self::V2 => V2_TYPE,
        }
    }

    /// Returns the name of the message.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::V1 => "prometheus.WriteRequest",
            Self::V2 => "io.prometheus.write.v2.Request",
        }
    }
}
