//! R10: a panic in the body, or in any hook of the user's, is its caller's alone.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use cached_core::cached;
use tokio::runtime::Runtime;

use cached_tests::crowd::{self, Given, at_rest, routed, runtime};
use cached_tests::hooks::{self, Goods, Hook, key_of, listen, touch};
use cached_tests::support::scaled;

const HERE: &str = "reliability::panics::*";
const CALLERS: usize = 100;

/// The hooks of keys and values, and the body.
const HOOKS: &[Hook] = hooks::HOOKS.split_at(11).0;

/// How often each hook ran, and when one of them is to panic.
struct Fuse {
    ran: [AtomicUsize; HOOKS.len()],
    hook: AtomicUsize,
    left: AtomicI64,
}

static FUSE: Fuse = Fuse {
    ran: [const { AtomicUsize::new(0) }; HOOKS.len()],
    hook: AtomicUsize::new(usize::MAX),
    left: AtomicI64::new(0),
};

impl Fuse {
    fn touch(&self, hook: Hook) {
        self.ran[hook as usize].fetch_add(1, SeqCst);
        // A second panic while one unwinds would end the process; that is nobody's fault here.
        if self.hook.load(SeqCst) == hook as usize && !std::thread::panicking() && self.left.fetch_sub(1, SeqCst) == 1 {
            resume_unwind(Box::new(Blown));
        }
    }

    /// The `nth` run of `hook` from now on panics.
    fn arm(&self, hook: Hook, nth: usize) {
        self.left.store(i64::try_from(nth).expect("a small number"), SeqCst);
        self.hook.store(hook as usize, SeqCst);
    }

    /// Nothing panics any more; gives whether something did.
    fn disarm(&self) -> bool {
        self.hook.swap(usize::MAX, SeqCst) != usize::MAX && self.left.load(SeqCst) <= 0
    }

    fn count(&self, hook: Hook) -> usize {
        self.ran[hook as usize].load(SeqCst)
    }
}

/// The payload of the one panic.
struct Blown;

#[cached(key = key_of(id))]
fn goods(id: u64) -> Goods {
    touch(Hook::Body);
    std::thread::sleep(Duration::from_millis(2));
    Goods(id)
}

#[cached(key = key_of(id))]
async fn goods_async(id: u64) -> Goods {
    touch(Hook::Body);
    tokio::time::sleep(Duration::from_millis(2)).await;
    Goods(id)
}

/// A fresh key in every round.
static ROUND: AtomicU64 = AtomicU64::new(0);

/// 100 callers: 60 of one cold key, the rest of two others, and twice each, so that there are
/// leaders, followers and hits.
fn call_all(runtime: Option<&Runtime>) -> Vec<Given<bool>> {
    let round = ROUND.fetch_add(3, SeqCst);
    let id = move |i: usize| round + u64::from(i >= 60) + u64::from(i >= 80);
    match runtime {
        None => crowd::threads(CALLERS, |i| (0..2).all(|_| goods(id(i)).0 == id(i))).0,
        Some(runtime) => {
            let call = |i| async move { goods_async(id(i)).await.0 == id(i) && goods_async(id(i)).await.0 == id(i) };
            crowd::tasks(runtime, CALLERS, call).0
        }
    }
}

/// One panic in the `nth` run of `hook`: at most one caller has it, and the rest get their values.
/// Gives whether it came to pass.
fn blow(hook: Hook, nth: usize, runtime: Option<&Runtime>) -> bool {
    FUSE.arm(hook, nth);
    let given = call_all(runtime);
    crowd::flush();
    let blown = FUSE.disarm();
    let panicked = given.iter().filter(|given| given.is_err()).count();
    assert!(given.iter().flatten().all(|right| *right), "{hook:?} {nth}: every value is right");
    assert!(panicked <= usize::from(blown), "{hook:?} {nth}: {panicked} callers panicked, blown: {blown}");
    let flights = goods::site().flights() + goods_async::site().flights();
    assert_eq!(flights, 0, "{hook:?} {nth}: a flight stayed behind");
    if hook == Hook::Body {
        assert_eq!(panicked, usize::from(blown), "the caller has its own panic");
    }
    blown
}

