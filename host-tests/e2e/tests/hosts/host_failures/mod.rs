//! What a host may do wrong: every host call that the filter makes fails, one after the other, with every status that
//! there is and some that there isn't, and hands out what can't be read. No VM traps, and no request goes on unguarded.
//! No real host fails like this on command, so a host of some lines stands in for one.

mod callers;
mod requests;
mod stub;
