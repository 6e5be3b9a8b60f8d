//! The rules by which hosts show and edit header maps. Inside, a map always has its pseudo headers.

use std::borrow::Cow;

use crate::host::header_map::{self, LOST, MapKind, TARGET};
use crate::host::message::{Headers, Way};
use crate::host::personality::{HeaderEdits, HeaderValues, Personality, PseudoHeaders, RemovedHeaders};
use crate::host::stream::Moment;

/// The headers of requests and answers of which nginx keeps one. Adding to one that exists does nothing.
const ONE_ON_NGINX: &str = "accept-encoding accept-ranges authorization connection content-encoding content-length \
    content-range content-type date etag expect expires host if-match if-modified-since if-none-match if-range \
    if-unmodified-since keep-alive last-modified location range referer refresh server transfer-encoding upgrade \
    user-agent via www-authenticate";

/// The pseudo headers that nginx doesn't let a module edit.
const READ_ONLY: [&[u8]; 2] = [b":authority", b":scheme"];

/// Returns a map as a module is shown it.
pub(super) fn shown(personality: Personality, map: &Headers) -> Cow<'_, Headers> {
    if personality.pseudo_headers == PseudoHeaders::Shown {
        return Cow::Borrowed(map);
    }
    let visible = map.iter().filter(|(name, _)| !is_hidden(personality, name));
    let shown = visible.map(|(name, value)| (name.clone(), part(personality, value).to_vec()));
    Cow::Owned(shown.take(personality.most_headers).collect())
}

/// Returns `true` if the header isn't part of the maps that a module sees.
pub(super) fn is_hidden(personality: Personality, name: &[u8]) -> bool {
    name == TARGET
        || name == LOST
        || (personality.pseudo_headers == PseudoHeaders::Hidden && name.starts_with(b":"))
}

/// Adds a value to a map, by the host's rules.
pub(super) fn add(personality: Personality, kind: MapKind, map: &mut Headers, name: &[u8], value: &[u8]) {
    if is_hidden(personality, name) {
        return;
    }
    if personality.header_edits == HeaderEdits::OfWhatExists {
        return set_or_add(map, name, value);
    }
    let keeps_one = || {
        let mut names = ONE_ON_NGINX.split_ascii_whitespace();
        names.any(|one| name.eq_ignore_ascii_case(one.as_bytes()))
    };
    if keeps_apart(personality) && keeps_one() && header_map::get(map, name).is_some() {
        return;
    }
    if personality.pseudo_headers == PseudoHeaders::PartlyReadOnly && name.starts_with(b":") {
        return replace(personality, kind, map, name, value);
    }
    header_map::add(kind, map, name, value);
}

/// Replaces all values of a header by one, by the host's rules.
pub(super) fn replace(personality: Personality, kind: MapKind, map: &mut Headers, name: &[u8], value: &[u8]) {
    if is_hidden(personality, name) {
        return;
    }
    if personality.header_edits == HeaderEdits::OfWhatExists && header_map::get(map, name).is_none() {
        return;
    }
    if personality.pseudo_headers == PseudoHeaders::PartlyReadOnly {
        match name {
            _ if READ_ONLY.contains(&name) => return,
            // An empty query is none.
            b":path" if value.ends_with(b"?") => {
                return header_map::replace(kind, map, name, &value[..value.len() - 1]);
            }
            b":path" if !value.contains(&b'?') => {
                let query = header_map::get(map, b":path").and_then(query_of).map(<[u8]>::to_vec);
                let value = [value, query.as_deref().unwrap_or_default()].concat();
                return header_map::replace(kind, map, name, &value);
            }
            _ => {}
        }
    }
    let came_more_than_once = header_map::count(map, name) > 1;
    header_map::replace(kind, map, name, value);
    if came_more_than_once && personality.removed_headers == RemovedHeaders::GoneIfRepeated {
        map.push((LOST.to_vec(), name.to_vec()));
    }
}

/// Replaces a map by other headers, of which those behind one that can't be edited are lost. Pseudo headers stay.
pub(super) fn set_up_to_a_read_only_one(
    personality: Personality,
    kind: MapKind,
    map: &mut Headers,
    headers: &Headers,
) {
    map.retain(|(name, _)| name.starts_with(b":"));
    for (name, value) in headers.iter().take_while(|(name, _)| !READ_ONLY.contains(&name.as_slice())) {
        replace(personality, kind, map, name, value);
    }
}

/// Overwrites the first value, or adds one where there is none.
pub(super) fn set_or_add(map: &mut Headers, name: &[u8], value: &[u8]) {
    match map.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
        Some((_, existing)) => *existing = value.to_vec(),
        None => map.push((name.to_ascii_lowercase(), value.to_vec())),
    }
}

/// Returns `true` if removing this header from a map, as far as there is one, ends nginx' worker.
pub(super) fn removing_crashes(
    personality: Personality,
    kind: Option<MapKind>,
    map: Option<&Headers>,
    name: &[u8],
) -> bool {
    let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
    let is_there = || map.is_some_and(|map| header_map::get(map, name).is_some());
    keeps_apart(personality)
        && kind == Some(MapKind::Headers(Way::Response))
        && (is(b"connection") || (is(b"cache-control") || is(b"link")) && !is_there())
}

/// Returns `true` if nginx keeps a header that the module removes: a `Location` that is a path.
pub(super) fn stays(personality: Personality, map: &Headers, name: &[u8]) -> bool {
    keeps_apart(personality)
        && name.eq_ignore_ascii_case(b"location")
        && header_map::get(map, name).is_some_and(|value| value.starts_with(b"/"))
}

/// Returns `true` if nginx lets a module edit this map in the callback that runs.
pub(super) fn may_edit(kind: MapKind, moment: Option<Moment>) -> bool {
    match kind {
        MapKind::Headers(Way::Request) => {
            matches!(moment, Some(Moment::Head(Way::Request) | Moment::Body(Way::Request)))
        }
        MapKind::Headers(Way::Response) => {
            !matches!(moment, None | Some(Moment::Body(Way::Response) | Moment::Log))
        }
        _ => true,
    }
}

fn keeps_apart(personality: Personality) -> bool {
    personality.header_edits == HeaderEdits::AsNginxKeepsThem
}

fn query_of(path: &[u8]) -> Option<&[u8]> {
    path.iter().position(|byte| *byte == b'?').map(|start| &path[start..])
}

fn part(personality: Personality, value: &[u8]) -> &[u8] {
    match personality.header_values {
        HeaderValues::Whole => value,
        HeaderValues::UpToTheFirstComma => match value.strip_prefix(b"\"") {
            Some(quoted) => quoted.split(|byte| *byte == b'"').next().unwrap_or_default(),
            None => value.split(|byte| *byte == b',').next().unwrap_or_default(),
        },
    }
}
