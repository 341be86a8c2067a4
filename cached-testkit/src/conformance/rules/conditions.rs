//! A write happens under its condition, or not at all.
//!
//! In: writes on what is there, or is not. Out: whether they were done when they should be, and left everything else.

use cached_core::backend::When;

use crate::conformance::matter::{stamp, stamped, value};
use crate::conformance::stage::{Outcome, Stage, owed};

rules! {
    its_conditions_are_atomic_by_its_own_word: "A backend says that its conditional writes are atomic: no alias takes one that does not.",
    its_word_stands: "What a backend says that it can do is the same whenever it is asked.",
    always_writes_over_what_is_there: "A write in any case is done, whatever is there.",
    absent_writes_where_nothing_is: "A write on absence is done where nothing is.",
    absent_leaves_what_is_there: "A write on absence is refused where a value is, which stays.",
    an_empty_value_is_not_absent: "A value of no bytes is there for who writes on absence.",
    a_stamp_lets_its_value_be_replaced: "A write on a stamp is done where the value begins with it.",
    another_stamp_leaves_what_is_there: "A write on a stamp is refused where the value begins with another one, and stays.",
    a_stamp_needs_a_value: "A write on a stamp is refused where nothing is, and leaves nothing.",
    all_bytes_of_a_stamp_count: "Stamps that differ in one byte, whichever, are two stamps.",
    only_the_stamp_is_compared: "What stands behind the stamp of a value does not matter to a write on it.",
    a_value_shorter_than_a_stamp_has_none: "A write on a stamp is refused where the value is shorter than a stamp, however it begins.",
    a_value_may_be_a_stamp_alone: "A value of 16 bytes is all stamp.",
    stamps_are_bytes: "A stamp of wildcards, zeros or quotes is only met by itself.",
    the_case_of_a_stamp_counts: "Stamps that differ in the case of a letter are two stamps.",
    a_value_may_be_written_again_under_its_stamp: "A write on a stamp may bring other bytes under the same stamp, again and again.",
}

fn its_conditions_are_atomic_by_its_own_word(on: &Stage) -> Outcome {
    owed("capabilities().conditional", true, on.backend.capabilities().conditional)
}

fn its_word_stands(on: &Stage) -> Outcome {
    let first = on.backend.capabilities();
    on.fill(&["k"])?;
    let [first, now] = [first, on.backend.capabilities()].map(|it| format!("{it:?}"));
    owed("capabilities()", first.clone(), now)?;
    let other = on.other().map_or(first.clone(), |other| format!("{:?}", other.backend.capabilities()));
    owed("capabilities() of another handle", first, other)
}

fn always_writes_over_what_is_there(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    on.put("k", value(2))?;
    on.finds("k", value(2))
}

fn absent_writes_where_nothing_is(on: &Stage) -> Outcome {
    on.set("k", value(1), When::Absent)?.is(true)?;
    on.finds("k", value(1))
}

fn absent_leaves_what_is_there(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    on.set("k", value(2), When::Absent)?.is(false)?;
    on.set("k", value(1), When::Absent)?.is(false)?;
    on.finds("k", value(1))
}

fn an_empty_value_is_not_absent(on: &Stage) -> Outcome {
    on.put("k", [].into())?;
    on.set("k", value(1), When::Absent)?.is(false)?;
    on.finds("k", [].into())
}

fn a_stamp_lets_its_value_be_replaced(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    on.set("k", value(2), When::Stamp(stamp(1)))?.is(true)?;
    on.finds("k", value(2))?;
    on.set("k", value(3), When::Stamp(stamp(2)))?.is(true)?;
    on.finds("k", value(3))
}

fn another_stamp_leaves_what_is_there(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    on.put("l", value(2))?;
    on.set("k", value(3), When::Stamp(stamp(2)))?.is(false)?;
    on.set("k", value(2), When::Stamp(stamp(2)))?.is(false)?;
    on.finds("k", value(1))
}

fn a_stamp_needs_a_value(on: &Stage) -> Outcome {
    on.set("k", value(1), When::Stamp(stamp(1)))?.is(false)?;
    on.set("k", value(1), When::Stamp([0; 16]))?.is(false)?;
    on.misses("k")
}

fn all_bytes_of_a_stamp_count(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    (0..16).try_for_each(|byte| {
        let mut other = stamp(1);
        other[byte] ^= 1;
        on.set("k", value(2), When::Stamp(other))?.is(false)
    })?;
    on.finds("k", value(1))
}

fn only_the_stamp_is_compared(on: &Stage) -> Outcome {
    let rests: [&[u8]; 4] = [b" as others left it", b"", b"\0", b" value 1"];
    rests.iter().try_for_each(|rest| {
        on.put("k", stamped(stamp(1), rest))?;
        on.set("k", value(2), When::Stamp(stamp(1)))?.is(true)
    })?;
    on.finds("k", value(2))
}

fn a_value_shorter_than_a_stamp_has_none(on: &Stage) -> Outcome {
    [0, 1, 15].into_iter().try_for_each(|length| {
        on.put("k", vec![0; length].into())?;
        on.set("k", value(1), When::Stamp([0; 16]))?.is(false)?;
        on.finds("k", vec![0; length].into())
    })?;
    on.put("k", stamp(1)[..15].into())?;
    on.set("k", value(2), When::Stamp(stamp(1)))?.is(false)
}

fn a_value_may_be_a_stamp_alone(on: &Stage) -> Outcome {
    on.put("k", stamp(1).into())?;
    on.set("k", stamp(2).into(), When::Stamp(stamp(1)))?.is(true)?;
    on.finds("k", stamp(2).into())
}

fn stamps_are_bytes(on: &Stage) -> Outcome {
    let stamps =
        [*b"%%%%%%%%%%%%%%%%", *b"________________", *b"****************", *b"????????????????", *b"................"];
    let others = [
        [0; 16],
        [0xff; 16],
        *b"''''''''''''''''",
        *b"\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n",
        *b"[a-z]*^stamp-.*$",
        *b"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\",
    ];
    stamps.into_iter().chain(others).try_for_each(|odd| {
        on.put("k", value(1))?;
        on.set("k", value(2), When::Stamp(odd))?.is(false)?;
        on.put("k", stamped(odd, b" value"))?;
        on.set("k", value(2), When::Stamp(stamp(1)))?.is(false)?;
        on.set("k", value(2), When::Stamp(odd))?.is(true)
    })
}

fn the_case_of_a_stamp_counts(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    on.set("k", value(2), When::Stamp(*b"STAMP-0000000001"))?.is(false)?;
    on.finds("k", value(1))
}

fn a_value_may_be_written_again_under_its_stamp(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    (0..5_u8).try_for_each(|n| {
        on.set("k", stamped(stamp(1), &[n]), When::Stamp(stamp(1)))?.is(true)?;
        on.finds("k", stamped(stamp(1), &[n]))
    })
}
