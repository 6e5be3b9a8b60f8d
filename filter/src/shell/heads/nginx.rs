//! Heads on nginx. Its `:path` is decoded and cleaned, and would be sent as it is then; its `:authority` is the server's own
//! name; it shows a hundred headers; a header that was removed can't be added again, but set, and one that came twice is lost
//! if it is set without being removed.

use crate::response::reply::Reply;
use crate::shell::header_map;
use crate::shell::host::{self, HostError, Map, Property};
use crate::shell::host_kind::HostKind;
use crate::target::header_edits::{Change, HeaderEdits};
use crate::target::headers::Headers;
use crate::target::headers::name::Name;

/// The number of headers from which on a map may lack some.
const MOST: usize = 100;

/// Headers by which a reply in place of an answer would be read as something else. They are removed without being seen, since
/// the map may lack them.
const OF_THE_ANSWER: [&str; 5] = ["content-encoding", "content-length", "location", "refresh", "set-cookie"];

/// The target of the request as the client has sent it.
const TARGET: Property = Property("ngx\0request_uri");

/// Reads a head from its header map, a request's with the client's own target.
#[cold]
pub(super) fn read(map: Map, headers: Headers) -> Result<Headers, HostError> {
    if headers.iter().count() >= MOST {
        return Err(HostError::Cut);
    }
    if map == Map::Response {
        return Ok(headers);
    }
    let target = host::property(TARGET)?;
    let mut pairs = vec![(&b":path"[..], target.as_slice())];
    pairs.extend(headers.iter().filter(|&(name, _)| name != b":path" && name != b":authority"));
    header_map::of(&pairs).ok_or(HostError::Malformed)
}

/// Makes one change of a head, but for the target. A worker process crashes where some headers of an answer are removed that
/// aren't there.
#[cold]
pub(super) fn change(map: Map, change: Change<'_>) -> Result<(), HostError> {
    match change {
        Change::Add(":path", _) | Change::Replace(":path", _) => Ok(()),
        Change::Remove(name) => remove(map, name),
        Change::Replace(name, value) if !name.starts_with(':') => {
            remove(map, name.as_bytes())?;
            host::change(map, Change::Replace(name, value))
        }
        Change::Add(name, value) | Change::Replace(name, value) => {
            host::change(map, Change::Replace(name, value))
        }
    }
}

/// Removes a header. A `Location` that is a path stays, so that it gets another value first.
fn remove(map: Map, name: &[u8]) -> Result<(), HostError> {
    if Name::find(name).0 == Name::Location {
        host::change(map, Change::Replace(Name::Location.text(), "x"))?;
    }
    host::change(map, Change::Remove(name))
}

/// Writes the target of a request, also one that isn't changed: nginx would send the one that it has decoded. It keeps the
/// client's query unless the new target has one, even if that is empty.
#[cold]
pub(super) fn write_target(edits: &HeaderEdits, headers: &Headers) -> Result<(), HostError> {
    let as_it_came = || headers.only(Name::Path).and_then(|path| std::str::from_utf8(path).ok());
    let target = edits.value(":path").or_else(as_it_came).ok_or(HostError::Malformed)?;
    let mut target = target.to_owned();
    if !target.bytes().any(|byte| byte == b'?') {
        target.push('?');
    }
    host::change(Map::Request, Change::Replace(":path", &target))
}

/// Makes a reply's head of the head of an answer. A worker process crashes if an answer has no `Connection`.
#[cold]
pub(in crate::shell) fn make_reply(kind: &HostKind, reply: &Reply) -> Result<(), HostError> {
    // A map that was cut short can't be read.
    let shown = host::headers(Map::Response).unwrap_or_default();
    let mut remove = shown.names(|known, _, name| known != Name::Connection && !name.starts_with(b":"));
    remove.extend(OF_THE_ANSWER.map(Vec::from));
    super::edit(kind, Map::Response, &HeaderEdits { remove, ..HeaderEdits::default() }, &shown)?;
    for (name, value) in &reply.headers {
        host::change(Map::Response, Change::Replace(name, value))?;
    }
    host::change(Map::Response, Change::Replace(Name::Status.text(), &reply.status.to_string()))
}
