//! Requests with a password check: failures of the host while they wait, and in the calls that count them.

use crate::hosts::host_failures::stub::{CONTINUE, Failure, PAUSE, ROOT, STATUSES, STREAM, Vm};

/// A configuration in which the password of `alice` is `U*U`.
const PASSWORDS: &[u8] = br#"{
    "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
    "callers": { "users": { "alice": "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" } },
    "access": [{ "who": ["user:alice"], "may": ["query"] }]
}"#;

const RATES: &[u8] = br#"{
    "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
    "access": [{ "who": ["anyone"], "may": ["query"], "limits": { "rate": "5/s" } }]
}"#;

const CERTIFICATES: &[u8] = br#"{
    "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
    "callers": { "certificates": { "a": "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" } },
    "access": [{ "who": ["certificate:a"], "may": ["query"] }]
}"#;

/// One tick more than a check of cost 5 takes.
const ENOUGH: usize = 4;

fn request(authorization: &'static [u8]) -> Vec<(&'static [u8], &'static [u8])> {
    vec![
        (b":method", b"GET"),
        (b":path", b"/prometheus/api/v1/query?query=up"),
        (b":authority", b"example.com"),
        (b"authorization", authorization),
    ]
}

const RIGHT: &[u8] = b"Basic YWxpY2U6VSpV";

fn started(configuration: &'static [u8], failing: &'static str, status: i32) -> Vm {
    let mut vm = Vm::start(configuration, &request(RIGHT));
    assert_eq!(vm.configure(), 1);
    vm.store.data_mut().failing = Some((failing, Failure::Status(status)));
    vm
}

/// Begins a request without a body, and returns the result of its headers callback.
fn begin(vm: &mut Vm) -> i32 {
    vm.call("proxy_on_context_create", &[STREAM, ROOT]);
    vm.call("proxy_on_request_headers", &[STREAM, 4, 1])
}

fn tick(vm: &mut Vm, times: usize) {
    (0..times).for_each(|_| _ = vm.call("proxy_on_tick", &[ROOT]));
}

#[test]
fn a_host_that_does_what_it_should_lets_a_right_password_go() {
    let mut vm = Vm::start(PASSWORDS, &request(RIGHT));
    assert_eq!((vm.configure(), begin(&mut vm), vm.period()), (1, PAUSE, 1));
    tick(&mut vm, ENOUGH);
    assert_eq!((vm.resumed(), vm.replies(), vm.period()), (1, 0, 0));
    vm.call("proxy_on_delete", &[STREAM]);
}

#[test]
fn a_call_that_fails_before_a_password_check_stops_the_request() {
    for call in [
        "proxy_get_property",
        "proxy_get_current_time_nanoseconds",
        "proxy_set_tick_period_milliseconds",
        "proxy_get_header_map_pairs",
    ] {
        for status in STATUSES {
            let mut vm = started(PASSWORDS, call, status);
            assert_eq!((begin(&mut vm), vm.replies()), (PAUSE, 1), "{call} with {status}");
            tick(&mut vm, ENOUGH);
            assert_eq!((vm.resumed(), vm.replies()), (0, 1), "{call} with {status}");
        }
    }
}

#[test]
fn a_call_that_fails_in_the_tick_releases_no_request() {
    for (call, replies) in [
        ("proxy_set_effective_context", 0),
        ("proxy_get_header_map_pairs", 1),
        ("proxy_get_property", 1),
        ("proxy_replace_header_map_value", 1),
    ] {
        for status in STATUSES {
            let mut vm = Vm::start(PASSWORDS, &request(RIGHT));
            assert_eq!((vm.configure(), begin(&mut vm)), (1, PAUSE));
            vm.store.data_mut().failing = Some((call, Failure::Status(status)));
            tick(&mut vm, ENOUGH);
            assert_eq!((vm.resumed(), vm.replies()), (0, replies), "{call} with {status}");
            assert_eq!(vm.call("proxy_on_request_body", &[STREAM, 0, 1]), PAUSE, "{call} with {status}");
            vm.call("proxy_on_delete", &[STREAM]);
        }
    }
}

