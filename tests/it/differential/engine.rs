//! The cache under test: one function, on memory or on a shelf of its own, and a mutant between it and
//! the program, if the test wants to see that one caught.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::{Error, Explanation, Outcome, Reason, testing};
use cached_testkit::{Fault, Faulty, Shelf};

use super::model::Counts;
use super::setup::{NEVER, Rules, Setup};
use super::subjects::{Given, RUNS, Subject};
use cached_tests::support::until;
use cached_tests::verified;

/// What is broken on purpose: above, the engine; below, its backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutant {
    GivesAnothersValue,
    GivesWhatWasBefore,
    SkipsInvalidations,
    SkipsClears,
    IgnoresTheClock,
    CountsTwice,
    LosesACount,
    ComputesTwice,
    ForgetsToIdle,
    RenewsNothing,
    NeverEvicts,
    WeighsNothing,
    FailsWithItsBackend,
    HidesFaults,
    DropsTombstones,
    KeepsForEver,
    SwapsValues,
    ReplaysOldValues,
    LosesWrites,
    FlipsBits,
}

pub(super) struct Engine {
    pub(super) subject: &'static Subject,
    mutant: Option<Mutant>,
    shelf: Arc<Crooked>,
    backend: Arc<Faulty>,
    /// The time of the shelf.
    clock: Arc<AtomicU64>,
    broken: bool,
    /// Whether hits are noted on the shelf.
    renews: bool,
    before: Option<Counts>,
    ran_before: u64,
    calls: u64,
    given: BTreeMap<u64, Given>,
}

