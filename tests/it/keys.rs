//! What a byte backend is asked for: one storage key for equal arguments, another for others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::cached;

use cached_tests::support::{Configured, alone};
use cached_tests::verified;

/// Keeps the storage key that was asked for last, and nothing else.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Option<Key>>);

impl Recorder {
    /// The storage key of whatever `ask` asks for.
    pub(crate) fn key_of(&self, ask: impl FnOnce()) -> Key {
        *self.0.lock().unwrap() = None;
        ask();
        self.0.lock().unwrap().take().expect("a key was asked for")
    }

    /// A recorder, in force for `sites` under one namespace.
    pub(crate) fn on(sites: &[&'static cached_core::Site]) -> (Configured, Arc<Recorder>) {
        let guard = alone();
        let recorder = Arc::new(Recorder::default());
        let config = verified::config().namespace("keys").backend("recorder", Arc::clone(&recorder) as _);
        let config = sites.iter().fold(config, |config, site| config.site(site.name(), "backend", "recorder"));
        assert_eq!(config.strict().install(), Ok(Vec::new()));
        (guard, recorder)
    }
}

impl Backend for Recorder {
    fn capabilities(&self) -> Capabilities {
        Capabilities::blocking()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        *self.0.lock().unwrap() = keys.first().cloned();
        Reply::Ready(Ok(vec![None; keys.len()]))
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        Reply::Ready(Ok(vec![false; writes.len()]))
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        Reply::Ready(Ok(vec![false; keys.len()]))
    }

    fn clear(&self, _: &str) -> Reply<()> {
        Reply::Ready(Ok(()))
    }
}

#[test]
fn storage_keys_keep_to_their_alphabet_and_length_whatever_the_arguments_and_the_names() {
    #[cached(name = "keys: \r\n ../*?[]%\"' \u{0} keys")]
    fn hostile(text: &str) -> usize {
        text.len()
    }
    let guard = alone();
    let recorder = Arc::new(Recorder::default());
    let config = verified::config().namespace("na me/../\r\n*".repeat(9)).backend("rec", Arc::clone(&recorder) as _);
    let config = config.option("rec", "key_prefix", "pre:fix \u{0}é").option("rec", "version", "7");
    config.site(hostile::site().name(), "backend", "rec").install().unwrap();
    assert_eq!(hostile("abc"), 3);
    let mut seen = BTreeSet::new();
    for text in ["", " ", "a", "A", "a ", "../x", "*?[]", "%2e", "'\"", "\r\n", "\0", "é", "\u{10ffff}", "é\u{301}"] {
        let key = recorder.key_of(|| drop(hostile::entry(text).peek()));
        assert!((1..=200).contains(&key.len()), "{key}");
        let allowed = |c: char| c.is_ascii_alphanumeric() || ":_.-".contains(c);
        assert!(key.chars().all(allowed), "{key}");
        assert!(seen.insert(key), "{text:?} has another's key");
    }
    drop(guard);
}

#[test]
fn a_borrowed_and_an_owned_form_of_one_argument_have_one_key() {
    #[cached(name = "keys.borrowed")]
    fn borrowed(text: &str, also: Option<&str>) -> usize {
        text.len() + also.map_or(0, str::len)
    }
    let (_guard, recorder) = Recorder::on(&[borrowed::site()]);
    let (text, also) = (String::from("word"), Some(String::from("more")));
    let one = recorder.key_of(|| drop(borrowed::entry("word", &Some("more")).peek()));
    let two = recorder.key_of(|| drop(borrowed::entry(&text, &also.as_deref()).peek()));
    let call = recorder.key_of(|| assert_eq!(borrowed("word", Some("more")), 8));
    assert_eq!((&one, &one), (&two, &call));
}

#[test]
fn maps_that_were_filled_in_another_order_have_one_key() {
    #[cached(name = "keys.maps")]
    fn sum(map: &BTreeMap<String, u64>, also: u64) -> u64 {
        map.values().sum::<u64>() + also
    }
    #[cached(name = "keys.unordered", key = Unordered(map.clone()))]
    fn unordered(map: &HashMap<String, u64>) -> u64 {
        map.values().sum()
    }
    let (_guard, recorder) = Recorder::on(&[sum::site(), unordered::site()]);
    let pairs: Vec<(String, u64)> = (0..40).map(|n| (format!("key {n}"), n)).collect();
    let (forward, back): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (pairs.iter().cloned().collect(), pairs.iter().rev().cloned().collect());
    assert_eq!((sum(&forward, 1), unordered(&pairs.iter().cloned().collect())), (781, 780));
    let keys = [&forward, &back].map(|map| recorder.key_of(|| drop(sum::entry(map, &1).peek())));
    assert_eq!(keys[0], keys[1]);
    let first: HashMap<_, _> = pairs.iter().cloned().collect();
    let key = recorder.key_of(|| drop(unordered::entry(&first).peek()));
    for _ in 0..20 {
        let again: HashMap<_, _> = pairs.iter().rev().cloned().collect();
        assert_eq!(recorder.key_of(|| drop(unordered::entry(&again).peek())), key, "each map has another seed");
    }
}

/// A map that hashes by its length.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
struct Unordered(HashMap<String, u64>);

impl std::hash::Hash for Unordered {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.len().hash(state);
    }
}

#[test]
fn namespace_prefix_version_and_site_are_part_of_the_storage_key() {
    #[cached(name = "keys.one")]
    fn one(n: u64) -> u64 {
        n
    }
    #[cached(name = "keys.two")]
    fn two(n: u64) -> u64 {
        n
    }
    #[cached(name = "keys.three", version = 1)]
    fn three(n: u64) -> u64 {
        n
    }
    let guard = alone();
    let recorder = Arc::new(Recorder::default());
    assert_eq!((one(1), two(1), three(1)), (1, 1, 1));
    let mut seen = BTreeSet::new();
    for (namespace, prefix, version) in
        [("a", "", "1"), ("b", "", "1"), ("a", "b", "1"), ("", "ab", "1"), ("a", "", "2"), ("a:b", "", "1")]
    {
        let config = verified::config().namespace(namespace).backend("rec", Arc::clone(&recorder) as _);
        let config = config.option("rec", "key_prefix", prefix).option("rec", "version", version);
        let sites = ["keys.one", "keys.two", "keys.three"];
        sites.iter().fold(config, |config, site| config.site(site, "backend", "rec")).install().unwrap();
        let asked: [&dyn Fn(); 3] =
            [&|| drop(one::entry(&1).peek()), &|| drop(two::entry(&1).peek()), &|| drop(three::entry(&1).peek())];
        for ask in asked {
            let key = recorder.key_of(ask);
            assert!(seen.insert(key.clone()), "{key} twice");
        }
    }
    drop(guard);
}
