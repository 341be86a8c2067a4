//! R16: callers who give up before the body ends.
//!
//! In: a caller every 20 ms, who waits 50 ms for a body of 200 ms. Out: none of them hangs, each is counted as cancelled,
//! and whoever waits long enough has the value, which is there from then on. A body runs in a caller; one that should end
//! whoever gives up has to be a task (`detach` is not ours), and the pages that speak of cancellation say so.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use cached_core::cached;
use tokio::time::{sleep, timeout};

use cached_tests::crowd::{at_rest, figures, now, routed, runtime};
use cached_tests::support::scaled;

const HERE: &str = "reliability::cancelled::*";
const BODY: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_millis(50);
const EVERY: Duration = Duration::from_millis(20);
/// After the patient caller came: the leader before it gives up, its own body, and what the bar of R15 adds.
const BAR: Duration = Duration::from_millis(50 + 200 + 100);

static ROUND: AtomicU64 = AtomicU64::new(0);

#[cached]
async fn slow(round: u64) -> u64 {
    sleep(BODY).await;
    round * 3
}

/// Callers come one after another; gives how many gave up, and how many had the value.
async fn come(key: u64, callers: usize) -> (usize, usize) {
    let mut all = Vec::new();
    for _ in 0..callers {
        all.push(tokio::spawn(timeout(PATIENCE, slow(key))));
        sleep(EVERY).await;
    }
    let (mut gave_up, mut served) = (0, 0);
    for caller in all {
        match caller.await.expect("no caller panics") {
            Ok(value) => {
                assert_eq!(value, key * 3);
                served += 1;
            }
            Err(_) => gave_up += 1,
        }
    }
    (gave_up, served)
}

fn storm_on(kind: &str) {
    let _routed = routed(kind, HERE, "10s");
    let (runtime, site) = (runtime(true), slow::site());
    let (rounds, mut waits) = (scaled(5), Vec::new());
    for _ in 0..rounds {
        let key = ROUND.fetch_add(1, SeqCst);
        let before = site.stats();
        // Two seconds of callers who all give up: nobody's body ends, so nothing is there.
        let (gave_up, served) = runtime.block_on(come(key, 100));
        assert_eq!((gave_up, served), (100, 0));
        let stats = site.stats();
        assert_eq!(stats.cancelled - before.cancelled, 100, "each of them is counted: {stats:?}");
        assert_eq!(stats.runs, before.runs, "no body came to its end");
        assert_eq!(site.flights(), 0, "nobody waits for a leader that has gone");
        // The same, and one among them who waits.
        let (wait, (gave_up, served)) = runtime.block_on(async {
            let impatient = tokio::spawn(come(key, 40));
            sleep(EVERY * 5).await;
            let began = now();
            assert_eq!(timeout(Duration::from_secs(5), slow(key)).await.expect("the cache does not hang"), key * 3);
            (began.elapsed(), impatient.await.expect("no caller panics"))
        });
        assert!(gave_up > 0 && served > 0, "{gave_up} gave up before the value was there, {served} had it after");
        let stats = site.stats();
        assert_eq!(stats.cancelled - before.cancelled, 100 + gave_up as u64);
        assert_eq!(stats.runs - before.runs, 1, "one body came to its end");
        waits.push(wait);
    }
    let (least, median, most) = figures(waits);
    println!(
        "R16 {kind}: {rounds} rounds of 100 callers who give up: all counted, none hangs; one among them who waits \
         has the value after {median:.0?} (median), at most {most:.0?}"
    );
    assert!(least <= BAR, "{least:?}; the bar is {BAR:?}");
    at_rest(site);
}

#[test]
fn r16_callers_who_give_up_are_counted_and_who_waits_long_enough_has_the_value_in_memory() {
    storm_on("memory");
}

#[test]
fn r16_callers_who_give_up_are_counted_and_who_waits_long_enough_has_the_value_on_files() {
    storm_on("file");
}
