//! How long an entry lives, in the words of the server.
//!
//! In: a time to live. Out: what is said of it: nothing, a number of milliseconds, or that it is over already. The
//! server refuses `PX 0` and numbers that overflow when the time of day is added; neither is ever sent.

use std::time::Duration;

/// From here on a time to live is none: a hundred years.
const ALWAYS: Duration = Duration::from_secs(100 * 31_557_600);

/// The life of an entry from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// It has no end.
    Endless,
    /// It is over before it began: the entry must never be found.
    Over,
    /// So many milliseconds, at least one.
    Millis(u64),
}

impl Life {
    /// The life that `ttl` stands for; parts of a millisecond count as a whole one.
    pub(crate) fn of(ttl: Option<Duration>) -> Self {
        match ttl {
            None => Life::Endless,
            Some(ttl) if ttl > ALWAYS => Life::Endless,
            Some(Duration::ZERO) => Life::Over,
            Some(ttl) => {
                let millis = ttl.as_nanos().div_ceil(1_000_000);
                u64::try_from(millis).map_or(Life::Endless, Life::Millis)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_to_live_has_one_life() {
        let (nano, milli, second) = (Duration::from_nanos(1), Duration::from_millis(1), Duration::from_secs(1));
        for (ttl, life) in [
            (None, Life::Endless),
            (Some(Duration::ZERO), Life::Over),
            (Some(nano), Life::Millis(1)),
            (Some(Duration::from_micros(999)), Life::Millis(1)),
            (Some(milli), Life::Millis(1)),
            (Some(milli + nano), Life::Millis(2)),
            (Some(second), Life::Millis(1_000)),
            (Some(second * 86_400 * 30 + second), Life::Millis(2_592_001_000)),
            (Some(second * u32::MAX), Life::Endless),
            (Some(ALWAYS), Life::Millis(3_155_760_000_000)),
            (Some(ALWAYS + nano), Life::Endless),
            (Some(Duration::from_millis(u64::MAX)), Life::Endless),
            (Some(Duration::MAX), Life::Endless),
        ] {
            assert_eq!(Life::of(ttl), life, "{ttl:?}");
        }
    }
}
