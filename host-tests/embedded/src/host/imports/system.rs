//! Host calls for the log, the clock and the tick, and calls to other servers, which this host doesn't offer.

use std::time::{Duration, UNIX_EPOCH};

use crate::host::memory::Guest;
use crate::host::personality::Ticks;
use crate::host::settings::Level;
use crate::host::status::{Outcome, Status};

pub(super) fn log(guest: &mut Guest, level: u32, message: u32, size: u32) -> Outcome {
    let level = match level {
        0 => Level::Trace,
        1 => Level::Debug,
        2 => Level::Info,
        3 => Level::Warn,
        4 => Level::Error,
        5 => Level::Critical,
        _ => return Err(Status::BadArgument),
    };
    let message = guest.read(message, size)?;
    guest.state().plugin.log(level, &String::from_utf8_lossy(&message));
    Ok(())
}

pub(super) fn log_level(guest: &mut Guest, to: u32) -> Outcome {
    let level = guest.state().plugin.settings.log_level;
    guest.write_u32(to, level as u32)
}

pub(super) fn time(guest: &mut Guest, to: u32) -> Outcome {
    let now = now(guest);
    guest.write_u64(to, now)
}

/// Returns the nanoseconds since 1970.
pub(super) fn now(guest: &mut Guest) -> u64 {
    let time = (guest.state().plugin.settings.clock)();
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_nanos() as u64
}

/// Implements `proxy_set_tick_period_milliseconds`; 0 ends the ticks on most hosts.
pub(super) fn tick_period(guest: &mut Guest, period: u32) -> Outcome {
    let rules = guest.personality().ticks;
    let state = guest.state();
    let in_root = state.context() == state.root;
    let ticks = state.tick_period.is_some();
    if rules == Ticks::OnceFromTheRoot && !in_root {
        return Err(guest.trap("the tick can be set from the root context only"));
    }
    if rules == Ticks::OnceFromTheRoot && ticks && period > 0 {
        return Err(guest.trap("the tick has been set already"));
    }
    let period = if rules == Ticks::ZeroIsBusy { period.max(1) } else { period };
    guest.state().tick_period = (period > 0).then(|| Duration::from_millis(period.into()));
    Ok(())
}

pub(super) fn foreign(
    guest: &mut Guest,
    name: u32,
    name_size: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
) -> Outcome {
    guest.read(name, name_size)?;
    Err(Status::NotFound)
}

pub(super) fn call_status(guest: &mut Guest, code: u32, message: u32, size: u32) -> Outcome {
    guest.write_u32(code, 0)?;
    guest.give(b"", message, size)
}

/// Fails as Envoy does for a cluster that it doesn't know: there is no cluster to call.
#[expect(clippy::too_many_arguments, reason = "the ABI has them")]
pub(super) fn http_call(
    guest: &mut Guest,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    token: u32,
) -> Outcome {
    guest.write_u32(token, 0)?;
    Err(Status::BadArgument)
}

/// Fails as Envoy does for a gRPC service that it doesn't know.
#[expect(clippy::too_many_arguments, reason = "the ABI has them")]
pub(super) fn grpc_call(
    _: &mut Guest,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
) -> Outcome {
    Err(Status::ParseFailure)
}

/// Fails as Envoy does for a gRPC service that it doesn't know.
#[expect(clippy::too_many_arguments, reason = "the ABI has them")]
pub(super) fn grpc_stream(
    _: &mut Guest,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
) -> Outcome {
    Err(Status::ParseFailure)
}

pub(super) fn grpc_send(_: &mut Guest, _: u32, _: u32, _: u32, _: u32) -> Outcome {
    Err(Status::BadArgument)
}

pub(super) fn grpc_end(_: &mut Guest, _: u32) -> Outcome {
    Err(Status::BadArgument)
}
