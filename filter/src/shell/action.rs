//! The action that a callback asks of the host.

/// The action that a callback asks of the host, with its number in the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Action {
    /// The request or the answer goes on.
    Continue = 0,
    /// The host holds what has come, until it is told otherwise.
    Pause = 1,
}
