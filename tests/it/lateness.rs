//! Values that come late: what a follower, a queue or an invalidation makes of a value whose time has
//! passed before it arrives.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::{Site, cached, shutdown, testing};
use cached_testkit::{Shelf, poll_n};

use cached_tests::support::{Configured, alone, until};
use cached_tests::verified;

const MINUTE: Duration = Duration::from_secs(60);

/// Pending until it is opened.
async fn opened(door: &'static AtomicBool) {
    std::future::poll_fn(|_| if door.load(Ordering::SeqCst) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// A shelf that does not say that it blocks, and whose writes wait until the test opens it.
#[derive(Default)]
struct Slow {
    shelf: Shelf,
    open: Mutex<bool>,
    opened: Condvar,
}

impl Slow {
    fn set_open(&self, open: bool) {
        *self.open.lock().unwrap() = open;
        self.opened.notify_all();
    }
}

impl Backend for Slow {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::blocking();
        capabilities.blocking = false;
        capabilities
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.shelf.get_many(keys)
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        // Whoever invalidates does not wait in line with those who compute.
        if writes.iter().all(|write| write.when != When::Always) {
            let mut open = self.open.lock().unwrap();
            while !*open {
                open = self.opened.wait(open).unwrap();
            }
        }
        self.shelf.set_many(writes)
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.shelf.delete_many(keys)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.shelf.clear(prefix)
    }
}

fn slow(site: &'static Site) -> (Configured, Arc<Slow>) {
    let (guard, backend) = (alone(), Arc::new(Slow::default()));
    let config = verified::config().backend("slow", Arc::clone(&backend) as _).option("slow", "op_timeout", "30s");
    config.site(site.name(), "backend", "slow").install().unwrap();
    (guard, backend)
}

/// A shelf whose writes are done at once and answered when the test says so: the first so many.
#[derive(Default)]
struct Answers {
    shelf: Shelf,
    begun: AtomicU64,
    allowed: Arc<Mutex<(u64, Vec<Waker>)>>,
}

impl Answers {
    fn allow(&self, count: u64) {
        let mut allowed = self.allowed.lock().unwrap();
        allowed.0 = count;
        let wakers = std::mem::take(&mut allowed.1);
        drop(allowed);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Backend for Answers {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::blocking();
        capabilities.blocking = false;
        capabilities
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.shelf.get_many(keys)
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        let place = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let Reply::Ready(mut stored) = self.shelf.set_many(writes) else { unreachable!("a shelf answers at once") };
        let allowed = Arc::clone(&self.allowed);
        Reply::Later(Box::pin(std::future::poll_fn(move |cx| {
            let mut allowed = allowed.lock().unwrap();
            if place <= allowed.0 {
                return Poll::Ready(std::mem::replace(&mut stored, Ok(Vec::new())));
            }
            allowed.1.push(cx.waker().clone());
            Poll::Pending
        })))
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.shelf.delete_many(keys)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.shelf.clear(prefix)
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}

#[test]
fn a_follower_who_comes_after_the_deadline_computes_afresh() {
    static DOOR: AtomicBool = AtomicBool::new(false);
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cached(ttl = "1m")]
    async fn late(n: u64) -> u64 {
        opened(&DOOR).await;
        RUNS.fetch_add(1, Ordering::SeqCst) + n
    }
    let _alone = alone();
    let lead = poll_n(Box::pin(late(10)), 1).unwrap_err().future;
    let follow = || poll_n(Box::pin(late(10)), 1).unwrap_err().future;
    let (soon, after) = (follow(), follow());
    DOOR.store(true, Ordering::SeqCst);
    assert_eq!(block_on(lead), 10);
    assert_eq!(block_on(soon), 10, "who comes in time is given the leader's value");
    testing::advance(MINUTE);
    assert_eq!(block_on(after), 11, "who comes at the deadline is not");
    let stats = late::site().stats();
    assert_eq!((stats.calls, stats.joined, stats.misses, stats.expired), (3, 1, 2, 1), "{stats:?}");
}

#[test]
fn lives_too_short_to_be_shared_are_computed_side_by_side() {
    static OPEN: AtomicU64 = AtomicU64::new(0);
    static BEGUN: AtomicU64 = AtomicU64::new(0);
    #[cached(ttl = "1ns")]
    async fn short(n: u64) -> u64 {
        let run = BEGUN.fetch_add(1, Ordering::SeqCst);
        std::future::poll_fn(|_| if run < OPEN.load(Ordering::SeqCst) { Poll::Ready(n) } else { Poll::Pending }).await
    }
    let _alone = alone();
    let polled = |caller| poll_n(caller, 1).unwrap_err().future;
    let ends = |caller| poll_n(caller, 1).unwrap();
    let mut callers: Vec<_> = (0..50).map(|_| polled(Box::pin(short(7)))).collect();
    OPEN.store(1, Ordering::SeqCst);
    assert_eq!(ends(callers.remove(0)), 7, "the first computes for all");
    callers = callers.into_iter().map(polled).collect();
    assert_eq!(BEGUN.load(Ordering::SeqCst), 2, "its value has ended: once more one computes for all");
    OPEN.store(2, Ordering::SeqCst);
    assert_eq!(ends(callers.remove(0)), 7);
    callers = callers.into_iter().map(polled).collect();
    assert_eq!(BEGUN.load(Ordering::SeqCst), 50, "and then each for itself, at once");
    OPEN.store(50, Ordering::SeqCst);
    callers.into_iter().for_each(|caller| assert_eq!(ends(caller), 7));
    let stats = short::site().stats();
    assert_eq!((stats.calls, stats.hits, stats.runs, stats.waits_ended), (50, 0, 50, 0), "{stats:?}");
}

#[test]
fn the_life_of_bytes_that_wait_in_a_queue_began_when_their_body_ended() {
    #[cached(name = "lateness.queued", ttl = "10m")]
    async fn queued(n: u64) -> u64 {
        n
    }
    let (_guard, backend) = slow(queued::site());
    // Four workers have one each in hand; the last two wait.
    (1..7).for_each(|n| assert_eq!(block_on(queued(n)), n));
    testing::advance(5 * MINUTE);
    backend.set_open(true);
    assert_eq!(shutdown(MINUTE), 0);
    let live = || (1..7).filter(|n| block_on(queued::entry(n).peek()).unwrap().is_some()).count();
    assert_eq!(live(), 6);
    let keys = backend.shelf.keys();
    let rest = keys.iter().map(|key| backend.shelf.remaining(key).unwrap().unwrap());
    let short = rest.filter(|rest| *rest <= 5 * MINUTE).count();
    assert!(short >= 2, "the backend keeps them for what is left: {short}");
    testing::advance(5 * MINUTE);
    assert_eq!(live(), 0);
}

#[test]
fn writes_whose_answers_come_later_are_under_way_together() {
    #[cached(name = "lateness.together", ttl = "10m")]
    async fn together(n: u64) -> u64 {
        n
    }
    let (_guard, backend) = (alone(), Arc::new(Answers::default()));
    let config = verified::config().backend("slow", Arc::clone(&backend) as _).option("slow", "op_timeout", "30s");
    config.site(together::site().name(), "backend", "slow").install().unwrap();
    let begun = || backend.begun.load(Ordering::SeqCst);
    // As many as there are threads may be waited for one by one.
    (0..4).for_each(|n| assert_eq!(block_on(together(n)), n));
    until(|| begun() == 4);
    (4..64).for_each(|n| assert_eq!(block_on(together(n)), n));
    backend.allow(4);
    until(|| begun() == 64);
    assert!(together::site().flights() >= 60, "nobody computes again before it is written");
    backend.allow(64);
    assert_eq!(shutdown(MINUTE), 0);
    assert_eq!((together::site().flights(), together::site().stats().not_stored), (0, 0));
}

#[test]
fn bytes_that_outlived_their_life_in_a_queue_are_not_stored() {
    #[cached(name = "lateness.outlived", ttl = "10m")]
    async fn outlived(n: u64) -> u64 {
        n
    }
    let (_guard, backend) = slow(outlived::site());
    assert_eq!(block_on(outlived(1)), 1);
    // The worker has it already; what is queued behind the four that block has not begun.
    (2..7).for_each(|n| assert_eq!(block_on(outlived(n)), n));
    testing::advance(10 * MINUTE);
    backend.set_open(true);
    assert_eq!(shutdown(MINUTE), 0);
    let live = (1..7).filter(|n| block_on(outlived::entry(n).peek()).unwrap().is_some()).count();
    assert_eq!(live, 0);
    assert!(backend.shelf.keys().len() <= 4, "at most what the four workers had in hand was written");
    assert!(outlived::site().stats().not_stored >= 2);
}

#[test]
fn a_write_that_an_invalidation_overtook_in_the_queue_is_not_seen() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cached(name = "lateness.overtaken", ttl = "10m")]
    async fn overtaken(n: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst) + n
    }
    let (_guard, backend) = slow(overtaken::site());
    assert_eq!(block_on(overtaken(0)), 0);
    block_on(overtaken::entry(&0).invalidate()).unwrap();
    backend.set_open(true);
    assert_eq!(shutdown(MINUTE), 0, "the old value has had its chance");
    assert_eq!(block_on(overtaken(0)), 1, "and was not stored");
    assert_eq!(shutdown(MINUTE), 0);
    assert_eq!((block_on(overtaken(0)), RUNS.load(Ordering::SeqCst)), (1, 2));
}

