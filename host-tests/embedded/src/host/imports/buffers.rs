//! Host calls that read and edit bodies and configurations.

use crate::host::memory::Guest;
use crate::host::message::Way;
use crate::host::status::{Outcome, Status};

pub(super) fn get(guest: &mut Guest, buffer: u32, start: u32, size: u32, to: u32, size_to: u32) -> Outcome {
    let bytes = read(guest, buffer)?;
    let end = start.saturating_add(size);
    match bytes.get(start as usize..bytes.len().min(end as usize)) {
        // Nothing is written then, not even an empty size.
        None | Some([]) => Ok(()),
        Some(bytes) => guest.give(bytes, to, size_to),
    }
}

/// Replaces a whole buffer, or adds bytes before or after it. Other ranges are a `BadArgument`, and so is a buffer that
/// isn't a body.
pub(super) fn set(
    guest: &mut Guest,
    buffer: u32,
    start: u32,
    size: u32,
    from: u32,
    from_size: u32,
) -> Outcome {
    let bytes = guest.read(from, from_size)?;
    let way = match buffer {
        0 => Way::Request,
        1 => Way::Response,
        _ => return read(guest, buffer).and(Err(Status::BadArgument)),
    };
    let stream = guest.stream().ok_or(Status::BadArgument)?;
    let body = stream.side(way).body().ok_or(Status::BadArgument)?;
    match (start as usize, size as usize) {
        (0, 0) => drop(body.splice(0..0, bytes)),
        (0, size) if size >= body.len() => *body = bytes,
        (0, _) => return Err(Status::BadArgument),
        (start, _) if start >= body.len() => body.extend(bytes),
        _ => return Err(Status::BadArgument),
    }
    Ok(())
}

pub(super) fn status(guest: &mut Guest, buffer: u32, size: u32, flags: u32) -> Outcome {
    let bytes = read(guest, buffer)?.len();
    guest.write_u32(size, bytes as u32)?;
    guest.write_u32(flags, 0)
}

fn read(guest: &mut Guest, buffer: u32) -> Result<Vec<u8>, Status> {
    let way = match buffer {
        0 => Way::Request,
        1 => Way::Response,
        6 => return Ok(guest.state().plugin.settings.vm_configuration.clone()),
        7 if guest.state().configuring => return Ok(guest.state().plugin.settings.configuration.clone()),
        4 | 7 => return Err(Status::NotFound),
        2 | 3 | 5 | 8 => return Ok(Vec::new()),
        _ => return Err(Status::BadArgument),
    };
    Ok(guest.stream().and_then(|stream| stream.side(way).body().cloned()).unwrap_or_default())
}
