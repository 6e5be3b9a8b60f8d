//! Host calls that read and edit header maps. As on Envoy, a map that doesn't exist (any more) is a `BadArgument` for
//! calls that edit it or ask for one value, and empty for calls that ask for all values. Trailers come into existence
//! when they are first edited in the last body callback. `rules.rs` has what other hosts do otherwise.

mod rules;

use super::call_answer;
use crate::host::header_map::{self, MapKind};
use crate::host::memory::Guest;
use crate::host::message::{Headers, Way};
use crate::host::pairs;
use crate::host::personality::{
    HeaderEdits, MissingHeader, Personality, PseudoHeaders, RepeatedHeaders, WrongMoment,
};
use crate::host::status::{Outcome, Status};
use crate::host::stream::{BodyPart, Stream};

pub(super) fn pairs(guest: &mut Guest, map: u32, pointer: u32, size: u32) -> Outcome {
    if map == CALL_RESPONSE
        && let Some(answer) = call_answer(guest)
    {
        let bytes = pairs::encode(&answer.headers);
        return guest.give(&bytes, pointer, size);
    }
    let kind = kind(map)?;
    let personality = guest.personality();
    let map = kind.zip(guest.stream()).and_then(|(kind, stream)| read(personality, kind, stream));
    let bytes = match map {
        Some(map) => pairs::encode(&rules::shown(personality, map)),
        None if personality.wrong_moment == WrongMoment::BadArgument => Vec::new(),
        None => return Err(Status::BadArgument),
    };
    guest.give(&bytes, pointer, size)
}

pub(super) fn set_pairs(guest: &mut Guest, map: u32, pointer: u32, size: u32) -> Outcome {
    let pairs = pairs::decode(&guest.read(pointer, size)?);
    if guest.personality().header_edits == HeaderEdits::OfWhatExists {
        return pairs.iter().try_for_each(|(name, value)| {
            edit_map(guest, map, |_, _, map| rules::set_or_add(map, name, value))
        });
    }
    edit_map(guest, map, |personality, kind, map| match personality.pseudo_headers {
        PseudoHeaders::Shown => *map = header_map::received(kind, pairs),
        _ => rules::set_up_to_a_read_only_one(personality, kind, map, &pairs),
    })
}

pub(super) fn size(guest: &mut Guest, map: u32, size: u32) -> Outcome {
    let mut bytes = 0;
    edit_map(guest, map, |_, _, map| bytes = header_map::byte_size(map))?;
    guest.write_u32(size, bytes as u32)
}

pub(super) fn value(
    guest: &mut Guest,
    map: u32,
    name: u32,
    name_size: u32,
    to: u32,
    size_to: u32,
) -> Outcome {
    let kind = kind(map)?.ok_or(Status::BadArgument)?;
    let name = guest.read(name, name_size)?;
    let personality = guest.personality();
    let stream = guest.stream().ok_or(Status::BadArgument)?;
    let absent = if stream.logging { Status::NotFound } else { Status::BadArgument };
    let every = Personality { most_headers: usize::MAX, ..personality };
    let map = rules::shown(every, read(personality, kind, stream).ok_or(absent)?);
    let value = match header_map::get(&map, &name) {
        Some(value) => value.to_vec(),
        None if personality.missing_header == MissingHeader::Empty => Vec::new(),
        None => return Err(Status::NotFound),
    };
    guest.give(&value, to, size_to)
}

pub(super) fn add(
    guest: &mut Guest,
    map: u32,
    name: u32,
    name_size: u32,
    value: u32,
    value_size: u32,
) -> Outcome {
    let (name, value) = (guest.read(name, name_size)?, guest.read(value, value_size)?);
    edit_map(guest, map, |personality, kind, map| rules::add(personality, kind, map, &name, &value))
}

pub(super) fn replace(
    guest: &mut Guest,
    map: u32,
    name: u32,
    name_size: u32,
    value: u32,
    value_size: u32,
) -> Outcome {
    let (name, value) = (guest.read(name, name_size)?, guest.read(value, value_size)?);
    edit_map(guest, map, |personality, kind, map| rules::replace(personality, kind, map, &name, &value))
}

