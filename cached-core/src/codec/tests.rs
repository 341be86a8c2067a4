//! What the bytes are: the encoder tells everything apart, decoding takes nothing for granted, and
//! neither changes without a new format.

use std::collections::{BTreeMap, HashMap};

use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

use super::Probe;
use crate::key::{Bits, Float, FloatBits, Part};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    Other,
    One(u32),
    Two(u32, u32),
    Named { a: u32 },
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Named {
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b: Option<u8>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Wrapped(String);

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Nothing;

/// Bytes as serde's own type for them, not as a sequence.
struct Raw(&'static [u8]);

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

fn bytes<T: Serialize>(value: T) -> Vec<u8> {
    cached_codec::key(&value).expect("it has a canonical form")
}

fn owned<T: Bits>(float: T) -> FloatBits<T> {
    Float(float).own()
}

/// Values of many types, each different from all others of its line.
fn lines() -> Vec<Vec<Vec<u8>>> {
    [texts_and_lists(), numbers(), fields()].concat()
}

fn texts_and_lists() -> Vec<Vec<Vec<u8>>> {
    let none = None::<u8>;
    vec![
        vec![
            bytes(("ab", "c")),
            bytes(("a", "bc")),
            bytes(("abc", "")),
            bytes(("", "abc")),
            bytes("abc"),
            bytes(("abc",)),
        ],
        vec![bytes("a:b"), bytes("a,b"), bytes("a\0b"), bytes("a\0"), bytes("a"), bytes(""), bytes("\0"), bytes("A")],
        vec![bytes(none), bytes(Some(0_u8)), bytes(Some(none)), bytes(Some(Some(0_u8))), bytes(()), bytes(Some(()))],
        vec![
            bytes(Vec::<u8>::new()),
            bytes(vec![Vec::<u8>::new()]),
            bytes(vec![Vec::<u8>::new(); 2]),
            bytes(vec![0_u8]),
            bytes(vec![0_u8, 0]),
        ],
        vec![
            bytes((vec![1_u8], vec![2_u8])),
            bytes((vec![1_u8, 2], Vec::<u8>::new())),
            bytes((Vec::<u8>::new(), vec![1_u8, 2])),
        ],
        vec![
            bytes(vec![vec![1_u8], vec![2]]),
            bytes(vec![vec![1_u8, 2]]),
            bytes(vec![1_u8, 2]),
            bytes(vec![vec![vec![1_u8, 2]]]),
        ],
    ]
}

fn numbers() -> Vec<Vec<Vec<u8>>> {
    vec![
        vec![
            bytes(1_i8),
            bytes(1_u8),
            bytes(1_i16),
            bytes(1_u16),
            bytes(1_i32),
            bytes(1_u32),
            bytes(1_i64),
            bytes(1_u64),
            bytes(1_i128),
            bytes(1_u128),
            bytes(true),
            bytes('\u{1}'),
        ],
        vec![bytes(-1_i8), bytes(255_u8), bytes(-1_i64), bytes(u64::MAX), bytes(i64::MAX), bytes(i64::MIN)],
        vec![
            bytes(0.0_f64),
            bytes(-0.0_f64),
            bytes(0.0_f32),
            bytes(-0.0_f32),
            bytes(f64::NAN),
            bytes(f64::from_bits(0x7ff8_0000_0000_0001)),
            bytes(1.0_f64),
        ],
        vec![
            bytes(owned(0.0_f64)),
            bytes(owned(-0.0_f64)),
            bytes(owned(f64::NAN)),
            bytes(owned(-f64::NAN)),
            bytes(owned(0.0_f32)),
            bytes(owned(f32::NAN)),
        ],
    ]
}

fn fields() -> Vec<Vec<Vec<u8>>> {
    let map = |pairs: &[(&str, u8)]| -> BTreeMap<String, u8> { pairs.iter().map(|(k, v)| ((*k).into(), *v)).collect() };
    vec![
        vec![
            bytes(Shape::Unit),
            bytes(Shape::Other),
            bytes(Shape::One(1)),
            bytes(Shape::Two(1, 1)),
            bytes(Shape::Two(1, 2)),
            bytes(Shape::Named { a: 1 }),
            bytes(Shape::Text("1".into())),
            bytes(1_u32),
        ],
        vec![
            bytes(map(&[])),
            bytes(map(&[("a", 1)])),
            bytes(map(&[("a", 2)])),
            bytes(map(&[("a", 1), ("b", 1)])),
            bytes(map(&[("b", 1)])),
        ],
        vec![
            bytes(Named { a: Some(1), b: None }),
            bytes(Named { a: None, b: Some(1) }),
            bytes(Named { a: Some(1), b: Some(1) }),
            bytes(Named { a: None, b: None }),
        ],
        vec![bytes("abc"), bytes(Raw(b"abc")), bytes(b"abc".to_vec()), bytes(['a', 'b', 'c']), bytes(("a", "b", "c"))],
    ]
}

#[test]
fn values_that_differ_have_bytes_that_differ() {
    for (number, line) in lines().into_iter().enumerate() {
        for (i, one) in line.iter().enumerate() {
            for (j, other) in line.iter().enumerate().skip(i + 1) {
                assert_ne!(one, other, "values {i} and {j} of line {number}");
            }
        }
    }
}

#[test]
fn no_bytes_are_the_beginning_of_others_so_that_neighbours_cannot_run_together() {
    let all: Vec<_> = lines().concat();
    for one in &all {
        let longer = all.iter().filter(|other| other.len() > one.len() && other.starts_with(one)).count();
        assert_eq!(longer, 0, "{one:?}");
    }
}

#[test]
fn values_that_are_equal_have_equal_bytes_in_whatever_form_they_come() {
    assert_eq!(bytes("word"), bytes(String::from("word")));
    assert_eq!(bytes("word"), bytes(std::borrow::Cow::Borrowed("word")));
    assert_eq!(bytes("word"), bytes(Box::new("word")));
    assert_eq!(bytes("word"), bytes(Wrapped("word".into())), "a newtype is what it holds");
    assert_eq!(bytes(Nothing), bytes(()));
    assert_eq!(bytes([1_u8, 2]), bytes(vec![1_u8, 2]));
    assert_eq!(bytes((1_u8, "a")), bytes((&1_u8, &"a")));
    assert_eq!(bytes(owned(f64::NAN)), bytes(owned(f64::NAN)));
}

#[test]
fn a_variant_is_known_by_its_name_so_that_an_edited_enum_never_answers_for_another() {
    #[derive(Serialize)]
    enum Before {
        Red,
        Green,
    }
    #[derive(Serialize)]
    enum After {
        Blue,
        Green,
        Red,
    }
    assert_eq!(bytes(Before::Red), bytes(After::Red));
    assert_eq!(bytes(Before::Green), bytes(After::Green));
    assert_ne!(bytes(Before::Red), bytes(After::Blue), "though both come first");
}

#[test]
fn a_map_has_one_form_in_whatever_order_it_was_filled() {
    let pairs: Vec<(String, Vec<u32>)> = (0..60).map(|n| (format!("key {n}"), vec![n; 3])).collect();
    let sorted: BTreeMap<_, _> = pairs.iter().cloned().collect();
    for _ in 0..20 {
        let seeded: HashMap<_, _> = pairs.iter().rev().cloned().collect();
        assert_eq!(bytes(&seeded), bytes(&sorted));
        assert_eq!(bytes(vec![BTreeMap::from([(1, seeded)])]), bytes(vec![BTreeMap::from([(1, sorted.clone())])]));
    }
}

#[test]
fn a_length_that_the_value_does_not_know_or_lies_about_changes_nothing() {
    struct Lying(Option<usize>);
    impl Serialize for Lying {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut items = serializer.serialize_seq(self.0)?;
            items.serialize_element(&1_u8)?;
            items.serialize_element(&2_u8)?;
            items.end()
        }
    }
    assert!([None, Some(0), Some(2), Some(9)].into_iter().all(|length| bytes(Lying(length)) == bytes(vec![1_u8, 2])));
}

#[test]
fn a_key_has_at_most_64_kib() {
    assert!(cached_codec::key(&"x".repeat(65_000)).is_ok());
    let error = Probe::<String>::__CACHED_KEY.expect("serde carries it")(&"x".repeat(65_536)).unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Encode);
    assert!(cached_codec::key(&vec![0_u8; 65_536]).is_err());
    let map: HashMap<u32, u8> = (0..20_000).map(|n| (n, 0)).collect();
    assert!(cached_codec::key(&map).is_err(), "a map is not a way around it");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes of the encoder, as they were when it was made.
const CANONICAL: &[(&str, &str)] = &[
    ("nothing", "04"),
    ("numbers", "090115010111fffe0117000000030113fffffffffffffffc01190000000000000000000000000000000500"),
    ("texts", "09010700000000000000026162011c00000063010600"),
    ("options", "090102010315010103030700000000000000016100"),
    ("sequences", "0901090115010001090000"),
    ("floats", "09011a3fc000000118800000000000000000"),
    (
        "enums",
        "09011d0000000000000004556e6974011e00000000000000034f6e651700000001011f000000000000000354776f01170000000101170000000200012000000000000000054e616d65640100000000000000016117000000030000",
    ),
    ("fields", "0b0100000000000000016103150100"),
    ("maps", "0a010700000000000000016115020107000000000000000162150100"),
    ("raw", "080000000000000003616263"),
];

/// What [`CANONICAL`] was made of.
fn sampled() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("nothing", bytes(())),
        ("numbers", bytes((1_u8, -2_i16, 3_u32, -4_i64, 5_u128))),
        ("texts", bytes(("ab", 'c', true))),
        ("options", bytes((None::<u8>, Some(1_u8), Some(Some("a"))))),
        ("sequences", bytes(vec![vec![1_u8], vec![]])),
        ("floats", bytes((1.5_f32, owned(-0.0_f64)))),
        ("enums", bytes((Shape::Unit, Shape::One(1), Shape::Two(1, 2), Shape::Named { a: 3 }))),
        ("fields", bytes(Named { a: Some(1), b: None })),
        ("maps", bytes(HashMap::from([("b", 1_u8), ("a", 2)]))),
        ("raw", bytes(Raw(b"abc"))),
    ]
}

