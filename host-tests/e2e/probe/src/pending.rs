//! The state that streams hand to the tick of their VM: the streams that haven't ended, and what control requests asked for.

use std::cell::RefCell;

thread_local! {
    /// The contexts of scripted streams that haven't ended.
    static STREAMS: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    /// The actions of the next tick.
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Notes that a scripted stream began.
pub(crate) fn began(context: u32) {
    STREAMS.with_borrow_mut(|streams| streams.push(context));
}

/// Notes that a scripted stream ended.
pub(crate) fn ended(context: u32) {
    STREAMS.with_borrow_mut(|streams| streams.retain(|other| *other != context));
}

/// Returns the contexts of scripted streams that haven't ended.
pub(crate) fn streams() -> Vec<u32> {
    STREAMS.with_borrow(Clone::clone)
}

/// Notes what a control request asked for.
pub(crate) fn tell(what: String) {
    TOLD.with_borrow_mut(|told| told.push(what));
}

/// Takes everything that control requests asked for since the last tick.
pub(crate) fn take_told() -> Vec<String> {
    TOLD.take()
}
