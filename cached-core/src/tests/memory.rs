//! The engine beside a model of it, under many threads, and under what user code may do.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;

use std::sync::Arc;

use crate::clock::NEVER;
use crate::key::{Held, Own, Value};
use crate::memory::{Bounds, Gone, Header, Kept, Memory, Terms};

const EVER: Header = Header { generation: 0, created: 0, deadline: NEVER, timed: false };
const TERMS: Terms = Terms { generation: 0, timed: false, life: NEVER, idle: NEVER };

/// A small generator, so that a failure comes back with its seed.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

pub(super) fn held<K: crate::key::KeyPart, V: Value>(memory: &Memory<K, V>, key: K) -> Held<K> {
    Held { hash: memory.hash(&Own(&key)), key }
}

pub(super) fn put<K: crate::key::KeyPart, V: Value>(memory: &Memory<K, V>, key: K, value: V) -> Gone<K, V> {
    memory.insert(held(memory, key), Kept::new(value, false), EVER, 0)
}

pub(super) fn get<K: crate::key::KeyPart, V: Value>(memory: &Memory<K, V>, key: &K) -> Option<V> {
    memory.get(memory.pin_again()?, &Own(key), TERMS)
}

/// A value that is counted while it lives.
#[derive(Debug)]
pub(super) struct Counted(pub(super) u64, Arc<AtomicUsize>);

impl Counted {
    pub(super) fn new(n: u64, live: &Arc<AtomicUsize>) -> Self {
        live.fetch_add(1, SeqCst);
        Counted(n, Arc::clone(live))
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Counted::new(self.0, &self.1)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        assert!(self.1.fetch_sub(1, SeqCst) > 0, "dropped twice");
    }
}

#[test]
fn it_never_gives_another_value_and_never_holds_more_than_its_bound() {
    for (seed, bound) in [(1, 1), (2, 3), (3, 16), (4, 100), (5, 1_000), (6, 5_000), (7, usize::MAX)] {
        let live = Arc::new(AtomicUsize::new(0));
        let memory = Memory::new(Bounds::entries(bound), false);
        let (mut model, mut dice, mut bound) = (HashMap::new(), Dice(seed), bound);
        for step in 0..40_000_u64 {
            let key = dice.below(3 * bound.min(2_000) as u64 + 2);
            match dice.below(100) {
                0 if step % 50 == 0 => {
                    memory.clear();
                    model.clear();
                    assert_eq!(memory.held(), 0, "nobody reads");
                }
                1 if bound < 2_000 => {
                    bound = usize::try_from(dice.below(1_500)).unwrap() * usize::from(dice.below(9) > 0);
                    memory.set_bounds(Bounds::entries(bound)).unwrap();
                }
                2..8 => {
                    memory.remove(&held(&memory, key)).unwrap();
                    model.remove(&key);
                    assert!(get(&memory, &key).is_none());
                }
                8..50 => {
                    let gone = put(&memory, key, Counted::new(step, &live));
                    assert_eq!(gone.is_stored, bound > 0, "seed {seed}: nobody reads, so there is room");
                    model.insert(key, step);
                    assert_eq!(get(&memory, &key).map(|value| value.0), (bound > 0).then_some(step));
                }
                _ => {
                    let found = get(&memory, &key);
                    assert!(found.is_none() || found.map(|value| value.0) == model.get(&key).copied());
                }
            }
            assert!(memory.held() <= bound, "seed {seed}, step {step}");
            assert!(memory.len() <= model.len());
            if bound == usize::MAX {
                assert_eq!(memory.len(), model.len(), "without a bound nothing is evicted");
            }
        }
        assert_eq!(live.load(SeqCst), memory.held(), "what lives is in the memory");
        drop(memory);
        assert_eq!(live.load(SeqCst), 0, "seed {seed}");
    }
}

#[test]
fn everything_that_was_stored_is_dropped_exactly_once_by_whoever_comes() {
    for bound in [8, 200, 4_000] {
        let live = Arc::new(AtomicUsize::new(0));
        let memory = Memory::new(Bounds::entries(bound), false);
        thread::scope(|scope| {
            for seed in 1..=6 {
                let (memory, live) = (&memory, &live);
                scope.spawn(move || {
                    let mut dice = Dice(seed * 7_919);
                    for _ in 0..20_000 {
                        // What a key stands for never changes, so a wrong value is seen.
                        let key = dice.below(600);
                        match dice.below(40) {
                            0 => memory.remove(&held(memory, key)).unwrap(),
                            1 if dice.below(100) == 0 => memory.clear(),
                            2 if dice.below(100) == 0 => {
                                memory.set_bounds(Bounds::entries(bound - bound / 3 * (seed as usize % 2))).unwrap()
                            }
                            3..12 => drop(put(memory, key, Counted::new(key, live))),
                            _ => assert!(get(memory, &key).is_none_or(|value| value.0 == key)),
                        }
                        assert!(memory.held() <= bound);
                    }
                });
            }
        });
        memory.clear();
        assert_eq!(live.load(SeqCst), 0, "after a clear nothing is left");
    }
}

