//! R14, R15 and R17: leaders that are dropped, forgotten, or fail one after another.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::{Config, cached};
use cached_testkit::{Faulty, Shelf};
use futures::future::join_all;
use tokio::sync::Semaphore;

use cached_tests::crowd::{self, Gauge, at_rest, figures, flush, routed, runtime, step};
use cached_tests::support::{alone, scaled, until};

const HERE: &str = "reliability::asynchrony::*";

/// A fresh key in every round, over all tests of this file.
static ROUND: AtomicU64 = AtomicU64::new(0);

fn fresh() -> u64 {
    ROUND.fetch_add(1, SeqCst)
}

type Call = Pin<Box<dyn Future<Output = u64> + Send>>;

/// Wakes the thread that polls by hand.
struct Hand(Thread);

impl Wake for Hand {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls `n` times, each time after it was asked to; gives the output if it came.
fn poll_by_hand<T>(call: &mut Pin<Box<dyn Future<Output = T> + Send>>, n: usize) -> Option<T> {
    let waker = Waker::from(Arc::new(Hand(thread::current())));
    for turn in 0..n {
        if let Poll::Ready(output) = call.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
        if turn + 1 < n {
            thread::park_timeout(Duration::from_secs(5));
        }
    }
    None
}

/// Ends all calls, or the test.
fn end_all(calls: Vec<Call>) -> Vec<u64> {
    let all = async { tokio::time::timeout(Duration::from_secs(20), join_all(calls)).await };
    runtime(false).block_on(all).expect("no follower hangs")
}

static STEPS: Gauge = Gauge::new();

#[cached]
async fn stepwise(round: u64) -> u64 {
    let _inside = STEPS.enter();
    for _ in 0..3 {
        step().await;
    }
    round * 3
}

/// Drops a leader after `n` polls, for every `n`; gives how many there were.
fn drop_at_every_poll() -> usize {
    for n in 0.. {
        let key = fresh();
        STEPS.reset();
        let mut leader: Call = Box::pin(stepwise(key));
        let ended = poll_by_hand(&mut leader, n);
        let mut followers: Vec<Call> = (0..16).map(|_| Box::pin(stepwise(key)) as Call).collect();
        let mut early = Vec::new();
        followers.retain_mut(|follower| match poll_by_hand(follower, 1) {
            Some(value) => {
                early.push(value);
                false
            }
            None => true,
        });
        drop(leader);
        let given = end_all(followers);
        assert!(early.iter().chain(&given).all(|value| *value == key * 3), "all followers of poll {n} got the value");
        assert!(STEPS.runs() <= 2, "after a drop at poll {n} the body ran {} times", STEPS.runs());
        at_rest(stepwise::site());
        if ended.is_some() {
            return n;
        }
    }
    unreachable!("the leader ends")
}

/// A backend that answers later and blocks nobody, as a client of a network does.
struct Network(Faulty);

impl Backend for Network {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = self.0.capabilities();
        capabilities.blocking = false;
        capabilities
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.0.get_many(keys)
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        self.0.set_many(writes)
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.0.delete_many(keys)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.0.clear(prefix)
    }
}

#[test]
fn r14_a_leader_dropped_at_any_poll_leaves_followers_that_end() {
    for kind in ["memory", "file"] {
        let _routed = routed(kind, HERE, "10s");
        let last = drop_at_every_poll();
        println!("R14 {kind}: 16 followers ended after a drop at each of polls 0..={last}; at most 2 bodies ran");
        assert!(last >= 4, "three steps of the body, and its end");
    }
    // A network that is pending once for every step.
    let _configured = alone();
    let network = Arc::new(Network(Faulty::new(Arc::new(Shelf::new()))));
    network.0.answer_later(1);
    let config = Config::new().backend("there", Arc::clone(&network) as _).option("there", "op_timeout", "10s");
    let config = config.site(HERE, "backend", "there");
    config.install().expect("the test's configuration is right");
    let last = drop_at_every_poll();
    println!("R14 network: 16 followers ended after a drop at each of polls 0..={last}; at most 2 bodies ran");
    assert_eq!(last, 5, "one step of the read, three of the body, and its end");
    assert!(network.0.reads() > 0 && network.0.writes() > 0, "the calls went through the network");
}

