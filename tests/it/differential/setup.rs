//! What the configuration says of the function, over what its attribute says.
//!
//! In: the numbers of a program. Out: the options of an install, and the rules that are in force under them.

use super::random::Random;
use super::subjects::{MINUTE, Policy};

pub(super) const NEVER: u64 = u64::MAX;
const KIB: u64 = 1 << 10;
/// No program's values weigh as much together.
const PLENTY: u64 = 64 << 20;

/// What is configured; nothing is what the attribute says. Times are milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Setup {
    pub(super) bytes: bool,
    pub(super) off: bool,
    pub(super) ttl: Option<u64>,
    pub(super) idle: Option<u64>,
    pub(super) stale: Option<u64>,
    pub(super) if_error: Option<u64>,
    pub(super) jitter: Option<u64>,
    pub(super) bound: Option<usize>,
    pub(super) max_bytes: Option<u64>,
    pub(super) flight: Option<bool>,
}

impl Setup {
    /// `later`: for what came to be known of after there were programs that are always played.
    pub(super) fn drawn(random: &mut Random, later: &mut Random) -> Self {
        let mut maybe = |percent, values: &[u64]| random.happens(percent).then(|| random.one_of(values));
        let mut since = |percent, values: &[u64]| later.happens(percent).then(|| later.one_of(values));
        Setup {
            bytes: maybe(45, &[0]).is_some(),
            off: maybe(5, &[0]).is_some(),
            ttl: maybe(30, &[MINUTE, 3 * MINUTE, 9 * MINUTE, 100 * MINUTE, NEVER]),
            stale: maybe(25, &[2 * MINUTE, 7 * MINUTE, NEVER]),
            if_error: maybe(25, &[3 * MINUTE, 70 * MINUTE, NEVER]),
            jitter: maybe(15, &[10, 90]),
            bound: maybe(20, &[1, 3, 40, 5_000]).map(|bound| usize::try_from(bound).unwrap()),
            flight: maybe(20, &[0, 1, 1]).map(|flight| flight == 1),
            idle: since(20, &[2 * MINUTE, 5 * MINUTE, 40 * MINUTE, NEVER]),
            max_bytes: since(30, &[3 * KIB, 12 * KIB, 100 * KIB, PLENTY, NEVER]),
        }
    }
}

/// A set-up of a function, and so what is in force.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) setup: Setup,
    pub(super) policy: Policy,
}

impl Rules {
    pub(super) fn flight(&self) -> bool {
        self.setup.flight.unwrap_or(self.policy.flight)
    }

    pub(super) fn ttl(&self) -> Option<u64> {
        let of_kind = (self.setup.bytes && !self.policy.by_value).then_some(5 * MINUTE);
        self.setup.ttl.or(self.policy.ttl).or(of_kind).filter(|ttl| *ttl < NEVER)
    }

    pub(super) fn idle(&self) -> Option<u64> {
        self.setup.idle.or(self.policy.idle).filter(|idle| *idle < NEVER)
    }

    pub(super) fn stale(&self) -> u64 {
        self.setup.stale.unwrap_or(self.policy.stale)
    }

    pub(super) fn if_error(&self) -> u64 {
        self.setup.if_error.unwrap_or(self.policy.if_error)
    }

    /// Whichever window is the longer.
    pub(super) fn window(&self) -> u64 {
        self.stale().max(self.if_error())
    }

    /// Beside an idle time no life is shortened: an entry tells the sooner of its ends, and by how much the other
    /// was shortened would stay unknown.
    pub(super) fn jitter(&self) -> u64 {
        if self.idle().is_some() { 0 } else { self.setup.jitter.unwrap_or(self.policy.jitter) }
    }

    pub(super) fn bound(&self) -> usize {
        self.setup.bound.or(self.policy.bound).unwrap_or(10_000)
    }

    pub(super) fn max_bytes(&self) -> u64 {
        if self.policy.weighs { self.setup.max_bytes.or(self.policy.max_bytes).unwrap_or(NEVER) } else { NEVER }
    }

    /// Whether entries in memory may be evicted.
    pub(super) fn is_scarce(&self) -> bool {
        self.bound() < 1_000 || self.max_bytes() < PLENTY
    }

    /// Whether a value may be refused: the room of a part of the memory is less than one entry, or what went for it
    /// may still be read.
    pub(super) fn is_tight(&self) -> bool {
        self.bound() < 12 || self.max_bytes() < PLENTY
    }

    /// What an override of the site says.
    pub(super) fn options(&self) -> Vec<(&'static str, Option<String>)> {
        let time = |time: u64| if time == NEVER { "forever".to_owned() } else { format!("{time}ms") };
        let size = |size: u64| if size == NEVER { "unbounded".to_owned() } else { format!("{size}B") };
        let entries = |bound: usize| if bound == usize::MAX { "unbounded".to_owned() } else { bound.to_string() };
        let jitter = self.idle().map(|_| 0).or(self.setup.jitter);
        vec![
            ("enabled", self.setup.off.then(|| "false".to_owned())),
            ("ttl", self.setup.ttl.map(time)),
            ("idle", self.setup.idle.map(time)),
            ("stale", self.setup.stale.map(time)),
            ("stale_if_error", self.setup.if_error.map(time)),
            ("jitter", jitter.map(|jitter| format!("{jitter}%"))),
            ("max_entries", self.setup.bound.map(entries)),
            ("max_bytes", self.setup.max_bytes.filter(|_| self.policy.weighs).map(size)),
            ("flight", self.setup.flight.map(|flight| if flight { "process" } else { "off" }.to_owned())),
        ]
    }
}
