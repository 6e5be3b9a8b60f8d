//! Properties. Each host has its own names and forms, which are in a file each.

mod envoy;
mod nginx;
mod traffic_server;

use crate::host::memory::Guest;
use crate::host::message::Headers;
use crate::host::pairs;
use crate::host::personality::PropertyForms;
use crate::host::status::{Outcome, Status};

pub(super) fn get(guest: &mut Guest, path: u32, path_size: u32, to: u32, size_to: u32) -> Outcome {
    let path = guest.read(path, path_size)?;
    let parts = pairs::path(&path);
    let value = match guest.personality().properties {
        PropertyForms::Envoy => envoy::get(guest, &parts)?,
        PropertyForms::Nginx => nginx::get(guest, &parts)?,
        PropertyForms::TrafficServer => traffic_server::get(guest, &parts),
    };
    guest.give(&value, to, size_to)
}

pub(super) fn set(guest: &mut Guest, path: u32, path_size: u32, value: u32, value_size: u32) -> Outcome {
    let (path, value) = (guest.read(path, path_size)?, guest.read(value, value_size)?);
    match guest.personality().properties {
        PropertyForms::Envoy => {
            guest.stream().ok_or(Status::NotFound)?.filter_state.insert(path, value);
            Ok(())
        }
        PropertyForms::Nginx => nginx::set(guest, &pairs::path(&path), value),
        PropertyForms::TrafficServer => {
            traffic_server::set(guest, &pairs::path(&path), &value);
            Ok(())
        }
    }
}

/// Returns the path and the query of a target.
fn split(target: &[u8]) -> (&[u8], &[u8]) {
    match target.iter().position(|byte| *byte == b'?') {
        Some(end) => (&target[..end], &target[end + 1..]),
        None => (target, b""),
    }
}

/// Returns all values of a header, with commas between them. The header call returns only the first one.
fn joined(head: &Headers, name: &[u8]) -> Option<Vec<u8>> {
    let values = head.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    let values: Vec<&[u8]> = values.map(|(_, value)| value.as_slice()).collect();
    (!values.is_empty()).then(|| values.join(&b','))
}
