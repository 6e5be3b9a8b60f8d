//! Host calls for the log, the clock and the tick, and calls to other servers, of which this host offers those by HTTP.

use std::time::{Duration, UNIX_EPOCH};

use crate::host::memory::Guest;
use crate::host::pairs;
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

/// Makes a call without a body. One without the pseudo headers of a request fails at once, as on Envoy. That the cluster is
/// unknown is found out by the front, and answered as a call that nobody answers; Envoy refuses it at once.
#[expect(clippy::too_many_arguments, reason = "the ABI has them")]
pub(super) fn http_call(
    guest: &mut Guest,
    cluster: u32,
    cluster_size: u32,
    headers: u32,
    headers_size: u32,
    _: u32,
    body_size: u32,
    _: u32,
    _: u32,
    timeout: u32,
    token: u32,
) -> Outcome {
    let cluster = String::from_utf8_lossy(&guest.read(cluster, cluster_size)?).into_owned();
    let headers = pairs::decode(&guest.read(headers, headers_size)?);
    let has = |name: &[u8]| headers.iter().any(|(known, _)| known == name);
    let needed: [&[u8]; 3] = [b":method", b":path", b":authority"];
    if body_size > 0 || !needed.into_iter().all(has) {
        guest.write_u32(token, 0)?;
        return Err(Status::BadArgument);
    }
    let timeout = Duration::from_millis(timeout.into());
    let state = guest.state();
    let (vm, context) = (state.vm, state.context());
    let made = state.calls.make(vm, context, (cluster, headers, timeout));
    guest.write_u32(token, made)
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
