//! R52: bytes that anybody may have written cost neither a panic nor memory.
//!
//! In: strings out of which no care was taken that they mean anything: at random, out of the words of each codec, and
//! edited values. Out: to the envelope they are nothing; each codec reads them into twelve types as a value or not at
//! all, and the heap grows by no more than four times their length and 64 KiB.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use cached_codec::Format;
use cached_core::{Config, cached};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use cached_tests::codecs::CODECS;
use cached_tests::crowd::now;
use cached_tests::dice::Dice;
use cached_tests::forger::{Forger, resealed};
use cached_tests::support::scaled;

use crate::{LIVE, PEAK};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    One(u32),
    Two(u32, i64),
    Named { a: String, b: Option<Box<Shape>> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    name: String,
    marks: Vec<u32>,
    note: Option<String>,
    ratio: f64,
}

/// A list within a list within a list.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Deep(Vec<Deep>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Chain {
    End,
    Link(Box<Chain>),
}

/// Reads bytes in both ways in which values are; gives whether that gave a value.
type Reads = fn(Format, &[u8]) -> bool;

fn reads<V: Serialize + DeserializeOwned>(format: Format, bytes: &[u8]) -> bool {
    format.read::<V>(bytes).is_ok() | format.read_proven::<V>(bytes).is_ok()
}

fn written<V: Serialize>(format: Format, value: &V) -> [Vec<u8>; 2] {
    [format.write(value), format.write_proven(value)].map(|written| written.expect("every codec carries it"))
}

fn record() -> Record {
    Record { name: "name".into(), marks: vec![1, 300, 70_000], note: None, ratio: 0.1 }
}

/// A type, and what a value of it is written as.
type Row = (Reads, [Vec<u8>; 2]);

fn row<V: Serialize + DeserializeOwned>(format: Format, value: &V) -> Row {
    (reads::<V>, written(format, value))
}

/// The twelve types.
fn types(format: Format) -> Vec<Row> {
    let texts = || (0_u64..9).map(|n| (n, "x".repeat(usize::try_from(n).expect("small"))));
    let shape = Shape::Named { a: "a".into(), b: Some(Box::new(Shape::Two(1, -2))) };
    let text: Box<str> = "".into();
    vec![
        row(format, &vec![0, 1, u64::MAX]),
        row(format, &vec![vec![vec![1_u8, 2]], vec![], vec![vec![]]]),
        row(format, &"stürmisch".to_owned()),
        row(format, &text),
        row(format, &texts().collect::<BTreeMap<_, _>>()),
        row(format, &HashMap::from([("a".to_owned(), 1), ("b".to_owned(), -1)])),
        row(format, &shape),
        row(format, &Some(vec![None, Some(7_u32)])),
        row(format, &deep(20)),
        row(format, &chain(20)),
        row(format, &record()),
        row(format, &(1_u8, 0.5, 'é', true, [-1_i16; 4], 7_u128)),
    ]
}

fn deep(levels: usize) -> Deep {
    (1..levels).fold(Deep(Vec::new()), |deep, _| Deep(vec![deep]))
}

fn chain(levels: usize) -> Chain {
    (1..levels).fold(Chain::End, |chain, _| Chain::Link(Box::new(chain)))
}

