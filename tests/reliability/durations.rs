//! R23: no duration is too short or too long for any word that takes one.
//!
//! In: a table of durations, the words, two backends, and the two places where a word can stand. Out:
//! each is refused with a message that names the word, or stored, and hit at once.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cached_core::{Config, Site, cached, testing};

use cached_tests::crowd::now;
use cached_tests::support::alone;

const DAY: u64 = 86_400;

const DURATIONS: [(&str, Duration); 12] = [
    ("0", Duration::ZERO),
    ("1 ns", Duration::from_nanos(1)),
    ("999 µs", Duration::from_micros(999)),
    ("1 ms", Duration::from_millis(1)),
    ("1 s", Duration::from_secs(1)),
    ("30 d", Duration::from_secs(30 * DAY)),
    ("30 d + 1 s", Duration::from_secs(30 * DAY + 1)),
    ("68 y", Duration::from_secs(68 * 365 * DAY)),
    ("u32::MAX s", Duration::from_secs(u32::MAX as u64)),
    ("i64::MAX ms", Duration::from_millis(i64::MAX as u64)),
    ("u64::MAX s", Duration::from_secs(u64::MAX)),
    ("Duration::MAX", Duration::MAX),
];

/// The words that take a duration: one more is a line here, and a word of `plain` and of `jittered`.
const WORDS: [&str; 4] = ["ttl", "idle", "stale", "stale_if_error"];

/// By how much a life is shortened, and what part of it is sure to be left: all, all but for less than a
/// number can say, half, and nothing.
const SHARES: [(&str, u32); 4] = [("0%", 100), ("0.00000000000001%", 99), ("50%", 50), ("100%", 0)];

/// From here on a value has to be hit.
const SHORTEST: Duration = Duration::from_millis(1);

/// What the attributes below say; they are asked whenever a configuration is installed.
static SAID: Mutex<BTreeMap<&str, Duration>> = Mutex::new(BTreeMap::new());

fn said(word: &str) -> Duration {
    let said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    said.get(word).copied().unwrap_or(Duration::from_secs(60))
}

/// While it lives, the attributes say this; afterwards what is harmless.
struct Saying;

impl Saying {
    fn new(word: &'static str, duration: Duration) -> Self {
        SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(word, duration);
        Saying
    }
}

impl Drop for Saying {
    fn drop(&mut self) {
        SAID.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cached(
    name = "durations.plain",
    ttl = said("ttl"),
    idle = said("idle"),
    stale = said("stale"),
    stale_if_error = said("stale_if_error")
)]
fn plain(n: u64) -> Given {
    Ok(n)
}

#[cached(
    name = "durations.jittered",
    ttl = said("ttl"),
    idle = said("idle"),
    stale = said("stale"),
    stale_if_error = said("stale_if_error"),
    jitter = "50%"
)]
fn jittered(n: u64) -> Given {
    Ok(n)
}

/// `stale_if_error` is for what can fail.
type Given = Result<u64, String>;

/// A site, and the function that is called.
type Called = (&'static Site, fn(u64) -> Given);

/// What became of one combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Refused,
    Hit,
    Missed,
    /// The two calls never came within one life of each other: the machine is too busy to say.
    Late,
}

/// Installs, and calls twice; `Err` says what must not be.
fn fate(config: Config, word: &str, life: Duration, (site, call): Called) -> Result<Fate, String> {
    static FRESH: AtomicU64 = AtomicU64::new(0);
    let tries = if life < SHORTEST { 2 } else { 100 };
    let run = || {
        if let Err(error) = config.install() {
            let said = error.to_string();
            let named = said.contains(word) && said.contains("durations.rs:");
            return if named { Ok(Fate::Refused) } else { Err(format!("refused without its name: {said}")) };
        }
        let before = site.stats();
        let mut fate = Fate::Late;
        // On bytes a life is as long as real time says, and a write may take a millisecond: the quickest counts.
        for _ in 0..tries {
            let began = now();
            let (key, hits) = (FRESH.fetch_add(1, Ordering::SeqCst), site.stats().hits);
            if [call(key), call(key)] != [Ok(key), Ok(key)] {
                return Err("a wrong value".into());
            }
            let after = site.stats();
            if after.backend_errors > before.backend_errors {
                return Err(format!("a fault of the backend: {after:?}"));
            }
            if after.hits > hits {
                return Ok(Fate::Hit);
            }
            // On bytes a life is cut to whole milliseconds, at both ends.
            if began.elapsed() + 2 * SHORTEST < life {
                fate = Fate::Missed;
            }
        }
        Ok(fate)
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err("a panic".into()))
}

