//! What is asked of the kernel about memory.
//!
//! In: a wish. Out: memory that a forked process finds empty, or large pages for what is large: whoever looks at random
//! there misses once less. Where the kernel has no such thing, nothing is lost but time.
#![expect(unsafe_code, reason = "memory is asked of the kernel")]

use std::sync::atomic::AtomicU64;

#[cfg(all(target_os = "linux", not(miri)))]
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous};

/// So many bytes at least are worth large pages, of which each has half of them.
#[cfg(all(target_os = "linux", not(miri)))]
const LARGE: usize = 4 << 20;

/// A number that is 0 at first, and 0 again in a process that was forked.
#[cfg(all(target_os = "linux", not(miri)))]
pub(super) fn of_this_process() -> Option<&'static AtomicU64> {
    let (size, both) = (size_of::<AtomicU64>(), ProtFlags::READ | ProtFlags::WRITE);
    // SAFETY: it asks for memory wherever there is some; a page is what the kernel gives at least.
    let page = unsafe { mmap_anonymous(std::ptr::null_mut(), size, both, MapFlags::PRIVATE) }.ok()?;
    // SAFETY: it is the memory that was just given, in which there is nothing yet.
    unsafe { madvise(page, size, Advice::LinuxWipeOnFork) }.ok()?;
    // SAFETY: it begins with a page, holds zeros, which are a number, and is never given back. It is wiped in a process
    // that has no other thread yet.
    Some(unsafe { &*page.cast::<AtomicU64>() })
}

#[cfg(not(all(target_os = "linux", not(miri))))]
pub(super) fn of_this_process() -> Option<&'static AtomicU64> {
    None
}

/// Asks for large pages where memory begins that nobody has used so far, if so many bytes of it are worth that.
#[cfg(all(target_os = "linux", not(miri)))]
pub(super) fn make_large<T>(start: *mut T, bytes: usize) {
    if bytes < LARGE {
        return;
    }
    let start = start.cast::<u8>();
    let skipped = start.align_offset(rustix::param::page_size());
    // SAFETY: it advises, and changes nothing of what is there; a page is smaller than what is large.
    let _ = unsafe { madvise(start.add(skipped).cast(), bytes - skipped, Advice::LinuxHugepage) };
}

#[cfg(not(all(target_os = "linux", not(miri))))]
pub(super) fn make_large<T>(_start: *mut T, _bytes: usize) {}
