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
/// The share of the small queue, at least and at most, in 2^32.
const SHARES: std::ops::RangeInclusive<u32> = u32::MAX / 100..=u32::MAX / 5 * 4;
/// So many lessons for a longer small queue follow one against it before what comes soon counts for good again.
const WARY: u8 = 64;

/// What is queued: copies name the same thing.
pub(super) trait Item: Copy {
    fn hash(self) -> u64;
    /// Where the policy has it.
    fn place(self) -> u32;
    fn set_place(self, place: u32);
    /// Hits since it was last looked at, up to a small number.
    fn frequency(self) -> u8;
    fn set_frequency(self, frequency: u8);
}

#[derive(Clone, Copy)]
struct Queued<T> {
    item: T,
    weight: u64,
    /// How often it was asked for, as far as is known, at the tick when it was last found hit.
    count: u8,
    since: u32,
    is_small: bool,
}

pub(super) struct Policy<T> {
    /// The items by place, with their weights. A place whose item was removed is free when its queue has come to it.
    items: Vec<Option<Queued<T>>>,
    free: Vec<u32>,
    small: VecDeque<u32>,
    main: VecDeque<u32>,
    live: usize,
    /// What all items weigh, and those of the small queue.
    weight: u64,
    weight_of_small: u64,
    past: Past,
    /// Of all that there is room for, that of the small queue in 2^32.
    share: u32,
    wary: u8,
    /// Nothing had to go so far.
    is_filling: bool,
    /// The place that was looked at last, in rounds.
    hand: usize,
}

impl<T: Item> Policy<T> {
    pub(super) fn new() -> Self {
        let (small, main) = (VecDeque::new(), VecDeque::new());
        let (items, free, past) = (Vec::new(), Vec::new(), Past::default());
        let (live, weight, weight_of_small, hand) = (0, 0, 0, 0);
        let (share, wary, is_filling) = (*SHARES.start(), 0, true);
        Self { items, free, small, main, live, weight, weight_of_small, past, share, wary, is_filling, hand }
    }

    pub(super) fn len(&self) -> usize {
        self.live
    }

    /// What all items weigh.
    pub(super) fn weight(&self) -> u64 {
        self.weight
    }

    /// What an item weighs.
    pub(super) fn weight_of(&self, item: T) -> u64 {
        self.items[item.place() as usize].map_or(0, |queued| queued.weight)
    }

    /// The items and their weights: those of the main queue, then those of the small one, the oldest first.
    pub(super) fn items(&self) -> impl Iterator<Item = (T, u64)> {
        let queued = self.main.iter().chain(&self.small).filter_map(|place| self.items[*place as usize]);
        queued.map(|queued| (queued.item, queued.weight))
    }

    /// The items in the next so many places, one round after the other.
    pub(super) fn next(&mut self, count: usize) -> Vec<T> {
        let places = self.items.len();
        let step = |_| {
            self.hand = (self.hand + 1) % places;
            self.items[self.hand].map(|queued| queued.item)
        };
        (0..count.min(places)).filter_map(step).collect()
    }

