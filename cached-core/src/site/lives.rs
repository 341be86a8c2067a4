//! How long values live, and how long after that they may still be served.
//!
//! In: what the attribute, the overrides and the alias say. Out: the lifetime of each value by its
//! class, and the windows after it.

use std::time::Duration;

use super::route::{Finder, show_time};
use super::{Keep, Policy};
use crate::clock::{self, NEVER};
use crate::error::Error;
use crate::options::{Options, Reader, Setting, lifetime};
use crate::project::Class;
use crate::store::{self, Limits};

/// The lifetimes of one site.
#[derive(Clone, Debug)]
pub(crate) struct Lives {
    /// How long a value lives; none is for ever.
    pub(crate) ttl: Option<Duration>,
    /// The attribute's `ttl` is one for each value, and nothing overrides it.
    by_value: bool,
    /// How long a value lives that nobody asks for; none is for ever.
    pub(crate) idle: Option<Duration>,
    /// The share by which a lifetime may be shortened.
    jitter: f64,
    /// How long after its lifetime a value is served while somebody computes it again.
    pub(crate) stale: Duration,
    /// How long after its lifetime a value is served where computing it fails.
    pub(crate) stale_if_error: Duration,
    errors: Life,
    none: Life,
}

type Read<T> = fn(&Options, &str) -> Result<Option<T>, Error>;

/// How long one sort of value lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    AsValues,
    Never,
    For(Duration),
}

impl Lives {
    /// Of a site that is not cached.
    pub(super) fn none() -> Self {
        let (stale, stale_if_error) = (Duration::ZERO, Duration::ZERO);
        Self {
            ttl: None,
            by_value: false,
            idle: None,
            jitter: 0.0,
            stale,
            stale_if_error,
            errors: Life::Never,
            none: Life::AsValues,
        }
    }

    /// What overrides and attribute say; a `ttl` that they leave open is the alias's, or its kind's.
    pub(super) fn find(
        find: &mut Finder<'_, '_>,
        policy: &Policy,
        alias: impl FnOnce() -> Option<(Duration, String)>,
    ) -> Self {
        let mut time = |read: Read<Duration>, name, attribute: Option<fn() -> Duration>| {
            find.or(read, name, attribute.map(|time| time()), |time| show_time(name, *time))
        };
        let (ttl, idle) = (time(lifetime, "ttl", policy.ttl), time(lifetime, "idle", policy.idle));
        let stale = time(window, "stale", policy.stale).unwrap_or_default();
        let stale_if_error = time(window, "stale_if_error", policy.stale_if_error).unwrap_or_default();
        let by_value = policy.by_value && ttl.is_none();
        let ttl = match ttl {
            None if by_value => {
                find.notes.push("ttl by value (attribute)".into());
                None
            }
            None => alias().map(|(ttl, source)| {
                find.notes.push(format!("{} ({source})", show_time("ttl", ttl)));
                ttl
            }),
            ttl => ttl,
        };
        for (name, time) in [("ttl", ttl), ("idle", idle)] {
            if time == Some(Duration::ZERO) {
                find.faults.push(format!("its `{name}` is zero: an entry would expire before it is read"));
            }
        }
        Self {
            ttl: ttl.filter(|ttl| *ttl < Duration::MAX),
            by_value,
            idle: idle.filter(|idle| *idle < Duration::MAX),
            jitter: find.one(share, "jitter").unwrap_or(policy.jitter),
            stale,
            stale_if_error,
            errors: find.one(life, "errors").unwrap_or(Life::of(policy.errors, Life::Never)),
            none: find.one(life, "none").unwrap_or(Life::of(policy.none, Life::AsValues)),
        }
    }

    /// Whether an entry can end.
    pub(super) fn is_timed(&self) -> bool {
        let short = |life| matches!(life, Life::For(_));
        self.ends() || short(self.errors) || short(self.none)
    }

    /// Whether every value ends some day.
    pub(crate) fn ends(&self) -> bool {
        self.ttl.is_some() || self.idle.is_some() || self.by_value
    }

    /// The longest life of an entry, and the longest time between two hits, in nanoseconds.
    pub(crate) fn longest(&self) -> (u64, u64) {
        let nanos = |time: Option<Duration>| time.map_or(NEVER, |time| clock::after(0, time));
        (nanos(self.ttl), nanos(self.idle))
    }

    /// The life of bytes whose value was computed at `created`, by the wall clock.
    pub(crate) fn of_bytes(&self, created: u64, ttl: Option<Duration>) -> store::Life {
        store::Life { created, ttl, unasked: self.unasked(ttl), window: self.window() }
    }

