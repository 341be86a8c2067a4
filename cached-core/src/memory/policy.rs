//! Who has to go when a shard is full.
//!
//! In: what was inserted, removed, and hit. Out: the next victim, and what all together weigh.
//!
//! The queues are those of S3-FIFO (J. Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023): new
//! items wait in a small one, and pass on to the main one if they are hit there; the first ones fill the main queue, so
//! that a loop over more than there is room for hits what it began with. What comes back goes to the main queue if it
//! is worth more than who is next to go there: if it was asked for more often (G. Einziger, R. Friedman, B. Manes,
//! "TinyLFU", ACM TOS 2017), or returns sooner than that one has been idle (S. Jiang, X. Zhang, "LIRS", SIGMETRICS
//! 2002). How large the small queue is follows from what each queue has just lost (as N. Megiddo, D. Modha, "ARC", FAST
//! 2003); here it matters only what a slightly longer queue would have kept, so that loops and scans teach nothing.

use std::collections::VecDeque;

use super::past::{MOST, Past, Return};

/// Items that one eviction passes over at most; then it takes what comes.
const PATIENCE: usize = 128;
/// The share of the small queue in 2^32, at least, and how much more at most.
const LEAST: u32 = u32::MAX / 100;
const MORE: u32 = u32::MAX / 5 * 4 - LEAST;
/// So many lessons for a longer small queue follow one against it before what comes soon counts for good again.
const WARY: u8 = 64;

/// It has not been removed.
const LIVE: u8 = 1;
/// One of the queues has its number.
const QUEUED: u8 = 2;
/// The small queue has.
const SMALL: u8 = 4;

/// What the policy knows of items by their numbers.
pub(super) trait Items {
    /// Of which the upper bits are known.
    fn hash(&self, number: u32) -> u64;
    fn weight(&self, number: u32) -> u64;
    /// Hits since it was last looked at, up to a small number.
    fn frequency(&self, number: u32) -> u8;
    fn set_frequency(&self, number: u32, frequency: u8);
    /// What the policy noted of it, three bits; nothing at first.
    fn marks(&self, number: u32) -> u8;
    fn set_marks(&self, number: u32, marks: u8);
    /// Whether somebody may still look at what it held.
    fn is_held(&self, number: u32) -> bool;
}

/// An item in a queue, with the tick at which it came there, and how often it was asked for until then as far as is
/// known: half a word for both.
#[derive(Clone, Copy)]
struct Queued {
    number: u32,
    noted: u32,
}

impl Queued {
    const COUNT: u32 = MOST as u32 + 1;

    fn new(number: u32, count: u8, since: u32) -> Self {
        Self { number, noted: since.wrapping_mul(Self::COUNT) | u32::from(count) }
    }

    fn count(self) -> u8 {
        (self.noted % Self::COUNT) as u8
    }

    /// For how many ticks it has been there; those of a longer wait are counted from 0 again.
    fn idle(self, now: u32) -> u32 {
        now.wrapping_sub(self.noted / Self::COUNT) % (u32::MAX / Self::COUNT + 1)
    }
}

#[derive(Default)]
pub(super) struct Policy {
    /// Numbers of items that are vacant and in no queue.
    free: Vec<u32>,
    small: VecDeque<Queued>,
    main: VecDeque<Queued>,
    live: usize,
    /// What all items weigh, and those of the small queue.
    weight: u64,
    weight_of_small: u64,
    past: Past,
    /// Of all that there is room for, that of the small queue beyond the least, in 2^32.
    more: u32,
    wary: u8,
    /// Something had to go already.
    is_full: bool,
    /// The place that was looked at last, in rounds.
    hand: usize,
}

impl Policy {
    pub(super) fn len(&self) -> usize {
        self.live
    }

    /// What all items weigh.
    pub(super) fn weight(&self) -> u64 {
        self.weight
    }

    /// A vacant number for an item that is to come.
    pub(super) fn vacant(&mut self) -> Option<u32> {
        self.free.pop()
    }

    /// Nobody looks any more at what a number held.
    pub(super) fn vacate(&mut self, items: &impl Items, number: u32) {
        // One that was removed stands in its queue until that has come to it.
        if items.marks(number) & QUEUED == 0 {
            self.free.push(number);
        }
    }

