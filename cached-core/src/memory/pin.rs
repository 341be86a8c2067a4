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

use crate::fence;
use crate::record::Record;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Padded, global};

/// An epoch is a number of these; below it there is room for a domain, and for [`FULL`].
const ONE: u64 = 1 << 16;
/// In an epoch: readers run the full fence, since writers have no heavy one.
const FULL: u64 = 1;

global! {
    static EPOCH: Padded<AtomicU64> = Padded(AtomicU64::new(ONE | FULL));
}

global! {
    static DOMAINS: AtomicU64 = AtomicU64::new(0);
}

/// What a pin is for: one memory, told from the first 32,767 others. A reader who is slow in one
/// memory keeps nothing in the others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Domain(u64);

impl Domain {
    /// In a mark: the thread reads in more than one.
    const SEVERAL: Domain = Domain(0);

    /// A domain of its own. Settles who pays for the fence, before the first pin in it.
    pub(super) fn new() -> Self {
        if fence::is_asymmetric() {
            EPOCH.0.fetch_and(!FULL, Ordering::AcqRel);
        }
        Domain((DOMAINS.fetch_add(1, Ordering::Relaxed) % 0x7fff + 1) << 1)
    }

    #[inline]
    fn of(mark: u64) -> Self {
        Domain(mark & (ONE - 1) & !FULL)
    }
}

/// While it lives, nothing goes that this thread can reach in the domain. Pins nest.
pub(super) struct Pin {
    record: &'static Record,
    /// The mark of the pin around this one; 0 without one.
    outer: u64,
    /// The record was taken for this pin alone.
    is_borrowed: bool,
}

impl Pin {
    #[inline]
    pub(super) fn new(domain: Domain) -> Self {
        match Record::current() {
            Some(record) => Pin::on(record, domain, false),
            None => Pin::first(domain),
        }
    }

    #[inline]
    fn on(record: &'static Record, domain: Domain, is_borrowed: bool) -> Self {
        let epoch = EPOCH.0.load(Ordering::Acquire);
        let outer = record.pinned.load(Ordering::Relaxed);
        let mark = match outer {
            0 => epoch | domain.0,
            _ if Domain::of(outer) == domain => outer,
            _ => outer & !(ONE - 1) | Domain::SEVERAL.0,
        };
        // A release, since a writer may see this mark instead of the 0 before it: what was read under an
        // earlier pin was read before.
        record.pinned.store(mark, Ordering::Release);
        match epoch & FULL {
            0 => fence::light(),
            _ => fence::full(),
        }
        Pin { record, outer, is_borrowed }
    }

    /// The first of this thread, or one after its record was given back.
    #[cold]
    fn first(domain: Domain) -> Self {
        match Record::mine() {
            Some(record) => Pin::on(record, domain, false),
            None => Pin::on(Record::take(), domain, true),
        }
    }
}

impl Drop for Pin {
    #[inline]
    fn drop(&mut self) {
        // What was read was read before: a writer who sees this may free it.
        self.record.pinned.store(self.outer, Ordering::Release);
        if self.is_borrowed {
            self.record.give_back();
        }
    }
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
        fence::heavy().then_some(Grace { ended, domain })
    }

    /// Looks at every record, and waits for nobody.
    pub(super) fn has_passed(self) -> bool {
        Record::all(|record| {
            let mark = record.pinned.load(Ordering::Acquire);
            let is_later = mark / ONE > self.ended / ONE;
            mark == 0 || is_later || ![self.domain, Domain::SEVERAL].contains(&Domain::of(mark))
        })
    }
}
