//! How the sites did in the last minutes.
//!
//! In: their figures, every five seconds, once somebody has looked or recorded. Out: hits and misses of each of the
//! last sixty stretches. A site takes less than a kibibyte; one that was never called takes none.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cached_core::{Stats, report};

/// How long a stretch is.
pub(crate) const STRETCH: Duration = Duration::from_secs(5);
/// How many are kept.
pub(crate) const STRETCHES: usize = 60;

/// The histories of all sites.
pub(crate) struct Histories {
    /// By place and name: neither alone tells sites apart.
    sites: Mutex<HashMap<(String, String), History>>,
    /// Whether figures have been taken before: what came before the first time belongs to no stretch.
    is_begun: AtomicBool,
}

/// Hits and misses in each stretch, the oldest first.
#[derive(Clone, Default)]
pub(crate) struct History {
    pub(crate) stretches: VecDeque<[u32; 2]>,
    last: [u64; 2],
}

impl Histories {
    pub(crate) fn new() -> Self {
        Histories { sites: Mutex::default(), is_begun: AtomicBool::new(false) }
    }

    /// Takes the figures of all sites, as the end of a stretch.
    pub(crate) fn sample(&self) {
        let report = report();
        let is_begun = self.is_begun.swap(true, Ordering::Relaxed);
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        for site in report.sites().iter().filter(|site| site.stats.calls > 0) {
            let history = sites.entry((site.at.to_string(), site.name.to_string())).or_default();
            if is_begun {
                history.push(&site.stats);
            } else {
                history.last = History::figures(&site.stats);
            }
        }
    }

    /// The history of one site; empty if it was never called.
    pub(crate) fn of(&self, at: &str, name: &str) -> History {
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        sites.get(&(at.to_owned(), name.to_owned())).cloned().unwrap_or_default()
    }
}

impl History {
    /// What was served, and what was computed.
    fn figures(stats: &Stats) -> [u64; 2] {
        [stats.hits + stats.stale + stats.joined, stats.misses + stats.errors]
    }

    fn push(&mut self, stats: &Stats) {
        let now = Self::figures(stats);
        let since = [0, 1].map(|at| u32::try_from(now[at].saturating_sub(self.last[at])).unwrap_or(u32::MAX));
        self.last = now;
        if self.stretches.len() == STRETCHES {
            self.stretches.pop_front();
        }
        self.stretches.push_back(since);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_holds_what_happened_between_two_looks_and_no_more_than_its_stretches() {
        let mut history = History::default();
        let mut stats = Stats::default();
        for _ in 0..STRETCHES + 5 {
            stats.hits += 3;
            stats.misses += 1;
            history.push(&stats);
        }
        assert_eq!(history.stretches.len(), STRETCHES);
        assert!(history.stretches.iter().all(|stretch| *stretch == [3, 1]));
        assert!(history.stretches.capacity() * size_of::<[u32; 2]>() + size_of::<History>() < 2_048);
    }
}