/// Up to 4 KiB that look like something.
fn bytes(dice: &mut Dice, written: &[u8]) -> Vec<u8> {
    let bound = [16, 256, 4_096][dice.below(3) as usize];
    let length = usize::try_from(dice.below(bound)).expect("short");
    let one_of = |dice: &mut Dice, words: &[&[u8]]| -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < length {
            bytes.extend_from_slice(words[usize::try_from(dice.below(words.len() as u64)).expect("short")]);
        }
        bytes
    };
    match dice.below(5) {
        0 => (0..length).map(|_| dice.below(256) as u8).collect(),
        // Claims of lengths, and little behind them.
        1 => one_of(
            dice,
            &[
                b"\xdd\xff\xff\xff\xff",
                b"\xdc\x0f\xff",
                b"\xdf\0\0\xff\xff",
                b"\xc6\xff\0\0\0",
                b"\x91",
                b"\x81",
                b"\xa1a",
                b"\x01",
                b"\xc0",
            ],
        ),
        2 => one_of(dice, &[b"[", b"]", b"{", b"}", b"\"a\":", b",", b"1", b"-1e9", b"null", b"\"\\u00e9\"", b"true"]),
        3 => one_of(dice, &[b"\xff\xff\xff\xff\x0f", b"\x80\x80\x04", b"\x01", b"\x00", b"\x03abc", b"\x02"]),
        _ => {
            let mut bytes = written.to_vec();
            for _ in 0..=dice.below(8) {
                let at = usize::try_from(dice.below(bytes.len().max(1) as u64)).expect("short");
                match dice.below(4) {
                    0 => bytes.insert(at, dice.below(256) as u8),
                    1 if !bytes.is_empty() => drop(bytes.remove(at)),
                    2 => bytes.truncate(at),
                    _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << dice.below(8)),
                }
            }
            bytes
        }
    }
}

#[cached(name = "heap.record", ttl = "1h")]
fn stored(n: u64) -> Record {
    let _ = n;
    record()
}

/// What reading cost: the most memory beyond what is allowed for each length, and the longest time.
#[derive(Default)]
struct Cost {
    over: isize,
    most: usize,
    longest: Duration,
    values: usize,
}

impl Cost {
    fn of(&mut self, length: usize, read: impl FnOnce() -> bool) {
        let (before, began) = (LIVE.load(Relaxed), now());
        PEAK.store(before, Relaxed);
        self.values += usize::from(read());
        let grown = PEAK.load(Relaxed) - before;
        self.longest = self.longest.max(began.elapsed());
        self.most = self.most.max(grown);
        self.over = self.over.max(grown.cast_signed() - (4 * length + (64 << 10)).cast_signed());
    }
}

/// Says what is wrong.
pub(crate) fn decode() -> Result<(), String> {
    let forger = Arc::new(Forger::default());
    let config = Config::new().backend("forger", Arc::clone(&forger) as _).site("heap.record", "backend", "forger");
    config.install().map_err(|error| error.to_string())?;
    stored(1);
    let envelope = forger.take_last().expect("it was written").1;
    let formats = CODECS.map(|name| Format::named(name).expect("there is such a codec"));
    let types = formats.map(types);
    let (mut dice, mut cost, strings) = (Dice::new(52), Cost::default(), scaled(1_000_000));
    let mut foreign = 0;
    for string in 0..strings {
        for (format, types) in formats.iter().zip(&types) {
            let (reads, written) = &types[string % types.len()];
            let near = &written[dice.below(2) as usize];
            let bytes = bytes(&mut dice, near);
            cost.of(bytes.len(), || reads(*format, &bytes));
            if format.name() != "msgpack" {
                continue;
            }
            // As they are, and as the payload of an envelope that is right in everything else.
            for forged in [bytes.clone(), resealed(&envelope, &bytes)] {
                forger.forge(Some(forged.as_slice().into()));
                cost.of(forged.len(), || match stored::entry(&1).peek().expect("the forger never fails") {
                    Some(value) if value == record() => true,
                    Some(value) => panic!("{value:?} was never written"),
                    None => false,
                });
                foreign += 1;
            }
        }
    }
    for format in formats {
        for levels in [129, 200, 900] {
            // The end of a chain is no level.
            let [deep, chain] = [written(format, &deep(levels)), written(format, &chain(levels + 1))];
            if reads::<Deep>(format, &deep[0]) || reads::<Chain>(format, &chain[0]) {
                return Err(format!("{} reads {levels} levels", format.name()));
            }
        }
    }
    println!(
        "R52: {strings} strings into 12 types by {} codecs, {foreign} of them into the envelope: {} were values; at most {} \
         bytes of heap and {:.1?} for one; 0 panics; nesting beyond 128 refused",
        formats.len(),
        cost.values,
        cost.most,
        cost.longest
    );
    if cost.over > 0 { Err(format!("{} bytes more than four times the input and 64 KiB", cost.over)) } else { Ok(()) }
}
