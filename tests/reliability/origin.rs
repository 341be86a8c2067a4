//! R25: time does not mind where its clock began.

use std::time::Duration;

use cached_core::{cached, testing};

use cached_tests::again::{Apart, again};
use cached_tests::origin::{elsewhere, is_there};
use cached_tests::support::alone;

#[test]
fn r25_the_tests_of_time_pass_wherever_the_clock_begins() {
    for line in elsewhere(&["r23_", "r24_", "r28_", "r29_", "r25_this_process"]) {
        println!("R25 {line}");
    }
}

#[test]
fn r25_this_process_is_where_it_was_started() {
    is_there();
}

const SECOND: Duration = Duration::from_secs(1);
/// The name under which the next test runs itself, in the last minute of the clock.
const THERE: &str = "R25_LAST_MINUTE";

#[cached(ttl = "10s")]
fn short(n: u64) -> u64 {
    n
}

#[cached(ttl = "10s", stale_if_error = "5s", errors = "never", jitter = "1%")]
fn windowed(n: u64) -> Result<u64, String> {
    if n == 0 { Err("as the test asked".into()) } else { Ok(n) }
}

#[cached(ttl = "100d", stale = "1000d", stale_if_error = "forever", jitter = "50%")]
fn long(n: u64) -> Result<u64, String> {
    Ok(n)
}

/// The clock ends after 584 years. Lives that reach beyond its end are for ever, and nothing overflows.
#[test]
fn r25_lifetimes_hold_in_the_last_minute_of_the_clock() {
    const NAME: &str = "r25_lifetimes_hold_in_the_last_minute_of_the_clock";
    if std::env::var_os(THERE).is_none() {
        let origin = (u64::MAX - 60_000_000_000).to_string();
        let env = [("R25_ORIGIN", &*origin), (THERE, "1")];
        let ran = again(&[NAME], Apart { env: &env, ..Apart::default() });
        println!("R25 {} test passes 60 s before 2^64 ns", ran.unwrap_or_else(|said| panic!("{said}")));
        return;
    }
    let (_alone, _frozen) = (alone(), testing::freeze());
    let sites = [short::site(), windowed::site(), long::site()];
    let call = |n| assert_eq!((short(n), windowed(n), long(n)), (n, Ok(n), Ok(n)));
    let runs = || sites.map(|site| site.stats().runs);
    call(1);
    call(1);
    assert_eq!(runs(), [1; 3], "all are hit");
    testing::advance(9 * SECOND);
    call(1);
    assert_eq!(runs(), [1; 3], "and live as long as they say");
    testing::advance(SECOND);
    call(1);
    assert_eq!(runs(), [2, 2, 1], "and no longer");
    testing::advance(45 * SECOND);
    call(1);
    assert_eq!(runs(), [3, 3, 1], "what would end after the clock is there still");
    call(2);
    call(2);
    assert_eq!(runs(), [4, 4, 2], "five seconds before the end lives of ten are for ever");
    testing::advance(4 * SECOND);
    call(2);
    assert_eq!(runs(), [4, 4, 2]);
}
