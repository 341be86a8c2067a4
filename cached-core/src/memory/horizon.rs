//! Which moments are so far off that no clock has to be read.
//!
//! In: when an entry ends. Out: whether it certainly lives, by one load. Whoever had to read a clock says how far that moment
//! was off, and an alarm takes the word back soon after: so nothing runs where nobody asks, and a late alarm gives nothing
//! that has ended, unless it is late by more than a second.
//!
//! The word lies in memory that a forked process finds empty, since no alarm of its parent's rings there. Where there is
//! no such memory (Linux has it), a clock is read for each entry that can end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::task::{Wake, Waker};

use super::pages;
use crate::clock::{self, Alarm, NEVER};
use crate::sync::{Mutex, global};

/// So far off an end has to be, in nanoseconds.
const MARGIN: u64 = 2_000_000_000;
/// So long the word stands. By the rest of the margin an alarm may be late.
const TURN: u64 = 500_000_000;
/// Lives below this end before they are far off for long.
pub(crate) const SHORT: u64 = 2 * MARGIN;
/// A tick has 2^24 nanoseconds (17 ms), so that two years of them can be told apart.
const TICK: u32 = 24;

/// In the lower half, ticks from what is far off now to the last that can be told apart; 0 while nobody knows. In the upper
/// half, how often that was taken back.
#[derive(Clone, Copy)]
pub(crate) struct Horizon(&'static AtomicU64);

/// Where the kernel gave no memory for it.
static UNKNOWN: AtomicU64 = AtomicU64::new(0);
static KNOWN: OnceLock<Option<&'static AtomicU64>> = OnceLock::new();

// What takes the word back.
global! {
    static ALARM: Mutex<Option<Alarm>> = Mutex::new(None);
}

impl Horizon {
    pub(crate) fn new() -> Self {
        Horizon(KNOWN.get_or_init(pages::of_this_process).unwrap_or(&UNKNOWN))
    }

    /// What an entry says of its end: ticks from it to the last; of one that never ends 0, and of any other more.
    pub(crate) fn end(deadline: u64) -> u32 {
        if deadline == NEVER { 0 } else { ticks_after(deadline).max(1) }
    }

    /// Whether what says so certainly lives.
    #[inline]
    pub(crate) fn is_before(self, end: u32) -> bool {
        ticks(self.0.load(Ordering::Relaxed)) >= end
    }

    /// Says what is far off. `end` is a moment for which a clock was read, and gave `now`.
    pub(crate) fn renew(self, now: u64, end: u64) {
        let unknown = self.0.load(Ordering::Relaxed);
        if end.saturating_sub(now) > MARGIN && ticks(unknown) == 0 {
            look_ahead(unknown);
        }
    }
}

#[cold]
fn look_ahead(unknown: u64) {
    let Some(Some(known)) = KNOWN.get() else { return };
    // Nobody waits here: whoever does not get on reads the clock the next time too.
    let Some(mut alarm) = ALARM.try_lock() else { return };
    // Somebody else has said it meanwhile, and his alarm has to ring.
    if known.load(Ordering::Relaxed) != unknown {
        return;
    }
    let back = clock::now().saturating_add(TURN);
    let Some(set) = Alarm::try_set(back, &Waker::from(Arc::clone(&BACK))) else { return };
    let _old = alarm.replace(set);
    // Read once more, since the alarm is set: time may have been moved, and the alarms that were due been rung.
    let now = clock::now();
    if now < back {
        // The last tick that has begun may have hardly begun. Nothing changes if the alarm has rung meanwhile.
        let far = ticks_after(now.saturating_add(MARGIN)).saturating_sub(1);
        let _ = known.compare_exchange(unknown, unknown | u64::from(far), Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// The ticks in a word.
#[inline]
fn ticks(word: u64) -> u32 {
    word as u32
}

/// Whole ticks from the one that a moment is in to the last.
fn ticks_after(moment: u64) -> u32 {
    u32::MAX - u32::try_from(moment >> TICK).unwrap_or(u32::MAX)
}

/// Takes the word back.
struct Back;

static BACK: LazyLock<Arc<Back>> = LazyLock::new(|| Arc::new(Back));

impl Wake for Back {
    fn wake(self: Arc<Self>) {
        let take_back = |word: u64| Some(((word >> 32) + 1) << 32);
        if let Some(Some(known)) = KNOWN.get() {
            let _ = known.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take_back);
        }
    }
}
