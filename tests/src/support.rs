//! What the tests share: configurations one at a time, and scaled counts.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cached_core::Config;

static ALONE: Mutex<()> = Mutex::new(());

/// While it lives, no other test installs a configuration; afterwards the empty one is in force.
pub struct Configured(#[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

impl Drop for Configured {
    fn drop(&mut self) {
        // A second panic would hide the first.
        if !std::thread::panicking() {
            cached_core::sites().iter().for_each(|site| site.validate());
        }
        crate::verified::note();
        crate::verified::config().install().expect("the empty configuration is right");
    }
}

/// Waits for its turn and changes nothing.
pub fn alone() -> Configured {
    let guard = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    crate::origin::begin();
    crate::verified::begin();
    Configured(guard)
}

/// Installs a TOML text; `default` stays memory for the tests that run beside.
pub fn configured(toml: &str) -> Configured {
    let guard = alone();
    let config = Config::from_toml(toml).expect("the test's configuration is TOML");
    crate::verified::over(config).install().expect("the test's configuration is right");
    guard
}

/// A count of the bar, scaled by `R_SCALE` (0.1 unless said otherwise; 1 before a claim).
pub fn scaled(count: usize) -> usize {
    let scale: f64 = std::env::var("R_SCALE").ok().and_then(|scale| scale.parse().ok()).unwrap_or(0.1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a count")]
    let scaled = (count as f64 * scale).ceil() as usize;
    scaled.max(1)
}

/// Waits for what another thread does, and for no time: a thread that never does it is a test that hangs.
pub fn until(so: impl Fn() -> bool) {
    while !so() {
        std::thread::yield_now();
    }
}
