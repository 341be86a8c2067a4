//! R33: distinct keys that end in every way.
//!
//! In: a quarter of the keys each with a value, an `Err`, a panic and a cancellation. Out: no flight, nobody who waits, and
//! no more heap than before, but for what a bounded memory holds.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::{Context, Poll, Waker};

use cached_core::{Site, cached};

use cached_tests::crowd::{at_rest, flush, routed, step};
use cached_tests::support::scaled;

use crate::{MIB, heap};

fn end(key: u64) -> Result<String, u64> {
    match key % 4 {
        1 => Err(key),
        2 => resume_unwind(Box::new("a body panics")),
        _ => Ok(format!("value {key}")),
    }
}

#[cached(max_entries = 100)]
fn here(key: &str, number: u64) -> Result<String, u64> {
    assert!(!key.is_empty());
    end(number)
}

#[cached(max_entries = 100, tags = ["number:{number}"])]
async fn later(key: &str, number: u64) -> Result<String, u64> {
    assert!(!key.is_empty());
    step().await;
    end(number)
}

/// Ends in one way or another; `false` if it was dropped before its end.
fn call_later(text: &str, number: u64) -> bool {
    let mut call = Box::pin(later(text, number));
    loop {
        let poll = || call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        match catch_unwind(AssertUnwindSafe(poll)) {
            Ok(Poll::Ready(given)) => assert_eq!(given.is_ok(), number.is_multiple_of(4)),
            Err(_) => assert_eq!(number % 4, 2),
            // A body that is under way, or the read before it.
            Ok(Poll::Pending) if number % 4 == 3 => return false,
            Ok(Poll::Pending) => {
                std::thread::yield_now();
                continue;
            }
        }
        return true;
    }
}

/// So many keys, from `first` on; half of those that can end in a call on a thread do so.
fn end_all(first: u64, keys: u64) {
    let mut cancelled = 0;
    for number in first..first + keys {
        let text = format!("a key of some length, number {number}");
        if number % 8 < 4 || number % 4 == 3 {
            cancelled += u64::from(!call_later(&text, number));
        } else {
            let given = catch_unwind(AssertUnwindSafe(|| here(&text, number)));
            assert_eq!(given.is_err(), number % 4 == 2);
        }
        // What a worker still reads or writes for nobody is not counted as left behind.
        if number.is_multiple_of(1_000) {
            flush();
        }
    }
    assert_eq!(cancelled, keys / 4, "cancelled");
}

pub(crate) fn end_in_every_way(kind: &str) {
    let _routed = routed(kind, "leaks::keys::*", "10s");
    // A backend with a hundred thousand files takes longer to clear than it took to write.
    let keys = scaled(if kind == "file" { 100_000 } else { 1_000_000 }) as u64 / 8 * 8;
    end_all(0, 4_000);
    flush();
    let sites: [&Site; 2] = [here::site(), later::site()];
    let (before, counted) = (heap(), sites.map(Site::stats));
    end_all(4_000, keys);
    sites.iter().for_each(|site| at_rest(site));
    let grown = heap() - before;
    let stats = sites.map(Site::stats);
    let since = |figure: fn(&cached_core::Stats) -> u64| {
        figure(&stats[0]) + figure(&stats[1]) - figure(&counted[0]) - figure(&counted[1])
    };
    println!(
        "R33 {kind}: {keys} keys, a quarter each a value, an `Err`, a panic, cancelled: heap grown by {grown} bytes"
    );
    assert_eq!(since(|stats| stats.calls), keys);
    assert_eq!([since(|stats| stats.panicked), since(|stats| stats.cancelled)], [keys / 4; 2]);
    assert_eq!(since(|stats| stats.errors) - since(|stats| stats.panicked + stats.cancelled), keys / 4);
    assert!(grown <= MIB, "{grown} bytes more");
}
