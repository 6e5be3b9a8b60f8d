//! WebSockets through an opaque mount, as Grafana's live channel opens one: the handshake is judged like any request,
//! and what follows it passes in both directions. The embedded host offers no other protocol to a server.

mod server;

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_harness::client::{Client, Connection, frames};
use server::{Server, read_head};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const CONFIGURATION: &str = r#"{
    "mounts": [
        { "prefix": "/prometheus", "cluster": "prometheus" },
        { "prefix": "/grafana", "api": "opaque", "cluster": "prometheus", "upstream_prefix": "/grafana" },
        { "prefix": "/closed", "api": "opaque", "cluster": "prometheus", "websockets": "refuse" }
    ],
    "callers": { "tokens": { "a": "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" } },
    "access": [
        { "who": ["anyone"], "may": ["everything"] },
        { "who": ["anyone"], "may": ["unknown"], "at": ["/grafana"], "paths": ["/api/live/*"] },
        { "who": ["token:a"], "may": ["unknown"], "at": ["/grafana", "/closed"] }
    ]
}"#;

/// The line that WebSockets over HTTP/2 need, too.
const EXTENDED_CONNECT: (&str, &str) = (
    "            max_concurrent_streams: 100\n",
    "            max_concurrent_streams: 100\n            allow_connect: true\n",
);

fn options(server: &Server) -> Options {
    let mut options = Options::configured(server.address, CONFIGURATION);
    options.websockets = true;
    options
}

fn deployment(server: &Server) -> Deployment {
    Deployment::start(Host::Envoy, &options(server)).unwrap()
}

/// Sends a handshake with these further lines, and returns the connection with the head of the answer.
fn handshake(client: &Client, target: &str, more: &str) -> (Connection, String, Vec<u8>) {
    let mut connection = client.connect().unwrap();
    let head = format!(
        "GET {target} HTTP/1.1\r\nHost: example.com\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
    );
    connection.write_raw(head.as_bytes()).unwrap();
    let (head, rest) = read_until(&mut connection, b"\r\n\r\n");
    (connection, String::from_utf8_lossy(&head).to_lowercase(), rest)
}

/// Reads until these bytes have come, or the server has closed. Returns all up to their end, and what follows.
fn read_until(connection: &mut Connection, end: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut all = Vec::new();
    loop {
        if let Some(at) = all.windows(end.len()).position(|window| window == end) {
            let rest = all.split_off(at + end.len());
            return (all, rest);
        }
        let more = connection.read_raw().unwrap();
        if more.is_empty() {
            return (all, Vec::new());
        }
        all.extend(more);
    }
}

/// The headers by which a browser's page opens a WebSocket of its own site.
const OWN: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nOrigin: https://example.com\r\n\
    Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: websocket\r\nSec-Fetch-Dest: empty\r\n";

#[test]
fn a_live_channel_opens_and_carries_bytes_both_ways() {
    if !Host::Envoy.is_here() {
        return;
    }
    let server = Server::start("websocket");
    let deployment = deployment(&server);
    let client = deployment.client().deadline(Duration::from_secs(20));
    let more = format!("{OWN}Cookie: grafana_session=1\r\nSec-WebSocket-Protocol: centrifuge-json\r\n");
    let (mut connection, head, mut rest) = handshake(&client, "/grafana/api/live/ws", &more);
    assert!(head.starts_with("http/1.1 101"), "{head}");
    assert!(head.contains("upgrade: websocket\r\n"), "{head}");
    let sent = &server.heads()[0];
    for line in [
        "get /grafana/api/live/ws http/1.1",
        "upgrade: websocket",
        "cookie: grafana_session=1",
        "sec-websocket-protocol: centrifuge-json",
    ] {
        assert!(sent.contains(line), "{line} in {sent}");
    }
    // A request in the tunnel is bytes like any other.
    let long = "x".repeat(200_000);
    for message in ["a first message", "GET /prometheus/-/quit HTTP/1.1\r\n\r\n", &long] {
        connection.write_raw(message.as_bytes()).unwrap();
        let wanted = message.to_ascii_uppercase().into_bytes();
        while !rest.ends_with(&wanted) {
            rest.extend(connection.read_raw().unwrap());
        }
    }
    assert!(rest.starts_with(b"hello A FIRST MESSAGE"));
    assert_eq!(server.heads().len(), 1);
}

/// Browsers open a WebSocket over HTTP/2 where they are told that they may (RFC 8441). Envoy shows the filter the same
/// handshake then.
#[test]
fn a_live_channel_opens_over_http2_too() {
    if !Host::Envoy.is_here() {
        return;
    }
    let server = Server::start("websocket");
    let mut options = options(&server);
    options.replace.push((EXTENDED_CONNECT.0.to_owned(), EXTENDED_CONNECT.1.to_owned()));
    let deployment = Deployment::start(Host::Envoy, &options).unwrap();
    let open = |more: &[(&str, &str)]| {
        let mut connection = deployment.client().alpn(&["h2"]).connect().unwrap();
        let fields = [
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":scheme", "https"),
            (":authority", "example.com"),
            (":path", "/grafana/api/live/ws"),
        ];
        let block: Vec<u8> = fields
            .iter()
            .chain(more)
            .flat_map(|(name, value)| frames::field(name.as_bytes(), value.as_bytes()))
            .collect();
        let bytes = [
            frames::PREFACE,
            &frames::frame(frames::SETTINGS, 0, 0, &[]),
            &frames::frame(frames::HEADERS, frames::END_HEADERS, 1, &block),
            &frames::frame(frames::DATA, 0, 1, b"a message"),
        ];
        connection.write_raw(&bytes.concat()).unwrap();
        connection
    };
    let mut own = open(&[("origin", "https://example.com"), ("sec-fetch-site", "same-origin")]);
    let (came, _) = read_until(&mut own, b"A MESSAGE");
    assert!(came.ends_with(b"A MESSAGE"), "{}", String::from_utf8_lossy(&came));
    let mut other = open(&[("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")]);
    let (came, _) = read_until(&mut other, b"headers.cors");
    assert!(came.ends_with(b"headers.cors"), "{}", String::from_utf8_lossy(&came));
    let heads = server.heads();
    assert!(heads.len() == 1 && heads[0].starts_with("get /grafana/api/live/ws http/1.1"), "{heads:?}");
}

