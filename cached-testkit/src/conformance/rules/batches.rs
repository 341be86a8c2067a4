//! A batch is its operations, one after the other.
//!
//! In: many keys at once. Out: whether there is an answer for each, in order, and whether each was done.

use cached_core::backend::When;

use crate::conformance::matter::{noise, stamp, value};
use crate::conformance::stage::{Outcome, Stage};

rules! {
    reads_answer_in_the_order_asked: "Of a batch of keys, each answer stands where its key stood, found or not.",
    a_key_asked_for_twice_is_answered_twice: "A key that stands twice in a batch of reads has two answers.",
    writes_answer_in_their_order: "Of a batch of writes, those whose condition is met are done, and said to be, each in its place.",
    writes_of_one_key_follow_one_another: "A write sees what the writes before it in the batch did to the same key.",
    removals_answer_in_their_order: "Of a batch of removals, each says in its place whether the key was there.",
    a_key_removed_twice_was_there_once: "A key that stands twice in a batch of removals was there the first time only.",
    an_empty_batch_is_no_error: "A batch of nothing is answered with nothing.",
    a_thousand_writes_are_all_kept: "A batch of a thousand writes is kept whole, and read back by one batch.",
    a_thousand_removals_all_happen: "A batch of a thousand removals removes every key.",
    a_batch_of_megabytes_is_kept: "A batch of large values is kept whole, and read back by one batch.",
}

fn reads_answer_in_the_order_asked(on: &Stage) -> Outcome {
    on.fill(&["a", "b", "c", "d", "e"])?;
    let found = on.get_many(&["d", "no", "a", "e", "none", "c", "b", "nothing"])?;
    found.is([Some(3), None, Some(0), Some(4), None, Some(2), Some(1), None].map(|n| n.map(value)).to_vec())
}

fn a_key_asked_for_twice_is_answered_twice(on: &Stage) -> Outcome {
    on.fill(&["a", "b"])?;
    let found = on.get_many(&["b", "a", "b", "no", "no", "b"])?;
    found.is([Some(1), Some(0), Some(1), None, None, Some(1)].map(|n| n.map(value)).to_vec())
}

fn writes_answer_in_their_order(on: &Stage) -> Outcome {
    on.fill(&["a", "b", "c"])?;
    let write = |key, n, when| on.write(key, value(n), None, when);
    let stored = on.set_many(vec![
        write("c", 12, When::Absent),
        write("new", 13, When::Absent),
        write("a", 14, When::Stamp(stamp(0))),
        write("b", 15, When::Stamp(stamp(9))),
        write("b2", 16, When::Stamp(stamp(1))),
        write("last", 17, When::Always),
    ])?;
    stored.is(vec![false, true, true, false, false, true])?;
    let found = on.get_many(&["a", "b", "c", "new", "b2", "last"])?;
    found.is([Some(14), Some(1), Some(2), Some(13), None, Some(17)].map(|n| n.map(value)).to_vec())
}

fn writes_of_one_key_follow_one_another(on: &Stage) -> Outcome {
    let write = |n, when| on.write("k", value(n), None, when);
    let stored = on.set_many(vec![
        write(1, When::Always),
        write(2, When::Absent),
        write(3, When::Stamp(stamp(1))),
        write(4, When::Stamp(stamp(1))),
        write(5, When::Stamp(stamp(3))),
    ])?;
    stored.is(vec![true, false, true, false, true])?;
    on.finds("k", value(5))?;
    on.set_many((6..9).map(|n| write(n, When::Always)).collect())?.is(vec![true; 3])?;
    on.finds("k", value(8))
}

fn removals_answer_in_their_order(on: &Stage) -> Outcome {
    let keys = ["a", "b", "c", "d", "e"];
    on.fill(&keys)?;
    let removed = on.delete_many(&[
        ("no", When::Always),
        ("d", When::Always),
        ("a", When::Stamp(stamp(1))),
        ("b", When::Stamp(stamp(1))),
        ("none", When::Always),
        ("c", When::Always),
    ])?;
    removed.is(vec![false, true, false, true, false, true])?;
    on.keeps(&keys, |key| key == "a" || key == "e")
}

fn a_key_removed_twice_was_there_once(on: &Stage) -> Outcome {
    on.fill(&["a", "b"])?;
    let removed = on.delete_many(&["a", "b", "a", "a"].map(|key| (key, When::Always)))?;
    removed.is(vec![true, true, false, false])
}

fn an_empty_batch_is_no_error(on: &Stage) -> Outcome {
    on.fill(&["k"])?;
    on.get_many::<&str>(&[])?.is(Vec::new())?;
    on.set_many(Vec::new())?.is(Vec::new())?;
    on.delete_many::<&str>(&[])?.is(Vec::new())?;
    on.finds("k", value(0))
}

fn thousand() -> Vec<String> {
    (0..1_000).map(|n| format!("k:{n}")).collect()
}

fn a_thousand_writes_are_all_kept(on: &Stage) -> Outcome {
    let keys = thousand();
    on.fill(&keys)?;
    on.get_many(&keys)?.is((0..).take(keys.len()).map(|n| Some(value(n))).collect())
}

fn a_thousand_removals_all_happen(on: &Stage) -> Outcome {
    let keys = thousand();
    on.fill(&keys)?;
    let all: Vec<_> = keys.iter().map(|key| (key, When::Always)).collect();
    on.delete_many(&all)?.is(vec![true; keys.len()])?;
    on.get_many(&keys)?.is(vec![None; keys.len()])
}

fn a_batch_of_megabytes_is_kept(on: &Stage) -> Outcome {
    let values: Vec<_> = (0..64).map(|n| noise((65_000 + n).min(on.limit()))).collect();
    let keys: Vec<_> = (0..values.len()).map(|n| format!("k:{n}")).collect();
    let write = |(key, bytes): (&String, &_)| on.write(key, std::sync::Arc::clone(bytes), None, When::Always);
    on.set_many(keys.iter().zip(&values).map(write).collect())?.is(vec![true; keys.len()])?;
    on.get_many(&keys)?.is(values.into_iter().map(Some).collect())
}
