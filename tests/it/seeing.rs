//! Seeing why: how one call ended, what the next would meet, and a configuration that changes meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cached_core::backend::Backend;
use cached_core::{Config, Outcome, Reason, cached, report, testing};
use cached_testkit::{Shelf, poll_n};

use cached_tests::support::{alone, until};

fn block_on<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_call_can_say_how_it_ended() {
    #[cached(name = "seeing.outcome", ttl = "1m", stale_if_error = "1m")]
    fn fragile(n: u64) -> Result<u64, String> {
        inner(n);
        if n < 100 { Ok(n) } else { Err("too large".into()) }
    }
    #[cached]
    fn inner(n: u64) -> u64 {
        n
    }
    let _alone = alone();
    let cold = Outcome::Miss(Reason::Cold);
    assert_eq!(fragile::with_outcome(1), (Ok(1), cold));
    assert_eq!(fragile::with_outcome(1), (Ok(1), Outcome::Hit), "though a call inside the body missed");
    assert_eq!(fragile::with_outcome(100).1, Outcome::Error);
    testing::advance(MINUTE);
    assert_eq!(fragile::with_outcome(1), (Ok(1), Outcome::Miss(Reason::Expired)));
    fragile::site().clear().unwrap();
    fragile::site().disable();
    assert_eq!((fragile::with_outcome(1), fragile(1)), ((Ok(1), Outcome::Bypass), Ok(1)));
    fragile::site().enable();
    assert_eq!(fragile::site().stats().calls, 6, "each is a call like any other");
}

#[test]
fn an_async_call_can_say_how_it_ended() {
    static OPEN: AtomicBool = AtomicBool::new(false);
    #[cached]
    async fn slow(n: u64) -> u64 {
        std::future::poll_fn(|_| match OPEN.load(Ordering::SeqCst) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        })
        .await;
        n
    }
    let lead = poll_n(Box::pin(slow::with_outcome(1)), 1).unwrap_err().future;
    let follow = poll_n(Box::pin(slow::with_outcome(1)), 1).unwrap_err().future;
    OPEN.store(true, Ordering::SeqCst);
    assert_eq!(block_on(lead), (1, Outcome::Miss(Reason::Cold)));
    assert_eq!(block_on(follow), (1, Outcome::Joined));
    assert_eq!((block_on(slow::with_outcome(1)), block_on(slow(1))), ((1, Outcome::Hit), 1));
}

#[test]
fn methods_and_generic_functions_can_say_how_they_ended() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Shop(u64);
    #[cached]
    impl Shop {
        #[cached]
        fn price(&self, sku: &str) -> u64 {
            self.0 + sku.len() as u64
        }
    }
    #[cached]
    fn echo<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(value: T) -> Vec<T> {
        vec![value]
    }
    let shop = Shop(1);
    let cold = Outcome::Miss(Reason::Cold);
    assert_eq!((shop.price_with_outcome("ab"), shop.price_with_outcome("ab")), ((3, cold), (3, Outcome::Hit)));
    assert_eq!((echo::with_outcome(7_u8).1, echo::with_outcome(7_u8).1), (cold, Outcome::Hit));
    assert_eq!((shop.price("ab"), echo(7_u8)), (3, vec![7]));
}

