//! The contexts of a VM, by the numbers that the host gives them: a root for each plugin, and a stream for each request.
//!
//! A host that calls about a context that it hasn't created has lost track of what goes on, and so has one that calls a
//! context while that makes a call. The VM ends then, and with it every request, since nobody knows what any of them may do.

use super::http_context::StreamContext;
use super::root::Root;
use std::cell::RefCell;
use std::thread::LocalKey;

/// The number of lists that streams are in. Hosts number contexts one after the other, so that the lists are equally long.
const LISTS: usize = 256;

/// Contexts with their numbers.
type List<T> = Vec<(u32, T)>;

thread_local! {
    static ROOTS: RefCell<List<Root>> = const { RefCell::new(Vec::new()) };
    static STREAMS: RefCell<Vec<List<StreamContext>>> = const { RefCell::new(Vec::new()) };
}

/// Creates a root, or a stream of a root.
pub(super) fn create(context: u32, of_root: u32) {
    if of_root == 0 {
        with(&ROOTS, |roots| roots.push((context, Root::new(context))));
    } else {
        let stream = root(of_root, |root| root.stream(context));
        with(&STREAMS, |streams| list(streams, context).push((context, stream)));
    }
}

/// Ends a context.
pub(super) fn delete(context: u32) {
    // A stream tells its worker that it ends, which may call the host. So it is taken out before it ends.
    let stream = with(&STREAMS, |streams| take(list(streams, context), context));
    if stream.is_none() && with(&ROOTS, |roots| take(roots, context)).is_none() {
        lost();
    }
}

/// Calls a root.
pub(super) fn root<T>(context: u32, call: impl FnOnce(&mut Root) -> T) -> T {
    with(&ROOTS, |roots| call(find(roots, context).unwrap_or_else(|| lost())))
}

/// Calls a stream.
pub(super) fn stream<T>(context: u32, call: impl FnOnce(&mut StreamContext) -> T) -> T {
    stream_if_there(context, call).unwrap_or_else(|| lost())
}

/// Calls a stream, unless it has ended.
pub(super) fn stream_if_there<T>(context: u32, call: impl FnOnce(&mut StreamContext) -> T) -> Option<T> {
    with(&STREAMS, |streams| find(list(streams, context), context).map(call))
}

fn with<T, R>(contexts: &'static LocalKey<RefCell<T>>, act: impl FnOnce(&mut T) -> R) -> R {
    contexts.with(|contexts| act(&mut contexts.try_borrow_mut().unwrap_or_else(|_| lost())))
}

/// Returns the list that a stream is in.
fn list<T>(lists: &mut Vec<List<T>>, context: u32) -> &mut List<T> {
    if lists.is_empty() {
        lists.resize_with(LISTS, List::new);
    }
    let at = usize::try_from(context).unwrap_or_default() % LISTS;
    lists.get_mut(at).unwrap_or_else(|| lost())
}

fn find<T>(list: &mut List<T>, context: u32) -> Option<&mut T> {
    list.iter_mut().find(|(known, _)| *known == context).map(|(_, found)| found)
}

fn take<T>(list: &mut List<T>, context: u32) -> Option<T> {
    let at = list.iter().position(|(known, _)| *known == context)?;
    Some(list.swap_remove(at).1)
}

/// Ends the VM, as a panic would.
#[cold]
fn lost() -> ! {
    log::error!("promward: the host calls about a context that it hasn't created, or that makes a call");
    core::arch::wasm32::unreachable()
}
