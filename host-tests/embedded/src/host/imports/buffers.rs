//! Host calls that read and edit bodies and configurations.

use super::call_answer;
use crate::host::memory::Guest;
use crate::host::message::Way;
use crate::host::personality::{GetBuffer, Personality, SetBuffer, WrongMoment};
use crate::host::status::{Outcome, Status};
use crate::host::stream::{Moment, Stream};

pub(super) fn get(guest: &mut Guest, buffer: u32, start: u32, size: u32, to: u32, size_to: u32) -> Outcome {
    let bytes = read(guest, buffer)?;
    let is_body = way(buffer).is_some();
    let (start, end) = match guest.personality().get_buffer {
        GetBuffer::TheRange => (start, start.saturating_add(size)),
        GetBuffer::FromTheStart => (0, size),
        GetBuffer::Everything if is_body => (0, u32::MAX),
        GetBuffer::Everything => (start, start.saturating_add(size)),
    };
    match bytes.get(start as usize..bytes.len().min(end as usize)) {
        // Nothing is written then, not even an empty size.
        None | Some([]) => Ok(()),
        Some(bytes) => guest.give(bytes, to, size_to),
    }
}

pub(super) fn set(
    guest: &mut Guest,
    buffer: u32,
    start: u32,
    size: u32,
    from: u32,
    from_size: u32,
) -> Outcome {
    let bytes = guest.read(from, from_size)?;
    let Some(way) = way(buffer) else {
        return read(guest, buffer).and(Err(Status::BadArgument));
    };
    let personality = guest.personality();
    let stream = guest.stream().ok_or(Status::BadArgument)?;
    if personality.wrong_moment == WrongMoment::Trap && stream.moment != Some(Moment::Body(way)) {
        return Err(guest.trap("a body can't be edited in this callback"));
    }
    let side = stream.side(shown(personality, stream, way));
    if side.spilled {
        // What is in the file goes up first.
        side.piece.extend(bytes);
        return Ok(());
    }
    let body = side.body().ok_or(Status::BadArgument)?;
    let (start, size) = (start as usize, size as usize);
    let edited = match personality.set_buffer {
        SetBuffer::TheWholeOrAnEnd => replace_or_extend(body, start, size, bytes),
        SetBuffer::CutAtSize => {
            cut(body, start, size, &bytes);
            true
        }
        SetBuffer::Splices => splice(body, start, size, bytes),
    };
    let is_empty = body.is_empty();
    side.emptied = is_empty;
    if edited { Ok(()) } else { Err(Status::BadArgument) }
}

pub(super) fn status(guest: &mut Guest, buffer: u32, size: u32, flags: u32) -> Outcome {
    let bytes = read(guest, buffer)?.len();
    guest.write_u32(size, bytes as u32)?;
    guest.write_u32(flags, 0)
}

/// Replaces a whole buffer, or adds bytes before or after it. Returns `false` for other ranges.
fn replace_or_extend(body: &mut Vec<u8>, start: usize, size: usize, bytes: Vec<u8>) -> bool {
    match (start, size) {
        (0, 0) => drop(body.splice(0..0, bytes)),
        (0, size) if size >= body.len() => *body = bytes,
        (0, _) => return false,
        (start, _) if start >= body.len() => body.extend(bytes),
        _ => return false,
    }
    true
}

/// Adds bytes before a buffer, or puts at most `size` of them in place of everything from `start` on.
fn cut(body: &mut Vec<u8>, start: usize, size: usize, bytes: &[u8]) {
    if (start, size) == (0, 0) && !bytes.is_empty() {
        drop(body.splice(0..0, bytes.iter().copied()));
        return;
    }
    let kept = if start > 0 && size == 0 { bytes.len() } else { size.min(bytes.len()) };
    body.truncate(start);
    body.extend(&bytes[..kept]);
}

/// Replaces a range. Returns `false` if it begins behind the buffer's end.
fn splice(body: &mut Vec<u8>, start: usize, size: usize, bytes: Vec<u8>) -> bool {
    let end = start.saturating_add(size).min(body.len());
    if start > body.len() {
        return false;
    }
    drop(body.splice(start..end, bytes));
    true
}

fn read(guest: &mut Guest, buffer: u32) -> Result<Vec<u8>, Status> {
    let Some(way) = way(buffer) else { return configuration(guest, buffer) };
    let personality = guest.personality();
    let strict = personality.wrong_moment == WrongMoment::Trap;
    let Some(stream) = guest.stream() else { return Ok(Vec::new()) };
    let moment = stream.moment;
    let body = stream.side(shown(personality, stream, way)).body().cloned();
    match body {
        _ if strict && !may_read(way, moment) => Err(guest.trap("a body can't be read in this callback")),
        None if strict => Err(Status::NotFound),
        body => Ok(body.unwrap_or_default()),
    }
}

fn configuration(guest: &mut Guest, buffer: u32) -> Result<Vec<u8>, Status> {
    if buffer == CALL_RESPONSE
        && let Some(answer) = call_answer(guest)
    {
        return Ok(answer.body);
    }
    let strict = guest.personality().wrong_moment == WrongMoment::BadArgument;
    let state = guest.state();
    match buffer {
        6 => Ok(state.plugin.settings.vm_configuration.clone()),
        7 if state.configuring || !strict => Ok(state.plugin.settings.configuration.clone()),
        4 | 7 => Err(Status::NotFound),
        2 | 3 | 5 | 8 if strict => Ok(Vec::new()),
        _ => Err(Status::BadArgument),
    }
}

/// The number of the buffer with the body of the answer to a call.
const CALL_RESPONSE: u32 = 4;

fn way(buffer: u32) -> Option<Way> {
    match buffer {
        0 => Some(Way::Request),
        1 => Some(Way::Response),
        _ => None,
    }
}

/// Returns the direction whose body a call is about. A host that returns everything has one buffer for both.
fn shown(personality: Personality, stream: &Stream, asked: Way) -> Way {
    match personality.get_buffer {
        GetBuffer::Everything => stream.calling.unwrap_or(asked),
        GetBuffer::TheRange | GetBuffer::FromTheStart => asked,
    }
}

/// Returns `true` if nginx lets a module read a body in this callback.
fn may_read(way: Way, moment: Option<Moment>) -> bool {
    match way {
        Way::Request => {
            matches!(moment, Some(Moment::Head(Way::Request) | Moment::Body(Way::Request) | Moment::Log))
        }
        Way::Response => moment == Some(Moment::Body(Way::Response)),
    }
}
