//! Whether everything is where it should be.
//!
//! In: the shards, all of them locked. Out: nothing, or a panic that names what is elsewhere. For tests: it looks at every
//! entry, and what it finds wrong was wrong before.

use std::collections::{BTreeMap, BTreeSet};

use super::super::policy::Items as _;
use super::super::table::Table;
use super::{Ordering, Shards, State, part_of};

/// Numbers, each in one place.
#[derive(Default)]
struct Placed(BTreeSet<u32>);

impl Placed {
    fn add(&mut self, number: u32) {
        assert!(self.0.insert(number), "{number} is in two places");
    }
}

impl<K, V> Shards<K, V> {
    /// Checks that each number is linked and live, or queued, in quarantine or vacant, and that sums are right.
    ///
    /// # Panics
    /// When one is not.
    pub(in super::super) fn validate(&self) {
        let (states, table) = (self.lock_all(), self.own_table());
        let used = self.used.load(Ordering::Relaxed);
        let (mut linked, mut placed) = (BTreeMap::new(), Placed::default());
        table.index.each(|number, tag, place| {
            assert!(linked.insert(number, place).is_none(), "{number} is linked twice");
            assert!(tag & 0x80 != 0, "a tag says that something is there");
        });
        for (place, (part, state)) in self.parts.iter().zip(&states).enumerate() {
            let noted = (part.len.load(Ordering::Relaxed), part.weight.load(Ordering::Relaxed));
            assert_eq!(noted, (state.policy.len(), state.policy.weight()), "what part {place} says of itself");
            state.place(table, &mut placed, &mut |number| {
                let hash = table.hash(number);
                assert_eq!(part_of(hash, used), place, "the part of {number}");
                assert_eq!(linked.remove(&number), Some(table.index.place(hash)), "the bucket of {number}");
            });
            assert!(place < used || state.held() == 0, "part {place} is not in use");
        }
        assert!(linked.is_empty(), "linked, and in no policy: {linked:?}");
        assert!(table.slab.numbers().eq(placed.0), "each number is somewhere");
    }
}

impl<K, V> State<K, V> {
    /// Says where its numbers are; of those that live, to `live` too.
    fn place(&self, table: &Table<K, V>, placed: &mut Placed, live: &mut dyn FnMut(u32)) {
        let [living, removed, vacant] = self.policy.numbers(table);
        let retired = self.quarantine.numbers(|number| table.weight(number));
        for number in living.iter().chain(&retired) {
            assert!(table.is_held(*number), "{number} lives or is in quarantine, and is empty");
            placed.add(*number);
        }
        living.iter().for_each(|number| live(*number));
        // What was removed stands in its queue for a while, in quarantine and after.
        let retired = BTreeSet::from_iter(retired);
        let emptied = removed.into_iter().filter(|number| !retired.contains(number));
        for number in emptied.chain(vacant) {
            assert!(!table.is_held(number), "{number} is vacant, and holds something");
            placed.add(number);
        }
    }
}
