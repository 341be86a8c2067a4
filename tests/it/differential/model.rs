//! What a cached function may do, said without a cache: the oracle.
//!
//! In: the steps of a program. Out: for each, everything that is allowed to be seen. A program has one
//! thread, so that is one thing, but where eviction, jitter and the wall clock have a say.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use cached_core::{Outcome, Reason};

use super::setup::{NEVER, Rules, Setup};
use super::subjects::{Given, Keep, MINUTE, Subject, given, good_for, is_kept, weight};

/// How far apart the model's clock and the real one may be where a lifetime is not of whole minutes.
pub(super) const SLACK: u64 = 10_000;
const TOMBSTONE_LIFE: u64 = 60 * MINUTE;

/// What is stored under a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) given: Given,
    pub(super) created: u64,
    pub(super) end: u64,
    /// When it was last given, as far as that was noted: where no idle time is set nobody does.
    used: u64,
    /// Its end is known to about [`SLACK`].
    pub(super) vague: bool,
    /// In memory, it may have been evicted.
    unsure: bool,
    generation: u64,
}

#[derive(Clone, Copy, Debug)]
enum Written {
    Value(Entry, u64),
    Tombstone(u64),
}

/// What a look at a key may meet.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    Off,
    /// The backend fails; and what is said of that.
    Broken,
    Live(Entry),
    /// And since when.
    Ended(Entry, u64),
    Nothing(Reason),
}

/// What a call gives, if it meets something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    pub(super) given: Given,
    pub(super) outcome: Outcome,
    /// The body runs.
    pub(super) runs: bool,
}

/// What the site has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) calls: u64,
    pub(super) hits: u64,
    pub(super) stale: u64,
    pub(super) cold: u64,
    pub(super) expired: u64,
    pub(super) invalidated: u64,
    pub(super) undecodable: u64,
    pub(super) bypassed: u64,
    pub(super) errors: u64,
    pub(super) runs: u64,
    pub(super) not_stored: u64,
    pub(super) backend_errors: u64,
    /// Of these there are none: nobody waits, panics or is cancelled.
    pub(super) others: u64,
}

pub(super) struct Model {
    tag: u64,
    pub(super) rules: Rules,
    pub(super) disabled: bool,
    pub(super) broken: bool,
    pub(super) now: u64,
    pub(super) version: u64,
    pub(super) counts: Counts,
    generation: u64,
    memory: BTreeMap<u64, Entry>,
    shelf: BTreeMap<u64, Written>,
    /// Keys whose refresh failed since the clock was moved.
    resting: Vec<u64>,
    /// What was stored in the last step.
    fresh: Option<u64>,
}

impl Model {
    pub(super) fn new(subject: &Subject, setup: Setup, version: u64) -> Self {
        Self {
            tag: subject.tag,
            rules: Rules { setup, policy: subject.policy },
            disabled: false,
            broken: false,
            now: 0,
            version,
            counts: Counts::default(),
            generation: 0,
            memory: BTreeMap::new(),
            shelf: BTreeMap::new(),
            resting: Vec::new(),
            fresh: None,
        }
    }

    fn slot(&self, n: u64) -> u64 {
        n % self.rules.policy.slots
    }

    fn is_off(&self) -> bool {
        self.rules.setup.off || self.disabled
    }

    /// What a value holds elsewhere.
    fn held(&self, given: Given) -> u64 {
        if self.rules.policy.weighs { given.map_or(0, |value| weight(value) as u64) } else { 0 }
    }

    /// What all entries in memory weigh, least and most, if their number is sure: each is as large as it says, and
    /// has a header.
    pub(super) fn weight(&self) -> Option<RangeInclusive<u64>> {
        let entries = self.entries()?;
        let held: u64 = self.memory.values().map(|entry| self.held(entry.given)).sum();
        Some(held + 24 * entries..=held + 512 * entries)
    }

    /// The entries in memory, if their number is sure.
    pub(super) fn entries(&self) -> Option<u64> {
        let sure = self.memory.values().all(|entry| !entry.unsure);
        sure.then_some(self.memory.len() as u64)
    }

    /// Whether what was stored just now may be gone.
    pub(super) fn is_unsure(&self, n: u64) -> bool {
        self.entry(n).is_none_or(|entry| entry.unsure)
    }

    fn squeeze(&mut self) {
        if self.rules.is_scarce() {
            self.memory.values_mut().for_each(|entry| entry.unsure = true);
        }
    }