#[test]
fn an_entry_explains_what_a_call_would_meet() {
    static OPEN: AtomicBool = AtomicBool::new(true);
    #[cached(name = "seeing.explain", ttl = "10m")]
    async fn slow(n: u64) -> u64 {
        std::future::poll_fn(|_| match OPEN.load(Ordering::SeqCst) {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        })
        .await;
        n
    }
    let _alone = alone();
    let shelf: Arc<dyn Backend> = Arc::new(Shelf::new());
    for alias in ["default", "explained"] {
        let config = Config::new().backend("explained", Arc::clone(&shelf)).option("explained", "op_timeout", "30s");
        config.site("seeing.explain", "backend", alias).site("seeing.explain", "stale", "5m").install().unwrap();
        let explain = || block_on(slow::entry(&1).explain()).unwrap();
        let has = |words: &[&str]| {
            let text = explain().to_string();
            assert!(words.iter().all(|word| text.contains(word)), "{words:?} in {text}");
        };
        assert_eq!(explain().outcome(), Outcome::Miss(Reason::Cold));
        has(&["seeing.explain (tests/it/seeing.rs:", alias, "a miss: nothing is stored", "ttl 10m (attribute)"]);
        assert_eq!(block_on(slow(1)), 1);
        assert_eq!(cached_core::shutdown(MINUTE), 0);
        testing::advance(MINUTE);
        assert_eq!(explain().outcome(), Outcome::Hit);
        has(&["a hit: stored 1m", " ago, ", "left"]);
        assert!(explain().left().is_some_and(|left| left > 8 * MINUTE && left <= 9 * MINUTE));
        testing::advance(9 * MINUTE);
        assert_eq!(explain().outcome(), Outcome::Miss(Reason::Expired));
        OPEN.store(false, Ordering::SeqCst);
        let mut refreshing = Box::pin(slow(1));
        while !explain().is_computing() {
            refreshing = poll_n(refreshing, 1).unwrap_err().future;
        }
        assert_eq!(explain().outcome(), Outcome::Stale);
        has(&["stale: its time passed", "computed again"]);
        testing::advance(5 * MINUTE);
        assert_eq!(explain().outcome(), Outcome::Joined);
        OPEN.store(true, Ordering::SeqCst);
        assert_eq!(block_on(refreshing), 1);
        assert_eq!(cached_core::shutdown(MINUTE), 0);
        block_on(slow::entry(&1).invalidate()).unwrap();
        assert!(matches!(explain().outcome(), Outcome::Miss(Reason::Cold | Reason::Invalidated)));
        slow::site().disable();
        has(&["a bypass: the site is switched off"]);
        slow::site().enable();
    }
    let stats = slow::site().stats();
    assert_eq!((stats.calls, stats.misses), (4, 4), "explaining is no call: {stats:?}");
}

#[test]
fn a_file_that_is_watched_is_installed_when_it_changes_and_a_wrong_one_changes_nothing() {
    #[cached(name = "seeing.watched")]
    #[expect(dead_code, reason = "it is only routed")]
    fn watched(n: u64) -> u64 {
        n
    }
    let _alone = alone();
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("cached.toml");
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    let alias = || watched::site().alias();
    assert!(Config::watch(&path, Ok).is_err(), "a file that is not there");
    write("[backends.one]\nkind = \"memory\"\n[sites.\"seeing.watched\"]\nbackend = \"one\"\n");
    let watch = Config::watch(&path, |config| Ok(config.option("two", "kind", "dummy"))).unwrap();
    assert_eq!((alias(), watch.check()), ("one".into(), Ok(false)), "nothing changed");
    write("[backends.one]\nkind = \"memory\"\n[sites.\"seeing.watched\"]\nbackend = \"two\"\n");
    assert_eq!((watch.check(), alias()), (Ok(true), "two".into()), "what the program adds is there too");
    for wrong in ["[backends", "[backends.one]\nkind = \"memroy\"\n"] {
        write(wrong);
        let error = watch.check().unwrap_err().to_string();
        assert!(error.contains("cached.toml:") || error.contains("memroy"), "{error}");
        assert_eq!(alias(), "two", "the configuration before it holds");
        let said = report().to_string();
        assert!(said.contains("the configuration before it holds"), "{said}");
        assert_eq!(watch.check(), Ok(false), "it is said once");
    }
    std::fs::remove_file(&path).unwrap();
    assert!(watch.check().is_err());
    assert_eq!((watch.check(), alias()), (Ok(false), "two".into()));
    write("[sites.\"seeing.watched\"]\nbackend = \"default\"\n");
    // The thread looks by itself.
    until(|| alias() == "default");
    assert!(!report().to_string().contains("holds"), "a right file ends the warning");
    drop(watch);
}

