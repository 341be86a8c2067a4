//! The only place that reads time.
//!
//! In: nothing. Out: monotonic nanoseconds since the first look, the wall clock for what other
//! processes read, and a wake-up at a moment. Tests move both clocks instead of sleeping.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::sync::{Condvar, Guard, Mutex, wake};

/// A moment that never comes.
pub(crate) const NEVER: u64 = u64::MAX;

/// The first look.
static ORIGIN: OnceLock<u64> = OnceLock::new();
/// What [`now`] adds to real time, modulo 2^64.
static MOVED: AtomicU64 = AtomicU64::new(0);
/// What [`wall`] adds, in milliseconds.
static WALL_MOVED: AtomicU64 = AtomicU64::new(0);
/// What [`now`] says; 0 while time goes on.
static FROZEN_AT: AtomicU64 = AtomicU64::new(0);
/// How many hold time, for whoever changes any of these.
static FROZEN: Mutex<usize> = Mutex::new(0);

/// Nanoseconds of monotonic time since the process first asked. Costs a clock read (about 30 ns).
pub(crate) fn now() -> u64 {
    match FROZEN_AT.load(Ordering::Acquire) {
        0 => MOVED.load(Ordering::Acquire).wrapping_add(real()),
        frozen => frozen,
    }
}

/// Milliseconds since 1970 by the wall clock, for what other processes read.
pub(crate) fn wall() -> u64 {
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    u64::try_from(unix).unwrap_or(u64::MAX).saturating_add(WALL_MOVED.load(Ordering::Acquire))
}

/// The moment `life` after `start`; lifetimes too long to add never end.
pub(crate) fn after(start: u64, life: Duration) -> u64 {
    u64::try_from(life.as_nanos()).map_or(NEVER, |nanos| start.saturating_add(nanos))
}

/// How long ago `moment` was.
pub(crate) fn since(moment: u64) -> Duration {
    Duration::from_nanos(now().saturating_sub(moment))
}

/// How long it is until `moment`.
pub(crate) fn until(moment: u64) -> Duration {
    Duration::from_nanos(moment.saturating_sub(now()))
}

fn real() -> u64 {
    let now = monotonic::now();
    now.saturating_sub(*ORIGIN.get_or_init(|| now))
}

/// Nanoseconds of the system's monotonic clock.
#[cfg(target_os = "linux")]
mod monotonic {
    use rustix::time::{ClockId, clock_gettime};

    /// Without the checks of an `Instant`, which are half of what it costs.
    pub(super) fn now() -> u64 {
        let now = clock_gettime(ClockId::Monotonic);
        now.tv_sec.cast_unsigned().wrapping_mul(1_000_000_000).wrapping_add(now.tv_nsec.cast_unsigned())
    }
}

#[cfg(not(target_os = "linux"))]
mod monotonic {
    use std::sync::LazyLock;
    use std::time::Instant;

    #[expect(clippy::disallowed_methods, reason = "this is the one clock")]
    pub(super) fn now() -> u64 {
        static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
        u64::try_from(ORIGIN.elapsed().as_nanos()).unwrap_or(super::NEVER)
    }
}

/// Moves time forward, for the whole process. Everything that waits for a moment looks again.
pub fn advance(by: Duration) {
    // A hundred years are enough, and leave the sums room.
    let by = by.min(Duration::from_secs(100 * 31_536_000));
    let frozen = FROZEN.lock();
    let moved = if *frozen > 0 { &FROZEN_AT } else { &MOVED };
    moved.fetch_add(u64::try_from(by.as_nanos()).unwrap_or(0), Ordering::AcqRel);
    WALL_MOVED.fetch_add(u64::try_from(by.as_millis()).unwrap_or(0), Ordering::AcqRel);
    drop(frozen);
    let due = take_due(&mut ALARMS.heap.lock());
    ALARMS.changed.notify_all();
    due.into_iter().for_each(wake);
}

/// Stops monotonic time for the whole process, as long as the guard lives or another one: only [`advance`]
/// moves it, and nothing that waits for a moment ends by itself.
#[must_use = "time goes on when this is dropped"]
pub fn freeze() -> Frozen {
    let mut frozen = FROZEN.lock();
    if *frozen == 0 {
        FROZEN_AT.store(now().max(1), Ordering::Release);
    }
    *frozen += 1;
    Frozen(())
}

/// Frozen time; dropped, it goes on from where it stands.
#[derive(Debug)]
pub struct Frozen(());

impl Drop for Frozen {
    fn drop(&mut self) {
        let mut frozen = FROZEN.lock();
        *frozen -= 1;
        if *frozen == 0 {
            MOVED.store(now().wrapping_sub(real()), Ordering::Release);
            FROZEN_AT.store(0, Ordering::Release);
        }
        drop(frozen);
        ALARMS.changed.notify_all();
    }
}

