//! What a shard remembers of entries that it has no more.
//!
//! In: the hashes of what leaves the queues. Out: of a hash that comes back how often it was asked for and how long it
//! was away; and whether a slightly longer queue would still have it.
//!
//! It is inexact, so that it is small: eight bytes for each entry that there is room for, from the first eviction on.

/// How often at most something counts as asked for.
pub(super) const MOST: u8 = 15;
/// A queue would be longer by one part in so many.
const MARGIN: usize = 20;
/// Counts are halved after so many ticks, a power of two; in a print there is room for as many.
const EPOCH: u32 = 16;
/// The lowest bit of each print in a set.
const EACH: u64 = 0x0001_0001_0001_0001;

/// Something that comes back.
#[derive(Clone, Copy, Default)]
pub(super) struct Return {
    pub(super) count: u8,
    /// In ticks.
    pub(super) away: u32,
}

/// Of two queues.
#[derive(Clone, Copy, Default)]
pub(super) struct Each<T> {
    pub(super) small: T,
    pub(super) main: T,
}

#[derive(Default)]
pub(super) struct Past {
    /// Sets of four prints, the last one in the lowest bits. A print is eight bits of the hash, the tick, and the count,
    /// which is 1 at least; none is 0.
    sets: Vec<u64>,
    /// What has come to the end of the queues of late, each in the place of its hash until another one comes there.
    ended: Vec<Each<u32>>,
    limit: usize,
    /// Goes up when half as many have come as there is room for.
    tick: u32,
    came: usize,
}

impl Past {
    /// Prepares for a shard with room for so many.
    pub(super) fn fit(&mut self, limit: usize) {
        let limit = limit.max(1);
        // Where weights bound, the number of entries goes up and down; a memory somewhat too long is no harm.
        if limit > self.limit || limit < self.limit / 4 {
            let ended = vec![Each::default(); (limit / MARGIN).max(1)];
            *self = Past { sets: vec![0; limit], ended, limit, ..*self };
        }
    }

    /// Two entries among all that there is room for, in 2^32.
    pub(super) fn step(&self) -> u32 {
        u32::try_from(self.limit / 2).map_or(1, |pairs| u32::MAX / pairs.max(1))
    }

    pub(super) fn now(&self) -> u32 {
        self.tick
    }

    /// What is left now of a count that was right at a tick.
    pub(super) fn aged(&self, count: u8, since: u32) -> u8 {
        let epochs = (self.tick / EPOCH).wrapping_sub(since / EPOCH) % (u32::MAX / EPOCH + 1);
        count >> epochs.min(7)
    }

    /// Notes that something comes, and gives what is known of it; it is forgotten here.
    pub(super) fn recall(&mut self, hash: u64) -> Option<Return> {
        let place = place(hash, self.sets.len());
        let set = self.sets.get_mut(place)?;
        self.came += 1;
        if self.came > self.limit / 2 {
            (self.came, self.tick) = (0, self.tick.wrapping_add(1));
        }
        // The lowest print with these bits of the hash is the lowest one in which nothing differs.
        let differ = ((*set >> 8) & (0xff * EACH)) ^ (bits(hash) * EACH);
        let shift = (differ.wrapping_sub(EACH) & !differ & (EACH << 15)).trailing_zeros() & !15;
        let print = set.checked_shr(shift).filter(|print| *print & u64::from(MOST) != 0)?;
        *set = *set & ((1 << shift) - 1) | (print >> 16) << shift;
        let away = self.tick.wrapping_sub((print >> 4) as u32) % EPOCH;
        Some(Return { count: self.aged(print as u8 & MOST, self.tick.wrapping_sub(away)), away })
    }

    /// Notes what is gone, and how often it was asked for.
    pub(super) fn remember(&mut self, hash: u64, count: u8) {
        let place = place(hash, self.sets.len());
        let print = bits(hash) << 8 | u64::from(self.tick % EPOCH) << 4 | u64::from(count.clamp(1, MOST));
        self.sets[place] = self.sets[place] << 16 | print;
    }

    /// Notes what is at the end of a queue: to go, or to begin anew there.
    pub(super) fn ends(&mut self, hash: u64, is_small: bool) {
        let place = place(hash, self.ended.len());
        let Each { small, main } = &mut self.ended[place];
        *(if is_small { small } else { main }) = top(hash);
    }

    /// Which queue would have something still if it were slightly longer.
    pub(super) fn misses(&self, hash: u64) -> Each<bool> {
        let ended = self.ended.get(place(hash, self.ended.len()));
        ended
            .map_or_else(Each::default, |ended| Each { small: ended.small == top(hash), main: ended.main == top(hash) })
    }
}

/// By bits that the hashes of a shard do not have in common, and that a hash has of which only the upper ones are known.
fn place(hash: u64, places: usize) -> usize {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let mixed = (hash >> 32).wrapping_mul(MIX) >> 32;
    ((mixed * places as u64) >> 32) as usize
}

fn bits(hash: u64) -> u64 {
    hash >> 35 & 0xff
}

fn top(hash: u64) -> u32 {
    (hash >> 32) as u32
}
