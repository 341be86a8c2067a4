//! What others do between the steps of an operation (B39): a backend that stops in the middle of a write.
//!
//! In: what happens before the write reaches the shelf, and after it. Out: what a reader finds in those moments. What
//! was computed before a removal that has returned is never among it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::{Config, Ttl};
use cached_testkit::{Shelf, advance};
use cached_tests::support::until;
use futures::FutureExt as _;

use crate::both::{Face, my_turn};

type Step = Box<dyn FnOnce() + Send>;

/// A shelf whose next write stops before and after it is done; it counts what it is asked.
#[derive(Default)]
struct Meeting {
    shelf: Shelf,
    around: Mutex<Option<(Step, Step)>>,
    reads: AtomicUsize,
    writes: AtomicUsize,
    deletions: AtomicUsize,
}

impl Meeting {
    /// What happens around the next write, on its thread.
    fn around(&self, before: impl FnOnce() + Send + 'static, after: impl FnOnce() + Send + 'static) {
        *self.around.lock().unwrap() = Some((Box::new(before), Box::new(after)));
    }

    /// When what is on the shelf ends, as its envelopes say: when each was written, and for how many milliseconds.
    fn ends(&self) -> Vec<u64> {
        let Reply::Ready(Ok(found)) = self.shelf.get_many(&self.shelf.keys()) else {
            panic!("a shelf answers at once")
        };
        let number = |bytes: &Bytes, at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        found.iter().flatten().map(|bytes| number(bytes, 72) + number(bytes, 80)).collect()
    }

    /// How often it was asked since the last time: reads, writes, deletions.
    fn asked(&self) -> [usize; 3] {
        [&self.reads, &self.writes, &self.deletions].map(|count| count.swap(0, SeqCst))
    }
}

impl Backend for Meeting {
    fn capabilities(&self) -> Capabilities {
        self.shelf.capabilities()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.reads.fetch_add(1, SeqCst);
        self.shelf.get_many(keys)
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        self.writes.fetch_add(1, SeqCst);
        let around = self.around.lock().unwrap().take();
        let Some((before, after)) = around else { return self.shelf.set_many(writes) };
        before();
        let reply = self.shelf.set_many(writes);
        after();
        reply
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.deletions.fetch_add(1, SeqCst);
        self.shelf.delete_many(keys)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.shelf.clear(prefix)
    }
}

/// One alias on such a shelf, by each face.
fn met(test: impl Fn(&Arc<Meeting>, &Face)) {
    for is_async in [false, true] {
        let (_turn, meeting) = (my_turn(), Arc::new(Meeting::default()));
        let config = Config::new().backend("there", Arc::clone(&meeting) as _).option("there", "op_timeout", "30s");
        config.install().unwrap();
        println!("async: {is_async}");
        test(&meeting, &Face::of("there", is_async));
    }
}

/// Computes 1 while `before` happens in the moment when it is about to be written; gives what a reader finds as soon as
/// it was.
fn computed_around(meeting: &Meeting, cache: &Face, before: impl FnOnce(&Face) + Send + 'static) -> Option<i64> {
    let found = Arc::new(Mutex::new(Some(i64::MAX)));
    let (seen, others) = (Arc::clone(&found), Face::of(cache.cache.alias(), false));
    let reader = others.clone();
    meeting.around(move || before(&others), move || *seen.lock().unwrap() = reader.number("key"));
    assert_eq!(cache.get_or_set("key", Ttl::Default, || 1).unwrap(), 1);
    found.lock().unwrap().take()
}

/// Leaves the guard of a removal while something was being computed.
fn leave_a_guard(cache: &Face) {
    let compute = || {
        assert!(!cache.delete("key").unwrap());
        1
    };
    cache.get_or_set("key", Ttl::Default, compute).unwrap();
    assert_eq!(cache.number("key"), None);
}

#[test]
fn a_removal_within_the_minute_of_another_keeps_out_what_was_computed_between_them() {
    met(|meeting, cache| {
        leave_a_guard(cache);
        let found = computed_around(meeting, cache, |others| assert!(!others.delete("key").unwrap()));
        assert_eq!((found, cache.number("key")), (None, None));
    });
}

