//! How long a value is served: lifetimes, windows after them, and what a failing refresh costs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::time::{Duration, SystemTime};

use cached_core::backend::Backend;
use cached_core::{Expiry, Site, cached, testing};
use cached_testkit::{Shelf, poll_n};

use cached_tests::support::{Configured, alone, until};
use cached_tests::verified;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// One site in memory, or on a shelf, with options of its own.
fn with(site: &'static Site, bytes: bool, options: &[(&str, &str)]) -> Configured {
    let guard = alone();
    let shelf: Arc<dyn Backend> = Arc::new(Shelf::new());
    let config = verified::config().backend("shelf", shelf).option("shelf", "op_timeout", "30s");
    let config = config.site(site.name(), "backend", if bytes { "shelf" } else { "default" });
    let config = options.iter().fold(config, |config, (name, value)| config.site(site.name(), name, *value));
    config.install().unwrap();
    site.clear().unwrap();
    guard
}

fn block_on<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}

#[test]
fn after_its_ttl_a_value_is_served_while_one_caller_computes() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    static HOLD: AtomicBool = AtomicBool::new(false);
    static INSIDE: Barrier = Barrier::new(2);
    #[cached(name = "freshness.stale")]
    fn stale(n: u64) -> u64 {
        let run = RUNS.fetch_add(1, Ordering::SeqCst);
        if HOLD.load(Ordering::SeqCst) {
            INSIDE.wait();
            INSIDE.wait();
        }
        run * 100 + n
    }
    for bytes in [false, true] {
        let _guard = with(stale::site(), bytes, &[("ttl", "1m"), ("stale", "30s")]);
        RUNS.store(0, Ordering::SeqCst);
        assert_eq!((stale(1), stale(1)), (1, 1));
        testing::advance(MINUTE);
        let before = stale::site().stats();
        HOLD.store(true, Ordering::SeqCst);
        std::thread::scope(|scope| {
            let refreshing = scope.spawn(|| stale(1));
            INSIDE.wait();
            for _ in 0..10 {
                assert_eq!(stale(1), 1, "served while another computes (bytes: {bytes})");
            }
            assert_eq!(stale::entry(&1).peek(), Ok(None), "an entry shows what is fresh");
            INSIDE.wait();
            assert_eq!(refreshing.join().unwrap(), 101, "who refreshes gets the new value");
        });
        HOLD.store(false, Ordering::SeqCst);
        assert_eq!(stale(1), 101);
        let after = stale::site().stats();
        assert_eq!((after.stale - before.stale, after.expired - before.expired), (10, 1), "{after:?}");
        assert_eq!(after.calls - before.calls, 12);
        testing::advance(MINUTE + 30 * SECOND);
        assert_eq!(stale(1), 201, "after the window nothing old is served");
    }
}

#[test]
fn async_callers_are_served_stale_values_too() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    static OPEN: AtomicBool = AtomicBool::new(true);
    #[cached(name = "freshness.stale_async")]
    async fn stale(n: u64) -> u64 {
        let run = RUNS.fetch_add(1, Ordering::SeqCst);
        std::future::poll_fn(|_| match OPEN.load(Ordering::SeqCst) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        })
        .await;
        run * 100 + n
    }
    for bytes in [false, true] {
        let _guard = with(stale::site(), bytes, &[("ttl", "1m"), ("stale", "forever")]);
        RUNS.store(0, Ordering::SeqCst);
        assert_eq!(block_on(stale(1)), 1);
        assert_eq!(cached_core::shutdown(MINUTE), 0);
        testing::advance(1_000 * MINUTE);
        OPEN.store(false, Ordering::SeqCst);
        let mut refreshing = Box::pin(stale(1));
        while RUNS.load(Ordering::SeqCst) < 2 {
            refreshing = poll_n(refreshing, 1).unwrap_err().future;
        }
        assert_eq!(block_on(stale(1)), 1);
        OPEN.store(true, Ordering::SeqCst);
        assert_eq!(block_on(refreshing), 101);
        assert_eq!(cached_core::shutdown(MINUTE), 0);
        assert_eq!(block_on(stale(1)), 101);
    }
}

