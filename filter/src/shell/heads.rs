//! The heads of requests and answers. Most hosts have all of them in header maps; on the others the filter reads the same
//! head from what they have, and changes it there, so that what it has read is what goes on.

pub(super) mod nginx;
mod traffic_server;

use super::host::{self, HostError, Map};
use super::host_kind::{Heads, HostKind};
use crate::target::body::Body;
use crate::target::header_edits::{Change, HeaderEdits};
use crate::target::headers::Headers;

/// Reads the head of the current request or answer.
pub(super) fn read(kind: &HostKind, map: Map) -> Result<Headers, HostError> {
    let headers = host::headers(map)?;
    match kind.heads {
        Heads::InMaps => Ok(headers),
        Heads::OfNginx => nginx::read(map, headers),
        Heads::OfTrafficServer => traffic_server::read(map, &headers),
    }
}

/// Changes the head of the current request, which is `headers`, before it goes on with this body.
pub(super) fn edit_request(
    kind: &HostKind,
    edits: &HeaderEdits,
    headers: &Headers,
    body: Body,
) -> Result<(), HostError> {
    edit(kind, Map::Request, edits, headers)?;
    match kind.heads {
        Heads::InMaps => Ok(()),
        Heads::OfNginx => nginx::write_target(edits, headers),
        Heads::OfTrafficServer => traffic_server::close(body),
    }
}

/// Changes the head of the current request or answer, which is `headers`.
pub(super) fn edit(
    kind: &HostKind,
    map: Map,
    edits: &HeaderEdits,
    headers: &Headers,
) -> Result<(), HostError> {
    edits.changes(headers).try_for_each(|change| {
        let values = match change {
            // The other hosts would overwrite what is there.
            Change::Add(name, value) if kind.heads != Heads::InMaps => {
                edits.behind_others(headers, name, value)
            }
            _ => None,
        };
        let change = match (change, &values) {
            (Change::Add(name, _), Some(values)) => Change::Replace(name, values),
            _ => change,
        };
        match kind.heads {
            Heads::InMaps => host::change(map, change),
            Heads::OfNginx => nginx::change(map, change),
            Heads::OfTrafficServer => traffic_server::change(map, change),
        }
    })
}
