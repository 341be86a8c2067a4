//! An entry lives as long as its last write said.
//!
//! In: writes with lives short and long. Out: whether each entry is there for so long, and then for nobody. Where no
//! clock can be moved these rules run all at once in one store, each on keys of its own.

use std::time::Duration;

use cached_core::backend::When;

use crate::conformance::matter::{stamp, value};
use crate::conformance::stage::{Outcome, Stage};

rules! {
    without_a_life_it_stays: "A value that was written for ever is there later.",
    it_lives_its_life_and_no_longer: "A value is there until its life is over, and from that moment on it is not.",
    a_long_life_is_a_life: "Every life from an hour to the longest there is may be written, is there at once, and later.",
    a_life_of_nothing_is_over_at_once: "A value with a life of zero is taken, is never read, and takes the place of the one before.",
    a_life_below_a_millisecond_is_over_soon: "A life that is too short to be counted is not taken for none.",
    a_write_for_ever_ends_a_life: "A write for ever takes the life of the value before away.",
    a_write_with_a_life_begins_one: "A write with a life gives one to a key whose value had none.",
    a_longer_life_takes_over: "A later write with a longer life counts.",
    a_shorter_life_takes_over: "A later write with a shorter life counts.",
    a_write_on_a_stamp_brings_its_life: "A write on a stamp brings its own life, longer or shorter.",
    a_refused_write_on_absence_changes_no_life: "A write on absence that is refused leaves the life of what is there.",
    a_refused_write_on_a_stamp_changes_no_life: "A write on a stamp that is refused leaves the life of what is there.",
    what_has_ended_is_absent: "Whoever writes on absence may write where a value has ended.",
    what_has_ended_has_no_stamp: "A write on the stamp of a value that has ended is refused, and leaves nothing.",
    what_has_ended_was_not_there_to_remove: "A removal of a value that has ended says that nothing was there.",
    each_write_of_a_batch_has_its_own_life: "Of a batch of writes, each lives as long as it says itself.",
    a_read_prolongs_nothing: "A value ends when it should however often it was read.",
    a_removed_life_does_not_come_back: "The life of a value that was removed does not end the next one under its key.",
    a_cleared_life_does_not_come_back: "The life of a value that was cleared does not end the next one under its key.",
    an_ended_life_does_not_come_back: "The life of a value that has ended does not end the next one under its key.",
}

const LONG: Duration = Duration::from_secs(3_600);

fn without_a_life_it_stays(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    on.outlive();
    on.finds("k", value(1))
}

fn it_lives_its_life_and_no_longer(on: &Stage) -> Outcome {
    on.put_for("k", value(1), on.life())?;
    let moved = on.advance_to_the_last_moment();
    let found = on.get("k")?;
    on.in_time()?;
    found.is(Some(value(1)))?;
    if moved {
        on.advance_one_step()
    } else {
        on.outlive()
    }
    on.misses("k")
}

fn a_long_life_is_a_life(on: &Stage) -> Outcome {
    const DAY: u64 = 86_400;
    let lives = [
        LONG,
        Duration::from_secs(30 * DAY),
        Duration::from_secs(30 * DAY + 1),
        Duration::from_secs(68 * 365 * DAY),
        Duration::from_secs(u32::MAX.into()),
        Duration::from_millis(i64::MAX.unsigned_abs()),
        Duration::from_secs(i64::MAX.unsigned_abs()),
        Duration::from_secs(u64::MAX),
        Duration::MAX,
    ];
    let keys: Vec<_> = (0..lives.len()).map(|n| format!("k:{n}")).collect();
    for ((n, key), life) in (0..).zip(&keys).zip(lives) {
        on.put_for(key, value(n), life)?;
        on.finds(key, value(n))?;
    }
    on.outlive();
    on.keeps(&keys, |_| true)
}

fn a_life_of_nothing_is_over_at_once(on: &Stage) -> Outcome {
    on.put_for("k", value(1), Duration::ZERO)?;
    on.misses("k")?;
    on.put("k", value(2))?;
    on.put_for("k", value(3), Duration::ZERO)?;
    on.misses("k")?;
    on.set_for("k", value(4), Duration::ZERO, When::Absent)?.is(true)?;
    on.misses("k")?;
    on.put("k", value(5))?;
    on.set_for("k", value(6), Duration::ZERO, When::Absent)?.is(false)?;
    on.finds("k", value(5))
}

fn a_life_below_a_millisecond_is_over_soon(on: &Stage) -> Outcome {
    let keys = ["1", "1000", "999999", "1000001"];
    let lives = [1, 1_000, 999_999, 1_000_001].map(Duration::from_nanos);
    keys.iter().zip(lives).try_for_each(|(key, life)| on.put_for(key, value(1), life))?;
    on.outlive();
    keys.iter().try_for_each(|key| on.misses(key))
}

fn a_write_for_ever_ends_a_life(on: &Stage) -> Outcome {
    on.put_for("k", value(1), on.life())?;
    on.put("k", value(2))?;
    on.outlive();
    on.finds("k", value(2))
}

fn a_write_with_a_life_begins_one(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    on.put_for("k", value(2), on.life())?;
    on.outlive();
    on.misses("k")
}

