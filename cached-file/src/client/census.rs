//! How many entries there are, as far as this process knows, and when they are too many.
//!
//! In: what was counted, what this process added and removed. Out: which sub-directories to count again, which to
//! cull next, and how much of them. Touches no file.
//!
//! Others add and remove, too, so no number is trusted for ever: while this process adds a tenth of the bound, each
//! sub-directory is counted once. Who has counted as many as the bound removes before adding. So a process alone keeps to
//! the bound, and of several none adds more than a tenth of it while it is exceeded.

use std::sync::atomic::{AtomicIsize, AtomicU8, AtomicUsize, Ordering::Relaxed};

use crate::config::Bound;
use crate::name::SUBS;

/// Entries that one write looks at in a cull: some milliseconds. With no more than these a cull is one step.
const GROUP: usize = 500;

/// What one process knows of the number of entries. No lock is needed for what is inexact anyway, and so none can be
/// left locked in a process that was forked.
pub(super) struct Census {
    bound: Bound,
    counts: [AtomicUsize; SUBS],
    /// Their sum; for a moment less, where two change it in another order.
    total: AtomicIsize,
    /// Which is counted next, and what the entries added since the last one earn for it.
    next: AtomicU8,
    credit: AtomicUsize,
    /// Which is culled next, how many are left in this cull, and how many entries have to go in them.
    culled: AtomicU8,
    left: AtomicUsize,
    debt: AtomicUsize,
}

/// What one write has to cull.
pub(super) struct Share {
    pub(super) subs: Vec<u8>,
    /// How many entries were known there.
    pub(super) known: usize,
}

impl Census {
    pub(super) fn new(bound: Bound) -> Self {
        let [credit, left, debt] = [const { AtomicUsize::new(0) }; 3];
        let total = AtomicIsize::new(0);
        let [next, culled] = [const { AtomicU8::new(0) }; 2];
        Self { bound, counts: [const { AtomicUsize::new(0) }; SUBS], total, next, credit, culled, left, debt }
    }

    /// Whether anything has to be counted at all.
    pub(super) fn is_bounded(&self) -> bool {
        self.bound.max_entries != usize::MAX
    }

    /// Takes note of what is in a sub-directory.
    pub(super) fn counted(&self, sub: u8, entries: usize) {
        self.change(sub, |_| entries);
    }

    pub(super) fn removed(&self, sub: u8, entries: usize) {
        self.change(sub, |known| known.saturating_sub(entries));
    }

    /// Takes note of a new entry, and gives the sub-directories to count again.
    pub(super) fn added(&self, sub: u8) -> impl Iterator<Item = u8> + use<> {
        self.change(sub, |known| known + 1);
        let each = (self.bound.max_entries / 10).max(1);
        let credit = self.credit.fetch_add(SUBS, Relaxed) + SUBS;
        let due = (credit / each).min(SUBS);
        self.credit.fetch_sub(due * each, Relaxed);
        let first = self.next.fetch_add(u8::try_from(due % SUBS).unwrap_or(0), Relaxed);
        (first..=u8::MAX).chain(0..first).take(due)
    }

    /// Whether an entry may be added only after some have gone, or a cull is not done.
    pub(super) fn is_full(&self) -> bool {
        self.left.load(Relaxed) > 0 || self.total() >= self.bound.max_entries
    }

