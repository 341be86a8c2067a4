//! Tests that run beside one another, each with empty caches and exact counters of its own.
//!
//! In: a test. Out: a scope that it is in, and checks of what was counted in it.

use std::fmt;

use cached_core::testing::{Entered, Handle};
use cached_core::{Site, Stats};

/// Puts this thread into a scope of its own, until the guard is dropped: every cached function starts
/// empty in it, and counts for it alone.
///
/// Other threads and tasks follow by the handle. While any scope is open, calls everywhere take the slow
/// way; what a scope stored stays in memory, out of reach, until its room is needed.
///
/// # Example: counts that no other test disturbs
/// ```
/// use cached_core::cached;
/// use cached_testkit::{counted, isolated};
///
/// #[cached]
/// fn double(n: u64) -> u64 { n * 2 }
///
/// double(1);
/// let test = isolated();
/// assert_eq!((double(1), double(1)), (2, 2));
/// let handle = test.handle();
/// std::thread::spawn(move || handle.run(|| double(1))).join().unwrap();
/// counted(double::site()).calls(3).hits(2).misses(1);
/// ```
#[must_use = "the scope is left when this is dropped"]
pub fn isolated() -> Isolated {
    let handle = Handle::isolated();
    Isolated { entered: handle.enter(), handle }
}

/// A scope of a test's own; made by [`isolated`].
pub struct Isolated {
    // Left before it is closed.
    #[expect(dead_code, reason = "held")]
    entered: Entered,
    handle: Handle,
}

impl Isolated {
    /// What other threads (`run`, `enter`) and tasks (`wrap`) enter the scope with.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl fmt::Debug for Isolated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Isolated")
    }
}

/// Checks what a site counted so far, in the scope of this thread if it is in one.
pub fn counted(site: &'static Site) -> Counted {
    Counted { site, stats: site.stats() }
}

/// What a site counted at one moment; made by [`counted`].
#[derive(Debug)]
pub struct Counted {
    site: &'static Site,
    stats: Stats,
}

macro_rules! checks {
    ($($name:ident)*) => {
        impl Counted {
            $(
                #[doc = concat!("Checks the number of `", stringify!($name), "`.")]
                ///
                /// # Panics
                /// When it is another; the message names the site and all its counts.
                #[track_caller]
                pub fn $name(self, expected: u64) -> Self {
                    let found = self.stats.$name;
                    self.check(stringify!($name), found, expected)
                }
            )*
        }
    };
}

checks! { calls hits stale joined misses bypassed errors runs }

impl Counted {
    #[track_caller]
    fn check(self, name: &str, found: u64, expected: u64) -> Self {
        let (site, at, stats) = (self.site.name(), self.site.location(), &self.stats);
        assert!(found == expected, "{site} ({at}): {found} {name}, expected {expected}; in all: {stats:?}");
        self
    }
}
