//! Counts what a module costs, so that a test can compare it: host calls by name, and instructions (wasmtime's fuel) by
//! callback.

use std::collections::BTreeMap;

/// The calls and instructions since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The number of calls of each import, such as `proxy_get_header_map_value`.
    pub host_calls: BTreeMap<&'static str, u64>,
    /// The cost of each export, such as `proxy_on_request_headers`.
    pub callbacks: BTreeMap<&'static str, Callback>,
}

/// The cost of one kind of callback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Callback {
    pub calls: u64,
    /// The WebAssembly instructions of all calls, as wasmtime's fuel counts them.
    pub instructions: u64,
    /// The instructions of the most expensive call.
    pub most: u64,
}

impl Counts {
    /// Adds the counts of another worker.
    pub fn add(&mut self, other: &Counts) {
        for (name, calls) in &other.host_calls {
            let sum = self.host_calls.entry(name).or_default();
            *sum += *calls;
        }
        for (name, callback) in &other.callbacks {
            let sum = self.callbacks.entry(name).or_default();
            sum.calls += callback.calls;
            sum.instructions += callback.instructions;
            sum.most = sum.most.max(callback.most);
        }
    }

    pub(super) fn host_call(&mut self, name: &'static str) {
        *self.host_calls.entry(name).or_default() += 1;
    }

    pub(super) fn callback(&mut self, name: &'static str, instructions: u64) {
        let callback = self.callbacks.entry(name).or_default();
        callback.calls += 1;
        callback.instructions += instructions;
        callback.most = callback.most.max(instructions);
    }
}
