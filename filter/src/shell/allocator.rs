//! The allocator of the module: small blocks that were freed are kept in lists by their size, and handed out again.
//! Requests take and return the same few sizes over and over, which a list serves in some ten instructions and the
//! allocator of the C library in three hundred.
//!
//! The lists are bounded. What doesn't fit into them, and every larger block, goes to the allocator below.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::ptr;

/// The distance of the sizes in bytes, and the number of sizes that there is a list for: up to 2 KiB.
const STEP: usize = 16;
const SIZES: usize = 128;

/// The most bytes that one list keeps, so that all of them keep half a megabyte at most.
const KEPT: usize = 4 * 1024;

/// The largest alignment that blocks of every size have.
const ALIGNMENT: usize = 8;

/// An allocator that keeps small blocks of another one. It must be used by one thread alone, as the VMs of proxies do.
pub(crate) struct Recycling<A> {
    below: A,
    lists: UnsafeCell<[List; SIZES]>,
}

/// Free blocks of one size.
#[derive(Clone, Copy)]
struct List {
    first: *mut Block,
    /// The bytes that the list may still take.
    room: usize,
}

/// A free block, which begins with the address of the next one.
struct Block {
    next: *mut Block,
}

/// The size that a block is handed out with, and the list that it belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Size {
    bytes: usize,
    list: usize,
}

impl Size {
    /// Returns the size for a layout, or `None` if no list has such blocks.
    #[inline]
    fn of(layout: Layout) -> Option<Self> {
        let list = layout.size().wrapping_sub(1) / STEP;
        let bytes = list.wrapping_add(1).wrapping_mul(STEP);
        (list < SIZES && layout.align() <= ALIGNMENT).then_some(Self { bytes, list })
    }

    /// Returns the layout that blocks of this size have in the allocator below.
    fn layout(self) -> Layout {
        Layout::from_size_align(self.bytes, ALIGNMENT).unwrap_or(Layout::new::<Block>())
    }
}

impl<A> Recycling<A> {
    /// Creates an allocator that has kept nothing yet.
    pub(crate) const fn new(below: A) -> Self {
        Self { below, lists: UnsafeCell::new([List { first: ptr::null_mut(), room: KEPT }; SIZES]) }
    }

    /// Returns the list of a size.
    ///
    /// # Safety
    ///
    /// The reference must be gone before the next call.
    #[inline]
    #[allow(
        clippy::mut_from_ref,
        reason = "the cell is of one thread, and the caller holds one reference at a time"
    )]
    unsafe fn list(&self, size: Size) -> Option<&mut List> {
        unsafe { &mut *self.lists.get() }.get_mut(size.list)
    }
}

// SAFETY: the VM of a proxy has one thread.
unsafe impl<A: Sync> Sync for Recycling<A> {}

// SAFETY: a block is in a list only from its release until it is handed out again, and is at least as large and as
// aligned as each layout of its size.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Recycling<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(size) = Size::of(layout) else { return unsafe { self.below.alloc(layout) } };
        if let Some(list) = unsafe { self.list(size) }
            && !list.first.is_null()
        {
            let block = list.first;
            list.first = unsafe { (*block).next };
            list.room = list.room.wrapping_add(size.bytes);
            return block.cast();
        }
        unsafe { self.below.alloc(size.layout()) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let Some(size) = Size::of(layout) else { return unsafe { self.below.dealloc(block, layout) } };
        if let Some(list) = unsafe { self.list(size) }
            && let Some(room) = list.room.checked_sub(size.bytes)
        {
            let block = block.cast::<Block>();
            unsafe { block.write(Block { next: list.first }) };
            *list = List { first: block, room };
            return;
        }
        unsafe { self.below.dealloc(block, size.layout()) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let Ok(new) = Layout::from_size_align(new_size, layout.align()) else { return ptr::null_mut() };
        match (Size::of(layout), Size::of(new)) {
            (None, None) => unsafe { self.below.realloc(block, layout, new_size) },
            (Some(size), Some(other)) if size == other => block,
            _ => unsafe {
                let moved = self.alloc(new);
                if !moved.is_null() {
                    ptr::copy_nonoverlapping(block, moved, layout.size().min(new_size));
                    self.dealloc(block, layout);
                }
                moved
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::alloc::System;
    use std::cell::Cell;

    /// The system's allocator, with the number of bytes that it has given out.
    struct Counting(Cell<usize>);

    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            self.0.set(self.0.get() + layout.size());
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            self.0.set(self.0.get() - layout.size());
            unsafe { System.dealloc(block, layout) }
        }
    }

    fn allocator() -> Recycling<Counting> {
        Recycling::new(Counting(Cell::new(0)))
    }

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 1).unwrap()
    }

    #[test]
    fn a_block_is_handed_out_again_for_its_size_only() {
        let allocator = allocator();
        unsafe {
            let block = allocator.alloc(layout(33));
            allocator.dealloc(block, layout(33));
            assert_ne!(allocator.alloc(layout(32)), block);
            assert_ne!(allocator.alloc(layout(49)), block);
            assert_eq!(allocator.alloc(layout(48)), block);
            assert_ne!(allocator.alloc(layout(48)), block);
        }
    }

    #[test]
    fn blocks_hold_what_is_written_into_them() {
        let allocator = allocator();
        unsafe {
            for round in 0..3 {
                let sizes = [1, 7, 16, 17, 100, 2_047, 2_048, 2_049, 70_000];
                let blocks = sizes.map(|size| {
                    let block = allocator.alloc(layout(size));
                    block.write_bytes(u8::try_from(size % 251).unwrap() ^ round, size);
                    (block, size)
                });
                for (block, size) in blocks {
                    let grown = allocator.realloc(block, layout(size), size * 3);
                    let expected = u8::try_from(size % 251).unwrap() ^ round;
                    assert!((0..size).all(|at| grown.add(at).read() == expected), "{size}");
                    let shrunk = allocator.realloc(grown, layout(size * 3), size.div_ceil(2));
                    assert!((0..size.div_ceil(2)).all(|at| shrunk.add(at).read() == expected), "{size}");
                    allocator.dealloc(shrunk, layout(size.div_ceil(2)));
                }
            }
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let allocator = allocator();
        unsafe {
            for size in (1..3_000).chain([100_000]) {
                let blocks: Vec<_> = (0..300).map(|_| allocator.alloc(layout(size))).collect();
                blocks.into_iter().for_each(|block| allocator.dealloc(block, layout(size)));
            }
        }
        let kept = allocator.below.0.get();
        assert!((KEPT * SIZES / 2..=KEPT * SIZES).contains(&kept), "{kept} bytes");
    }

    #[test]
    fn a_larger_alignment_is_the_allocators_below() {
        let allocator = allocator();
        let aligned = Layout::from_size_align(64, 64).unwrap();
        unsafe {
            let block = allocator.alloc(aligned);
            assert!(block.addr().is_multiple_of(64));
            allocator.dealloc(block, aligned);
        }
        assert_eq!(allocator.below.0.get(), 0);
    }
}