#[test]
fn a_clear_waits_for_the_write_under_way_and_removes_it() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cached(name = "lateness.cleared", ttl = "10m")]
    async fn cleared(n: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst) + n
    }
    let (_guard, backend) = slow(cleared::site());
    assert_eq!(block_on(cleared(0)), 0);
    std::thread::scope(|scope| {
        let clearing = scope.spawn(|| cleared::site().clear());
        backend.set_open(true);
        clearing.join().unwrap().unwrap();
    });
    assert_eq!(shutdown(MINUTE), 0);
    assert_eq!(block_on(cleared(0)), 1);
}

#[test]
fn when_too_much_waits_to_be_written_values_are_given_and_not_stored() {
    static DOOR: AtomicBool = AtomicBool::new(false);
    #[cached(name = "lateness.crowded", ttl = "10m")]
    async fn crowded(n: u64) -> String {
        if n == 9_999 {
            opened(&DOOR).await;
        }
        "7".repeat(100_000)
    }
    let (_guard, backend) = slow(crowded::site());
    // 64 MiB may wait: 671 of these.
    (0..700).for_each(|n| assert_eq!(block_on(crowded(n)).len(), 100_000));
    let (lead, follow) = (poll_n(Box::pin(crowded(9_999)), 1), poll_n(Box::pin(crowded(9_999)), 1));
    DOOR.store(true, Ordering::SeqCst);
    assert_eq!(block_on(lead.unwrap_err().future).len(), 100_000);
    assert_eq!(block_on(follow.unwrap_err().future).len(), 100_000);
    let stats = crowded::site().stats();
    assert_eq!((stats.calls, stats.misses, stats.joined), (702, 701, 1), "nobody computed it again: {stats:?}");
    assert_eq!(stats.not_stored, 701 - 671, "{stats:?}");
    backend.set_open(true);
    assert_eq!(shutdown(MINUTE), 0);
    assert_eq!(backend.shelf.keys().len(), 671);
}