#[test]
fn a_key_that_leaves_something_out_is_found_with_file_and_line() {
    #[cached(name = "seeing.wrong", key = n, skip(user))]
    fn wrong(n: u64, user: &str) -> String {
        format!("{n} of {user}")
    }
    #[cached(name = "seeing.right")]
    fn right(n: u64) -> f64 {
        if n == 0 { f64::NAN } else { n as f64 }
    }
    #[cached(name = "seeing.wrong_async", key = n, skip(user))]
    async fn wrong_async(n: u64, user: u64) -> u64 {
        n + user
    }
    let _alone = alone();
    let shelf: Arc<dyn Backend> = Arc::new(Shelf::new());
    for alias in ["default", "verified"] {
        let config = Config::new().backend("verified", Arc::clone(&shelf)).option("verified", "op_timeout", "30s");
        let sites = ["seeing.wrong", "seeing.right", "seeing.wrong_async"];
        let config = sites.iter().fold(config, |config, site| config.site(site, "backend", alias));
        config.verify(1.0).install().unwrap();
        let before = [wrong::site(), right::site(), wrong_async::site()].map(|site| site.stats());
        assert_eq!((wrong(1, "a"), wrong(1, "a"), wrong(1, "b")), ("1 of a".into(), "1 of a".into(), "1 of a".into()));
        assert!(right(0).is_nan() && right(0).is_nan() && right(1) < right(2) && right(1) < 2.0);
        assert_eq!((block_on(wrong_async(1, 1)), cached_core::shutdown(MINUTE)), (2, 0));
        assert_eq!((block_on(wrong_async(1, 2)), block_on(wrong_async(1, 1))), (2, 2), "what is stored is given");
        let after = [wrong::site(), right::site(), wrong_async::site()].map(|site| site.stats());
        let moved = |n: usize| {
            let (before, after): (&cached_core::Stats, &cached_core::Stats) = (&before[n], &after[n]);
            (after.hits - before.hits, after.verified - before.verified, after.differences - before.differences)
        };
        assert_eq!([moved(0), moved(1), moved(2)], [(2, 2, 1), (2, 2, 0), (2, 2, 1)], "{alias}");
        assert_eq!(after[0].runs - before[0].runs, 1, "a body that runs to compare is no run of a call");
        let report = report().to_json();
        assert!(report.contains("differs from fresh"), "{report}");
    }
}

#[test]
fn all_sites_are_verified_when_a_file_or_the_environment_says_so() {
    #[cached(name = "seeing.verified")]
    fn verified(n: u64) -> u64 {
        n
    }
    let _alone = alone();
    let env = |share| Config::new().env_from("SEEING", [("SEEING_VERIFY", share)]).unwrap();
    let file = |share| Config::from_toml(&format!("verify = {share}\n[backends.off]\nkind = \"dummy\"")).unwrap();
    assert_eq!(verified(1), 1);
    for (config, expected) in [
        (Config::new(), 0),
        (env("100%"), 100),
        (file("\"100%\""), 100),
        (file("\"100%\"").env_from("SEEING", [("SEEING_VERIFY", "0%")]).unwrap(), 0),
        (env("100%").site("seeing.verified", "verify", "0%"), 0),
    ] {
        config.install().unwrap();
        let before = verified::site().stats().verified;
        (0..100).for_each(|_| assert_eq!(verified(1), 1));
        assert_eq!(verified::site().stats().verified - before, expected, "an override and a later layer win");
    }
    env("100%").install().unwrap();
    assert_eq!(verified(1), 1);
    let said = report().to_string();
    assert!(said.lines().any(|line| line.starts_with("  verified: ") && line.contains(" hits, ")), "{said}");
    for wrong in [env("1.0"), env("yes"), file("1.0"), file("\"101%\"")] {
        let error = wrong.install().unwrap_err().to_string();
        assert!(error.contains("`verify` is not a share from \"0%\" to \"100%\""), "{error}");
    }
}

#[test]
fn the_share_of_hits_that_is_verified_is_as_it_was_asked() {
    #[cached(name = "seeing.sampled", verify = 0.25)]
    fn sampled(n: u64) -> u64 {
        n
    }
    let _alone = alone();
    (0..8_000).for_each(|_| assert_eq!(sampled(1), 1));
    let stats = sampled::site().stats();
    assert_eq!((stats.hits, stats.differences), (7_999, 0));
    assert!((1_600..2_400).contains(&stats.verified), "{stats:?}");
    Config::new().site("seeing.sampled", "verify", "0%").install().unwrap();
    (0..100).for_each(|_| assert_eq!(sampled(1), 1));
    assert_eq!(sampled::site().stats().verified, stats.verified);
    let error = Config::new().verify(1.5).site("seeing.sampled", "verify", "many").install().unwrap_err().to_string();
    assert!(error.contains("verify(1.5) is not a share") && error.contains("verify is not a share"), "{error}");
}
