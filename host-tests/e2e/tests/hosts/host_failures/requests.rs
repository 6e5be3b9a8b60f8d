//! A request, its form and its answer, without a caller's credential.

use crate::hosts::host_failures::stub::{
    CONTINUE, Failure, NOT_FOUND, PAUSE, ROOT, STATUSES, STREAM, Vm, form,
};

const CONFIGURATION: &[u8] = br#"{
    "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
    "access": [{ "who": ["anyone"], "may": ["everything"] }],
    "headers": { "cors": { "origins": ["https://a.example"] } }
}"#;

#[test]
fn a_host_that_does_what_it_should_gets_all_three_callbacks_through() {
    let mut vm = Vm::start(CONFIGURATION, &form());
    assert_eq!(vm.configure(), 1);
    assert_eq!((vm.stream(), vm.replies()), ([CONTINUE; 3], 0));
}

#[test]
fn a_host_call_that_fails_stops_the_request_and_never_traps() {
    for (call, expected) in [
        ("proxy_get_header_map_pairs", [PAUSE, PAUSE, CONTINUE]),
        ("proxy_remove_header_map_value", [PAUSE, PAUSE, CONTINUE]),
        ("proxy_replace_header_map_value", [PAUSE, PAUSE, CONTINUE]),
        ("proxy_get_buffer_bytes", [CONTINUE, PAUSE, CONTINUE]),
        ("proxy_set_buffer_bytes", [CONTINUE, PAUSE, CONTINUE]),
        ("proxy_add_header_map_value", [PAUSE, PAUSE, CONTINUE]),
    ] {
        for status in STATUSES {
            let mut vm = Vm::start(CONFIGURATION, &form());
            assert_eq!(vm.configure(), 1);
            vm.store.data_mut().failing = Some((call, Failure::Status(status)));
            let is_gone_already = call == "proxy_remove_header_map_value" && status == NOT_FOUND;
            let (expected, replies) = if is_gone_already { ([CONTINUE; 3], 0) } else { (expected, 1) };
            assert_eq!((vm.stream(), vm.replies()), (expected, replies), "{call} with {status}");
        }
    }
}

#[test]
fn an_answer_whose_headers_can_not_be_changed_is_refused() {
    for call in ["proxy_get_header_map_pairs", "proxy_add_header_map_value"] {
        for status in STATUSES {
            let mut vm = Vm::start(CONFIGURATION, &form());
            assert_eq!(vm.configure(), 1);
            vm.call("proxy_on_context_create", &[STREAM, ROOT]);
            assert_eq!(vm.call("proxy_on_request_headers", &[STREAM, 5, 0]), CONTINUE);
            vm.store.data_mut().failing = Some((call, Failure::Status(status)));
            assert_eq!(vm.call("proxy_on_response_headers", &[STREAM, 3, 0]), PAUSE, "{call} with {status}");
            assert_eq!(vm.replies(), 1);
        }
    }
}

#[test]
fn a_request_passes_without_the_hosts_properties_log_and_replies() {
    for call in ["proxy_get_property", "proxy_log", "proxy_send_local_response"] {
        for status in STATUSES {
            let mut vm = Vm::start(CONFIGURATION, &form());
            assert_eq!(vm.configure(), 1);
            vm.store.data_mut().failing = Some((call, Failure::Status(status)));
            assert_eq!(vm.stream(), [CONTINUE; 3], "{call} with {status}");
        }
    }
}

#[test]
fn a_reply_that_the_host_refuses_holds_the_request() {
    let mut request = form();
    request[1].1 = b"/elsewhere";
    for status in STATUSES {
        let mut vm = Vm::start(CONFIGURATION, &request);
        assert_eq!(vm.configure(), 1);
        vm.store.data_mut().failing = Some(("proxy_send_local_response", Failure::Status(status)));
        let [headers, body, _] = vm.stream();
        assert_eq!([headers, body], [PAUSE; 2], "with {status}");
    }
}

#[test]
fn a_header_map_that_can_not_be_read_stops_the_request() {
    for garbage in [
        &b"\x01"[..],
        b"\xff\xff\xff\xff",
        b"\x01\0\0\0\xff\xff\xff\x7f\xff\xff\xff\x7f",
        b"\x01\0\0\0\x01\0\0\0\x01\0\0\0ab",
    ] {
        let mut vm = Vm::start(CONFIGURATION, &form());
        assert_eq!(vm.configure(), 1);
        vm.store.data_mut().failing = Some(("proxy_get_header_map_pairs", Failure::Garbage(garbage)));
        assert_eq!(vm.stream(), [PAUSE, PAUSE, CONTINUE], "{garbage:?}");
        assert_eq!(vm.replies(), 1);
    }
}

#[test]
fn a_configuration_that_can_not_be_read_is_refused() {
    for failure in STATUSES.map(Failure::Status).into_iter().chain([
        Failure::Garbage(b""),
        Failure::Garbage(b"\xff\xfe"),
        Failure::Garbage(b"\x0a\x10\x0a\x06mounts"),
    ]) {
        let mut vm = Vm::start(CONFIGURATION, &form());
        vm.store.data_mut().failing = Some(("proxy_get_buffer_bytes", failure));
        assert_eq!(vm.configure(), 0, "{failure:?}");
        assert_eq!(vm.stream(), [PAUSE, PAUSE, CONTINUE], "{failure:?}");
    }
}

#[test]
fn headers_that_are_no_text_and_a_thousand_of_them_pass() {
    let names: Vec<Vec<u8>> = (0..1_000).map(|number| format!("x-{number}").into_bytes()).collect();
    let mut request = form();
    request.extend(names.iter().map(|name| (name.as_slice(), &b"\xff\xfe"[..])));
    request.push((b"\xff\xfe\0name", b"\r\n\0"));
    let mut vm = Vm::start(CONFIGURATION, &request);
    assert_eq!(vm.configure(), 1);
    assert_eq!((vm.stream(), vm.replies()), ([CONTINUE; 3], 0));
}