/// What the body reads, whether the next one is held back, and the bodies.
static TRUTH: AtomicU64 = AtomicU64::new(0);
static HOLD: AtomicBool = AtomicBool::new(false);
static GO: Semaphore = Semaphore::const_new(0);
static HELD: Gauge = Gauge::new();
const BODY: Duration = Duration::from_millis(20);

#[cached]
async fn held(_round: u64) -> u64 {
    let _inside = HELD.enter();
    let truth = TRUTH.load(SeqCst);
    if HOLD.swap(false, SeqCst) {
        GO.acquire().await.expect("it is never closed").forget();
    } else {
        tokio::time::sleep(BODY).await;
    }
    truth
}

#[cached]
fn held_thread(_round: u64) -> u64 {
    let _inside = HELD.enter();
    let truth = TRUTH.load(SeqCst);
    if HOLD.swap(false, SeqCst) {
        futures::executor::block_on(GO.acquire()).expect("it is never closed").forget();
    } else {
        thread::sleep(BODY);
    }
    truth
}

#[cached]
async fn forgotten(_round: u64) -> u64 {
    let _inside = HELD.enter();
    let truth = TRUTH.load(SeqCst);
    if HOLD.swap(false, SeqCst) {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(BODY).await;
    truth
}

/// Polls until the body of the leader runs and is held; from then on the truth is 2.
fn lead(mut leader: Call) -> Call {
    HELD.reset();
    TRUTH.store(1, SeqCst);
    HOLD.store(true, SeqCst);
    while HELD.runs() == 0 {
        assert_eq!(poll_by_hand(&mut leader, 1), None, "the leader is held");
        thread::yield_now();
    }
    TRUTH.store(2, SeqCst);
    leader
}

const JOIN: Duration = Duration::from_millis(200);
/// After the wait: the body, and what the bar adds.
const BAR: Duration = Duration::from_millis(20 + 100);

#[test]
fn r15_followers_of_a_forgotten_future_end_in_time_and_one_of_them_computes() {
    for kind in ["memory", "file"] {
        let mut routed = routed(kind, HERE, "200ms");
        routed.leaves(forgotten::site());
        let runtime = runtime(true);
        let (rounds, mut walls) = (scaled(30), Vec::new());
        for _ in 0..rounds {
            let key = fresh();
            std::mem::forget(lead(Box::pin(forgotten(key))));
            let (given, wall) = crowd::tasks(&runtime, 100, |_| forgotten(key));
            assert!(given.iter().all(|given| *given == Ok(2)), "{given:?}");
            assert!(HELD.runs() <= 2, "the body ran {} times", HELD.runs());
            walls.push((wall, JOIN));
        }
        report_waits(kind, "forgotten future", rounds, walls);
    }
}

#[test]
fn r15_followers_of_a_parked_thread_end_in_time_and_what_it_brings_late_is_not_taken() {
    for kind in ["memory", "file"] {
        let _routed = routed(kind, HERE, "200ms");
        let (rounds, mut walls) = (scaled(30), Vec::new());
        for _ in 0..rounds {
            let key = fresh();
            HELD.reset();
            TRUTH.store(1, SeqCst);
            HOLD.store(true, SeqCst);
            let parked = thread::spawn(move || held_thread(key));
            // It has read the truth by then.
            until(|| !HOLD.load(SeqCst));
            TRUTH.store(2, SeqCst);
            let stats = held_thread::site().stats();
            // Callers are patient with a site whose bodies take long, as the parked ones do.
            let usual = stats.body_time / u32::try_from(stats.runs.max(1)).expect("few runs");
            let patience = JOIN.max(usual * 3);
            let (given, wall) = crowd::threads(100, |_| held_thread(key));
            assert!(given.iter().all(|given| *given == Ok(2)), "{given:?}");
            GO.add_permits(1);
            assert_eq!(parked.join().expect("it was only parked"), 1, "its own caller gets what it computed");
            assert_eq!((held_thread(key), held_thread::entry(&key).peek().expect("the backend works")), (2, Some(2)));
            assert!(HELD.runs() <= 2, "the body ran {} times", HELD.runs());
            walls.push((wall, patience));
        }
        report_waits(kind, "parked thread", rounds, walls);
        at_rest(held_thread::site());
    }
}

fn report_waits(kind: &str, who: &str, rounds: usize, walls: Vec<(Duration, Duration)>) {
    let over: Vec<_> = walls.iter().map(|(wall, patience)| wall.saturating_sub(*patience)).collect();
    assert!(walls.iter().all(|(wall, _)| *wall >= JOIN), "they waited for the leader first: {walls:?}");
    let (least, median, most) = figures(over);
    println!(
        "R15 {kind}: 100 followers of a {who}, {rounds} rounds: all ended, {median:.0?} (median) and at most {most:.0?} \
         after the wait of {JOIN:?} or more"
    );
    assert!(least <= BAR, "{least:?} after the wait; the bar is {BAR:?}");
}

#[test]
fn r15_a_future_that_is_polled_again_too_late_gives_its_value_to_nobody_else() {
    for kind in ["memory", "file"] {
        let _routed = routed(kind, HERE, "200ms");
        let key = fresh();
        let mut leader = lead(Box::pin(held(key)));
        assert_eq!(end_all(vec![Box::pin(held(key)), Box::pin(held(key))]), [2, 2]);
        GO.add_permits(1);
        assert_eq!(end_all(vec![Box::pin(poll_fn(move |cx| leader.as_mut().poll(cx)))]), [1]);
        flush();
        let peeked = runtime(false).block_on(held::entry(&key).peek()).expect("the backend works");
        assert_eq!((end_all(vec![Box::pin(held(key))]), peeked), (vec![2], Some(2)));
    }
}

static RELAY: Gauge = Gauge::new();

#[cached]
async fn relay(round: u64) -> u64 {
    let _inside = RELAY.enter();
    step().await;
    step().await;
    round * 3
}

#[test]
fn r17_after_a_dropped_leader_exactly_one_of_64_followers_runs() {
    for kind in ["memory", "file"] {
        let _routed = routed(kind, HERE, "10s");
        let runtime = runtime(true);
        let rounds = scaled(1_000);
        let mut most = 0;
        for _ in 0..rounds {
            let key = fresh();
            RELAY.reset();
            let mut leader: Call = Box::pin(relay(key));
            while RELAY.runs() == 0 {
                assert_eq!(poll_by_hand(&mut leader, 1), None, "the body takes three polls");
                thread::yield_now();
            }
            let leader = Arc::new(Mutex::new(Some(leader)));
            let (given, _) = crowd::tasks(&runtime, 65, |i| {
                let leader = Arc::clone(&leader);
                async move {
                    if i == 32 {
                        let dropped = leader.lock().expect("nobody panics here").take();
                        drop(dropped);
                    }
                    relay(key).await
                }
            });
            assert!(given.iter().all(|given| *given == Ok(key * 3)));
            assert!(RELAY.runs() <= 2 && RELAY.most() == 1, "{} bodies, {} at once", RELAY.runs(), RELAY.most());
            most = most.max(RELAY.most());
        }
        println!("R17 {kind}: {rounds} rounds of 64 followers after a dropped leader: at most {most} body at a time");
        at_rest(relay::site());
    }
}

static FAILS: Gauge = Gauge::new();
const FAILURES: usize = 300;

#[cached]
fn fails_often(round: u64) -> u64 {
    let (run, _inside) = FAILS.enter();
    if run <= FAILURES {
        std::panic::resume_unwind(Box::new("a leader fails"));
    }
    round * 3
}

#[test]
fn r17_three_hundred_leaders_that_fail_in_turn_starve_nobody() {
    for kind in ["memory", "file"] {
        let _routed = routed(kind, HERE, "10s");
        FAILS.reset();
        let key = fresh();
        let (given, wall) = crowd::threads(FAILURES + 64, |_| fails_often(key));
        let (panicked, got) = (given.iter().filter(|given| given.is_err()).count(), FAILS.runs());
        println!("R17 {kind}: {panicked} leaders failed in turn, 64 others got the value, {got} bodies, {wall:.0?}");
        assert!(given.iter().flatten().all(|value| *value == key * 3));
        assert_eq!((panicked, got, FAILS.most()), (FAILURES, FAILURES + 1, 1), "each leader's panic is its own");
        assert!(wall < Duration::from_secs(10), "every follower ended within join_timeout");
        at_rest(fails_often::site());
    }
}
