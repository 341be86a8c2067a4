//! Bounds by weight: `max_bytes` and `weigh`, and what configuration may say of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use cached_core::cached;
use cached_tests::support::alone;
use cached_tests::verified;

#[cached(max_bytes = "1MiB", weigh = |text| text.len())]
fn text(kilobytes: usize, key: usize) -> String {
    let _ = key;
    "x".repeat(kilobytes << 10)
}

#[test]
fn entries_are_bounded_by_what_they_weigh_and_not_by_their_number() {
    let _alone = alone();
    (0..4_000).for_each(|key| drop(text(0, key)));
    let small = text::site().stats();
    assert_eq!((small.entries, small.evictions), (4_000, 0), "{small:?}");
    (0..200).for_each(|key| drop(text(100, key)));
    let large = text::site().stats();
    assert!(large.bytes <= 1 << 20 && large.evictions > 0 && large.not_stored == 0, "{large:?}");
    (0..5).chain(0..5).for_each(|key| drop(text(100, key)));
    let hits = text::site().stats().hits;
    (0..5).for_each(|key| drop(text(100, key)));
    assert!(text::site().stats().hits - hits >= 4, "what comes back stays: {:?}", text::site().stats());
    let large = text::site().stats();
    assert_eq!(text(2_000, 0).len(), 2_000 << 10, "what is too large is returned");
    assert_eq!(text(2_000, 0).len(), 2_000 << 10);
    let over = text::site().stats();
    assert_eq!((over.not_stored, over.misses - large.misses), (2, 2), "not stored, and counted");
    assert!(text::entry(&2_000, &0).peek().unwrap().is_none());
}

#[test]
fn what_is_put_and_too_large_is_an_error_and_the_old_value_is_gone() {
    #[cached(max_bytes = "64KiB", weigh = |bytes| bytes.len())]
    fn bytes(key: u8) -> Vec<u8> {
        vec![key]
    }
    let _alone = alone();
    bytes(1);
    let error = bytes::entry(&1).put(vec![0; 65 << 10]).unwrap_err().to_string();
    assert!(
        error.contains("weights.rs:") && error.contains("66560 bytes; `max_bytes` is 65536, of all instances together"),
        "{error}"
    );
    assert_eq!(bytes::entry(&1).peek().unwrap(), None);
    assert_eq!(bytes(1), [1]);
}

#[test]
fn instances_of_a_generic_function_share_its_bytes() {
    #[cached(max_bytes = "100KiB", weigh = |bytes| bytes.len())]
    fn of<T: Copy + Into<u64> + Eq + std::hash::Hash + Send + Sync + 'static>(key: T) -> Vec<u8> {
        vec![0; (10 << 10) | (key.into() & 1) as usize]
    }
    let _alone = alone();
    (0..20).for_each(|key: u8| drop((of(key), of(u16::from(key)))));
    let stats = of::site().stats();
    assert!(stats.bytes <= 100 << 10 && stats.entries >= 6, "{stats:?}");
}

#[test]
fn an_instance_that_comes_from_a_comparison_takes_its_share_too() {
    static CALLS_BACK: AtomicBool = AtomicBool::new(false);
    #[derive(Clone, Eq)]
    struct Caller(u64);
    impl std::hash::Hash for Caller {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }
    impl PartialEq for Caller {
        fn eq(&self, other: &Self) -> bool {
            if CALLS_BACK.swap(false, SeqCst) {
                assert_eq!(shared(7_u8), 7);
            }
            self.0 == other.0
        }
    }
    impl From<Caller> for u64 {
        fn from(caller: Caller) -> u64 {
            caller.0
        }
    }
    #[cached(max_entries = 100)]
    fn shared<T: Clone + Into<u64> + Eq + std::hash::Hash + Send + Sync + 'static>(key: T) -> u64 {
        key.into()
    }
    let _alone = alone();
    (0..200).for_each(|key| assert_eq!(shared(Caller(key)), key));
    assert!(shared::site().stats().entries > 90);
    CALLS_BACK.store(true, SeqCst);
    (0..200).for_each(|key| drop(shared::entry(&Caller(key)).put(key)));
    assert_eq!(cached_core::shutdown(std::time::Duration::from_secs(30)), 0);
    let stats = shared::site().stats();
    assert!(!CALLS_BACK.load(SeqCst) && stats.entries <= 51, "{stats:?}");
}

