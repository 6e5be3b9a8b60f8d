//! Generates the headers of requests: credentials, what clients send, and what attackers do.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward_e2e::queries::Random;
use promward_embedded::host::Headers;

/// Headers that honest clients send.
const HONEST: [(&str, &str); 24] = [
    ("user-agent", "Grafana/12.1.0"),
    ("user-agent", "curl/8.14.1"),
    ("accept", "*/*"),
    ("accept", "application/json, text/plain, */*"),
    ("accept-encoding", "gzip, deflate, br"),
    ("accept-encoding", "identity"),
    ("accept-language", "de,en;q=0.5"),
    ("cookie", "a=b; session=c"),
    ("referer", "https://example.com/prometheus/query"),
    ("sec-fetch-site", "same-origin"),
    ("accept-encoding", "gzip"),
    ("sec-fetch-mode", "navigate"),
    ("sec-fetch-dest", "document"),
    ("x-grafana-org-id", "1"),
    ("x-dashboard-uid", "adl33"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("if-none-match", "\"abc\""),
    ("if-modified-since", "Mon, 30 Nov 2026 00:00:00 GMT"),
    ("cache-control", "no-cache"),
    ("x-requested-with", "XMLHttpRequest"),
    ("range", "bytes=0-10"),
    ("access-control-request-method", "GET"),
    ("access-control-request-headers", "authorization, x-grafana-org-id"),
    ("te", "trailers"),
];

/// Headers that attackers send.
const HOSTILE: [(&str, &[u8]); 47] = [
    ("x-forwarded-user", b"user:alice"),
    ("x-forwarded-host", b"evil.invalid"),
    ("x-forwarded-prefix", b"/evil"),
    ("x-forwarded-port", b"1"),
    ("x-forwarded-for", b"127.0.0.1"),
    ("x-forwarded-client-cert", b"Hash=x"),
    ("forwarded", b"for=127.0.0.1"),
    ("x-real-ip", b"127.0.0.1"),
    ("x-envoy-internal", b"true"),
    ("x-envoy-original-path", b"/x"),
    ("x-envoy-upstream-rq-timeout-ms", b"1"),
    ("x-original-url", b"/-/reload"),
    ("x-rewrite-url", b"/-/reload"),
    ("x-http-method-override", b"DELETE"),
    ("x-method-override", b"DELETE"),
    ("x-scope-orgid", b"b"),
    ("X-Scope-OrgID", b"b"),
    ("x_scope_orgid", b"b"),
    ("x-remote-user", b"root"),
    ("remote-user", b"root"),
    ("x-webauth-user", b"root"),
    ("x-promward-cluster", b"other"),
    ("x-promward-body", b"none"),
    ("x-promward-x", b"1"),
    ("proxy-authorization", b"Basic YTpi"),
    ("proxy", b"http://evil.invalid"),
    ("connection", b"x-forwarded-user, close"),
    ("upgrade", b"websocket"),
    ("transfer-encoding", b"chunked"),
    ("expect", b"100-continue"),
    ("trailer", b"authorization"),
    ("content-encoding", b"gzip"),
    ("content-length", b"3"),
    ("origin", b"https://evil.invalid"),
    ("origin", b"null"),
    ("origin", b"https://grafana.example.com"),
    ("origin", b"https://example.com"),
    ("sec-fetch-site", b"none"),
    ("sec-fetch-site", b"cross-site"),
    ("sec-fetch-mode", b"cors"),
    ("sec-fetch-dest", b"iframe"),
    ("referer", b"https://evil.invalid/"),
    ("x-bytes", b"\xff\xfe"),
    ("x-long", &[b'a'; 3_000]),
    ("", b"x"),
    ("authorization", b"Basic Og=="),
    ("sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
];

/// Callers with tokens, of whom the suites' configurations know some.
const TOKENS: [&str; 17] = [
    "admin",
    "admin",
    "admin",
    "viewer",
    "viewer",
    "team-a",
    "team-a",
    "team-a",
    "team-ab",
    "sharing",
    "alternating",
    "limited",
    "limited",
    "reloader",
    "tied",
    "writer",
    "nobody",
];

/// Values of `authorization` that are written in an unusual way, or wrong.
const STRANGE: [&str; 14] = [
    "",
    "Basic",
    "Basic ",
    "Bearer",
    "Bearer ",
    "bearer viewer-token",
    "BEARER viewer-token",
    "Bearer  viewer-token",
    "Basic !!!",
    "Basic YWxpY2U",
    "Digest username=\"alice\"",
    "Bearer viewer-token,Bearer admin-token",
    "Basic YTpi Basic YTpi",
    "Bearer eyJhbGciOiJub25lIn0.e30.",
];

/// Adds headers of all kinds to a head.
pub(super) fn add(head: &mut Headers, random: &mut Random) {
    let mut push = |name: &str, value: &[u8]| head.push((name.as_bytes().to_vec(), value.to_vec()));
    if let Some(value) = authorization(random) {
        push("authorization", value.as_bytes());
    }
    for _ in 0..random.below(6) {
        let (name, value) = random.one(&HONEST);
        push(name, value.as_bytes());
    }
    if random.once_in(4) {
        for _ in 0..=random.below(3) {
            let (name, value) = random.one(&HOSTILE);
            push(name, value);
        }
    }
    if random.once_in(300) {
        for number in 0..random.below(120) {
            push(&format!("x-number-{number}"), b"1");
        }
    }
}

fn authorization(random: &mut Random) -> Option<String> {
    let basic =
        |user: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    Some(match random.below(40) {
        0..=2 => return None,
        3..=32 => format!("Bearer {}-token", random.one(&TOKENS)),
        33 | 34 => basic("alice", "correct horse"),
        35 => basic("bob", "battery staple"),
        36 => basic(
            random.one(&["alice", "bob", "carol", "", "al:ice"]),
            random.one(&["", "wrong", "correct horse", "é", "a:b"]),
        ),
        _ => random.one(&STRANGE).to_owned(),
    })
}