#[test]
fn r75_shutdown_ends_by_its_deadline_and_says_how_many_writes_were_not_done() {
    #[cached(name = "lateness.behind", ttl = "10m")]
    fn behind(n: u64) -> u64 {
        n
    }
    let (_guard, backend) = (alone(), Arc::new(Slow::default()));
    let config = verified::config().backend("slow", Arc::clone(&backend) as _).option("slow", "write", "behind");
    config.option("slow", "op_timeout", "30s").site("lateness.behind", "backend", "slow").install().unwrap();
    (0..10_000).for_each(|n| assert_eq!(behind(n), n, "whoever computed does not wait for the write"));
    let began = std::time::SystemTime::now();
    let unwritten = shutdown(Duration::from_millis(200));
    let took = began.elapsed().unwrap();
    println!("R75 10000 writes wait: shutdown(200ms) took {took:.1?} and counted {unwritten}");
    assert_eq!(unwritten, 10_000);
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(behind(10_000), 10_000, "calls after it compute");
    backend.set_open(true);
    assert_eq!(shutdown(MINUTE), 0);
    assert_eq!(backend.shelf.keys().len(), 10_001);
}

/// A waker that panics.
struct Trap;

impl Wake for Trap {
    fn wake(self: Arc<Self>) {
        panic!("a waker of the user's panics");
    }
}

#[test]
fn a_waker_that_panics_harms_neither_the_leader_nor_those_woken_after_it() {
    static DOOR: AtomicBool = AtomicBool::new(false);
    #[cached]
    async fn woken(n: u64) -> u64 {
        opened(&DOOR).await;
        n
    }
    // Time that others move would wake the third, too.
    let _alone = alone();
    let lead = poll_n(Box::pin(woken(1)), 1).unwrap_err().future;
    let mut trapped: Pin<Box<dyn Future<Output = u64>>> = Box::pin(woken(1));
    let trap = Waker::from(Arc::new(Trap));
    assert!(trapped.as_mut().poll(&mut Context::from_waker(&trap)).is_pending());
    let mut third = pin!(woken(1));
    let wakes = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&wakes));
    assert!(third.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    DOOR.store(true, Ordering::SeqCst);
    assert_eq!(block_on(lead), 1);
    assert_eq!(wakes.0.load(Ordering::SeqCst), 1, "the one behind it is woken");
    assert_eq!((block_on(trapped), block_on(third)), (1, 1));
    assert_eq!(woken::site().flights(), 0);
}

#[derive(Default)]
struct Count(AtomicU64);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
