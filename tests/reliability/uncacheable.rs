//! R13: what may not be kept is not computed one after the other.
//!
//! In: a hundred callers of one key whose body gives nothing that is stored. Out: all of them are done after two bodies at
//! most; where the outcome is shared the body ran once, where it may not be it ran beside itself.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use cached_core::{Site, cached};
use tokio::runtime::Runtime;

use cached_tests::crowd::{self, Crowd, Gauge, at_rest, figures, routed, runtime};
use cached_tests::support::scaled;

const HERE: &str = "reliability::uncacheable::*";
const CALLERS: usize = 100;
const BODY: Duration = Duration::from_millis(100);
const BAR: Duration = Duration::from_millis(400);

/// A fresh key in every round, over all tests of this file.
static ROUND: AtomicU64 = AtomicU64::new(0);
static BODIES: Gauge = Gauge::new();

/// A sync and an async function that give the same.
macro_rules! uncacheable {
    ($($name:ident $later:ident #[$policy:meta] $key:ident -> $ty:ty: $value:expr;)*) => {$(
        #[$policy]
        fn $name($key: u64) -> $ty {
            let _inside = BODIES.enter();
            thread::sleep(BODY);
            $value
        }

        #[$policy]
        async fn $later($key: u64) -> $ty {
            let _inside = BODIES.enter();
            tokio::time::sleep(BODY).await;
            $value
        }
    )*};
}

uncacheable! {
    failing failing_later #[cached] key -> Result<u64, u64>: Err(key);
    absent absent_later #[cached(none = "never")] key -> Option<u64>: (key == u64::MAX).then_some(key);
    refused refused_later #[cached(cache_if = |value| *value == u64::MAX)] key -> u64: key;
}

/// What is called in some rounds.
struct Sort {
    what: String,
    sites: [&'static Site; 2],
    /// Whether the outcome may be shared, so that one body is enough.
    shared: bool,
}

/// Rounds of callers of a fresh key, each of whom has to be given `right`.
fn rounds<T: PartialEq>(
    sort: &Sort,
    round: impl Fn(u64) -> Crowd<T>,
    right: impl Fn(u64) -> T,
    stored: impl Fn(u64) -> bool,
) {
    let Sort { what, sites, shared } = sort;
    let (rounds, mut walls, mut most) = (scaled(20), Vec::new(), 0);
    for _ in 0..rounds {
        let key = ROUND.fetch_add(1, SeqCst);
        BODIES.reset();
        let (given, wall) = round(key);
        assert!(given.len() == CALLERS && given.iter().all(|given| *given == Ok(right(key))), "{what}: all are right");
        let runs = BODIES.runs();
        assert!(if *shared { runs == 1 } else { (1..=CALLERS).contains(&runs) }, "{what}: {runs} bodies ran");
        assert!(!stored(key), "{what}: nothing is stored");
        most = most.max(BODIES.most());
        walls.push(wall);
    }
    let (least, median, longest) = figures(walls);
    println!(
        "R13 {what}: {CALLERS} callers, {rounds} rounds: wall median {median:.0?}, most {longest:.0?}, \
         at most {most} bodies at a time"
    );
    assert!(least <= BAR, "{what}: the quickest round took {least:?}; the bar is {BAR:?}");
    sites.iter().for_each(|site| at_rest(site));
    assert!(sites.iter().all(|site| site.stats().entries == 0), "{what}: nothing is stored");
}

fn here(kind: &str) {
    let threads = |call: fn(u64) -> Given| move |key| crowd::threads(CALLERS, |_| call(key));
    rounds(
        &Sort { what: format!("{kind}, Err"), sites: [failing::site(), failing_later::site()], shared: false },
        threads(|key| failing(key).map_err(Some)),
        |key| Err(Some(key)),
        |key| failing::entry(&key).peek().expect("the backend works").is_some(),
    );
    rounds(
        &Sort { what: format!("{kind}, None"), sites: [absent::site(), absent_later::site()], shared: true },
        threads(|key| absent(key).ok_or(None)),
        |_| Err(None),
        |key| absent::entry(&key).peek().expect("the backend works").is_some(),
    );
    rounds(
        &Sort {
            what: format!("{kind}, not to be kept"),
            sites: [refused::site(), refused_later::site()],
            shared: true,
        },
        threads(|key| Ok(refused(key))),
        Ok,
        |key| refused::entry(&key).peek().expect("the backend works").is_some(),
    );
}

/// What a caller is given, of whichever function.
type Given = Result<u64, Option<u64>>;

fn later(kind: &str, runtime: &Runtime) {
    macro_rules! peeked {
        ($name:ident) => {
            |key| runtime.block_on($name::entry(&key).peek()).expect("the backend works").is_some()
        };
    }
    rounds(
        &Sort { what: format!("{kind}, async, Err"), sites: [failing::site(), failing_later::site()], shared: false },
        |key| crowd::tasks(runtime, CALLERS, |_| failing_later(key)),
        Err,
        peeked!(failing_later),
    );
    rounds(
        &Sort { what: format!("{kind}, async, None"), sites: [absent::site(), absent_later::site()], shared: true },
        |key| crowd::tasks(runtime, CALLERS, |_| absent_later(key)),
        |_| None,
        peeked!(absent_later),
    );
    rounds(
        &Sort {
            what: format!("{kind}, async, not to be kept"),
            sites: [refused::site(), refused_later::site()],
            shared: true,
        },
        |key| crowd::tasks(runtime, CALLERS, |_| refused_later(key)),
        |key| key,
        peeked!(refused_later),
    );
}

#[test]
fn r13_what_may_not_be_kept_is_not_computed_one_after_the_other_in_memory() {
    let _routed = routed("memory", HERE, "10s");
    here("memory");
    later("memory", &runtime(true));
}

#[test]
fn r13_what_may_not_be_kept_is_not_computed_one_after_the_other_on_files() {
    let _routed = routed("file", HERE, "10s");
    here("file");
    later("file", &runtime(true));
}
