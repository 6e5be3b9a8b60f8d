//! Long-running deployments: a VM that dies, new rules while requests are on their way, failures of servers and
//! clients, and millions of requests.

mod failures;
mod figures;
mod memory;
mod resident_memory;
mod soak;
mod swaps;
mod traps;
mod turns;