    /// The items in the next so many places, one round after the other.
    pub(super) fn next(&mut self, items: &impl Items, count: usize) -> Vec<u32> {
        let (queued, first) = (self.main.len() + self.small.len(), self.hand);
        let count = count.min(queued);
        let at = |step| {
            let place = (first + step) % queued;
            self.main.get(place).or_else(|| self.small.get(place - self.main.len())).map(|queued| queued.number)
        };
        let next = (0..count).filter_map(at).filter(|number| items.marks(*number) & LIVE != 0).collect();
        self.hand = (first + count).checked_rem(queued).unwrap_or(0);
        next
    }

    /// Queues an item, in a shard of `limit` entries. `proven`: its key was here a moment ago.
    pub(super) fn insert(&mut self, items: &impl Items, number: u32, proven: bool, limit: usize) {
        let (weight, hash) = (items.weight(number), items.hash(number));
        self.live += 1;
        self.weight = self.weight.wrapping_add(weight);
        if !proven {
            self.learn(hash);
        }
        let Return { count, away } = self.past.recall(hash).unwrap_or_default();
        let is_first = !self.is_full && self.main.len() < limit - self.part(limit as u64) as usize;
        let (is_known, queued) = (count > 0, Queued::new(number, MOST.min(count + 1), self.past.now()));
        if is_first || proven || (is_known && self.beats_main(items, count, away)) {
            items.set_marks(number, LIVE | QUEUED);
            self.main.push_back(queued);
        } else {
            items.set_marks(number, LIVE | QUEUED | SMALL);
            self.weight_of_small = self.weight_of_small.wrapping_add(weight);
            self.small.push_back(queued);
        }
    }

    /// Takes an item out, and gives its weight.
    pub(super) fn remove(&mut self, items: &impl Items, number: u32) -> u64 {
        let weight = self.take(items, number);
        if self.small.len() + self.main.len() > self.live + self.live / 4 + PATIENCE {
            let free = &mut self.free;
            for queue in [&mut self.small, &mut self.main] {
                queue.retain(|Queued { number, .. }| {
                    let is_live = items.marks(*number) & LIVE != 0;
                    if !is_live {
                        leave(items, *number, free);
                    }
                    is_live
                });
            }
        }
        weight
    }

    /// Moves the bound between the queues towards the one that has lost what comes now.
    fn learn(&mut self, hash: u64) {
        let misses = self.past.misses(hash);
        if misses.small {
            self.more = self.more.saturating_add(self.past.step()).min(MORE);
            self.wary = self.wary.saturating_sub(1);
        } else if misses.main {
            self.more = self.more.saturating_sub(self.past.step().saturating_mul(2));
            self.wary = WARY;
        }
    }

    /// The small queue's part of a whole.
    fn part(&self, whole: u64) -> u64 {
        ((u128::from(whole) * u128::from(LEAST + self.more)) >> 32) as u64
    }

    /// Whether what was asked for so often, and was away for so many ticks, is worth more than the next to go from the
    /// main queue. If that one was hit, it is passed over, and the one after it is who counts.
    fn beats_main(&mut self, items: &impl Items, count: u8, away: u32) -> bool {
        let mut has_passed = false;
        while let Some(queued) = self.main.front().copied() {
            if items.marks(queued.number) & LIVE == 0 {
                self.main.pop_front();
                leave(items, queued.number, &mut self.free);
                continue;
            }
            if items.frequency(queued.number) == 0 {
                let is_sooner = self.wary == 0 && away < queued.idle(self.past.now());
                return is_sooner || count > self.aged(queued) + 1;
            }
            if std::mem::replace(&mut has_passed, true) {
                return false;
            }
            self.main.pop_front();
            self.past.ends(items.hash(queued.number), false);
            self.renew(items, queued);
        }
        true
    }

    /// What is left now of its count.
    fn aged(&self, queued: Queued) -> u8 {
        let now = self.past.now();
        self.past.aged(queued.count(), now.wrapping_sub(queued.idle(now)))
    }

