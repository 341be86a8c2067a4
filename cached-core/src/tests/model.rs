//! The engine beside a model of it: random operations, with weights, lifetimes and time that is moved.
//!
//! Other tests may use the clock too, so a moment is known by the time before an operation and after it. What the model
//! says was gone before is never given; what it says is there after, and nothing could evict, is.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::memory::{Counted, held};
use super::{alone_with_time, scaled};
use crate::clock::{self, NEVER};
use crate::key::Own;
use crate::memory::{Bounds, Header, Kept, Look, Memory, Terms};
use crate::stats::Counters;

const CASES: u32 = 3_000;
const MILLI: u64 = 1_000_000;
/// An idle time may end by so much early.
const EARLY: u64 = MILLI;

/// What a key is looked up by.
#[derive(Clone, Copy, Debug)]
enum By {
    Get,
    Ask,
    Look,
    Show,
    Glance,
}

#[derive(Clone, Copy, Debug)]
struct New {
    key: u64,
    weight: u64,
    life: Option<u64>,
    quiet: bool,
    prepared: bool,
}

#[derive(Clone, Debug)]
enum Act {
    Insert(New),
    Find(By, u64),
    Remove(u64),
    RemoveAll(u64),
    Clear,
    Bounds(Option<usize>, Option<u64>),
    Sweep {
        near: u64,
        all: bool,
    },
    Invalidate,
    Retune {
        life: Option<u64>,
        idle: Option<u64>,
    },
    Pass(u64),
    /// From here on somebody reads and does not leave; or he leaves.
    Read(bool),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let key = || 0..16_u64;
    let life = || prop_oneof![Just(None), (1..5_000 * MILLI).prop_map(Some)];
    let weight = prop_oneof![8 => Just(0), 8 => 1..400_u64, 2 => Just(2_000), 1 => Just(u64::MAX)];
    let insert = (key(), weight, life(), any::<bool>(), any::<bool>());
    let insert =
        insert.prop_map(|(key, weight, life, quiet, prepared)| Act::Insert(New { key, weight, life, quiet, prepared }));
    let by = prop_oneof![Just(By::Get), Just(By::Ask), Just(By::Look), Just(By::Show), Just(By::Glance)];
    let entries = prop_oneof![3 => Just(None), 2 => (0..20_usize).prop_map(Some), 1 => Just(Some(9_000))];
    let bytes = prop_oneof![2 => Just(None), 1 => (0..4_000_u64).prop_map(Some)];
    let act = prop_oneof![
        30 => insert,
        50 => (by, key()).prop_map(|(by, key)| Act::Find(by, key)),
        5 => key().prop_map(Act::Remove),
        1 => (2..5_u64).prop_map(Act::RemoveAll),
        1 => Just(Act::Clear),
        2 => (entries, bytes).prop_map(|(entries, bytes)| Act::Bounds(entries, bytes)),
        2 => (key(), any::<bool>()).prop_map(|(near, all)| Act::Sweep { near, all }),
        1 => Just(Act::Invalidate),
        1 => (life(), life()).prop_map(|(life, idle)| Act::Retune { life, idle }),
        5 => (1..3_000 * MILLI).prop_map(Act::Pass),
        4 => any::<bool>().prop_map(Act::Read),
    ];
    proptest::collection::vec(act, 1..120)
}

/// What the model knows of a key.
struct Entry {
    value: u64,
    generation: u64,
    timed: bool,
    created: u64,
    deadline: u64,
    /// When it was last given at the latest, and since when it has surely not been idle.
    used: [u64; 2],
    /// Nothing could have removed it.
    is_there: bool,
}

impl Entry {
    /// From when on it is never given, and until when it surely is.
    fn ends(&self, terms: Terms) -> [u64; 2] {
        let end = self.deadline.min(self.created.saturating_add(terms.life));
        let [latest, surely] = self.used.map(|used| end.min(used.saturating_add(terms.idle)));
        // Of what was stored without a time it is known only roughly when it was computed.
        let is_exact = self.timed || terms.life == NEVER && terms.idle == NEVER;
        [latest, if is_exact { surely } else { 0 }]
    }
}

/// What the cases met.
#[derive(Debug, Default)]
struct Tally {
    acts: usize,
    found: usize,
    missed: usize,
    ended: usize,
    refused: usize,
    held_back: usize,
}