    /// Queues an item, in a shard of `limit` entries. `proven`: its key was here a moment ago.
    pub(super) fn insert(&mut self, item: T, weight: u64, proven: bool, limit: usize) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.items.push(None);
            u32::try_from(self.items.len() - 1).expect("a shard has fewer than 2^32 entries")
        });
        item.set_place(place);
        self.live += 1;
        self.weight = self.weight.wrapping_add(weight);
        let hash = item.hash();
        if !proven {
            self.learn(hash);
        }
        let Return { count, away } = self.past.recall(hash).unwrap_or_default();
        let is_first = self.is_filling && self.main.len() < limit - self.part(limit as u64) as usize;
        let (is_known, count, since) = (count > 0, MOST.min(count + 1), self.past.now());
        let is_main = is_first || proven || (is_known && self.beats_main(count, away));
        self.items[place as usize] = Some(Queued { item, weight, count, since, is_small: !is_main });
        if is_main {
            self.main.push_back(place);
        } else {
            self.weight_of_small = self.weight_of_small.wrapping_add(weight);
            self.small.push_back(place);
        }
    }

    /// Takes an item out, and gives its weight.
    pub(super) fn remove(&mut self, item: T) -> u64 {
        let weight = self.take(item.place()).map_or(0, |(_, weight)| weight);
        if self.small.len() + self.main.len() > 2 * self.live + PATIENCE {
            let (items, free) = (&self.items, &mut self.free);
            for queue in [&mut self.small, &mut self.main] {
                queue.retain(|place| {
                    items[*place as usize].is_some() || {
                        free.push(*place);
                        false
                    }
                });
            }
        }
        weight
    }

    /// Moves the bound between the queues towards the one that has lost what comes now.
    fn learn(&mut self, hash: u64) {
        let misses = self.past.misses(hash);
        if misses.small {
            self.share = self.share.saturating_add(self.past.step()).min(*SHARES.end());
            self.wary = self.wary.saturating_sub(1);
        } else if misses.main {
            self.share = self.share.saturating_sub(self.past.step().saturating_mul(2)).max(*SHARES.start());
            self.wary = WARY;
        }
    }

    /// The small queue's part of a whole.
    fn part(&self, whole: u64) -> u64 {
        ((u128::from(whole) * u128::from(self.share)) >> 32) as u64
    }

    /// Whether what was asked for so often, and was away for so many ticks, is worth more than the next to go from the
    /// main queue. If that one was hit, it is passed over, and the one after it is who counts.
    fn beats_main(&mut self, count: u8, away: u32) -> bool {
        let mut has_passed = false;
        while let Some(place) = self.main.front().copied() {
            let Some(Queued { item, count: other, since, .. }) = self.items[place as usize] else {
                self.main.pop_front();
                self.free.push(place);
                continue;
            };
            if item.frequency() == 0 {
                let idle = self.past.now().wrapping_sub(since);
                return (self.wary == 0 && away < idle) || count > self.past.aged(other, since) + 1;
            }
            if std::mem::replace(&mut has_passed, true) {
                return false;
            }
            self.main.pop_front();
            self.past.ends(item.hash(), false);
            self.renew(place);
        }
        true
    }

    /// Puts what was hit at the end of the main queue.
    fn renew(&mut self, place: u32) {
        if let Some(queued) = &mut self.items[place as usize] {
            queued.count = (self.past.aged(queued.count, queued.since) + queued.item.frequency()).min(MOST);
            queued.since = self.past.now();
            queued.item.set_frequency(0);
            if std::mem::take(&mut queued.is_small) {
                self.weight_of_small = self.weight_of_small.wrapping_sub(queued.weight);
            }
            self.main.push_back(place);
        }
    }

    fn take(&mut self, place: u32) -> Option<(T, u64)> {
        let Queued { item, weight, is_small, .. } = self.items[place as usize].take()?;
        self.live -= 1;
        self.weight = self.weight.wrapping_sub(weight);
        self.weight_of_small = self.weight_of_small.wrapping_sub(if is_small { weight } else { 0 });
        Some((item, weight))
    }

    /// Takes out whoever has to go in a shard of `limit` entries, and gives its weight too. `weighed`: the queues are
    /// measured by what is in them, since it is their weight that is bounded.
    pub(super) fn evict(&mut self, limit: usize, weighed: bool) -> Option<(T, u64)> {
        self.is_filling = false;
        self.past.fit(limit);
        let room_of_small = self.part(if weighed { self.weight } else { limit as u64 });
        for passed in 0.. {
            let size_of_small = if weighed { self.weight_of_small } else { self.small.len() as u64 };
            // Rather than somebody hit, who is new goes.
            let is_tired = passed >= PATIENCE && !self.small.is_empty();
            let is_small = size_of_small > room_of_small || is_tired || self.main.is_empty();
            let place = if is_small { &mut self.small } else { &mut self.main }.pop_front()?;
            let Some(Queued { item, count, since, .. }) = self.items[place as usize] else {
                self.free.push(place);
                continue;
            };
            self.past.ends(item.hash(), is_small);
            if item.frequency() > 0 && passed < PATIENCE {
                self.renew(place);
                continue;
            }
            self.free.push(place);
            self.past.remember(item.hash(), self.past.aged(count, since));
            return self.take(place);
        }
        None
    }
}
