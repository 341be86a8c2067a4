//! The functions that the programs call: one for each policy, and some for policies together.
//!
//! In: a key, and the version of the world that stands in a static. Out: a value that names function,
//! key and version, so that nobody can take one for another.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use cached_core::{Error, Expiry, Explanation, Outcome, Site, cached};
use futures::executor::block_on;

use super::random::mixed;

/// What every function returns.
pub(super) type Given = Result<Option<u64>, u64>;

pub(super) const MINUTE: u64 = 60_000;

/// The version of the world: bodies read it, programs move it.
pub(super) static VERSION: AtomicU64 = AtomicU64::new(0);
/// Bodies that ran, by function.
pub(super) static RUNS: [AtomicU64; 32] = [const { AtomicU64::new(0) }; 32];

/// How long one sort of value is kept, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Keep {
    Default,
    Never,
    For(u64),
    AsValues,
}

/// What the attribute of a function says, as the model understands it. Times are milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) ttl: Option<u64>,
    pub(super) idle: Option<u64>,
    pub(super) by_value: bool,
    pub(super) jitter: u64,
    pub(super) stale: u64,
    pub(super) if_error: u64,
    pub(super) errors: Keep,
    pub(super) none: Keep,
    pub(super) selective: bool,
    pub(super) bound: Option<usize>,
    /// Whether values say what they weigh, and how much they may in all.
    pub(super) weighs: bool,
    pub(super) max_bytes: Option<u64>,
    pub(super) flight: bool,
    pub(super) behind: bool,
    /// How many keys differ.
    pub(super) slots: u64,
    /// Whether the body fails, and gives `None`, in some worlds.
    pub(super) fails: bool,
    pub(super) empties: bool,
}

const PLAIN: Policy = Policy {
    ttl: None,
    idle: None,
    by_value: false,
    jitter: 0,
    stale: 0,
    if_error: 0,
    errors: Keep::Default,
    none: Keep::Default,
    selective: false,
    bound: None,
    weighs: false,
    max_bytes: None,
    flight: true,
    behind: false,
    slots: 12,
    fails: false,
    empties: false,
};

/// A cached function, and the model's view of it.
pub(super) struct Subject {
    pub(super) tag: u64,
    pub(super) name: &'static str,
    pub(super) policy: Policy,
    pub(super) is_async: bool,
    pub(super) site: fn() -> &'static Site,
    pub(super) plain: fn(u64) -> Given,
    pub(super) call: fn(u64) -> (Given, Outcome),
    pub(super) refresh: fn(u64) -> Given,
    pub(super) peek: fn(u64) -> Result<Option<Given>, Error>,
    pub(super) put: fn(u64, Given) -> Result<(), Error>,
    pub(super) invalidate: fn(u64) -> Result<(), Error>,
    pub(super) expires_at: fn(u64) -> Result<Option<Expiry>, Error>,
    pub(super) explain: fn(u64) -> Result<Explanation, Error>,
}

/// What is stored of a [`Given`]: the whole, or what was no error.
trait Stored {
    fn given(self) -> Given;
    fn of(given: Given) -> Self;
}

impl Stored for Given {
    fn given(self) -> Given {
        self
    }

    fn of(given: Given) -> Self {
        given
    }
}

impl Stored for Option<u64> {
    fn given(self) -> Given {
        Ok(self)
    }

    fn of(given: Given) -> Self {
        given.ok().flatten()
    }
}

/// What function `tag` gives for a key in one world.
pub(super) fn given(tag: u64, policy: &Policy, slot: u64, version: u64) -> Given {
    let number = version * 100_000 + tag * 1_000 + slot;
    // A program's worlds are the same whenever it runs.
    match mixed(slot * 1_000 + version % 1_000) % 4 {
        0 if policy.fails => Err(number),
        1 if policy.empties => Ok(None),
        _ => Ok(Some(number)),
    }
}

/// Whether `cache_if` lets a number be stored.
pub(super) fn is_kept(number: u64) -> bool {
    !mixed(number % 100_000 + number / 100_000 % 1_000).is_multiple_of(3)
}

/// How long a number says that it lives.
pub(super) fn good_for(number: u64) -> u64 {
    (1 + mixed(number % 100_000 + number / 100_000 % 1_000) % 5) * MINUTE
}

