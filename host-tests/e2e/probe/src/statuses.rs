//! Makes host calls that ask for too much, for what doesn't exist, or with wrong arguments, and logs their statuses, so
//! that two hosts can be compared.

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_log(level: u32, message: *const u8, size: usize) -> u32;
    fn proxy_get_log_level(level: *mut u32) -> u32;
    fn proxy_get_buffer_bytes(
        buffer: u32,
        start: usize,
        size: usize,
        to: *mut usize,
        size_to: *mut usize,
    ) -> u32;
    fn proxy_set_buffer_bytes(
        buffer: u32,
        start: usize,
        size: usize,
        from: *const u8,
        from_size: usize,
    ) -> u32;
    fn proxy_get_buffer_status(buffer: u32, size: *mut usize, flags: *mut u32) -> u32;
    fn proxy_get_header_map_pairs(map: u32, to: *mut usize, size_to: *mut usize) -> u32;
    fn proxy_set_header_map_pairs(map: u32, from: *const u8, size: usize) -> u32;
    fn proxy_get_header_map_size(map: u32, size: *mut usize) -> u32;
    fn proxy_get_header_map_value(
        map: u32,
        name: *const u8,
        size: usize,
        to: *mut usize,
        size_to: *mut usize,
    ) -> u32;
    pub(crate) fn proxy_remove_header_map_value(map: u32, name: *const u8, size: usize) -> u32;
    fn proxy_get_property(path: *const u8, size: usize, to: *mut usize, size_to: *mut usize) -> u32;
    fn proxy_get_shared_data(
        key: *const u8,
        size: usize,
        to: *mut usize,
        size_to: *mut usize,
        cas: *mut u32,
    ) -> u32;
    pub(crate) fn proxy_set_shared_data(
        key: *const u8,
        size: usize,
        value: *const u8,
        value_size: usize,
        cas: u32,
    ) -> u32;
    fn proxy_resolve_shared_queue(
        vm: *const u8,
        vm_size: usize,
        name: *const u8,
        size: usize,
        token: *mut u32,
    ) -> u32;
    fn proxy_register_shared_queue(name: *const u8, size: usize, token: *mut u32) -> u32;
    fn proxy_enqueue_shared_queue(token: u32, value: *const u8, size: usize) -> u32;
    fn proxy_dequeue_shared_queue(token: u32, to: *mut usize, size_to: *mut usize) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, offset: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_get_metric(id: u32, value: *mut u64) -> u32;
    fn proxy_continue_stream(kind: u32) -> u32;
    fn proxy_close_stream(kind: u32) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_done() -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        from: *const u8,
        from_size: usize,
        to: *mut usize,
        size_to: *mut usize,
    ) -> u32;
    fn proxy_http_call(
        cluster: *const u8,
        cluster_size: usize,
        headers: *const u8,
        headers_size: usize,
        body: *const u8,
        body_size: usize,
        trailers: *const u8,
        trailers_size: usize,
        timeout: u32,
        token: *mut u32,
    ) -> u32;
    fn proxy_grpc_call(
        service: *const u8,
        service_size: usize,
        name: *const u8,
        name_size: usize,
        method: *const u8,
        method_size: usize,
        metadata: *const u8,
        metadata_size: usize,
        message: *const u8,
        message_size: usize,
        timeout: u32,
        token: *mut u32,
    ) -> u32;
    fn proxy_grpc_send(token: u32, message: *const u8, size: usize, end: u32) -> u32;
    fn proxy_grpc_cancel(token: u32) -> u32;
    fn proxy_grpc_close(token: u32) -> u32;
}

/// An address that no memory has.
const WILD: *const u8 = 0xffff_fff0 as *const u8;

/// Makes each call and logs its status.
macro_rules! note {
    ($($name:literal => $call:expr;)*) => {$(
        // SAFETY: the pointers are those of live variables and literals, or wild ones that the host has to refuse.
        let status = unsafe { $call };
        log::info!("probe: {} returns {status}", $name);
    )*};
}

/// Makes all these calls, in the headers callback of a request.
pub(crate) fn of_calls() {
    of_messages();
    of_services();
    of_shared();
    of_metrics();
}

