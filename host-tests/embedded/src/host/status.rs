//! The status values of ABI 0.2.1, as the specification numbers them.

/// The outcome of a host call that isn't `Ok` (0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    NotFound = 1,
    BadArgument = 2,
    SerializationFailure = 3,
    ParseFailure = 4,
    InvalidMemoryAccess = 6,
    Empty = 7,
    CasMismatch = 8,
    InternalFailure = 10,
    Unimplemented = 12,
    /// No status: the host traps the module.
    Trap = -1,
}

/// The result of a host call.
pub(super) type Outcome = Result<(), Status>;

impl Status {
    /// Returns the number that the module sees, or an error that traps the module.
    pub(super) fn code(outcome: Outcome) -> wasmtime::Result<i32> {
        match outcome {
            Ok(()) => Ok(0),
            Err(Status::Trap) => Err(wasmtime::Error::msg("the host traps the module")),
            Err(status) => Ok(status as i32),
        }
    }
}
