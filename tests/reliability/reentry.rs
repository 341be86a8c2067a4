//! R09: code of the user's that the cache runs may call the cache.
//!
//! In: each hook, and in it a call of the same entry, of another function, an invalidation, or a look at the
//! statistics. Out: it ends, and so do all callers. Nobody listens to events here, so there is no such hook.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cached_core::cached;
use cached_core::testing::held_locks;
use futures::executor::block_on;

use cached_tests::crowd::{self, at_rest, routed_in_memory, runtime};
use cached_tests::hooks::{Goods, HOOKS, Hook, Id, key_of, listen, touch};
use cached_tests::support::until;

const HERE: &str = "reliability::reentry::*";
const CALLERS: usize = 4;
/// How long a round may take. Waits for a leader are longer: whoever waits for itself is found.
const CAP: Duration = Duration::from_secs(5);

#[cached(
    key = key_of(id.0),
    tags = ["shown:{id}", "debugged:{id:?}"],
    ttl = |goods| goods.life(),
    cache_if = |goods| goods.is_kept()
)]
fn goods(id: Id) -> Goods {
    touch(Hook::Body);
    Goods(id.0)
}

#[cached(
    key = key_of(id.0),
    tags = ["shown:{id}", "debugged:{id:?}"],
    ttl = |goods| goods.life(),
    cache_if = |goods| goods.is_kept()
)]
async fn goods_async(id: Id) -> Goods {
    touch(Hook::Body);
    Goods(id.0)
}

#[cached]
fn other(id: u64) -> u64 {
    id + 1
}

#[cached]
async fn other_async(id: u64) -> u64 {
    id + 1
}

/// What a hook does.
#[derive(Clone, Copy, Debug)]
enum Act {
    CallSame,
    CallOther,
    Invalidate,
    Stats,
}

const ACTS: [Act; 4] = [Act::CallSame, Act::CallOther, Act::Invalidate, Act::Stats];

/// The hook that acts, what it does, whether to the async functions, to which entry; and how often it did.
static HOOK: AtomicUsize = AtomicUsize::new(usize::MAX);
static ACT: AtomicUsize = AtomicUsize::new(0);
static ASYNC: AtomicUsize = AtomicUsize::new(0);
static ENTRY: AtomicU64 = AtomicU64::new(0);
static ACTED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// What a hook does runs hooks too; those do nothing.
    static ACTING: Cell<bool> = const { Cell::new(false) };
}

/// The most locks of the cache's that were held when a hook began: a comparison of keys, any other.
static HELD: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];

fn heard(hook: Hook) {
    // What runs inside a comparison of keys runs under its lock.
    if !(ACTING.get() && HOOK.load(SeqCst) == Hook::KeyEq as usize) {
        HELD[usize::from(hook != Hook::KeyEq)].fetch_max(held_locks(), SeqCst);
    }
    if HOOK.load(SeqCst) != hook as usize || ACTING.replace(true) {
        return;
    }
    ACTED.fetch_add(1, SeqCst);
    let (id, act) = (ENTRY.load(SeqCst), ACTS[ACT.load(SeqCst)]);
    match (act, ASYNC.load(SeqCst) == 1) {
        (Act::CallSame, false) => assert_eq!(goods(Id(id)).0, id),
        (Act::CallSame, true) => assert_eq!(block_on(goods_async(Id(id))).0, id),
        (Act::CallOther, false) => assert_eq!(other(id), id + 1),
        (Act::CallOther, true) => assert_eq!(block_on(other_async(id)), id + 1),
        // It says so where a comparison of keys called back.
        (Act::Invalidate, false) => drop(goods::entry(Id(id)).invalidate()),
        (Act::Invalidate, true) => drop(block_on(goods_async::entry(Id(id)).invalidate())),
        (Act::Stats, _) => {
            let _ = (goods::site().stats(), goods_async::site().stats(), goods::site().flights());
        }
    }
    ACTING.set(false);
}

/// All that is done with an entry.
fn use_entry(id: u64) {
    for _ in 0..2 {
        assert_eq!(goods(Id(id)).0, id);
        assert!(goods::entry(Id(id)).peek().expect("the backend works").is_none_or(|goods| goods.0 == id));
        goods::entry(Id(id)).put(Goods(id)).expect("the backend works");
        assert_eq!(goods(Id(id)).0, id);
        goods::entry(Id(id)).invalidate().expect("the backend works");
    }
    assert_eq!(goods(Id(id)).0, id);
}

async fn use_entry_async(id: u64) {
    for _ in 0..2 {
        assert_eq!(goods_async(Id(id)).await.0, id);
        let peeked = goods_async::entry(Id(id)).peek().await.expect("the backend works");
        assert!(peeked.is_none_or(|goods| goods.0 == id));
        goods_async::entry(Id(id)).put(Goods(id)).await.expect("the backend works");
        assert_eq!(goods_async(Id(id)).await.0, id);
        goods_async::entry(Id(id)).invalidate().await.expect("the backend works");
    }
    assert_eq!(goods_async(Id(id)).await.0, id);
}