    /// The next step of a cull; none if there is nothing to cull.
    pub(super) fn share(&self) -> Option<Share> {
        if self.left.load(Relaxed) == 0 {
            let total = self.total();
            if total < self.bound.max_entries {
                return None;
            }
            self.debt.store(self.part(total), Relaxed);
            self.left.store(SUBS, Relaxed);
        }
        let mut share = Share { subs: Vec::new(), known: 0 };
        while share.known < GROUP && self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
            let sub = self.culled.fetch_add(1, Relaxed);
            share.subs.push(sub);
            share.known += self.counts[usize::from(sub)].load(Relaxed);
        }
        Some(share)
    }

    /// How many have to go of the entries of a step. What others removed has gone already: processes that cull at the
    /// same time do not cull one after the other.
    pub(super) fn quota(&self, known: usize, found: usize) -> usize {
        let before = known.max(found);
        self.part(before).min(self.debt.load(Relaxed)).saturating_sub(before - found)
    }

    /// Takes note of entries that went in a step.
    pub(super) fn paid(&self, gone: usize) {
        let paid = self.debt.fetch_update(Relaxed, Relaxed, |debt| Some(debt.saturating_sub(gone)));
        if paid.is_ok_and(|debt| debt <= gone) {
            self.left.store(0, Relaxed);
        }
    }

    /// One in `cull_frequency`, and at least one.
    fn part(&self, entries: usize) -> usize {
        entries.checked_div(self.bound.cull_frequency).unwrap_or(entries).max(1)
    }

    fn change(&self, sub: u8, entries: impl Fn(usize) -> usize) {
        let changed = self.counts[usize::from(sub)].fetch_update(Relaxed, Relaxed, |known| Some(entries(known)));
        let was = changed.unwrap_or_default();
        self.total.fetch_add(entries(was).wrapping_sub(was).cast_signed(), Relaxed);
    }

    fn total(&self) -> usize {
        usize::try_from(self.total.load(Relaxed)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory and the processes that write to it, one step at a time.
    struct Play {
        there: [usize; SUBS],
        processes: Vec<Census>,
        dice: u64,
    }

    impl Play {
        fn new(processes: usize, max_entries: usize, cull_frequency: usize) -> Self {
            let census = |_| Census::new(Bound { max_entries, cull_frequency });
            Self { there: [0; SUBS], processes: (0..processes).map(census).collect(), dice: 1 }
        }

        fn throw(&mut self, sides: usize) -> usize {
            self.dice ^= self.dice << 13;
            self.dice ^= self.dice >> 7;
            self.dice ^= self.dice << 17;
            usize::try_from(self.dice >> 16).unwrap_or(0) % sides
        }

        fn total(&self) -> usize {
            self.there.iter().sum()
        }

        /// A process adds an entry, as a client does.
        fn add(&mut self, process: usize) {
            let census = &self.processes[process];
            if census.is_full()
                && let Some(share) = census.share()
            {
                let found: usize = share.subs.iter().map(|sub| self.there[usize::from(*sub)]).sum();
                share.subs.iter().for_each(|sub| census.counted(*sub, self.there[usize::from(*sub)]));
                let quota = census.quota(share.known, found);
                let mut left = quota;
                for sub in share.subs {
                    let gone = left.min(self.there[usize::from(sub)]);
                    self.there[usize::from(sub)] -= gone;
                    census.removed(sub, gone);
                    left -= gone;
                }
                census.paid(share.known.saturating_sub(found) + quota - left);
            }
            let sub = self.throw(SUBS);
            self.there[sub] += 1;
            let census = &self.processes[process];
            for sub in census.added(u8::try_from(sub).unwrap()) {
                census.counted(sub, self.there[usize::from(sub)]);
            }
        }
    }

    #[test]
    fn a_process_alone_keeps_to_the_bound_and_never_culls_more_than_its_share() {
        for (max_entries, cull_frequency) in [(1, 3), (2, 3), (30, 3), (1_000, 2), (20_000, 3), (20_000, 10), (500, 0)]
        {
            let mut play = Play::new(1, max_entries, cull_frequency);
            let rest = max_entries - max_entries.checked_div(cull_frequency).unwrap_or(max_entries).max(1);
            for added in 0..4 * max_entries {
                play.add(0);
                assert!(play.total() <= max_entries, "{max_entries}");
                assert!(play.total() > rest.min(added), "{max_entries}: {}", play.total());
            }
        }
    }

    #[test]
    fn processes_keep_to_the_bound_and_a_tenth_each_and_do_not_cull_one_after_the_other() {
        for processes in [2, 4, 16] {
            let (max_entries, mut most, mut least) = (20_000, 0, usize::MAX);
            let mut play = Play::new(processes, max_entries, 3);
            for added in 0..20 * max_entries {
                // Some write more than others.
                let process = play.throw(processes).min(play.throw(processes));
                play.add(process);
                most = most.max(play.total());
                least = if added < max_entries { least } else { least.min(play.total()) };
            }
            println!("{processes} processes: {least} to {most} of {max_entries} entries");
            assert!(most <= max_entries + processes * max_entries / 10);
            assert!(least >= max_entries / 2);
        }
    }

    #[test]
    fn each_sub_directory_is_counted_once_while_a_tenth_of_the_bound_is_added() {
        let census = Census::new(Bound { max_entries: 10_000, cull_frequency: 3 });
        let mut counted: Vec<u8> = (0..1_000).flat_map(|_| census.added(7)).collect();
        counted.sort_unstable();
        assert!(counted.into_iter().eq(0..=u8::MAX));
    }
}
