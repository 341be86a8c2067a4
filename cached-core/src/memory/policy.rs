//! Who has to go when a shard is full.
//!
//! In: what was inserted, removed, and hit. Out: the next victim, and what all together weigh. S3-FIFO (J. Yang et al., "FIFO queues
//! are all you need for cache eviction", SOSP 2023): new items wait in a small queue and pass on to the
//! main one if they are hit there; what leaves the small queue unseen is remembered by its hash for a
//! while, and if it comes back it goes to the main queue at once.
//!
//! Two things differ, by measurement: the first items fill the main queue, so that a loop over more than
//! there is room for hits what it began with; and the small queue is smaller, which such loops like too.

use std::collections::VecDeque;

/// The small queue has one part in so many.
const SMALL: usize = 50;
/// Items that one eviction passes over at most; then it takes what comes.
const PATIENCE: usize = 128;

/// It has not been removed.
const LIVE: u8 = 1;
/// One of the queues has its number.
const QUEUED: u8 = 2;
/// The small queue has.
const SMALLS: u8 = 4;

/// What the policy knows items by their numbers from.
pub(super) trait Items {
    fn hash(&self, number: u32) -> u64;
    fn weight(&self, number: u32) -> u64;
    /// Hits since it was last looked at, up to a small number.
    fn frequency(&self, number: u32) -> u8;
    fn set_frequency(&self, number: u32, frequency: u8);
    /// What the policy noted of it; nothing at first.
    fn marks(&self, number: u32) -> u8;
    fn set_marks(&self, number: u32, marks: u8);
    /// Whether somebody may still look at what it held.
    fn is_held(&self, number: u32) -> bool;
}

#[derive(Default)]
pub(super) struct Policy {
    /// Numbers of items that are vacant and in no queue.
    free: Vec<u32>,
    small: VecDeque<u32>,
    main: VecDeque<u32>,
    live: usize,
    /// What all items weigh, and those of the small queue.
    weight: u64,
    weight_of_small: u64,
    ghosts: Ghosts,
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
        self.hand = if queued == 0 { 0 } else { (first + count) % queued };
        let at = |step| {
            let place = (first + step) % queued;
            self.main.get(place).or_else(|| self.small.get(place - self.main.len())).copied()
        };
        (0..count).filter_map(at).filter(|number| items.marks(*number) & LIVE != 0).collect()
    }

    /// Queues an item, in a shard of `limit` entries. `proven`: its key was here a moment ago.
    pub(super) fn insert(&mut self, items: &impl Items, number: u32, proven: bool, limit: usize) {
        let weight = items.weight(number);
        self.live += 1;
        self.weight = self.weight.wrapping_add(weight);
        let is_first = !self.is_full && self.main.len() < limit - limit / SMALL;
        if self.ghosts.forget(items.hash(number)) || proven || is_first {
            items.set_marks(number, LIVE | QUEUED);
            self.main.push_back(number);
        } else {
            items.set_marks(number, LIVE | QUEUED | SMALLS);
            self.weight_of_small = self.weight_of_small.wrapping_add(weight);
            self.small.push_back(number);
        }
    }

    /// Takes an item out, and gives its weight.
    pub(super) fn remove(&mut self, items: &impl Items, number: u32) -> u64 {
        let weight = self.take(items, number);
        if self.small.len() + self.main.len() > 2 * self.live + PATIENCE {
            let free = &mut self.free;
            for queue in [&mut self.small, &mut self.main] {
                queue.retain(|number| items.marks(*number) & LIVE != 0 || !leave(items, *number, free));
            }
        }
        weight
    }

    fn take(&mut self, items: &impl Items, number: u32) -> u64 {
        let (marks, weight) = (items.marks(number), items.weight(number));
        items.set_marks(number, marks & !LIVE);
        self.live -= 1;
        self.weight = self.weight.wrapping_sub(weight);
        self.weight_of_small = self.weight_of_small.wrapping_sub(if marks & SMALLS != 0 { weight } else { 0 });
        weight
    }

    /// Takes out whoever has to go in a shard of `limit` entries, and gives its weight too. `weighed`: the queues are
    /// measured by what is in them, since it is their weight that is bounded.
    pub(super) fn evict(&mut self, items: &impl Items, limit: usize, weighed: bool) -> Option<(u32, u64)> {
        self.is_full = true;
        for passed in 0.. {
            let is_long = match weighed {
                true => self.weight_of_small > self.weight / SMALL as u64,
                false => self.small.len() > limit / SMALL,
            };
            let is_small = self.main.is_empty() || is_long;
            let number = if is_small { &mut self.small } else { &mut self.main }.pop_front()?;
            let marks = items.marks(number);
            if marks & LIVE == 0 {
                leave(items, number, &mut self.free);
                continue;
            }
            let frequency = items.frequency(number);
            if frequency > 0 && passed < PATIENCE {
                items.set_frequency(number, frequency - 1);
                if marks & SMALLS != 0 {
                    items.set_marks(number, marks & !SMALLS);
                    self.weight_of_small = self.weight_of_small.wrapping_sub(items.weight(number));
                }
                self.main.push_back(number);
                continue;
            }
            let weight = self.take(items, number);
            items.set_marks(number, 0);
            if is_small {
                self.ghosts.remember(items.hash(number), limit);
            }
            return Some((number, weight));
        }
        None
    }

    /// Deals the items out anew, each to the policy that `part` says, where all count as proven.
    pub(super) fn deal(self, items: &impl Items, among: &mut [&mut Policy], part: impl Fn(u64) -> usize) {
        for number in self.main.into_iter().chain(self.small) {
            if items.marks(number) & LIVE != 0 {
                among[part(items.hash(number))].insert(items, number, true, usize::MAX);
            } else {
                leave(items, number, &mut among[0].free);
            }
        }
        among[0].free.extend(self.free);
    }
}

