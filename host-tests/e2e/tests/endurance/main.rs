//! What a deployment lives through: a VM that dies, other rules while requests are on their way, and millions of requests.

mod failures;
mod figures;
mod memory;
mod resident_memory;
mod soak;
mod swaps;
mod traps;