#[test]
fn the_bytes_of_the_encoder_are_those_that_were_committed() {
    let now: Vec<_> = sampled().into_iter().map(|(name, bytes)| (name, hex(&bytes))).collect();
    let committed: Vec<_> = CANONICAL.iter().map(|(name, bytes)| (*name, (*bytes).to_owned())).collect();
    assert_eq!(now, committed, "stored keys would not be found any more; if that is meant, raise the format");
}

#[test]
fn every_write_has_a_stamp_of_its_own() {
    let stamps: std::collections::BTreeSet<_> = (0..10_000).map(|_| crate::process::stamp()).collect();
    assert_eq!(stamps.len(), 10_000);
}

#[test]
fn a_type_that_bytes_would_lose_is_known_as_such() {
    use super::NotLost as _;
    const { assert!(Probe::<Option<Option<u8>>>::__CACHED_LOST && Probe::<Option<()>>::__CACHED_LOST) };
    const { assert!(!Probe::<Option<u8>>::__CACHED_LOST && !Probe::<Vec<Option<()>>>::__CACHED_LOST) };
    let facts = crate::__facts!(u8, Option<Option<u8>>);
    assert!(!facts.is_encodable() && crate::__facts!(u8, Option<u8>).is_encodable());
}

/// The code that decides what stored bytes are called, without comments.
fn sources() -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let macros = root.with_file_name("cached-macros").join("src/model/mod.rs");
    let codec = root.with_file_name("cached-codec").join("src");
    let files = ["key.rs", "store.rs", "word.rs", "codec/mod.rs", "codec/value.rs"];
    let others = [macros, codec.join("canonical.rs"), codec.join("envelope.rs")];
    let paths = files.iter().map(|file| root.join("src").join(file)).chain(others);
    let text = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        (path.display().to_string(), code.collect::<Vec<_>>().join("\n"))
    };
    paths.map(text).collect()
}

#[test]
fn r71_no_code_of_keys_and_fingerprints_reads_what_differs_between_builds() {
    let words = ["DefaultHasher", "TypeId", "type_name", "{:p}", "HashMap", "HashSet", "as *const", "ptr::from_ref"];
    let sources = sources();
    for (path, code) in &sources {
        assert!(code.lines().count() > 20, "{path} was read");
        let found: Vec<_> = words.iter().filter(|word| code.contains(**word)).collect();
        assert!(found.is_empty(), "{path}: {found:?}");
    }
    println!("r71: {} files without {}", sources.len(), words.join(", "));
}
