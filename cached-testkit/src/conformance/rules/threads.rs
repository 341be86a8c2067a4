//! Many threads at once are as some that take turns.
//!
//! In: eight threads that begin together. Out: whether each condition was met for one of them, and nothing was lost.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use cached_core::backend::{Bytes, When};

use crate::conformance::matter::{stamp, stamped, value};
use crate::conformance::stage::{Outcome, Stage, THREADS, owed};

rules! {
    of_eight_one_finds_it_absent: "Of threads that write on absence at once, exactly one may.",
    of_eight_one_replaces_it: "Of threads that write on the same stamp at once, exactly one may.",
    of_eight_one_removes_it: "Of threads that remove a key at once, exactly one is told that it was there.",
    of_a_write_and_a_removal_one_is_done: "Of writes and removals on the same stamp at once, exactly one is done, and leaves what it says.",
    eight_that_count_lose_nothing: "Threads that each read a number and write the next on its stamp count exactly.",
    what_is_read_was_written: "Whoever reads while others write finds one of their values, whole.",
    what_is_replaced_is_never_missing: "Whoever reads while a value is replaced finds the old one or the new one.",
    keys_of_threads_do_not_meet: "Threads on keys of their own read what they wrote, in batches too.",
    batches_in_opposite_orders_end: "Batches of the same keys in opposite orders do not wait for each other for ever.",
    a_clear_beside_writers_takes_only_its_own: "A clear takes nothing that others write under another prefix meanwhile.",
    who_finds_something_ended_removes_nothing_fresh: "Whoever meets a value that has ended never takes the next one away.",
}

/// How often each race is run.
const ROUNDS: usize = 25;
/// How often each thread counts.
pub(super) const EACH: usize = 15;

/// Says in how many of the races there was exactly one winner.
fn one_wins(on: &Stage, act: impl Fn(usize, &str, u64) -> Outcome<bool> + Sync) -> Outcome {
    (0..ROUNDS).try_for_each(|round| {
        let key = format!("k:{round}");
        // Each begins together: threads that go on by themselves would meet ever more seldom.
        let won = on.race(|thread| act(thread, &key, thread as u64 + 100))?;
        let winners = won.iter().filter(|won| **won).count();
        owed(&format!("{THREADS} threads that want {key:?} at once: how many were told yes"), 1, winners)
    })
}

/// Values 0, 1, 2 … under the keys of the races.
fn fill(on: &Stage) -> Outcome {
    on.fill(&(0..ROUNDS).map(|n| format!("k:{n}")).collect::<Vec<_>>())
}

fn number(key: &str) -> u64 {
    key[2..].parse().unwrap_or_default()
}

fn of_eight_one_finds_it_absent(on: &Stage) -> Outcome {
    let write = |_, key: &str, n| on.set(key, value(n), When::Absent).map(|answer| answer.found);
    one_wins(on, write)
}

fn of_eight_one_replaces_it(on: &Stage) -> Outcome {
    fill(on)?;
    one_wins(on, |_, key, n| Ok(on.set(key, value(n), When::Stamp(stamp(number(key))))?.found))
}

fn of_eight_one_removes_it(on: &Stage) -> Outcome {
    fill(on)?;
    one_wins(on, |_, key, _| Ok(on.delete(key, When::Always)?.found))
}

fn of_a_write_and_a_removal_one_is_done(on: &Stage) -> Outcome {
    fill(on)?;
    let key_of = |round: usize| format!("k:{round}");
    let wins = on.race(|thread| {
        let act = |round| {
            let (key, when) = (key_of(round), When::Stamp(stamp(round as u64)));
            let removes = (thread + round) % 2 == 0;
            let answer = if removes { on.delete(&key, when)? } else { on.set(&key, value(thread as u64 + 100), when)? };
            Ok(answer.found.then_some(removes))
        };
        (0..ROUNDS).map(act).collect::<Outcome<Vec<_>>>()
    })?;
    (0..ROUNDS).try_for_each(|round| {
        let winners: Vec<_> = wins.iter().enumerate().filter_map(|(thread, won)| Some((thread, won[round]?))).collect();
        let asked = format!("writes and removals of {:?} on one stamp at once: how many were told yes", key_of(round));
        owed(&asked, 1, winners.len())?;
        let left = winners.first().filter(|(_, removes)| !removes).map(|(thread, _)| value(*thread as u64 + 100));
        on.get(&key_of(round))?.is(left)
    })
}

fn eight_that_count_lose_nothing(on: &Stage) -> Outcome {
    on.put("n", stamped(stamp(0), b"0"))?;
    let stamps = AtomicU64::new(1);
    on.race(|_| (0..EACH).try_for_each(|_| count(on, &stamps)))?;
    let found = on.get("n")?;
    owed("a number that threads counted up", THREADS * EACH, read(found.found.as_ref()))
}