/// Calls, looks, forgets and replaces at random, and finds everything in order.
fn operate_at_random(operations: usize) {
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..operations {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let id = 1_000_000 + random % 50;
        match random >> 32 & 7 {
            0 => goods::entry(id).invalidate().expect("the backend works"),
            1 => goods::entry(id).put(Goods(id)).expect("the backend works"),
            2 => {
                let peeked = goods::entry(id).peek().expect("the backend works");
                assert!(peeked.is_none_or(|goods| goods.0 == id));
            }
            _ => assert_eq!(goods(id).0, id),
        }
    }
}

fn every_hook_on(kind: &str) {
    let (_routed, runtime) = (routed(kind, HERE, "10s"), runtime(true));
    let _listening = listen(|hook| FUSE.touch(hook));
    let mut rounds = 0;
    for runtime in [None, Some(&runtime)] {
        for &hook in HOOKS {
            let before = FUSE.count(hook);
            assert!(call_all(runtime).iter().all(|given| *given == Ok(true)), "nothing panics without a fuse");
            crowd::flush();
            let runs = FUSE.count(hook) - before;
            if runs == 0 {
                assert!(
                    kind == "memory" && hook.is_of_bytes() || kind == "file" && hook == Hook::KeyEq,
                    "{hook:?} never ran"
                );
                continue;
            }
            assert!(blow(hook, 1, runtime), "{hook:?} ran {runs} times before, and now not once");
            rounds += 1;
            // From the first to the last; how often a hook runs depends on who comes first, so that
            // the last ones may come too late to happen.
            let places = scaled(30).min(runs);
            rounds += (1..=places).filter(|place| blow(hook, runs * place / places, runtime)).count();
        }
    }
    let operations = scaled(10_000);
    operate_at_random(operations);
    println!("R10 {kind}: {rounds} panics in {} hooks, sync and async, each its caller's alone", HOOKS.len());
    println!("R10 {kind}: then {operations} random operations, all right");
    at_rest(goods::site());
    at_rest(goods_async::site());
}

#[test]
fn r10_a_panic_of_the_users_code_is_its_callers_alone_in_memory() {
    every_hook_on("memory");
}

#[test]
fn r10_a_panic_of_the_users_code_is_its_callers_alone_on_files() {
    every_hook_on("file");
}

#[test]
fn r10_a_call_whose_body_panicked_stored_nothing() {
    for kind in ["memory", "file"] {
        let _routed = routed(kind, HERE, "10s");
        let _listening = listen(|hook| FUSE.touch(hook));
        let id = ROUND.fetch_add(1, SeqCst);
        FUSE.arm(Hook::Body, 1);
        let called = catch_unwind(AssertUnwindSafe(|| goods(id)));
        assert!(called.is_err_and(|payload| payload.is::<Blown>()) && FUSE.disarm(), "the caller has its own panic");
        assert!(goods::entry(id).peek().expect("the backend works").is_none());
        at_rest(goods::site());
    }
}

static LIFE: AtomicUsize = AtomicUsize::new(0);

fn life() -> Duration {
    if LIFE.swap(0, SeqCst) == 1 {
        resume_unwind(Box::new(Blown));
    }
    Duration::from_secs(60)
}

#[cached(ttl = life())]
fn short_lived(id: u64) -> u64 {
    id + 1
}

#[test]
fn r10_a_panic_of_the_expression_of_a_lifetime_is_its_callers_alone() {
    for kind in ["memory", "file"] {
        let _routed = routed(kind, HERE, "10s");
        assert_eq!(short_lived(1), 2);
        LIFE.store(1, SeqCst);
        // The lifetime is asked for when the site is routed.
        let routed_anew = catch_unwind(AssertUnwindSafe(|| short_lived::site().enable()));
        assert!(routed_anew.is_err_and(|payload| payload.is::<Blown>()), "whoever routes has the panic");
        let (given, _) = crowd::threads(CALLERS, |i| short_lived(i as u64));
        assert!(given.iter().enumerate().all(|(i, given)| *given == Ok(i as u64 + 1)), "and nobody else");
        short_lived::site().enable();
        assert_eq!(short_lived(1), 2);
        at_rest(short_lived::site());
    }
}
