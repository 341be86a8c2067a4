//! What an envelope tells apart, what of its bytes counts, and that they stay what they are.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{Mark, Opened, digest, open, seal, tombstone};
use crate::Format;

const NOW: u64 = 1_700_000_000_000;
const LIFE: u64 = 300_000;
const STAMP: [u8; 16] = *b"a stamp no other";

/// What the envelopes of these tests are.
fn mark() -> Mark {
    Mark { schema: *b"schema of a site", digest: digest(b"key"), codec: Format::default().id() }
}

fn sealed(payload: &[u8]) -> Vec<u8> {
    seal(&mark(), STAMP, NOW, LIFE, payload).unwrap().to_vec()
}

#[test]
fn an_envelope_is_opened_by_its_mark_and_its_time_only() {
    let envelope = sealed(b"payload");
    let at = |now| open(&envelope, &mark(), now);
    let value = Opened::Value { payload: b"payload", created: NOW, expires: NOW + LIFE, used: NOW };
    assert_eq!(at(NOW), value);
    assert_eq!(at(NOW + LIFE - 1), value);
    assert_eq!(at(NOW + LIFE), value, "whether it has ended is for others to say");
    let slow = Opened::Value { payload: b"payload", created: NOW, expires: NOW + LIFE, used: NOW - 60_000 };
    assert_eq!(at(NOW - 60_000), slow, "a clock a minute slow is nobody's fault");
    assert_eq!(at(NOW - 60_001), Opened::Nothing, "a later one is not trusted");
    let others = [
        Mark { schema: *b"schema of other!", ..mark() },
        Mark { digest: digest(b"other"), ..mark() },
        Mark { codec: *b"json", ..mark() },
    ];
    assert!(others.iter().all(|other| open(&envelope, other, NOW) == Opened::Nothing));
    let buried = tombstone(&mark(), STAMP, NOW);
    assert_eq!(open(&buried, &mark(), NOW), Opened::Tombstone);
    assert_eq!(open(&buried, &others[2], NOW), Opened::Tombstone, "what is invalid is so in every codec");
    assert_eq!(open(&[], &mark(), NOW), Opened::Nothing);
    let for_ever = seal(&mark(), STAMP, NOW, u64::MAX, b"x").unwrap();
    assert!(matches!(open(&for_ever, &mark(), u64::MAX - 1), Opened::Value { expires: u64::MAX, .. }));
}

#[test]
fn an_envelope_that_is_given_again_differs_in_that_only_and_keeps_its_stamp() {
    let envelope = sealed(b"payload");
    let renewed = super::renewed(&envelope, NOW + 7);
    let value = Opened::Value { payload: b"payload", created: NOW, expires: NOW + LIFE, used: NOW + 7 };
    assert_eq!(open(&renewed, &mark(), NOW + 7), value);
    assert_eq!((&renewed[..88], &renewed[96..104]), (&envelope[..88], &envelope[96..104]));
}

#[test]
fn every_byte_of_an_envelope_counts_for_its_checksum() {
    // As long as the sums have cases: they treat what is short in other ways.
    for length in [0, 1, 3, 8, 16, 17, 128, 129, 240, 241, 1_025] {
        let envelope = sealed(&vec![7; length]);
        for place in 0..envelope.len() {
            let mut damaged = envelope.clone();
            damaged[place] ^= 1 << (place % 8);
            assert_eq!(open(&damaged, &mark(), NOW), Opened::Nothing, "byte {place} of {}", envelope.len());
        }
    }
}

/// An envelope, as it was when its format was made.
const SEALED: &str = "61207374616d70206e6f206f746865726363686404010000736368656d61206f6620612073697465ff8e2bab3b26e0c12700\
    2127905539b47eb421de85d554e15f55a446459b52b40068e5cf8b010000e0930400000000000068e5cf8b01000007000000\
    2fcb65e5491b9777c88723e27061796c6f6164";

#[test]
fn the_bytes_of_an_envelope_are_those_that_were_committed() {
    let hex: String = sealed(b"payload").iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, SEALED, "stored entries would not be found any more; if that is meant, raise the format");
}

#[test]
fn a_claimed_length_that_is_not_there_is_nothing_and_costs_nothing() {
    for claimed in [0_u32, 6, 8, 0x7fff_ffff, u32::MAX] {
        let mut bytes = sealed(b"payload");
        bytes[96..100].copy_from_slice(&claimed.to_le_bytes());
        resum(&mut bytes);
        assert_eq!(open(&bytes, &mark(), NOW), Opened::Nothing, "{claimed}");
    }
    let mut longer = sealed(b"payload");
    longer.push(0);
    resum(&mut longer);
    assert_eq!(open(&longer, &mark(), NOW), Opened::Nothing, "a byte too many");
    for (place, value) in [(20, 5), (20, 3), (20, 0), (21, 9), (21, 0), (22, 1), (23, 1), (16, b'x'), (100, 1)] {
        let mut other = sealed(b"payload");
        other[place] = value;
        resum(&mut other);
        assert_eq!(open(&other, &mark(), NOW), Opened::Nothing, "byte {place} = {value}");
    }
}

/// Makes the checksum right again: what follows is not damage but malice.
fn resum(bytes: &mut [u8]) {
    let sum = xxh3_64_with_seed(&bytes[..104], xxh3_64(&bytes[112..]));
    bytes[104..112].copy_from_slice(&sum.to_le_bytes());
}
