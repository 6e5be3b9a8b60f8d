//! Stand-ins for servers that can't be had as programs here.

use crate::upstream::{Received, Reply};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// The text that a server of WebSockets adds to a client's key (RFC 6455 §4.2.2).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A frame of a WebSocket with the text `hello`.
const HELLO: &[u8] = b"\x81\x05hello";

/// Answers as Grafana does where a gateway matters: it is served below its own prefix, has logins of its own and refuses others, and
/// has a live channel.
#[must_use]
pub fn grafana(request: &Received) -> Reply {
    let path = request.target.split('?').next().unwrap_or_default();
    let page = |body: &str| {
        let text =
            format!("<!doctype html><html lang=\"en\"><title>Grafana's stand-in</title>{body}</html>\n");
        Reply::status(200).header("content-type", "text/html; charset=utf-8").body(text)
    };
    match (path, request.header("sec-websocket-key")) {
        ("/grafana/api/live/ws", Some(key)) => {
            let accept =
                STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{key}{GUID}").as_bytes()));
            let head = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            Reply::raw_and_keep([head.as_bytes(), HELLO].concat())
        }
        ("/grafana/login", _) => page("<h1>Log in to Grafana</h1>"),
        _ if !path.starts_with("/grafana/") => Reply::status(404).body("Grafana is at /grafana/"),
        _ if request.header("authorization").is_some() => {
            Reply::status(401).body("Invalid username or password")
        }
        _ => page(
            "<h1>Grafana would be here</h1>\n<a href=\"/prometheus/\">Prometheus</a> <a href=\"/alertmanager/\">Alertmanager</a>",
        ),
    }
}
