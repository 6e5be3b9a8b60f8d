//! Errors of wasmtime as errors of the host.

/// Converts an error of wasmtime, with its causes and the module's backtrace.
pub(super) fn from_wasmtime(error: wasmtime::Error) -> anyhow::Error {
    anyhow::Error::msg(format!("{error:?}"))
}
