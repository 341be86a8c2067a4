//! The option `codec`: what it writes, what it cannot, and that another one never reads it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use cached_core::backend::{Backend as _, Reply};
use cached_core::{Config, ErrorKind, Ttl, cached, caches};
use cached_testkit::Shelf;
use serde::{Deserialize, Serialize};

use cached_tests::codecs::CODECS;
use cached_tests::forger::{Forger, HEAD};
use cached_tests::support::{alone, configured};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    name: String,
    marks: Vec<Option<u32>>,
    by_number: BTreeMap<u64, f64>,
    by_name: HashMap<String, char>,
    tree: Option<Box<Record>>,
}

static BODY: AtomicU64 = AtomicU64::new(0);

/// Its name says which body made it.
#[cached(name = "codecs.record", ttl = "1h")]
fn record(n: u32) -> Record {
    let leaf = Record {
        name: format!("body {}", BODY.fetch_add(1, SeqCst)),
        marks: vec![None, Some(n)],
        by_number: BTreeMap::from([(7, 0.1), (u64::MAX, -0.0)]),
        by_name: (0..20).map(|n| (format!("name {n}"), 'é')).collect(),
        tree: None,
    };
    Record { tree: Some(Box::new(leaf.clone())), ..leaf }
}

/// A configuration under which the site of [`record`] is on an alias of this codec.
fn on(shelf: &Arc<Shelf>, codec: &str) -> Config {
    let config = Config::new().backend("shelf", Arc::clone(shelf) as _).option("shelf", "codec", codec);
    config.site("codecs.record", "backend", "shelf")
}

#[test]
fn bytes_of_one_codec_are_a_miss_for_every_other_and_a_hit_when_it_comes_back() {
    let _alone = alone();
    for first in CODECS {
        for second in CODECS.into_iter().filter(|second| *second != first) {
            let shelf = Arc::new(Shelf::new());
            let install = |codec| drop(on(&shelf, codec).install().expect("a codec of that name"));
            install(first);
            let written = record(1);
            assert_eq!(record(1), written, "{first} carries it");
            install(second);
            let before = record::site().stats();
            assert_eq!(record::entry(&1).peek(), Ok(None), "{second} reads nothing of {first}");
            install(first);
            assert_eq!(record(1), written, "{first} again, and it is still there");
            install(second);
            let anew = record(1);
            assert_ne!(anew, written, "{second} computes");
            assert_eq!(record(1), anew);
            let after = record::site().stats();
            assert_eq!((after.runs - before.runs, after.hits - before.hits), (1, 2));
            assert_eq!((after.undecodable - before.undecodable, after.backend_errors), (1, 0), "{after:?}");
            record::entry(&1).invalidate().expect("the shelf works");
            install(first);
            assert!(![written, anew].contains(&record(1)), "what {second} invalidated is so for {first}");
        }
    }
}

#[test]
fn a_codec_that_nobody_knows_is_a_fault_that_says_which_there_are() {
    let _alone = alone();
    let error = on(&Arc::new(Shelf::new()), "jsno").install().expect_err("no such codec").to_string();
    assert!(error.contains("backends.shelf.codec") && error.contains("\"jsno\""), "{error}");
    assert!(error.contains("known codecs: json, msgpack, postcard"), "{error}");
    assert!(error.contains("codecs.rs:"), "it says where that was written: {error}");
}

#[test]
fn what_json_cannot_say_is_not_stored_and_counted_and_the_call_is_right() {
    #[cached(name = "codecs.infinite", ttl = "1h")]
    fn infinite(n: u64) -> (u64, f64) {
        (n, [0.5, f64::INFINITY, f64::NEG_INFINITY][usize::try_from(n).unwrap()])
    }
    #[cached(name = "codecs.maybe", ttl = "1h")]
    fn maybe(n: u64) -> Option<f64> {
        (n > 0).then_some(f64::NAN)
    }
    #[cached(name = "codecs.pairs", ttl = "1h")]
    fn pairs(n: u64) -> BTreeMap<(u64, u64), u64> {
        BTreeMap::from([((n, n), n)])
    }
    let _alone = alone();
    let shelf = Arc::new(Shelf::new());
    let install = |codec| {
        let config = ["codecs.infinite", "codecs.maybe", "codecs.pairs"]
            .iter()
            .fold(on(&shelf, codec), |config, site| config.site(site, "backend", "shelf"));
        config.install().expect("the configuration is right");
    };
    install("json");
    for _ in 0..2 {
        assert_eq!(
            [infinite(0), infinite(1), infinite(2)].map(|(_, number)| number),
            [0.5, f64::INFINITY, -f64::INFINITY]
        );
        assert!(maybe(0).is_none() && maybe(1).is_some_and(f64::is_nan));
        assert_eq!(pairs(3), BTreeMap::from([((3, 3), 3)]));
    }
    let of =
        |site: &'static cached_core::Site| (site.stats().hits, site.stats().not_stored, site.stats().backend_errors);
    assert_eq!([infinite::site(), maybe::site(), pairs::site()].map(of), [(1, 4, 0), (1, 2, 0), (0, 2, 0)]);
    assert_eq!(shelf.keys().len(), 2);
    assert_eq!(maybe::entry(&1).put(Some(f64::NAN)).unwrap_err().kind(), ErrorKind::Encode);
    install("msgpack");
    for _ in 0..2 {
        assert_eq!((infinite(1).1, pairs(3).len(), maybe(1).is_some()), (f64::INFINITY, 1, true));
    }
    assert_eq!([infinite::site(), maybe::site(), pairs::site()].map(|site| site.stats().hits), [2, 2, 1]);
}

