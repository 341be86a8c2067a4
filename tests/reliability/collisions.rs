//! R56 and R57: what a hash says is never believed, and nobody who chooses keys can make them cost more.
//!
//! In: keys whose hashes, storage keys or digests are made to meet. Out: the right values; at a cost like that of others.

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::{Config, Ttl, cached, caches, invalidate_tag};
use cached_testkit::Shelf;
use serde::Serialize;

use cached_tests::crowd::{at_rest, now, threads};
use cached_tests::dice::Dice;
use cached_tests::support::{alone, scaled};

/// A backend in which all keys are a few: of each only eight bits count.
struct Narrow(Shelf);

fn narrow(key: &Key) -> Key {
    let sum = key.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    Key::from(format!("slot:{sum}"))
}

impl Backend for Narrow {
    fn capabilities(&self) -> Capabilities {
        Capabilities::blocking()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.0.get_many(&keys.iter().map(narrow).collect::<Vec<_>>())
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        let narrowed =
            writes.into_iter().map(|write| Write::new(narrow(&write.key), write.bytes, write.ttl, write.when));
        self.0.set_many(narrowed.collect())
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.0.delete_many(keys.iter().map(|(key, when)| (narrow(key), *when)).collect())
    }

    fn clear(&self, _: &str) -> Reply<()> {
        self.0.clear("slot:")
    }
}

#[cached(name = "collisions.text", ttl = "1h")]
fn text(n: u64) -> String {
    format!("text {n}")
}

#[cached(name = "collisions.list", ttl = "1h")]
fn list(n: u64) -> Vec<u64> {
    vec![n; 3]
}

#[cached(name = "collisions.tagged", ttl = "1h", tags = ["group {group}"])]
fn tagged_of(n: u64, group: u64) -> String {
    format!("tagged {n} of {group}")
}

/// Whether the tagged function is right.
fn tagged(n: u64) -> bool {
    tagged_of(n, n % 10) == format!("tagged {n} of {}", n % 10)
}

#[test]
fn r56_keys_that_meet_in_a_backend_never_give_each_others_values() {
    let _alone = alone();
    let narrow: Arc<dyn Backend> = Arc::new(Narrow(Shelf::new()));
    let config = Config::new().backend("narrow", narrow).site("collisions.text", "backend", "narrow");
    let config = config.site("collisions.list", "backend", "narrow").site("collisions.tagged", "backend", "narrow");
    config.install().expect("the configuration is right");
    let (keys, cache) = (scaled(10_000) as u64, caches().get("narrow").expect("it is configured"));
    for n in 0..keys {
        // The second may be a hit, unless another was put in its slot.
        assert_eq!((text(n), text(n)), (format!("text {n}"), format!("text {n}")));
        assert_eq!((list(n), tagged(n)), (vec![n; 3], true));
        let key = format!("key {n}");
        cache.set(&key, &n, Ttl::Forever).expect("it is taken");
        assert!([Ok(Some(n)), Ok(None)].contains(&cache.get(&key)));
        let before = n.saturating_sub(n % 97);
        assert!([Ok(Some(before)), Ok(None)].contains(&cache.get(&format!("key {before}"))));
        assert_eq!((text(before), tagged(before)), (format!("text {before}"), true));
        if n % 16 == 0 {
            let _ = invalidate_tag(&format!("group {}", n % 10));
            text::entry(&n).invalidate().expect("it is taken");
        }
    }
    let [one, two] = [text::site().stats(), tagged_of::site().stats()];
    println!(
        "r56: {keys} keys of 3 sites and the low-level cache in 256 slots: 0 wrong values; {} of {} calls hit, of tagged ones {} of {}",
        one.hits,
        one.hits + one.misses,
        two.hits,
        two.hits + two.misses
    );
    assert!(one.hits > 0 && one.undecodable > 0, "{one:?}");
}

/// A key of whose hash eight bits count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Meeting(u64);

impl Hash for Meeting {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8((self.0 % 256) as u8);
    }
}

#[cached]
fn met(key: Meeting) -> u64 {
    key.0 * 3
}

#[test]
fn r56_keys_of_one_hash_in_memory_and_in_flight_never_give_each_others_values() {
    let keys = scaled(10_000) as u64;
    let call = |thread: usize| {
        let mut dice = Dice::new(thread);
        (0..keys).all(|_| {
            let n = dice.below(keys);
            met(Meeting(n)) == n * 3 && (dice.below(50) > 0 || met::entry(&Meeting(n)).invalidate().is_ok())
        })
    };
    let (given, _) = threads(4, call);
    assert!(given.iter().all(|right| *right == Ok(true)), "{given:?}");
    let stats = met::site().stats();
    println!(
        "r56: {keys} keys of 256 hashes from 4 threads: 0 wrong values, {} of {} calls hit",
        stats.hits,
        (stats.hits + stats.misses)
    );
    assert!(stats.hits > 0);
    at_rest(met::site());
}

