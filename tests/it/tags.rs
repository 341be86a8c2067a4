//! Entries that are forgotten together: by tag, by alias, and all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cached_core::backend::Backend;
use cached_core::{ErrorKind, Site, cached, clear_alias, clear_all, invalidate_tag, invalidate_tag_async};
use cached_testkit::{Fault, Faulty, Shelf, poll_n};

use cached_tests::support::{Configured, alone, scaled};
use cached_tests::verified;

fn block_on<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}

/// Some sites in memory, or on one shelf.
fn with(sites: &[&'static Site], bytes: bool) -> Configured {
    let guard = alone();
    let shelf: Arc<dyn Backend> = Arc::new(Shelf::new());
    let config = verified::config().backend("shelf", shelf).option("shelf", "op_timeout", "30s");
    let alias = if bytes { "shelf" } else { "default" };
    sites.iter().fold(config, |config, site| config.site(site.name(), "backend", alias)).install().unwrap();
    sites.iter().for_each(|site| site.clear().unwrap());
    guard
}

static RUNS: AtomicU64 = AtomicU64::new(0);

fn run() -> u64 {
    RUNS.fetch_add(1, Ordering::SeqCst)
}

#[cached(name = "tags.profile", tags = ["user:{id}", "profiles"])]
fn profile(id: u64, part: &str) -> String {
    format!("{} {id} {part}", run())
}

#[cached(name = "tags.orders", tags = ["user:{id}"])]
async fn orders(id: u64) -> u64 {
    run() * 100 + id
}

#[test]
fn a_tag_forgets_its_entries_of_every_site_and_no_others() {
    for bytes in [false, true] {
        let _guard = with(&[profile::site(), orders::site()], bytes);
        let all = || {
            let parts = [profile(1, "a"), profile(1, "b"), profile(2, "a")];
            let orders = [block_on(orders(1)), block_on(orders(2))];
            assert_eq!(cached_core::shutdown(Duration::from_secs(30)), 0);
            (parts, orders)
        };
        let before = all();
        assert_eq!(all(), before);
        invalidate_tag("user:1").unwrap();
        let after = all();
        assert!(before.0[0] != after.0[0] && before.0[1] != after.0[1] && before.1[0] != after.1[0], "bytes: {bytes}");
        assert_eq!((&before.0[2], before.1[1]), (&after.0[2], after.1[1]), "the other user's stay");
        assert_eq!(all(), after);
        block_on(invalidate_tag_async("profiles")).unwrap();
        let last = all();
        assert!((0..3).all(|n| last.0[n] != after.0[n]));
        assert_eq!(last.1, after.1, "orders have no such tag");
        invalidate_tag("nobody has this").unwrap();
        assert_eq!(all(), last);
    }
}

#[test]
fn what_is_put_or_refreshed_has_the_tags_too() {
    for bytes in [false, true] {
        let _guard = with(&[profile::site()], bytes);
        profile::entry(&7, "x").put("put".into()).unwrap();
        assert_eq!(profile(7, "x"), "put");
        invalidate_tag("user:7").unwrap();
        assert_eq!(profile::entry(&7, "x").peek(), Ok(None), "bytes: {bytes}");
        let refreshed = profile::refresh(7, "x");
        assert_eq!(profile(7, "x"), refreshed);
        invalidate_tag("profiles").unwrap();
        assert_ne!(profile(7, "x"), refreshed);
        profile::entry(&7, "x").invalidate().unwrap();
        assert_eq!(profile::entry(&7, "x").peek(), Ok(None));
    }
}

#[test]
fn a_body_that_began_before_its_tag_was_invalidated_is_neither_stored_nor_given_to_later_callers() {
    static OPEN: AtomicBool = AtomicBool::new(false);
    #[cached(name = "tags.slow", tags = ["slow:{n}"])]
    async fn slow(n: u64) -> u64 {
        let run = run() * 100 + n;
        std::future::poll_fn(|_| match OPEN.load(Ordering::SeqCst) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        })
        .await;
        run
    }
    for bytes in [false, true] {
        let _guard = with(&[slow::site()], bytes);
        OPEN.store(false, Ordering::SeqCst);
        let before = RUNS.load(Ordering::SeqCst);
        let mut early = Box::pin(slow(1));
        while RUNS.load(Ordering::SeqCst) == before {
            early = poll_n(early, 1).unwrap_err().future;
        }
        invalidate_tag("slow:1").unwrap();
        let late = poll_n(Box::pin(slow(1)), 1).unwrap_err().future;
        OPEN.store(true, Ordering::SeqCst);
        let (early, late) = (block_on(early), block_on(late));
        assert!(early < late, "bytes: {bytes}: the late one ran its own body");
        assert_eq!(cached_core::shutdown(Duration::from_secs(30)), 0);
        assert_eq!(block_on(slow(1)), late);
    }
}