/// Some callers of one entry, and the end of all that they left to be done.
fn round(is_async: bool, id: u64) {
    let (given, _) = crowd::threads(CALLERS, |_| match is_async {
        false => use_entry(id),
        // A runtime each: what blocks in a hook keeps nobody else from being polled.
        true => runtime(false).block_on(use_entry_async(id)),
    });
    assert!(given.iter().all(Result::is_ok), "every caller ended well");
    crowd::flush();
}

/// Runs a round beside a watch.
fn watched(what: &str, round: impl FnOnce() + Send + 'static) {
    let (done, wait) = mpsc::channel();
    let round = thread::spawn(move || {
        round();
        _ = done.send(());
    });
    match wait.recv_timeout(CAP) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("{what}: it hangs"),
        _ => round.join().unwrap_or_else(|_| panic!("{what}: a caller ended in a panic")),
    }
}

fn every_hook_on(kind: &str) {
    let _routed = routed_in_memory(kind, HERE, "60s");
    let _listening = listen(heard);
    HELD.iter().for_each(|held| held.store(0, SeqCst));
    let (mut rounds, mut acted, mut slowest) = (0, 0, Duration::ZERO);
    let mut id = 0;
    for is_async in [false, true] {
        for hook in HOOKS {
            for (number, act) in ACTS.into_iter().enumerate() {
                id += 1;
                ENTRY.store(id, SeqCst);
                ACT.store(number, SeqCst);
                ASYNC.store(usize::from(is_async), SeqCst);
                ACTED.store(0, SeqCst);
                HOOK.store(hook as usize, SeqCst);
                let began = crowd::now();
                let what = format!("{act:?} in {hook:?}, on {kind}, async: {is_async}");
                watched(&what, move || round(is_async, id));
                HOOK.store(usize::MAX, SeqCst);
                slowest = slowest.max(began.elapsed());
                let did = ACTED.load(SeqCst);
                assert!(did > 0 || kind == "memory" && hook.is_of_bytes(), "{hook:?} never ran on {kind}");
                rounds += usize::from(did > 0);
                acted += did;
            }
        }
    }
    let [eq, others] = HELD.each_ref().map(|held| held.load(SeqCst));
    println!(
        "R09 {kind}: {} hooks × {} acts, sync and async: {rounds} rounds, {acted} acts inside hooks, 0 deadlocks, the \
         slowest round {slowest:.0?}; {others} locks held in any hook but `Eq`, where {eq}",
        HOOKS.len(),
        ACTS.len()
    );
    // Release builds count none.
    if cfg!(debug_assertions) {
        assert!(others == 0, "a hook ran under {others} locks of the cache's");
        assert!(kind == "file" || eq > 0, "a writer compares keys under its shard's lock, and that is counted");
    }
    for site in [goods::site(), goods_async::site(), other::site(), other_async::site()] {
        at_rest(site);
    }
}

#[test]
fn r09_the_users_code_may_call_the_cache_that_runs_it_in_memory() {
    every_hook_on("memory");
}

#[test]
fn r09_the_users_code_may_call_the_cache_that_runs_it_on_files() {
    every_hook_on("file");
}

/// The threads of a store, and how many of them have run a hook.
const WORKERS: usize = 4;
static MET: AtomicUsize = AtomicUsize::new(0);

/// What each thread of the store drops first waits until all of them do so, and then asks for what has not been read yet,
/// and for what waits to be written.
fn meets(hook: Hook) {
    let is_worker = thread::current().name() == Some("cached-worker");
    if hook != Hook::KeyDrop || !is_worker || ACTING.replace(true) {
        return;
    }
    let number = MET.fetch_add(1, SeqCst);
    if number < WORKERS {
        until(|| MET.load(SeqCst) >= WORKERS);
        for id in (WORKERS..2 * WORKERS).chain([100 + number]) {
            assert_eq!(block_on(goods_async(Id(id as u64))).0, id as u64);
        }
    }
    ACTING.set(false);
}

#[test]
fn r09_hooks_that_hold_every_thread_of_a_store_may_ask_it() {
    let _routed = routed_in_memory("file", HERE, "60s");
    let _listening = listen(meets);
    MET.store(0, SeqCst);
    watched("a store whose threads all run hooks", || {
        // Nobody waits until they are written.
        (0..2 * WORKERS as u64).for_each(|id| assert_eq!(block_on(goods_async(Id(id))).0, id));
        crowd::flush();
    });
    assert!(MET.load(SeqCst) >= WORKERS, "every thread ran a hook");
}
