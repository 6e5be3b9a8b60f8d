//! The only file that makes host calls. The SDK's own wrappers panic on unexpected results, and a panic takes down the
//! VM of a worker. Here every status becomes a `Result`, and bytes from a host are checked before they are read.
//!
//! `unsafe` is used here and nowhere else: the host reads and writes memory through the pointers that it is given.

mod abi;
mod shared_data;

pub(crate) use shared_data::HostSharedData;

use super::header_map;
use super::host_kind::find::{Answer, UnknownHost};
use super::host_kind::{HostKind, OwnReplies};
use crate::keyed_hash::Digest;
use crate::response::reply::Reply;
use crate::target::header_edits::Change;
use crate::target::headers::Headers;
use crate::time::instant::Instant;
use abi::*;
use proxy_wasm::hostcalls;
use std::borrow::Cow;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostError {
    /// The requested item doesn't exist.
    NotFound,
    /// Any other status, with its number in the ABI.
    Status(u32),
    /// The host returned bytes that can't be parsed.
    Malformed,
    /// The host may not show all headers.
    Cut,
    /// A check of a password didn't end.
    Unchecked,
}

/// The header maps that the filter reads and changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Map {
    Request = 0,
    Response = 2,
}

/// The buffers that the filter reads.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
enum Buffer {
    RequestBody = 0,
    ResponseBody = 1,
    CallResponseBody = 4,
    PluginConfiguration = 7,
}

/// Finds out which host this is, by asking what changes nothing. Call it while no stream is the current one.
pub(crate) fn kind() -> Result<&'static HostKind, UnknownHost> {
    /// A context that doesn't exist.
    const NOWHERE: u32 = u32::MAX;
    let ask = |path: &str| match property_bytes(path.as_bytes()) {
        Ok(value) => Answer::Is(value),
        Err(HostError::NotFound) => Answer::Unknown,
        Err(_) => Answer::Refused,
    };
    HostKind::find(ask, || act_on(NOWHERE).is_ok())
}

/// Reads a whole header map.
pub(crate) fn headers(map: Map) -> Result<Headers, HostError> {
    header_map(map as u32)
}

fn header_map(map: u32) -> Result<Headers, HostError> {
    let bytes = returned(|data, size| unsafe { proxy_get_header_map_pairs(map, data, size) })?;
    header_map::read_map(bytes).ok_or(HostError::Malformed)
}

/// Makes one change of a header map. Writing the whole map in one call is no cheaper on Envoy (measured), and other hosts
/// lose headers then, according to their sources: one for nginx stops at `:scheme`, one for Traffic Server removes
/// nothing. It is not an error if a header to remove doesn't exist.
#[inline(never)]
pub(crate) fn change(map: Map, change: Change<'_>) -> Result<(), HostError> {
    let map = map as u32;
    let status = match change {
        Change::Remove(name) => unsafe { proxy_remove_header_map_value(map, name.as_ptr(), name.len()) },
        Change::Replace(name, value) => unsafe {
            proxy_replace_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len())
        },
        Change::Add(name, value) => unsafe {
            proxy_add_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len())
        },
    };
    match check(status) {
        Err(HostError::NotFound) if matches!(change, Change::Remove(_)) => Ok(()),
        result => result,
    }
}

/// Reads the first `size` bytes of the request's body, as far as it is buffered.
pub(crate) fn request_body(size: usize) -> Result<Vec<u8>, HostError> {
    buffer(Buffer::RequestBody, size)
}

/// Replaces all of the request's body that is held.
pub(crate) fn replace_request_body(body: &[u8]) -> Result<(), HostError> {
    replace(Buffer::RequestBody, body)
}

/// Reads the current piece of the answer's body, which has `size` bytes.
pub(crate) fn response_body(size: usize) -> Result<Vec<u8>, HostError> {
    buffer(Buffer::ResponseBody, size)
}

/// Replaces the current piece of the answer's body.
pub(crate) fn replace_response_body(piece: &[u8]) -> Result<(), HostError> {
    replace(Buffer::ResponseBody, piece)
}

