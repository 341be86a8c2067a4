//! `clear` removes every key that begins so, and nothing else.
//!
//! In: prefixes that are like other keys. Out: whether exactly those are gone.

use cached_core::backend::When;

use crate::conformance::matter::{stamp, value};
use crate::conformance::stage::{Outcome, Stage};

rules! {
    clear_removes_what_begins_so: "After a clear no key is there that begins with the prefix.",
    clear_leaves_what_begins_otherwise: "A clear leaves keys that begin with a part of the prefix, or with its neighbours in order.",
    clear_leaves_what_holds_the_prefix_elsewhere: "A clear leaves keys that hold the prefix, but do not begin with it.",
    clear_heeds_case: "A clear leaves keys that begin with the prefix in another case.",
    clear_takes_punctuation_as_it_is: "In a prefix `.`, `_`, `-` and `:` stand for themselves.",
    clear_needs_no_separator: "A prefix may end within a word.",
    clear_removes_the_key_that_is_the_prefix: "A key that is the prefix and no more begins with it.",
    clear_of_nothing_is_no_error: "A clear that finds nothing is done.",
    clear_of_the_empty_prefix_removes_all: "Every key begins with the empty prefix: all go, or it is refused and none does.",
    clear_reaches_more_than_a_thousand: "A clear removes every key however many there are, and leaves all others.",
    clear_takes_a_prefix_of_200_characters: "A prefix may be as long as a key.",
    what_was_cleared_is_absent: "Where a clear removed a value, whoever writes on absence may write, no stamp is met, and what is written stays.",
}

/// Fills keys, clears a prefix, and looks which are left.
fn clears(on: &Stage, prefix: &str, keys: &[&str]) -> Outcome {
    on.fill(keys)?;
    on.clear(prefix)?;
    on.keeps(keys, |key| !key.starts_with(prefix))
}

fn clear_removes_what_begins_so(on: &Stage) -> Outcome {
    let keys = ["shop:a", "shop:", "shop:a:b", "shop:-", "shop:Z"];
    on.fill(&keys)?;
    on.clear("shop:")?;
    keys.iter().try_for_each(|key| on.misses(key))
}

fn clear_leaves_what_begins_otherwise(on: &Stage) -> Outcome {
    clears(
        on,
        "shop:",
        &["shop", "sho", "s", "shoo:a", "shoq:a", "shop9", "shopA", "shop-a", "shop.a", "shop_", "shop:a", "t", "r"],
    )?;
    clears(on, "az", &["ay", "az", "az-", "azz", "b", "b-", "a", "ayz", "aZ", "b:az"])
}

fn clear_leaves_what_holds_the_prefix_elsewhere(on: &Stage) -> Outcome {
    clears(on, "shop:", &["a:shop:", "a:shop:b", "ashop:", "-shop:a", "shopshop:", "shop:shop:"])
}

fn clear_heeds_case(on: &Stage) -> Outcome {
    clears(on, "Shop:", &["shop:a", "Shop:a", "SHOP:a", "sHOP:a", "Shop:A"])
}

fn clear_takes_punctuation_as_it_is(on: &Stage) -> Outcome {
    clears(on, "a.b", &["a.b", "a.bc", "axb", "a_b", "a-b", "a:b", "ab", "aab"])?;
    clears(on, "a_b", &["a.b", "axb", "a_b", "a_bc", "a-b", "a:b", "a__b"])?;
    clears(on, "a-c", &["a", "b", "c", "abc", "a-c", "a-cd", "a-b", "a_c"])?;
    clears(on, "..", &["a..", "..", "...", ".a", "a.b", "ab"])?;
    clears(on, "__", &["ab", "abc", "__", "__a", "_a", "a_"])
}

fn clear_needs_no_separator(on: &Stage) -> Outcome {
    clears(on, "sho", &["shop:a", "shop", "sho", "shore:1", "sh", "sho:"])
}

fn clear_removes_the_key_that_is_the_prefix(on: &Stage) -> Outcome {
    on.fill(&["shop", "shop:"])?;
    on.clear("shop:")?;
    on.misses("shop:")?;
    on.clear("shop")?;
    on.misses("shop")
}

fn clear_of_nothing_is_no_error(on: &Stage) -> Outcome {
    on.clear("shop:")?;
    on.fill(&["k"])?;
    on.clear("shop:")?;
    on.clear("shop:")?;
    on.finds("k", value(0))
}

fn clear_of_the_empty_prefix_removes_all(on: &Stage) -> Outcome {
    let keys = ["a", "Z:b", "_", ".", "-c", ":", "9"];
    on.fill(&keys)?;
    // Others may share the server.
    if on.clear("").is_err() {
        return on.keeps(&keys, |_| true);
    }
    keys.iter().try_for_each(|key| on.misses(key))
}

fn clear_reaches_more_than_a_thousand(on: &Stage) -> Outcome {
    let of = |prefix: &str, many| (0..many).map(|n| format!("{prefix}:{n}")).collect::<Vec<_>>();
    let (gone, left) = (of("gone", 1_100), of("left", 50));
    on.fill(&gone)?;
    on.fill(&left)?;
    on.clear("gone:")?;
    on.get_many(&gone)?.is(vec![None; gone.len()])?;
    on.get_many(&left)?.is((0..).take(left.len()).map(|n| Some(value(n))).collect())
}

fn clear_takes_a_prefix_of_200_characters(on: &Stage) -> Outcome {
    let (long, other) = ("k".repeat(200), format!("{}l", "k".repeat(199)));
    clears(on, &long, &[&long, &other, &long[1..]])?;
    clears(on, &long[1..], &[&long, &other, &long[1..], &long[2..]])
}

fn what_was_cleared_is_absent(on: &Stage) -> Outcome {
    on.fill(&["a:1", "a:2", "a:3"])?;
    on.clear("a:")?;
    on.set("a:1", value(9), When::Stamp(stamp(0)))?.is(false)?;
    on.set("a:2", value(9), When::Absent)?.is(true)?;
    on.put("a:3", value(9))?;
    on.delete("a:1", When::Always)?.is(false)?;
    on.get_many(&["a:1", "a:2", "a:3"])?.is(vec![None, Some(value(9)), Some(value(9))])
}
