//! Failures and their consequences: a server that isn't there or answers nonsense, clients that leave at every stage,
//! bodies without an end, and crowds of slow connections. No request fails without need, nothing passes that must not,
//! and everything that was open is closed again.

mod absent;
mod bodies;
mod client;
mod frames;
mod set_up;
mod slow;
mod upstream;