#[test]
fn where_computing_fails_the_old_value_is_served_for_its_window() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    static FAIL: AtomicBool = AtomicBool::new(false);
    #[cached(name = "freshness.if_error")]
    fn fragile(n: u64) -> Result<u64, String> {
        let run = RUNS.fetch_add(1, Ordering::SeqCst);
        if FAIL.load(Ordering::SeqCst) { Err("no".into()) } else { Ok(run * 100 + n) }
    }
    for bytes in [false, true] {
        let _guard = with(fragile::site(), bytes, &[("ttl", "1m"), ("stale_if_error", "1h")]);
        RUNS.store(0, Ordering::SeqCst);
        assert_eq!(fragile(1), Ok(1));
        testing::advance(MINUTE);
        FAIL.store(true, Ordering::SeqCst);
        assert_eq!(fragile(1), Ok(1), "bytes: {bytes}");
        assert_eq!(RUNS.load(Ordering::SeqCst), 2, "it was tried");
        assert_eq!([fragile(1), fragile(1)], [Ok(1), Ok(1)]);
        assert_eq!(RUNS.load(Ordering::SeqCst), 2, "and is not tried again at once");
        testing::advance(SECOND);
        assert_eq!((fragile(1), RUNS.load(Ordering::SeqCst)), (Ok(1), 3), "but after a rest");
        testing::advance(SECOND);
        FAIL.store(false, Ordering::SeqCst);
        assert_eq!([fragile(1), fragile(1)], [Ok(301), Ok(301)], "what succeeds replaces it");
        FAIL.store(true, Ordering::SeqCst);
        testing::advance(MINUTE + 60 * MINUTE);
        assert_eq!(fragile(1), Err("no".into()), "after the window the error is everybody's");
        let stats = fragile::site().stats();
        assert_eq!(stats.calls, stats.hits + stats.stale + stats.misses + stats.errors, "{stats:?}");
        FAIL.store(false, Ordering::SeqCst);
    }
}

#[test]
fn a_failing_refresh_leaves_the_others_their_stale_value() {
    static FAIL: AtomicBool = AtomicBool::new(false);
    #[cached(name = "freshness.failing_refresh")]
    fn fragile(n: u64) -> Result<u64, String> {
        if FAIL.load(Ordering::SeqCst) { Err("no".into()) } else { Ok(n) }
    }
    let _guard = with(fragile::site(), false, &[("ttl", "1m"), ("stale", "1m")]);
    assert_eq!(fragile(1), Ok(1));
    testing::advance(MINUTE);
    FAIL.store(true, Ordering::SeqCst);
    assert_eq!(fragile(1), Err("no".into()), "who computed is told why it failed");
    assert_eq!([fragile(1), fragile(1)], [Ok(1), Ok(1)], "nobody tries again at once");
    testing::advance(SECOND);
    assert_eq!(fragile(1), Err("no".into()));
}

#[test]
fn an_invalidated_value_is_never_served_stale() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cached(name = "freshness.invalidated")]
    fn forgotten(n: u64) -> u64 {
        RUNS.fetch_add(1, Ordering::SeqCst) * 100 + n
    }
    for bytes in [false, true] {
        let _guard = with(forgotten::site(), bytes, &[("ttl", "1m"), ("stale", "1h"), ("stale_if_error", "1h")]);
        RUNS.store(0, Ordering::SeqCst);
        assert_eq!(forgotten(1), 1);
        testing::advance(MINUTE);
        forgotten::entry(&1).invalidate().unwrap();
        assert_eq!(forgotten(1), 101);
        testing::advance(MINUTE);
        forgotten::site().clear().unwrap();
        assert_eq!(forgotten(1), 201);
    }
}

#[test]
fn r27_jitter_only_shortens_and_spreads_evenly() {
    #[cached(name = "freshness.jitter")]
    fn spread(n: u64) -> u64 {
        n
    }
    let keys: u64 = 10_000;
    let _guard = with(spread::site(), false, &[("ttl", "1m"), ("jitter", "10%"), ("max_entries", "unbounded")]);
    let _frozen = testing::freeze();
    (0..keys).for_each(|n| assert_eq!(spread(n), n));
    let (mut live, mut most) = (keys, 0);
    testing::advance(54 * SECOND);
    let present = || (0..keys).filter(|n| spread::entry(n).peek().unwrap().is_some()).count() as u64;
    assert!(present() >= keys - keys / 500, "nothing ends before its share: {}", present());
    for _ in 0..60 {
        testing::advance(SECOND / 10);
        let now = present();
        most = most.max(live - now);
        live = now;
    }
    assert_eq!(live, 0, "and nothing after its ttl");
    assert!(most * 20 <= keys, "no tenth of a second holds more than 5 %: {most}");
    println!("R27: {keys} keys, at most {most} deadlines in 100 ms of 6 s");
}