#[test]
fn the_low_level_cache_writes_by_the_codec_of_its_alias_if_that_says_what_it_wrote() {
    let _alone = alone();
    let forger = Arc::new(Forger::default());
    let install = |codec: &str| {
        let config = Config::new().backend("forger", Arc::clone(&forger) as _).option("forger", "codec", codec);
        config.install().expect("the configuration is right");
    };
    let mut payloads = Vec::new();
    for codec in CODECS {
        install(codec);
        let cache = caches().get("forger").expect("it is configured");
        assert_eq!(cache.get::<(u32, f64)>("key"), Ok(None), "nothing that {codec} wrote");
        cache.set("key", &(7_u32, 1.5), Ttl::Forever).expect("the forger takes it");
        payloads.push(forger.take_last().expect("it was written").1[HEAD..].to_vec());
        assert_eq!(cache.get("key"), Ok(Some((7_u32, 1.5))));
        cache.set("number", &41, Ttl::Forever).expect("the forger takes it");
        assert_eq!((cache.incr("number", 1), cache.get("number")), (Ok(42), Ok(Some(42_u8))));
        let filled = cache.get_or_set("filled", Ttl::Forever, || codec.to_owned()).expect("it is computed");
        assert!(filled == codec || codec == "postcard", "{filled}");
        cache.set("key", &"another", Ttl::Forever).expect("the forger takes it");
        assert_eq!(cache.get::<(u32, f64)>("key"), Ok(None), "{codec} says what it is");
        install("json");
        install("msgpack");
        cache.delete("key").expect("the forger takes it");
    }
    assert_eq!(payloads[1], b"[7,1.5]");
    assert_eq!(payloads[2], payloads[0], "postcard does not say what it is: that stays MessagePack");
}

#[test]
fn aliases_of_two_codecs_on_one_store_never_give_each_other_bytes() {
    let toml = "[backends.one]\nkind = \"memory\"\nlocation = \"codecs\"\n\
                [backends.two]\nkind = \"memory\"\nlocation = \"codecs\"\ncodec = \"json\"\n";
    let _configured = configured(toml);
    let (one, two) = (caches().get("one").unwrap(), caches().get("two").unwrap());
    // The JSON of 5 is the MessagePack of 53.
    let led = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let given = two.get_or_set("n", Ttl::Default, || {
                led.wait();
                std::thread::sleep(std::time::Duration::from_millis(30));
                5_u64
            });
            assert_eq!(given, Ok(5));
        });
        led.wait();
        assert_eq!(one.get_or_set("n", Ttl::Default, || 6_u64), Ok(6), "it asked for MessagePack");
    });
    let stored = [one.get::<u64>("n"), two.get("n")];
    assert!(
        [[Ok(Some(6)), Ok(None)], [Ok(None), Ok(Some(5))]].contains(&stored),
        "one of them is stored, whole: {stored:?}"
    );
}

#[test]
fn a_codec_of_another_crate_is_bounded_in_depth_and_reads_what_lends() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Deep(Vec<Deep>);
    #[cached(name = "codecs.deep", ttl = "1h")]
    fn deep(depth: u32) -> Deep {
        (1..depth).fold(Deep(Vec::new()), |deep, _| Deep(vec![deep]))
    }
    #[cached(name = "codecs.lent", ttl = "1h")]
    fn lent(n: u32) -> std::borrow::Cow<'static, str> {
        format!("text {n}").into()
    }
    let _alone = alone();
    for codec in CODECS {
        let shelf = Arc::new(Shelf::new());
        let config = on(&shelf, codec).site("codecs.deep", "backend", "shelf").site("codecs.lent", "backend", "shelf");
        config.install().expect("the configuration is right");
        let hits = || [deep::site(), lent::site()].map(|site| site.stats().hits);
        let before = hits();
        for _ in 0..2 {
            assert_eq!((deep(60), lent(1), deep(400)), (deep::uncached(60), "text 1".into(), deep::uncached(400)));
        }
        let after = hits();
        assert_eq!([after[0] - before[0], after[1] - before[1]], [1, 1], "{codec}: what nests deeper is a miss");
        let Reply::Ready(Ok(found)) = shelf.get_many(&shelf.keys()) else { panic!("the shelf answers") };
        assert_eq!(found.len(), 3);
    }
}
