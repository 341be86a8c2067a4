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
    ghosts: Ghosts,
    /// Nothing had to go so far.
    is_filling: bool,
    /// The place that was looked at last, in rounds.
    hand: usize,
}

impl<T: Item> Policy<T> {
    pub(super) fn new() -> Self {
        let (small, main) = (VecDeque::new(), VecDeque::new());
        let (items, free, ghosts) = (Vec::new(), Vec::new(), Ghosts::default());
        let (weight, weight_of_small) = (0, 0);
        Self { items, free, small, main, live: 0, weight, weight_of_small, ghosts, is_filling: true, hand: 0 }
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
        let is_first = self.is_filling && self.main.len() < limit - limit / SMALL;
        let known = self.ghosts.forget(item.hash()) || proven || is_first;
        self.items[place as usize] = Some(Queued { item, weight, is_small: !known });
        if known {
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

    fn take(&mut self, place: u32) -> Option<(T, u64)> {
        let Queued { item, weight, is_small } = self.items[place as usize].take()?;
        self.live -= 1;
        self.weight = self.weight.wrapping_sub(weight);
        self.weight_of_small = self.weight_of_small.wrapping_sub(if is_small { weight } else { 0 });
        Some((item, weight))
    }

    /// Takes out whoever has to go in a shard of `limit` entries, and gives its weight too. `weighed`: the queues are
    /// measured by what is in them, since it is their weight that is bounded.
    pub(super) fn evict(&mut self, limit: usize, weighed: bool) -> Option<(T, u64)> {
        self.is_filling = false;
        for passed in 0.. {
            let is_long = match weighed {
                true => self.weight_of_small > self.weight / SMALL as u64,
                false => self.small.len() > limit / SMALL,
            };
            let is_small = self.main.is_empty() || is_long;
            let place = if is_small { &mut self.small } else { &mut self.main }.pop_front()?;
            let Some(queued) = &mut self.items[place as usize] else {
                self.free.push(place);
                continue;
            };
            let Queued { item, weight, .. } = *queued;
            let frequency = item.frequency();
            if frequency > 0 && passed < PATIENCE {
                item.set_frequency(frequency - 1);
                if std::mem::take(&mut queued.is_small) {
                    self.weight_of_small = self.weight_of_small.wrapping_sub(weight);
                }
                self.main.push_back(place);
                continue;
            }
            self.free.push(place);
            if is_small {
                self.ghosts.remember(item.hash(), limit);
            }
            return self.take(place);
        }
        None
    }
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

    fn set(&self, hash: u64) -> usize {
        (((hash & 0xffff_ffff) * self.sets.len() as u64) >> 32) as usize
    }
}

fn print(hash: u64) -> u32 {
    (hash >> 32) as u32 | 1
}
