//! Reading takes nothing for granted, and what comes back is what was written.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize, Serializer};

use super::{Failed, Format, canonical};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    Two(u32, u32),
    Named { a: u32 },
    Text(String),
}

/// MessagePack, and JSON where that is there.
fn formats() -> Vec<Format> {
    [Some(Format::default()), Format::named("json").ok()].into_iter().flatten().collect()
}

/// A value's bytes by the default codec, without its proof.
fn plain<V: Serialize>(value: &V) -> Result<Vec<u8>, Failed> {
    Format::default().write(value)
}

fn decode<V: DeserializeOwned>(bytes: &[u8]) -> Result<V, Failed> {
    Format::default().read(bytes)
}

/// A list within a list within a list.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Deep(Vec<Deep>);

impl Deep {
    fn of(depth: usize) -> Self {
        (0..depth).fold(Deep(Vec::new()), |deep, _| Deep(vec![deep]))
    }
}

/// As a site carries it, and as the low-level cache does, by every codec.
fn carried<V: Serialize + DeserializeOwned + PartialEq + Debug>(value: &V) {
    for format in formats() {
        assert_eq!(format.read_proven(&format.write_proven(value).unwrap()).as_ref(), Ok(value));
        assert_eq!(format.read(&format.write(value).unwrap()).as_ref(), Ok(value));
    }
}

#[test]
fn values_come_back_as_they_were() {
    carried(&Shape::Two(1, u32::MAX));
    carried(&vec![Shape::Unit, Shape::Named { a: 1 }, Shape::Text("a\0é".into())]);
    carried(&(i64::MIN, u64::MAX, 1.5_f64, 'é', true, ()));
    carried(&(u128::MAX, i128::MIN, f32::MIN_POSITIVE, 5e-324_f64, -0.0_f64, 0.1_f32));
    carried(&vec![None, Some(3_u8)]);
    carried(&BTreeMap::from([("a".to_owned(), vec![1_u8, 2])]));
    carried(&BTreeMap::from([(7_u64, 'a'), (8, 'b')]));
    carried(&(0..300).map(|n| format!("item {n}")).collect::<HashSet<_>>());
    carried(&(0..300).map(|n| (n, vec![n])).collect::<HashMap<_, _>>());
    carried(&Deep::of(60));
}

#[test]
fn a_value_with_bytes_after_it_is_refused() {
    for format in formats() {
        let mut bytes = format.write(&vec![1_u8, 2, 3]).unwrap();
        assert!(format.read::<Vec<u8>>(&bytes).is_ok());
        bytes.push(b'1');
        assert!(format.read::<Vec<u8>>(&bytes).is_err());
    }
}

#[test]
fn a_value_that_nests_too_deep_is_refused_and_not_a_broken_stack() {
    for depth in [129, 1_000, 100_000, 1_000_000] {
        assert!(decode::<Deep>(&[vec![0x91; depth], vec![0x90]].concat()).is_err(), "{depth} levels");
        let text = [vec![b'['; depth], vec![b']'; depth]].concat();
        let read = |format: Format| format.read::<Deep>(&text);
        assert!(formats().into_iter().skip(1).all(|json| read(json).is_err()), "{depth} levels of JSON");
    }
    assert_eq!(decode(&[vec![0x91; 50], vec![0x90]].concat()), Ok(Deep::of(50)));
}

#[test]
fn a_hostile_length_is_refused_before_memory_is_taken() {
    let claims: [&[u8]; 6] = [
        &[0xdd, 0xff, 0xff, 0xff, 0xff],
        &[0xdd, 0x7f, 0xff, 0xff, 0xff, 0x01],
        &[0xc6, 0xff, 0xff, 0xff, 0xff],
        &[0xdb, 0xff, 0xff, 0xff, 0xff],
        &[0xdf, 0xff, 0xff, 0xff, 0xff],
        &[0xc9, 0xff, 0xff, 0xff, 0xff, 0x01],
    ];
    for claim in claims {
        assert!(decode::<Vec<u64>>(claim).is_err(), "{claim:?}");
        assert!(decode::<Vec<u8>>(claim).is_err(), "{claim:?}");
        assert!(decode::<String>(claim).is_err(), "{claim:?}");
        assert!(decode::<BTreeMap<u64, u64>>(claim).is_err(), "{claim:?}");
        assert!(decode::<(u64, Shape)>(claim).is_err(), "{claim:?}");
    }
}