fn of_messages() {
    let (mut to, mut size, mut flags) = (0, 0, 0);
    let (to, size) = (&raw mut to, &raw mut size);
    note! {
        "pairs of a map that there is none of" => proxy_get_header_map_pairs(9, to, size);
        "pairs of the request's trailers" => proxy_get_header_map_pairs(1, to, size);
        "pairs of the answer" => proxy_get_header_map_pairs(2, to, size);
        "pairs of a call's answer" => proxy_get_header_map_pairs(6, to, size);
        "setting the answer" => proxy_set_header_map_pairs(2, "".as_ptr(), 0);
        "setting the request from a wild place" => proxy_set_header_map_pairs(0, WILD, 8);
        "size of the request" => proxy_get_header_map_size(0, size);
        "size of the answer" => proxy_get_header_map_size(2, size);
        "a value of the answer" => proxy_get_header_map_value(2, "a".as_ptr(), 1, to, size);
        "a value of a call's answer" => proxy_get_header_map_value(6, "a".as_ptr(), 1, to, size);
        "a value that there is none of" => proxy_get_header_map_value(0, "a".as_ptr(), 1, to, size);
        "a value of a wild name" => proxy_get_header_map_value(0, WILD, 20, to, size);
        "removing what there is none of" => proxy_remove_header_map_value(0, "a".as_ptr(), 1);
        "removing from the answer" => proxy_remove_header_map_value(2, "a".as_ptr(), 1);
        "a property that there is none of" => proxy_get_property("a".as_ptr(), 1, to, size);
        "a property without a name" => proxy_get_property("".as_ptr(), 0, to, size);
        "the body before it came" => proxy_get_buffer_bytes(0, 0, 9, to, size);
        "the answer's body" => proxy_get_buffer_bytes(1, 0, 9, to, size);
        "a call's body" => proxy_get_buffer_bytes(4, 0, 9, to, size);
        "the VM's configuration" => proxy_get_buffer_bytes(6, 0, 9, to, size);
        "the plugin's configuration" => proxy_get_buffer_bytes(7, 0, 9, to, size);
        "a buffer that there is none of" => proxy_get_buffer_bytes(9, 0, 9, to, size);
        "a buffer's range that wraps" => proxy_get_buffer_bytes(6, usize::MAX, 9, to, size);
        "status of the body" => proxy_get_buffer_status(0, size, &raw mut flags);
        "status of the plugin's configuration" => proxy_get_buffer_status(7, size, &raw mut flags);
        "setting the body before it came" => proxy_set_buffer_bytes(0, 0, 9, "a".as_ptr(), 1);
        "setting the VM's configuration" => proxy_set_buffer_bytes(6, 0, 9, "a".as_ptr(), 1);
        "setting a buffer that there is none of" => proxy_set_buffer_bytes(9, 0, 9, "a".as_ptr(), 1);
    }
}

fn of_services() {
    let (mut to, mut size, mut token, mut level) = (0, 0, 0, 0);
    let (to, size, token) = (&raw mut to, &raw mut size, &raw mut token);
    let nothing = "".as_ptr();
    note! {
        "a log line of a level that there is none of" => proxy_log(6, "a".as_ptr(), 1);
        "a log line from a wild place" => proxy_log(2, WILD, 20);
        "the log level" => proxy_get_log_level(&raw mut level);
        "continuing the connection" => proxy_continue_stream(2);
        "continuing the upstream's connection" => proxy_continue_stream(3);
        "continuing what there is none of" => proxy_continue_stream(4);
        "closing the connection" => proxy_close_stream(2);
        "closing what there is none of" => proxy_close_stream(4);
        "a context that there is none of" => proxy_set_effective_context(4_000_000);
        "done" => proxy_done();
        "a foreign function" => proxy_call_foreign_function("a".as_ptr(), 1, nothing, 0, to, size);
        "a call to nobody" => proxy_http_call("a".as_ptr(), 1, nothing, 0, nothing, 0, nothing, 0, 9, token);
        "a gRPC call to nobody" =>
            proxy_grpc_call("a".as_ptr(), 1, "b".as_ptr(), 1, "c".as_ptr(), 1, nothing, 0, nothing, 0, 9, token);
        "sending on no gRPC stream" => proxy_grpc_send(3, nothing, 0, 1);
        "cancelling no gRPC stream" => proxy_grpc_cancel(3);
        "closing no gRPC stream" => proxy_grpc_close(3);
    }
    log::info!("probe: the log level is {level}");
}

