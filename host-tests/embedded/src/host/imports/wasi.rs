//! The functions of WASI that Rust's standard library imports, as Envoy implements them: output goes to the log, there
//! is a clock and randomness, and there are no files, arguments or variables.

use wasmtime::{Caller, Linker};

use crate::host::memory::Guest;
use crate::host::settings::Level;
use crate::host::state::State;
use crate::host::status::Status;

use super::system::now;

const MODULE: &str = "wasi_snapshot_preview1";

const SUCCESS: i32 = 0;
const BAD_DESCRIPTOR: i32 = 8;
const FAULT: i32 = 21;
const NO_SYSTEM_CALL: i32 = 52;
const NOT_SUPPORTED: i32 = 58;

/// Defines an import of WASI from a function that returns an error number.
macro_rules! wasi {
    ($linker:ident: $($name:literal => $function:expr, ($($argument:ident: $kind:ty),*);)*) => {$(
        $linker.func_wrap(MODULE, $name, |caller: Caller<'_, State>, $($argument: $kind),*| -> i32 {
            $function(&mut Guest::new(caller, $name), $($argument),*)
        })?;
    )*};
}

/// Defines all imports of WASI.
pub(super) fn define(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasi!(linker:
        "fd_write" => fd_write, (descriptor: u32, vectors: u32, count: u32, written: u32);
        "fd_read" => |_: &mut Guest, _, _, _, _| NO_SYSTEM_CALL, (descriptor: u32, vectors: u32, count: u32, read: u32);
        "fd_seek" => |_: &mut Guest, _, _, _, _| SUCCESS, (descriptor: u32, offset: i64, whence: u32, to: u32);
        "fd_close" => |_: &mut Guest, _| SUCCESS, (descriptor: u32);
        "fd_fdstat_get" => fd_fdstat_get, (descriptor: u32, to: u32);
        "environ_get" => |_: &mut Guest, _, _| SUCCESS, (variables: u32, buffer: u32);
        "environ_sizes_get" => no_sizes, (count: u32, size: u32);
        "args_get" => |_: &mut Guest, _, _| SUCCESS, (arguments: u32, buffer: u32);
        "args_sizes_get" => no_sizes, (count: u32, size: u32);
        "clock_time_get" => clock_time_get, (clock: u32, precision: u64, to: u32);
        "random_get" => random_get, (to: u32, size: u32);
        "sched_yield" => |_: &mut Guest| SUCCESS, ();
    );
    linker.func_wrap(
        MODULE,
        "proc_exit",
        |caller: Caller<'_, State>, code: i32| -> wasmtime::Result<()> {
            Guest::new(caller, "proc_exit");
            Err(wasmtime::Error::msg(format!("the module called proc_exit({code})")))
        },
    )?;
    Ok(())
}

fn fd_write(guest: &mut Guest, descriptor: u32, vectors: u32, count: u32, written: u32) -> i32 {
    let level = match descriptor {
        1 => Level::Info,
        2 => Level::Error,
        _ => return BAD_DESCRIPTOR,
    };
    let Ok(bytes) = gather(guest, vectors, count) else {
        return FAULT;
    };
    if !bytes.is_empty() {
        let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        guest.state().plugin.log(level, &String::from_utf8_lossy(line));
    }
    code(guest.write_u32(written, bytes.len() as u32))
}

fn gather(guest: &mut Guest, vectors: u32, count: u32) -> Result<Vec<u8>, Status> {
    let size = count.checked_mul(8).ok_or(Status::InvalidMemoryAccess)?;
    let mut bytes = Vec::new();
    for vector in guest.read(vectors, size)?.as_chunks::<8>().0 {
        let [p0, p1, p2, p3, s0, s1, s2, s3] = *vector;
        let (pointer, size) = (u32::from_le_bytes([p0, p1, p2, p3]), u32::from_le_bytes([s0, s1, s2, s3]));
        bytes.extend(guest.read(pointer, size)?);
    }
    Ok(bytes)
}

/// Says that the two outputs can be written to, and nothing else.
fn fd_fdstat_get(guest: &mut Guest, descriptor: u32, to: u32) -> i32 {
    const RIGHT_TO_WRITE: u64 = 64;
    if !matches!(descriptor, 1 | 2) {
        return BAD_DESCRIPTOR;
    }
    code(guest.write(to, [0, RIGHT_TO_WRITE, 0].map(u64::to_le_bytes).as_flattened()))
}

fn no_sizes(guest: &mut Guest, count: u32, size: u32) -> i32 {
    code(guest.write_u32(count, 0).and_then(|()| guest.write_u32(size, 0)))
}

/// Returns the wall clock, for real time and also for monotonic time, as Envoy does.
fn clock_time_get(guest: &mut Guest, clock: u32, _precision: u64, to: u32) -> i32 {
    if clock > 1 {
        return NOT_SUPPORTED;
    }
    let now = now(guest);
    code(guest.write_u64(to, now))
}

fn random_get(guest: &mut Guest, to: u32, size: u32) -> i32 {
    const LARGEST: u32 = 1024 * 1024;
    if size > LARGEST {
        return FAULT;
    }
    let mut bytes = vec![0; size as usize];
    if guest.state().plugin.fill_random(&mut bytes).is_err() {
        return FAULT;
    }
    code(guest.write(to, &bytes))
}

fn code(result: Result<(), Status>) -> i32 {
    if result.is_ok() { SUCCESS } else { FAULT }
}
