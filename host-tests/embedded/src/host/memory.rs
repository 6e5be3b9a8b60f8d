//! The module's memory, seen from a host call. Every access is checked: a module that passes a wild pointer gets
//! `InvalidMemoryAccess`, and nothing else happens.

use wasmtime::Caller;

use super::personality::Personality;
use super::settings::Level;
use super::state::{State, lock};
use super::status::Status;
use super::stream::Stream;

/// A host call in progress.
pub(super) struct Guest<'a> {
    caller: Caller<'a, State>,
}

impl<'a> Guest<'a> {
    /// Counts the call and gives access to the module that made it.
    pub(super) fn new(caller: Caller<'a, State>, import: &'static str) -> Guest<'a> {
        lock(&caller.data().counts).host_call(import);
        Guest { caller }
    }

    pub(super) fn state(&mut self) -> &mut State {
        self.caller.data_mut()
    }

    /// Returns the host that is played.
    pub(super) fn personality(&mut self) -> Personality {
        self.state().plugin.settings.personality
    }

    /// Logs why the host traps the module, and returns the outcome that does it.
    pub(super) fn trap(&mut self, reason: &str) -> Status {
        self.state().plugin.log(Level::Error, &format!("the host traps the module: {reason}"));
        Status::Trap
    }

    /// Ends the host's worker, and with it all its connections.
    pub(super) fn end(&mut self, reason: &str) -> Status {
        self.state().worker_died = true;
        self.trap(&format!("the worker dies: {reason}"))
    }

    /// Returns the stream that host calls act on: the one of the effective context, else the one of the running
    /// callback.
    pub(super) fn stream(&mut self) -> Option<&mut Stream> {
        self.state().stream()
    }

    pub(super) fn read(&mut self, pointer: u32, size: u32) -> Result<Vec<u8>, Status> {
        let memory = self.state().memory.ok_or(Status::InvalidMemoryAccess)?;
        let start = pointer as usize;
        let end = start.checked_add(size as usize).ok_or(Status::InvalidMemoryAccess)?;
        memory.data(&self.caller).get(start..end).map(<[u8]>::to_vec).ok_or(Status::InvalidMemoryAccess)
    }

    pub(super) fn write(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), Status> {
        let memory = self.state().memory.ok_or(Status::InvalidMemoryAccess)?;
        memory.write(&mut self.caller, pointer as usize, bytes).map_err(|_| Status::InvalidMemoryAccess)
    }

    pub(super) fn write_u32(&mut self, pointer: u32, value: u32) -> Result<(), Status> {
        self.write(pointer, &value.to_le_bytes())
    }

    pub(super) fn write_u64(&mut self, pointer: u32, value: u64) -> Result<(), Status> {
        self.write(pointer, &value.to_le_bytes())
    }

    /// Hands bytes to the module, in memory that the module allocates itself. For no bytes the pointer is null.
    pub(super) fn give(&mut self, bytes: &[u8], pointer_to: u32, size_to: u32) -> Result<(), Status> {
        let size = u32::try_from(bytes.len()).map_err(|_| Status::InvalidMemoryAccess)?;
        let pointer = if size == 0 { 0 } else { self.allocate(size)? };
        self.write(pointer, bytes)?;
        self.write_u32(pointer_to, pointer)?;
        self.write_u32(size_to, size)
    }

    fn allocate(&mut self, size: u32) -> Result<u32, Status> {
        let allocate = self.state().allocate.clone().ok_or(Status::InvalidMemoryAccess)?;
        match allocate.call(&mut self.caller, size) {
            Ok(0) | Err(_) => Err(Status::InvalidMemoryAccess),
            Ok(pointer) => Ok(pointer),
        }
    }
}
