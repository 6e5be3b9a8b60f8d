//! Heads on Traffic Server. It has no pseudo headers: their values are properties. Its header maps show the first of the
//! values that commas separate, and each length stays, since it keeps count of bodies itself.

use crate::shell::header_map;
use crate::shell::host::{self, HostError, Map, Property};
use crate::target::body::Body;
use crate::target::header_edits::Change;
use crate::target::headers::Headers;
use crate::target::headers::name::Name;

/// The most headers that are read, each with a call.
const MOST: usize = 256;

const PATH: &str = "request\0path";
const URL_PATH: &str = "request\0url_path";
const QUERY: &str = "request\0query";
const METHOD: &str = "request\0method";
const STATUS: &str = "response\0code";

/// Reads a head from a header map and from properties. A client can't write a pseudo header.
#[cold]
pub(super) fn read(map: Map, headers: &Headers) -> Result<Headers, HostError> {
    if headers.iter().count() > MOST {
        return Err(HostError::Cut);
    }
    let mut head: Vec<(&[u8], Vec<u8>)> = Vec::new();
    let family = match map {
        Map::Request => {
            head.push((b":path", host::property(Property(PATH))?));
            head.push((b":method", host::property(Property(METHOD))?));
            "request\0headers"
        }
        Map::Response => {
            head.push((b":status", status(&host::property(Property(STATUS))?)?));
            "response\0headers"
        }
    };
    for (name, first) in headers.iter() {
        if name.starts_with(b":") || head.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            continue;
        }
        // The host reads the name without a zero before it, and cuts its last byte off.
        let mut whole = family.as_bytes().to_vec();
        whole.extend(name);
        whole.push(0);
        let value = host::property_bytes(&whole)?;
        // The map may show the first value without its quotes.
        let quoted = value.trim_ascii_start();
        let bare = quoted.strip_prefix(b"\"").unwrap_or(quoted);
        if !quoted.starts_with(first) && !bare.starts_with(first) {
            return Err(HostError::Malformed);
        }
        head.push((name, value));
    }
    let pairs: Vec<_> = head.iter().map(|(name, value)| (*name, value.as_slice())).collect();
    header_map::of(&pairs).ok_or(HostError::Malformed)
}

/// Returns the text of a status, which the host tells as a number of four bytes.
fn status(bytes: &[u8]) -> Result<Vec<u8>, HostError> {
    let number = bytes.first_chunk::<4>().ok_or(HostError::Malformed)?;
    Ok(u32::from_le_bytes(*number).to_string().into_bytes())
}

/// Takes from a request what Traffic Server would make something else of: connection options, by which it would remove
/// headers that the filter has set, and, where no body is announced, one that comes all the same. It shows no such body.
#[cold]
pub(super) fn close(body: Body) -> Result<(), HostError> {
    host::change(Map::Request, Change::Remove(b"connection"))?;
    match body {
        Body::None => {
            host::change(Map::Request, Change::Remove(b"content-length"))?;
            host::change(Map::Request, Change::Add("content-length", "0"))
        }
        Body::Follows => Ok(()),
    }
}

/// Makes one change of a head.
#[cold]
pub(super) fn change(map: Map, change: Change<'_>) -> Result<(), HostError> {
    let (name, value) = match change {
        Change::Remove(name) if Name::find(name).0 == Name::ContentLength => return Ok(()),
        Change::Remove(_) => return host::change(map, change),
        Change::Add(name, value) | Change::Replace(name, value) => (name, value),
    };
    match Name::find(name.as_bytes()).0 {
        Name::Path => {
            let (path, query) = value.split_once('?').unwrap_or((value, ""));
            host::set_property(URL_PATH, path.as_bytes())?;
            host::set_property(QUERY, query.as_bytes())
        }
        Name::Method => host::set_property(METHOD, value.as_bytes()),
        Name::Status => {
            let status: usize = value.parse().map_err(|_| HostError::Malformed)?;
            host::set_property(STATUS, &(status as u64).to_le_bytes())
        }
        _ => host::change(map, change),
    }
}
