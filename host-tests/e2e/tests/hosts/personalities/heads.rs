//! Scenarios about the heads of requests: the module is shown them and edits them.

use super::played::{Played, connection, with_certificate};
use promward_embedded::host::Personality;
use promward_embedded::host::personality::RemovedHeaders;

/// Fact 5: on nginx a removed header reaches the server all the same, unless an allow-list says which go up.
#[test]
fn a_removed_header_goes_up_on_nginx_without_an_allow_list() {
    let without = Personality { removed_headers: RemovedHeaders::GoUp, ..Personality::NGINX };
    for (personality, arrives) in [
        (Personality::ENVOY, None),
        (Personality::NGINX, None),
        (without, Some("secret")),
        (Personality::TRAFFIC_SERVER, None),
    ] {
        let mut played = Played::new(personality);
        let id = played.open(
            "GET",
            "request_headers=remove:0:authorization",
            &[("authorization", "secret")],
            true,
        );
        assert_eq!(played.take(id).server.header("authorization"), arrives, "{}", personality.name);
    }
}

/// Fact 11: Traffic Server has no pseudo headers, and a target is read and written by properties.
#[test]
fn traffic_server_has_no_pseudo_headers() {
    let mut played = Played::new(Personality::TRAFFIC_SERVER);
    let probe = "request_headers=property:request.path+property:request.method\
        +write:request.url_path:/other+write:request.query:x";
    let id = played.open("GET", probe, &[], true);
    let lines = played.lines();
    for line in ["request.path is \"/p?q=1\"", "request.method is \"GET\""] {
        assert!(lines.iter().any(|other| other == line), "{line}: {lines:?}");
    }
    assert!(lines.iter().any(|line| line == "request_headers end=false "), "{lines:?}");
    assert_eq!(played.take(id).server.header(":path"), Some("/other?x"));
}

/// Fact 11: `replace` doesn't add, and `add` overwrites, on Traffic Server.
#[test]
fn replacing_does_not_add_on_traffic_server() {
    for (personality, new, twice) in [
        (Personality::ENVOY, Some("new"), vec!["1", "3"]),
        (Personality::NGINX, Some("new"), vec!["1", "3"]),
        (Personality::TRAFFIC_SERVER, None, vec!["3"]),
    ] {
        let mut played = Played::new(personality);
        let probe = "request_headers=replace:0:x-t-new:new+add:0:x-t-twice:3";
        let id = played.open("GET", probe, &[("x-t-twice", "1")], true);
        let server = played.take(id).server;
        assert_eq!(server.header("x-t-new"), new, "{}", personality.name);
        let values = server.head.iter().filter(|(name, _)| name == "x-t-twice");
        assert_eq!(
            values.map(|(_, value)| value.as_str()).collect::<Vec<_>>(),
            twice,
            "{}",
            personality.name
        );
    }
}

/// Traffic Server shows a value up to its first comma, and a header that doesn't exist as an empty one.
#[test]
fn a_value_ends_at_its_first_comma_on_traffic_server() {
    for (personality, value, missing) in [
        (Personality::ENVOY, "x-t-list is \"a, b\"", "x-t-none is status 1"),
        (Personality::NGINX, "x-t-list is \"a, b\"", "x-t-none is status 1"),
        (Personality::TRAFFIC_SERVER, "x-t-list is \"a\"", "x-t-none is empty"),
    ] {
        let mut played = Played::new(personality);
        let probe = "request_headers=value:0:x-t-list+value:0:x-t-none";
        let id = played.open("GET", probe, &[("x-t-list", "a, b")], true);
        let lines = played.lines();
        assert!(lines.iter().any(|line| line == value), "{}: {lines:?}", personality.name);
        assert!(lines.iter().any(|line| line == missing), "{}: {lines:?}", personality.name);
        assert_eq!(played.take(id).server.header("x-t-list"), Some("a, b"));
    }
}

/// nginx keeps the query where a new path has none, and doesn't let `:authority` be edited.
#[test]
fn a_path_without_a_query_keeps_the_old_one_on_nginx() {
    for (personality, bare, marked) in
        [(Personality::ENVOY, "/new", "/new?"), (Personality::NGINX, "/new?q=1", "/new")]
    {
        let mut played = Played::new(personality);
        for (path, arrives) in [("/new", bare), ("/new?", marked)] {
            let id = played.open("GET", &format!("request_headers=path:{path}"), &[], true);
            assert_eq!(played.take(id).server.header(":path"), Some(arrives), "{}", personality.name);
        }
    }
}

/// nginx shows the first hundred headers.
#[test]
fn more_than_a_hundred_headers_are_not_shown_on_nginx() {
    let many: Vec<(String, &str)> = (0..120).map(|number| (format!("x-t-{number:03}"), "1")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    for (personality, shown) in [(Personality::ENVOY, true), (Personality::NGINX, false)] {
        let mut played = Played::new(personality);
        let id = played.open("GET", "", &many, true);
        assert_eq!(played.said("x-t-119=1"), shown, "{}", personality.name);
        assert_eq!(played.take(id).server.header("x-t-119"), Some("1"));
    }
}

/// Fact 12 and 11: a client's certificate, and the version of TLS without TLS.
#[test]
fn certificates_and_tls_are_told_in_each_hosts_way() {
    const DIGEST: &str = "connection.sha256_peer_certificate_digest";
    const SUBJECT: &str = "connection.subject_peer_certificate";
    let probe = format!(
        "request_headers=property:connection.mtls+property:{DIGEST}+property:{SUBJECT}+property:connection.tls_version"
    );
    for (personality, with, plain) in [
        (
            Personality::ENVOY,
            ["mtls is \"\\u{1}\"", "digest is \"0000", "subject_peer_certificate is \"CN=reader\""],
            "connection.tls_version is status 1",
        ),
        (
            Personality::NGINX,
            ["mtls is \"true\"", "digest is status 1", "subject_peer_certificate is status 1"],
            "connection.tls_version is status 1",
        ),
        (
            Personality::TRAFFIC_SERVER,
            ["mtls is \"\\u{1}\"", "digest is empty", "subject_peer_certificate is \"CN=reader\""],
            "connection.tls_version is \"-\"",
        ),
    ] {
        let mut played = Played::new(personality);
        played.open_on(with_certificate(), "GET", &probe, &[], true);
        let lines = played.lines();
        for line in with {
            assert!(
                lines.iter().any(|other| other.contains(line)),
                "{}: {line}: {lines:?}",
                personality.name
            );
        }
        played.open_on(connection(), "GET", &probe, &[], true);
        assert!(played.said(plain), "{}", personality.name);
    }
}
