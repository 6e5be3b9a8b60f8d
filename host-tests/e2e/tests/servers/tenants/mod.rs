//! The isolation of tenants, end to end: whatever a caller asks, the answer is the one that a server with only their
//! series would give.

mod break_outs;
mod generated;
mod opinions;
mod series;
mod servers;