#[test]
fn a_value_kept_for_ever_has_no_end() {
    #[cached(name = "freshness.forever", ttl = "1s")]
    fn kept(n: u64) -> u64 {
        n
    }
    for bytes in [false, true] {
        let _guard = with(kept::site(), bytes, &[("ttl", "forever")]);
        assert_eq!(kept(1), 1);
        testing::advance(1_000_000 * MINUTE);
        assert_eq!(kept::entry(&1).expires_at(), Ok(Some(Expiry::Never)), "bytes: {bytes}");
        assert_eq!(kept::entry(&1).peek(), Ok(Some(1)));
    }
}

#[test]
fn a_shorter_life_reaches_what_is_stored() {
    #[cached(name = "freshness.shorter", ttl = "1h")]
    fn kept(n: u64) -> u64 {
        n
    }
    let _guard = with(kept::site(), false, &[]);
    assert_eq!(kept(1), 1);
    let config = || verified::config().site("freshness.shorter", "stale", "1m");
    config().site("freshness.shorter", "ttl", "10m").install().unwrap();
    let Ok(Some(Expiry::At(end))) = kept::entry(&1).expires_at() else { panic!("it ends") };
    let from_now = end.duration_since(SystemTime::now()).unwrap();
    assert!(from_now > Duration::ZERO);
    testing::advance(10 * MINUTE);
    assert_eq!(kept::entry(&1).peek(), Ok(None));
}

#[test]
fn what_an_option_of_freshness_cannot_be_is_a_fault() {
    let _alone = alone();
    for (name, value, expected) in [
        ("ttl", "0s", "ttl is not a duration above zero"),
        ("stale", "0s", "stale is not a duration above zero"),
        ("stale_if_error", "soon", "stale_if_error is not a duration above zero"),
        ("jitter", "10", "jitter is not a share"),
        ("jitter", "101%", "jitter is not a share"),
        ("jitter", "NaN%", "jitter is not a share"),
    ] {
        let faults = verified::config().site("freshness.shorter", name, value).install().unwrap_err().to_string();
        assert!(faults.contains(expected) && faults.contains("freshness.rs:"), "{name} = {value}: {faults}");
    }
}

/// A value that says how long it is good for.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Lease {
    run: u64,
    good_for: Duration,
}

#[test]
fn each_value_may_say_how_long_it_lives() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cached(name = "freshness.by_value", ttl = |lease| lease.good_for)]
    fn lease(seconds: u64) -> Result<Lease, String> {
        let run = RUNS.fetch_add(1, Ordering::SeqCst);
        Ok(Lease { run, good_for: Duration::from_secs(seconds).max(Duration::from_secs(seconds / 1_000 * u64::MAX)) })
    }
    for bytes in [false, true] {
        let _guard = with(lease::site(), bytes, &[]);
        let runs = |seconds| lease(seconds).unwrap().run;
        let first = [runs(10), runs(60)];
        assert_eq!([runs(10), runs(60)], first);
        testing::advance(10 * SECOND);
        assert_eq!((runs(10) > first[1], runs(60)), (true, first[1]), "bytes: {bytes}");
        assert!(runs(0) < runs(0), "no time at all is not stored");
        let kept = runs(1_000);
        testing::advance(1_000_000 * MINUTE);
        assert_eq!(runs(1_000), kept, "`Duration::MAX` is for ever");
        drop(_guard);
        let _guard = with(lease::site(), bytes, &[("ttl", "5s")]);
        let kept = runs(60);
        testing::advance(5 * SECOND);
        assert!(runs(60) > kept, "an override wins over the values");
    }
}

#[test]
fn what_cache_if_refuses_is_given_and_not_stored() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cached(name = "freshness.cache_if", cache_if = |found| !found.is_empty())]
    fn search(word: &str) -> Vec<u64> {
        let run = RUNS.fetch_add(1, Ordering::SeqCst);
        if word.is_empty() { Vec::new() } else { vec![run] }
    }
    for bytes in [false, true] {
        let _guard = with(search::site(), bytes, &[]);
        let before = search::site().stats();
        let run = RUNS.load(Ordering::SeqCst);
        assert_eq!((search("a"), search("a")), (vec![run], vec![run]));
        assert_eq!((search(""), search("")), (vec![], vec![]));
        let after = search::site().stats();
        let moved = (after.runs - before.runs, after.hits - before.hits, after.not_stored - before.not_stored);
        assert_eq!(moved, (3, 1, 2), "bytes: {bytes}: {after:?}");
    }
}

