//! The status values of ABI 0.2.1, as the specification numbers them.

/// The status of a host call that isn't `Ok` (0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    NotFound = 1,
    BadArgument = 2,
    SerializationFailure = 3,
    ParseFailure = 4,
    InvalidMemoryAccess = 6,
    Empty = 7,
    CasMismatch = 8,
    Unimplemented = 12,
}

/// The result of a host call.
pub(super) type Outcome = Result<(), Status>;

impl Status {
    /// Returns the number that the module sees.
    pub(super) fn code(outcome: Outcome) -> i32 {
        match outcome {
            Ok(()) => 0,
            Err(status) => status as i32,
        }
    }
}
