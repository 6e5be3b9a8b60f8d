//! Host calls for shared data and shared queues.

use crate::host::memory::Guest;
use crate::host::personality::SharedDataRules;
use crate::host::state::lock;
use crate::host::status::{Outcome, Status};

pub(super) fn get(guest: &mut Guest, key: u32, key_size: u32, to: u32, size_to: u32, cas_to: u32) -> Outcome {
    let key = guest.read(key, key_size)?;
    check_for_shared_data(guest)?;
    let found = lock(&guest.state().plugin.shared_data).get(&key);
    let (value, cas) = found.ok_or(Status::NotFound)?;
    guest.give(&value, to, size_to)?;
    guest.write_u32(cas_to, cas)
}

pub(super) fn set(
    guest: &mut Guest,
    key: u32,
    key_size: u32,
    value: u32,
    value_size: u32,
    cas: u32,
) -> Outcome {
    let (key, value) = (guest.read(key, key_size)?, guest.read(value, value_size)?);
    check_for_shared_data(guest)?;
    let rules = guest.personality().shared_data;
    let mut data = lock(&guest.state().plugin.shared_data);
    let current = data.get(&key).map_or(0, |(_, number)| number);
    if rules == SharedDataRules::ZeroIsNoEntry && cas != current {
        return Err(Status::CasMismatch);
    }
    data.set(key, value, cas)
}

/// Traps where there is no shared data.
fn check_for_shared_data(guest: &mut Guest) -> Outcome {
    if guest.personality().shared_data == SharedDataRules::NoSharedData {
        return Err(guest.trap("no zone of shared memory is configured"));
    }
    Ok(())
}

pub(super) fn register(guest: &mut Guest, name: u32, name_size: u32, to: u32) -> Outcome {
    let name = guest.read(name, name_size)?;
    let vm = guest.state().vm;
    let token = lock(&guest.state().plugin.shared_queues).register(name, vm);
    guest.write_u32(to, token)
}

/// Finds a queue of this plugin. Queues of other VM ids are never found: a plugin is alone here.
pub(super) fn resolve(
    guest: &mut Guest,
    vm_id: u32,
    vm_id_size: u32,
    name: u32,
    name_size: u32,
    to: u32,
) -> Outcome {
    let (vm_id, name) = (guest.read(vm_id, vm_id_size)?, guest.read(name, name_size)?);
    let own = vm_id.is_empty() || vm_id == guest.state().plugin.settings.vm_id.as_bytes();
    let token = lock(&guest.state().plugin.shared_queues).resolve(&name).filter(|_| own);
    guest.write_u32(to, token.ok_or(Status::NotFound)?)
}

pub(super) fn enqueue(guest: &mut Guest, token: u32, value: u32, value_size: u32) -> Outcome {
    let value = guest.read(value, value_size)?;
    lock(&guest.state().plugin.shared_queues).enqueue(token, value)
}

pub(super) fn dequeue(guest: &mut Guest, token: u32, to: u32, size_to: u32) -> Outcome {
    let value = lock(&guest.state().plugin.shared_queues).dequeue(token)?;
    guest.give(&value, to, size_to)
}