#[test]
fn a_panic_of_ttl_or_cache_if_is_its_callers_alone() {
    static PANIC: AtomicBool = AtomicBool::new(false);
    fn judge(what: &str) {
        assert!(!PANIC.load(Ordering::SeqCst), "{what} panics, as the test asked");
    }
    #[cached(name = "freshness.panicking_ttl", ttl = |_| { judge("ttl"); MINUTE })]
    fn by_ttl(n: u64) -> u64 {
        n
    }
    #[cached(name = "freshness.panicking_cache_if", cache_if = |_| { judge("cache_if"); true })]
    fn by_cache_if(n: u64) -> u64 {
        n
    }
    for (call, site) in [(by_ttl as fn(u64) -> u64, by_ttl::site()), (by_cache_if, by_cache_if::site())] {
        for bytes in [false, true] {
            let _guard = with(site, bytes, &[]);
            let before = site.stats();
            PANIC.store(true, Ordering::SeqCst);
            assert!(std::panic::catch_unwind(|| call(1)).is_err());
            PANIC.store(false, Ordering::SeqCst);
            assert_eq!((site.flights(), call(1), call(1)), (0, 1, 1));
            let after = site.stats();
            let moved = (after.calls - before.calls, after.panicked - before.panicked, after.hits - before.hits);
            assert_eq!(moved, (3, 1, 1), "nothing was half stored: {after:?}");
        }
    }
}

#[test]
fn whoever_finds_a_value_stale_is_served_and_a_thread_computes() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    static OPEN: AtomicBool = AtomicBool::new(true);
    #[derive(Clone)]
    struct Pool;
    #[cached(name = "freshness.behind", ttl = "1m", stale = "1m", refresh = "background", skip(_pool))]
    fn behind(word: &str, n: Option<&u64>, tail: Vec<u8>, _pool: Pool) -> String {
        let run = RUNS.fetch_add(1, Ordering::SeqCst);
        until(|| OPEN.load(Ordering::SeqCst));
        format!("{run} {word} {n:?} {tail:?}")
    }
    let call = || behind("a", Some(&7), vec![1], Pool);
    for bytes in [false, true] {
        let _guard = with(behind::site(), bytes, &[]);
        RUNS.store(0, Ordering::SeqCst);
        assert_eq!(call(), "0 a Some(7) [1]");
        testing::advance(MINUTE);
        OPEN.store(false, Ordering::SeqCst);
        let before = behind::site().stats();
        for _ in 0..20 {
            assert_eq!(call(), "0 a Some(7) [1]", "nobody waits (bytes: {bytes})");
        }
        until(|| RUNS.load(Ordering::SeqCst) == 2);
        let after = behind::site().stats();
        assert_eq!((after.stale - before.stale, after.calls - before.calls), (20, 20), "one refresh at a time");
        OPEN.store(true, Ordering::SeqCst);
        until(|| behind::site().flights() == 0);
        assert_eq!(call(), "1 a Some(7) [1]");
        testing::advance(2 * MINUTE);
        assert_eq!(call(), "2 a Some(7) [1]", "after the window the caller computes");
    }
}

#[test]
fn a_refresh_in_the_background_that_fails_or_panics_rests_and_harms_nobody() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    static HOW: AtomicU64 = AtomicU64::new(0);
    #[cached(name = "freshness.behind_failing", ttl = "1m", stale = "1h", refresh = "background")]
    fn fragile(n: u64) -> Result<u64, String> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        match HOW.load(Ordering::SeqCst) {
            0 => Ok(n),
            1 => Err("no".into()),
            _ => panic!("as the test asked"),
        }
    }
    let _guard = with(fragile::site(), false, &[]);
    assert_eq!(fragile(1), Ok(1));
    for how in [1, 2] {
        HOW.store(how, Ordering::SeqCst);
        testing::advance(MINUTE);
        let runs = RUNS.load(Ordering::SeqCst);
        assert_eq!(fragile(1), Ok(1));
        until(|| RUNS.load(Ordering::SeqCst) == runs + 1 && fragile::site().flights() == 0);
        assert_eq!([fragile(1), fragile(1)], [Ok(1), Ok(1)]);
        assert_eq!(RUNS.load(Ordering::SeqCst), runs + 1, "not tried again at once");
        testing::advance(SECOND);
        assert_eq!(fragile(1), Ok(1));
        until(|| RUNS.load(Ordering::SeqCst) == runs + 2 && fragile::site().flights() == 0);
    }
}

