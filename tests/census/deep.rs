//! How much of the stack a level of a memoized recursion takes, beside a level of the plain one.

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use cached_core::cached;

const DEPTH: u64 = 5_000;

/// Where the deepest level has its locals.
static BOTTOM: AtomicUsize = AtomicUsize::new(0);

#[inline(never)]
fn here() -> usize {
    let local = 0_u8;
    std::ptr::from_ref(black_box(&local)).addr()
}

fn sum<T>(n: u64, below: impl FnOnce() -> T, last: T) -> T {
    if n == 0 {
        BOTTOM.store(here(), Relaxed);
        return last;
    }
    black_box(below())
}

#[inline(never)]
fn plain(n: u64) -> u64 {
    sum(n, || plain(n - 1), 0) + n
}

#[cached(max_entries = 10_000)]
fn level(n: u64) -> u64 {
    sum(n, || level(n - 1), 0) + n
}

#[inline(never)]
fn plain_text(n: u64, text: &str) -> Result<String, u64> {
    let below = sum(n, || plain_text(n - 1, text), Ok(text.to_owned()))?;
    Ok(below.replace('a', "b"))
}

#[cached(max_entries = 10_000)]
fn text(n: u64, text: &str) -> Result<String, u64> {
    let below = sum(n, || self::text(n - 1, text), Ok(text.to_owned()))?;
    Ok(below.replace('a', "b"))
}

/// Bytes of a level.
fn bytes<T: PartialEq>(call: impl Fn(u64) -> T) -> (usize, T) {
    let top = here();
    let given = call(DEPTH);
    ((top - BOTTOM.load(Relaxed)) / DEPTH as usize, given)
}

/// Goes down the levels on a stack of so many MiB; a line for each sort of function.
pub fn measure(mebibytes: usize) {
    let measured = move || {
        let (of_plain, of_level) = (bytes(plain), bytes(level));
        let (of_plain_text, of_text) = (bytes(|n| plain_text(n, "a")), bytes(|n| text(n, "a")));
        assert!(of_plain.1 == of_level.1 && of_plain_text.1 == of_text.1);
        println!("deep number {} {}", of_plain.0, of_level.0);
        println!("deep text {} {}", of_plain_text.0, of_text.0);
    };
    let thread = std::thread::Builder::new().stack_size(mebibytes << 20).spawn(measured);
    thread.expect("a thread").join().expect("the stack sufficed");
}
