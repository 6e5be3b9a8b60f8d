//! Calls to a server of the proxy's, and their answers. A host tells the number of a call when it is answered, so the number
//! is kept with the stream that waits.

use super::abi::proxy_http_call;
use super::{Buffer, HostError, buffer, check, header_map};
use crate::shell::header_map::write_map;
use crate::target::headers::Headers;
use std::cell::RefCell;
use std::ptr;

/// The longest time that a server may take to answer a call, in milliseconds.
const PATIENCE: u32 = 5_000;

thread_local! {
    /// The numbers of the calls that aren't answered yet, with the contexts of the streams that wait.
    static OPEN: RefCell<Vec<(u32, u32)>> = const { RefCell::new(Vec::new()) };
}

/// Asks a server of a cluster for a path, for a stream that waits for the answer. The answer is read while the context that
/// is current now is.
pub(crate) fn ask(cluster: &str, path: &str, context: u32) -> Result<(), HostError> {
    let headers = write_map(&[
        (b":method", b"GET"),
        (b":path", path.as_bytes()),
        (b":authority", cluster.as_bytes()),
        (b"accept", b"application/json"),
    ]);
    let trailers = write_map(&[]);
    let mut call = 0;
    check(unsafe {
        proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            ptr::null(),
            0,
            trailers.as_ptr(),
            trailers.len(),
            PATIENCE,
            &raw mut call,
        )
    })?;
    OPEN.with_borrow_mut(|open| open.push((call, context)));
    Ok(())
}

/// Returns the context of the stream that waits for the answer to a call, which has come.
pub(crate) fn caller(call: u32) -> Option<u32> {
    OPEN.with_borrow_mut(|open| {
        let at = open.iter().position(|(number, _)| *number == call)?;
        Some(open.swap_remove(at).1)
    })
}

/// Reads the head of the answer to a call. It has none if nobody answered in time.
pub(crate) fn call_response() -> Result<Headers, HostError> {
    const CALL_RESPONSE: u32 = 6;
    header_map(CALL_RESPONSE)
}

/// Reads the body of the answer to a call, which has `size` bytes.
pub(crate) fn call_response_body(size: usize) -> Result<Vec<u8>, HostError> {
    buffer(Buffer::CallResponseBody, size)
}
