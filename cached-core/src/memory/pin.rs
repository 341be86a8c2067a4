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

/// While it lives, nothing goes that this thread can reach in the domain. Pins nest.
pub(super) struct Pin {
    record: &'static Record,
    /// The mark of the pin around this one, 0 without one, or [`BORROWED`].
    outer: u64,
}

/// Instead of an outer mark: the record was taken for this pin alone.
const BORROWED: u64 = COMPARING;

impl Pin {
    /// Begins with a comparison. `None` if one is running on this thread, and has called back:
    /// whoever compares with every answer would never come to an end.
    #[inline]
    pub(super) fn new(domain: Domain) -> Option<Self> {
        match Record::current() {
            Some(record) if record.pinned.load(Ordering::Relaxed) == 0 => Some(Pin::on(record, domain, 0)),
            Some(record) => Pin::nested(record, domain),
            None => Some(Pin::first(domain)),
        }
    }

    #[inline]
    fn on(record: &'static Record, domain: Domain, outer: u64) -> Self {
        let epoch = EPOCH.0.load(Ordering::Acquire);
        let since = if outer < ONE { epoch } else { outer & !(ONE - 1) };
        let mark = since | domain.0 | COMPARING;
        // A release, since a writer may see this mark instead of the 0 before it: what was read under an
        // earlier pin was read before.
        record.pinned.store(mark, Ordering::Release);
        match epoch & FULL {
            0 => fence::light(),
            _ => fence::full(),
        }
        Pin { record, outer }
    }

    /// The epoch of the outer pin goes on.
    #[cold]
    fn nested(record: &'static Record, domain: Domain) -> Option<Self> {
        let outer = record.pinned.load(Ordering::Relaxed);
        let both = if Domain::of(outer) == domain.0 { domain } else { Domain(Domain::ALL) };
        (outer & COMPARING == 0).then(|| Pin::on(record, both, outer))
    }

    /// The first of this thread, or one after its record was given back.
    #[cold]
    fn first(domain: Domain) -> Self {
        match Record::mine() {
            Some(record) => Pin::on(record, domain, 0),
            None => Pin::on(Record::take(), domain, BORROWED),
        }
    }

    /// From here on other code of the user's may run, and may hit again.
    pub(super) fn has_compared(&self) {
        let mark = self.record.pinned.load(Ordering::Relaxed);
        self.record.pinned.store(mark & !COMPARING, Ordering::Release);
    }

    /// The record of this thread, as long as it is pinned.
    pub(super) fn record(&self) -> &Record {
        self.record
    }
}

impl Drop for Pin {
    #[inline]
    fn drop(&mut self) {
        // What was read was read before: a writer who sees this may free it.
        self.record.pinned.store(self.outer & !BORROWED, Ordering::Release);
        if self.outer == BORROWED {
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
            mark == 0 || is_later || ![self.domain.0, Domain::ALL].contains(&Domain::of(mark))
        })
    }
}
