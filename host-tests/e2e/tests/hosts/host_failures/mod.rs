//! Failures of the host: every host call that the filter makes fails, one after the other, with every status that
//! exists and some that don't, or returns data that can't be read. No VM traps, and no request passes unguarded. No
//! real host fails like this on command, so that a small stub stands in for one.

mod callers;
mod kinds;
mod requests;
mod stub;