/// Wakers by moment, and the thread that calls them. Started by the first that is set.
struct Alarms {
    heap: Mutex<Heap>,
    changed: Condvar,
}

#[derive(Default)]
struct Heap {
    /// The process whose thread rings; a fork has none. Zero: nobody's.
    rings: u32,
    /// When that thread looks again by itself.
    looks: u64,
    next: u64,
    alarms: BinaryHeap<Reverse<(u64, u64)>>,
    wakers: Option<std::collections::HashMap<u64, Waker>>,
}

static ALARMS: Alarms = Alarms {
    heap: Mutex::new(Heap { rings: 0, looks: NEVER, next: 0, alarms: BinaryHeap::new(), wakers: None }),
    changed: Condvar::new(),
};

/// A wake-up that is set; dropping it takes it back.
pub(crate) struct Alarm {
    id: u64,
    moment: u64,
    waker: Waker,
}

impl Alarm {
    /// Calls `waker` once, at `moment` or soon after. An alarm that says so already stays as it is: a
    /// future polled again and again sets one.
    pub(crate) fn keep(alarm: &mut Option<Alarm>, moment: u64, waker: &Waker) {
        if !alarm.as_ref().is_some_and(|set| set.moment == moment && set.waker.will_wake(waker)) {
            *alarm = Some(Alarm::set(moment, waker));
        }
    }

    fn set(moment: u64, waker: &Waker) -> Self {
        let wakers = [waker.clone(), waker.clone()];
        Self::set_in(ALARMS.heap.lock(), moment, wakers).0
    }

    /// As [`Alarm::keep`] sets one; if nobody has to be waited for, and a thread is there to ring it.
    pub(crate) fn try_set(moment: u64, waker: &Waker) -> Option<Self> {
        let wakers = [waker.clone(), waker.clone()];
        let (alarm, is_rung) = Self::set_in(ALARMS.heap.try_lock()?, moment, wakers);
        is_rung.then_some(alarm)
    }

    /// Of the wakers, which were cloned under no lock, the first stays with the alarm.
    fn set_in(mut heap: Guard<'_, Heap>, moment: u64, [kept, rung]: [Waker; 2]) -> (Self, bool) {
        if heap.rings != 0 && heap.rings != std::process::id() {
            // A parent's: it wakes its own.
            std::mem::forget((std::mem::take(&mut heap.alarms), heap.wakers.take()));
        }
        heap.next += 1;
        let id = heap.next;
        let Heap { alarms, wakers, .. } = &mut *heap;
        let wakers = wakers.get_or_insert_default();
        if alarms.len() > 2 * wakers.len() + 64 {
            // Most were taken back before their moment.
            alarms.retain(|Reverse((_, id))| wakers.contains_key(id));
        }
        alarms.push(Reverse((moment, id)));
        wakers.insert(id, rung);
        let process = std::process::id();
        // For what comes after its next look it need not be woken.
        let is_sooner = moment < heap.looks || heap.rings != process;
        heap.looks = if is_sooner { moment } else { heap.looks };
        if heap.rings != process {
            // Without a thread a wait ends with what is waited for, or with the next alarm for which there is one.
            let is_there = std::thread::Builder::new().name("cached-clock".into()).spawn(ring).is_ok();
            heap.rings = if is_there { process } else { 0 };
        }
        let is_rung = heap.rings != 0;
        drop(heap);
        if is_sooner {
            ALARMS.changed.notify_one();
        }
        (Alarm { id, moment, waker: kept }, is_rung)
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        let waker = ALARMS.heap.lock().wakers.as_mut().and_then(|wakers| wakers.remove(&self.id));
        drop(waker);
    }
}

/// The clock thread: sleeps until the next alarm, wakes what is due, for ever.
fn ring() {
    loop {
        let mut heap = ALARMS.heap.lock();
        let due = take_due(&mut heap);
        if due.is_empty() {
            heap.looks = heap.alarms.peek().map_or(NEVER, |Reverse((moment, _))| *moment);
            let wait = until(heap.looks);
            drop(ALARMS.changed.wait(heap, wait));
        } else {
            drop(heap);
            due.into_iter().for_each(wake);
        }
    }
}

fn take_due(heap: &mut Heap) -> Vec<Waker> {
    let reached = now();
    let mut due = Vec::new();
    while let Some(Reverse((moment, id))) = heap.alarms.peek().copied() {
        let waker = heap.wakers.as_mut().and_then(|wakers| match moment <= reached {
            true => wakers.remove(&id),
            false => wakers.contains_key(&id).then(|| Waker::noop().clone()),
        });
        match waker {
            Some(_) if moment > reached => break,
            Some(waker) => due.push(waker),
            None => {}
        }
        heap.alarms.pop();
    }
    due
}
