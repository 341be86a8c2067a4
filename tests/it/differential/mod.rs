//! Programs at random, against a model of what a cached function may do.
//!
//! A program calls one function a hundred times or so, while time passes, the world changes, and the cache
//! is invalidated, switched, routed and broken under it. After each step what was seen is compared with
//! all that is allowed. `R_SEED=n` plays one program again, and shows its steps; `R_SCALE=1` plays 500.
//!
//! Where the cache is known to do less than it promises, the model says so ("Known fault") and follows it: whoever
//! heals one takes its lines out of the model.

mod engine;
mod model;
mod program;
mod random;
mod setup;
mod subjects;

use engine::Mutant;
use program::Promise;

use cached_tests::support::scaled;

/// Programs that once failed, and are always played. A seed stands for the same program as long as nobody
/// touches the table of functions, the set-ups and the weights of the steps.
const CORPUS: &[u64] = &[
    0,  // the reason of a miss while the backend fails, where memory holds something of another route
    80, // an `Err` that is kept for ever is counted as a miss
];

fn is_replay() -> bool {
    std::env::var_os("R_SEED").is_some()
}

fn seeds() -> Vec<u64> {
    let drawn = 0..scaled(500).max(50) as u64;
    CORPUS.iter().copied().chain(drawn.filter(|seed| !CORPUS.contains(seed))).collect()
}

#[test]
fn programs_at_random_do_only_what_the_promises_allow() {
    let replayed = std::env::var("R_SEED").map(|seed| vec![seed.parse().expect("R_SEED is a number")]);
    let (seeds, began) = (replayed.unwrap_or_else(|_| seeds()), cached_tests::crowd::now());
    let mut steps = 0;
    let mut failed = Vec::new();
    for seed in &seeds {
        match program::play(*seed, None) {
            Ok(taken) => steps += taken,
            Err(breach) => failed.push(breach.what),
        }
    }
    println!("differential: {} programs, {steps} steps, {:?}", seeds.len(), began.elapsed());
    let (count, first) = (failed.len(), failed.first());
    assert!(first.is_none(), "{count} programs failed; the first: {}", first.unwrap());
}

/// Plays the same programs with something broken, until one of them notices.
fn is_caught(mutant: Mutant, by: &[Promise]) {
    let seeds = seeds();
    for (number, seed) in seeds.iter().enumerate() {
        if let Err(breach) = program::play(*seed, Some(mutant)) {
            let first = breach.what.lines().next().unwrap_or_default();
            println!("differential: {mutant:?} is caught by program {}: {first}", number + 1);
            assert!(by.contains(&breach.promise), "{mutant:?} is caught as what it is not: {}", breach.what);
            return;
        }
    }
    panic!("{mutant:?} is not caught by {} programs", seeds.len());
}

macro_rules! mutants {
    ($($sentence:ident $mutant:ident [$($by:ident),*];)*) => {
        $(#[test]
        fn $sentence() {
            is_caught(Mutant::$mutant, &[$(Promise::$by),*]);
        })*
    };
}

mutants! {
    p1_an_engine_that_gives_another_keys_value_is_caught GivesAnothersValue [Value];
    p1_a_backend_that_swaps_values_is_caught SwapsValues [Value, Outcome, Time];
    p2_an_engine_that_computes_twice_is_caught ComputesTwice [Counts];
    p5_an_engine_that_fails_with_its_backend_is_caught FailsWithItsBackend [Value];
    p5_an_engine_that_hides_faults_is_caught HidesFaults [Faults];
    p6_an_engine_that_gives_what_was_before_is_caught GivesWhatWasBefore [Value];
    p6_an_engine_that_skips_invalidations_is_caught SkipsInvalidations [Value, Outcome, Bound];
    p6_an_engine_that_skips_clears_is_caught SkipsClears [Value, Outcome, Bound];
    p6_a_backend_that_drops_tombstones_is_caught DropsTombstones [Value, Outcome];
    p6_a_backend_that_replays_old_values_is_caught ReplaysOldValues [Value, Outcome, Time];
    p7_an_engine_that_ignores_the_clock_is_caught IgnoresTheClock [Value, Outcome, Time];
    p7_a_backend_that_keeps_for_ever_is_caught KeepsForEver [Value, Outcome];
    p7_an_engine_that_keeps_what_nobody_asks_for_is_caught ForgetsToIdle [Value, Outcome, Time];
    p7_an_engine_that_renews_nothing_at_a_hit_is_caught RenewsNothing [Value, Outcome, Time];
    p8_an_engine_that_never_evicts_is_caught NeverEvicts [Bound];
    p8_an_engine_that_does_not_weigh_is_caught WeighsNothing [Bound, Counts, Faults];
    p9_a_backend_that_flips_bits_is_caught FlipsBits [Value, Outcome, Time];
    p9_a_backend_that_loses_writes_is_caught LosesWrites [Value, Outcome, Time];
    p10_an_engine_that_counts_a_call_twice_is_caught CountsTwice [Counts];
    p10_an_engine_that_loses_a_count_is_caught LosesACount [Counts];
}