#[test]
fn a_some_of_nothing_is_refused_wherever_it_stands() {
    #[derive(Serialize, Deserialize)]
    struct Inside {
        list: Vec<Option<Option<u8>>>,
    }
    let refused = |result: Result<Vec<u8>, Failed>| result.unwrap_err().to_string().contains("holds nothing");
    assert!(refused(plain(&Some(None::<u8>))));
    assert!(refused(plain(&Some(()))));
    assert!(refused(plain(&Inside { list: vec![None, Some(Some(1)), Some(None)] })));
    assert!(refused(plain(&BTreeMap::from([(1, Some(None::<u8>))]))));
    assert!(refused(plain(&(1, Some(Some(None::<u8>))))));
    for fine in [None, Some(Some(1_u8))] {
        assert_eq!(decode(&plain(&fine).unwrap()), Ok(fine));
    }
    carried(&Some(vec![None::<u8>, Some(1)]));
    carried(&Some((None::<u8>, 1)));
    carried(&Some(BTreeMap::from([(1_u8, None::<u8>)])));
}

/// What a value was written as, and as what it is read.
fn read_as<V: Serialize, W: Serialize + DeserializeOwned>(written: &V) -> Option<W> {
    let bytes = [&canonical::proof(written, false).unwrap().sum.to_le_bytes()[..], &plain(written).unwrap()].concat();
    Format::default().read_proven(&bytes).ok()
}

#[test]
fn what_serde_would_read_as_another_value_is_none_for_a_site() {
    #[derive(Serialize, Deserialize)]
    struct Before {
        a: u8,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Grown {
        a: u8,
        note: Option<String>,
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Renamed(Same);
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Same {
        a: u8,
    }
    assert_eq!(decode(&plain(&Before { a: 1 }).unwrap()), Ok(Grown { a: 1, note: None }), "serde fills it in");
    assert_eq!(read_as::<_, Grown>(&Before { a: 1 }), None);
    assert_eq!(read_as(&Before { a: 1 }), Some(Renamed(Same { a: 1 })), "names of types do not count");
    assert_eq!(read_as::<u32, u64>(&7), None);
    assert_eq!(read_as::<f64, f32>(&0.1), None);
    assert_eq!(read_as::<u64, u64>(&7), Some(7));
}

#[test]
fn a_panic_of_the_types_own_code_is_an_error() {
    #[derive(Debug)]
    struct Panics;
    impl Serialize for Panics {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            std::panic::resume_unwind(Box::new("Serialize"))
        }
    }
    impl<'de> Deserialize<'de> for Panics {
        fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
            std::panic::resume_unwind(Box::new("Deserialize"))
        }
    }
    for format in formats() {
        assert!(format.write(&Panics).is_err() && format.read::<Panics>(b"1").is_err());
        assert!(format.write_proven(&Panics).is_err() && format.read_proven::<Panics>(b"123456781").is_err());
    }
}

#[cfg(feature = "named")]
#[test]
fn json_refuses_what_it_cannot_say() {
    let json = Format::named("json").unwrap();
    for number in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        assert!(json.write(&vec![number]).is_err());
        assert!(plain(&number).is_ok());
    }
    assert!(json.write(&Some(f32::NAN)).is_err(), "it would come back as `None`");
    assert!(json.write(&BTreeMap::from([((1, 2), 3)])).is_err());
    assert_eq!(json.write(&(1, "a", [1.5])).unwrap(), br#"[1,"a",[1.5]]"#);
    assert!(Format::named("cbor").unwrap_err().contains("known codecs: json, msgpack;"));
}
