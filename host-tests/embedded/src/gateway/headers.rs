//! Converts heads between hyper and the host: chooses the fields that go through, and adds what Envoy's connection
//! manager adds before the filters see a request. As with `use_remote_address`, the client is the peer that connected,
//! and what it says about its own address doesn't count.

use std::hash::{BuildHasher, RandomState};

use anyhow::{Context, Result, ensure};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header, request,
    response, uri,
};

use super::body::Pipe;
use super::fields::{Refusal, extend};
use super::options::Options;
use super::played;
use crate::host::personality::{HeaderNames, PseudoHeaders};
use crate::host::{Connection, Headers};

/// The header by which the module picks a cluster.
const CLUSTER: HeaderName = HeaderName::from_static("x-promward-cluster");

/// The header by which the module says that a request must have no body.
const BODY: HeaderName = HeaderName::from_static("x-promward-body");

/// Headers that Envoy removes from a client's request, since it writes them itself.
const ENVOY_ADDRESS: HeaderName = HeaderName::from_static("x-envoy-external-address");
const ENVOY_INTERNAL: HeaderName = HeaderName::from_static("x-envoy-internal");

/// The header by which the module learns of the client, as the shipped file writes it.
const CLIENT: HeaderName = HeaderName::from_static("x-promward-client");

/// The name that HTTP/1.0 comes to if it names none, as in the shipped file.
const NO_NAME: &[u8] = b"none.invalid";

/// The fields that are about one connection.
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The fields of which Envoy keeps one, with all values joined by a comma. Each value of another field stays a field of
/// its own.
const JOINED: [HeaderName; 15] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCESS_CONTROL_REQUEST_HEADERS,
    header::ACCESS_CONTROL_REQUEST_METHOD,
    header::AUTHORIZATION,
    header::CACHE_CONTROL,
    header::CONTENT_TYPE,
    header::IF_NONE_MATCH,
    header::ORIGIN,
    header::PRAGMA,
    header::REFERER,
    header::USER_AGENT,
    header::VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
];

/// Returns the head of a request as the module sees it.
pub(super) fn from_request(
    request: &request::Parts,
    connection: &Connection,
    options: &Options,
) -> Result<Headers, Refusal> {
    // As in the shipped file, health may be checked by HTTP/1.0, and nothing else.
    let is_old = request.version < Version::HTTP_11;
    let is_health = request.uri.path().ends_with("/-/healthy") || request.uri.path().ends_with("/-/ready");
    if is_old && !is_health {
        return Err(Refusal(StatusCode::UPGRADE_REQUIRED));
    }
    let personality = options.plugin.settings().personality;
    if personality.pseudo_headers != PseudoHeaders::Shown {
        return played::from_request(request, connection, personality);
    }
    let mut hosts = request.headers.get_all(header::HOST).iter();
    let authority = match (request.uri.authority(), hosts.next(), hosts.next()) {
        (Some(authority), _, None) => authority.as_str().as_bytes().to_vec(),
        (None, Some(host), None) => host.as_bytes().to_vec(),
        (None, None, None) if is_old => NO_NAME.to_vec(),
        _ => return Err(Refusal(StatusCode::BAD_REQUEST)),
    };
    let target = request.uri.path_and_query().filter(|_| request.method != Method::CONNECT);
    let target = target.ok_or(Refusal(StatusCode::BAD_REQUEST))?;

    let mut headers = vec![
        (b":authority".to_vec(), authority),
        (b":path".to_vec(), target.as_str().as_bytes().to_vec()),
        (b":method".to_vec(), request.method.as_str().as_bytes().to_vec()),
        (b":scheme".to_vec(), b"https".to_vec()),
    ];
    let mut fields = request.headers.clone();
    let trailers = fields.remove(header::TE).filter(|value| value.as_bytes() == b"trailers");
    for name in [header::HOST, header::EXPECT, CLUSTER, ENVOY_ADDRESS, ENVOY_INTERNAL] {
        fields.remove(name);
    }
    strip(&mut fields);
    if let Some(trailers) = trailers {
        fields.insert(header::TE, trailers);
    }
    join(&mut fields, &header::COOKIE, b"; ");
    let address = connection.source.ip();
    append(&mut fields, "x-forwarded-for", address.to_string().as_bytes());
    if options.writes_client {
        let version = connection.tls_version.as_deref().unwrap_or_default();
        replace(&mut fields, "x-promward-client", format!("{address} {version}").as_bytes());
    }
    replace(&mut fields, "x-forwarded-proto", b"https");
    replace(&mut fields, "x-request-id", request_id().as_bytes());
    for name in &JOINED {
        join(&mut fields, name, b",");
    }
    extend(&mut headers, &fields);
    Ok(headers)
}

/// Returns the cluster that the module picked, if it picked one.
pub(super) fn cluster(headers: &Headers) -> Option<String> {
    let (_, value) = headers.iter().find(|(name, _)| name == CLUSTER.as_str().as_bytes())?;
    Some(String::from_utf8_lossy(value).into_owned())
}