impl Engine {
    pub(super) fn new(subject: &'static Subject, mutant: Option<Mutant>) -> Self {
        let clock = Arc::new(AtomicU64::new(0));
        let shelf = Arc::new(Crooked::new(Arc::clone(&clock), mutant));
        let backend = Arc::new(Faulty::new(Arc::clone(&shelf) as _));
        let (broken, renews, before, ran_before, calls, given) = (false, false, None, 0, 0, BTreeMap::new());
        Self { subject, mutant, shelf, backend, clock, broken, renews, before, ran_before, calls, given }
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    /// The first look at the counters: what came before does not count.
    pub(super) fn begin(&mut self) {
        (self.subject.site)().enable();
        (self.subject.site)().clear().expect("an empty shelf can be cleared");
        self.before = Some(self.counted());
        self.ran_before = self.runs();
    }

    pub(super) fn install(&mut self, setup: Setup) {
        self.renews = setup.bytes && Rules { setup, policy: self.subject.policy }.idle().is_some();
        let name = (self.subject.site)().name();
        let shelf: Arc<dyn Backend> = Arc::clone(&self.backend) as _;
        let mut config = verified::config()
            .backend("differential", shelf)
            .option("differential", "op_timeout", "30s")
            .option("differential", "breaker", "off");
        config = config.site(name, "backend", if setup.bytes { "differential" } else { "default" });
        for (option, value) in self.crooked(Rules { setup, policy: self.subject.policy }).options() {
            config = value.into_iter().fold(config, |config, value| config.site(name, option, value));
        }
        config.install().expect("the program's configuration is right");
    }

    /// What a broken engine makes of a set-up.
    fn crooked(&self, rules: Rules) -> Rules {
        let setup = rules.setup;
        let setup = match (self.mutant, rules.idle()) {
            (Some(Mutant::NeverEvicts), _) => Setup { bound: Some(usize::MAX), ..setup },
            (Some(Mutant::WeighsNothing), _) => Setup { max_bytes: Some(NEVER), ..setup },
            (Some(Mutant::ForgetsToIdle), Some(_)) => Setup { idle: Some(NEVER), ..setup },
            (Some(Mutant::RenewsNothing), Some(idle)) => {
                Setup { ttl: Some(rules.ttl().map_or(idle, |ttl| ttl.min(idle))), idle: Some(NEVER), ..setup }
            }
            _ => setup,
        };
        Rules { setup, ..rules }
    }

    /// Calls, and says how it ended; now and then this is seen in the counts alone.
    pub(super) fn call(&mut self, n: u64) -> (Given, Outcome) {
        self.calls += 1;
        let asked = if self.is(Mutant::GivesAnothersValue) && self.calls.is_multiple_of(5) { n + 1 } else { n };
        let plainly = self.calls.is_multiple_of(4);
        let (mut given, mut outcome) = if plainly { self.call_plainly(asked) } else { (self.subject.call)(asked) };
        if self.is(Mutant::ComputesTwice) && matches!(outcome, Outcome::Miss(_)) {
            let _ = (self.subject.refresh)(n);
        }
        if self.is(Mutant::FailsWithItsBackend) && self.broken && matches!(outcome, Outcome::Miss(_)) {
            (given, outcome) = (Err(0), Outcome::Error);
        }
        let computed = matches!(outcome, Outcome::Miss(_));
        let old = self.given.insert(n, given).filter(|_| computed && self.is(Mutant::GivesWhatWasBefore));
        (old.unwrap_or(given), outcome)
    }

    /// As the program's user calls: how it ended is seen in the counts alone.
    fn call_plainly(&self, n: u64) -> (Given, Outcome) {
        let before = self.counted();
        let given = (self.subject.plain)(n);
        let after = self.counted();
        let outcomes = [
            (after.hits - before.hits, Outcome::Hit),
            (after.stale - before.stale, Outcome::Stale),
            (after.cold - before.cold, Outcome::Miss(Reason::Cold)),
            (after.expired - before.expired, Outcome::Miss(Reason::Expired)),
            (after.invalidated - before.invalidated, Outcome::Miss(Reason::Invalidated)),
            (after.undecodable - before.undecodable, Outcome::Miss(Reason::Undecodable)),
            (after.bypassed - before.bypassed, Outcome::Bypass),
            (after.errors - before.errors, Outcome::Error),
        ];
        let ended: Vec<_> = outcomes.iter().filter(|(count, _)| *count > 0).collect();
        // No count, or several, is nothing that a call may do.
        (given, if let [(1, outcome)] = ended[..] { *outcome } else { Outcome::Joined })
    }

    pub(super) fn refresh(&self, n: u64) -> Given {
        (self.subject.refresh)(n)
    }

    pub(super) fn explain(&self, n: u64) -> Result<Explanation, Error> {
        (self.subject.explain)(n)
    }

    pub(super) fn put(&self, n: u64, given: Given) -> bool {
        (self.subject.put)(n, given).is_ok() || self.is(Mutant::HidesFaults)
    }

    pub(super) fn invalidate(&self, n: u64) -> bool {
        let skips = self.is(Mutant::SkipsInvalidations) && !self.broken;
        skips || (self.subject.invalidate)(n).is_ok() || self.is(Mutant::HidesFaults)
    }

    pub(super) fn clear(&self) -> bool {
        let skips = self.is(Mutant::SkipsClears) && !self.broken;
        skips || (self.subject.site)().clear().is_ok() || self.is(Mutant::HidesFaults)
    }

    pub(super) fn disable(&self, disabled: bool) {
        if disabled { (self.subject.site)().disable() } else { (self.subject.site)().enable() }
    }

    pub(super) fn break_down(&mut self, broken: bool) {
        self.broken = broken;
        self.backend.set_fault(if broken { Fault::Fail } else { Fault::None });
    }

    pub(super) fn advance(&self, by: u64) {
        if !self.is(Mutant::IgnoresTheClock) {
            self.clock.fetch_add(by, SeqCst);
            testing::advance(Duration::from_millis(by));
        }
    }

    /// Waits until what was begun is done: writes of async calls, notes of hits, and refreshes in the background.
    pub(super) fn settle(&self) {
        if self.subject.is_async || self.renews {
            assert_eq!(cached_core::shutdown(Duration::from_secs(30)), 0, "every write was done");
        }
        until(|| (self.subject.site)().flights() == 0);
    }

    pub(super) fn runs(&self) -> u64 {
        RUNS[usize::try_from(self.subject.tag).unwrap()].load(SeqCst) - self.ran_before
    }

    pub(super) fn entries(&self) -> u64 {
        (self.subject.site)().stats().entries
    }

    pub(super) fn bytes(&self) -> u64 {
        (self.subject.site)().stats().bytes
    }

    /// What was counted since the beginning.
    pub(super) fn counted(&self) -> Counts {
        let stats = (self.subject.site)().stats();
        let zero = self.before.unwrap_or_default();
        let mut counts = Counts {
            calls: stats.calls - zero.calls,
            hits: stats.hits - zero.hits,
            stale: stats.stale - zero.stale,
            cold: stats.cold - zero.cold,
            expired: stats.expired - zero.expired,
            invalidated: stats.invalidated - zero.invalidated,
            undecodable: stats.undecodable - zero.undecodable,
            bypassed: stats.bypassed - zero.bypassed,
            errors: stats.errors - zero.errors,
            runs: stats.runs - zero.runs,
            not_stored: stats.not_stored - zero.not_stored,
            backend_errors: stats.backend_errors - zero.backend_errors,
            others: stats.joined + stats.panicked + stats.cancelled + stats.waits_ended - zero.others,
        };
        if self.calls > 5 && self.is(Mutant::CountsTwice) {
            (counts.calls, counts.hits) = (counts.calls + 1, counts.hits + 1);
        }
        if self.calls > 5 && self.is(Mutant::LosesACount) {
            counts.calls -= 1;
        }
        counts
    }

    pub(super) fn on_shelf(&self) -> usize {
        self.shelf.shelf.keys().len()
    }
}

/// A shelf that goes by the program's clock, and lies, if it is a mutant.
struct Crooked {
    shelf: Shelf,
    mutant: Option<Mutant>,
    reads: AtomicU64,
    before: Mutex<BTreeMap<Key, Bytes>>,
}

impl Crooked {
    fn new(clock: Arc<AtomicU64>, mutant: Option<Mutant>) -> Self {
        let shelf = Shelf::with_clock(move || Duration::from_millis(clock.load(SeqCst)));
        Self { shelf, mutant, reads: AtomicU64::new(0), before: Mutex::default() }
    }