/// What a value says that it weighs: less than a program allows by a kibibyte at least, or too much.
pub(super) fn weight(value: Option<u64>) -> usize {
    const WEIGHTS: [usize; 5] = [0, 1 << 10, 5 << 10, 30 << 10, 300 << 10];
    let drawn = value.map_or(0, |number| mixed(number % 100_000 + number / 100_000 % 1_000));
    WEIGHTS[usize::try_from(drawn % 5).unwrap()]
}

fn body(tag: u64, slot: u64) -> Given {
    RUNS[usize::try_from(tag).unwrap()].fetch_add(1, SeqCst);
    let policy = &SUBJECTS.iter().find(|subject| subject.tag == tag).unwrap().policy;
    given(tag, policy, slot, VERSION.load(SeqCst))
}

macro_rules! wait {
    (sync $value:expr) => {
        $value
    };
    (asynchronous $value:expr) => {
        block_on($value)
    };
}

macro_rules! is_async {
    (sync) => {
        false
    };
    (asynchronous) => {
        true
    };
}

/// A row: its number, name and sort; the arguments of a call and of an entry; the policy; the function.
macro_rules! subjects {
    ($($tag:literal $name:ident $sort:ident $n:ident ($($call:expr),*) ($($key:expr),*) { $($policy:tt)* } { $($item:tt)* })*) => {
        $(mod $name {
            use super::*;

            $($item)*

            pub(super) const SUBJECT: Subject = Subject {
                tag: $tag,
                name: stringify!($name),
                policy: Policy { $($policy)* ..PLAIN },
                is_async: is_async!($sort),
                site: || f::site(),
                plain: |$n| wait!($sort f($($call),*)),
                call: |$n| wait!($sort f::with_outcome($($call),*)),
                refresh: |$n| wait!($sort f::refresh($($call),*)),
                peek: |$n| Ok(wait!($sort f::entry($($key),*).peek())?.map(Stored::given)),
                put: |$n, given| wait!($sort f::entry($($key),*).put(Stored::of(given))),
                invalidate: |$n| wait!($sort f::entry($($key),*).invalidate()),
                expires_at: |$n| wait!($sort f::entry($($key),*).expires_at()),
                explain: |$n| wait!($sort f::entry($($key),*).explain()),
            };
        })*

        pub(super) static SUBJECTS: &[Subject] = &[$($name::SUBJECT),*];
    };
}

