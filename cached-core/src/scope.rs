//! What a thread is in while its calls are treated apart: bypassed, or isolated for a test.
//!
//! In: the scope that a thread has entered. Out: for a site, whether its calls ask the cache, under which
//! salt its keys are, and where they are counted. While none is open, no site looks here.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::process;
use crate::stats::Counters;
use crate::sync::Mutex;

/// Scopes that are open anywhere.
static OPEN: AtomicUsize = AtomicUsize::new(0);
/// Held while the first scope opens or the last closes: whoever opens another meanwhile waits until no
/// site is on the fast path.
static CHANGING: Mutex<()> = Mutex::new(());
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
pub(crate) struct Isolated {
    salt: u64,
    sites: Mutex<Vec<(usize, &'static Apart)>>,
}

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
    pub(crate) fn new() -> Self {
        Self { salt: fresh_salt(), sites: Mutex::new(Vec::new()) }
    }

    fn of(&self, site: &Counters) -> &'static Apart {
        let (address, mut sites) = (std::ptr::from_ref(site).addr(), self.sites.lock());
        if let Some((_, apart)) = sites.iter().find(|(known, _)| *known == address) {
            return apart;
        }
        let apart: &'static Apart =
            Box::leak(Box::new(Apart { counters: Counters::new(), salt: AtomicU64::new(fresh_salt()) }));
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
#[inline]
pub(crate) fn apart(site: &Counters) -> Option<&'static Apart> {
    if is_open() { apart_here(site) } else { None }
}

fn apart_here(site: &Counters) -> Option<&'static Apart> {
    match current()? {
        Scope::Isolated(isolated) => Some(isolated.of(site)),
        Scope::Bypass => None,
    }
}

/// What keys that belong to no site are mixed with on this thread: 0 outside of isolated scopes.
#[cfg(feature = "bytes")]
pub(crate) fn salt() -> u64 {
    match current() {
        Some(Scope::Isolated(isolated)) => isolated.salt,
        Some(Scope::Bypass) | None => 0,
    }
}

/// A tag as this thread means it: in an isolated scope it is another.
pub(crate) fn tag(tag: &str) -> Cow<'_, str> {
    match current() {
        Some(Scope::Isolated(isolated)) => Cow::Owned(format!("{:x} {tag}", isolated.salt)),
        Some(Scope::Bypass) | None => Cow::Borrowed(tag),
    }
}

/// The tags as this thread means them.
pub(crate) fn tags(tags: Vec<String>) -> Vec<String> {
    tags.into_iter().map(|name| tag(&name).into_owned()).collect()
}

/// What sets an entry on bytes apart: the stamps of its tags, and the salt of a scope, if there is one.
pub(crate) fn set_apart(stamps: &[u8], salt: u64) -> Cow<'_, [u8]> {
    match salt {
        0 => Cow::Borrowed(stamps),
        salt => Cow::Owned([stamps, &salt.to_le_bytes()].concat()),
    }
}

/// Opens a scope; if it is the first, `change` takes the sites off the fast path.
pub(crate) fn open(change: fn()) {
    let _changing = CHANGING.lock();
    if OPEN.fetch_add(1, Ordering::SeqCst) == 0 {
        change();
    }
}

/// Closes one; if it was the last, `change` puts the sites back.
pub(crate) fn close(change: fn()) {
    let _changing = CHANGING.lock();
    if OPEN.fetch_sub(1, Ordering::SeqCst) == 1 {
        change();
    }
}

/// Puts this thread into a scope, and gives the one it was in.
pub(crate) fn replace(scope: Option<Scope>) -> Option<Scope> {
    CURRENT.try_with(|current| current.replace(scope)).ok().flatten()
}

/// Makes threads outside every scope bypass, for good.
pub(crate) fn bypass_outside() {
    ALL_BYPASS.store(true, Ordering::Release);
}

/// Another for every site in every scope of every process: byte backends are shared.
fn fresh_salt() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    // SplitMix64's increment: odd, so that a thousand salts differ in all their bits.
    let salt = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (process::number() ^ salt).max(1)
}
