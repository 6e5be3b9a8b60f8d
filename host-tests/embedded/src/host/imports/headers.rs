//! Host calls that read and edit header maps. As on Envoy, a map that doesn't exist (any more) is a `BadArgument` for
//! calls that edit it or ask for one value, and empty for calls that ask for all values. Trailers come into existence
//! when they are first edited in the last body callback.

use crate::host::header_map::{self, MapKind};
use crate::host::memory::Guest;
use crate::host::message::{Headers, Way};
use crate::host::pairs;
use crate::host::status::{Outcome, Status};
use crate::host::stream::{BodyPart, Stream};

pub(super) fn pairs(guest: &mut Guest, map: u32, pointer: u32, size: u32) -> Outcome {
    let kind = kind(map)?;
    let map = kind.zip(guest.stream()).and_then(|(kind, stream)| read(kind, stream));
    let bytes = map.map(pairs::encode).unwrap_or_default();
    guest.give(&bytes, pointer, size)
}

pub(super) fn set_pairs(guest: &mut Guest, map: u32, pointer: u32, size: u32) -> Outcome {
    let pairs = pairs::decode(&guest.read(pointer, size)?);
    let (kind, map) = edit(guest, map)?;
    *map = header_map::received(kind, pairs);
    Ok(())
}

pub(super) fn size(guest: &mut Guest, map: u32, size: u32) -> Outcome {
    let bytes = header_map::byte_size(edit(guest, map)?.1);
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
    let stream = guest.stream().ok_or(Status::BadArgument)?;
    let absent = if stream.logging { Status::NotFound } else { Status::BadArgument };
    let map = read(kind, stream).ok_or(absent)?;
    let value = header_map::get(map, &name).ok_or(Status::NotFound)?.to_vec();
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
    let (kind, map) = edit(guest, map)?;
    header_map::add(kind, map, &name, &value);
    Ok(())
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
    let (kind, map) = edit(guest, map)?;
    header_map::replace(kind, map, &name, &value);
    Ok(())
}

pub(super) fn remove(guest: &mut Guest, map: u32, name: u32, name_size: u32) -> Outcome {
    let name = guest.read(name, name_size)?;
    header_map::remove(edit(guest, map)?.1, &name);
    Ok(())
}

/// Returns the kind of the map with this number. `None` stands for the maps of HTTP and gRPC calls, which never exist:
/// this host makes no such calls.
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

fn read(kind: MapKind, stream: &mut Stream) -> Option<&Headers> {
    let logging = stream.logging;
    match kind {
        MapKind::Headers(way) => {
            let side = stream.side(way);
            side.headers.as_ref().filter(|_| logging || side.shows_headers)
        }
        MapKind::Trailers(Way::Request) if logging => None,
        MapKind::Trailers(way) => {
            let side = stream.side(way);
            side.trailers.as_ref().filter(|_| logging || side.shows_trailers)
        }
    }
}

fn edit<'a>(guest: &'a mut Guest, map: u32) -> Result<(MapKind, &'a mut Headers), Status> {
    let kind = kind(map)?.ok_or(Status::BadArgument)?;
    let stream = guest.stream().ok_or(Status::BadArgument)?;
    let map = match kind {
        MapKind::Headers(way) => {
            let side = stream.side(way);
            side.headers.as_mut().filter(|_| side.shows_headers)
        }
        MapKind::Trailers(way) => {
            let at_end = stream.end_of_stream;
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
    };
    Ok((kind, map.ok_or(Status::BadArgument)?))
}