fn of_shared() {
    let (mut to, mut size, mut cas, mut token) = (0, 0, 0, 0);
    let (to, size) = (&raw mut to, &raw mut size);
    let none = "none".as_ptr();
    let nothing = "".as_ptr();
    note! {
        "shared data that there is none of" => proxy_get_shared_data(none, 4, to, size, &raw mut cas);
        "shared data set first with a number" => proxy_set_shared_data("k".as_ptr(), 1, "v".as_ptr(), 1, 77);
        "shared data" => proxy_get_shared_data("k".as_ptr(), 1, to, size, &raw mut cas);
        "shared data set with its number" => proxy_set_shared_data("k".as_ptr(), 1, "w".as_ptr(), 1, cas);
        "shared data set with an old number" => proxy_set_shared_data("k".as_ptr(), 1, "x".as_ptr(), 1, cas);
        "shared data set without a number" => proxy_set_shared_data("k".as_ptr(), 1, "x".as_ptr(), 1, 0);
        "a queue that there is none of" => proxy_resolve_shared_queue(nothing, 0, none, 4, &raw mut token);
        "entering no queue" => proxy_enqueue_shared_queue(99, "a".as_ptr(), 1);
        "leaving no queue" => proxy_dequeue_shared_queue(99, to, size);
        "registering a queue" => proxy_register_shared_queue("q".as_ptr(), 1, &raw mut token);
        "leaving an empty queue" => proxy_dequeue_shared_queue(token, to, size);
        "finding the queue" => proxy_resolve_shared_queue(nothing, 0, "q".as_ptr(), 1, &raw mut token);
        "entering the queue" => proxy_enqueue_shared_queue(token, "a".as_ptr(), 1);
        "leaving the queue" => proxy_dequeue_shared_queue(token, to, size);
    }
}

fn of_metrics() {
    let (mut counter, mut gauge, mut histogram, mut id, mut value) = (0, 0, 0, 0, 0);
    let value = &raw mut value;
    note! {
        "a kind of metric that there is none of" => proxy_define_metric(3, "m".as_ptr(), 1, &raw mut id);
        "a counter" => proxy_define_metric(0, "c".as_ptr(), 1, &raw mut counter);
        "a gauge" => proxy_define_metric(1, "g".as_ptr(), 1, &raw mut gauge);
        "a histogram" => proxy_define_metric(2, "h".as_ptr(), 1, &raw mut histogram);
        "a counter of the gauge's name" => proxy_define_metric(0, "g".as_ptr(), 1, &raw mut id);
        "adding to the counter" => proxy_increment_metric(counter, 2);
        "adding nothing to the counter" => proxy_increment_metric(counter, 0);
        "taking from the counter" => proxy_increment_metric(counter, -1);
        "setting the counter" => proxy_record_metric(counter, 5);
        "the counter" => proxy_get_metric(counter, value);
    }
    // SAFETY: the pointer is that of a live variable.
    log::info!("probe: the counter is {}", unsafe { *value });
    note! {
        "setting the gauge" => proxy_record_metric(gauge, 5);
        "taking from the gauge" => proxy_increment_metric(gauge, -1);
        "adding nothing to the gauge" => proxy_increment_metric(gauge, 0);
        "the gauge" => proxy_get_metric(gauge, value);
        "recording in the histogram" => proxy_record_metric(histogram, 5);
        "adding to the histogram" => proxy_increment_metric(histogram, 1);
        "the histogram" => proxy_get_metric(histogram, value);
        "adding to no metric" => proxy_increment_metric(400_000, 1);
        "recording in no metric" => proxy_record_metric(400_000, 1);
        "no metric" => proxy_get_metric(400_000, value);
    }
}