pub(super) fn remove(guest: &mut Guest, map: u32, name: u32, name_size: u32) -> Outcome {
    let name = guest.read(name, name_size)?;
    let (personality, kind) = (guest.personality(), kind(map)?);
    let edited = kind.zip(guest.stream()).and_then(|(kind, stream)| read(personality, kind, stream));
    if rules::removing_crashes(personality, kind, edited, &name) {
        return Err(guest.trap("the worker crashes when this header is removed from an answer"));
    }
    edit_map(guest, map, |personality, _, map| {
        if !rules::is_hidden(personality, &name) && !rules::stays(personality, map, &name) {
            header_map::remove(map, &name);
        }
    })
}

/// The number of the map with the head of the answer to a call.
const CALL_RESPONSE: u32 = 6;

/// Returns the kind of the map with this number. `None` stands for the maps of HTTP and gRPC calls. Of these only the head
/// of an answer exists, while its callback runs, and can only be read whole.
fn kind(map: u32) -> Result<Option<MapKind>, Status> {
    Ok(Some(match map {
        0 => MapKind::Headers(Way::Request),
        1 => MapKind::Trailers(Way::Request),
        2 => MapKind::Headers(Way::Response),
        3 => MapKind::Trailers(Way::Response),
        4..=7 => return Ok(None),
        _ => return Err(Status::BadArgument),
    }))
}

fn read(personality: Personality, kind: MapKind, stream: &mut Stream) -> Option<&Headers> {
    let always = stream.logging || personality.wrong_moment != WrongMoment::BadArgument;
    match kind {
        MapKind::Headers(way) => {
            let side = stream.side(way);
            side.headers.as_ref().filter(|_| always || side.shows_headers)
        }
        MapKind::Trailers(Way::Request) if stream.logging => None,
        MapKind::Trailers(way) => {
            let side = stream.side(way);
            side.trailers.as_ref().filter(|_| always || side.shows_trailers)
        }
        MapKind::Separate => None,
    }
}

/// Makes a change to a map. What can't be edited now is the outcome that the host has for that.
fn edit_map(guest: &mut Guest, map: u32, change: impl FnOnce(Personality, MapKind, &mut Headers)) -> Outcome {
    let kind = kind(map)?.ok_or(Status::BadArgument)?;
    let personality = guest.personality();
    let strict = personality.wrong_moment == WrongMoment::Trap;
    if strict && guest.stream().is_none() {
        return Err(guest.trap("headers can't be edited outside a request"));
    }
    if strict && matches!(kind, MapKind::Trailers(_)) {
        return Err(Status::InternalFailure);
    }
    let stream = guest.stream().ok_or(Status::BadArgument)?;
    if strict && !rules::may_edit(kind, stream.moment) {
        return Err(guest.trap("headers can't be edited in this callback"));
    }
    let map = editable(personality, kind, stream).ok_or(Status::BadArgument)?;
    let kind = match personality.repeated_headers {
        RepeatedHeaders::JoinedIfKnown => kind,
        RepeatedHeaders::Separate => MapKind::Separate,
    };
    change(personality, kind, map);
    Ok(())
}

fn editable(personality: Personality, kind: MapKind, stream: &mut Stream) -> Option<&mut Headers> {
    let always = personality.wrong_moment != WrongMoment::BadArgument;
    match kind {
        MapKind::Headers(way) => {
            let side = stream.side(way);
            side.headers.as_mut().filter(|_| always || side.shows_headers)
        }
        MapKind::Trailers(way) => {
            let at_end = stream.end_of_stream && !always;
            let side = stream.side(way);
            if !side.shows_trailers
                && side.trailers.is_none()
                && side.shows_body != BodyPart::Nothing
                && at_end
            {
                side.trailers = Some(Headers::new());
                side.shows_trailers = true;
            }
            side.trailers.as_mut().filter(|_| side.shows_trailers)
        }
        MapKind::Separate => None,
    }
}
