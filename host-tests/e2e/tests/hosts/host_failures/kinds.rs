//! Checks that the filter does on nginx and Traffic Server what Envoy doesn't need, where a request would go wrong
//! without it.

use crate::hosts::host_failures::stub::{CONTINUE, Kind, PAUSE, ROOT, STREAM, Vm};

const CONFIGURATION: &[u8] = br#"{
    "mounts": [{ "prefix": "/prometheus" }],
    "elsewhere": "pass",
    "callers": { "users": { "alice": "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" } },
    "access": [
        { "who": ["anyone"], "may": ["health", "ui", "info"] },
        { "who": ["user:alice"], "may": ["everything"] },
        { "who": ["anyone"], "may": ["read"] }
    ]
}"#;

const RESTRICTED: &[u8] = br#"{
    "mounts": [{ "prefix": "/prometheus" }],
    "access": [{ "who": ["anyone"], "may": ["read"], "only": { "tenant": ["a"] } }]
}"#;

const ALL: i32 = -1;

type Headers<'a> = &'a [(&'static str, &'static str)];

fn start(kind: Kind, configuration: &'static [u8], headers: Headers<'_>) -> Vm {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    let mut vm = Vm::start(configuration, &headers);
    vm.store.data_mut().kind = kind;
    vm
}

/// Configures the filter, and creates the context of a stream.
fn open(vm: &mut Vm) {
    assert_eq!(vm.configure(), 1);
    vm.call("proxy_on_context_create", &[STREAM, ROOT]);
    vm.changes();
}

/// Begins a request, and returns the result of its headers callback.
fn begin(vm: &mut Vm) -> i32 {
    open(vm);
    vm.call("proxy_on_request_headers", &[STREAM, 5, 0])
}

/// Returns the changes that begin so, without their beginning.
fn changed(changes: &[String], beginning: &str) -> Vec<String> {
    changes.iter().filter_map(|change| change.strip_prefix(beginning)).map(str::to_owned).collect()
}