    /// Everything that may be there for a call with `n`.
    pub(super) fn found(&self, n: u64) -> Vec<Found> {
        let slot = self.slot(n);
        if self.is_off() {
            return vec![Found::Off];
        }
        if !self.rules.setup.bytes {
            let Some(entry) = self.memory.get(&slot) else { return vec![Found::Nothing(Reason::Cold)] };
            let mut found = match entry.generation == self.generation {
                true => self.judged(*entry),
                false => vec![Found::Nothing(Reason::Invalidated)],
            };
            if entry.unsure {
                found.push(Found::Nothing(Reason::Cold));
            }
            return found;
        }
        if self.broken {
            return vec![Found::Broken];
        }
        match self.shelf.get(&slot) {
            Some(Written::Tombstone(gone)) if self.now < *gone => vec![Found::Nothing(Reason::Invalidated)],
            Some(Written::Value(entry, gone)) => {
                let slack = if entry.vague { SLACK } else { 0 };
                let mut found = Vec::new();
                if self.now < gone.saturating_add(slack) {
                    found = self.judged(*entry);
                }
                if self.now >= gone.saturating_sub(slack) {
                    found.push(Found::Nothing(Reason::Cold));
                }
                found
            }
            Some(Written::Tombstone(_)) | None => vec![Found::Nothing(Reason::Cold)],
        }
    }

    /// P7: an entry is served until its end.
    fn judged(&self, entry: Entry) -> Vec<Found> {
        let end = self.end(&entry);
        let slack = if entry.vague { SLACK } else { 0 };
        let ends = [end, end.saturating_sub(slack), end.saturating_add(slack)];
        let judge = |end: u64| if self.now < end { Found::Live(entry) } else { Found::Ended(entry, self.now - end) };
        ends.into_iter().take(if slack > 0 { 3 } else { 1 }).map(judge).collect()
    }

    /// Known fault: where an `Err` is kept for ever it counts as a value.
    fn is_failure(&self, given: Given) -> bool {
        given.is_err() && self.rules.policy.errors != Keep::AsValues
    }

    /// What the body gives in the world as it is.
    fn computed(&self, n: u64) -> Given {
        given(self.tag, &self.rules.policy, self.slot(n), self.version)
    }

    /// What a call gives that meets `found`; the first is what it is to give.
    pub(super) fn verdicts(&self, n: u64, found: Found) -> Vec<Verdict> {
        let computed = self.computed(n);
        let ends = |outcome| Verdict { given: computed, outcome, runs: true };
        let ran = |reason| ends(if self.is_failure(computed) { Outcome::Error } else { Outcome::Miss(reason) });
        match found {
            Found::Off => vec![ends(Outcome::Bypass)],
            Found::Broken => vec![ran(Reason::Cold)],
            Found::Nothing(reason) => vec![ran(reason)],
            Found::Live(entry) => vec![Verdict { given: entry.given, outcome: Outcome::Hit, runs: false }],
            Found::Ended(entry, since) => {
                let old = |runs| Verdict { given: entry.given, outcome: Outcome::Stale, runs };
                let rests = self.rules.flight() && self.resting.contains(&self.slot(n));
                if rests && since < self.rules.window() {
                    // A rest is a second of real time, which may be over by now.
                    return [vec![old(false)], self.refreshed(n, entry, since)].concat();
                }
                self.refreshed(n, entry, since)
            }
        }
    }

    /// What an entry may say of a call that meets `found`.
    pub(super) fn explained(&self, n: u64, found: &Found) -> Vec<Outcome> {
        let Found::Ended(_, since) = *found else {
            return vec![match found {
                Found::Off => Outcome::Bypass,
                Found::Live(_) => Outcome::Hit,
                Found::Nothing(reason) => Outcome::Miss(*reason),
                Found::Ended(..) | Found::Broken => Outcome::Miss(Reason::Cold),
            }];
        };
        let expired = Outcome::Miss(Reason::Expired);
        let rests = self.resting.contains(&self.slot(n)) && since < self.rules.window();
        match self.rules.policy.behind && self.rules.flight() && since < self.rules.stale() {
            true => vec![Outcome::Stale],
            // A rest may be over by now.
            false if rests => vec![Outcome::Stale, expired],
            false => vec![expired],
        }
    }

    /// Where a value has ended and somebody computes it again.
    fn refreshed(&self, n: u64, entry: Entry, since: u64) -> Vec<Verdict> {
        let computed = self.computed(n);
        let old = Verdict { given: entry.given, outcome: Outcome::Stale, runs: true };
        let behind = self.rules.policy.behind && self.rules.flight() && since < self.rules.stale();
        vec![match computed {
            _ if behind => old,
            // An `Err` that was kept is no value to fall back on.
            failed if self.is_failure(failed) && !self.is_failure(entry.given) && since < self.rules.if_error() => old,
            failed if self.is_failure(failed) => Verdict { given: computed, outcome: Outcome::Error, runs: true },
            _ => Verdict { given: computed, outcome: Outcome::Miss(Reason::Expired), runs: true },
        }]
    }