    /// Puts what was hit at the end of the main queue.
    fn renew(&mut self, items: &impl Items, queued: Queued) {
        let (number, marks) = (queued.number, items.marks(queued.number));
        let count = (self.aged(queued) + items.frequency(number)).min(MOST);
        items.set_frequency(number, 0);
        if marks & SMALL != 0 {
            items.set_marks(number, marks & !SMALL);
            self.weight_of_small = self.weight_of_small.wrapping_sub(items.weight(number));
        }
        self.main.push_back(Queued::new(number, count, self.past.now()));
    }

    fn take(&mut self, items: &impl Items, number: u32) -> u64 {
        let (marks, weight) = (items.marks(number), items.weight(number));
        items.set_marks(number, marks & !LIVE);
        self.live -= 1;
        self.weight = self.weight.wrapping_sub(weight);
        self.weight_of_small = self.weight_of_small.wrapping_sub(if marks & SMALL != 0 { weight } else { 0 });
        weight
    }

    /// Takes out whoever has to go in a shard of `limit` entries, and gives its weight too. `weighed`: the queues are
    /// measured by what is in them, since it is their weight that is bounded.
    pub(super) fn evict(&mut self, items: &impl Items, limit: usize, weighed: bool) -> Option<(u32, u64)> {
        self.is_full = true;
        self.past.fit(limit);
        let room_of_small = self.part(if weighed { self.weight } else { limit as u64 });
        for passed in 0.. {
            let size_of_small = if weighed { self.weight_of_small } else { self.small.len() as u64 };
            // Rather than somebody hit, who is new goes.
            let is_tired = passed >= PATIENCE && !self.small.is_empty();
            let is_small = size_of_small > room_of_small || is_tired || self.main.is_empty();
            let queued = if is_small { &mut self.small } else { &mut self.main }.pop_front()?;
            let number = queued.number;
            if items.marks(number) & LIVE == 0 {
                leave(items, number, &mut self.free);
                continue;
            }
            let hash = items.hash(number);
            self.past.ends(hash, is_small);
            if items.frequency(number) > 0 && passed < PATIENCE {
                self.renew(items, queued);
                continue;
            }
            self.past.remember(hash, self.aged(queued));
            let weight = self.take(items, number);
            items.set_marks(number, 0);
            return Some((number, weight));
        }
        None
    }

    /// The numbers of items that live, of items that were removed and are queued still, and of none; for the validator.
    ///
    /// # Panics
    /// When the marks or the sums say otherwise.
    pub(super) fn numbers(&self, items: &impl Items) -> [Vec<u32>; 3] {
        let (mut live, mut removed, mut weights) = (Vec::new(), Vec::new(), [0_u64; 2]);
        for (queue, small) in [(&self.main, 0), (&self.small, SMALL)] {
            for Queued { number, .. } in queue {
                let marks = items.marks(*number);
                assert_eq!(marks & !LIVE, QUEUED | small, "marks of {number}, which is queued");
                if marks & LIVE == 0 {
                    removed.push(*number);
                    continue;
                }
                live.push(*number);
                let sum = &mut weights[usize::from(small != 0)];
                *sum = sum.wrapping_add(items.weight(*number));
            }
        }
        let [main, small] = weights;
        let counted = (self.live, self.weight, self.weight_of_small);
        assert_eq!(
            counted,
            (live.len(), main.wrapping_add(small), small),
            "items, their weight, that of the small queue"
        );
        assert!(self.free.iter().all(|number| items.marks(*number) == 0), "no queue has what is vacant");
        [live, removed, self.free.clone()]
    }

    /// Deals the items out anew, each to the policy that `part` says, where all count as proven.
    pub(super) fn deal(self, items: &impl Items, among: &mut [&mut Policy], part: impl Fn(u64) -> usize) {
        let mut free = self.free;
        for Queued { number, .. } in self.main.into_iter().chain(self.small) {
            if items.marks(number) & LIVE != 0 {
                among[part(items.hash(number))].insert(items, number, true, usize::MAX);
            } else {
                leave(items, number, &mut free);
            }
        }
        // All have use for numbers.
        let several = among.len();
        free.into_iter().enumerate().for_each(|(place, number)| among[place % several].free.push(number));
    }
}

/// A number that was removed leaves its queue. It is free, unless somebody may still look at what it held.
fn leave(items: &impl Items, number: u32, free: &mut Vec<u32>) {
    items.set_marks(number, 0);
    if !items.is_held(number) {
        free.push(number);
    }
}