/// Returns `true` if the module says that the request must have no body.
pub(super) fn must_be_empty(headers: &Headers) -> bool {
    headers.iter().any(|(name, value)| name == BODY.as_str().as_bytes() && value == b"none")
}

/// Creates the head of an upstream request. The headers for the proxy itself are left out.
pub(super) fn to_request(headers: Headers, body: Pipe) -> Result<Request<Pipe>> {
    let whole = http_body::Body::is_end_stream(&body);
    // Hosts other than Envoy leave the header `host`, and those about the connection, to the module.
    let has_host = headers.iter().any(|(name, _)| name == b"host");
    let mut request = Request::new(body);
    for (name, value) in headers {
        match name.as_slice() {
            b":method" => *request.method_mut() = Method::from_bytes(&value)?,
            b":path" => *request.uri_mut() = origin_form(value)?,
            b":authority" if !has_host => {
                request.headers_mut().insert(header::HOST, HeaderValue::from_bytes(&value)?);
            }
            _ if [CLIENT, CLUSTER, BODY].iter().any(|ours| name == ours.as_str().as_bytes()) => {}
            _ if name.starts_with(b":") => {}
            _ => {
                let name = HeaderName::from_bytes(&name)?;
                request.headers_mut().append(name, HeaderValue::from_bytes(&value)?);
            }
        }
    }
    if has_host {
        for name in HOP_BY_HOP.iter().chain([&header::EXPECT]) {
            request.headers_mut().remove(name);
        }
    }
    if !whole && !request.headers().contains_key(header::CONTENT_LENGTH) {
        // hyper assumes that a GET without a length has no body.
        request.headers_mut().insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    }
    Ok(request)
}

/// Returns the head of an answer as the module sees it.
pub(super) fn from_response(response: &mut response::Parts, options: &Options) -> Headers {
    strip(&mut response.headers);
    let mut headers = vec![(b":status".to_vec(), response.status.as_str().as_bytes().to_vec())];
    extend(&mut headers, &response.headers);
    if options.plugin.settings().personality.header_names == HeaderNames::AsWritten {
        played::as_written(&mut headers);
    }
    headers
}

/// Creates the head of an answer to the client.
pub(super) fn to_response(headers: Headers, body: Pipe) -> Result<Response<Pipe>> {
    let mut response = Response::new(body);
    for (name, value) in headers {
        if name == b":status" {
            *response.status_mut() = StatusCode::from_bytes(&value)?;
        } else if !name.starts_with(b":") {
            let name = HeaderName::from_bytes(&name)?;
            response.headers_mut().append(name, HeaderValue::from_bytes(&value)?);
        }
    }
    Ok(response)
}

/// Returns trailers as the module sees them.
pub(super) fn from_trailers(trailers: &HeaderMap) -> Headers {
    let mut headers = Headers::new();
    extend(&mut headers, trailers);
    headers
}

/// Returns trailers as hyper sends them. Names and values that hyper can't send are left out.
pub(super) fn to_trailers(headers: Headers) -> HeaderMap {
    headers
        .into_iter()
        .filter_map(|(name, value)| {
            Some((HeaderName::from_bytes(&name).ok()?, HeaderValue::from_bytes(&value).ok()?))
        })
        .collect()
}

fn origin_form(target: Vec<u8>) -> Result<Uri> {
    let shown = String::from_utf8_lossy(&target).into_owned();
    let target = uri::PathAndQuery::from_maybe_shared(bytes::Bytes::from(target))
        .with_context(|| format!("{shown:?} is not a target"))?;
    ensure!(target.as_str() == shown, "{shown:?} has a fragment");
    let mut parts = uri::Parts::default();
    parts.path_and_query = Some(target);
    Ok(Uri::from_parts(parts)?)
}

/// Removes the fields that are about the connection, by their own name or because `Connection` names them.
fn strip(fields: &mut HeaderMap) {
    let named: Vec<HeaderName> = fields
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|name| HeaderName::from_bytes(name.trim_ascii()).ok())
        .collect();
    for name in named.iter().chain(&HOP_BY_HOP) {
        fields.remove(name);
    }
}

fn join(fields: &mut HeaderMap, name: &HeaderName, separator: &[u8]) {
    let values: Vec<&[u8]> = fields.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    if values.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&values.join(separator))
    {
        fields.insert(name, joined);
    }
}

fn append(fields: &mut HeaderMap, name: &'static str, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        fields.append(HeaderName::from_static(name), value);
    }
}

fn replace(fields: &mut HeaderMap, name: &'static str, value: &[u8]) {
    if let Ok(value) = HeaderValue::from_bytes(value) {
        fields.insert(HeaderName::from_static(name), value);
    }
}

/// Returns a number that no other request has, written as a UUID is. It is no secret.
fn request_id() -> String {
    let [high, low] = [0; 2].map(|seed: u64| RandomState::new().hash_one(seed));
    let digits = format!("{high:016x}{low:016x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
    parts.join("-")
}
