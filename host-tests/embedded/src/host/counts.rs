//! What a module costs, counted rather than timed, so that a test can compare it: host calls by name, and instructions
//! (wasmtime's fuel) by callback.

use std::collections::BTreeMap;

/// Calls and instructions since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How often the module called each import, such as `proxy_get_header_map_value`.
    pub host_calls: BTreeMap<&'static str, u64>,
    /// What each export cost, such as `proxy_on_request_headers`.
    pub callbacks: BTreeMap<&'static str, Callback>,
}

/// The cost of one kind of callback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Callback {
    /// How often it ran.
    pub calls: u64,
    /// WebAssembly instructions, as wasmtime's fuel counts them.
    pub instructions: u64,
    /// Those of the call that took the most.
    pub most: u64,
}

impl Counts {
    /// Adds what another worker counted.
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
