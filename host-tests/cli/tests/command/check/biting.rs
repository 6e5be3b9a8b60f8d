//! `promward check` refuses an Envoy file that lets requests through unchecked, and warns of what the filter accepts and
//! that will hurt later: each warning names the field, and says what to do.

use crate::check::{changed, checked, warnings};
use promward_harness::envoy::variants;

const ACCESS: &str = r#""access": [{ "who": ["anyone"], "may": ["everything"] }]"#;
const USERS: &str = r#""callers": { "users": { "viewer": "$2y$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" } },"#;

/// Returns what is printed about the shipped file with changes to its text.
fn printed(changes: &[(&str, &str)]) -> String {
    checked("envoy.yaml", &changed(&variants::render(&[]).unwrap(), changes))
}

/// Returns the warnings about a configuration by itself.
fn alone(mounts: &str, callers: &str, access: &str) -> Vec<String> {
    warnings(&checked(
        "promward.json",
        &format!("{{ \"mounts\": [{mounts}],{callers} \"access\": [{access}] }}"),
    ))
}

#[test]
fn a_filter_that_fails_open_is_refused() {
    const POLICY: &str = "failure_policy: FAIL_RELOAD\n";
    for (open, field) in [
        ("failure_policy: FAIL_OPEN\n", "failure_policy: FAIL_OPEN"),
        ("failurePolicy: FAIL_OPEN\n", "failurePolicy: FAIL_OPEN"),
        ("failure_policy: 3\n", "failure_policy: FAIL_OPEN"),
        ("fail_open: true\n", "fail_open: true"),
        ("failOpen: true\n", "failOpen: true"),
        ("failure_policy: FAIL_CLOSED\n                fail_open: true\n", "fail_open: true"),
    ] {
        let printed = printed(&[(POLICY, open)]);
        let line = format!(
            ": refused: config.{field} lets every request through unchecked while the filter fails: write failure_policy: \
             FAIL_RELOAD in its place\n"
        );
        assert!(printed.ends_with(&line), "{printed}");
    }
    for closed in ["failure_policy: FAIL_CLOSED\n", "failure_policy: 2\n", "fail_open: false\n"] {
        assert_eq!(warnings(&printed(&[(POLICY, closed)])), [""; 0], "{closed}");
    }
}

