//! What fails, and what becomes of it: a server that isn't there or answers nonsense, clients that go away wherever they
//! are, bodies without an end, and crowds of slow connections. No request fails that didn't have to, nothing passes that
//! mustn't, and what was open is closed again.

mod absent;
mod bodies;
mod client;
mod frames;
mod set_up;
mod slow;
mod upstream;