#[test]
fn an_override_changes_the_bound_while_running_and_what_is_over_it_goes() {
    #[cached(max_bytes = "1MiB", weigh = |text| text.len())]
    fn tuned_text(kilobytes: usize, key: usize) -> String {
        text::uncached(kilobytes, key)
    }
    let _alone = alone();
    let tuned = |value: &str| {
        verified::config().site("it::weights::*::tuned_text", "max_bytes", value).strict().install().unwrap()
    };
    (0..9).for_each(|key| drop(tuned_text(100, key)));
    tuned("256KiB");
    let stats = tuned_text::site().stats();
    assert!(stats.bytes <= 256 << 10 && stats.entries == 2, "{stats:?}");
    assert!(cached_core::report().wide().to_string().contains("max_bytes 256KiB"));
    tuned("unbounded");
    (0..40).for_each(|key| drop(tuned_text(100, key)));
    assert!(
        tuned_text::site().stats().bytes > 4_000 << 10,
        "by number of entries again: {:?}",
        tuned_text::site().stats()
    );
}

#[test]
fn an_alias_bounds_each_of_its_sites_by_what_they_weigh() {
    #[cached(backend = "default")]
    fn plain(key: u64) -> [u64; 8] {
        [key; 8]
    }
    let _alone = alone();
    #[cached]
    fn long(key: u64) -> String {
        "x".repeat(1_000) + &key.to_string()
    }
    verified::config().option("default", "kind", "memory").option("default", "max_bytes", "10GiB").install().unwrap();
    (0..10_500).for_each(|key| assert!(long(key).len() > 1_000));
    assert!(long::site().stats().entries <= 10_000, "who does not weigh has the bound that there is without bytes");
    verified::config().option("default", "kind", "memory").option("default", "max_bytes", "10 KiB").install().unwrap();
    (0..1_000).for_each(|key| assert_eq!(plain(key)[7], key));
    let stats = plain::site().stats();
    assert!(stats.bytes <= 10 << 10 && (20..200).contains(&stats.entries), "entries weigh something: {stats:?}");
}

#[test]
fn a_bound_in_bytes_of_a_site_that_does_not_weigh_is_a_fault_with_its_place() {
    #[cached]
    fn weightless(key: u64) -> u64 {
        key
    }
    let _alone = alone();
    let pattern = "it::weights::*::weightless";
    let error = verified::config().site(pattern, "max_bytes", "1MiB").install().unwrap_err().to_string();
    assert!(error.contains("weights.rs:") && error.contains("needs `weigh = |value| …`"), "{error}");
    for wrong in ["0", "64 megs", "MiB", "-1B", "99999999TiB"] {
        let error = verified::config().option("default", "max_bytes", wrong).install().unwrap_err().to_string();
        assert!(error.contains("max_bytes is not a size above zero"), "{wrong}: {error}");
    }
    assert_eq!(weightless(1), 1);
}

#[test]
fn a_weigh_that_panics_harms_its_caller_alone_and_stores_nothing() {
    static PANICS: AtomicBool = AtomicBool::new(true);
    #[cached(max_bytes = "1MiB", weigh = |_| if PANICS.load(SeqCst) { panic!("too heavy a question") } else { 8 })]
    fn weighed(key: u64) -> Arc<u64> {
        Arc::new(key)
    }
    let _alone = alone();
    assert!(catch_unwind(|| weighed(1)).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| weighed::entry(&1).put(Arc::new(2)))).is_err());
    assert_eq!(weighed::site().flights(), 0);
    assert_eq!(weighed::entry(&1).peek().unwrap(), None);
    PANICS.store(false, SeqCst);
    assert_eq!((*weighed(1), *weighed(1)), (1, 1));
    let stats = weighed::site().stats();
    assert_eq!((stats.errors, stats.panicked, stats.hits, stats.entries), (1, 1, 1, 1));
}

#[test]
fn many_threads_keep_to_the_bound() {
    #[cached(max_bytes = "1MiB", weigh = |bytes| bytes.len())]
    fn shared(key: usize) -> Arc<[u8]> {
        vec![0; (key % 97) << 10].into()
    }
    let _alone = alone();
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for step in 0..5_000 {
                    let key = (step * 31 + thread * 7) % 500;
                    assert_eq!(shared(key).len(), (key % 97) << 10);
                    assert!(shared::site().stats().bytes <= 1 << 20);
                }
            });
        }
    });
}
