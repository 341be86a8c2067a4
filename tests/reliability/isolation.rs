//! R60: what one alias, site or tag forgets is its own, however alike their names are.
//!
//! In: pairs of names out of characters that separate, escape and match, often one the beginning of the other; entries of
//! both in one store, and keys of strangers. Out: clearing one changes nothing of the other, nor of a stranger.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use cached_core::backend::{Backend, When, Write};
use cached_core::{Cache, Config, Ttl, cached, caches, invalidate_tag};
use cached_testkit::Shelf;

use cached_tests::dice::Dice;
use cached_tests::support::{alone, scaled};

/// Characters that mean something to somebody.
const LETTERS: [&str; 16] = ["a", "A", "b", ":", "::", "%", "*", "[", "]", "?", "_", ".", "é", "/", "\0", "\u{fffd}"];

fn name(dice: &mut Dice) -> String {
    (0..dice.below(5)).map(|_| LETTERS[usize::try_from(dice.below(16)).expect("small")]).collect()
}

/// Two names that differ, the second often the first and something more.
fn pair(dice: &mut Dice) -> [String; 2] {
    loop {
        let one = name(dice);
        let other = if dice.below(2) == 0 { format!("{one}{}", name(dice)) } else { name(dice) };
        if one != other {
            return [one, other];
        }
    }
}

#[cached(name = "isolation", ttl = "1h", tags = ["{tag}"])]
fn short(tag: &str, n: u64) -> u64 {
    n + tag.len() as u64
}

#[cached(name = "isolation:", ttl = "1h", tags = ["{tag}"])]
fn longer(tag: &str, n: u64) -> u64 {
    n + tag.len() as u64
}

const SITES: [&str; 2] = ["isolation", "isolation:"];

/// How the two aliases differ: in their `key_prefix`, or in the namespace of their program.
#[derive(Clone, Copy, PartialEq)]
enum Differ {
    Prefix,
    Namespace,
}

/// Has both sites on the alias of one of the names; the other alias is beside it.
fn install(store: &dyn Fn(Config, &str) -> Config, names: &[String; 2], differ: Differ, site: usize) {
    let mut config = Config::new().namespace(if differ == Differ::Namespace { names[site].as_str() } else { "app" });
    for (alias, name) in ["one", "two"].into_iter().zip(names) {
        config = store(config, alias);
        if differ == Differ::Prefix {
            config = config.option(alias, "key_prefix", name.as_str());
        }
    }
    let config = SITES.iter().fold(config, |config, name| config.site(name, "backend", ["one", "two"][site]));
    config.install().expect("the configuration is right");
}

fn cache(site: usize) -> Cache {
    caches().get(["one", "two"][site]).expect("it is configured")
}

/// Values of the low-level cache and of the sites, of one of the names; gives what is there.
fn fill(site: usize, tags: &[String; 2]) {
    cache(site).set("key", &site, Ttl::Forever).expect("the store works");
    for tag in tags {
        assert_eq!((short(tag, 1), longer(tag, 1)), (1 + tag.len() as u64, 1 + tag.len() as u64));
    }
}

/// What of one name is there now: its value of the low-level cache, and the entries of each site and tag.
fn there(site: usize, tags: &[String; 2]) -> Vec<bool> {
    let mut there = vec![cache(site).get::<usize>("key") == Ok(Some(site))];
    for tag in tags {
        there.push(short::entry(tag, &1).peek().expect("the store works").is_some());
        there.push(longer::entry(tag, &1).peek().expect("the store works").is_some());
    }
    there
}

/// What is forgotten of the second name.
fn forget(what: u64, tags: &[String; 2]) -> Vec<bool> {
    let forgotten = match what {
        0 => cache(1).clear().map(|()| [false, true, true, true, true]),
        1 => longer::site().clear().map(|()| [true, true, false, true, false]),
        2 => short::site().clear().map(|()| [true, false, true, false, true]),
        3 => invalidate_tag(&tags[0]).map(|()| [true, false, false, true, true]),
        4 => invalidate_tag(&tags[1]).map(|()| [true, true, true, false, false]),
        _ => cache(1).delete("key").map(|_| [false, true, true, true, true]),
    };
    forgotten.expect("the store works").to_vec()
}