struct Pair {
    memory: Memory<u64, Counted>,
    live: Arc<AtomicUsize>,
    counters: Counters,
    model: HashMap<u64, Entry>,
    terms: Terms,
    bounds: Bounds,
    /// What may be held where a reader kept more than new bounds allow.
    kept: (usize, u64),
    values: u64,
}

const UNBOUND: Bounds = Bounds { entries: usize::MAX, bytes: u64::MAX };

impl Pair {
    fn new(is_heavy: bool, timed: bool) -> Self {
        Pair {
            memory: Memory::new(UNBOUND, is_heavy),
            live: Arc::default(),
            counters: Counters::new(),
            model: HashMap::new(),
            terms: Terms::plain(0, timed),
            bounds: UNBOUND,
            kept: (0, 0),
            values: 0,
        }
    }

    /// Whatever is there may go from now on, where anything has to.
    fn may_evict(&mut self) {
        if self.bounds != UNBOUND {
            self.model.values_mut().for_each(|entry| entry.is_there = false);
        }
    }

    fn insert(&mut self, new: New) -> bool {
        let New { key, weight, life, quiet, prepared } = new;
        let held = held(&self.memory, key);
        if prepared {
            self.memory.prepare(held.hash, weight, quiet, &self.counters);
        }
        self.values += 1;
        let (created, timed) = (clock::now(), self.terms.timed);
        let deadline = life.filter(|_| timed).map_or(NEVER, |life| created + life);
        let header = Header { generation: self.terms.generation, created, deadline, timed };
        let value = Kept::new(Counted::new(self.values, &self.live), quiet);
        let gone = self.memory.insert(held, value, header, weight);
        self.may_evict();
        self.model.remove(&key);
        if gone.is_stored {
            let (value, generation, used) = (self.values, self.terms.generation, [created; 2]);
            let entry = Entry { value, generation, timed, created, deadline, used, is_there: true };
            self.model.insert(key, entry);
        }
        gone.is_stored
    }

    /// What is given of a key; `None` where this way does not tell.
    fn given(&self, by: By, key: u64) -> Option<Option<u64>> {
        let of = |look: Look<Counted>| match look {
            Look::Live { kept, .. } => Some(kept.as_ref().0),
            Look::Ended(..) | Look::Nothing(_) => None,
        };
        let (memory, terms) = (&self.memory, self.terms);
        let is_plain = terms.life == NEVER && terms.idle == NEVER;
        match by {
            By::Get => Some(memory.get(memory.pin_again()?, &Own(&key), terms).map(|value| value.0)),
            By::Ask => memory.ask(&held(memory, key), terms).map(of),
            By::Look => memory.look(&held(memory, key), terms).map(of),
            By::Show if is_plain => memory.show(&Own(&key), 0, terms, |value| value.0).ok(),
            By::Show | By::Glance => {
                let pin = memory.pin()?;
                let glance = if is_plain { Memory::glance::<false, _> } else { Memory::glance::<true, _> };
                Some(glance(memory, &pin, &Own(&key), terms)?.map(|value| value.0))
            }
        }
    }

    fn find(&mut self, by: By, key: u64, tally: &mut Tally) {
        let (before, given) = (clock::now(), self.given(by, key));
        let (Some(given), after) = (given, clock::now()) else { return };
        let (terms, entry) = (self.terms, self.model.get_mut(&key));
        let entry = entry.filter(|entry| entry.generation == terms.generation);
        let Some(entry) = entry else {
            assert_eq!(given, None, "key {key}: removed, never stored, or of another generation");
            return;
        };
        let [latest, surely] = entry.ends(terms);
        if let Some(given) = given {
            assert_eq!(given, entry.value, "key {key}: the value that was stored last");
            assert!(before < latest, "key {key}: given at {before}, ended at {latest}");
            tally.found += 1;
            if !matches!(by, By::Look) && terms.idle != NEVER {
                entry.used = [after, if entry.timed { before.saturating_sub(EARLY).max(entry.used[1]) } else { 0 }];
            }
        } else {
            assert!(!entry.is_there || after >= surely, "key {key}: nothing removed it, and it ends at {surely}");
            tally.missed += 1;
            tally.ended += usize::from(after >= surely);
        }
    }

