//! R24: at every moment a value is served, or not, as its lifetime says.
//!
//! In: steps at random over a few keys, and time that is moved, often to the very moment of a deadline.
//! Out: for each call whether the body had to run, may have run, or must not, and which value was given.
//!
//! In memory time stands still between the steps, and the model is exact. Bytes go by the wall clock, which
//! goes on: there a moment is an interval, and only what falls into it is left open.

use std::cell::Cell;
use std::fmt::Debug;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cached_core::{Site, cached, shutdown, testing};

use cached_tests::crowd::routed;
use cached_tests::support::scaled;

mod stale;

const HERE: &str = "reliability::lifetimes::*";
const KEYS: usize = 16;
/// All times in milliseconds.
const SECOND: u64 = 1_000;
/// How long before an end a test by the wall clock looks, and what it calls close.
const SLACK: u64 = 20;
/// How long nobody tries again after a failure.
const REST: u64 = SECOND;

const TTL: u64 = 60 * SECOND;
const ERRORS: u64 = 30 * SECOND;
const NONE: u64 = 20 * SECOND;
const STALE_IF_ERROR: u64 = 90 * SECOND;
const IDLE: u64 = 60 * SECOND;
/// The longest life of what is asked for often enough.
const LAST: u64 = 200 * SECOND;
/// On bytes it is noted that a value was given once such a part of its idle time has passed.
const RENEWAL: u64 = 16;

/// What a body gives, or gave: values are told apart by the number of their run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    Value(u64),
    Nothing,
    Failed,
}

static RUNS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// What the next body gives: a value, nothing or an error, and how long it lives if it may say so.
    static NEXT: Cell<(Given, u64)> = const { Cell::new((Given::Value(0), TTL)) };
}

fn body() -> (Given, u64) {
    let run = RUNS.fetch_add(1, SeqCst) + 1;
    match NEXT.get() {
        (Given::Value(_), life) => (Given::Value(run), life),
        next => next,
    }
}

fn value() -> u64 {
    match body() {
        (Given::Value(run), _) => run,
        other => unreachable!("{other:?} is asked only of sorts that can give it"),
    }
}

#[cached(ttl = "60s")]
fn by_ttl(_key: usize) -> u64 {
    value()
}

#[cached(ttl = "60s", jitter = "10%")]
fn by_jitter(_key: usize) -> u64 {
    value()
}

#[cached(ttl = |leased| Duration::from_millis(leased.1))]
fn by_value(_key: usize) -> (u64, u64) {
    let (given, life) = body();
    let Given::Value(run) = given else { unreachable!("it never fails") };
    (run, life)
}

#[cached(ttl = "60s", errors = "30s")]
fn by_errors(_key: usize) -> Result<u64, String> {
    fallible()
}

#[cached(ttl = "60s", none = "20s")]
fn by_none(_key: usize) -> Option<u64> {
    match body().0 {
        Given::Value(run) => Some(run),
        _ => None,
    }
}

#[cached(ttl = "60s", stale_if_error = "90s")]
fn by_stale_if_error(_key: usize) -> Result<u64, String> {
    fallible()
}

#[cached(idle = "60s", ttl = "200s")]
fn by_idle(_key: usize) -> u64 {
    value()
}

/// As one would be that forgot its idle time.
#[cached(ttl = "200s")]
fn without_idle(_key: usize) -> u64 {
    value()
}

fn fallible() -> Result<u64, String> {
    match body().0 {
        Given::Value(run) => Ok(run),
        _ => Err("as the model asked".into()),
    }
}

fn of_result(result: Result<u64, String>) -> Given {
    result.map_or(Given::Failed, Given::Value)
}

fn of_option(option: Option<u64>) -> Given {
    option.map_or(Given::Nothing, Given::Value)
}

/// A sort of lifetime: a site, and what the model has to know of it.
#[derive(Clone, Copy)]
struct Sort {
    name: &'static str,
    site: fn() -> &'static Site,
    call: fn(usize) -> Given,
    refresh: fn(usize) -> Given,
    is_live: fn(usize) -> bool,
    /// What a body may give beside values.
    other: Option<Given>,
    /// How long each lives, from least to most; nothing for what is not kept.
    value: fn(u64) -> (u64, u64),
    otherwise: Option<u64>,
    /// How long after its end a value is served where the body fails.
    window: u64,
    /// How long a value lives for which nobody asks.
    idle: Option<u64>,
}