/// A number that was removed leaves its queue. It is free, unless somebody may still look at what it held.
fn leave(items: &impl Items, number: u32, free: &mut Vec<u32>) -> bool {
    items.set_marks(number, 0);
    if !items.is_held(number) {
        free.push(number);
    }
    true
}

/// Hashes of what left the small queue of late: sets of four, each with the time at which it came.
#[derive(Default)]
struct Ghosts {
    sets: Vec<[Ghost; 4]>,
    now: u32,
    /// For how many evictions a hash is remembered.
    span: u32,
}

/// Nothing, if the print is 0.
#[derive(Clone, Copy, Default)]
struct Ghost {
    print: u32,
    since: u32,
}

impl Ghosts {
    fn remember(&mut self, hash: u64, limit: usize) {
        let span = u32::try_from(limit).unwrap_or(u32::MAX / 2).max(1);
        // Where weights bound, the number of entries goes up and down; a memory somewhat too long is no harm.
        if !(self.span / 4..=self.span).contains(&span) {
            // A third more than there are, so that few push each other out.
            *self = Ghosts { sets: vec![[Ghost::default(); 4]; limit.div_ceil(3).max(1)], now: 0, span };
        }
        self.now = self.now.wrapping_add(1);
        let (now, set) = (self.now, self.set(hash));
        let age = |ghost: &Ghost| if ghost.print == 0 { u32::MAX } else { now.wrapping_sub(ghost.since) };
        if let Some(oldest) = self.sets[set].iter_mut().max_by_key(|ghost| age(ghost)) {
            *oldest = Ghost { print: print(hash), since: now };
        }
    }

    /// Whether the hash was remembered.
    fn forget(&mut self, hash: u64) -> bool {
        if self.sets.is_empty() {
            return false;
        }
        let (now, span, set) = (self.now, self.span, self.set(hash));
        let found = self.sets[set].iter_mut().find(|ghost| ghost.print == print(hash));
        found.is_some_and(|ghost| now.wrapping_sub(std::mem::take(ghost).since) < span)
    }

    /// By bits that a shard's hashes do not have in common.
    fn set(&self, hash: u64) -> usize {
        const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = (hash >> 32).wrapping_mul(MIX) >> 32;
        (mixed * self.sets.len() as u64 >> 32) as usize
    }
}

fn print(hash: u64) -> u32 {
    (hash >> 32) as u32 | 1
}
