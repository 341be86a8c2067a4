//! Hits for which the body runs as well, to compare.
//!
//! In: a stored value, and the body. Out: the stored value, and a count of whether the body gave the same.

use std::cell::Cell;

use super::Call;
use crate::key::{OwnedKey, Value};
use crate::memory::Kept;
use crate::project::Project;
use crate::site::drawn;
use crate::stats::Count;

thread_local! {
    /// Whether the body that runs here does so only to be compared.
    static VERIFYING: Cell<bool> = const { Cell::new(false) };
}

/// So many differences of a site are said one by one.
const SAID: u64 = 10;

/// While it lives, a body runs, or one poll of it, that is only to be compared.
pub(super) struct Verifying(());

impl Verifying {
    pub(super) fn begin() -> Self {
        VERIFYING.set(true);
        Verifying(())
    }
}

impl Drop for Verifying {
    fn drop(&mut self) {
        VERIFYING.set(false);
    }
}

impl<K: OwnedKey, V: Value> Call<K, V> {
    /// Whether the body is to run for this hit as well. Not inside a body that runs for the same reason: of a
    /// recursion every level would run again, and each of those its own.
    pub(super) fn is_sampled(&self) -> bool {
        let asked = self.route.verify > 0.0 && drawn(self.key.hash) < self.route.verify;
        asked && self.memo.facts.is_comparable() && !VERIFYING.get()
    }

    /// Compares what is stored with what the body gave just now.
    pub(super) fn verify<const F: u8, R: Project<F, Stored = V>>(&mut self, kept: &Kept<V>, result: &R) {
        self.lap.end();
        // An `Err` says nothing of the value.
        let compared = result.stored().and_then(|fresh| self.memo.facts.compare(kept.as_ref(), fresh));
        let Some((same, digests)) = compared else { return };
        self.counters.add(Count::Verified, 1);
        if !same {
            self.counters.add(Count::Differences, 1);
            if self.counters.get(Count::Differences) <= SAID {
                self.memo.site.differs(&digests);
            }
        }
    }
}