subjects! {
    1 plain sync n (n) (&n) {} {
        #[cached]
        fn f(n: u64) -> Given { body(1, n) }
    }
    2 timed sync n (n) (&n) { ttl: Some(5 * MINUTE), } {
        #[cached(ttl = "5m")]
        fn f(n: u64) -> Given { body(2, n) }
    }
    3 stale sync n (n) (&n) { ttl: Some(4 * MINUTE), stale: 3 * MINUTE, fails: true, } {
        #[cached(ttl = "4m", stale = "3m")]
        fn f(n: u64) -> Given { body(3, n) }
    }
    4 fragile sync n (n) (&n) { ttl: Some(3 * MINUTE), if_error: 10 * MINUTE, fails: true, } {
        #[cached(ttl = "3m", stale_if_error = "10m")]
        fn f(n: u64) -> Given { body(4, n) }
    }
    5 spread sync n (n) (&n) { ttl: Some(8 * MINUTE), jitter: 50, } {
        #[cached(ttl = "8m", jitter = "50%")]
        fn f(n: u64) -> Given { body(5, n) }
    }
    6 of_errors sync n (n) (&n) { ttl: Some(7 * MINUTE), errors: Keep::For(3 * MINUTE), fails: true, } {
        #[cached(ttl = "7m", errors = "3m")]
        fn f(n: u64) -> Given { body(6, n) }
    }
    7 of_none sync n (n) (&n) { none: Keep::For(2 * MINUTE), empties: true, fails: true, } {
        #[cached(none = "2m")]
        fn f(n: u64) -> Given { body(7, n) }
    }
    8 selective sync n (n) (&n) { ttl: Some(6 * MINUTE), selective: true, } {
        #[cached(ttl = "6m", cache_if = |value| value.is_none_or(is_kept))]
        fn f(n: u64) -> Given { body(8, n) }
    }
    9 bounded sync n (n) (&n) { bound: Some(4), } {
        #[cached(max_entries = 4)]
        fn f(n: u64) -> Given { body(9, n) }
    }
    10 beside sync n (n) (&n) { ttl: Some(5 * MINUTE), flight: false, fails: true, } {
        #[cached(ttl = "5m", flight = "off")]
        fn f(n: u64) -> Given { body(10, n) }
    }
    11 keyed sync n (n) (n) { slots: 5, ttl: Some(9 * MINUTE), } {
        #[cached(key = n % 5, ttl = "9m")]
        fn f(n: u64) -> Given { body(11, n % 5) }
    }
    12 skipping sync n (n, &noise()) (&n) { stale: 2 * MINUTE, ttl: Some(2 * MINUTE), } {
        #[cached(skip(_noise), ttl = "2m", stale = "2m")]
        fn f(n: u64, _noise: &str) -> Given { body(12, n) }
    }
    13 awaited asynchronous n (n) (&n) { ttl: Some(5 * MINUTE), } {
        #[cached(ttl = "5m")]
        async fn f(n: u64) -> Given { body(13, n) }
    }
    14 awaited_all asynchronous n (n) (&n) {
        ttl: Some(4 * MINUTE), stale: MINUTE, if_error: 6 * MINUTE, none: Keep::Never, fails: true, empties: true,
    } {
        #[cached(ttl = "4m", stale = "1m", stale_if_error = "6m", none = "never")]
        async fn f(n: u64) -> Given {
            std::future::ready(()).await;
            body(14, n)
        }
    }
    15 behind sync n (n) (&n) { ttl: Some(4 * MINUTE), stale: 5 * MINUTE, behind: true, fails: true, } {
        #[cached(ttl = "4m", stale = "5m", refresh = "background")]
        fn f(n: u64) -> Given { body(15, n) }
    }
    16 by_value sync n (n) (&n) { by_value: true, fails: true, } {
        #[cached(ttl = |value| Duration::from_millis(value.map_or(MINUTE, good_for)))]
        fn f(n: u64) -> Given { body(16, n) }
    }
    17 both sync n (n) (&n) { errors: Keep::For(14_400 * MINUTE), none: Keep::Never, bound: Some(6), fails: true, empties: true, } {
        #[cached(errors = "10d", none = "never", max_entries = 6)]
        fn f(n: u64) -> Given { body(17, n) }
    }
    18 everything sync n (n) (&n) {
        ttl: Some(6 * MINUTE), jitter: 20, stale: 2 * MINUTE, if_error: 5 * MINUTE, none: Keep::For(4 * MINUTE),
        selective: true, fails: true, empties: true,
    } {
        #[cached(
            ttl = "6m", jitter = "20%", stale = "2m", stale_if_error = "5m", none = "4m",
            cache_if = |value| value.is_none_or(is_kept)
        )]
        fn f(n: u64) -> Given { body(18, n) }
    }
    19 forever sync n (n) (&n) { errors: Keep::AsValues, ttl: Some(5 * MINUTE), fails: true, } {
        #[cached(errors = "forever", ttl = "5m")]
        fn f(n: u64) -> Given { body(19, n) }
    }
    20 idling sync n (n) (&n) { idle: Some(6 * MINUTE), } {
        #[cached(idle = "6m")]
        fn f(n: u64) -> Given { body(20, n) }
    }
    21 idling_all sync n (n) (&n) {
        ttl: Some(20 * MINUTE), idle: Some(3 * MINUTE), stale: 2 * MINUTE, if_error: 4 * MINUTE, fails: true,
    } {
        #[cached(ttl = "20m", idle = "3m", stale = "2m", stale_if_error = "4m")]
        fn f(n: u64) -> Given { body(21, n) }
    }
    22 awaited_idle asynchronous n (n) (&n) { ttl: Some(12 * MINUTE), idle: Some(5 * MINUTE), empties: true, } {
        #[cached(ttl = "12m", idle = "5m")]
        async fn f(n: u64) -> Given { body(22, n) }
    }
    23 weighed sync n (n) (&n) { weighs: true, max_bytes: Some(12 << 10), } {
        #[cached(max_bytes = "12KiB", weigh = |value| weight(*value))]
        fn f(n: u64) -> Given { body(23, n) }
    }
    24 weighed_all sync n (n) (&n) {
        weighs: true, max_bytes: Some(100 << 10), ttl: Some(9 * MINUTE), idle: Some(4 * MINUTE),
        none: Keep::For(MINUTE), selective: true, fails: true, empties: true,
    } {
        #[cached(
            max_bytes = "100KiB", weigh = |value| weight(*value), ttl = "9m", idle = "4m", none = "1m",
            cache_if = |value| value.is_none_or(is_kept)
        )]
        fn f(n: u64) -> Given { body(24, n) }
    }
}

/// Another text at each call: what is skipped may be anything.
fn noise() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, SeqCst).to_string()
}
