//! The data that the host keeps for all workers.

use super::abi::{proxy_get_shared_data, proxy_set_shared_data};
use super::{HostError, check, returned};
use crate::shared_data::{NO_ENTRY, SharedData, Unreachable, Written};

/// The data that the host keeps for all workers.
pub(crate) struct HostSharedData {
    /// The number that says that there is no entry.
    pub(crate) no_entry: u32,
}

impl SharedData for HostSharedData {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, u32)>, Unreachable> {
        let mut number = 0;
        let value = returned(|data, size| unsafe {
            proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &raw mut number)
        });
        match value {
            Ok(value) => Ok(Some((value, number))),
            Err(HostError::NotFound) => Ok(None),
            Err(_) => Err(Unreachable),
        }
    }

    fn set(&self, key: &str, value: &[u8], based_on: u32) -> Result<Written, Unreachable> {
        const OUTRUN: HostError = HostError::Status(8);
        let based_on = if based_on == NO_ENTRY { self.no_entry } else { based_on };
        let result = check(unsafe {
            proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), based_on)
        });
        match result {
            Ok(()) => Ok(Written::Done),
            Err(OUTRUN) => Ok(Written::Outrun),
            Err(_) => Err(Unreachable),
        }
    }
}