    /// A call met `found` and ended as `verdict` says.
    pub(super) fn called(&mut self, n: u64, found: Found, verdict: Verdict) {
        let counts = &mut self.counts;
        counts.calls += 1;
        match verdict.outcome {
            Outcome::Hit => counts.hits += 1,
            Outcome::Stale => counts.stale += 1,
            Outcome::Bypass => counts.bypassed += 1,
            Outcome::Miss(Reason::Cold) => counts.cold += 1,
            Outcome::Miss(Reason::Expired) => counts.expired += 1,
            Outcome::Miss(Reason::Invalidated) => counts.invalidated += 1,
            Outcome::Error => counts.errors += 1,
            _ => counts.undecodable += 1,
        }
        if matches!(found, Found::Broken) {
            counts.backend_errors += 1;
        }
        self.met(n, found);
        if let Found::Live(_) = found {
            self.renew(n);
        }
        if verdict.runs {
            self.ran(n, found);
        }
    }

    /// The body ran for `refresh`, which looks for nothing.
    pub(super) fn refresh(&mut self, n: u64) -> Given {
        let unseen = match (self.is_off(), self.rules.setup.bytes && self.broken) {
            (true, _) => Found::Off,
            (_, true) => Found::Broken,
            _ => Found::Nothing(Reason::Cold),
        };
        if matches!(unseen, Found::Broken) {
            self.counts.backend_errors += 1;
        }
        self.ran(n, unseen);
        self.computed(n)
    }

    /// What was seen is so from now on.
    pub(super) fn met(&mut self, n: u64, found: Found) {
        let slot = self.slot(n);
        if matches!(found, Found::Nothing(Reason::Cold)) && !self.is_off() {
            match self.rules.setup.bytes {
                true => self.shelf.retain(|other, _| *other != slot),
                false => self.memory.retain(|other, _| *other != slot),
            }
        }
    }

    /// A hit begins the idle time anew; on bytes once a sixteenth of it has passed.
    fn renew(&mut self, n: u64) {
        let (slot, now, window) = (self.slot(n), self.now, self.rules.window());
        let Some(idle) = self.rules.idle() else { return };
        let Some(entry) =
            self.entry(n).copied().filter(|entry| !self.rules.setup.bytes || now >= entry.used + idle / 16)
        else {
            return;
        };
        let (left, entry) = (self.last(&entry) - now, Entry { used: now, ..entry });
        match self.rules.setup.bytes {
            true => _ = self.shelf.insert(slot, Written::Value(entry, (now + idle.min(left)).saturating_add(window))),
            false => _ = self.memory.insert(slot, entry),
        }
    }

    fn ran(&mut self, n: u64, found: Found) {
        let (slot, computed) = (self.slot(n), self.computed(n));
        self.counts.runs += 1;
        if matches!(found, Found::Off) {
            return;
        }
        let blind = !self.rules.setup.bytes && !self.rules.flight();
        if let Found::Ended(_, since) = found
            && !blind
        {
            self.resting.retain(|resting| *resting != slot);
            if self.is_failure(computed) {
                // Of bytes only what is in a window is kept in mind.
                if !self.rules.setup.bytes || since < self.rules.window() {
                    self.resting.push(slot);
                }
                if since < self.rules.if_error() {
                    return;
                }
            }
        }
        if computed.is_err() && self.rules.policy.errors == Keep::Default {
            return;
        }
        match self.life(computed) {
            Some(life) if !matches!(found, Found::Broken) => _ = self.store(slot, computed, life),
            _ => self.counts.not_stored += 1,
        }
    }

    /// How long a value is kept; not at all, or up to [`NEVER`].
    fn life(&self, computed: Given) -> Option<u64> {
        let keep = match computed {
            Err(_) => self.rules.policy.errors,
            Ok(None) => self.rules.policy.none,
            Ok(Some(_)) => Keep::Default,
        };
        let refused = self.rules.policy.selective && computed.is_ok_and(|value| !value.is_none_or(is_kept));
        match keep {
            _ if refused => None,
            Keep::Never => None,
            Keep::For(life) => Some(self.rules.ttl().map_or(life, |ttl| ttl.min(life))),
            Keep::Default | Keep::AsValues => Some(self.as_value(computed)),
        }
    }

