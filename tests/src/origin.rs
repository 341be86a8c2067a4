//! Where the clock of the engine begins.
//!
//! In: an environment variable. Out: time moved as far, before the first test that moves it. The clock counts
//! nanoseconds from the first look at it, so a process can only come to a far moment by going there.

use std::sync::Once;
use std::time::Duration;

use cached_core::testing;

use crate::again::{Apart, again};
use crate::support::scaled;

/// The nanosecond at which tests begin.
const ORIGIN: &str = "R25_ORIGIN";
/// How many seconds the system says that it has been up, at least.
const UPTIME: &str = "R25_UPTIME";

/// Ten years.
const OFFSET: &str = "315360000";

/// Moves time to the origin that the environment says, once in a process.
pub(crate) fn begin() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let origin = std::env::var(ORIGIN).map_or(0, |origin| origin.parse().expect("a number of nanoseconds"));
        go_to(Duration::from_nanos(origin));
    });
}

fn go_to(mut rest: Duration) {
    // One step goes a hundred years at most.
    let step = Duration::from_secs(90 * 365 * 86_400);
    while !rest.is_zero() {
        testing::advance(rest.min(step));
        rest = rest.saturating_sub(step);
    }
}

/// Runs the tests of time again, with other origins of the clock and in another time namespace. Each line of
/// what it gives says what was found.
///
/// # Panics
/// When a test fails there.
pub fn elsewhere(filters: &[&str]) -> Vec<String> {
    let seed = scaled(10_000) as u64 + u64::from(std::process::id());
    let random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1;
    // The tests of time go on for months: of 64 bits they would see the end, which no process does.
    // At zero they begin where they are not moved.
    let origins = [("random", random), ("60 s before 2^63 ns", i64::MAX as u64 - 60_000_000_000)];
    // Each is a run of its own; that of this process is the long one.
    let scale = format!("{}", scaled(1_000_000) as f64 / 1e7);
    let mut found = Vec::new();
    for (name, origin) in origins {
        let origin = origin.to_string();
        let apart = Apart { env: &[(ORIGIN, &origin), ("R_SCALE", &scale)], ..Apart::default() };
        let passed = again(filters, apart).unwrap_or_else(|said| panic!("origin {name} ({origin} ns): {said}"));
        found.push(format!("{passed} tests of time pass with the clock's origin at {name} ({origin} ns)"));
    }
    let unshare = ["unshare", "-T", "--fork", "--monotonic", OFFSET, "--boottime", OFFSET];
    let probe = std::process::Command::new(unshare[0]).args(&unshare[1..]).arg("true").output();
    match probe {
        Ok(probe) if probe.status.success() => {
            let apart = Apart { under: &unshare, env: &[(UPTIME, OFFSET), ("R_SCALE", &scale)] };
            let passed = again(filters, apart).unwrap_or_else(|said| panic!("in a time namespace: {said}"));
            found.push(format!("{passed} tests of time pass in a time namespace that is ten years ahead"));
        }
        Ok(probe) => {
            let said = String::from_utf8_lossy(&probe.stderr);
            found.push(format!("SKIPPED the time namespace: {}", said.trim()));
        }
        Err(error) => found.push(format!("SKIPPED the time namespace: unshare: {error}")),
    }
    found
}

/// Checks that this process is where [`elsewhere`] wanted it to be.
///
/// # Panics
/// When it is not.
pub fn is_there() {
    if let Ok(least) = std::env::var(UPTIME) {
        let said = std::fs::read_to_string("/proc/uptime").expect("it is there under Linux");
        let up = said.split('.').next().and_then(|up| up.parse::<u64>().ok()).expect("seconds");
        assert!(up >= least.parse().expect("seconds"), "the system says that it has been up for {said}");
    }
}
