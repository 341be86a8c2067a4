//! R30: nothing is unbounded unless it says so. What the heap holds then is measured in `heap`.

use std::hint::black_box;
use std::path::Path;

use cached_core::{Config, Site, cached};

use cached_tests::support::alone;

/// How many entries a site holds unless something else is said.
const DEFAULT: u64 = 10_000;
/// More keys than that, by so much that an evicting site holds fewer.
const KEYS: u64 = DEFAULT + 500;

/// A word of the attribute, and a function that uses it.
struct Row {
    word: &'static str,
    site: fn() -> &'static Site,
    call: fn(u64),
}

/// One function for each word, under everything that the word needs beside it.
macro_rules! rows {
    ($($word:literal $module:ident { $($item:tt)* })*) => {
        $(mod $module {
            #[allow(unused_imports, reason = "each row uses some of it")]
            use super::*;
            $($item)*
        })*

        const ROWS: &[Row] = &[
            $(Row { word: $word, site: || $module::f::site(), call: |n| { let _ = black_box($module::f(n)); } }),*
        ];
    };
}

rows! {
    "backend" backend { #[cached(backend = "default")] pub(super) fn f(n: u64) -> u64 { n } }
    "ttl" ttl { #[cached(ttl = "forever")] pub(super) fn f(n: u64) -> u64 { n } }
    "idle" idle { #[cached(idle = "forever")] pub(super) fn f(n: u64) -> u64 { n } }
    "jitter" jitter { #[cached(ttl = "1h", jitter = "10%")] pub(super) fn f(n: u64) -> u64 { n } }
    "stale" stale { #[cached(ttl = "1h", stale = "forever")] pub(super) fn f(n: u64) -> u64 { n } }
    "stale_if_error" stale_if_error {
        #[cached(ttl = "1h", stale_if_error = "forever")] pub(super) fn f(n: u64) -> Result<u64, String> { Ok(n) }
    }
    "verify" verify { #[cached(verify = 0.5)] pub(super) fn f(n: u64) -> u64 { n } }
    "tags" tags { #[cached(tags = ["one of {n}"])] pub(super) fn f(n: u64) -> u64 { n } }
    "refresh" refresh { #[cached(ttl = "1h", stale = "1h", refresh = "background")] pub(super) fn f(n: u64) -> u64 { n } }
    "cache_if" cache_if { #[cached(cache_if = |_| true)] pub(super) fn f(n: u64) -> u64 { n } }
    "max_entries" max_entries { #[cached(max_entries = 10_000)] pub(super) fn f(n: u64) -> u64 { n } }
    // An entry of these weighs 32 bytes.
    "max_bytes" max_bytes { #[cached(max_bytes = "320kB", weigh = |_| 0)] pub(super) fn f(n: u64) -> u64 { n } }
    "weigh" weigh { #[cached(weigh = |_| 8)] pub(super) fn f(n: u64) -> u64 { n } }
    "key" key { #[cached(key = (n, n))] pub(super) fn f(n: u64) -> u64 { n } }
    "skip" skip {
        #[cached(skip(noise))] fn of_two(n: u64, noise: u64) -> u64 { n + noise }
        pub(super) fn f(n: u64) -> u64 { of_two(n, n) }
        pub(super) mod f { pub(in super::super) fn site() -> &'static cached_core::Site { super::of_two::site() } }
    }
    "errors" errors { #[cached(errors = "1h")] pub(super) fn f(n: u64) -> Result<u64, String> { Err(n.to_string()) } }
    "none" none { #[cached(none = "1h")] pub(super) fn f(n: u64) -> Option<u64> { n.checked_sub(u64::MAX) } }
    "flight" flight { #[cached(flight = "off")] pub(super) fn f(n: u64) -> u64 { n } }
    "show" show { #[cached(show = "keys")] pub(super) fn f(n: u64) -> u64 { n } }
    "name" name { #[cached(name = "bounds.named")] pub(super) fn f(n: u64) -> u64 { n } }
    "version" version { #[cached(version = 3)] pub(super) fn f(n: u64) -> u64 { n } }
    "companion" companion {
        #[cached(companion = "named")] pub(super) fn f(n: u64) -> u64 { n }
        pub(super) mod f { pub(in super::super) fn site() -> &'static cached_core::Site { super::named::site() } }
    }
    "crate" krate { #[cached(crate = ::cached_core)] pub(super) fn f(n: u64) -> u64 { n } }
}

/// The words of the attribute, as the macro lists them.
fn words() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cached-macros/src/args.rs");
    let text = std::fs::read_to_string(path).expect("the macro's words are there");
    let list = text.split("const WORDS: &[(&str, &str)] = &[").nth(1).and_then(|rest| rest.split("];").next());
    let rows = list.expect("a list of words").lines().filter_map(|line| line.trim().strip_prefix("(\""));
    rows.filter_map(|row| Some(row.split_once('"')?.0.to_owned())).collect()
}

fn filled(row: &Row) -> u64 {
    (0..KEYS).for_each(row.call);
    (row.site)().stats().entries
}

#[test]
fn r30_no_word_of_the_attribute_makes_a_site_unbounded_but_unbounded() {
    let _alone = alone();
    let shown: Vec<_> = ROWS.iter().map(|row| row.word).collect();
    assert_eq!(words(), shown, "each word has its row, in the order of the macro's list");
    for row in ROWS {
        let entries = filled(row);
        assert!((DEFAULT * 9 / 10..=DEFAULT).contains(&entries), "{} of {KEYS} with `{}`", entries, row.word);
    }
    #[cached(max_entries = "unbounded")]
    fn unbounded(n: u64) -> u64 {
        n
    }
    (0..KEYS).for_each(|n| assert_eq!(unbounded(n), n));
    assert_eq!(unbounded::site().stats().entries, KEYS, "who asks for it is given it");
    println!("R30 words: {} of {} keep the default bound of {DEFAULT}; `unbounded` has none", ROWS.len(), ROWS.len());
}

#[test]
fn r30_no_configuration_makes_a_site_unbounded_but_unbounded() {
    #[cached(name = "bounds.configured")]
    fn configured(n: u64) -> u64 {
        n
    }
    let _alone = alone();
    let entries = |config: Config| {
        config.install().expect("the test's configuration is right");
        configured::site().clear().expect("memory never fails");
        (0..KEYS).for_each(|n| assert_eq!(configured(n), n));
        configured::site().stats().entries
    };
    let there = || Config::new().option("there", "kind", "memory").site("bounds.configured", "backend", "there");
    for config in [Config::new(), there(), there().option("there", "ttl", "forever")] {
        let entries = entries(config);
        assert!((DEFAULT * 9 / 10..=DEFAULT).contains(&entries), "{entries}");
    }
    assert_eq!(entries(there().option("there", "max_entries", "unbounded")), KEYS);
    assert_eq!(entries(Config::new().site("bounds.configured", "max_entries", "unbounded")), KEYS);
    for wrong in ["0", "", "none", "-1", "infinite", "18446744073709551616"] {
        let error = Config::new().site("bounds.configured", "max_entries", wrong).install().expect_err(wrong);
        assert!(error.to_string().contains("max_entries is not a number above zero or \"unbounded\""), "{error}");
    }
}
