//! The formats in which Prometheus' remote protocols are sent: snappy's blocks and protobuf's messages. Bytes come in,
//! and what they hold goes out, with every length checked. Nothing here knows what a message means.

pub mod protobuf;
pub mod snappy;