#[cached]
fn asked(n: u64) -> u64 {
    n ^ 1
}

/// FNV-1a (<http://www.isthe.com/chongo/tech/comp/fnv/>).
fn fnv(bytes: [u8; 8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// SipHash with a key of zeros, as the standard library's hasher is when nobody seeds it.
fn sip(n: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    n.hash(&mut hasher);
    hasher.finish()
}

/// Keys that a table meets in few buckets that goes by a hash which everybody knows.
fn floods(count: usize) -> [(&'static str, Vec<u64>); 4] {
    let few = |hash: &dyn Fn(u64) -> u64| (0..).filter(|n| hash(*n).is_multiple_of(128)).take(count).collect();
    [
        // Fx multiplies: what is far up in a key never comes down to the lower bits of its hash.
        ("Fx", (0..count as u64).map(|n| n << 40).collect()),
        ("FNV", few(&|n| fnv(n.to_le_bytes()))),
        ("SipHash of zeros", few(&sip)),
        ("the identity", (0..count as u64).map(|n| n * 128).collect()),
    ]
}

/// The quickest of some rounds, each of which stores all keys anew and reads them twice.
fn cost(keys: &[u64]) -> Duration {
    let round = |_| {
        asked::site().clear().expect("memory can be cleared");
        let began = now();
        for _ in 0..3 {
            keys.iter().for_each(|n| assert_eq!(asked(*n), n ^ 1));
        }
        began.elapsed()
    };
    (0..5).map(round).min().unwrap_or_default()
}

#[test]
fn r57_keys_that_flood_a_known_hash_cost_no_more_than_others() {
    let _alone = alone();
    Config::new()
        .option("default", "kind", "memory")
        .site("reliability::collisions::asked", "max_entries", "unbounded")
        .install()
        .expect("the configuration is right");
    let (count, mut dice) = (scaled(100_000), Dice::new(57));
    let random: Vec<u64> = (0..count).map(|_| dice.below(u64::MAX)).collect();
    let usual = cost(&random);
    let mut most = 0.0_f64;
    for (hash, keys) in floods(count) {
        let flooded = cost(&keys);
        let ratio = flooded.as_secs_f64() / usual.as_secs_f64();
        most = most.max(ratio);
        println!("R57 {hash}: {count} keys {flooded:.1?}, random ones {usual:.1?}: {ratio:.2} times");
    }
    assert!(most <= 2.0, "{most:.2} times what random keys cost");
}

/// What hashers were like that met a [`Spy`].
static SEEN: Mutex<Vec<u64>> = Mutex::new(Vec::new());

/// A key that looks at what hashes it.
#[derive(Clone, PartialEq, Eq, Serialize)]
struct Spy(u64);

impl Hash for Spy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        7_u64.hash(state);
        SEEN.lock().expect("nobody panics here").push(state.finish());
    }
}

#[cached]
fn spied(key: Spy) -> u64 {
    key.0
}

#[cached]
fn spied_too(key: Spy) -> u64 {
    key.0
}

#[test]
fn r57_each_memory_of_each_process_hashes_by_a_seed_of_its_own() {
    const CHILD: &str = "CACHED_TESTS_SPIED";
    let seen = |call: fn(Spy) -> u64| {
        SEEN.lock().expect("nobody panics here").clear();
        assert_eq!(call(Spy(1)), 1);
        SEEN.lock().expect("nobody panics here")[0]
    };
    let here = [seen(spied), seen(spied_too)];
    if std::env::var_os(CHILD).is_some() {
        println!("\nspied {} {}", here[0], here[1]);
        return;
    }
    let mut seeds: BTreeSet<String> = here.iter().map(ToString::to_string).collect();
    let test = "collisions::r57_each_memory_of_each_process_hashes_by_a_seed_of_its_own";
    for _ in 0..3 {
        let mut child = Command::new(std::env::current_exe().expect("the path of this program"));
        let output = child.args(["--exact", "--nocapture", test]).env(CHILD, "1").output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = said.lines().find_map(|line| line.strip_prefix("spied ")).unwrap_or_else(|| panic!("{said}"));
        seeds.extend(line.split(' ').map(str::to_owned));
    }
    println!("R57: {} memories of 4 processes hash one key to {} numbers", 8, seeds.len());
    assert_eq!(seeds.len(), 8, "{seeds:?}");
}
