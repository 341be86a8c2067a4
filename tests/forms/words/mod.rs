//! Every word of the attribute, on every shape of function: what it does, as one sentence.
//!
//! A scenario is one function over a [`Form`]; the table at the end writes it for a function, an async
//! function, a method in a marked `impl` and a generic function.

#[macro_use]
mod table;

use std::hash::Hash;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use cached_core::{Config, Site, cached, recorder, testing};
use cached_testkit::Shelf;
use futures::executor::block_on;

use cached_tests::support::{Configured, alone, until};

type Given = Result<Option<u64>, String>;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const LIFE: Duration = Duration::from_secs(30);

/// The framework under another path, as in a crate that renames its dependency.
mod elsewhere {
    pub(super) use cached_core as memo;
}

/// A generic argument.
trait Number: Copy + Eq + Hash + std::fmt::Debug + Send + Sync + serde::Serialize {
    fn number(self) -> u64;
}

impl Number for u64 {
    fn number(self) -> u64 {
        self
    }
}

/// What a body sees, and what is seen of it.
struct World {
    runs: AtomicU64,
    inside: AtomicU64,
    /// 0: a value, 1: `None`, 2: an `Err`.
    mood: AtomicU64,
    noise: AtomicU64,
    closed: AtomicBool,
}

impl World {
    const fn new() -> Self {
        Self {
            runs: AtomicU64::new(0),
            inside: AtomicU64::new(0),
            mood: AtomicU64::new(0),
            noise: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        }
    }

    /// Numbers its runs; waits inside while the world is closed.
    fn body(&self, n: u64) -> Given {
        let run = self.runs.fetch_add(1, SeqCst) + 1;
        self.inside.fetch_add(1, SeqCst);
        until(|| !self.closed.load(SeqCst));
        self.inside.fetch_sub(1, SeqCst);
        match self.mood.load(SeqCst) {
            0 => Ok(Some(run * 100 + n)),
            1 => Ok(None),
            _ => Err(format!("run {run}")),
        }
    }

    fn noise(&self) -> u64 {
        self.noise.load(SeqCst)
    }

    fn runs(&self) -> u64 {
        self.runs.load(SeqCst)
    }
}

/// A function under the attribute, of any shape.
#[derive(Clone, Copy)]
struct Form {
    world: &'static World,
    call: fn(u64) -> Given,
    site: fn() -> &'static Site,
    forget: fn(u64),
    is_there: fn(u64) -> bool,
}

impl Form {
    /// The number of the run that made the value of a call.
    fn run(&self, n: u64) -> u64 {
        (self.call)(n).unwrap().unwrap() / 100
    }

    /// Calls, and says whether the body ran.
    fn computes(&self, n: u64) -> bool {
        let before = self.world.runs();
        let _ = (self.call)(n);
        self.world.runs() > before
    }

    fn is_in(&self, mood: u64) {
        self.world.mood.store(mood, SeqCst);
    }
}

/// What an async call computed is written when the test goes on.
fn flushed<T>(value: T) -> T {
    assert_eq!(cached_core::shutdown(MINUTE), 0, "every write was done");
    value
}

fn on_a_shelf(form: &Form, shelf: &Arc<Shelf>) {
    let config = Config::new().backend("shelf", Arc::clone(shelf) as _).option("shelf", "op_timeout", "30s");
    config.site((form.site)().name(), "backend", "shelf").install().unwrap();
}

/// Nobody else moves time meanwhile; what was computed is there, and is forgotten at once when asked.
fn played(form: &Form) -> Configured {
    let alone = alone();
    assert!(form.computes(7) && !form.computes(7) && (form.is_there)(7));
    (form.forget)(7);
    assert!(!(form.is_there)(7) && form.computes(7));
    alone
}

