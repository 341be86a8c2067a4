//! R30, R31, R52 and R58: what a site holds has a bound, and so has the heap: counted in the allocator itself.
#![expect(unsafe_code, reason = "a counting allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use cached_core::{Site, cached};
use cached_tests::support::scaled;

mod caps;
mod hostile;

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

fn grown(by: usize) {
    let live = LIVE.fetch_add(by, Relaxed) + by;
    if live > PEAK.load(Relaxed) {
        PEAK.fetch_max(live, Relaxed);
    }
}

// SAFETY: every call goes to `System` as it came; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's promise, handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise, handed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grown(size);
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise, handed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How many entries a site holds unless something else is said.
const ENTRIES: u64 = 10_000;
/// What may come on top of a quarter more than the default bytes.
const SLACK: usize = 16 << 20;
const LETTERS: usize = 200;

#[cached]
fn number(n: u64) -> u64 {
    n + 1
}

#[cached]
fn text(text: &str) -> u64 {
    text.len() as u64
}

#[cached(tags = ["one of {n}"])]
fn tagged(n: u64) -> u64 {
    n + 1
}

/// A site, a call with a key made of a number, the bytes of key and value, and the keys of the full count.
struct Case {
    what: &'static str,
    site: &'static Site,
    call: fn(u64) -> u64,
    bytes: usize,
    keys: usize,
    threads: usize,
}

/// What an entry takes beside key and value: hash, generation, creation, deadline, its place with the policy, the
/// table's share of it, and what the allocator is asked for more than once.
const BESIDE: usize = 128;

/// What a tag of its own takes: its text and a set of one hash; twice, since the index looks for what has gone when
/// it has doubled.
const TAG: usize = 600;

/// Asks for all keys from so many threads; says what is wrong.
fn fill(case: &Case) -> Result<(), String> {
    let (before, keys) = (LIVE.load(Relaxed), scaled(case.keys) as u64);
    PEAK.store(before, Relaxed);
    std::thread::scope(|scope| {
        for part in 0..case.threads {
            scope.spawn(move || {
                for n in (part as u64..keys).step_by(case.threads) {
                    std::hint::black_box((case.call)(n));
                    if n % 65_536 == part as u64 {
                        let entries = case.site.stats().entries;
                        assert!(entries <= ENTRIES, "{}: {entries} entries", case.what);
                    }
                }
            });
        }
    });
    let (peak, left) = (PEAK.load(Relaxed) - before, LIVE.load(Relaxed).saturating_sub(before));
    let (stats, default) = (case.site.stats(), 10_000 * (case.bytes + BESIDE));
    println!(
        "R30 {}: {keys} keys from {} threads, {} entries, {} evicted, {} refused; peak heap {peak} bytes, {left} in \
         the end; the default is {ENTRIES} x ({} + {BESIDE}) = {default} bytes",
        case.what, case.threads, stats.entries, stats.evictions, stats.not_stored, case.bytes
    );
    match () {
        () if stats.entries > ENTRIES => Err(format!("{} entries", stats.entries)),
        () if stats.entries < ENTRIES * 9 / 10 => Err(format!("{} entries only", stats.entries)),
        () if peak > default + default / 4 + SLACK => Err(format!("{peak} bytes")),
        // What the bar leaves room for is not to be used by an engine of which nothing leaks.
        () if left > default + default / 4 => Err(format!("{left} bytes left")),
        () => Ok(()),
    }
}

const MIB: usize = 1 << 20;
const BYTES: usize = 32 * MIB;

#[cached(max_bytes = "32MiB", weigh = |page| page.len())]
fn page(n: u64) -> Vec<u8> {
    vec![1; size(n)]
}

#[cached(max_bytes = "32MiB", weigh = |page| page.len())]
fn shared_page(n: u64) -> Arc<[u8]> {
    std::iter::repeat_n(1, size(n)).collect()
}

/// From nothing to a mebibyte.
fn size(n: u64) -> usize {
    usize::try_from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44).unwrap_or(0)
}

/// Four threads ask for pages, some of them larger than there is room for; says what is wrong.
fn weigh(what: &str, site: &'static Site, call: fn(u64) -> usize) -> Result<(), String> {
    let (before, steps) = (LIVE.load(Relaxed), scaled(100_000) as u64);
    PEAK.store(before, Relaxed);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for step in 0..steps / 4 {
                    // Half of the calls are for few keys, which come back.
                    let n = if step % 2 == 0 { step * 4 + thread } else { step * 7 % 40 };
                    assert_eq!(call(n), size(n));
                }
            });
        }
    });
    let (peak, stats) = (PEAK.load(Relaxed) - before, site.stats());
    println!(
        "R31 {what}: {steps} calls of 4 threads, {} hits, {} entries of {} bytes, {} refused; peak heap {peak} bytes = {:.1} MiB",
        stats.hits,
        stats.entries,
        stats.bytes,
        stats.not_stored,
        peak as f64 / MIB as f64
    );
    match () {
        // Four callers with a value and a copy of it, and what one of them drops.
        () if peak > BYTES + 9 * MIB => Err(format!("{peak} bytes")),
        () if stats.bytes > BYTES as u64 || stats.bytes < BYTES as u64 / 2 => Err(format!("{stats:?}")),
        () if stats.hits == 0 => Err("nothing comes back".into()),
        () => Ok(()),
    }
}

/// A harness of its own: nothing else runs in this process while it counts.
fn main() -> ExitCode {
    let cases = [
        Case { what: "u64 keys", site: number::site(), call: number, bytes: 16, keys: 10_000_000, threads: 1 },
        Case {
            what: "200-byte keys",
            site: text::site(),
            call: |n| text(&format!("{n:0>LETTERS$}")),
            bytes: LETTERS + 24 + 8,
            keys: 1_000_000,
            threads: 2,
        },
        Case {
            what: "u64 keys, each of a tag",
            site: tagged::site(),
            call: tagged,
            bytes: 16 + TAG,
            keys: 1_000_000,
            threads: 2,
        },
    ];
    let mut code = ExitCode::SUCCESS;
    for case in &cases {
        let filled = fill(case);
        let said = filled.as_ref().map_or_else(|wrong| format!("FAILED: {wrong}"), |()| "ok".to_owned());
        println!("test r30_a_bare_site_is_bounded ({}) ... {said}", case.what);
        if filled.is_err() {
            code = ExitCode::FAILURE;
        }
    }
    for (what, result) in [
        ("values", weigh("values", page::site(), |n| page(n).len())),
        ("shared values", weigh("shared values", shared_page::site(), |n| shared_page(n).len())),
    ] {
        let said = result.as_ref().map_or_else(|wrong| format!("FAILED: {wrong}"), |()| "ok".to_owned());
        println!("test r31_a_bound_in_bytes_is_one_of_the_heap ({what}) ... {said}");
        if result.is_err() {
            code = ExitCode::FAILURE;
        }
    }
    for (sentence, check) in [
        (
            "r52_any_bytes_are_a_value_or_none_and_cost_what_they_are_long",
            hostile::decode as fn() -> Result<(), String>,
        ),
        ("r58_what_is_too_long_is_not_kept_and_counted", caps::bounds),
    ] {
        let checked = check();
        let said = checked.as_ref().map_or_else(|wrong| format!("FAILED: {wrong}"), |()| "ok".to_owned());
        println!("test {sentence} ... {said}");
        if checked.is_err() {
            code = ExitCode::FAILURE;
        }
    }
    code
}
