//! Who may see what, end to end: whatever a caller asks, the answer is the one that a server with their series alone would
//! give.

mod break_outs;
mod generated;
mod opinions;
mod series;
mod servers;