/// Plays all combinations on a backend; gives how many were refused and how many were hit.
fn play(kind: &str) -> (usize, usize, Vec<String>) {
    let (_alone, _frozen) = (alone(), testing::freeze());
    let directory = tempfile::tempdir().expect("a directory");
    let (mut refused, mut hit, mut wrong) = (0, 0, Vec::new());
    let mut judge = |what: String, life: Duration, fate: Result<Fate, String>| match fate {
        Ok(Fate::Refused) => refused += 1,
        Ok(Fate::Hit) => hit += 1,
        Ok(Fate::Missed | Fate::Late) if life < SHORTEST => {}
        Ok(Fate::Late) if kind != "memory" => println!("R23 {what}: SKIPPED: never within {life:?} of each other"),
        Ok(Fate::Missed | Fate::Late) => wrong.push(format!("{what}: never hit")),
        Err(fault) => wrong.push(format!("{what}: {fault}")),
    };
    let there = |site: &Site| {
        let config = Config::new().option("there", "kind", kind).option("there", "op_timeout", "30s");
        let config = match kind {
            "file" => config.option("there", "location", directory.path().to_str().expect("a path that is text")),
            _ => config,
        };
        config.site(site.name(), "backend", "there")
    };
    let sites: [Called; 2] = [(plain::site(), plain), (jittered::site(), jittered)];
    for (name, duration) in DURATIONS {
        let text = format!("{}s {}ns", duration.as_secs(), duration.subsec_nanos());
        for word in WORDS {
            let life = if ["ttl", "idle"].contains(&word) { duration } else { Duration::from_secs(60) };
            for (called, left) in sites.into_iter().zip([1, 2]) {
                let (site, life) = (called.0, life / left);
                let what = format!("{kind}: {word} of {name}, {}", site.name());
                let over = there(site).site(site.name(), word, &*text);
                judge(format!("{what}, override"), life, fate(over, word, life, called));
                let _saying = Saying::new(word, duration);
                judge(format!("{what}, attribute"), life, fate(there(site), word, life, called));
            }
        }
        for (share, left) in SHARES {
            let site = plain::site();
            let over = there(site).site(site.name(), "ttl", &*text).site(site.name(), "jitter", share);
            let life = duration / 100 * left;
            judge(format!("{kind}: ttl of {name} less {share}"), life, fate(over, "ttl", life, (site, plain)));
        }
    }
    (refused, hit, wrong)
}

#[test]
fn r23_every_duration_is_refused_by_name_or_stored_and_hit_at_once() {
    let all = DURATIONS.len() * (WORDS.len() * 4 + SHARES.len());
    for kind in ["memory", "file"] {
        let (refused, hit, wrong) = play(kind);
        let short = all - refused - hit - wrong.len();
        println!("R23 {kind}: of {all} combinations {refused} refused by name, {hit} hit at once, {short} under 1 ms");
        assert!(wrong.is_empty(), "{} of {all}:\n{}", wrong.len(), wrong.join("\n"));
        // Zero: each word by override, `ttl` and `idle` by attribute too, and under each share.
        assert_eq!(refused, WORDS.len() * 2 + 4 + SHARES.len(), "only what is zero is refused");
    }
}

/// Sites whose durations are text, which the macro reads. Zero is an error there: `tests/ui/fail/ttl_zero.rs`.
macro_rules! texts {
    ($($function:ident $text:literal)*) => {
        mod texts {
            $(#[cached_core::cached(ttl = $text, idle = $text, stale = $text, stale_if_error = $text, jitter = "50%")]
            pub(super) fn $function(n: u64) -> super::Given {
                Ok(n)
            })*
        }

        const TEXTS: [(&str, fn() -> &'static Site, fn(u64) -> Given); 11] =
            [$(($text, || texts::$function::site(), texts::$function)),*];
    };
}

texts! {
    nanosecond "1ns"
    below_a_millisecond "999us"
    millisecond "1ms"
    second "1s"
    month "30d"
    month_and_a_second "30d 1s"
    lifetime_of_a_clock "24820d"
    most_seconds_of_32_bits "4294967295s"
    most_milliseconds_of_63_bits "9223372036854775807ms"
    most_seconds "18446744073709551615s"
    most "18446744073709551615s 999999999ns"
}

#[test]
fn r23_every_duration_in_the_attributes_text_is_what_it_says() {
    let (_alone, _frozen) = (alone(), testing::freeze());
    for (((text, site, call), (name, duration)), n) in TEXTS.iter().zip(&DURATIONS[1..]).zip(1..) {
        Config::new().install().expect("the empty configuration is right");
        assert_eq!([call(n), call(n)], [Ok(n), Ok(n)], "{text}");
        let hits = site().stats().hits;
        assert!(hits == 1 || *duration < SHORTEST, "{text} ({name}) is hit while time stands still");
        // A life of more than a hundred years cannot be waited for.
        if (SHORTEST..Duration::from_secs(100 * 365 * DAY)).contains(duration) {
            testing::advance(*duration / 2 - Duration::from_nanos(1));
            assert_eq!((call(n), site().stats().hits), (Ok(n), hits + 1), "{text}: half of it is sure");
            testing::advance(*duration);
            let over = site().stats();
            assert_eq!((call(n), site().stats().runs), (Ok(n), over.runs + 1), "{text}: and all of it is the end");
        }
    }
    println!("R23 text: {} durations read by the macro, each hit at once", TEXTS.len());
}