/// Every test of this binary installs configurations, and in each every alias is known: another one than
/// `default` cannot be named here, so it is `default` that gets another meaning, in a process of its own.
fn goes_where_its_alias_is_configured(form: Form) {
    const CHILD: &str = "CACHED_TESTS_ALIAS";
    assert_eq!((form.site)().alias(), "default");
    if std::env::var_os(CHILD).is_some() {
        Config::new().option("default", "kind", "dummy").install().unwrap();
        assert_eq!((form.run(1), form.run(1), (form.site)().stats().bypassed), (1, 2, 2));
        return;
    }
    assert_eq!((form.run(1), form.run(1)), (1, 1));
    let (name, mut child) =
        (thread::current().name().unwrap().to_owned(), Command::new(std::env::current_exe().unwrap()));
    let output = child.args(["--exact", &name]).env(CHILD, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn ends_after_a_minute(form: Form) {
    let _alone = played(&form);
    let first = form.run(1);
    testing::advance(MINUTE - SECOND);
    assert_eq!(form.run(1), first);
    testing::advance(SECOND);
    assert!(!(form.is_there)(1) && form.run(1) > first);
    assert_eq!((form.site)().stats().expired, 1);
}

/// On bytes, where nothing else lives longer than five minutes.
fn never_ends(form: Form) {
    let _alone = alone();
    on_a_shelf(&form, &Arc::new(Shelf::new()));
    let first = form.run(1);
    testing::advance(1_000_000 * MINUTE);
    assert_eq!(form.run(1), first);
}

fn good_for(value: Option<u64>) -> Duration {
    MINUTE * u32::try_from(value.unwrap() % 100).unwrap()
}

fn ends_when_its_value_says(form: Form) {
    let _alone = alone();
    assert_eq!((form.run(1), form.run(2)), (1, 2));
    testing::advance(MINUTE);
    assert_eq!((form.run(1), form.run(2)), (3, 2));
    testing::advance(MINUTE);
    assert_eq!(form.run(2), 4);
}

fn ends_where_nobody_asks(form: Form) {
    let _alone = played(&form);
    let first = form.run(1);
    for _ in 0..4 {
        testing::advance(MINUTE - SECOND);
        assert_eq!(form.run(1), first, "each hit begins the minute anew");
    }
    testing::advance(MINUTE);
    assert!(!(form.is_there)(1) && form.run(1) > first);
    assert_eq!((form.site)().stats().expired, 1);
}

fn ends_at_some_time_in_the_second_half(form: Form) {
    let _alone = alone();
    let there = || (0..40).filter(|n| (form.is_there)(*n)).count();
    (0..40).for_each(|n| assert!(form.computes(n)));
    testing::advance(MINUTE / 2 - SECOND);
    assert_eq!(there(), 40);
    testing::advance(MINUTE / 4);
    assert!((1..40).contains(&there()), "{} are left", there());
    testing::advance(MINUTE / 4 + SECOND);
    assert_eq!(there(), 0);
}

fn serves_the_old_while_one_computes(form: Form) {
    let _alone = played(&form);
    let old = form.run(1);
    testing::advance(MINUTE);
    form.world.closed.store(true, SeqCst);
    let refreshing = thread::spawn(move || form.run(1));
    until(|| form.world.inside.load(SeqCst) == 1);
    assert_eq!((form.run(1), form.run(1)), (old, old));
    form.world.closed.store(false, SeqCst);
    let new = refreshing.join().unwrap();
    assert!(new > old && form.run(1) == new);
    assert_eq!((form.site)().stats().stale, 2);
    testing::advance(2 * MINUTE);
    assert!(form.run(1) > new, "after the window nothing old is served");
}

fn lets_nobody_wait(form: Form) {
    let _alone = played(&form);
    Config::new().spawner(|task| drop(thread::spawn(|| block_on(task)))).install().unwrap();
    let old = form.run(1);
    testing::advance(MINUTE);
    form.world.closed.store(true, SeqCst);
    assert_eq!((form.run(1), form.run(1)), (old, old));
    until(|| form.world.inside.load(SeqCst) == 1);
    form.world.closed.store(false, SeqCst);
    until(|| (form.site)().flights() == 0);
    assert_eq!((form.run(1), form.world.runs()), (old + 1, old + 1));
}

fn serves_the_old_where_computing_fails(form: Form) {
    let _alone = played(&form);
    let old = (form.call)(1);
    testing::advance(MINUTE);
    form.is_in(2);
    let runs = form.world.runs();
    assert_eq!(((form.call)(1), form.world.runs()), (old, runs + 1));
    testing::advance(MINUTE);
    assert!((form.call)(1).is_err());
}

fn is_compared(form: Form) {
    let _alone = alone();
    form.run(7);
    let before = (form.site)().stats();
    assert_eq!(form.run(7), form.run(7), "what is stored is given");
    let after = (form.site)().stats();
    // The bodies number their runs, so no two are equal.
    assert_eq!((after.verified - before.verified, after.differences - before.differences), (2, 2));
}

fn is_forgotten_with_its_tag(form: Form) {
    let _alone = played(&form);
    let first = form.run(1);
    assert_eq!(form.run(1), first);
    cached_core::invalidate_tag("words").unwrap();
    flushed(());
    assert!(form.run(1) > first);
}

fn stores_only_what_is_wanted(form: Form) {
    let _alone = played(&form);
    form.is_in(1);
    assert!(form.computes(1) && form.computes(1) && !(form.is_there)(1));
    form.is_in(0);
    assert!(form.computes(1) && !form.computes(1));
}

fn keeps_no_more(form: Form) {
    let _alone = played(&form);
    (0..9).for_each(|n| assert_eq!((form.call)(n).unwrap().unwrap() % 100, n));
    let stats = (form.site)().stats();
    assert!(stats.entries <= 2 && stats.evictions >= 7, "{stats:?}");
}

fn held(value: Option<u64>) -> usize {
    usize::try_from(value.unwrap() % 100).unwrap() << 10
}

/// A value of `n` says that it holds so many kilobytes, and ten are the bound.
fn keeps_no_heavier(form: Form) {
    let _alone = played(&form);
    (0..9).for_each(|n| assert_eq!((form.call)(n).unwrap().unwrap() % 100, n));
    let stats = (form.site)().stats();
    assert!((1..10_241).contains(&stats.bytes) && stats.evictions >= 4, "{stats:?}");
    assert!(form.computes(10) && form.computes(10), "it fills the bound alone, and its entry weighs something");
    assert!((form.site)().stats().not_stored > stats.not_stored);
}

fn takes_equal_keys_for_one(form: Form) {
    let _alone = played(&form);
    assert_eq!((form.run(3), form.run(13), form.run(23)), (3, 3, 3));
    assert_eq!((form.run(4), form.run(3)), (4, 3));
    (form.forget)(33);
    assert_eq!(form.run(13), 5);
    form.world.noise.store(100, SeqCst);
    assert_eq!(form.run(3), 6);
}

fn does_not_look_at_what_is_skipped(form: Form) {
    let _alone = played(&form);
    let first = form.run(1);
    form.world.noise.store(1, SeqCst);
    assert_eq!((form.run(1), form.world.runs()), (first, first));
}

fn keeps_what_failed_for_a_minute(form: Form) {
    let _alone = played(&form);
    form.is_in(2);
    lives_for_a_minute(form);
}

fn keeps_nothing_for_a_minute(form: Form) {
    let _alone = played(&form);
    form.is_in(1);
    lives_for_a_minute(form);
}

fn lives_for_a_minute(form: Form) {
    assert!(form.computes(1) && !form.computes(1));
    testing::advance(MINUTE - SECOND);
    assert!(!form.computes(1));
    testing::advance(SECOND);
    assert!(form.computes(1));
    form.is_in(0);
    (form.forget)(1);
    assert!(form.computes(1));
    testing::advance(MINUTE);
    assert!(!form.computes(1), "a value lives on");
}

fn never_keeps_what_failed(form: Form) {
    let _alone = played(&form);
    form.is_in(2);
    assert!(form.computes(1) && form.computes(1));
}

fn never_keeps_nothing(form: Form) {
    let _alone = played(&form);
    form.is_in(1);
    assert!(form.computes(1) && form.computes(1));
}

/// How many of two callers at once compute.
fn at_once(form: Form, inside: u64) -> u64 {
    let before = form.world.runs();
    form.world.closed.store(true, SeqCst);
    let first = thread::spawn(move || form.run(1));
    until(|| form.world.inside.load(SeqCst) == 1);
    let second = thread::spawn(move || form.run(1));
    until(|| form.world.inside.load(SeqCst) == inside);
    form.world.closed.store(false, SeqCst);
    let given = (first.join().unwrap(), second.join().unwrap());
    assert_eq!(given.0 == given.1, inside == 1);
    form.world.runs() - before
}

fn lets_each_compute(form: Form) {
    let _alone = played(&form);
    assert_eq!(at_once(form, 2), 2);
}

fn lets_one_compute(form: Form) {
    let _alone = played(&form);
    assert_eq!(at_once(form, 1), 1);
}

fn goes_by_its_name(form: Form) {
    let name = (form.site)().name();
    assert!(name.starts_with("words.named."), "{name}");
    assert!(std::ptr::eq(cached_core::site(name).unwrap(), (form.site)()));
    let _alone = played(&form);
    Config::new().site(name, "enabled", "false").strict().install().unwrap();
    assert!(form.computes(7) && form.computes(7));
}

/// Editions of one function on one shelf, one after the other: the first two are of one version.
fn shares_nothing_with_another_version(editions: [Form; 3]) {
    let (_alone, shelf) = (alone(), Arc::new(Shelf::new()));
    let alone_on_the_shelf = |number: usize| {
        // Two that are in use at one time would be a fault, since they share their identity.
        editions.iter().for_each(|edition| (edition.site)().disable());
        (editions[number].site)().enable();
        on_a_shelf(&editions[number], &shelf);
        editions[number]
    };
    let first = alone_on_the_shelf(0);
    assert!(first.computes(1) && !first.computes(1));
    let other = alone_on_the_shelf(2);
    assert!(other.computes(1) && !other.computes(1));
    assert_eq!(shelf.keys().len(), 2);
    // Of one version and at one path they find what is there; but for instances of generic functions, which no two
    // editions share.
    let is_generic = thread::current().name().unwrap().ends_with("on_a_generic_function");
    assert_eq!(alone_on_the_shelf(1).computes(1), is_generic);
}

fn is_seen_in_recordings(editions: [Form; 3]) {
    let (_alone, recorder) = (alone(), recorder());
    recorder.enable();
    let seen = editions.map(|form| {
        let scope = recorder.scope("a test");
        assert!(scope.run(|| form.computes(7)));
        let call = scope.recording().calls.remove(0);
        let says = |text: Option<Box<str>>, what| text.is_some_and(|text| text.contains(what));
        (says(call.key, "7"), says(call.value, "Some(107)"))
    });
    recorder.disable();
    assert_eq!(seen, [(false, false), (true, false), (true, true)]);
}

fn is_found_under_its_other_name(form: Form) {
    assert!((form.site)().name().ends_with("::f"), "{}", (form.site)().name());
    drop(played(&form));
}

fn is_written_with_another_path(form: Form) {
    drop(played(&form));
}

words! { |self, n, noise|
    "backend" in backend {
        goes_where_its_alias_is_configured: goes_where_its_alias_is_configured { all [backend = "default"] }
    }
    "ttl" in ttl {
        as_a_text_ends_the_value: ends_after_a_minute { all [ttl = "1m"] }
        as_an_expression_ends_the_value: ends_after_a_minute { all [ttl = LIFE * 2] }
        by_value_ends_each_when_it_says: ends_when_its_value_says { all [ttl = |value| good_for(*value)] }
        forever_never_ends_the_value: never_ends { all [ttl = "forever"] }
    }
    "idle" in idle {
        ends_a_value_for_which_nobody_asks: ends_where_nobody_asks { all [idle = "1m"] }
    }
    "jitter" in jitter {
        ends_values_at_some_time_in_their_last_share: ends_at_some_time_in_the_second_half { all [ttl = "1m", jitter = "50%"] }
    }
    "stale" in stale {
        serves_the_old_value_while_one_computes: serves_the_old_while_one_computes { all [ttl = "1m", stale = "1m"] }
    }
    "stale_if_error" in stale_if_error {
        serves_the_old_value_where_computing_fails: serves_the_old_where_computing_fails { all [ttl = "1m", stale_if_error = "1m"] }
    }
    "verify" in verify {
        runs_the_body_beside_a_hit: is_compared { all [verify = 1.0] }
    }
    "tags" in tags {
        forgets_what_belongs_together: is_forgotten_with_its_tag { all [tags = ["words", "of all"]] }
    }
    "refresh" in refresh {
        in_the_background_lets_nobody_wait: lets_nobody_wait { all [ttl = "1m", stale = "1m", refresh = "background"] }
    }
    "cache_if" in cache_if {
        stores_only_what_it_lets_pass: stores_only_what_is_wanted { all [cache_if = |value| value.is_some()] }
    }
    "max_entries" in max_entries {
        bounds_what_is_kept: keeps_no_more { all [max_entries = 2] }
    }
    "max_bytes" in max_bytes {
        bounds_what_is_kept: keeps_no_heavier { all [max_bytes = "10KiB", weigh = |value| held(*value)] }
    }
    "weigh" in weigh {
        says_what_a_value_holds: keeps_no_heavier { all [weigh = |value: &Option<u64>| held(*value), max_bytes = 10_240] }
    }
    "key" in key {
        says_which_arguments_are_equal: takes_equal_keys_for_one {
            on [key = (n % 10, noise)] [key = (n % 10, noise)] [key = (self.0, n % 10, noise)] [key = (n.number() % 10, noise)],
            entry (n, &noise)
        }
    }
    "skip" in skip {
        leaves_an_argument_out_of_the_key: does_not_look_at_what_is_skipped { all [skip(noise)], entry (&n) }
    }
    "errors" in errors {
        keeps_what_failed_for_its_time: keeps_what_failed_for_a_minute { all [errors = "1m"] }
        as_never_keeps_no_failure: never_keeps_what_failed { all [errors = "never"] }
    }
    "none" in none {
        keeps_a_none_for_its_time: keeps_nothing_for_a_minute { all [none = "1m"] }
        as_never_keeps_no_none: never_keeps_nothing { all [none = "never"] }
    }
    "flight" in flight {
        off_lets_each_caller_compute: lets_each_compute { all [flight = "off"] }
        process_lets_one_caller_compute: lets_one_compute { all [flight = "process"] }
    }
    "show" in show {
        lets_keys_and_values_be_seen: is_seen_in_recordings { all { nothing [show = "nothing"] keys [show = "keys"] values [show = "values"] } }
    }
    "name" in name {
        is_what_the_site_goes_by: goes_by_its_name {
            on [name = "words.named.sync"] [name = "words.named.asynchronous"] [name = "words.named.method"] [name = "words.named.generic"]
        }
    }
    "version" in version {
        shares_no_bytes_with_another: shares_nothing_with_another_version { all { first [version = 1] same [version = 1] other [version = 2] } }
    }
    "companion" in companion {
        stands_beside_under_another_name: is_found_under_its_other_name {
            all [companion = "beside"], entry (&n, &noise), beside (beside beside_entry beside_site)
        }
    }
    "crate" in path {
        is_where_the_framework_is_found: is_written_with_another_path { all [crate = crate::words::elsewhere::memo] }
    }
}

/// The words of the macro, as its table has them.
fn words_of_the_macro() -> Vec<String> {
    let args = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cached-macros/src/args.rs");
    let text = std::fs::read_to_string(args).unwrap();
    let table = text.split("const WORDS:").nth(1).and_then(|rest| rest.split("];").next()).unwrap();
    let row = |line: &str| Some(line.trim().strip_prefix("(\"")?.split('"').next()?.to_owned());
    table.lines().filter_map(row).collect()
}

#[test]
fn no_word_of_the_attribute_is_missing() {
    let words = words_of_the_macro();
    assert!(words.len() >= 17, "the table is read: {words:?}");
    assert_eq!(words, SHOWN, "each has its scenario, in the order of the table");
}

#[test]
fn every_word_has_a_wrong_program_that_is_refused() {
    let fail = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/fail");
    let files = std::fs::read_dir(fail).unwrap().map(|file| file.unwrap().path());
    let programs: Vec<_> = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect();
    let texts: Vec<_> = programs.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let refused = |word: &String| {
        let forms = [format!("{word} = "), format!("{word}(")];
        texts.iter().any(|text| text.contains("#[cached(") && forms.iter().any(|form| text.contains(form)))
    };
    let missing: Vec<_> = words_of_the_macro().into_iter().filter(|word| !refused(word)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
