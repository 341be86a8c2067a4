//! Counts allocations.
//!
//! In: every allocation of the program. Out: how many the current thread has made. A thread counts
//! for itself, so that counting costs the peers that allocate next to nothing.
#![expect(unsafe_code, reason = "`GlobalAlloc` is an unsafe trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static MADE: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<i64> = const { Cell::new(0) };
}

/// Allocations that this thread has made, growing ones included.
pub(crate) fn made() -> u64 {
    MADE.get()
}

/// The bytes that this thread has asked for, without those that it gave back.
pub(crate) fn held() -> i64 {
    HELD.get()
}

fn count(bytes: usize) {
    MADE.set(MADE.get() + 1);
    hold(i64::try_from(bytes).unwrap_or(i64::MAX));
}

fn hold(bytes: i64) {
    HELD.set(HELD.get().wrapping_add(bytes));
}

fn drop_of(bytes: usize) {
    hold(-i64::try_from(bytes).unwrap_or(i64::MAX));
}

// SAFETY: every method passes its arguments on to `System`, which keeps the contract, and returns
// what it returned; `count` and `drop_of` do not allocate: their cells are constant-initialized and have no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's promises are those that `System` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        drop_of(layout.size());
        count(size);
        // SAFETY: as above; `block` came from `System`, as every block does.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        drop_of(layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}