#[test]
fn a_release_that_the_host_refuses_is_answered() {
    for status in STATUSES {
        let mut vm = Vm::start(PASSWORDS, &request(RIGHT));
        assert_eq!((vm.configure(), begin(&mut vm)), (1, PAUSE));
        vm.store.data_mut().failing = Some(("proxy_continue_stream", Failure::Status(status)));
        tick(&mut vm, ENOUGH);
        assert_eq!(vm.replies(), 1, "with {status}");
    }
}

#[test]
fn a_password_is_checked_without_the_hosts_metrics_and_properties() {
    for call in ["proxy_define_metric", "proxy_increment_metric", "proxy_set_property"] {
        for status in STATUSES {
            let mut vm = started(PASSWORDS, call, status);
            assert_eq!(begin(&mut vm), PAUSE);
            tick(&mut vm, ENOUGH);
            assert_eq!((vm.resumed(), vm.replies()), (1, 0), "{call} with {status}");
        }
    }
}

#[test]
fn a_stream_that_ends_while_it_waits_is_forgotten() {
    let mut vm = Vm::start(PASSWORDS, &request(RIGHT));
    assert_eq!((vm.configure(), begin(&mut vm)), (1, PAUSE));
    vm.call("proxy_on_delete", &[STREAM]);
    tick(&mut vm, ENOUGH);
    assert_eq!((vm.resumed(), vm.replies(), vm.period()), (0, 0, 0));
}

/// Some hosts configure a root that has streams again, instead of making another one.
#[test]
fn a_request_that_waits_while_a_root_is_configured_again_is_answered() {
    let mut vm = Vm::start(PASSWORDS, &request(RIGHT));
    assert_eq!((vm.configure(), begin(&mut vm)), (1, PAUSE));
    assert_eq!(vm.configure(), 1);
    tick(&mut vm, ENOUGH);
    assert_eq!((vm.resumed(), vm.replies(), vm.period()), (1, 0, 0));
}

#[test]
fn an_answer_of_the_hosts_own_ends_the_waiting() {
    let mut vm = Vm::start(PASSWORDS, &request(RIGHT));
    assert_eq!((vm.configure(), begin(&mut vm)), (1, PAUSE));
    assert_eq!(vm.call("proxy_on_response_headers", &[STREAM, 1, 0]), CONTINUE);
    tick(&mut vm, ENOUGH);
    assert_eq!((vm.resumed(), vm.replies()), (0, 0));
}

#[test]
fn a_rate_that_can_not_be_counted_stops_the_request() {
    for call in [
        "proxy_get_shared_data",
        "proxy_set_shared_data",
        "proxy_get_current_time_nanoseconds",
        "proxy_get_property",
    ] {
        for status in STATUSES.into_iter().filter(|&status| (call, status) != ("proxy_get_shared_data", 1)) {
            let mut vm = started(RATES, call, status);
            assert_eq!((begin(&mut vm), vm.replies()), (PAUSE, 1), "{call} with {status}");
        }
    }
}

#[test]
fn a_configuration_whose_needs_the_host_can_not_meet_is_refused() {
    for (configuration, call) in
        [(RATES, "proxy_get_shared_data"), (RATES, "random_get"), (PASSWORDS, "random_get")]
    {
        for status in STATUSES.into_iter().filter(|&status| (call, status) != ("proxy_get_shared_data", 1)) {
            let mut vm = Vm::start(configuration, &request(RIGHT));
            vm.store.data_mut().failing = Some((call, Failure::Status(status)));
            assert_eq!(vm.configure(), 0, "{call} with {status}");
        }
    }
}

#[test]
fn a_certificate_that_the_host_does_not_show_makes_no_caller() {
    for status in STATUSES {
        let mut vm = started(CERTIFICATES, "proxy_get_property", status);
        assert_eq!((begin(&mut vm), vm.replies()), (PAUSE, 1), "{status}");
    }
}
