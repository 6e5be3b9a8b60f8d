//! Host calls whose status is logged. The SDK's own calls panic at a status that they don't expect, and here such a
//! status is what a test wants to see.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType, MetricType};

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_replace_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_add_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_set_buffer_bytes(
        buffer: u32,
        start: usize,
        size: usize,
        bytes: *const u8,
        bytes_size: usize,
    ) -> u32;
    pub(crate) fn proxy_set_property(
        path: *const u8,
        path_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_continue_stream(kind: u32) -> u32;
    fn proxy_close_stream(kind: u32) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        name_size: usize,
        value: *mut *mut u8,
        value_size: *mut usize,
    ) -> u32;
    fn proxy_get_property(
        path: *const u8,
        path_size: usize,
        value: *mut *mut u8,
        value_size: *mut usize,
    ) -> u32;
}

/// The headers that are logged, beside pseudo headers and those that begin with `x-t-`.
const SHOWN: [&str; 2] = ["accept", "authorization"];

/// The most bytes of a body that are logged.
const EXCERPT: usize = 24;

/// Logs a status, unless it is the expected one.
fn note(call: &str, status: u32) {
    if status != 0 {
        log::info!("probe: {call} returned {status}");
    }
}

pub(crate) fn set_effective_context(context: u32) {
    // SAFETY: the call takes no pointers.
    note("set_effective_context", unsafe { proxy_set_effective_context(context) });
}

pub(crate) fn resume_request() {
    // SAFETY: the call takes no pointers.
    note("continue_stream", unsafe { proxy_continue_stream(0) });
}

pub(crate) fn resume_response() {
    // SAFETY: the call takes no pointers.
    note("continue_stream", unsafe { proxy_continue_stream(1) });
}

pub(crate) fn close() {
    // SAFETY: the call takes no pointers.
    note("close_stream", unsafe { proxy_close_stream(0) });
}

pub(crate) fn reply(status: u32, body: &str) {
    let result = hostcalls::send_http_response(status, vec![("x-t-reply", "probe")], Some(body.as_bytes()));
    if let Err(status) = result {
        note("send_local_response", status as u32);
    }
}

/// Sets the request header `x-t-probe`.
pub(crate) fn edit(value: &str) {
    replace(0, "x-t-probe", value);
}

/// Sets a header or trailer of the given map.
pub(crate) fn replace(map: u32, name: &str, value: &str) {
    // SAFETY: the pointers are those of live slices with their lengths.
    let status = unsafe {
        proxy_replace_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len())
    };
    note("replace_header_map_value", status);
}

/// Adds a header or trailer to the given map.
pub(crate) fn add(map: u32, name: &str, value: &str) {
    // SAFETY: the pointers are those of live slices with their lengths.
    let status =
        unsafe { proxy_add_header_map_value(map, name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
    note("add_header_map_value", status);
}

/// Replaces a whole body: 0 is the request's, 1 the response's.
pub(crate) fn replace_body(buffer: u32, body: &str) {
    set_body(buffer, 0, usize::MAX, body);
}

/// Sets a range of a body.
pub(crate) fn set_body(buffer: u32, start: usize, size: usize, body: &str) {
    // SAFETY: the pointer is that of a live slice with its length.
    let status = unsafe { proxy_set_buffer_bytes(buffer, start, size, body.as_ptr(), body.len()) };
    note("set_buffer_bytes", status);
}

/// Sets the property `probe`.
pub(crate) fn set_property(value: &str) {
    const KEY: &str = "probe";
    // SAFETY: the pointers are those of live slices with their lengths.
    let status = unsafe { proxy_set_property(KEY.as_ptr(), KEY.len(), value.as_ptr(), value.len()) };
    note("set_property", status);
}

/// Adds one to a counter.
pub(crate) fn count(name: &str) {
    let counted = hostcalls::define_metric(MetricType::Counter, name)
        .and_then(|metric| hostcalls::increment_metric(metric, 1));
    if let Err(status) = counted {
        note("increment_metric", status as u32);
    }
}

/// Returns the beginning of a body, as it can be seen now.
pub(crate) fn body(buffer: u32) -> Option<String> {
    let kind = if buffer == 0 { BufferType::HttpRequestBody } else { BufferType::HttpResponseBody };
    let bytes = hostcalls::get_buffer(kind, 0, EXCERPT).ok()??;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns a header map, sorted and in one line, with only the headers that a trace is about.
pub(crate) fn map(map: MapType) -> String {
    let mut lines: Vec<String> = hostcalls::get_map_bytes(map)
        .unwrap_or_default()
        .into_iter()
        .filter(|(name, _)| {
            name.starts_with("x-t-") || name.starts_with(':') || SHOWN.contains(&name.as_str())
        })
        .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(&value)))
        .collect();
    lines.sort();
    lines.join(" ")
}

/// Returns the value of a header, or the status of the call.
pub(crate) fn header(map: u32, name: &str) -> String {
    // SAFETY: the name's pointer is that of a live slice, the others are those of live variables.
    shown(given(|value, size| unsafe {
        proxy_get_header_map_value(map, name.as_ptr(), name.len(), value, size)
    }))
}

/// Returns the value of a property, or the status of the call.
pub(crate) fn property(path: &str) -> String {
    shown(property_bytes(path))
}

/// Returns the value of a property as bytes, or the status of the call.
pub(crate) fn property_bytes(path: &str) -> Result<Option<Vec<u8>>, u32> {
    let path = path.replace('.', "\0");
    // SAFETY: the path's pointer is that of a live slice, the others are those of live variables.
    given(|value, size| unsafe { proxy_get_property(path.as_ptr(), path.len(), value, size) })
}

/// Returns what the host gave, which may be no bytes at all, or the status of the call.
fn given(call: impl FnOnce(*mut *mut u8, *mut usize) -> u32) -> Result<Option<Vec<u8>>, u32> {
    let (mut value, mut size) = (core::ptr::null_mut(), 0);
    match call(&mut value, &mut size) {
        0 if value.is_null() => Ok(None),
        // SAFETY: the host allocated these bytes with this module's allocator and gave them to it.
        0 => Ok(Some(unsafe { Vec::from_raw_parts(value, size, size) })),
        status => Err(status),
    }
}

fn shown(given: Result<Option<Vec<u8>>, u32>) -> String {
    match given {
        Ok(None) => String::from("empty"),
        Ok(Some(value)) => format!("{:?}", String::from_utf8_lossy(&value)),
        Err(status) => format!("status {status}"),
    }
}