    fn as_value(&self, value: Given) -> u64 {
        match value {
            Ok(value) if self.rules.policy.by_value && self.rules.setup.ttl.is_none() => value.map_or(MINUTE, good_for),
            _ => self.rules.ttl().unwrap_or(NEVER),
        }
    }

    /// Whether it was stored: a value that alone is too heavy is not, and what it was to replace is gone.
    fn store(&mut self, slot: u64, given: Given, life: u64) -> bool {
        if !self.rules.setup.bytes && self.held(given) >= self.rules.max_bytes() {
            self.memory.remove(&slot);
            self.counts.not_stored += 1;
            return false;
        }
        self.fresh = Some(slot);
        let (created, end) = (self.now, self.now.saturating_add(life));
        let vague = self.rules.jitter() > 0 && life < NEVER;
        let entry = Entry { given, created, end, used: created, vague, unsure: false, generation: self.generation };
        if self.rules.setup.bytes {
            let unasked = end.min(self.rules.idle().map_or(NEVER, |idle| created + idle));
            let gone = unasked.saturating_add(self.rules.window());
            self.shelf.insert(slot, Written::Value(entry, gone));
        } else {
            self.memory.insert(slot, entry);
            self.squeeze();
        }
        true
    }

    /// The end of what was stored just now, as far as the jitter leaves it open: the least and the most.
    pub(super) fn spread(&mut self, n: u64) -> Option<(u64, u64)> {
        self.fresh.take()?;
        let entry = self.entry(n).filter(|entry| entry.vague)?;
        let life = entry.end - self.now;
        Some((self.now + life * (100 - self.rules.jitter()) / 100, entry.end))
    }

    /// The end of what was stored just now is known.
    pub(super) fn ends(&mut self, n: u64, end: u64) {
        let slot = self.slot(n);
        match (self.rules.setup.bytes, self.shelf.get_mut(&slot), self.memory.get_mut(&slot)) {
            (true, Some(Written::Value(entry, gone)), _) => {
                *gone -= entry.end - end;
                entry.end = end;
            }
            (false, _, Some(entry)) => entry.end = end,
            _ => {}
        }
    }

    fn entry(&self, n: u64) -> Option<&Entry> {
        let slot = self.slot(n);
        match self.shelf.get(&slot) {
            Some(Written::Value(entry, _)) if self.rules.setup.bytes => Some(entry),
            _ if self.rules.setup.bytes => None,
            _ => self.memory.get(&slot),
        }
    }

    /// When an entry ends: at its deadline, when the longest life has passed that is allowed now, or when nobody has
    /// asked for it for so long.
    pub(super) fn end(&self, entry: &Entry) -> u64 {
        self.last(entry).min(self.rules.idle().map_or(NEVER, |idle| entry.used + idle))
    }

    /// When it ends however often it is asked for.
    fn last(&self, entry: &Entry) -> u64 {
        entry.end.min(self.rules.ttl().map_or(NEVER, |ttl| entry.created + ttl))
    }

    /// Whether an operation on the cache itself is an error now.
    fn fails(&self, off_too: bool) -> bool {
        self.rules.setup.bytes && self.broken && (off_too || !self.is_off())
    }

    pub(super) fn put(&mut self, n: u64, given: Given) -> bool {
        if self.is_off() {
            // What was there was replaced, though nothing is kept.
            return self.invalidate(n);
        }
        if self.fails(false) {
            return false;
        }
        self.store(self.slot(n), given, self.as_value(given))
    }

    /// P6. Known fault: it reaches the backend of now, and none that the site comes back to.
    pub(super) fn invalidate(&mut self, n: u64) -> bool {
        let slot = self.slot(n);
        self.memory.remove(&slot);
        if self.rules.setup.bytes && !self.broken {
            self.shelf.insert(slot, Written::Tombstone(self.now + TOMBSTONE_LIFE));
        }
        !self.fails(true)
    }

    pub(super) fn clear(&mut self) -> bool {
        self.generation += 1;
        self.memory.clear();
        if self.rules.setup.bytes && !self.broken {
            self.shelf.clear();
        }
        !self.fails(true)
    }

    /// Another configuration, or the site is switched: what is in memory does not come back.
    pub(super) fn settle(&mut self, setup: Setup, disabled: bool) {
        let before = (self.rules.setup.bytes, self.is_off());
        (self.rules.setup, self.disabled) = (setup, disabled);
        if before != (self.rules.setup.bytes, self.is_off()) {
            self.generation += 1;
        }
        self.squeeze();
    }

    pub(super) fn advance(&mut self, by: u64) {
        self.now += by;
        self.resting.clear();
    }
}