fn form(length: bool) -> Vec<(&'static str, &'static str)> {
    let mut headers = vec![
        (":method", "POST"),
        (":path", "/prometheus/api/v1/query"),
        ("host", "example.com"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    headers.extend(length.then_some(("content-length", "8")));
    headers
}

#[test]
fn a_host_that_knows_no_property_is_refused() {
    assert_eq!(start(Kind::Nobody, CONFIGURATION, &[]).configure(), 0);
}

#[test]
fn nginx_is_given_the_target_that_was_decided_upon_and_no_other_query() {
    for (path, target) in [
        ("/prometheus/graph", "/graph?"),
        ("/prometheus/graph?a=b", "/graph?a=b"),
        ("/elsewhere/a%20b", "/elsewhere/a%20b?"),
    ] {
        let mut vm =
            start(Kind::Nginx, CONFIGURATION, &[(":method", "GET"), (":path", path), (":authority", "x")]);
        assert_eq!(begin(&mut vm), CONTINUE, "{path}");
        assert_eq!(changed(&vm.changes(), "set :path: "), [target]);
    }
}

#[test]
fn a_header_map_that_may_lack_some_is_refused_on_nginx() {
    let mut headers = vec![(":method", "GET"), (":path", "/prometheus/graph")];
    headers.resize(100, ("x", "1"));
    let mut vm = start(Kind::Nginx, CONFIGURATION, &headers);
    assert_eq!(begin(&mut vm), PAUSE);
    assert!(vm.changes().iter().any(|change| change.starts_with("reply 503 \"\"")));
}

#[test]
fn a_byte_that_no_header_announces_is_refused() {
    let mut vm = start(Kind::Nginx, CONFIGURATION, &[(":method", "GET"), (":path", "/prometheus/graph")]);
    assert_eq!((begin(&mut vm), vm.call("proxy_on_request_body", &[STREAM, 8, 1])), (CONTINUE, PAUSE));
    assert_eq!(vm.replies(), 1);
}

#[test]
fn an_answer_that_a_new_vm_knows_nothing_of_does_not_pass_on_nginx() {
    let mut vm = start(Kind::Nginx, CONFIGURATION, &[]);
    open(&mut vm);
    // An error may be nginx' own, and keeps its status.
    for (given, status) in [("200", "503"), ("302", "503"), ("413", "413")] {
        vm.call("proxy_on_delete", &[STREAM]);
        vm.call("proxy_on_context_create", &[STREAM, ROOT]);
        vm.store.data_mut().status = given.as_bytes();
        assert_eq!(vm.call("proxy_on_response_headers", &[STREAM, 3, 0]), CONTINUE);
        assert_eq!(changed(&vm.changes(), "set :status: "), [status]);
    }
    for end in [0, 1] {
        assert_eq!(vm.call("proxy_on_response_body", &[STREAM, 8, end]), CONTINUE);
    }
    let bodies = changed(&vm.changes(), "body of -1: ");
    assert_eq!(bodies, ["the proxy could not process this request\n", "\n"]);
}

#[test]
fn a_body_that_a_new_vm_knows_nothing_of_gets_a_reply() {
    let mut vm = start(Kind::Nginx, CONFIGURATION, &[]);
    open(&mut vm);
    assert_eq!((vm.call("proxy_on_request_body", &[STREAM, 8, 1]), vm.replies()), (PAUSE, 1));
}

#[test]
fn a_header_is_removed_before_it_is_set_on_nginx() {
    let headers = [
        (":method", "GET"),
        (":path", "/prometheus/graph"),
        ("x-forwarded-proto", "x"),
        ("x-forwarded-proto", "x"),
    ];
    let mut vm = start(Kind::Nginx, CONFIGURATION, &headers);
    assert_eq!(begin(&mut vm), CONTINUE);
    let changes = vm.changes();
    let at = |line: &str| changes.iter().rposition(|change| change == line).unwrap();
    assert!(at("remove x-forwarded-proto") < at("set x-forwarded-proto: http"), "{changes:?}");
}

#[test]
fn a_location_is_given_another_value_before_it_is_removed_on_nginx() {
    let mut vm = start(Kind::Nginx, CONFIGURATION, &[]);
    open(&mut vm);
    vm.call("proxy_on_response_headers", &[STREAM, 3, 0]);
    let changes = vm.changes();
    let at = |line: &str| changes.iter().position(|change| change == line).unwrap();
    assert!(at("set location: x") < at("remove location"), "{changes:?}");
}

#[test]
fn an_empty_form_of_which_the_host_shows_nothing_is_reported_with_its_answer() {
    for kind in [Kind::Nginx, Kind::TrafficServer] {
        let mut vm = start(kind, RESTRICTED, &form(true));
        assert_eq!(begin(&mut vm), CONTINUE);
        let record = |vm: &Vm| vm.changes().iter().filter(|change| change.contains("promward: {")).count();
        assert_eq!(record(&vm), 0, "{kind:?}");
        vm.call("proxy_on_response_headers", &[STREAM, 3, 0]);
        assert_eq!(record(&vm), 1, "{kind:?}");
    }
}

#[test]
fn a_password_is_checked_at_once_where_there_are_no_ticks() {
    for (kind, authorization, status) in [
        (Kind::Nginx, "Basic YWxpY2U6VSpV", CONTINUE),
        (Kind::TrafficServer, "Basic YWxpY2U6VSpV", CONTINUE),
        (Kind::Nginx, "Basic YWxpY2U6Vlh4", PAUSE),
    ] {
        let mut vm = start(
            kind,
            CONFIGURATION,
            &[
                (":method", "GET"),
                (":path", "/prometheus/api/v1/query?query=up"),
                ("authorization", authorization),
            ],
        );
        assert_eq!((begin(&mut vm), vm.period()), (status, 0), "{kind:?} {authorization}");
    }
}

#[test]
fn traffic_server_answers_503_to_everything_while_a_configuration_is_refused_and_so_does_a_host_like_it() {
    for (kind, configuration) in
        [(Kind::TrafficServer, b"{}".as_slice()), (Kind::LikeTrafficServer, CONFIGURATION)]
    {
        let mut vm = start(kind, configuration, &[(":method", "GET"), (":path", "/prometheus/-/healthy")]);
        assert_eq!(begin(&mut vm), PAUSE, "{kind:?}");
        assert!(vm.changes().iter().any(|change| change.starts_with("reply 503")), "{kind:?}");
        assert_eq!(vm.call("proxy_on_response_headers", &[STREAM, 3, 0]), PAUSE, "{kind:?}");
    }
    let mut vm = start(Kind::Nginx, b"{}", &[]);
    assert_eq!(vm.configure(), 0);
}

#[test]
fn traffic_server_is_given_target_and_query_as_properties() {
    let mut vm = start(
        Kind::TrafficServer,
        CONFIGURATION,
        &[(":method", "GET"), (":path", "/prometheus/graph?a=b"), ("host", "example.com")],
    );
    assert_eq!(begin(&mut vm), CONTINUE);
    let changes = vm.changes();
    assert_eq!(changed(&changes, "property request.url_path: "), ["/graph"]);
    assert_eq!(changed(&changes, "property request.query: "), ["a=b"]);
    assert!(!changed(&changes, "add @promward: ").is_empty());
}

#[test]
fn a_redirect_goes_on_its_way_before_it_is_sent_on_traffic_server() {
    for (path, resumed) in [("/prometheus", 1), ("/prometheus/api/v1/admin/tsdb/snapshot", 0)] {
        let mut vm = start(Kind::TrafficServer, RESTRICTED, &[(":method", "GET"), (":path", path)]);
        assert_eq!((begin(&mut vm), vm.replies(), vm.resumed()), (PAUSE, 1, resumed), "{path}");
    }
}

#[test]
fn a_message_is_no_page_that_a_browser_runs_on_traffic_server() {
    let mut vm = start(
        Kind::TrafficServer,
        RESTRICTED,
        &[(":method", "GET"), (":path", "/prometheus/api/v1/query?%3Cscript%3E=1")],
    );
    assert_eq!(begin(&mut vm), PAUSE);
    let changes = vm.changes();
    let reply = changes.iter().find(|change| change.starts_with("reply 400")).unwrap();
    assert!(reply.contains("\\u003cscript>") && !reply.contains('<'), "{reply}");
}

#[test]
fn a_body_that_traffic_server_would_not_show_is_cut_by_a_length() {
    for (headers, expected) in [
        (&[(":method", "GET"), (":path", "/prometheus/graph"), ("connection", "x-forwarded-proto")][..], "0"),
        (&[(":method", "POST"), (":path", "/prometheus/api/v1/labels"), ("content-length", "0")], "0"),
    ] {
        let mut vm = start(Kind::TrafficServer, CONFIGURATION, headers);
        assert_eq!(begin(&mut vm), CONTINUE);
        let changes = vm.changes();
        assert_eq!(changed(&changes, "add content-length: "), [expected]);
        assert!(changes.iter().any(|change| change == "remove connection"), "{changes:?}");
    }
}

#[test]
fn a_header_in_quotes_is_read_on_traffic_server() {
    let headers = [(":method", "GET"), (":path", "/prometheus/graph"), ("if-none-match", "\"a\"")];
    assert_eq!(begin(&mut start(Kind::TrafficServer, CONFIGURATION, &headers)), CONTINUE);
}

#[test]
fn a_header_that_is_not_there_is_not_removed_from_an_answer_on_nginx() {
    let mut vm = start(Kind::Nginx, CONFIGURATION, &[(":method", "GET"), (":path", "/prometheus/graph")]);
    assert_eq!(begin(&mut vm), CONTINUE);
    vm.changes();
    vm.call("proxy_on_response_headers", &[STREAM, 3, 0]);
    let removed = changed(&vm.changes(), "remove ");
    assert!(removed.iter().all(|name| ["server", "location"].contains(&name.as_str())), "{removed:?}");
}

#[test]
fn a_form_without_a_length_is_refused_on_traffic_server() {
    let mut vm = start(Kind::TrafficServer, RESTRICTED, &form(false));
    assert_eq!(begin(&mut vm), PAUSE);
    assert!(vm.changes().iter().any(|change| change.starts_with("reply 411")));
}

#[test]
fn a_form_in_pieces_is_replaced_as_a_whole_on_traffic_server() {
    let mut vm = start(Kind::TrafficServer, RESTRICTED, &form(true));
    assert_eq!(begin(&mut vm), CONTINUE);
    assert_eq!(vm.call("proxy_on_request_body", &[STREAM, 5, 0]), PAUSE);
    vm.changes();
    assert_eq!(vm.call("proxy_on_request_body", &[STREAM, 3, 1]), CONTINUE);
    assert_eq!(changed(&vm.changes(), &format!("body of {ALL}: ")), ["query=up%7Btenant%3D%22a%22%7D"]);
}

#[test]
fn nothing_of_a_form_that_was_refused_goes_on_on_traffic_server() {
    let mut vm = start(Kind::TrafficServer, RESTRICTED, &form(true));
    assert_eq!(begin(&mut vm), CONTINUE);
    assert_eq!(vm.call("proxy_on_request_body", &[STREAM, 200 << 10, 0]), PAUSE);
    assert_eq!(vm.replies(), 0);
    assert_eq!(vm.call("proxy_on_request_body", &[STREAM, 200 << 10, 0]), PAUSE);
    assert_eq!(vm.replies(), 1);
    vm.changes();
    assert_eq!(vm.call("proxy_on_request_body", &[STREAM, 8, 1]), PAUSE);
    assert_eq!(changed(&vm.changes(), &format!("body of {ALL}: ")), [""]);
    // The server's answer to the form that it got must not pass.
    assert_eq!(vm.call("proxy_on_response_headers", &[STREAM, 3, 0]), PAUSE);
}