/// A value whose copies wait for a word.
struct Slow(Arc<AtomicUsize>, mpsc::SyncSender<()>, Arc<std::sync::Mutex<mpsc::Receiver<()>>>);

impl Clone for Slow {
    fn clone(&self) -> Self {
        self.1.send(()).unwrap();
        self.2.lock().unwrap().recv().unwrap();
        Slow(Arc::clone(&self.0), self.1.clone(), Arc::clone(&self.2))
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn while_a_reader_sleeps_nothing_it_may_see_goes_and_what_finds_no_room_is_refused() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let ((begun, wait), (go, gate)) = (mpsc::sync_channel(1), mpsc::sync_channel::<()>(1));
    let gate = Arc::new(std::sync::Mutex::new(gate));
    let slow = || Slow(Arc::clone(&dropped), begun.clone(), Arc::clone(&gate));
    let memory = Memory::new(Bounds::entries(40), false);
    let _gone = put(&memory, 0, slow());
    thread::scope(|scope| {
        let reader = scope.spawn(|| drop(get(&memory, &0)));
        wait.recv().unwrap();
        memory.remove(&held(&memory, 0)).unwrap();
        assert_eq!((memory.len(), dropped.load(SeqCst)), (0, 0), "removed, and still being read");
        let refused = (1..200).filter(|n| !put(&memory, *n, slow()).is_stored).count();
        assert!(memory.held() <= 40 && memory.len() >= 30, "a sleeper does not empty the memory");
        assert!(refused >= 150, "{refused} refused");
        let before = dropped.load(SeqCst);
        assert_eq!(before, refused, "only what was refused has been dropped");
        go.send(()).unwrap();
        reader.join().unwrap();
        assert!(put(&memory, 500, slow()).is_stored, "the reader has gone");
        assert!(dropped.load(SeqCst) > before + 1, "and so has what it kept");
    });
}

#[test]
fn what_is_cleared_under_a_sleeping_reader_goes_as_soon_as_one_part_sees_him_gone() {
    const BOUND: usize = 10_000;
    let (dropped, live) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let ((begun, wait), (go, gate)) = (mpsc::sync_channel(1), mpsc::sync_channel::<()>(1));
    let slow = Slow(dropped, begun, Arc::new(std::sync::Mutex::new(gate)));
    let memory = Memory::new(Bounds::entries(BOUND), false);
    let value = || (Counted::new(0, &live), None::<Slow>);
    (1..BOUND as u64).for_each(|key| drop(put(&memory, key, value())));
    drop(put(&memory, 0, (Counted::new(0, &live), Some(slow))));
    thread::scope(|scope| {
        let reader = scope.spawn(|| drop(get(&memory, &0)));
        wait.recv().unwrap();
        let before = memory.len();
        memory.clear();
        assert_eq!((memory.len(), memory.held()), (0, before), "cleared, and still being read");
        go.send(()).unwrap();
        reader.join().unwrap();
        // As many as one part may have: whoever takes its room has seen that the reader is gone.
        for key in 0..BOUND as u64 {
            drop(put(&memory, key, value()));
            assert!(live.load(SeqCst) <= BOUND + 1, "cleared values and new ones together, key {key}");
        }
    });
}

#[test]
fn an_empty_memory_that_is_cleared_keeps_nothing_for_whoever_sleeps() {
    let ((begun, wait), (go, gate)) = (mpsc::sync_channel(1), mpsc::sync_channel::<()>(1));
    let slow = Slow(Arc::default(), begun, Arc::new(std::sync::Mutex::new(gate)));
    let memory = Memory::new(Bounds::entries(10_000), false);
    drop(put(&memory, 0, slow));
    thread::scope(|scope| {
        let reader = scope.spawn(|| drop(get(&memory, &0)));
        wait.recv().unwrap();
        memory.clear();
        let once = memory.retired();
        (0..100).for_each(|_| memory.clear());
        let often = memory.retired();
        go.send(()).unwrap();
        reader.join().unwrap();
        memory.clear();
        assert_eq!(once, often, "what he reads, and nothing for the times when there was nothing");
        assert_eq!((once > 0, memory.retired()), (true, 0), "and that goes too, when it is cleared again");
    });
}

#[test]
fn a_clone_may_hit_again_store_and_panic() {
    type Nest = Memory<u64, Nested>;
    struct Nested(Option<&'static Nest>);
    impl Clone for Nested {
        fn clone(&self) -> Self {
            let Some(memory) = self.0 else { panic!("as it was told to") };
            assert!(catch_unwind(AssertUnwindSafe(|| get(memory, &2))).is_err());
            assert!(put(memory, 3, Nested(None)).is_stored);
            memory.remove(&held(memory, 1)).unwrap();
            Nested(Some(memory))
        }
    }
    static MEMORY: std::sync::OnceLock<Nest> = std::sync::OnceLock::new();
    let memory = MEMORY.get_or_init(|| Memory::new(Bounds::entries(100), false));
    drop(put(memory, 1, Nested(Some(memory))));
    drop(put(memory, 2, Nested(None)));
    assert!(get(memory, &1).is_some());
    assert!(get(memory, &1).is_none(), "removed while it was copied");
    memory.clear();
    assert_eq!(memory.held(), 0, "no pin is left behind, also by what panicked");
}

#[test]
fn a_comparison_that_calls_back_is_told_so_and_one_that_panics_breaks_nothing() {
    #[derive(Clone)]
    struct Curious(u64, &'static AtomicBool);
    static MEMORY: std::sync::OnceLock<Memory<Curious, u64>> = std::sync::OnceLock::new();
    impl PartialEq for Curious {
        fn eq(&self, other: &Self) -> bool {
            let memory = MEMORY.get().unwrap();
            assert!(!self.1.load(SeqCst), "as it was told to");
            // Called back by a reader, or by a writer in whose shard no other writer can be.
            let (read, wrote) = (get(memory, self), memory.remove(&held(memory, Curious(99, self.1))));
            assert!(read.is_none() || wrote.is_none());
            self.0 == other.0
        }
    }
    impl Eq for Curious {}
    impl std::hash::Hash for Curious {
        fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
    }
    static PANICS: AtomicBool = AtomicBool::new(false);
    let memory = MEMORY.get_or_init(|| Memory::new(Bounds::entries(100), false));
    // All have one hash, so every comparison is made, also beyond the first bucket.
    for n in 0..20 {
        assert!(put(memory, Curious(n, &PANICS), n).is_stored);
    }
    PANICS.store(true, SeqCst);
    assert!(catch_unwind(|| get(memory, &Curious(1, &PANICS))).is_err());
    assert!(catch_unwind(|| put(memory, Curious(1, &PANICS), 7)).is_err());
    PANICS.store(false, SeqCst);
    for n in 0..20 {
        assert_eq!(get(memory, &Curious(n, &PANICS)), Some(n));
    }
    memory.clear();
    assert_eq!(memory.held(), 0);
}

#[test]
fn a_thread_that_is_ending_reads_still() {
    static MEMORY: std::sync::OnceLock<Memory<u64, Arc<u64>>> = std::sync::OnceLock::new();
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    struct Last;
    impl Drop for Last {
        fn drop(&mut self) {
            let memory = MEMORY.get().unwrap();
            assert_eq!(get(memory, &1).as_deref(), Some(&10));
            assert!(put(memory, 2, Arc::new(20)).is_stored);
            SEEN.fetch_add(1, SeqCst);
        }
    }
    thread_local! {
        static LAST: Last = const { Last };
    }
    let memory = MEMORY.get_or_init(|| Memory::new(Bounds::entries(10), false));
    drop(put(memory, 1, Arc::new(10)));
    for round in 1..=4 {
        // Made before the record and after it: destroyed after it and before.
        thread::spawn(move || {
            if round % 2 == 0 {
                assert!(get(memory, &1).is_some());
            }
            LAST.with(|_| ());
            assert!(get(memory, &1).is_some());
        })
        .join()
        .unwrap();
        assert_eq!(SEEN.load(SeqCst), round);
    }
    memory.clear();
    assert_eq!(memory.held(), 0, "ended threads hold nothing");
}

#[test]
fn what_is_asked_for_again_outlives_what_is_asked_for_once() {
    let memory = Memory::new(Bounds::entries(100), false);
    for hot in 0..50 {
        drop(put(&memory, hot, hot));
    }
    for once in 1_000..11_000 {
        drop(put(&memory, once, once));
        assert_eq!(get(&memory, &(once % 50)), Some(once % 50));
    }
}

#[test]
fn a_loop_over_more_than_there_is_room_for_hits_what_it_began_with() {
    let memory = Memory::new(Bounds::entries(100), false);
    let mut hits = 0;
    for key in (0..300).cycle().take(3_000) {
        match get(&memory, &key) {
            Some(_) => hits += 1,
            None => drop(put(&memory, key, key)),
        }
    }
    assert!(hits > 700, "{hits} of 3,000; without a plan it is none");
}

#[test]
fn what_is_replaced_is_dropped_at_once_where_little_is_stored() {
    let live = Arc::new(AtomicUsize::new(0));
    let memory = Memory::new(Bounds::entries(10_000), false);
    for round in 0..100 {
        for key in 0..5 {
            drop(put(&memory, key, Counted::new(round, &live)));
        }
        assert_eq!(live.load(SeqCst), memory.len());
    }
}

#[test]
fn a_bound_of_thousands_costs_little_until_it_is_used() {
    let memory: Memory<u64, u64> = Memory::new(Bounds::entries(10_000), false);
    (0..10).for_each(|n| drop(put(&memory, n, n)));
    let room = memory.room();
    assert!(room <= 64, "{room}");
    assert!((0..10).all(|n| get(&memory, &n) == Some(n)));
}

#[test]
fn weights_are_kept_to_their_bound_and_what_is_too_heavy_is_not_stored() {
    const BYTES: u64 = 100_000;
    let (live, mut dice) = (Arc::new(AtomicUsize::new(0)), Dice(7));
    let memory = Memory::new(Bounds { entries: usize::MAX, bytes: BYTES }, false);
    let heavy = |memory: &Memory<u64, Counted>, key, bytes| {
        memory.insert(held(memory, key), Kept::new(Counted::new(key, &live), false), EVER, bytes)
    };
    drop(heavy(&memory, 0, 1));
    let entry = memory.bytes() - 1;
    for round in 0..20_000 {
        let (key, held) = (dice.below(300), dice.below(3_000));
        let gone = heavy(&memory, key, held);
        assert!(gone.is_stored, "round {round}");
        assert!(memory.bytes() <= BYTES, "round {round}: {}", memory.bytes());
    }
    assert!(memory.bytes() > BYTES / 2, "most of the room is used: {}", memory.bytes());
    let mut gone = heavy(&memory, 1, BYTES - entry + 1);
    assert!(!gone.is_stored && get(&memory, &1).is_none(), "too heavy by one byte, and the old one is gone");
    gone = heavy(&memory, 1, BYTES - entry);
    assert!(gone.is_stored && memory.len() == 1 && memory.bytes() == BYTES, "just fits, alone");
    for claimed in [u64::MAX, u64::MAX - 1, 1 << 48] {
        assert!(!heavy(&memory, 2, claimed).is_stored, "{claimed}");
    }
    memory.set_bounds(Bounds { entries: usize::MAX, bytes: BYTES / 2 }).unwrap();
    assert_eq!((memory.len(), memory.bytes()), (0, 0), "over the new bound");
}

#[test]
fn fewer_parts_serve_a_smaller_bound_and_nothing_is_lost_that_has_room() {
    let live = Arc::new(AtomicUsize::new(0));
    let memory = Memory::new(Bounds::entries(100_000), false);
    (0..1_000).for_each(|key| drop(put(&memory, key, Counted::new(key, &live))));
    memory.set_bounds(Bounds::entries(1_000)).unwrap();
    assert_eq!(memory.len(), 1_000);
    assert!((0..1_000).all(|key| get(&memory, &key).is_some_and(|value| value.0 == key)));
    memory.set_bounds(Bounds::entries(3)).unwrap();
    assert_eq!(memory.held(), 3, "so few, and yet there is room");
    drop(put(&memory, 5_000, Counted::new(5_000, &live)));
    assert!(get(&memory, &5_000).is_some() && memory.held() <= 3);
    memory.set_bounds(Bounds::entries(100_000)).unwrap();
    (0..9_000).for_each(|key| drop(put(&memory, key, Counted::new(key, &live))));
    assert!((0..9_000).all(|key| get(&memory, &key).is_some()), "and for many again");
    memory.clear();
    assert_eq!(live.load(SeqCst), 0);
}

#[test]
fn where_the_number_binds_and_weights_are_bounded_too_what_is_hit_stays() {
    let live = Arc::new(AtomicUsize::new(0));
    let memory = Memory::new(Bounds { entries: 100, bytes: 1 << 40 }, true);
    for key in 0..2_000 {
        drop(put(&memory, key, Counted::new(key, &live)));
        (0..20).for_each(|hot| {
            if get(&memory, &hot).is_none() {
                drop(put(&memory, hot, Counted::new(hot, &live)));
            }
        });
    }
    let kept = (0..20).filter(|hot| get(&memory, hot).is_some()).count();
    assert!(kept >= 19 && memory.held() <= 100, "{kept} of 20 that are asked for each time");
}
