//! What a thread is in while its calls are treated apart: bypassed, or isolated for a test.
//!
//! In: the scope that a thread has entered. Out: for a site, whether its calls ask the cache, under which
//! salt its keys are, and where they are counted. While none is open, no site looks here.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::stats::Counters;
use crate::sync::Mutex;

/// Scopes that are open anywhere.
static OPEN: AtomicUsize = AtomicUsize::new(0);
/// Whether threads outside every scope bypass.
static ALL_BYPASS: AtomicBool = AtomicBool::new(false);

thread_local! {
    static CURRENT: Cell<Option<Scope>> = const { Cell::new(None) };
}

/// What a thread is in. It lives for ever, so that a thread-local of it frees nothing.
#[derive(Clone, Copy)]
pub(crate) enum Scope {
    Bypass,
    Isolated(&'static Isolated),
}

/// The sites that were used in one isolated scope, by the address of their counters.
#[derive(Default)]
pub(crate) struct Isolated(Mutex<Vec<(usize, &'static Apart)>>);

/// One site in one isolated scope.
pub(crate) struct Apart {
    pub(crate) counters: Counters,
    /// What keys are mixed with; never 0. Another after each `clear`.
    salt: AtomicU64,
}

impl Apart {
    pub(crate) fn salt(&self) -> u64 {
        self.salt.load(Ordering::Acquire)
    }

    /// Forgets all that this scope stored of the site.
    pub(crate) fn clear(&self) {
        self.salt.store(fresh_salt(), Ordering::Release);
    }
}

impl Isolated {
    fn of(&self, site: &Counters) -> &'static Apart {
        let (address, mut sites) = (std::ptr::from_ref(site).addr(), self.0.lock());
        if let Some((_, apart)) = sites.iter().find(|(known, _)| *known == address) {
            return apart;
        }
        let apart: &'static Apart =
            Box::leak(Box::new(Apart { counters: Counters::shared(), salt: AtomicU64::new(fresh_salt()) }));
        sites.push((address, apart));
        apart
    }
}

/// Whether any scope is open: then no site is on the fast path.
pub(crate) fn is_open() -> bool {
    OPEN.load(Ordering::SeqCst) > 0
}

/// What this thread is in.
pub(crate) fn current() -> Option<Scope> {
    if !is_open() {
        return None;
    }
    let outside = || ALL_BYPASS.load(Ordering::Acquire).then_some(Scope::Bypass);
    CURRENT.try_with(Cell::get).ok().flatten().or_else(outside)
}

/// Whether calls of this thread do not ask the cache.
pub(crate) fn is_bypassed() -> bool {
    matches!(current(), Some(Scope::Bypass))
}

/// What stands for a site, known by its counters, in the isolated scope of this thread.
pub(crate) fn apart(site: &Counters) -> Option<&'static Apart> {
    match current()? {
        Scope::Isolated(isolated) => Some(isolated.of(site)),
        Scope::Bypass => None,
    }
}

/// Opens a scope; whether it is the first.
pub(crate) fn open() -> bool {
    OPEN.fetch_add(1, Ordering::SeqCst) == 0
}

/// Closes one; whether it was the last.
pub(crate) fn close() -> bool {
    OPEN.fetch_sub(1, Ordering::SeqCst) == 1
}

/// Puts this thread into a scope, and gives the one it was in.
pub(crate) fn replace(scope: Option<Scope>) -> Option<Scope> {
    CURRENT.try_with(|current| current.replace(scope)).ok().flatten()
}

/// Makes threads outside every scope bypass, for good.
pub(crate) fn bypass_outside() {
    ALL_BYPASS.store(true, Ordering::Release);
}

fn fresh_salt() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // SplitMix64's increment: odd, so that a thousand salts differ in all their bits.
    NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