/// Closes a stream on both sides, so that the part of the answer that has been sent doesn't look complete.
pub(crate) fn break_off() -> Result<(), HostError> {
    const REQUEST: u32 = 0;
    check(unsafe { proxy_close_stream(REQUEST) })
}

/// Asks a server of a cluster for a path. The answer comes in a callback of the stream that is current in the SDK, and is
/// read while the context that is current now is.
///
/// Only the SDK knows which of its streams a call is of. Its wrapper panics on statuses that no host returns from this call.
pub(crate) fn ask(cluster: &str, path: &str) -> Result<(), HostError> {
    let headers =
        vec![(":method", "GET"), (":path", path), (":authority", cluster), ("accept", "application/json")];
    let sent = hostcalls::dispatch_http_call(cluster, headers, None, Vec::new(), PATIENCE);
    sent.map(|_| ()).map_err(|status| HostError::Status(status as u32))
}

/// The longest time that a server may take to answer a call.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads the head of the answer to a call. It has none if nobody answered in time.
pub(crate) fn call_response() -> Result<Headers, HostError> {
    const CALL_RESPONSE: u32 = 6;
    header_map(CALL_RESPONSE)
}

/// Reads the body of the answer to a call, which has `size` bytes.
pub(crate) fn call_response_body(size: usize) -> Result<Vec<u8>, HostError> {
    buffer(Buffer::CallResponseBody, size)
}

/// Reads the configuration of the plugin, as the host was given it.
pub(crate) fn plugin_configuration(size: usize) -> Result<Vec<u8>, HostError> {
    buffer(Buffer::PluginConfiguration, size)
}

/// A property that the filter reads. Its path has segments separated by zeros.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Property(pub(crate) &'static str);

/// Reads a property. Returns `NotFound` if the host doesn't know it.
pub(crate) fn property(Property(path): Property) -> Result<Vec<u8>, HostError> {
    property_bytes(path.as_bytes())
}

/// Reads a property whose path need not be text.
pub(crate) fn property_bytes(path: &[u8]) -> Result<Vec<u8>, HostError> {
    returned(|data, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), data, size) })
}

/// Writes a property of the stream, which access logs can show (on Envoy, the filter state `wasm.NAME`).
pub(crate) fn set_property(name: &str, value: &[u8]) -> Result<(), HostError> {
    check(unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) })
}

/// Returns the current time.
pub(crate) fn now() -> Result<Instant, HostError> {
    let mut time = 0;
    check(unsafe { proxy_get_current_time_nanoseconds(&raw mut time) })?;
    Ok(Instant(time))
}

/// Returns random bytes that nobody can guess.
pub(crate) fn random() -> Result<Digest, HostError> {
    let mut bytes = Digest::default();
    check(unsafe { random_get(bytes.as_mut_ptr(), bytes.len()) })?;
    Ok(bytes)
}

/// Sets the period of the tick in milliseconds. 0 ends it.
pub(crate) fn tick_every(milliseconds: u32) -> Result<(), HostError> {
    check(unsafe { proxy_set_tick_period_milliseconds(milliseconds) })
}

/// Makes the following calls refer to another stream, until the callback returns.
pub(crate) fn act_on(context: u32) -> Result<(), HostError> {
    check(unsafe { proxy_set_effective_context(context) })
}

/// Resumes a request that was paused.
pub(crate) fn resume_request() -> Result<(), HostError> {
    const REQUEST: u32 = 0;
    check(unsafe { proxy_continue_stream(REQUEST) })
}

/// A metric that the host knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Metric(u32);

#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(crate) enum MetricKind {
    Counter = 0,
    Gauge = 1,
}

/// Finds or creates a metric. Traffic Server reads its name up to a zero, whatever its length.
pub(crate) fn metric(kind: MetricKind, name: &str) -> Result<Metric, HostError> {
    let ended = format!("{name}\0");
    let mut id = 0;
    check(unsafe { proxy_define_metric(kind as u32, ended.as_ptr(), name.len(), &raw mut id) })?;
    Ok(Metric(id))
}

