//! What the checks share: a configuration at a time, scaled counts and times, and what a backend says of itself.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cached_core::{BackendReport, Config};
use tokio::runtime::{Builder, Runtime};

/// The alias that every check configures.
pub(crate) const ALIAS: &str = "there";

/// How long a call may be late because the machine does something else.
pub(crate) const SLACK: Duration = Duration::from_millis(20);

static ALONE: Mutex<()> = Mutex::new(());

/// While it lives no other test runs; afterwards the empty configuration is in force.
pub(crate) struct Configured(#[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

impl Drop for Configured {
    fn drop(&mut self) {
        let _ = cached_core::shutdown(Duration::from_secs(5)); // a server that is away loses writes
        Config::new().install().expect("the empty configuration is right");
    }
}

/// Waits for its turn and changes nothing.
pub(crate) fn alone() -> Configured {
    Configured(ALONE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Routes the sites of `pattern` to Redis at `location`, with these options beside.
pub(crate) fn routed(pattern: &str, location: &str, options: &[(&str, &str)]) -> Configured {
    let guard = alone();
    route(pattern, location, options);
    guard
}

/// The same for who is alone already.
pub(crate) fn route(pattern: &str, location: &str, options: &[(&str, &str)]) {
    install(redis(ALIAS, location, options).site(pattern, "backend", ALIAS));
}

/// A Redis at `location` by this name, with these options beside.
pub(crate) fn redis(alias: &str, location: &str, options: &[(&str, &str)]) -> Config {
    let config = Config::new().option(alias, "kind", "redis").option(alias, "location", location);
    options.iter().fold(config, |config, (name, value)| config.option(alias, name, *value))
}

pub(crate) fn install(config: Config) {
    config.strict().install().expect("the test's configuration is right");
}

/// What the backend of the check says of itself.
pub(crate) fn report() -> BackendReport {
    cached_core::backends().into_iter().find(|backend| backend.alias == ALIAS).expect("it is configured")
}

/// One of its counts, by the beginning of its name.
pub(crate) fn count(name: &str) -> u64 {
    let report = report();
    let found = report.operations.iter().find(|(known, _)| known.starts_with(name));
    found.unwrap_or_else(|| panic!("no count {name:?} among {:?}", report.operations)).1
}

pub(crate) fn scale() -> f64 {
    std::env::var("R_SCALE").ok().and_then(|scale| scale.parse().ok()).unwrap_or(0.1)
}

/// A count of the bar, scaled by `R_SCALE` (0.1 unless said otherwise; 1 before a claim).
pub(crate) fn scaled(count: u32) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let scaled = (f64::from(count) * scale()).ceil() as usize;
    scaled.max(1)
}

/// A time of the bar, scaled as well, but never shorter than what the check needs to see anything.
pub(crate) fn span(full: Duration, least: Duration) -> Duration {
    full.mul_f64(scale()).max(least)
}

/// The one place where the checks read the real clock.
#[expect(clippy::disallowed_methods, reason = "the bar is in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// What a call gave, and how long it took.
pub(crate) fn timed<T>(call: impl FnOnce() -> T) -> (T, Duration) {
    let began = now();
    let given = call();
    (given, began.elapsed())
}

/// Waits until something is so, and gives how long that took.
pub(crate) fn until(what: &str, patience: Duration, mut so: impl FnMut() -> bool) -> Duration {
    let began = now();
    while !so() {
        assert!(began.elapsed() < patience, "{what}: not within {patience:?}");
        thread::sleep(Duration::from_millis(2));
    }
    began.elapsed()
}

/// A runtime of two workers, or of the current thread alone.
pub(crate) fn runtime(workers: bool) -> Runtime {
    let mut builder = if workers { Builder::new_multi_thread() } else { Builder::new_current_thread() };
    builder.worker_threads(2).enable_all().build().expect("a runtime")
}

/// The time that so great a share of all does not exceed.
pub(crate) fn percentile(times: &[Duration], share: f64) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index below the length"
    )]
    let at = ((times.len() as f64 * share).ceil() as usize).saturating_sub(1);
    times.get(at).copied().unwrap_or_default()
}

/// A value of a key that no other key has, of so many bytes.
pub(crate) fn value(key: u64, length: usize) -> String {
    let mut text = format!("value {key} ");
    while text.len() < length {
        text.push(char::from(b'a' + u8::try_from((text.len() as u64 + key) % 26).expect("a letter")));
    }
    text
}

/// Xorshift (G. Marsaglia, "Xorshift RNGs", 2003).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }
}
