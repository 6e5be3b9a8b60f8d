//! The heads of requests as nginx and Traffic Server show them to a module. They leave more as the client sent it than
//! Envoy does: the header `host`, headers about the connection, and several values of one header.

use http::{HeaderMap, Method, StatusCode, Version, header, request};

use super::fields::{Refusal, extend};
use crate::host::personality::PseudoHeaders;
use crate::host::{Connection, Headers, Personality, TARGET};

/// The name of the server in its configuration, which nginx takes for `:authority`.
const SERVER_NAME: &str = "example.com";

/// The headers that nginx refuses if they come twice.
const ONCE_ON_NGINX: [header::HeaderName; 10] = [
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::IF_RANGE,
    header::TRANSFER_ENCODING,
    header::EXPECT,
    header::AUTHORIZATION,
];

/// Returns the head of a request as the module sees it.
pub(super) fn from_request(
    request: &request::Parts,
    connection: &Connection,
    personality: Personality,
) -> Result<Headers, Refusal> {
    const BAD: Refusal = Refusal(StatusCode::BAD_REQUEST);
    let is_nginx = personality.pseudo_headers == PseudoHeaders::PartlyReadOnly;
    let mut fields = request.headers.clone();
    if let Some(authority) = request.uri.authority() {
        fields.insert(header::HOST, authority.as_str().parse().map_err(|_| BAD)?);
    }
    let comes_twice = |fields: &HeaderMap, name| fields.get_all(name).iter().nth(1).is_some();
    if !fields.contains_key(header::HOST)
        || comes_twice(&fields, &header::HOST)
        || (is_nginx && ONCE_ON_NGINX.iter().any(|name| comes_twice(&fields, name)))
    {
        return Err(BAD);
    }
    if is_nginx {
        // Names with an underscore or a dot are dropped by nginx.
        let dropped: Vec<_> =
            fields.keys().filter(|name| name.as_str().contains(['_', '.'])).cloned().collect();
        for name in dropped {
            fields.remove(name);
        }
    }
    let target = request.uri.path_and_query().filter(|_| request.method != Method::CONNECT).ok_or(BAD)?;
    let (path, authority) = if is_nginx {
        let authority = format!("{SERVER_NAME}:{}", connection.destination.port());
        (normalised(target.as_str().as_bytes()).ok_or(BAD)?, authority.into_bytes())
    } else {
        (target.as_str().as_bytes().to_vec(), fields[header::HOST].as_bytes().to_vec())
    };
    let mut headers = vec![
        (b":path".to_vec(), path),
        (b":method".to_vec(), request.method.as_str().as_bytes().to_vec()),
        (b":scheme".to_vec(), b"https".to_vec()),
        (b":authority".to_vec(), authority),
    ];
    if is_nginx {
        headers.push((TARGET.to_vec(), target.as_str().as_bytes().to_vec()));
    }
    extend(&mut headers, &fields);
    if request.version < Version::HTTP_2 {
        as_written(&mut headers);
    }
    Ok(headers)
}

/// Writes names as clients and servers usually do in HTTP/1.1: `Content-Type`. hyper doesn't keep how they did.
pub(super) fn as_written(headers: &mut Headers) {
    for (name, _) in headers.iter_mut().filter(|(name, _)| !name.starts_with(b":")) {
        let mut is_first = true;
        for byte in name {
            if is_first {
                byte.make_ascii_uppercase();
            }
            is_first = *byte == b'-';
        }
    }
}

/// Returns a target as nginx reads it: the path is decoded, slashes are merged, and dots are resolved. It returns `None`
/// for a path that nginx refuses.
fn normalised(target: &[u8]) -> Option<Vec<u8>> {
    let end = target.iter().position(|byte| *byte == b'?').unwrap_or(target.len());
    let path = decoded(&target[..end])?;
    let mut segments: Vec<&[u8]> = Vec::new();
    let mut parts = path.split(|byte| *byte == b'/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        match part {
            b".." => drop(segments.pop()?),
            b"." | b"" => {}
            part => segments.push(part),
        }
        // A path that ends with a slash, or with dots, keeps its last slash.
        if is_last && matches!(part, b"" | b"." | b"..") {
            segments.push(b"");
        }
    }
    let mut normal: Vec<u8> = segments.iter().flat_map(|segment| [b"/", *segment].concat()).collect();
    if normal.is_empty() {
        normal.push(b'/');
    }
    normal.extend(&target[end..]);
    Some(normal)
}

fn decoded(path: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'%' {
            decoded.push(*byte);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>()?;
        let byte =
            u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().filter(|byte| *byte != 0)?;
        decoded.push(byte);
        rest = after;
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_as_nginx_reads_it() {
        for (target, read) in [
            ("/", "/"),
            ("/a//b/./c/../d?x=%2F", "/a/b/d?x=%2F"),
            ("/a%2Fb%3Fc", "/a/b?c"),
            ("/a/", "/a/"),
            ("/a/..", "/"),
            ("/a/b/..", "/a/"),
            ("/%252F", "/%2F"),
        ] {
            assert_eq!(normalised(target.as_bytes()).as_deref(), Some(read.as_bytes()), "{target}");
        }
        for refused in ["/..", "/a/../..", "/%", "/%4", "/%zz", "/%00"] {
            assert_eq!(normalised(refused.as_bytes()), None, "{refused}");
        }
    }
}
