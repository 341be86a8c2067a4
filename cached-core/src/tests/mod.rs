//! Tests that stand apart from their room.

use std::sync::{Mutex, MutexGuard, PoisonError};

// The models of `tests/loom` take in the room `memory` without its tests.
mod clock;
mod crowd;
mod horizon;
mod memory;
mod model;

/// While it is held, no other test moves time: there is one clock.
fn alone_with_time() -> MutexGuard<'static, ()> {
    static TIME: Mutex<()> = Mutex::new(());
    TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A count of the bar, scaled by `R_SCALE` (0.1 unless said otherwise; 1 before a claim).
fn scaled(count: u32) -> u32 {
    let scale: f64 = std::env::var("R_SCALE").map_or(0.1, |scale| scale.parse().expect("R_SCALE is a number"));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let scaled = (f64::from(count) * scale).ceil() as u32;
    scaled.max(1)
}