/// Adds to a metric. Adding 0 to a counter is an error on Envoy.
pub(crate) fn add(Metric(id): Metric, offset: i64) -> Result<(), HostError> {
    check(unsafe { proxy_increment_metric(id, offset) })
}

/// Sets a gauge to a value.
pub(crate) fn record(Metric(id): Metric, value: u64) -> Result<(), HostError> {
    check(unsafe { proxy_record_metric(id, value) })
}

/// The headers of a reply that was sent. Traffic Server reads them only when it sends the reply, so they have to stay
/// where they are until the stream ends.
#[derive(Debug, Default)]
pub(crate) struct SentHeaders(#[allow(dead_code, reason = "the host reads it")] Vec<u8>);

/// Answers the request of the current stream.
pub(crate) fn reply(kind: &HostKind, reply: &Reply) -> Result<SentHeaders, HostError> {
    let headers: Vec<_> =
        reply.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let headers = header_map::write_map(&headers);
    let details = kind.details;
    let body = match kind.replies {
        OwnReplies::AsTheyAre => Cow::Borrowed(&*reply.body),
        OwnReplies::AsPages if reply.body.is_empty() && reply.status != 204 => Cow::Borrowed("\n"),
        OwnReplies::AsPages => reply.as_page(),
    };
    check(unsafe {
        proxy_send_local_response(
            u32::from(reply.status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        )
    })?;
    if kind.replies == OwnReplies::AsPages && reply.status < 400 {
        // Only errors end a request at once there. Others are sent when the request goes on, in place of the server's answer.
        resume_request()?;
    }
    Ok(SentHeaders(headers))
}

/// Sends the messages of the `log` macros to the host.
pub(crate) fn log_to_the_host() {
    static LOGGER: HostLogger = HostLogger;
    if log::set_logger(&LOGGER).is_ok() {
        log::set_max_level(log::LevelFilter::Info);
    }
}

struct HostLogger;

impl log::Log for HostLogger {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            let message = record.args().to_string();
            // A failure to log can't be logged either.
            let _ = unsafe { proxy_log(host_level(record.level()), message.as_ptr(), message.len()) };
        }
    }

    fn flush(&self) {}
}

fn host_level(level: log::Level) -> u32 {
    match level {
        log::Level::Trace => 0,
        log::Level::Debug => 1,
        log::Level::Info => 2,
        log::Level::Warn => 3,
        log::Level::Error => 4,
    }
}

fn buffer(buffer: Buffer, size: usize) -> Result<Vec<u8>, HostError> {
    returned(|data, length| unsafe { proxy_get_buffer_bytes(buffer as u32, 0, size, data, length) })
}

/// Replaces all that a buffer has. Hosts differ in what a shorter length does: some keep the rest of the old text, and some
/// cut the new one.
fn replace(buffer: Buffer, text: &[u8]) -> Result<(), HostError> {
    const ALL: usize = usize::MAX;
    check(unsafe { proxy_set_buffer_bytes(buffer as u32, 0, ALL, text.as_ptr(), text.len()) })
}

/// Takes the bytes that a call returns in memory that it made the module allocate.
fn returned(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Vec<u8>, HostError> {
    let mut data: *mut u8 = std::ptr::null_mut();
    let mut size: usize = 0;
    check(call(&raw mut data, &raw mut size))?;
    if data.is_null() || size == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the host got this memory from `proxy_on_memory_allocate`, which makes it from a `Vec` of exactly that
    // capacity.
    Ok(unsafe { Vec::from_raw_parts(data, size, size) })
}

fn check(status: u32) -> Result<(), HostError> {
    match status {
        0 => Ok(()),
        1 => Err(HostError::NotFound),
        other => Err(HostError::Status(other)),
    }
}

const NO_GRPC_STATUS: i32 = -1;
