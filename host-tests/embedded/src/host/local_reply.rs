//! Local replies, which answer in place of the upstream, and the form that each takes for its request.

use super::header_map::{self, MapKind};
use super::message::{Headers, Way};
use super::personality::Replies;

const HEAD: MapKind = MapKind::Headers(Way::Response);

/// An answer of the host's or the module's own.
pub(super) struct LocalReply {
    pub(super) status: u32,
    pub(super) body: Vec<u8>,
    pub(super) headers: Headers,
    /// The status for a gRPC client; without it, the one that fits the HTTP status.
    pub(super) grpc_status: Option<u32>,
}

impl LocalReply {
    pub(super) fn plain(status: u16, body: &str) -> LocalReply {
        LocalReply { status: status.into(), body: body.into(), headers: Headers::new(), grpc_status: None }
    }

    /// Creates a page of nginx' own, for a status with its reason.
    pub(super) fn page(status: &str) -> LocalReply {
        let page = format!(
            "<html>\r\n<head><title>{status}</title></head>\r\n<body>\r\n<center><h1>{status}</h1></center>\r\n\
             <hr><center>nginx/1.27.4</center>\r\n</body>\r\n</html>\r"
        );
        let headers = vec![(b"content-type".to_vec(), b"text/html".to_vec())];
        let number = status.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default();
        LocalReply { status: number, body: page.into_bytes(), headers, grpc_status: None }
    }

    /// Returns the head and the body of the reply to the request with this head. A gRPC client gets the reply in the
    /// head alone, with the status 200, from Envoy.
    pub(super) fn render(mut self, request: Option<&Headers>, replies: Replies) -> (Headers, Vec<u8>) {
        match replies {
            Replies::ShownWithALineFeed if !self.body.is_empty() => self.body.push(b'\n'),
            Replies::NotShown if self.body.is_empty() && (300..400).contains(&self.status) => {
                self.status = 500
            }
            _ => {}
        }
        let mut head = vec![(b":status".to_vec(), self.status.to_string().into_bytes())];
        for (name, value) in &self.headers {
            header_map::add(HEAD, &mut head, name, value);
        }
        if replies == Replies::Shown && request.is_some_and(is_grpc) {
            let code = self.grpc_status.unwrap_or_else(|| grpc_status(self.status));
            header_map::replace(HEAD, &mut head, b":status", b"200");
            header_map::replace(HEAD, &mut head, b"content-type", b"application/grpc");
            header_map::replace(HEAD, &mut head, b"grpc-status", code.to_string().as_bytes());
            if !self.body.is_empty() {
                header_map::replace(HEAD, &mut head, b"grpc-message", &percent_encoded(&self.body));
            }
            header_map::remove(&mut head, b"content-length");
            return (head, Vec::new());
        }
        if self.body.is_empty() {
            header_map::remove(&mut head, b"content-length");
            header_map::remove(&mut head, b"content-type");
            if replies != Replies::Shown {
                header_map::add(HEAD, &mut head, b"content-length", b"0");
            }
        } else {
            header_map::replace(HEAD, &mut head, b"content-length", self.body.len().to_string().as_bytes());
            if header_map::get(&head, b"content-type").is_none() {
                let kind: &[u8] = if replies == Replies::NotShown { b"text/html" } else { b"text/plain" };
                header_map::add(HEAD, &mut head, b"content-type", kind);
            }
        }
        (head, if request.is_some_and(is_head) { Vec::new() } else { self.body })
    }
}

/// Returns `true` if answers to this request have no body.
pub(super) fn is_head(request: &Headers) -> bool {
    header_map::get(request, b":method") == Some(b"HEAD")
}

/// Returns `true` if local replies to this request take the form of gRPC.
fn is_grpc(request: &Headers) -> bool {
    header_map::get(request, b"content-type").is_some_and(|value| {
        value
            .strip_prefix(b"application/grpc")
            .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
    })
}

/// Returns the gRPC status for an HTTP status, as gRPC's documentation maps them.
fn grpc_status(status: u32) -> u32 {
    match status {
        400 => 13,
        401 => 16,
        403 => 7,
        404 => 12,
        429 | 502 | 503 | 504 => 14,
        _ => 2,
    }
}

fn percent_encoded(message: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for byte in message {
        match byte {
            b' '..=b'~' if *byte != b'%' => encoded.push(*byte),
            _ => encoded.extend(format!("%{byte:02X}").bytes()),
        }
    }
    encoded
}