#[test]
fn addresses_that_clients_choose_are_warned_of_where_they_count() {
    const OWN: &str = "          use_remote_address: true\n";
    let with_users = (ACCESS, &*format!("{USERS} {ACCESS}"));
    let rated = |who: &str| {
        ACCESS.replace(r#""may""#, r#""limits": { "rate": "9/s" }, "may""#).replace("anyone", who)
    };
    let said = |counted: &str| {
        format!(
            "{counted} counts by address, and without use_remote_address: true in the connection manager clients choose \
             their own with x-forwarded-for: write it, unless nobody but a proxy of yours can reach this listener"
        )
    };
    let of = |changes: &[(&str, &str)]| {
        let mut warnings = warnings(&printed(changes));
        warnings.retain(|warning| warning.contains("address"));
        warnings
    };
    for missing in ["", "          use_remote_address: false\n", "          useRemoteAddress: false\n"] {
        assert_eq!(of(&[(OWN, missing), with_users]), [said("callers.passwords")], "{missing}");
        for who in ["anyone", "anonymous"] {
            assert_eq!(of(&[(OWN, missing), (ACCESS, &rated(who))]), [said("access[0].limits.rate")]);
        }
        assert_eq!(of(&[(OWN, missing)]), [""; 0], "nothing is counted");
    }
    for present in
        [OWN, "          useRemoteAddress: true\n", "          original_ip_detection_extensions: [{}]\n"]
    {
        assert_eq!(of(&[(OWN, present), with_users]), [""; 0], "{present}");
    }
    let token = r#""callers": { "tokens": { "ci": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" } }, "#;
    let of_known = format!("{token}{}", rated("token:ci"));
    assert_eq!(of(&[(OWN, ""), (ACCESS, &of_known)]), [""; 0], "those who are known count by name");
}

#[test]
fn a_listener_that_does_not_write_the_client_is_warned_of_where_it_is_declared_to() {
    const DECLARED: &str = r#""listener_writes_client": true,"#;
    const KEY: &str = "key: x-promward-client";
    let hops = (
        "          use_remote_address: true\n",
        "          use_remote_address: true\n          xff_num_trusted_hops: 1\n",
    );
    let unwritten = "listener_writes_client: no early header mutation of the connection manager overwrites \
                     x-promward-client, and then every request is refused: write it as the shipped envoy.yaml does, or \
                     leave the field out";
    let trusting = "listener_writes_client: with xff_num_trusted_hops the address of a client is not that of its \
                    connection, and then every request is refused: leave one of them out";
    let action = "%DOWNSTREAM_TLS_VERSION%\" }\n                  append_action: OVERWRITE_IF_EXISTS_OR_ADD";
    let adding = action.replace("OVERWRITE_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT");
    for changes in [(KEY, "key: x-other"), (action, &adding)] {
        assert_eq!(warnings(&printed(&[changes])), [unwritten]);
        assert_eq!(warnings(&printed(&[changes, (DECLARED, "")])), [""; 0]);
    }
    assert_eq!(warnings(&printed(&[hops])), [trusting]);
    assert_eq!(warnings(&printed(&[hops, (DECLARED, "")])), [""; 0]);
}

#[test]
fn buffers_below_the_longest_form_are_warned_of() {
    let restricted = ACCESS.replace(r#"["everything"]"#, r#"["read"], "only": { "tenant": ["a"] }"#);
    let said = |bound: &str, size: usize, room: &str, needed: usize| {
        format!(
            "mounts[0].max_form: forms{room} need {needed} bytes, and {bound} is {size}: longer ones are refused; raise \
             it, or lower max_form"
        )
    };
    let room = ", with 256 KiB for the matchers of restricted callers,";
    for (old, new, bound) in [
        (
            "    per_connection_buffer_limit_bytes: &buffer 524288\n    filter_chains",
            "    per_connection_buffer_limit_bytes: 300000\n    tcp_backlog_size: &buffer 524288\n    filter_chains",
            "the listener's per_connection_buffer_limit_bytes",
        ),
        (
            "    per_connection_buffer_limit_bytes: 524288\n    typed_extension",
            "    perConnectionBufferLimitBytes: 300000\n    typed_extension",
            "the cluster \"prometheus\"'s per_connection_buffer_limit_bytes",
        ),
        (
            "initial_stream_window_size: *buffer",
            "initial_stream_window_size: 300000",
            "initial_stream_window_size of HTTP/2",
        ),
        (
            "buffer: { max_request_bytes: *buffer }",
            "buffer: { max_request_bytes: 300000 }",
            "max_request_bytes of the buffer filter",
        ),
    ] {
        assert_eq!(warnings(&printed(&[(old, new)])), [""; 0], "{bound}: nobody is restricted");
        let long = [(old, new), (ACCESS, restricted.as_str())];
        assert_eq!(warnings(&printed(&long)), [said(bound, 300_000, room, 524_288)], "{bound}");
        let small = new.replace("300000", "200000");
        assert_eq!(warnings(&printed(&[(old, &small)])), [said(bound, 200_000, "", 262_144)], "{bound}");
    }
    assert_eq!(warnings(&printed(&[(ACCESS, &restricted)])), [""; 0]);
    let longer = (r#""cluster": "prometheus" }"#, r#""cluster": "prometheus", "max_form": "1MiB" }"#);
    assert_eq!(warnings(&printed(&[longer])).len(), 4);
}

#[test]
fn a_rate_on_writers_is_warned_of() {
    let said = "access[1].limits.rate: this holds for the class write too: senders beyond it get 503 and send again later, so \
                that samples come late; put write into a rule of its own, above this one and without \"rate\"";
    let health = r#"{ "who": ["anyone"], "may": ["health"], "limits": { "rate": "9/s" } }"#;
    let rule = |may: &str, more: &str| {
        format!(
            r#"{health}, {{ "who": ["anonymous"], "may": [{may}], "limits": {{ "rate": "9/s" }}{more} }}"#
        )
    };
    let of = |access: &str| alone(r#"{ "prefix": "/p" }"#, "", access);
    assert_eq!(of(&rule(r#""write""#, "")), [said]);
    let at_once = rule(r#""write""#, "").replace(r#""rate": "9/s" }"#, r#""concurrent": 4 }"#);
    assert_eq!(of(&at_once), [said.replace("rate", "concurrent")]);
    assert_eq!(of(&rule(r#""everything""#, "")), [said]);
    assert_eq!(of(&rule(r#""everything""#, r#", "except": ["write"]"#)), [""; 0]);
    assert_eq!(of(&rule(r#""everything""#, r#", "only": { "tenant": ["a"] }"#)), [""; 0], "they can't write");
    let opaque = r#"{ "prefix": "/p", "api": "opaque", "credentials": "pass" }"#;
    let at = r#"{ "who": ["anyone"], "may": ["everything"], "at": ["/p"], "limits": { "rate": "9/s" } }"#;
    assert_eq!(alone(opaque, "", at), [""; 0], "nothing is known of writing there");
}

#[test]
fn a_mount_that_no_rule_names_and_one_that_removes_cookies_are_warned_of() {
    let rule = |at: &str| format!(r#"{{ "who": ["anyone"], "may": ["everything"]{at} }}"#);
    let mounts =
        |more: &str| format!(r#"{{ "prefix": "/p" }}, {{ "prefix": "/app", "api": "opaque"{more} }}"#);
    let unnamed = "mounts[1]: no rule holds at /app, so that every request to it is refused: name it in \"at\" of a rule";
    let cookies = "mounts[1].credentials: this removes cookies too, so that nobody stays logged in to the server behind it: \
                   leave the field out, and cookies go on";
    let pass = r#", "credentials": "pass""#;
    assert_eq!(alone(&mounts(pass), "", &rule("")), [unnamed]);
    for passing in [pass, ""] {
        assert_eq!(alone(&mounts(passing), "", &rule(r#", "at": ["/app", "/p"]"#)), [""; 0]);
    }
    assert_eq!(
        alone(&mounts(r#", "credentials": "remove""#), "", &rule(r#", "at": ["/app", "/p"]"#)),
        [cookies]
    );
    assert_eq!(
        alone(r#"{ "prefix": "/" }, { "prefix": "/p" }"#, "", &rule(r#", "at": ["/p"]"#)),
        [
            "mounts[0]: no rule holds at /, so that every request to it is refused: name it in \"at\" of a rule"
        ]
    );
}

#[test]
fn a_mount_whose_silences_can_not_be_looked_up_is_warned_of() {
    let mount = |more: &str| format!(r#"{{ "prefix": "/am", "api": "alertmanager"{more} }}"#);
    let rule = |may: &str, only: &str| format!(r#"{{ "who": ["anyone"], "may": ["{may}"]{only} }}"#);
    let only = r#", "only": { "tenant": ["a"] }"#;
    let said = "mounts[0]: without \"cluster\" nobody who is restricted can read, change or end a silence by its id: name the \
                proxy's cluster of this Alertmanager";
    for may in ["alerts", "silences", "read", "everything"] {
        assert_eq!(alone(&mount(""), "", &rule(may, only)), [said], "{may}");
        assert_eq!(alone(&mount(r#", "cluster": "alertmanager""#), "", &rule(may, only)), [""; 0], "{may}");
        assert_eq!(alone(&mount(""), "", &rule(may, "")), [""; 0], "{may}: nobody is restricted");
    }
    assert_eq!(alone(&mount(""), "", &rule("ui", only)), [""; 0]);
    assert_eq!(alone(r#"{ "prefix": "/p" }"#, "", &rule("read", only)), [""; 0]);
}

#[test]
fn matchers_that_leave_room_for_few_selectors_are_warned_of() {
    let rule =
        |only: &str| format!(r#"{{ "who": ["anyone"], "may": ["read"], "only": {{ "tenant": {only} }} }}"#);
    let of = |only: &str| alone(r#"{ "prefix": "/p" }"#, "", &rule(only));
    let value = |length: usize| format!("\"{}\"", "x".repeat(length));
    let said = |bytes: usize, selectors: usize| {
        format!(
            "access[0].only: its matchers have up to {bytes} bytes in each selector, so that a query of more than {selectors} \
             selectors is refused: list fewer values, or write a regular expression"
        )
    };
    assert_eq!(of(&format!("[{}]", value(8_000))), [""; 0]);
    assert_eq!(of(&format!("[{}]", value(100_000))), [said(100_009, 2)]);
    let by = format!(r#"{{ "by": {{ "anyone": [{}], "anonymous": ["y"] }} }}"#, value(10_000));
    assert_eq!(of(&by), [said(10_012, 26)], "those who get all values");
}

#[test]
fn a_pattern_that_shares_every_metric_is_warned_of() {
    let of = |regex: &str| {
        let rule = r#"{ "who": ["anyone"], "may": ["read"], "only": { "tenant": ["a"] }, "shared": { "regex": "REGEX" } }"#;
        alone(r#"{ "prefix": "/p" }"#, "", &rule.replace("REGEX", regex))
    };
    let said = "access[0].shared: this pattern matches every metric, so that whoever names one sees it whole: write a narrower \
                pattern, or list names";
    assert_eq!(of(".*"), [said]);
    assert_eq!(of("kube_.*|[^ ]+"), [said]);
    assert_eq!(of("kube_.*|machine_.*"), [""; 0]);
}
