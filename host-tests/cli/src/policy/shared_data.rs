//! The data that workers share, kept in memory: rates are counted in it.

use promward::shared_data::{SharedData, Unreachable, Written};
use std::cell::RefCell;
use std::collections::HashMap;

/// Shared data of one worker alone.
#[derive(Default)]
pub(super) struct Memory(RefCell<HashMap<String, (Vec<u8>, u32)>>);

impl SharedData for Memory {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, u32)>, Unreachable> {
        Ok(self.0.borrow().get(key).cloned())
    }

    fn set(&self, key: &str, value: &[u8], based_on: u32) -> Result<Written, Unreachable> {
        let mut entries = self.0.borrow_mut();
        let number = entries.get(key).map(|(_, number)| *number);
        if number.is_some_and(|number| number != based_on) {
            return Ok(Written::Outrun);
        }
        let next = number.map_or(1, |number| number.wrapping_add(1));
        entries.insert(key.to_owned(), (value.to_owned(), next));
        Ok(Written::Done)
    }
}