    /// What bytes that were stored under another policy have to keep to.
    pub(crate) fn limits(&self) -> Limits {
        Limits { life: self.ttl, idle: self.idle }
    }

    /// How long a value lives that nobody asks for, of those that live so long.
    pub(crate) fn unasked(&self, life: Option<Duration>) -> Option<Duration> {
        match (life, self.idle) {
            (Some(life), Some(idle)) => Some(life.min(idle)),
            (life, idle) => life.or(idle),
        }
    }

    /// How long after its lifetime a value may still be of use.
    pub(crate) fn window(&self) -> Duration {
        self.stale.max(self.stale_if_error)
    }

    /// How long a value of a class is kept: `None` not at all, `Some(None)` for ever. `by_value` asks the
    /// value itself; `seed` spreads what jitter shortens.
    pub(crate) fn of(
        &self,
        class: Class,
        by_value: impl FnOnce() -> Option<Duration>,
        seed: u64,
    ) -> Option<Option<Duration>> {
        let life = match class {
            Class::Value => Life::AsValues,
            Class::Error => self.errors,
            Class::None => self.none,
        };
        let life = match life {
            Life::Never => return None,
            Life::AsValues if self.by_value => by_value().filter(|ttl| *ttl < Duration::MAX),
            Life::AsValues => self.ttl,
            Life::For(life) => Some(self.ttl.map_or(life, |ttl| ttl.min(life))),
        };
        match life.map(|life| shortened(life, self.jitter, seed)) {
            Some(Duration::ZERO) => None,
            life => Some(life),
        }
    }
}

impl Life {
    fn of(attribute: Keep, default: Life) -> Life {
        match attribute {
            Keep::Default => default,
            Keep::Never => Life::Never,
            Keep::For(life) => match life() {
                Duration::MAX => Life::AsValues,
                life => Life::For(life),
            },
        }
    }
}

/// A lifetime less up to the share `jitter` of it, evenly spread.
fn shortened(life: Duration, jitter: f64, seed: u64) -> Duration {
    if jitter <= 0.0 {
        return life;
    }
    // As seconds in floating point the longest lives are rounded up, out of what a duration can hold.
    let shorter = life.as_secs_f64() * (1.0 - jitter * drawn(seed));
    Duration::try_from_secs_f64(shorter).map_or(life, |shorter| shorter.min(life))
}

/// A number from 0 to 1, by SplitMix64 (Steele, Lea, Flood 2014): the key and the moment decide.
pub(crate) fn drawn(seed: u64) -> f64 {
    let mut mixed = seed.wrapping_add(clock::now()).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    let share = (mixed >> 11) as f64 / (1_u64 << 53) as f64;
    share
}

/// `jitter`, `verify`: a share, as in `"10%"`.
pub(super) fn share(options: &Options, name: &str) -> Result<Option<f64>, Error> {
    options.get(name, "a share from \"0%\" to \"100%\"", |value| match value {
        Setting::Text(text) => percent(text),
        _ => None,
    })
}

/// `stale`, `stale_if_error`: a duration, `"forever"`, or `"never"`.
fn window(options: &Options, name: &str) -> Result<Option<Duration>, Error> {
    match options.text(name) {
        Ok(Some("never")) => Ok(Some(Duration::ZERO)),
        _ => lifetime(options, name),
    }
}

/// A share as it is written.
pub(crate) fn percent(text: &str) -> Option<f64> {
    let percent: f64 = text.trim().strip_suffix('%')?.trim_end().parse().ok()?;
    (0.0..=100.0).contains(&percent).then_some(percent / 100.0)
}

/// `errors`, `none`: a duration, `"forever"`, or `"never"`.
fn life(options: &Options, name: &str) -> Result<Option<Life>, Error> {
    match options.text(name)? {
        Some("never") => Ok(Some(Life::Never)),
        Some("forever") => Ok(Some(Life::AsValues)),
        _ => Ok(options.duration(name)?.map(Life::For)),
    }
}

/// What is wrong with the lifetimes of an override.
pub(super) fn judge(read: &mut Reader<'_, '_>) {
    for name in ["ttl", "idle"] {
        read.one(lifetime, name);
    }
    for name in ["stale", "stale_if_error"] {
        read.one(window, name);
    }
    for name in ["errors", "none"] {
        read.one(life, name);
    }
    read.one(share, "jitter");
}
