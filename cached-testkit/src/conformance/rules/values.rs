//! Bytes stay as they are.
//!
//! In: values of all lengths and of all bytes. Out: whether the same come back.

use cached_core::backend::{Bytes, When};

use crate::conformance::matter::{noise, stamp, stamped, value};
use crate::conformance::stage::{Outcome, Stage, Stop, owed};

rules! {
    a_value_comes_back: "What was written is read back.",
    an_empty_value_is_a_value: "A value of no bytes is there, and has no bytes.",
    a_value_shorter_than_a_stamp_comes_back: "Values of 1 to 16 bytes are kept like longer ones.",
    every_byte_comes_back: "A value may hold each of the 256 bytes, in any place.",
    the_ends_of_a_value_stay: "Zeros, spaces and line ends at both ends of a value are part of it.",
    protocols_and_formats_are_only_bytes: "A value that looks like part of a protocol or a format is not taken for one.",
    values_around_powers_of_two_come_back: "Values of 255 bytes to 64 KiB and one byte come back whole.",
    a_mebibyte_comes_back: "A value of a mebibyte and more comes back whole, if the limit allows.",
    the_longest_value_comes_back: "A value as long as the backend's own limit comes back whole.",
    a_value_over_the_limit_is_never_cut: "A value over the backend's limit is refused, or comes back whole.",
    each_key_has_its_own_value: "Of many keys, each has the value that was written to it.",
    a_write_replaces_all_bytes: "Of a longer value nothing is left behind a shorter one.",
    the_same_bytes_may_be_written_again: "A write that changes nothing is taken like any other.",
    each_read_sees_the_write_before_it: "Of writes and reads in turn, each read gives what was written last.",
    a_read_uses_nothing_up: "A value is there however often it is read.",
}

fn comes_back(on: &Stage, bytes: impl Into<Bytes>) -> Outcome {
    let bytes = bytes.into();
    on.put("k", Bytes::clone(&bytes))?;
    on.finds("k", bytes)
}

/// Checks those lengths that the backend has room for.
fn lengths_come_back(on: &Stage, lengths: &[usize]) -> Outcome {
    let limit = on.limit();
    let mut fitting = lengths.iter().filter(|length| **length <= limit).peekable();
    if fitting.peek().is_none() {
        return Err(Stop::NotApplicable(format!("the backend's limit is {limit} bytes")));
    }
    fitting.try_for_each(|length| comes_back(on, noise(*length)))
}

fn a_value_comes_back(on: &Stage) -> Outcome {
    comes_back(on, value(1))
}

fn an_empty_value_is_a_value(on: &Stage) -> Outcome {
    comes_back(on, [])
}

fn a_value_shorter_than_a_stamp_comes_back(on: &Stage) -> Outcome {
    (1..=16).try_for_each(|length| comes_back(on, noise(length)))
}

fn every_byte_comes_back(on: &Stage) -> Outcome {
    let all: Vec<u8> = (0..=u8::MAX).collect();
    [0, 1, 100, 255].iter().try_for_each(|turn| comes_back(on, [&all[*turn..], &all[..*turn]].concat()))?;
    b"\0\x01\t\n\r\x1a\x1b \"'0\\\x7f\x80\xc0\xfe\xff".iter().try_for_each(|byte| comes_back(on, [*byte]))
}

fn the_ends_of_a_value_stay(on: &Stage) -> Outcome {
    let ends: [&[u8]; 6] = [b"\0", b" ", b"\n", b"\r\n", b"\t", b"\0\0\0\0"];
    ends.iter().try_for_each(|end| {
        comes_back(on, stamped(stamp(1), end))?;
        comes_back(on, [end, &b"between"[..], end].concat())?;
        comes_back(on, *end)
    })
}

fn protocols_and_formats_are_only_bytes(on: &Stage) -> Outcome {
    let texts: [&[u8]; 14] = [
        b"null",
        b"nil",
        b"0",
        b"-1",
        b"12345678901234567890",
        b"1.50",
        b"{\"a\": 1}",
        b"$-1\r\n",
        b"+OK\r\n$0\r\n\r\n",
        b"END\r\nVALUE k 0 1\r\n",
        b"'); DROP TABLE entries; --",
        b"%s%n{}\\x00\\'\"",
        b"\x1f\x8b\x08\0\0\0\0\0",
        b"\xff\xfe\xc0\x80\xed\xa0\x80",
    ];
    texts.iter().try_for_each(|text| {
        comes_back(on, *text)?;
        comes_back(on, stamped(stamp(1), text))
    })
}

fn values_around_powers_of_two_come_back(on: &Stage) -> Outcome {
    let around = |power: usize| [power - 1, power, power + 1];
    lengths_come_back(on, &[1 << 8, 1 << 12, 1 << 13, 1 << 14, 1 << 15, 1 << 16].map(around).concat())
}

fn a_mebibyte_comes_back(on: &Stage) -> Outcome {
    lengths_come_back(on, &[(1 << 20) - 1, 1 << 20, (1 << 20) + 113])
}

/// The backend's own limit, if values of that length can be made here.
fn own_limit(on: &Stage) -> Outcome<usize> {
    const MOST: usize = 64 << 20;
    match on.backend.capabilities().max_value {
        Some(limit) if limit <= MOST => Ok(limit),
        Some(limit) => Err(Stop::NotApplicable(format!("a limit of {limit} bytes is too far to try"))),
        None => Err(Stop::NotApplicable("the backend has no limit of its own".to_owned())),
    }
}

fn the_longest_value_comes_back(on: &Stage) -> Outcome {
    comes_back(on, noise(own_limit(on)?))
}

fn a_value_over_the_limit_is_never_cut(on: &Stage) -> Outcome {
    let long = noise(own_limit(on)? + 1);
    on.put("k", value(1))?;
    match on.set("k", Bytes::clone(&long), When::Always) {
        // Refused: that nothing of it is there, and nothing that is neither of the two.
        Err(Stop::Fault(_)) => {
            let answer = on.get("k")?;
            if answer.found.is_none() { Ok(()) } else { answer.is(Some(value(1))) }
        }
        stored => {
            stored?.is(true)?;
            on.finds("k", long)
        }
    }
}

fn each_key_has_its_own_value(on: &Stage) -> Outcome {
    let keys: Vec<String> = (0..100).map(|n| format!("k:{n:x}")).collect();
    (0..).zip(&keys).try_for_each(|(n, key)| on.put(key, value(n)))?;
    on.keeps(&keys, |_| true)
}

fn a_write_replaces_all_bytes(on: &Stage) -> Outcome {
    let lengths = [5_000, 100, 20, 4_000, 17, 0, 16];
    lengths.into_iter().try_for_each(|length| comes_back(on, noise(length.min(on.limit()))))
}

fn the_same_bytes_may_be_written_again(on: &Stage) -> Outcome {
    (0..3).try_for_each(|_| comes_back(on, value(1)))
}

fn each_read_sees_the_write_before_it(on: &Stage) -> Outcome {
    (0..50).try_for_each(|n| comes_back(on, value(n)))
}

fn a_read_uses_nothing_up(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    (0..10).try_for_each(|_| on.finds("k", value(1)))?;
    let found = on.get("k")?.found;
    on.put("k", value(2))?;
    owed("a value that was read before it was replaced", Some(value(1)), found)
}
