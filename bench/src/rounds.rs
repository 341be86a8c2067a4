//! Takes the time.
//!
//! In: the subjects of a work. Out: nanoseconds per call of each. The subjects take turns, round
//! by round, so that whatever slows the machine down slows all of them down.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::alloc;
use crate::subjects::{Subject, Work, bodies};
use crate::table::Figures;

/// Calls between two looks at the clock.
const BATCH: u64 = 8_192;

/// How long to measure.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    rounds: usize,
    /// The least time of a subject in one round.
    turn: Duration,
}

impl Effort {
    /// Figures to compare.
    pub(crate) const FULL: Effort = Effort { rounds: 11, turn: Duration::from_millis(20) };
    /// Enough to see that everything runs.
    pub(crate) const QUICK: Effort = Effort { rounds: 3, turn: Duration::from_millis(2) };
}

/// Time and allocations of every subject, on this thread alone.
pub(crate) fn one_thread(work: &Work, effort: Effort) -> Result<Vec<Figures>, String> {
    warm(work);
    let before = bodies();
    let mut turns = vec![Vec::new(); work.subjects.len()];
    for _ in 0..effort.rounds {
        for (subject, turns) in work.subjects.iter().zip(&mut turns) {
            turns.push(turn(subject, effort));
        }
    }
    let allocations: Vec<f64> = work.subjects.iter().map(allocations).collect();
    only_hits(work, before)?;
    Ok(turns.into_iter().zip(allocations).map(|(turns, allocations)| Figures::of(turns, allocations)).collect())
}

/// Time of every subject on one thread, and the calls of two threads together in the time of one call of one.
pub(crate) fn two_threads(work: &Work, effort: Effort) -> Result<Vec<(Figures, f64)>, String> {
    warm(work);
    let before = bodies();
    let mut turns = vec![(Vec::new(), Vec::new()); work.subjects.len()];
    for _ in 0..effort.rounds {
        for (subject, (alone, scaling)) in work.subjects.iter().zip(&mut turns) {
            let one = turn(subject, effort);
            let rate: f64 = together(subject, effort).into_iter().map(f64::recip).sum();
            alone.push(one);
            scaling.push(one * rate);
        }
    }
    only_hits(work, before)?;
    Ok(turns.into_iter().map(|(alone, scaling)| (Figures::of(alone, 0.0), Figures::of(scaling, 0.0).median)).collect())
}

/// Fills what is to be hit, and lets counters and tables of the subjects reach their final form.
pub(crate) fn warm(work: &Work) {
    work.subjects.iter().for_each(|subject| (subject.run)(2 * BATCH));
}

/// A work of hits that ran a body measured something else.
fn only_hits(work: &Work, before: u64) -> Result<(), String> {
    match bodies() - before {
        ran if work.hits && ran > 0 => Err(format!("{}: the body ran {ran} times; these were no hits", work.title)),
        _ => Ok(()),
    }
}

/// Nanoseconds per call.
#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn turn(subject: &Subject, effort: Effort) -> f64 {
    let (start, mut calls) = (Instant::now(), 0);
    loop {
        (subject.run)(BATCH);
        calls += BATCH;
        let took = start.elapsed();
        if took >= effort.turn {
            return took.as_nanos() as f64 / calls as f64;
        }
    }
}

/// Nanoseconds per call of two threads at the same time.
fn together(subject: &Subject, effort: Effort) -> Vec<f64> {
    let barrier = Barrier::new(2);
    let one = || {
        (subject.run)(BATCH);
        barrier.wait();
        turn(subject, effort)
    };
    thread::scope(|scope| {
        let threads = [scope.spawn(one), scope.spawn(one)];
        threads.into_iter().map(|thread| thread.join().expect("a subject does not panic")).collect()
    })
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn allocations(subject: &Subject) -> f64 {
    let before = alloc::made();
    (subject.run)(BATCH);
    (alloc::made() - before) as f64 / BATCH as f64
}
