//! A web application at an opaque mount: its sessions, its redirects, and who may use it.

use crate::desk::Desk;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward::decision::{Decision, Facts, Forward};
use promward::target::body::Body;
use promward::target::headers::Headers;

/// The credentials of callers who are known: a user `alice`, and the token `a`.
const CALLERS: &str = r#""callers": {
    "users": { "alice": "$2y$04$FDOQHfaMXz4Qtq8AeMFUDO2WGLVYDZbNgEmTMQxdN9lQAJRRa9RR6" },
    "tokens": { "a": "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" }
}"#;

/// Returns a configuration with an application at `/app`, which has these further fields, and these rules.
fn configuration(mount: &str, access: &str) -> String {
    format!(
        r#"{{
            "mounts": [{{ "prefix": "/prometheus" }}, {{ "prefix": "/app", "api": "opaque" {mount} }}],
            {CALLERS},
            "access": [{{ "who": ["anyone"], "may": ["health"] }}, {access}]
        }}"#
    )
}

#[test]
fn an_application_gets_no_cookie_of_the_proxys_sessions() {
    let sessions = r#""logout": "/oauth2/logout","#;
    let with = |mount: &str| {
        configuration(mount, OPEN).replace(r#""callers": {"#, &format!(r#""callers": {{ {sessions}"#))
    };
    let cookie = |configuration: &str, path: &str, sent: &str| {
        let edits = forward(configuration, path, &[("cookie", sent)]).edits;
        let set = edits.set.iter().find(|(name, _)| *name == "cookie");
        let set = set.map(|(_, value)| value.as_str().to_owned());
        let is_removed = edits.remove.iter().any(|name| name == b"cookie");
        match (set, is_removed) {
            (Some(value), _) => Some(value),
            (None, true) => None,
            (None, false) => Some(sent.to_owned()),
        }
    };
    for (mount, path, sent, arrives) in [
        ("", "/app/", "session=1", Some("session=1")),
        ("", "/app/", "IdToken=a; session=1; OauthNonce.1f=b", Some("session=1")),
        ("", "/app/", "IdToken=a", None),
        (r#", "credentials": "pass""#, "/app/", "IdToken=a; session=1", Some("session=1")),
        (r#", "credentials": "remove""#, "/app/", "IdToken=a; session=1", None),
    ] {
        assert_eq!(cookie(&with(mount), path, sent).as_deref(), arrives, "{mount} {sent}");
    }
    // Nor does a server that no mount leads to.
    let passing = with("").replacen('{', r#"{ "elsewhere": "pass", "#, 1);
    let Decision::Pass(edits) = decide(&passing, "GET", "/x", &[("cookie", "IdToken=a; session=1")]) else {
        panic!("it is at a mount");
    };
    assert_eq!(edits.value("cookie"), Some("session=1"));
    let other = configuration("", OPEN);
    assert_eq!(cookie(&other, "/app/", "IdToken=a").as_deref(), Some("IdToken=a"));
}

/// A rule for everybody.
const OPEN: &str = r#"{ "who": ["anyone"], "may": ["unknown"], "at": ["/app"] }"#;

/// A rule for those who are known.
const KNOWN: &str = r#"{ "who": ["authenticated"], "may": ["unknown"], "at": ["/app"] }"#;

fn request(method: &str, path: &str, more: &[(&str, &str)]) -> Headers {
    [(":method", method), (":path", path), (":authority", "example.com")]
        .iter()
        .chain(more)
        .copied()
        .collect()
}

fn decide(configuration: &str, method: &str, path: &str, more: &[(&str, &str)]) -> Decision {
    let headers = request(method, path, more);
    Desk::new(configuration).decide(&headers, Body::None, &Facts::default(), 1).0
}

fn forward(configuration: &str, path: &str, more: &[(&str, &str)]) -> Forward {
    match decide(configuration, "GET", path, more) {
        Decision::Forward(forward) => *forward,
        other => panic!("GET {path} does not go upstream: {other:?}"),
    }
}

/// Returns the credentials that go on of a request that has all of them.
fn credentials(configuration: &str, path: &str, authorization: &str) -> Vec<&'static str> {
    let sent = ["authorization", "proxy-authorization", "cookie"];
    let more = [(sent[0], authorization), (sent[1], "Basic eDp5"), (sent[2], "session=1")];
    let removed = forward(configuration, path, &more).edits.remove;
    sent.into_iter().filter(|name| !removed.iter().any(|removed| removed == name.as_bytes())).collect()
}

#[test]
fn an_application_gets_its_own_session_and_logins() {
    let open = configuration("", OPEN);
    for own in ["Bearer glsa_1", "Basic Ym9iOnBhc3M=", "Digest username=\"a\", realm=\"b\"", "Negotiate YQ=="]
    {
        assert_eq!(credentials(&open, "/app/", own), ["authorization", "cookie"], "{own}");
    }
}

#[test]
fn an_application_gets_no_credential_of_a_caller_who_is_known_here() {
    // The token `a`, and `alice` with a right and a wrong password.
    for ours in ["Bearer a", "bearer  a", "Basic YWxpY2U6YQ==", "basic YWxpY2U6d3Jvbmc="] {
        assert_eq!(credentials(&configuration("", OPEN), "/app/", ours), ["cookie"], "{ours}");
    }
    assert_eq!(credentials(&configuration("", KNOWN), "/app/", "Bearer a"), ["cookie"]);
}

#[test]
fn an_application_gets_nothing_that_could_hold_a_credential_of_a_caller_who_is_known_here() {
    let long = "a".repeat(100);
    let basic = |user: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{long}")));
    for unclear in [
        &basic("alice"),
        "Basic YWxpY2U6YQ",
        "Basic YWxpY2U=",
        "Basic\tYWxpY2U6YQ==",
        "Bearer a b",
        "Bearer x, Bearer a",
        "Digest username=\"a\", Basic YWxpY2U6YQ==",
        "Digest username=\"a\", ",
        "",
    ] {
        assert_eq!(credentials(&configuration("", OPEN), "/app/", unclear), ["cookie"], "{unclear}");
    }
    let twice = [("authorization", "Negotiate YQ=="), ("authorization", "Bearer a")];
    let removed = forward(&configuration("", OPEN), "/app/", &twice).edits.remove;
    assert!(removed.iter().any(|name| name == b"authorization"));
    // The application's own users may have long passwords.
    assert_eq!(credentials(&configuration("", OPEN), "/app/", &basic("bob")), ["authorization", "cookie"]);
}

#[test]
fn what_a_mount_says_about_credentials_counts() {
    let all = ["authorization", "proxy-authorization", "cookie"];
    let pass = configuration(r#", "credentials": "pass""#, KNOWN);
    assert_eq!(credentials(&pass, "/app/", "Bearer a"), all);
    let remove = configuration(r#", "credentials": "remove""#, OPEN);
    assert!(credentials(&remove, "/app/", "Bearer glsa_1").is_empty());
    // The servers whose APIs are known have no sessions.
    let health = configuration("", OPEN);
    assert!(credentials(&health, "/prometheus/-/healthy", "Bearer glsa_1").is_empty());
}

#[test]
fn where_callers_are_asked_wrong_credentials_are_refused() {
    for wrong in ["Bearer glsa_1", "Digest username=\"a\""] {
        match decide(&configuration("", KNOWN), "GET", "/app/", &[("authorization", wrong)]) {
            Decision::Reply(reply) => assert_eq!(reply.status, 401, "{wrong}"),
            other => panic!("{wrong} isn't refused: {other:?}"),
        }
    }
}

#[test]
fn an_application_redirects_wherever_it_likes() {
    let open = configuration(r#", "upstream_prefix": "/app", "cluster": "app""#, OPEN);
    let answer = |location: &[&str]| {
        let locations = location.iter().map(|value| ("location", *value));
        let upstream = [(":status", "302")].into_iter().chain(locations).collect();
        let context = forward(&open, "/app/login", &[]).context;
        let edits = Desk::new(&open).gateway.answer(&context, &upstream)?;
        let value = edits.value("location").unwrap().to_owned();
        Ok::<_, promward::decision::refusal::Refusal>(value)
    };
    let provider = "https://id.example.net/authorize?redirect_uri=https%3A%2F%2Fexample.com%2Fapp&state=a";
    for (location, public) in [
        (provider, provider),
        ("https://example.com/app/login", "/app/login"),
        ("/app/login", "/app/login"),
        ("https://example.com/prometheus/graph", "https://example.com/prometheus/graph"),
    ] {
        assert_eq!(answer(&[location]).unwrap(), public);
    }
    for refused in [&["//id.example.net/"][..], &[provider, provider], &["https:/id.example.net"]] {
        assert_eq!(answer(refused).unwrap_err().status(), 502, "{refused:?}");
    }
}

/// Rules for parts of the application: public files for anybody, an API to read for `token:a`.
const PARTS: &str = r#"
    { "who": ["anyone"], "may": ["unknown"], "at": ["/app"], "methods": ["GET"], "paths": ["/public/*", "/login"] },
    { "who": ["token:a"], "may": ["unknown"], "at": ["/app"], "methods": ["GET"], "paths": ["/api/v2/*"] }"#;

/// Returns the status of the refusal, or 200 if the request goes upstream.
fn status(configuration: &str, method: &str, path: &str, more: &[(&str, &str)]) -> u16 {
    match decide(configuration, method, path, more) {
        Decision::Forward(_) => 200,
        Decision::Reply(reply) => reply.status,
        other => panic!("{method} {path}: {other:?}"),
    }
}

#[test]
fn a_rule_opens_the_methods_and_paths_that_it_names() {
    let parts = configuration(r#", "encoded_slash": "pass""#, PARTS);
    let a = [("authorization", "Bearer a")];
    for (method, path, anonymous, known) in [
        ("GET", "/app/public/x", 200, 200),
        ("HEAD", "/app/public/x", 200, 200),
        ("GET", "//app///public/%78", 200, 200),
        ("GET", "/app/public/a%2Fb", 200, 200),
        ("GET", "/app/login", 200, 200),
        ("GET", "/app/public", 401, 403),
        ("GET", "/app/login/", 401, 403),
        ("GET", "/app/Login", 401, 403),
        ("POST", "/app/login", 401, 403),
        ("OPTIONS", "/app/login", 401, 403),
        ("GET", "/app/api/v2/x?y=/public/z", 401, 200),
        ("GET", "/app/api/v2/", 401, 200),
        ("DELETE", "/app/api/v2/x", 401, 403),
        ("get", "/app/api/v2/x", 405, 405),
        ("GET", "/app/", 401, 403),
        // Read in one of two ways, a rule would allow these.
        ("GET", "/app/public%2Fx", 400, 400),
        ("GET", "/app%2Fpublic/x", 404, 404),
        ("GET", "/app/api%2Fv2/x", 400, 400),
        ("GET", "/app/x%2Flogin", 401, 403),
        ("GET", "/app/public/..%2Fapi", 400, 400),
        ("GET", "/app/public/../api/v2/x", 400, 400),
    ] {
        assert_eq!(status(&parts, method, path, &[]), anonymous, "anonymous: {method} {path}");
        assert_eq!(status(&parts, method, path, &a), known, "token:a: {method} {path}");
    }
}

#[test]
fn nobody_is_asked_only_for_what_is_open_to_anyone() {
    let parts = configuration("", PARTS);
    let wrong = [("authorization", "Bearer unknown")];
    assert_eq!(status(&parts, "GET", "/app/public/x", &wrong), 200);
    for (method, path) in [("GET", "/app/api/v2/x"), ("POST", "/app/public/x"), ("GET", "/app/")] {
        assert_eq!(status(&parts, method, path, &wrong), 401, "{method} {path}");
    }
}

#[test]
fn who_is_refused_at_an_application_is_told_which_rule_is_about_something_else() {
    let parts = configuration("", PARTS);
    for (method, path, reason) in [
        ("POST", "/app/api/v2/x", "access[2].methods doesn't name POST"),
        ("GET", "/app/admin", "access[1].paths doesn't name this path"),
    ] {
        match decide(&parts, method, path, &[("authorization", "Bearer a")]) {
            Decision::Reply(reply) => assert_eq!(
                reply.body,
                format!("no access rule allows the class \"unknown\" to token:a here: {reason}\n")
            ),
            other => panic!("{method} {path}: {other:?}"),
        }
    }
}

#[test]
fn rules_about_the_same_part_are_refused_and_others_are_not() {
    let load = |rules: &[&str]| {
        let rules: Vec<_> = rules
            .iter()
            .map(|part| {
                format!(r#"{{ "who": ["authenticated"], "may": ["unknown"], "at": ["/app"] {part} }}"#)
            })
            .collect();
        promward::config::load(configuration("", &rules.join(",")).as_bytes())
            .map_err(|error| error.to_string())
    };
    let (get, all, api, v2) = (
        r#", "methods": ["GET"]"#,
        "",
        r#", "paths": ["/api/*"]"#,
        r#", "methods": ["HEAD", "POST"], "paths": ["/api/v2/*", "/api/x"]"#,
    );
    for fine in [&[get, all][..], &[api, all], &[api, get, all], &[v2, api, all], &[get, api], &[get, v2]] {
        load(fine).unwrap();
    }
    let never = "this can never decide anything: earlier rules decide all of it";
    for (dead, number) in [(&[all, get][..], 2), (&[all, api], 2), (&[api, get, v2], 3), (&[get, get], 2)] {
        assert_eq!(load(dead).unwrap_err(), format!("access[{number}].who[0]: {never}"), "{dead:?}");
    }
}

/// The headers of a WebSocket's handshake.
const HANDSHAKE: [(&str, &str); 2] = [("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")];

#[test]
fn a_websocket_is_offered_to_an_application_and_no_other_protocol_is() {
    let (open, closed) = (configuration("", OPEN), configuration(r#", "websockets": "refuse""#, OPEN));
    for (configuration, protocol, goes_on) in [
        (&open, "websocket", true),
        (&open, "h2c", false),
        (&open, "websocket, h2c", false),
        (&closed, "websocket", false),
    ] {
        let removed = forward(configuration, "/app/ws", &[HANDSHAKE[0], ("upgrade", protocol)]).edits.remove;
        assert_eq!(removed.contains(&b"upgrade".to_vec()), !goes_on, "{protocol}");
        assert_eq!(removed.contains(&b"connection".to_vec()), !goes_on, "{protocol}");
    }
}

#[test]
fn an_application_switches_only_to_a_websocket_that_was_offered() {
    let open = configuration("", OPEN);
    let answer = |offer: &[(&str, &str)], protocol: &str| {
        let context = forward(&open, "/app/ws", offer).context;
        let switched =
            [(":status", "101"), ("connection", "Upgrade"), ("upgrade", protocol)].into_iter().collect();
        Desk::new(&open).gateway.answer(&context, &switched).map_err(|refusal| refusal.status())
    };
    assert!(answer(&HANDSHAKE, "WebSocket").is_ok());
    for (offer, protocol) in [(&HANDSHAKE[..], "h2c"), (&HANDSHAKE[..1], "websocket"), (&[], "websocket")] {
        assert_eq!(answer(offer, protocol).map(drop), Err(502), "{offer:?} {protocol}");
    }
}
