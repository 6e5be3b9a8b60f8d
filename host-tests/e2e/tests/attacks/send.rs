//! Writes a case as the bytes or fields that are sent.

use crate::attacks::format::Case;
use crate::attacks::message::Message;

/// Returns the method of a request line. It decides if the answer has a body.
pub(crate) fn method(line: &[u8]) -> String {
    String::from_utf8_lossy(line.split(|byte| *byte == b' ').next().unwrap_or_default()).into_owned()
}

/// Returns the request as HTTP/1.1. A host, the caller's credential and the body's length are added if the case has
/// none.
pub(crate) fn http1(case: &Case) -> Vec<u8> {
    let request = &case.request;
    let mut bytes = [request.first.as_slice(), b" HTTP/1.1\r\n"].concat();
    let mut lines = request.headers.clone();
    lines.splice(0..0, added(case).into_iter().map(|(name, value)| format!("{name}: {value}").into_bytes()));
    lines.iter().for_each(|line| bytes.extend([line.as_slice(), b"\r\n"].concat()));
    bytes.extend(b"\r\n");
    bytes.extend(request.body.iter().flatten());
    bytes
}

/// Returns the header lines that a case doesn't write out.
fn added(case: &Case) -> Vec<(&'static str, String)> {
    let request = &case.request;
    let has = |name: &str| {
        let begins = |line: &Vec<u8>| line.to_ascii_lowercase().starts_with(format!("{name}:").as_bytes());
        request.headers.iter().any(begins)
    };
    let mut added = Vec::new();
    if !has("host") && !case.http2 {
        added.push(("host", "example.com".to_owned()));
    }
    if !case.caller.contains(' ') && case.caller != "anonymous" {
        added.push(("authorization", format!("Bearer {}-token", case.caller)));
    }
    if request.is_form() && !has("content-type") {
        added.push(("content-type", "application/x-www-form-urlencoded".to_owned()));
    }
    if let Some(body) = &request.body
        && !has("content-length")
        && !has("transfer-encoding")
        && !case.http2
    {
        added.push(("content-length", body.len().to_string()));
    }
    added
}

/// Returns the request as fields of HTTP/2. A case that begins with a pseudo header writes out all of them.
pub(crate) fn fields(case: &Case) -> Vec<(Vec<u8>, Vec<u8>)> {
    let Message { first, headers, .. } = &case.request;
    let mut fields = Vec::new();
    if first.starts_with(b":") {
        fields.extend(pairs(std::slice::from_ref(first)));
    } else {
        let mut words = first.splitn(2, |byte| *byte == b' ');
        let mut word = || words.next().unwrap_or_default().to_vec();
        fields.extend([(b":method".to_vec(), word()), (b":path".to_vec(), word())]);
        fields.extend([
            (b":scheme".to_vec(), b"https".to_vec()),
            (b":authority".to_vec(), b"example.com".to_vec()),
        ]);
    }
    let (pseudo, headers): (Vec<_>, Vec<_>) =
        pairs(headers).into_iter().partition(|(name, _)| name.starts_with(b":"));
    fields.extend(pseudo);
    fields.extend(added(case).into_iter().map(|(name, value)| (name.into(), value.into())));
    fields.extend(headers);
    fields
}

/// Splits lines into names and values at `: `.
pub(crate) fn pairs(lines: &[Vec<u8>]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pair = |line: &Vec<u8>| {
        let at = line.windows(2).position(|two| two == b": ").unwrap_or(line.len());
        (line[..at].to_vec(), line.get(at + 2..).unwrap_or_default().to_vec())
    };
    lines.iter().map(pair).collect()
}