    fn value(&self, key: &Key) -> Option<Bytes> {
        match self.shelf.get_many(std::slice::from_ref(key)) {
            Reply::Ready(Ok(found)) => found.into_iter().next().flatten(),
            _ => None,
        }
    }
}

impl Backend for Crooked {
    fn capabilities(&self) -> Capabilities {
        self.shelf.capabilities()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        let third = self.reads.fetch_add(1, SeqCst) % 3 == 2;
        match self.mutant.filter(|_| third) {
            Some(Mutant::SwapsValues) => {
                let others = self.shelf.keys();
                let other = |key| others.iter().find(|other| *other != key).unwrap_or(key);
                self.shelf.get_many(&keys.iter().map(|key| other(key).clone()).collect::<Vec<_>>())
            }
            Some(Mutant::FlipsBits) => {
                let mut found: Vec<_> = keys.iter().map(|key| self.value(key)).collect();
                for value in found.iter_mut().flatten() {
                    let mut bytes = value.to_vec();
                    *bytes.last_mut().unwrap() ^= 1;
                    *value = bytes.into();
                }
                Reply::Ready(Ok(found))
            }
            _ => self.shelf.get_many(keys),
        }
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        // An envelope without a value: nothing but a tombstone is as short.
        let is_tombstone = |write: &Write| write.when == When::Always && write.bytes.len() == 112;
        let mut answers = Vec::new();
        for mut write in writes {
            let (key, old) = (write.key.clone(), self.value(&write.key));
            match self.mutant {
                Some(Mutant::LosesWrites) => answers.push(true),
                Some(Mutant::DropsTombstones) if is_tombstone(&write) => answers.push(true),
                mutant => {
                    if mutant == Some(Mutant::KeepsForEver) {
                        write.ttl = None;
                    }
                    let Reply::Ready(Ok(stored)) = self.shelf.set_many(vec![write]) else {
                        unreachable!("it is ready")
                    };
                    answers.extend(stored);
                }
            }
            let oldest = old.map(|old| self.before.lock().unwrap().entry(key.clone()).or_insert(old).clone());
            if let Some(oldest) = oldest.filter(|_| self.mutant == Some(Mutant::ReplaysOldValues)) {
                let _ = self.shelf.set_many(vec![Write::new(key, oldest, None, When::Always)]);
            }
        }
        Reply::Ready(Ok(answers))
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.shelf.delete_many(keys)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.shelf.clear(prefix)
    }
}