/// Plays pairs on a store; `strangers` says what else is in it, which stays.
fn play(kind: &str, pairs: usize, make: impl Fn() -> Store) {
    let mut dice = Dice::new(60);
    for round in 0..pairs {
        let (names, tags, store) = (pair(&mut dice), pair(&mut dice), make());
        let differ = if round % 2 == 0 { Differ::Prefix } else { Differ::Namespace };
        let what = dice.below(6);
        let strangers = (store.strangers)();
        // A tag is one of all aliases that are configured: then the other's go too, where they are of one program.
        for site in [0, 1] {
            install(&store.alias, &names, differ, site);
            fill(site, &tags);
            assert_eq!(there(site, &tags), [true; 5], "{names:?} {tags:?}");
        }
        let left = forget(what, &tags);
        assert_eq!(there(1, &tags), left, "{kind} {what} of {names:?}, tags {tags:?}");
        install(&store.alias, &names, differ, 0);
        let is_of_all = differ == Differ::Prefix && [3, 4].contains(&what);
        if !is_of_all {
            assert_eq!(
                there(0, &tags),
                [true; 5],
                "{kind} {what} of {:?} changed {:?}, tags {tags:?}",
                names[1],
                names[0]
            );
        }
        assert!(strangers.is_subset(&(store.strangers)()), "{kind}: keys of strangers stay");
    }
    println!(
        "r60 {kind}: {pairs} pairs of names, one forgotten of each: 0 entries of the other, and 0 of strangers, changed"
    );
}

/// Adds an alias of a kind to a configuration.
type Configure = Box<dyn Fn(Config, &str) -> Config>;

/// A store of one pair.
struct Store {
    alias: Configure,
    strangers: Box<dyn Fn() -> BTreeSet<String>>,
}

/// Keys that look as if they might be ours.
const STRANGERS: [&str; 8] = ["app", "app:", "app::1", "app:tag", "a", "_", "-", "isolation:"];

#[test]
fn r60_what_one_name_forgets_changes_nothing_of_another_in_a_backend() {
    let _alone = alone();
    play("shelf", scaled(10_000), || {
        let shelf = Arc::new(Shelf::new());
        for key in STRANGERS {
            let _ = shelf.set_many(vec![Write::new(key.into(), b"\xff\0"[..].into(), None, When::Always)]);
        }
        let of = Arc::clone(&shelf);
        let strangers = move || -> BTreeSet<String> {
            of.keys().iter().map(ToString::to_string).filter(|key| STRANGERS.contains(&key.as_str())).collect()
        };
        Store {
            alias: Box::new(move |config, alias| config.backend(alias, Arc::clone(&shelf) as _)),
            strangers: Box::new(strangers),
        }
    });
}

#[test]
fn r60_what_one_name_forgets_changes_nothing_of_another_on_files() {
    let _alone = alone();
    play("file", scaled(1_000), || {
        let directory = Arc::new(tempfile::tempdir().expect("a directory"));
        for name in ["app", "app+", "app+tag.cachedx", "README.txt", "\u{e9}"] {
            fs::write(directory.path().join(name), b"\xff\0").expect("a file is written");
        }
        let of = Arc::clone(&directory);
        Store {
            alias: Box::new(move |config, alias| {
                let location = directory.path().to_str().expect("a path that is text");
                config.option(alias, "kind", "file").option(alias, "location", location).option(
                    alias,
                    "op_timeout",
                    "10s",
                )
            }),
            strangers: Box::new(move || strangers_in(of.path())),
        }
    });
}

fn strangers_in(directory: &Path) -> BTreeSet<String> {
    let names = fs::read_dir(directory).expect("it is there").map(|file| file.expect("it can be read").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| !name.ends_with(".cached") && !name.starts_with('.'))
        .collect()
}