    fn sweep(&mut self, near: u64, all: bool) {
        let held = held(&self.memory, near);
        let before = clock::now();
        self.memory.sweep(held.hash, if all { usize::MAX } else { 3 });
        let after = clock::now();
        self.model.retain(|key, entry| !(all && *key == near && before >= entry.deadline));
        self.model.values_mut().filter(|entry| after >= entry.deadline).for_each(|entry| entry.is_there = false);
    }

    fn act(&mut self, act: &Act, tally: &mut Tally) {
        match *act {
            Act::Insert(new) => {
                let stored = self.insert(new);
                tally.refused += usize::from(!stored);
                assert!(stored || self.bounds != UNBOUND, "there is room for all");
            }
            Act::Find(by, key) => self.find(by, key, tally),
            Act::Remove(key) => {
                self.memory.remove(&held(&self.memory, key)).expect("nothing calls back");
                self.model.remove(&key);
            }
            Act::RemoveAll(by) => {
                self.memory.remove_all(|key| key % by == 0);
                self.model.retain(|key, _| key % by != 0);
            }
            Act::Clear => {
                self.memory.clear();
                self.model.clear();
            }
            Act::Bounds(entries, bytes) => {
                self.bounds = Bounds { entries: entries.unwrap_or(usize::MAX), bytes: bytes.unwrap_or(u64::MAX) };
                self.memory.set_bounds(self.bounds).unwrap();
                self.may_evict();
                self.kept = (self.memory.held(), self.memory.held_bytes());
            }
            Act::Sweep { near, all } => self.sweep(near, all),
            Act::Invalidate => self.terms.generation += 1,
            Act::Retune { life, idle } => {
                let [life, idle] = [life, idle].map(|time| time.unwrap_or(NEVER));
                // A site that has a lifetime once is timed for good.
                let timed = self.terms.timed || life.min(idle) != NEVER;
                self.terms = Terms { timed, life, idle, ..self.terms };
            }
            Act::Pass(by) => clock::advance(Duration::from_nanos(by)),
            Act::Read(_) => {}
        }
    }

    /// What holds after every step.
    fn holds(&mut self) {
        self.memory.validate();
        let (entries, bytes) = (self.memory.held(), self.memory.held_bytes());
        assert!(entries <= self.bounds.entries.max(self.kept.0), "{entries} held under {:?}", self.bounds);
        assert!(bytes <= self.bounds.bytes.max(self.kept.1), "{bytes} bytes held under {:?}", self.bounds);
        self.kept = (entries.min(self.kept.0), bytes.min(self.kept.1));
        assert!(self.live.load(SeqCst) <= entries, "what lives is in the memory");
        assert!(self.memory.len() <= self.model.len());
    }
}

/// One case, at whose end everything has been dropped once.
fn run(is_heavy: bool, timed: bool, acts: &[Act], tally: &mut Tally) {
    let mut pair = Pair::new(is_heavy, timed);
    for acts in acts.chunk_by(|_, next| !matches!(next, Act::Read(_))) {
        let reads = matches!(acts[0], Act::Read(true));
        let elsewhere = pair.memory.pin_again().filter(|_| reads);
        for act in acts {
            pair.act(act, tally);
            pair.holds();
            tally.acts += 1;
            tally.held_back += usize::from(reads && pair.memory.held() > pair.memory.len());
        }
        drop(elsewhere);
    }
    let (live, memory) = (Arc::clone(&pair.live), pair.memory);
    drop(memory);
    assert_eq!(live.load(SeqCst), 0, "something was never dropped");
}

#[test]
fn with_weights_and_lifetimes_it_gives_what_the_model_has_and_keeps_every_bound() {
    let _alone = alone_with_time();
    let (cases, mut tally) = (scaled(CASES), Tally::default());
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let strategy = (any::<bool>(), any::<bool>(), acts());
    let tally = std::cell::RefCell::new(&mut tally);
    let outcome = runner.run(&strategy, |(is_heavy, timed, acts)| {
        run(is_heavy, timed, &acts, &mut tally.borrow_mut());
        Ok(())
    });
    // What was known of moments far off is forgotten, for whoever is next.
    clock::advance(Duration::from_secs(1));
    println!("R03 {cases} cases: {:?}", tally.borrow());
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let tally = tally.borrow();
    assert!(tally.found > 0 && tally.ended > 0 && tally.refused > 0 && tally.held_back > 0, "{tally:?}");
}