#[test]
fn an_envoy_that_is_not_told_so_opens_no_websocket() {
    if !Host::Envoy.is_here() {
        return;
    }
    let server = Server::start("websocket");
    let deployment =
        Deployment::start(Host::Envoy, &Options::configured(server.address, CONFIGURATION)).unwrap();
    let (_, head, _) = handshake(&deployment.client(), "/grafana/api/live/ws", OWN);
    assert!(head.starts_with("http/1.1 4"), "{head}");
}

#[test]
fn a_page_of_another_site_opens_no_websocket() {
    if !Host::Envoy.is_here() {
        return;
    }
    let server = Server::start("websocket");
    let deployment = deployment(&server);
    let client = deployment.client();
    let offer = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    for (more, status) in [
        ("Origin: https://evil.example\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Origin: https://example.com.evil.example\r\n", 403),
        ("Origin: https://example.com\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: websocket\r\n", 403),
        ("Origin: https://evil.example\r\nSec-Fetch-Site: same-site\r\nSec-Fetch-Mode: websocket\r\n", 403),
        ("Origin: https://example.com\r\n", 101),
        // A program, and no browser.
        ("", 101),
    ] {
        let (_, head, _) = handshake(&client, "/grafana/api/live/ws", &format!("{offer}{more}"));
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{more}: {head}");
    }
    assert_eq!(server.heads().len(), 2);
}

#[test]
fn a_websocket_is_for_those_who_may_have_the_path() {
    if !Host::Envoy.is_here() {
        return;
    }
    let server = Server::start("websocket");
    let deployment = deployment(&server);
    for (target, more, status) in [
        ("/grafana/api/other/ws", "", 401),
        ("/grafana/api/other/ws", "Authorization: Bearer a\r\n", 101),
        ("/grafana/api/other/ws", "Authorization: Bearer b\r\n", 401),
        ("/grafana/api/live%2Fws", "", 400),
        // The server isn't offered another protocol.
        ("/closed/ws", "Authorization: Bearer a\r\n", 400),
        ("/prometheus/anything", "", 400),
    ] {
        let (_, head, _) = handshake(&deployment.client(), target, &format!("{OWN}{more}"));
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{target} {more}: {head}");
    }
    let heads = server.heads();
    assert_eq!(heads.iter().filter(|head| head.contains("upgrade: websocket")).count(), 1, "{heads:?}");
}

#[test]
fn no_other_protocol_is_switched_to() {
    if !Host::Envoy.is_here() {
        return;
    }
    let server = Server::start("h2c");
    let deployment = deployment(&server);
    for (more, name) in [
        ("Connection: Upgrade\r\nUpgrade: websocket\r\n", "another than was offered"),
        (
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
            "h2c",
        ),
        ("Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n", "two"),
        ("Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n", "TLS"),
        ("Connection: Upgrade\r\nUpgrade: x\r\n", "an unknown one"),
    ] {
        let (_, head, _) = handshake(&deployment.client(), "/grafana/api/live/ws", more);
        assert!(!head.starts_with("http/1.1 101"), "{name}: {head}");
    }
    assert!(
        server.heads().iter().all(|head| !head.contains("upgrade: h2c") && !head.contains("http2-settings"))
    );
    // A server that switches to what nobody has offered is refused.
    let server = Server::start("websocket!");
    let deployment = self::deployment(&server);
    let (_, head, _) = handshake(&deployment.client(), "/grafana/api/live/ws", "");
    assert!(head.starts_with("http/1.1 502") || head.starts_with("http/1.1 503"), "{head}");
}

/// A server that takes no offer reads what follows as the next request. No rule has seen that one, so it must not get
/// there.
#[test]
fn nothing_follows_an_offer_that_the_server_has_not_taken() {
    if !Host::Envoy.is_here() {
        return;
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Arc::<Mutex<Vec<String>>>::default();
    let seen = Arc::clone(&heads);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let seen = Arc::clone(&seen);
            thread::spawn(move || {
                while let Ok(head) = read_head(&mut stream) {
                    // Bytes that don't wait for the answer have time to come.
                    thread::sleep(Duration::from_millis(300));
                    seen.lock().unwrap().push(head);
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
                }
            });
        }
    });
    let mut options = Options::configured(address, CONFIGURATION);
    options.websockets = true;
    let deployment = Deployment::start(Host::Envoy, &options).unwrap();
    let hidden = "GET /grafana/hidden HTTP/1.1\r\nHost: example.com\r\n\r\n";
    for more in ["", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n"] {
        let mut connection = deployment.client().connect().unwrap();
        let before = if more.is_empty() { "" } else { "abc" };
        let head = format!(
            "GET /grafana/api/live/ws HTTP/1.1\r\nHost: example.com\r\n{OWN}{more}\r\n{before}{hidden}"
        );
        connection.write_raw(head.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(100));
        let _ = connection.write_raw(hidden.as_bytes());
        let answer = connection.wait_for_close().unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{more:?}: {}", String::from_utf8_lossy(&answer));
    }
    let heads = heads.lock().unwrap().clone();
    assert!(heads.iter().all(|head| !head.contains("hidden")), "{heads:?}");
}
