//! When what readers may still be looking at can go.
//!
//! In: a thread that is about to read (it pins the epoch of that moment in its own record), and a
//! writer who has made something unreachable. Out: the word that a grace period has passed: whoever
//! could have reached it has left.
//!
//! Epoch-based reclamation (K. Fraser, "Practical lock-freedom", 2004), with the fence moved to the
//! writers, as in user-space RCU (M. Desnoyers et al., IEEE TPDS 23(2), 2012). The epoch is acquired
//! by readers: who pins a later one than a writer ended sees all that the writer did before. Of those
//! who pin the same or an earlier one, the heavy fence makes two kinds: whoever has passed the light
//! fence is seen by the writer; whoever has not will see what the writer did.

use std::ops::Deref;

use crate::fence;
use crate::record::Record;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{LOOKS, Padded, global};

/// An epoch is a number of these; below it there is room for a domain, and for one bit.
const ONE: u64 = 1 << 16;
/// In an epoch: readers run the full fence, since writers have no heavy one.
const FULL: u64 = 1;
/// In a mark: a comparison of the user's may be running.
const COMPARING: u64 = 1;

global! {
    static EPOCH: Padded<AtomicU64> = Padded(AtomicU64::new(ONE | FULL));
}

global! {
    static DOMAINS: AtomicU64 = AtomicU64::new(0);
}

/// What a pin is for: one memory, told from the next 32,766. A reader who is slow in one memory
/// keeps nothing in the others.
#[derive(Clone, Copy)]
pub(super) struct Domain(u64);

impl Domain {
    /// In a mark, where the thread reads in several.
    const ALL: u64 = 0;

    /// A domain of its own. Settles who pays for the fence, before the first pin in it.
    pub(super) fn new() -> Self {
        if fence::is_asymmetric() {
            EPOCH.0.fetch_and(!FULL, Ordering::AcqRel);
        }
        Domain((DOMAINS.fetch_add(1, Ordering::Relaxed) % 0x7fff + 1) << 1)
    }

    /// The part of a mark that names the domain.
    fn of(mark: u64) -> u64 {
        mark & (ONE - 1) & !COMPARING
    }
}

/// That this thread is pinned: nothing goes that it can reach in the domain.
pub(crate) struct Pinned {
    record: &'static Record,
}

impl Pinned {
    /// Begins with a comparison. `since` is an epoch, with [`FULL`] or without.
    #[inline]
    fn begin(record: &'static Record, since: u64, domain: u64) -> Self {
        // A release, since a writer may see this mark instead of the 0 before it: what was read under an
        // earlier pin was read before.
        record.pinned.store(since | domain | COMPARING, Ordering::Release);
        match since & FULL {
            0 => fence::light(),
            _ => rarely(fence::full),
        }
        Pinned { record }
    }

    /// From here on other code of the user's may run, and may hit again.
    #[inline]
    pub(super) fn has_compared(&self) {
        let mark = self.record.pinned.load(Ordering::Relaxed);
        self.record.pinned.store(mark & !COMPARING, Ordering::Release);
    }

    /// This thread's own numbers.
    #[inline]
    pub(crate) fn record(&self) -> &'static Record {
        self.record
    }
}

/// The pin of a thread that was not pinned, and has been before: nearly always.
pub(crate) struct Outermost(Pinned);

impl Outermost {
    #[inline]
    pub(super) fn new(domain: Domain) -> Option<Self> {
        let record = Record::current().filter(|record| record.pinned.load(Ordering::Relaxed) == 0)?;
        Some(Outermost(Pinned::begin(record, EPOCH.0.load(Ordering::Acquire), domain.0)))
    }
}

impl Drop for Outermost {
    #[inline]
    fn drop(&mut self) {
        // What was read was read before: a writer who sees this may free it.
        self.0.record.pinned.store(0, Ordering::Release);
    }
}

/// Any pin: perhaps around or inside another, the thread's first, or one that it takes while it ends.
pub(crate) struct Pin {
    pinned: Pinned,
    /// The mark of the pin around this one, or 0.
    outer: u64,
    is_borrowed: bool,
}

impl Pin {
    /// `None` if a comparison that runs on this thread has called back: whoever compares with every
    /// answer would never come to an end.
    #[cold]
    pub(super) fn new(domain: Domain) -> Option<Self> {
        let mine = Record::mine();
        let record = mine.unwrap_or_else(Record::take);
        let (outer, epoch) = (record.pinned.load(Ordering::Relaxed), EPOCH.0.load(Ordering::Acquire));
        // The epoch of the outer pin goes on.
        let since = if outer == 0 { epoch } else { outer & !(ONE - 1) | epoch & FULL };
        let domain = if outer == 0 || Domain::of(outer) == domain.0 { domain.0 } else { Domain::ALL };
        let begin = || Pin { pinned: Pinned::begin(record, since, domain), outer, is_borrowed: mine.is_none() };
        (outer & COMPARING == 0).then(begin)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        self.pinned.record.pinned.store(self.outer, Ordering::Release);
        if self.is_borrowed {
            self.pinned.record.give_back();
        }
    }
}

impl Deref for Outermost {
    type Target = Pinned;
    #[inline]
    fn deref(&self) -> &Pinned {
        &self.0
    }
}

impl Deref for Pin {
    type Target = Pinned;
    fn deref(&self) -> &Pinned {
        &self.pinned
    }
}

/// Whether a grace period costs no system call, since nobody else can be reading.
pub(super) fn is_cheap() -> bool {
    Record::is_alone()
}

/// A grace period that has begun: it passes when everybody has left who pinned up to this epoch.
#[derive(Clone, Copy)]
pub(super) struct Grace {
    ended: u64,
    domain: Domain,
}

impl Grace {
    /// For what this thread has made unreachable before. `None`: there is no way to know any more.
    pub(super) fn begin(domain: Domain) -> Option<Self> {
        let ended = EPOCH.0.fetch_add(ONE, Ordering::AcqRel);
        (is_cheap() || fence::heavy()).then_some(Grace { ended, domain })
    }

    /// Looks at every record, and waits for nobody: a reader has gone within nanoseconds, unless it sleeps.
    pub(super) fn has_passed(self) -> bool {
        let has_left = |record: &Record| {
            let mark = record.pinned.load(Ordering::Acquire);
            let is_later = mark / ONE > self.ended / ONE;
            mark == 0 || is_later || ![self.domain.0, Domain::ALL].contains(&Domain::of(mark))
        };
        Record::all(|record| (0..LOOKS).any(|_| has_left(record) || wait_a_little()))
    }
}

/// Has the compiler put aside what is done here.
#[cold]
#[inline(always)]
fn rarely(work: impl FnOnce()) {
    work();
}

fn wait_a_little() -> bool {
    std::hint::spin_loop();
    false
}
