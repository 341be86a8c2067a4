//! R26: a wall clock that is stepped, and one that is ahead of another's. The real one is left alone: libfaketime stands
//! between it and a process.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use cached_core::{Config, cached};

use crate::apart::{command, part, play, scaled, skipped};
use crate::scratch;

const LIFE: Duration = Duration::from_millis(500);

/// Monotonic time, which nobody steps.
static ORIGIN: LazyLock<Instant> = LazyLock::new({
    #[expect(clippy::disallowed_methods, reason = "what is checked is an age in real time")]
    Instant::now
});
static RUNS: AtomicU64 = AtomicU64::new(0);

fn now() -> u64 {
    u64::try_from(ORIGIN.elapsed().as_millis()).unwrap()
}

/// When it was computed, and for what.
#[cached(ttl = "500ms", name = "clocks.moment")]
fn moment(n: u64) -> (u64, u64) {
    (now(), n)
}

#[cached(ttl = "1h", name = "clocks.lasting")]
fn lasting(n: u64) -> u64 {
    RUNS.fetch_add(1, Ordering::Relaxed);
    n * n
}

fn runs(numbers: std::ops::Range<u64>) -> u64 {
    let before = RUNS.load(Ordering::Relaxed);
    numbers.for_each(|n| assert_eq!(lasting(n), n * n));
    RUNS.load(Ordering::Relaxed) - before
}

fn install(place: &Path) {
    let directory = place.join("cache");
    let place = directory.to_str().unwrap();
    let text = format!("[backends.default]\nkind = \"file\"\nlocation = {place:?}");
    Config::from_toml(&text).unwrap().install().unwrap();
}

/// The library that stands before the clock; none if it is not installed.
fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|folder| folder.path());
    let folders = folders.chain(["/usr/lib", "/usr/lib64", "/usr/local/lib"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join("faketime/libfaketime.so.1")).find(|library| library.exists());
    if found.is_none() {
        skipped("R26", "libfaketime is not installed: apt-get install faketime");
    }
    found
}

/// Plays a part by a clock that a file moves.
fn play_by(library: &Path, clock: &str, test: &str, part: &str, place: &Path) {
    let file = place.join("clock");
    fs::write(&file, clock).unwrap();
    let mut command = command(&[], test, part, place);
    command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", file);
    command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("TZ", "UTC");
    play(command);
}

#[test]
fn r26_nothing_outlives_its_life_by_a_clock_that_is_stepped() {
    const TEST: &str = "clocks::r26_nothing_outlives_its_life_by_a_clock_that_is_stepped";
    if let Some((_, place)) = part() {
        return step_under_load(&place);
    }
    let Some(library) = library() else { return };
    let scratch = scratch();
    play_by(&library, "+0", TEST, "stepped", scratch.path());
}

fn step_under_load(place: &Path) {
    install(place);
    let (clock, real) = (place.join("clock"), SystemTime::now());
    // Replaced, not changed: a reader of a file that was cut short would see the real time.
    let set = |said: &str| {
        fs::write(place.join("clock.new"), said).unwrap();
        fs::rename(place.join("clock.new"), &clock).unwrap();
    };
    let steps = [("-1h", -3_600), ("+1h", 3_600), ("-10y", -315_360_000), ("@1969-07-20 12:00:00", 0), ("+0", 0)];
    let (done, oldest, calls) = (AtomicBool::new(false), Mutex::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        let _ends = Ends(&done);
        for _ in 0..4 {
            scope.spawn(|| {
                for n in (0..20).cycle().take_while(|_| !done.load(Ordering::Relaxed)) {
                    let asked = now();
                    let (made, of) = moment(n);
                    assert_eq!(of, n);
                    let mut oldest = oldest.lock().unwrap();
                    *oldest = asked.saturating_sub(made).max(*oldest);
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for (said, offset) in steps.iter().cycle().take(scaled(60)) {
            set(said);
            thread::sleep(Duration::from_secs(1));
            let is_set = || {
                let (seen, wanted) = (SystemTime::now(), shifted(real + ORIGIN.elapsed(), *offset));
                let apart = wanted.duration_since(seen).unwrap_or_else(|error| error.duration());
                if said.starts_with('@') { seen < UNIX_EPOCH } else { apart < Duration::from_secs(5) }
            };
            // Asked by several threads at once, the library sometimes tells one of them what another has just read.
            assert!((0..100).any(|_| is_set()), "the clock says {:?} after {said:?}", SystemTime::now());
        }
    });
    let (oldest, stats) = (oldest.into_inner().unwrap(), moment::site().stats());
    println!("R26: {} calls, {} hits, the oldest {oldest} ms of {LIFE:?}", calls.into_inner(), stats.hits);
    assert!(stats.hits > 0 && stats.backend_errors == 0 && stats.errors == 0, "{stats:?}");
    // A clock before 1970 is taken for 1970, and so stands still for the second that it is there.
    assert!(Duration::from_millis(oldest) <= LIFE + Duration::from_millis(1_200), "{oldest} ms");
}

/// However the thread that has it ends, the others do too.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn shifted(time: SystemTime, seconds: i64) -> SystemTime {
    let by = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { time - by } else { time + by }
}

#[test]
fn r26_two_processes_five_minutes_apart_share_what_is_not_of_the_future() {
    const TEST: &str = "clocks::r26_two_processes_five_minutes_apart_share_what_is_not_of_the_future";
    if let Some((part, place)) = part() {
        install(&place);
        match part.as_str() {
            "first" => assert_eq!(runs(0..10), 10),
            "ahead" => assert_eq!((runs(0..10), runs(10..20)), (0, 10), "what is five minutes old is found"),
            _ => assert_eq!((runs(0..10), runs(10..20), runs(0..20)), (0, 10, 0), "what is of the future is not"),
        }
        return;
    }
    let Some(library) = library() else { return };
    let scratch = scratch();
    for (clock, part) in [("+0", "first"), ("+5m", "ahead"), ("+0", "behind")] {
        play_by(&library, clock, TEST, part, scratch.path());
    }
    println!("R26: two processes 5 min apart: what is older is found, what is of the future is not");
}
