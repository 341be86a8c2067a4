//! A key is all of its characters.
//!
//! In: keys of the whole alphabet and of all lengths. Out: whether each is told from every other.

use crate::conformance::stage::{Outcome, Stage};

rules! {
    what_was_not_written_is_not_there: "A key is not found by what was written to the keys around it.",
    every_character_of_the_alphabet_counts: "Keys that differ in one character, whichever, are two keys.",
    letter_case_counts: "Keys that differ in the case of a letter are two keys.",
    a_key_may_be_one_character: "Each character of the alphabet alone is a key.",
    a_key_of_200_characters_is_whole: "Keys of up to 200 characters are told apart by their last one.",
    keys_may_begin_with_one_another: "A key, and keys that begin with it, are entries of their own.",
    digits_are_text: "Keys that are the same number, written in other ways, are several keys.",
    words_are_only_keys: "Keys that are names or words to a file system, a shell, a language or a database are only keys.",
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:_.-";

/// Writes a value to each key, and reads all.
fn are_told_apart<K: AsRef<str>>(on: &Stage, keys: &[K]) -> Outcome {
    on.fill(keys)?;
    on.keeps(keys, |_| true)
}

fn what_was_not_written_is_not_there(on: &Stage) -> Outcome {
    let keys = ["shop:1", "shop:3", "shop:22", "shop", "a:shop:2"];
    let others = ["shop:2", "shop:", "shop:11", "shop:222", "hop:1", "a:shop", "Shop:1", "shop:1.", "shop.1"];
    others.iter().try_for_each(|key| on.misses(key))?;
    on.fill(&keys)?;
    others.iter().try_for_each(|key| on.misses(key))
}

fn every_character_of_the_alphabet_counts(on: &Stage) -> Outcome {
    let keys: Vec<_> =
        ALPHABET.chars().flat_map(|c| [format!("a{c}b"), format!("cc:{c}"), format!("{c}:dd")]).collect();
    are_told_apart(on, &keys)
}

fn letter_case_counts(on: &Stage) -> Outcome {
    are_told_apart(on, &["key:abc", "KEY:ABC", "Key:Abc", "key:abC", "kEy:abc", "key:ABC"])
}

fn a_key_may_be_one_character(on: &Stage) -> Outcome {
    let keys: Vec<_> = ALPHABET.chars().map(String::from).collect();
    are_told_apart(on, &keys)
}

fn a_key_of_200_characters_is_whole(on: &Stage) -> Outcome {
    let lengths = [32, 63, 64, 65, 100, 127, 128, 129, 143, 150, 190, 199, 200];
    let ends = |length: usize| ["a", "b", "A", "."].map(|end| format!("{}{end}", "k".repeat(length - 1)));
    are_told_apart(on, &lengths.map(ends).concat())?;
    are_told_apart(on, &["K", ":", ".", "_", "-", "z", "0"].map(|one| one.repeat(200)))
}

fn keys_may_begin_with_one_another(on: &Stage) -> Outcome {
    are_told_apart(on, &["a", "a:", "a:b", "a:b:", "a:b:c", "a:b:c:d", "a.", "a.b", "aa", "aaa", "a-", "a_"])
}

fn digits_are_text(on: &Stage) -> Outcome {
    are_told_apart(
        on,
        &["1", "01", "001", "1.0", "1.", "1e0", "-1", "10", "1-0", "9007199254740993", "9007199254740992"],
    )
}

fn words_are_only_keys(on: &Stage) -> Outcome {
    let words = [
        ".",
        "..",
        "...",
        ".tmp",
        ".lock",
        "a.lock",
        "a.tmp",
        "-",
        "--",
        "-rf",
        "con",
        "nul",
        "aux",
        "com1",
        "lpt1.txt",
        "null",
        "NULL",
        "nil",
        "true",
        "false",
        "None",
        "default",
        "SELECT",
        "DROP",
        "entries",
        "key",
        "__proto__",
        "a..b",
        "a.",
        "index.html",
        "CON",
        "a:b.c",
        "C:",
    ];
    are_told_apart(on, &words)
}
