//! An attempt to log in by a password, as the headers of a request make it.

use super::authorization::Presented;
use super::secret::Secret;
use super::source::Source;

/// The number by which the host knows a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamId(pub u32);

/// An attempt to log in: a user's name and password, and where they come from.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The credential from which name and password were decoded.
    pub presented: Presented<'a>,
    /// The name that the client gives.
    pub user: &'a [u8],
    /// The password that the client gives.
    pub password: &'a Secret,
    /// The address that the request comes from.
    pub source: Source,
    /// The stream that waits for the result.
    pub stream: StreamId,
}
