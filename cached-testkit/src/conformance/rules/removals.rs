//! A removal takes one entry, and says whether it was there.
//!
//! In: keys, each on a condition. Out: whether those went that should, and no others.

use cached_core::backend::When;

use crate::conformance::matter::{stamp, value};
use crate::conformance::stage::{Outcome, Stage};

rules! {
    a_removal_says_whether_the_key_was_there: "A removal says yes of a key that was there, and no of one that was not.",
    a_removed_value_is_gone: "What was removed is not read any more.",
    a_removal_takes_nothing_else: "A removal leaves all other keys, however alike.",
    a_stamp_lets_its_value_be_removed: "A removal on a stamp is done where the value begins with it.",
    another_stamp_keeps_its_value: "A removal on a stamp is refused where the value begins with another one, and stays.",
    a_removal_on_absence_removes_nothing: "A removal on absence leaves what is there, and says no.",
    what_was_removed_is_absent: "Whoever writes on absence may write where a value was removed, and no stamp is met there.",
}

fn a_removal_says_whether_the_key_was_there(on: &Stage) -> Outcome {
    on.delete("k", When::Always)?.is(false)?;
    on.put("k", value(1))?;
    on.delete("k", When::Always)?.is(true)?;
    on.delete("k", When::Always)?.is(false)?;
    on.put("empty", [].into())?;
    on.delete("empty", When::Always)?.is(true)
}

fn a_removed_value_is_gone(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    let _ = on.delete("k", When::Always)?;
    on.misses("k")
}

fn a_removal_takes_nothing_else(on: &Stage) -> Outcome {
    let keys = ["a:b", "a:b:", "a:b:c", "a:", "a", "A:b", "a.b", "a_b", "a-b", "b", "aa:b", "a:bb"];
    on.fill(&keys)?;
    let _ = on.delete("a:b", When::Always)?;
    on.keeps(&keys, |key| key != "a:b")
}

fn a_stamp_lets_its_value_be_removed(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    on.delete("k", When::Stamp(stamp(1)))?.is(true)?;
    on.misses("k")
}

fn another_stamp_keeps_its_value(on: &Stage) -> Outcome {
    on.delete("k", When::Stamp(stamp(1)))?.is(false)?;
    on.put("k", value(1))?;
    on.delete("k", When::Stamp(stamp(2)))?.is(false)?;
    on.delete("k", When::Stamp(*b"STAMP-0000000001"))?.is(false)?;
    on.finds("k", value(1))?;
    on.put("k", stamp(1)[..15].into())?;
    on.delete("k", When::Stamp(stamp(1)))?.is(false)
}

fn a_removal_on_absence_removes_nothing(on: &Stage) -> Outcome {
    on.delete("k", When::Absent)?.is(false)?;
    on.put("k", value(1))?;
    on.delete("k", When::Absent)?.is(false)?;
    on.finds("k", value(1))
}

fn what_was_removed_is_absent(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    on.delete("k", When::Always)?.is(true)?;
    on.set("k", value(2), When::Stamp(stamp(1)))?.is(false)?;
    on.set("k", value(3), When::Absent)?.is(true)?;
    on.finds("k", value(3))
}