#[test]
fn a_removal_of_many_leaves_the_guard_of_another_where_it_is() {
    type Removal = fn(&Face);
    let removals: [(&str, Removal); 2] = [
        ("delete_many", |cache| assert_eq!(cache.delete_many(["other", "key"]).unwrap(), 0)),
        ("set_many for no time", |cache| drop(cache.set_many([("key", 9)], Duration::ZERO).unwrap())),
    ];
    for (name, removal) in removals {
        met(|meeting, cache| {
            // By now nothing is being computed any more, as far as the removal can see.
            let before = move |others: &Face| {
                assert!(!others.delete("key").unwrap());
                removal(others);
            };
            let found = computed_around(meeting, cache, before);
            assert_eq!((found, cache.number("key")), (None, None), "{name}");
        });
    }
}

#[test]
fn to_remove_many_is_one_read_and_one_exchange_for_each_sort_of_removal() {
    met(|meeting, cache| {
        cache.set_many([("one", 1), ("two", 2), ("three", 3)], Ttl::Default).unwrap();
        meeting.asked();
        assert_eq!(cache.delete_many(["one", "two", "missing"]).unwrap(), 2);
        assert_eq!(meeting.asked(), [1, 0, 1]);
        assert_eq!(cache.delete_many(["one", "missing"]).unwrap(), 0);
        assert_eq!(meeting.asked(), [1, 0, 0], "nothing is there that would have to go");
        let compute = || {
            meeting.asked();
            assert_eq!(cache.delete_many(["three", "key", "missing"]).unwrap(), 1);
            assert_eq!(meeting.asked(), [1, 1, 1], "for what is being computed a guard is written");
            1
        };
        cache.get_or_set("key", Ttl::Default, compute).unwrap();
    });
}

#[test]
fn what_is_written_too_late_is_taken_back_though_its_caller_has_gone() {
    met(|meeting, cache| {
        let [is_written, is_gone] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let (written, gone, others) = (Arc::clone(&is_written), Arc::clone(&is_gone), Face::of("there", false));
        let replace_the_guard = move || {
            assert!(!others.delete("key").unwrap());
            others.set("key", &9, Ttl::Default).unwrap();
            assert!(others.delete("key").unwrap());
        };
        let wait = move || {
            written.store(true, SeqCst);
            until(|| gone.load(SeqCst));
        };
        meeting.around(replace_the_guard, wait);
        let asked = cache.cache.as_async();
        let mut asking = Box::pin(asked.get_or_set("key", Ttl::Default, || async { 1 }));
        // A backend that blocks is asked on a worker.
        while !is_written.load(SeqCst) {
            assert!(asking.as_mut().now_or_never().is_none());
            std::thread::yield_now();
        }
        drop(asking);
        is_gone.store(true, SeqCst);
        // The worker goes on by itself, and is given many turns to do so.
        let is_gone = || {
            std::thread::yield_now();
            cache.number("key").is_none()
        };
        assert!((0..1_000_000).any(|_| is_gone()), "it is there for good");
    });
}

#[test]
fn a_change_leaves_the_moment_at_which_an_entry_ends_exactly_where_it_is() {
    const MONTH: Duration = Duration::from_secs(30 * 86_400);
    met(|meeting, cache| {
        cache.set("key", &0, MONTH).unwrap();
        let (end, steps) = (meeting.ends(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            // Time goes on between any two looks at it.
            scope.spawn(|| {
                for step in 1..=20_000 {
                    advance(Duration::from_millis(1));
                    steps.store(step, SeqCst);
                }
            });
            let (mut sum, mut version) = (0, 1);
            while steps.load(SeqCst) < 10_000 {
                assert_eq!((cache.incr("key", 2), cache.decr("key", 1)), (Ok(sum + 2), Ok(sum + 1)));
                sum += 1;
            }
            assert_eq!(meeting.ends(), end, "after {sum} sums");
            while steps.load(SeqCst) < 20_000 {
                version = cache.version(version).incr_version("key", 1).unwrap();
            }
            assert_eq!(meeting.ends(), end, "after {version} moves");
        });
    });
}