macro_rules! sort {
    ($function:ident, $given:expr) => {
        Sort {
            name: stringify!($function),
            site: || $function::site(),
            call: |key| $given($function(key)),
            refresh: |key| $given($function::refresh(key)),
            is_live: |key| $function::entry(&key).peek().expect("nothing fails here").is_some(),
            other: None,
            value: |_| (TTL, TTL),
            otherwise: None,
            window: 0,
            idle: None,
        }
    };
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// The clock of the entries as far as the test can know it.
struct Clock {
    moved: u64,
    wall: bool,
}

impl Clock {
    fn now(&self) -> u64 {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
        self.moved + if self.wall { u64::try_from(wall).expect("before the year 584554") } else { 0 }
    }

    fn advance(&mut self, by: u64) {
        testing::advance(Duration::from_millis(by));
        self.moved += by;
    }
}

/// A moment of which only this much is known: not before the first, not after the second.
type Moment = (u64, u64);

fn later((first, last): Moment, least: u64, most: u64) -> Moment {
    (first + least, last + most)
}

fn sooner(one: Moment, other: Moment) -> Moment {
    (one.0.min(other.0), one.1.min(other.1))
}

/// Whether it is surely before, surely not, or open.
fn is_before(now: Moment, end: Moment) -> Option<bool> {
    match () {
        () if now.1 < end.0 => Some(true),
        () if now.0 >= end.1 => Some(false),
        () => None,
    }
}

#[derive(Clone, Copy, Debug)]
struct Stored {
    given: Given,
    end: Moment,
    /// When it ends however often it is asked for.
    last: Moment,
    /// When it was last given or computed, as far as that is noted; and by the clock that stands still.
    noted: Moment,
    moved: u64,
}

/// What the model knows of one key.
#[derive(Clone, Copy, Debug, Default)]
struct Key {
    stored: Option<Stored>,
    /// Until when nobody tries again; by the engine's own clock, which stands still, also where entries go by
    /// another.
    rests: u64,
}

struct Model {
    sort: Sort,
    keys: [Key; KEYS],
    clock: Clock,
    dice: Dice,
    /// How many steps came close to an end, and how many of those are left open.
    close: u64,
    open: u64,
}

impl Model {
    fn new(sort: Sort, wall: bool) -> Self {
        let clock = Clock { moved: 0, wall };
        Self { sort, keys: [Key::default(); KEYS], clock, dice: Dice(0x9e37_79b9_7f4a_7c15), close: 0, open: 0 }
    }

    fn plays(&mut self, steps: usize) {
        for step in 0..steps {
            let key = usize::try_from(self.dice.below(KEYS as u64)).expect("it is small");
            let (life, other) = ((1 + self.dice.below(90)) * SECOND, self.dice.below(3) == 0);
            NEXT.set((self.sort.other.filter(|_| other).unwrap_or(Given::Value(0)), life));
            match self.dice.below(16) {
                0..8 => self.calls(key, step),
                8..11 => self.looks(key, step),
                11 => self.refreshes(key),
                12 => self.clock.advance(self.dice.below(20 * SECOND)),
                _ => self.goes_to_the_end_of(key),
            }
        }
    }

    /// To just before the end of an entry, or of its window or rest, or to that very moment.
    fn goes_to_the_end_of(&mut self, key: usize) {
        let (Key { stored, rests }, now) = (self.keys[key], self.clock.now());
        let Some(stored) = stored else { return };
        let rested = now + rests.saturating_sub(self.clock.moved);
        let ends = [stored.end, later(stored.end, self.sort.window, self.sort.window), (rested, rested)];
        let end = ends[usize::try_from(self.dice.below(3)).expect("it is small")];
        let slack = if self.clock.wall { SLACK } else { 1 };
        let goal = if self.dice.below(2) == 0 { end.0.saturating_sub(slack) } else { end.1 };
        self.clock.advance(goal.saturating_sub(self.clock.now()));
    }

    /// Runs something, and gives what it gave, how many bodies ran, and when that was.
    fn times<T>(&self, run: impl FnOnce(usize) -> T, key: usize) -> (T, u64, Moment) {
        let (before, runs) = (self.clock.now(), RUNS.load(SeqCst));
        let given = run(key);
        (given, RUNS.load(SeqCst) - runs, (before, self.clock.now()))
    }

    fn note(&mut self, before: Option<bool>, now: Moment, end: Moment) {
        self.close += u64::from(now.1 + SLACK >= end.0 && now.0 <= end.1 + SLACK);
        self.open += u64::from(before.is_none());
    }

    fn calls(&mut self, key: usize, step: usize) {
        let (given, ran, now) = self.times(self.sort.call, key);
        let known = self.keys[key];
        let name = self.sort.name;
        let at = || format!("{name}, step {step}, key {key}, {ran} bodies at {now:?}: {given:?}; {known:?}");
        let Some(stored) = known.stored else {
            assert_eq!(ran, 1, "what nobody stored cannot be served: {}", at());
            return self.computed(key, given, now);
        };
        let before = is_before(now, stored.end);
        self.note(before, now, stored.end);
        if ran == 0 {
            assert_eq!(given, stored.given, "the value of another: {}", at());
        }
        if before == Some(true) {
            assert_eq!(ran, 0, "lost before its deadline: {}", at());
            return self.renewed(key, now);
        }
        let serves = self.sort.window > 0 && matches!(stored.given, Given::Value(_));
        let within =
            if serves { is_before(now, later(stored.end, self.sort.window, self.sort.window)) } else { Some(false) };
        let rests = if within == Some(false) { Some(false) } else { Some(self.clock.moved < known.rests) };
        match (before, rests) {
            (Some(false), Some(false)) => assert_eq!(ran, 1, "served at its deadline or after it: {}", at()),
            (Some(false), Some(true)) if within == Some(true) => {
                assert_eq!(ran, 0, "tried again at once: {}", at())
            }
            _ => assert!(ran <= 1, "{}", at()),
        }
        if ran == 0 {
            return self.renewed(key, now);
        }
        let failed = NEXT.get().0 == Given::Failed;
        if failed && serves {
            match within {
                Some(true) => assert_eq!(given, stored.given, "not served in its window: {}", at()),
                Some(false) => assert_eq!(given, Given::Failed, "served after its window: {}", at()),
                None => {}
            }
            self.keys[key].rests = self.clock.moved + REST;
        } else {
            self.computed(key, given, now);
        }
    }

    /// A hit begins the idle time anew. Of bytes that is noted once a part of it has passed, by a worker, and not
    /// again for a second.
    fn renewed(&mut self, key: usize, now: Moment) {
        let (Some(idle), Some(stored)) = (self.sort.idle, &mut self.keys[key].stored) else { return };
        let mut noted = Some(now);
        if self.clock.wall {
            assert_eq!(shutdown(Duration::from_secs(30)), 0, "what had to be noted is written");
            let (since, rested) = (idle / RENEWAL, self.clock.moved >= stored.moved + REST);
            noted = match is_before(now, later(stored.noted, since, since)) {
                Some(true) => None,
                Some(false) if rested => Some(now),
                _ => Some((stored.noted.0, now.1)),
            };
        }
        if let Some(noted) = noted {
            let end = sooner(stored.last, later(noted, idle, idle));
            *stored = Stored { noted, end, moved: self.clock.moved, ..*stored };
        }
    }

    fn refreshes(&mut self, key: usize) {
        let (given, ran, now) = self.times(self.sort.refresh, key);
        assert_eq!(ran, 1, "{}: a refresh computes", self.sort.name);
        self.computed(key, given, now);
    }

    fn looks(&mut self, key: usize, step: usize) {
        let (live, ran, now) = self.times(self.sort.is_live, key);
        assert_eq!(ran, 0, "{}: looking computes nothing", self.sort.name);
        let Some(stored) = self.keys[key].stored else { return assert!(!live, "{}, step {step}", self.sort.name) };
        let before = is_before(now, stored.end);
        self.note(before, now, stored.end);
        assert!(
            before.is_none_or(|before| before == live),
            "{}, step {step}: {live} at {now:?}, {stored:?}",
            self.sort.name
        );
    }

    /// A body ran, and what it gave is kept as its class is.
    fn computed(&mut self, key: usize, given: Given, now: Moment) {
        let (next, life) = NEXT.get();
        assert_eq!(std::mem::discriminant(&given), std::mem::discriminant(&next), "what the body gave is given");
        let (least, most) = match given {
            Given::Value(_) => (self.sort.value)(life),
            Given::Nothing | Given::Failed => match self.sort.otherwise {
                Some(life) => (life, life),
                None => return,
            },
        };
        let last = later(now, least, most);
        let end = self.sort.idle.map_or(last, |idle| sooner(last, later(now, idle, idle)));
        self.keys[key].stored = Some(Stored { given, end, last, noted: now, moved: self.clock.moved });
    }
}

/// Plays a sort in memory and on files.
fn play(sort: Sort) {
    for (kind, steps) in [("memory", 1_000_000), ("file", 20_000)] {
        let (_routed, _frozen) = (routed(kind, HERE, "10s"), testing::freeze());
        let mut model = Model::new(sort, kind == "file");
        let steps = scaled(steps);
        model.plays(steps);
        let Model { close, open, .. } = model;
        println!("R24 {} {kind}: {steps} steps, {close} close to an end, {open} left open: 0 late, 0 lost", sort.name);
        assert!(close > 0 && open * 2 < steps as u64, "the steps meet the ends of lives");
        assert_eq!((sort.site)().stats().backend_errors, 0);
    }
}

#[test]
fn r24_a_value_is_served_until_its_ttl_and_not_at_it() {
    play(sort!(by_ttl, Given::Value));
}

#[test]
fn r24_a_value_that_says_how_long_it_lives_is_served_that_long() {
    play(Sort { value: |life| (life, life), ..sort!(by_value, |leased: (u64, u64)| Given::Value(leased.0)) });
}

#[test]
fn r24_a_shortened_life_ends_within_its_share() {
    play(Sort { value: |_| (TTL / 10 * 9, TTL), ..sort!(by_jitter, Given::Value) });
}

#[test]
fn r24_an_error_is_kept_for_its_own_time() {
    play(Sort { other: Some(Given::Failed), otherwise: Some(ERRORS), ..sort!(by_errors, of_result) });
}

#[test]
fn r24_a_none_is_kept_for_its_own_time() {
    play(Sort { other: Some(Given::Nothing), otherwise: Some(NONE), ..sort!(by_none, of_option) });
}

#[test]
fn r24_where_the_body_fails_the_old_value_is_served_in_its_window_and_not_after_it() {
    play(Sort { other: Some(Given::Failed), window: STALE_IF_ERROR, ..sort!(by_stale_if_error, of_result) });
}

#[test]
fn r24_a_value_for_which_nobody_asks_ends_and_a_hit_begins_its_time_anew() {
    let idle = Sort { value: |_| (LAST, LAST), idle: Some(IDLE), ..sort!(by_idle, Given::Value) };
    play(idle);
    // Broken on purpose: what a hit does not renew, and what never ends of being forgotten.
    is_caught("lost before its deadline", Sort { value: idle.value, idle: idle.idle, ..sort!(by_ttl, Given::Value) });
    let without = Sort { value: idle.value, idle: idle.idle, ..sort!(without_idle, Given::Value) };
    is_caught("served at its deadline or after it", without);
}

/// Plays a sort that does not keep to its own rules, until the model says so.
fn is_caught(complaint: &str, sort: Sort) {
    let (_routed, _frozen) = (routed("memory", HERE, "10s"), testing::freeze());
    let played = catch_unwind(|| Model::new(sort, false).plays(scaled(1_000_000)));
    let said = played.expect_err("it breaks its rules");
    let said = said.downcast_ref::<String>().expect("an assertion says why");
    println!("R24 {} as what it is not: {said}", sort.name);
    assert!(said.contains(complaint), "{said}");
}