fn a_longer_life_takes_over(on: &Stage) -> Outcome {
    on.put_for("k", value(1), on.life())?;
    on.put_for("k", value(2), LONG)?;
    on.outlive();
    on.finds("k", value(2))
}

fn a_shorter_life_takes_over(on: &Stage) -> Outcome {
    on.put_for("k", value(1), LONG)?;
    on.put_for("k", value(2), on.life())?;
    on.outlive();
    on.misses("k")
}

fn a_write_on_a_stamp_brings_its_life(on: &Stage) -> Outcome {
    on.put_for("longer", value(1), on.life())?;
    let longer = on.set_for("longer", value(2), LONG, When::Stamp(stamp(1)))?;
    on.put_for("ever", value(1), on.life())?;
    let ever = on.set("ever", value(2), When::Stamp(stamp(1)))?;
    on.in_time()?;
    longer.is(true)?;
    ever.is(true)?;
    on.put("shorter", value(1))?;
    on.set_for("shorter", value(2), on.life(), When::Stamp(stamp(1)))?.is(true)?;
    on.outlive();
    on.get_many(&["longer", "ever", "shorter"])?.is(vec![Some(value(2)), Some(value(2)), None])
}

fn a_refused_write_on_absence_changes_no_life(on: &Stage) -> Outcome {
    refused(on, When::Absent)
}

fn a_refused_write_on_a_stamp_changes_no_life(on: &Stage) -> Outcome {
    refused(on, When::Stamp(stamp(9)))
}

/// Refused writes, with lives longer and shorter than that of what is there.
fn refused(on: &Stage, when: When) -> Outcome {
    on.put_for("short", value(1), on.life())?;
    on.put_for("brief", value(1), on.life())?;
    let answers = [on.set("short", value(2), when)?, on.set_for("brief", value(2), LONG, when)?];
    on.in_time()?;
    answers.into_iter().try_for_each(|answer| answer.is(false))?;
    on.put("ever", value(1))?;
    on.set_for("ever", value(2), on.life(), when)?.is(false)?;
    on.put_for("long", value(1), LONG)?;
    on.set_for("long", value(2), on.life(), when)?.is(false)?;
    on.outlive();
    on.get_many(&["short", "brief", "ever", "long"])?.is(vec![None, None, Some(value(1)), Some(value(1))])
}

fn what_has_ended_is_absent(on: &Stage) -> Outcome {
    on.put_for("k", value(1), on.life())?;
    on.put_for("unread", value(1), on.life())?;
    on.outlive();
    on.misses("k")?;
    for key in ["k", "unread"] {
        on.set(key, value(2), When::Absent)?.is(true)?;
        on.set(key, value(3), When::Absent)?.is(false)?;
        on.finds(key, value(2))?;
    }
    Ok(())
}

fn what_has_ended_has_no_stamp(on: &Stage) -> Outcome {
    on.put_for("k", value(1), on.life())?;
    on.outlive();
    on.set("k", value(2), When::Stamp(stamp(1)))?.is(false)?;
    on.misses("k")
}

fn what_has_ended_was_not_there_to_remove(on: &Stage) -> Outcome {
    on.put_for("a", value(1), on.life())?;
    on.put_for("b", value(2), on.life())?;
    on.outlive();
    on.delete("a", When::Always)?.is(false)?;
    on.delete("b", When::Stamp(stamp(2)))?.is(false)
}

fn each_write_of_a_batch_has_its_own_life(on: &Stage) -> Outcome {
    let lives = [None, Some(on.life()), Some(LONG), Some(on.life()), None];
    let keys = ["a", "b", "c", "d", "e"];
    let write = |((n, key), life)| on.write(key, value(n), life, When::Always);
    on.set_many((0..).zip(keys).zip(lives).map(write).collect())?.is(vec![true; 5])?;
    on.outlive();
    on.get_many(&keys)?.is([Some(0), None, Some(2), None, Some(4)].map(|n| n.map(value)).to_vec())
}

fn a_read_prolongs_nothing(on: &Stage) -> Outcome {
    let life = 4 * on.life();
    on.put_for("k", value(1), life)?;
    let part = life / 4;
    for _ in 0..3 {
        // Reads of a clock that nobody moves come as they come: each may be one too many, and says nothing.
        if !on.advance(part) {
            std::thread::sleep(part);
        }
        let _ = on.get("k")?;
    }
    on.outlive_all(part);
    on.misses("k")
}

fn a_removed_life_does_not_come_back(on: &Stage) -> Outcome {
    on.put_for("k", value(1), on.life())?;
    let _ = on.delete("k", When::Always)?;
    on.put("k", value(2))?;
    on.outlive();
    on.finds("k", value(2))
}

fn a_cleared_life_does_not_come_back(on: &Stage) -> Outcome {
    on.put_for("shop:k", value(1), on.life())?;
    on.clear("shop:")?;
    on.put("shop:k", value(2))?;
    on.outlive();
    on.finds("shop:k", value(2))
}

fn an_ended_life_does_not_come_back(on: &Stage) -> Outcome {
    on.put_for("k", value(1), on.life())?;
    on.put_for("l", value(1), on.life())?;
    on.outlive();
    on.put("k", value(2))?;
    on.put_for("l", value(2), LONG)?;
    on.outlive();
    on.get_many(&["k", "l"])?.is(vec![Some(value(2)); 2])
}
