//! R58: what is too long to keep is not kept, is counted, and costs no copy of it beyond the bound.
//!
//! In: arguments and values far over the bounds. Out: the right results, a count, and how far the heap grew.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use cached_core::{Config, Site, cached};
use cached_testkit::Shelf;

use crate::{LIVE, MIB, PEAK};

/// The default bound of a value, and what may come on top of a bound.
const BOUND: usize = MIB;
const SLACK: usize = MIB;
/// The longest key.
const KEY: usize = 64 << 10;

#[cached(name = "heap.length", ttl = "1h")]
fn length(text: &str) -> usize {
    text.len()
}

#[cached(name = "heap.sum", ttl = "1h")]
fn sum(bytes: &[u8]) -> usize {
    bytes.iter().step_by(4_096).map(|byte| usize::from(*byte)).sum()
}

#[cached(name = "heap.long", ttl = "1h")]
fn long(n: usize) -> String {
    "x".repeat(n)
}

#[cached(name = "heap.list", ttl = "1h")]
fn list(n: usize) -> Vec<u64> {
    (0..n as u64).collect()
}

/// How far the heap grew in a call.
fn grown(call: impl FnOnce()) -> usize {
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    call();
    PEAK.load(Relaxed) - before
}

/// Says what is wrong.
pub(crate) fn bounds() -> Result<(), String> {
    let shelf = Arc::new(Shelf::new());
    let sites: [&'static Site; 4] = [length::site(), sum::site(), long::site(), list::site()];
    let config = Config::new().backend("shelf", Arc::clone(&shelf) as _);
    let config = sites.iter().fold(config, |config, site| config.site(site.name(), "backend", "shelf"));
    config.install().map_err(|error| error.to_string())?;
    let argument = cached_tests::support::scaled(MIB << 10);
    let text = "x".repeat(argument);
    let counts = |site: &Site| (site.stats().runs, site.stats().bypassed, site.stats().not_stored);
    let of_text = grown(|| assert_eq!((length(&text), length(&text)), (argument, argument)));
    let of_bytes = grown(|| assert_eq!(sum(text.as_bytes()), sum::uncached(text.as_bytes())));
    // The value, and the copy of it that is shared with whoever waits.
    let beside = |grown: usize| grown.saturating_sub(argument / 4);
    let of_value = beside(grown(|| assert_eq!(long(argument / 8).len(), argument / 8)));
    let of_list = beside(grown(|| assert_eq!(list(argument / 64).len(), argument / 64)));
    println!(
        "R58: arguments of {argument} bytes: the heap grew by {of_text} for a text and {of_bytes} for bytes; values of {} \
         bytes: by {of_value} and {of_list} beside the value; {} entries stored",
        argument / 8,
        shelf.keys().len()
    );
    match () {
        () if counts(length::site()) != (2, 2, 0) || counts(sum::site()) != (1, 1, 0) => {
            Err(format!("{:?} {:?}", length::site().stats(), sum::site().stats()))
        }
        () if counts(long::site()) != (1, 0, 1) || counts(list::site()) != (1, 0, 1) => {
            Err(format!("{:?} {:?}", long::site().stats(), list::site().stats()))
        }
        () if !shelf.keys().is_empty() => Err("something was stored".into()),
        // A key is a copy of the argument, since it outlives the call.
        () if of_text > argument + KEY + SLACK || of_bytes > argument + KEY + SLACK => {
            Err("a second copy of an argument".into())
        }
        () if of_value > BOUND + SLACK || of_list > BOUND + SLACK => Err("a value was copied beyond its bound".into()),
        () => Ok(()),
    }
}