#[test]
fn methods_and_generic_functions_have_tags_too() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Shop(u64);
    #[cached]
    impl Shop {
        #[cached(tags = ["sku:{sku}"])]
        fn price(&self, sku: &str) -> u64 {
            self.0 + run() * 100 + sku.len() as u64
        }
    }
    trait Weigh {
        fn weigh(&self, sku: &str) -> u64;
    }
    impl Weigh for Shop {
        #[cached(tags = ["sku:{sku}"])]
        fn weigh(&self, sku: &str) -> u64 {
            self.0 + run() * 100 + sku.len() as u64
        }
    }
    #[cached(tags = ["sku:{sku}", "{sku:?}"])]
    fn echo<T: Clone + Eq + std::hash::Hash + Send + Sync + std::fmt::Display + std::fmt::Debug + 'static>(
        sku: T,
    ) -> (Vec<T>, u64) {
        (vec![sku], run())
    }
    let _alone = alone();
    let shop = Shop(0);
    let all = || (shop.price("tea"), shop.weigh("tea"), echo("tea".to_string()).1, echo(3_u8).1);
    let before = all();
    assert_eq!(all(), before);
    invalidate_tag("sku:tea").unwrap();
    let after = all();
    assert!(before.0 != after.0 && before.1 != after.1 && before.2 != after.2);
    assert_eq!(before.3, after.3);
    invalidate_tag("3").unwrap();
    assert_ne!(all().3, after.3);
}

#[test]
fn a_backend_that_fails_says_so_when_a_tag_is_invalidated_and_never_when_a_call_is_made() {
    let faulty = Arc::new(Faulty::new(Arc::new(Shelf::new())));
    let _guard = alone();
    let config = verified::config()
        .backend("faulty", Arc::clone(&faulty) as _)
        .option("faulty", "op_timeout", "30s")
        .option("faulty", "breaker", "off");
    config.site("tags.profile", "backend", "faulty").install().unwrap();
    let kept = profile(1, "a");
    for fault in [Fault::Fail, Fault::Panic] {
        faulty.set_fault(fault);
        assert_eq!(invalidate_tag("user:1").unwrap_err().kind(), ErrorKind::Backend);
        assert_ne!(profile(1, "a"), kept, "it computes");
        assert_eq!(profile::entry(&1, "a").peek().unwrap_err().kind(), ErrorKind::Backend);
    }
    faulty.set_fault(Fault::None);
    assert_eq!(profile(1, "a"), kept, "what could not be reached is as it was");
    faulty.set_fault(Fault::DropWrites);
    assert!(profile(9, "a") < profile(9, "a"), "without a stamp nothing is stored");
}

#[test]
fn threads_that_call_while_their_tag_is_invalidated_never_see_an_older_value() {
    static TRUTH: AtomicU64 = AtomicU64::new(0);
    #[cached(name = "tags.truth", tags = ["truth"])]
    fn truth(_n: u64) -> u64 {
        let truth = TRUTH.load(Ordering::SeqCst);
        std::thread::yield_now();
        truth
    }
    for bytes in [false, true] {
        let _guard = with(&[truth::site()], bytes);
        let stop = AtomicBool::new(false);
        let forgotten = AtomicU64::new(TRUTH.load(Ordering::SeqCst));
        let rounds = scaled(if bytes { 2_000 } else { 20_000 });
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let (stop, forgotten) = (&stop, &forgotten);
                scope.spawn(move || {
                    for n in 0.. {
                        let floor = forgotten.load(Ordering::SeqCst);
                        let seen = truth((n + thread) % 3);
                        assert!(seen >= floor, "{seen} after {floor} was forgotten (bytes: {bytes})");
                        if stop.load(Ordering::SeqCst) {
                            break;
                        }
                    }
                });
            }
            for _ in 0..rounds {
                let now = TRUTH.fetch_add(1, Ordering::SeqCst) + 1;
                invalidate_tag("truth").unwrap();
                forgotten.store(now, Ordering::SeqCst);
            }
            stop.store(true, Ordering::SeqCst);
        });
        println!("R05 by tag, bytes {bytes}: {rounds} rounds, 0 stale");
    }
}

#[test]
fn an_alias_and_everything_can_be_forgotten_at_once() {
    let guard = with(&[profile::site()], true);
    let (part, order) = (profile(1, "a"), block_on(orders(1)));
    clear_alias("shelf").unwrap();
    assert_eq!(block_on(orders(1)), order, "another alias's entries stay");
    let again = profile(1, "a");
    assert_ne!(again, part);
    clear_all().unwrap();
    assert_ne!(profile(1, "a"), again);
    assert_ne!(block_on(orders(1)), order);
    let error = clear_alias("shlef").unwrap_err().to_string();
    assert!(error.contains("did you mean \"shelf\"?"), "{error}");
    drop(guard);
}
