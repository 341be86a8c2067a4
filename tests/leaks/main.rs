//! What a long life leaves behind: R12, R18 and R33, counted in the allocator and by the system.
//!
//! In: a process in which nothing else runs, since whoever counts bytes has to be alone. Out: the sentences that hold. A
//! word on the command line picks those that contain it.
#![expect(unsafe_code, reason = "a counting allocator")]

cached_core::link!(cached_file);

mod followers;
mod keys;
mod thrash;

use std::alloc::{GlobalAlloc, Layout, System};
use std::panic::catch_unwind;
use std::process::ExitCode;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

struct Counting;

/// Bytes that are allocated now.
static BYTES: AtomicI64 = AtomicI64::new(0);

fn count(bytes: usize, sign: i64) {
    BYTES.fetch_add(i64::try_from(bytes).unwrap_or(0) * sign, Relaxed);
}

// SAFETY: every call goes to `System` as it came; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: the caller's promise, handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: the caller's promise, handed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(layout.size(), -1);
        count(size, 1);
        // SAFETY: the caller's promise, handed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Bytes that are allocated now, by whomever.
fn heap() -> i64 {
    BYTES.load(Relaxed)
}

const KIB: i64 = 1 << 10;
const MIB: i64 = 1 << 20;

const SENTENCES: [(&str, fn()); 6] = [
    ("r18_of_a_thousand_followers_those_who_leave_leave_nothing_in_memory", || followers::leave("memory")),
    ("r18_of_a_thousand_followers_those_who_leave_leave_nothing_on_files", || followers::leave("file")),
    ("r33_a_million_keys_that_end_in_every_way_leave_nothing_in_memory", || keys::end_in_every_way("memory")),
    ("r33_a_million_keys_that_end_in_every_way_leave_nothing_on_files", || keys::end_in_every_way("file")),
    ("r12_twenty_threads_of_random_operations_leave_nothing_in_memory", || thrash::on("memory")),
    ("r12_twenty_threads_of_random_operations_leave_nothing_on_files", || thrash::on("file")),
];

fn main() -> ExitCode {
    let before = heap();
    let kept = vec![1_u8; 1_000];
    assert_eq!(heap() - before, 1_000, "the allocator counts");
    drop(kept);
    let words: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let chosen = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    let mut failed = 0;
    for (name, check) in SENTENCES.iter().filter(|(name, _)| chosen(name)) {
        let holds = catch_unwind(check).is_ok();
        failed += usize::from(!holds);
        println!("test {name} ... {}", if holds { "ok" } else { "FAILED" });
    }
    ExitCode::from(u8::from(failed > 0))
}