#[test]
fn an_async_refresh_runs_on_the_spawner_that_the_program_gives() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[cached(name = "freshness.behind_async", ttl = "1m", stale = "1m", refresh = "background")]
    async fn behind(word: &str) -> String {
        let run = RUNS.fetch_add(1, Ordering::SeqCst);
        std::future::ready(()).await;
        format!("{run} {word}")
    }
    static TASKS: std::sync::Mutex<Vec<cached_core::Task>> = std::sync::Mutex::new(Vec::new());
    let _guard = with(behind::site(), false, &[]);
    verified::config().spawner(|task| TASKS.lock().unwrap().push(task)).install().unwrap();
    assert_eq!(block_on(behind("a")), "0 a");
    testing::advance(MINUTE);
    assert_eq!([block_on(behind("a")), block_on(behind("a"))], ["0 a", "0 a"], "nobody waits");
    let mut tasks = std::mem::take(&mut *TASKS.lock().unwrap());
    assert_eq!((tasks.len(), RUNS.load(Ordering::SeqCst)), (1, 1), "one refresh, and nothing runs by itself");
    block_on(tasks.pop().unwrap());
    assert_eq!(block_on(behind("a")), "1 a");
    testing::advance(MINUTE);
    assert_eq!(block_on(behind("a")), "1 a");
    drop(std::mem::take(&mut *TASKS.lock().unwrap()));
    assert_eq!(behind::site().flights(), 0, "a task that is dropped leaves nothing behind");
    testing::advance(SECOND);
    assert_eq!(block_on(behind("a")), "1 a");
    assert_eq!(TASKS.lock().unwrap().len(), 1, "and another is started after a rest");
    TASKS.lock().unwrap().clear();
}

#[test]
fn methods_and_generic_functions_refresh_in_the_background_too() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Shop(u64);
    #[cached]
    impl Shop {
        #[cached(ttl = "1m", stale = "1m", refresh = "background")]
        fn price(&self, sku: &str) -> u64 {
            self.0 + sku.len() as u64
        }
    }
    #[cached(ttl = "1m", stale = "1m", refresh = "background")]
    fn echo<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(value: &T) -> Vec<T> {
        vec![value.clone()]
    }
    let _alone = alone();
    let shop = Shop(10);
    for _ in 0..2 {
        assert_eq!((shop.price("abc"), echo(&7_u8), echo(&"x".to_string())), (13, vec![7], vec!["x".to_string()]));
        testing::advance(MINUTE);
    }
    assert_eq!((Shop::price_site().stats().stale, echo::site().stats().stale), (1, 2));
}

#[test]
fn who_waits_for_a_computation_that_fails_is_given_the_old_value_too() {
    static FAIL: AtomicBool = AtomicBool::new(false);
    static OPEN: AtomicBool = AtomicBool::new(true);
    #[cached(name = "freshness.failing_lead", ttl = "1m", stale_if_error = "1h")]
    async fn fragile(n: u64) -> Result<u64, String> {
        std::future::poll_fn(|_| match OPEN.load(Ordering::SeqCst) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        })
        .await;
        if FAIL.load(Ordering::SeqCst) { Err("no".into()) } else { Ok(n) }
    }
    let _guard = with(fragile::site(), false, &[]);
    assert_eq!(block_on(fragile(1)), Ok(1));
    testing::advance(MINUTE);
    OPEN.store(false, Ordering::SeqCst);
    FAIL.store(true, Ordering::SeqCst);
    let callers: Vec<_> = (0..5).map(|_| poll_n(Box::pin(fragile(1)), 1).unwrap_err().future).collect();
    OPEN.store(true, Ordering::SeqCst);
    for caller in callers {
        assert_eq!(block_on(caller), Ok(1));
    }
    let stats = fragile::site().stats();
    assert_eq!((stats.calls, stats.stale, stats.runs, stats.errors), (6, 5, 2, 0), "{stats:?}");
}