/// Reads a number and writes the next on its stamp, until that is done: each time that it is not, another's was.
pub(super) fn count(on: &Stage, stamps: &AtomicU64) -> Outcome {
    for _ in 0..THREADS * EACH {
        let found = on.get("n")?.found;
        let Some(known) = found.as_ref().and_then(|bytes| bytes.first_chunk::<16>().copied()) else {
            return owed("get \"n\" while it is counted up: is a number there", true, false);
        };
        thread::yield_now(); // others come in between, where anything lets them
        let fresh = stamp(stamps.fetch_add(1, Ordering::Relaxed));
        let next = stamped(fresh, (read(found.as_ref()) + 1).to_string().as_bytes());
        if on.set("n", next, When::Stamp(known))?.found {
            return Ok(());
        }
    }
    owed("writes of the next number on the stamp of the one that was read: is one of them done", true, false)
}

pub(super) fn read(bytes: Option<&Bytes>) -> usize {
    bytes.and_then(|bytes| std::str::from_utf8(bytes.get(16..)?).ok()?.parse().ok()).unwrap_or_default()
}

fn what_is_read_was_written(on: &Stage) -> Outcome {
    // One byte over and over, and so many that they may be written in parts.
    let uniform = |thread: usize, round: usize| -> Bytes {
        let letter = b'a' + u8::try_from((thread * 3 + round) % 26).unwrap_or_default();
        vec![letter; (20_000 + 7_000 * thread).min(on.limit())].into()
    };
    on.put("k", uniform(0, 0))?;
    let write = |thread| (0..ROUNDS).try_for_each(|round| on.put("k", uniform(thread, round)));
    let read = || {
        let Some(found) = on.get("k")?.found else { return Ok(()) };
        let is_whole = (0..2).any(|thread| uniform(thread, 0).len() == found.len());
        let whole: Bytes = vec![found.first().copied().unwrap_or_default(); found.len()].into();
        owed("get \"k\" while others write it: is it as long as one of their values", true, is_whole)?;
        owed("get \"k\" while others write it", Some(whole), Some(found))
    };
    on.beside(|| write(0), |thread, round| if thread == 1 && round == 0 { write(1) } else { read() })
}

fn what_is_replaced_is_never_missing(on: &Stage) -> Outcome {
    on.put("k", value(0))?;
    on.beside(
        || (0..4 * ROUNDS).try_for_each(|round| on.put("k", value(round as u64))),
        |_, _| {
            let found = on.get("k")?.found;
            owed("get \"k\" while others replace it: is anything there", true, found.is_some())
        },
    )
}

fn keys_of_threads_do_not_meet(on: &Stage) -> Outcome {
    on.race(|thread| {
        let own = |round: usize| (1000 * thread + round) as u64;
        (0..ROUNDS).try_for_each(|round| {
            let key = format!("k:{thread}:{round}");
            on.put(&key, value(own(round)))?;
            on.finds(&key, value(own(round)))
        })?;
        let keys: Vec<_> = (0..ROUNDS).map(|round| format!("k:{thread}:{round}")).collect();
        on.get_many(&keys)?.is((0..ROUNDS).map(|round| Some(value(own(round)))).collect())?;
        on.delete_many(&keys.iter().map(|key| (key, When::Always)).collect::<Vec<_>>())?.is(vec![true; ROUNDS])
    })?;
    Ok(())
}

fn batches_in_opposite_orders_end(on: &Stage) -> Outcome {
    let keys: Vec<_> = (0..16).map(|n| format!("k:{n}")).collect();
    let backwards: Vec<_> = keys.iter().rev().cloned().collect();
    on.race(|thread| {
        let keys = if thread % 2 == 0 { &keys } else { &backwards };
        (0..ROUNDS / 2).try_for_each(|round| match (thread + round) % 4 {
            0 | 1 => on.fill(keys),
            2 => on.get_many(keys).map(drop),
            _ => on.delete_many(&keys.iter().map(|key| (key, When::Always)).collect::<Vec<_>>()).map(drop),
        })
    })?;
    Ok(())
}

fn a_clear_beside_writers_takes_only_its_own(on: &Stage) -> Outcome {
    let key = |kind: &str, thread, round| format!("{kind}:{thread}:{}", round % ROUNDS);
    on.beside(
        || (0..ROUNDS).try_for_each(|_| on.clear("gone:")),
        |thread, round| {
            on.put(&key("gone", thread, round), value(0))?;
            on.put(&key("left", thread, round), value(round as u64))?;
            // And what was written some rounds before.
            let before = round.saturating_sub(3);
            (before..=round).try_for_each(|round| on.finds(&key("left", thread, round), value(round as u64)))
        },
    )?;
    on.clear("gone:")?;
    let gone: Vec<_> = (0..ROUNDS).map(|round| key("gone", 1, round)).collect();
    on.get_many(&gone)?.is(vec![None; gone.len()])
}

fn who_finds_something_ended_removes_nothing_fresh(on: &Stage) -> Outcome {
    // So long that others meet what has ended, and do what they do about it.
    const MOMENT: Duration = Duration::from_micros(300);
    let one = || {
        (0..ROUNDS as u64).try_for_each(|round| {
            on.put_for("k", value(0), Duration::ZERO)?;
            thread::sleep(MOMENT / 3);
            on.set("k", value(round), When::Absent)?.is(true)?;
            on.finds("k", value(round))?;
            thread::sleep(MOMENT);
            on.finds("k", value(round))
        })
    };
    on.beside(one, |_, _| on.get("k").map(drop))
}
