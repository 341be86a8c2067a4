//! Which keys of a memo belong to which tags.
//!
//! In: the tags of a call, and the hash of its key, before its body runs. Out: the hashes that an
//! invalidation of a tag has to forget. No key is held: two of one hash are forgotten together.

use std::collections::{HashMap, HashSet};

use crate::key::Finished;
use crate::sync::Mutex;

/// Fewer hashes than this are not worth looking through.
const FEW: usize = 1_024;

/// The index of one memo. A memo without tags never touches it.
#[derive(Default)]
pub(crate) struct Index(Mutex<Tagged>);

#[derive(Default)]
struct Tagged {
    sets: HashMap<Box<str>, HashSet<u64, Finished>>,
    held: usize,
    /// At how many hashes those are sought that nothing stands for any more.
    full: usize,
}

impl Index {
    /// Notes that the value of `hash` belongs to `tags`. `lives` says whether anything stands for a hash:
    /// an entry, or somebody who computes.
    pub(crate) fn add(&self, tags: &[String], hash: u64, lives: &dyn Fn(u64) -> bool) {
        if tags.is_empty() {
            return;
        }
        let mut tagged = self.0.lock();
        for tag in tags {
            let new = match tagged.sets.get_mut(tag.as_str()) {
                Some(set) => set.insert(hash),
                None => tagged.sets.entry(tag.as_str().into()).or_default().insert(hash),
            };
            tagged.held += usize::from(new);
        }
        if tagged.held > tagged.full.max(FEW) {
            tagged.sets.values_mut().for_each(|set| set.retain(|other| *other == hash || lives(*other)));
            tagged.sets.retain(|_, set| !set.is_empty());
            tagged.held = tagged.sets.values().map(HashSet::len).sum();
            tagged.full = 2 * tagged.held;
        }
    }

    /// All that belongs to a tag. It stays here, for others who invalidate the same tag at this moment: none
    /// of them may return before everything is gone.
    pub(crate) fn of(&self, tag: &str) -> Vec<u64> {
        self.0.lock().sets.get(tag).map(|set| set.iter().copied().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_stands_for_any_more_leaves_the_index() {
        let index = Index::default();
        for hash in 0..1_000_000 {
            index.add(&[format!("tag {}", hash % 7)], hash, &|other| other + 500 > hash);
        }
        let held = index.0.lock().held;
        assert!((500..=3 * FEW).contains(&held), "{held}");
        let found: usize = (0..7).map(|tag| index.of(&format!("tag {tag}")).len()).sum();
        assert_eq!(found, held);
    }
}
