//! Keys: different arguments never meet, equal ones always do, and the bytes are the same in every
//! process.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;

use cached_core::cached;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config as Runs, TestRunner};
use serde::Serialize;

use crate::keys::Recorder;
use cached_tests::support::scaled;
use cached_tests::verified;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
enum Shape {
    Unit,
    Other,
    One(u32),
    Two(u32, u32),
    Named { a: u32 },
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
enum Number {
    Signed(i64),
    Unsigned(u64),
    Narrow(u8),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
struct Record {
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<u8>,
    shapes: Vec<Option<Shape>>,
}

type Map = BTreeMap<String, Option<u8>>;

/// Functions that do nothing: only their keys matter.
#[expect(dead_code, clippy::too_many_arguments, reason = "they are asked for by their entries, up to twelve parts")]
mod functions {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use cached_core::{Site, cached};

    use super::{Map, Number, Record, Shape};

    macro_rules! functions {
        ($($(#[$attribute:meta])* $name:ident($($argument:ident: $type:ty),*);)*) => {
            $($(#[$attribute])* pub(super) fn $name($($argument: $type),*) -> u64 {
                $(let _ = &$argument;)*
                0
            })*

            pub(super) fn sites() -> Vec<&'static Site> {
                vec![$($name::site()),*]
            }
        };
    }

    functions! {
        #[cached] borrowed(a: &str, b: &str);
        #[cached] owned(a: String, b: String);
        #[cached] optional(a: &str, b: Option<&str>);
        #[cached] options(a: Option<u32>, b: Option<u32>);
        #[cached] bytes(a: Vec<u8>, b: Vec<u8>);
        #[cached] texts(a: Vec<String>, b: Vec<String>);
        #[cached] nested(a: Vec<Vec<Vec<u8>>>);
        #[cached] shape(a: Shape, b: Shape);
        #[cached] number(a: Number);
        #[cached] widths(a: i8, b: u8, c: i32, d: u64);
        #[cached] double(a: f64);
        #[cached] floats(a: f32, b: f64);
        #[cached] float_option(a: Option<f64>, b: Option<f64>);
        #[cached] float_slice(a: &[f64], b: &[f64]);
        #[cached] pair(a: (&str, u8), b: (u8, &str));
        #[cached] record(a: &Record);
        #[cached] map(a: &BTreeMap<String, Option<u8>>, b: &Map);
        #[cached] letters(a: char, b: bool, c: u128, d: i128);
        #[cached] shared(a: Cow<'_, str>, b: &[u8]);
        #[cached] twelve(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8, i: u8, j: u8, k: u8, l: u8);
    }
}

use functions::sites;

/// Short texts out of characters that separate, end and pad.
fn text() -> impl Strategy<Value = String> + Clone {
    vec(select(vec!['a', 'b', ':', ',', '\0', '"', '\\', 'é', ' ']), 0..4).prop_map(String::from_iter)
}

fn small() -> impl Strategy<Value = u32> + Clone {
    select(vec![0, 1, 2, 255, 256, u32::MAX])
}

fn float() -> impl Strategy<Value = f64> + Clone {
    let odd = [0.0, -0.0, 1.0, -1.0, f64::NAN, -f64::NAN, f64::INFINITY, f64::MIN_POSITIVE, 5e-324];
    prop_oneof![
        select(odd.to_vec()),
        any::<u64>().prop_map(f64::from_bits),
        select(vec![f64::from_bits(0x7ff8_0000_0000_0001)])
    ]
}

fn shapes() -> impl Strategy<Value = Shape> + Clone {
    prop_oneof![
        Just(Shape::Unit),
        Just(Shape::Other),
        small().prop_map(Shape::One),
        (small(), small()).prop_map(|(a, b)| Shape::Two(a, b)),
        small().prop_map(|a| Shape::Named { a }),
        text().prop_map(Shape::Text),
    ]
}

fn numbers() -> impl Strategy<Value = Number> + Clone {
    let edges = select(vec![0, 1, -1, 127, 128, 255, 256, i64::MAX, i64::MIN]);
    #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "the same bits in another type")]
    let number = |(kind, n): (u8, i64)| match kind {
        0 => Number::Signed(n),
        1 => Number::Unsigned(n as u64),
        _ => Number::Narrow(n as u8),
    };
    (0..3_u8, edges).prop_map(number)
}

fn records() -> impl Strategy<Value = Record> + Clone {
    let field = proptest::option::of(0..2_u8);
    (field.clone(), field, vec(proptest::option::of(shapes()), 0..3)).prop_map(|(first, second, shapes)| Record {
        first,
        second,
        shapes,
    })
}

fn maps() -> impl Strategy<Value = Map> + Clone {
    btree_map(text(), proptest::option::of(0..2_u8), 0..3)
}

/// What one signature came to.
#[derive(Clone, Copy, Default)]
struct Tally {
    pairs: usize,
    equal: usize,
}

/// Draws pairs of arguments; the storage keys are equal exactly when `same` says the arguments are.
fn pairs<T: Debug + Clone>(
    cases: usize,
    strategy: impl Strategy<Value = T> + Clone,
    same: impl Fn(&T, &T) -> bool,
    recorder: &Recorder,
    ask: impl Fn(&T),
) -> Tally {
    let tally = std::cell::Cell::new(Tally::default());
    let runs = Runs { cases: u32::try_from(cases).unwrap(), failure_persistence: None, ..Runs::default() };
    // Half of the pairs are drawn apart, a part of the others is one value twice.
    let second = (strategy.clone(), 0..8_u8);
    let checked = TestRunner::new(runs).run(&(strategy, second), |(a, (b, twice))| {
        let b = if twice == 0 { a.clone() } else { b };
        let (one, two) = (recorder.key_of(|| ask(&a)), recorder.key_of(|| ask(&b)));
        prop_assert_eq!(same(&a, &b), one == two, "{:?} and {:?}: {} and {}", a, b, one, two);
        let Tally { pairs, equal } = tally.get();
        tally.set(Tally { pairs: pairs + 1, equal: equal + usize::from(one == two) });
        Ok(())
    });
    checked.unwrap_or_else(|violation| panic!("{violation}"));
    tally.get()
}

fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

/// Draws `$cases` pairs for one signature whose arguments compare by `==`.
macro_rules! drawn {
    ($cases:expr, $recorder:expr, $strategy:expr, |$value:pat_param| $entry:expr) => {
        pairs($cases, $strategy, |a, b| a == b, $recorder, |$value| drop($entry.peek()))
    };
}

fn texts_and_numbers(cases: usize, r: &Recorder) -> Vec<Tally> {
    let bytes = || vec(0..3_u8, 0..4);
    let small_option = || proptest::option::of(small());
    vec![
        drawn!(cases, r, (text(), text()), |(a, b)| functions::borrowed::entry(a, b)),
        drawn!(cases, r, (text(), text()), |(a, b)| functions::owned::entry(a, b)),
        drawn!(cases, r, (text(), proptest::option::of(text())), |(a, b)| functions::optional::entry(a, &b.as_deref())),
        drawn!(cases, r, (small_option(), small_option()), |(a, b)| functions::options::entry(a, b)),
        drawn!(cases, r, (bytes(), bytes()), |(a, b)| functions::bytes::entry(a, b)),
        drawn!(cases, r, (vec(text(), 0..3), vec(text(), 0..3)), |(a, b)| functions::texts::entry(a, b)),
        drawn!(cases, r, vec(vec(bytes(), 0..3), 0..3), |a| functions::nested::entry(a)),
        drawn!(cases, r, (shapes(), shapes()), |(a, b)| functions::shape::entry(a, b)),
        drawn!(cases, r, numbers(), |a| functions::number::entry(a)),
        drawn!(cases, r, (-1..2_i8, 0..2_u8, -1..2_i32, 0..2_u64), |(a, b, c, d)| functions::widths::entry(a, b, c, d)),
    ]
}

fn floats_and_others(cases: usize, r: &Recorder) -> Vec<Tally> {
    let option = || proptest::option::of(float());
    let option_bits = |a: &Option<f64>| a.map(f64::to_bits);
    let numbers = || vec(float(), 0..3);
    #[expect(clippy::cast_possible_truncation, reason = "any float will do")]
    let single = || float().prop_map(|double| double as f32);
    vec![
        pairs(cases, float(), |a, b| a.to_bits() == b.to_bits(), r, |a| drop(functions::double::entry(a).peek())),
        pairs(
            cases,
            (single(), float()),
            |a, b| (a.0.to_bits(), a.1.to_bits()) == (b.0.to_bits(), b.1.to_bits()),
            r,
            |(a, b)| drop(functions::floats::entry(a, b).peek()),
        ),
        pairs(
            cases,
            (option(), option()),
            |a, b| [option_bits(&a.0), option_bits(&a.1)] == [option_bits(&b.0), option_bits(&b.1)],
            r,
            |(a, b)| drop(functions::float_option::entry(a, b).peek()),
        ),
        pairs(
            cases,
            (numbers(), numbers()),
            |a, b| [bits(&a.0), bits(&a.1)] == [bits(&b.0), bits(&b.1)],
            r,
            |(a, b)| drop(functions::float_slice::entry(a, b).peek()),
        ),
        drawn!(cases, r, (text(), 0..2_u8, 0..2_u8, text()), |(a, b, c, d)| functions::pair::entry(&(a, *b), &(*c, d))),
        drawn!(cases, r, records(), |a| functions::record::entry(a)),
        drawn!(cases, r, (maps(), maps()), |(a, b)| functions::map::entry(a, b)),
        drawn!(
            cases,
            r,
            (select(vec!['a', '\0', 'é', '\u{10ffff}']), any::<bool>(), 0..3_u128, -1..2_i128),
            |(a, b, c, d)| functions::letters::entry(a, b, c, d)
        ),
        drawn!(cases, r, (text(), vec(0..3_u8, 0..4)), |(a, b)| functions::shared::entry(
            &Cow::Borrowed(a.as_str()),
            b
        )),
        drawn!(cases, r, prop::array::uniform12(0..2_u8), |[a, b, c, d, e, f, g, h, i, j, k, l]| {
            functions::twelve::entry(a, b, c, d, e, f, g, h, i, j, k, l)
        }),
    ]
}

#[test]
fn r54_different_arguments_never_have_one_key_and_equal_ones_always_do() {
    let sites = sites();
    let (_guard, recorder) = Recorder::on(&sites);
    let cases = scaled(1_000_000) / sites.len();
    let tallies = [texts_and_numbers(cases, &recorder), floats_and_others(cases, &recorder)].concat();
    assert_eq!(tallies.len(), sites.len(), "every signature is drawn");
    let (drawn, equal) =
        tallies.iter().fold((0, 0), |(pairs, equal), tally| (pairs + tally.pairs, equal + tally.equal));
    println!("r54: {} signatures, {drawn} pairs, {equal} of them equal: 0 violations", tallies.len());
    assert!(equal * 20 > drawn, "enough pairs were equal for that side to be tried: {equal} of {drawn}");
}

#[test]
fn r54_arguments_without_a_canonical_form_are_refused_at_install() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Mute(u64);
    #[cached(name = "keys_bar.mute")]
    fn mute(a: Mute) -> u64 {
        a.0
    }
    #[cached(name = "keys_bar.mute_inside")]
    fn inside(a: Vec<Option<Mute>>) -> usize {
        a.len()
    }
    let _alone = cached_tests::support::alone();
    let config = verified::config().option("files", "kind", "file").option("files", "location", "never made");
    let config = config.site("keys_bar.mute", "backend", "files").site("keys_bar.mute_inside", "backend", "files");
    let error = config.install().unwrap_err();
    let shown = error.to_string();
    println!("r54: {shown}");
    assert_eq!(error.faults().len(), 2, "{shown}");
    assert!([mute::site(), inside::site()].iter().all(|site| shown.contains(&site.location())), "{shown}");
    assert_eq!((mute(Mute(3)), inside(vec![Some(Mute(1)), None])), (3, 2));
}

/// A digest of the storage keys of 1,000 calls over several signatures; and one of their last
/// parts, which come of the arguments alone.
fn sampled() -> [String; 2] {
    let (_guard, recorder) = Recorder::on(&sites());
    let mut sums = [0xcbf2_9ce4_8422_2325_u64; 2];
    let mut count = 0;
    let mut mix = |key: &str| {
        let of_arguments = key.rsplit(':').next().unwrap_or_default();
        for (sum, text) in sums.iter_mut().zip([key, of_arguments]) {
            text.bytes().for_each(|byte| *sum = (*sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
        }
        count += 1;
    };
    for n in 0..200_u32 {
        let (text, number) = (format!("text {n}"), f64::from(n) / 7.0);
        mix(&recorder.key_of(|| drop(functions::borrowed::entry(&text, "b").peek())));
        mix(&recorder.key_of(|| drop(functions::options::entry(&Some(n), &None).peek())));
        mix(&recorder.key_of(|| drop(functions::shape::entry(&Shape::Text(text.clone()), &Shape::Two(n, 1)).peek())));
        mix(&recorder.key_of(|| drop(functions::floats::entry(&1.5, &number).peek())));
        let map = BTreeMap::from([(text.clone(), None), ("b".into(), Some(1))]);
        mix(&recorder.key_of(|| drop(functions::map::entry(&map, &map).peek())));
    }
    assert_eq!(count, 1_000);
    sums.map(|sum| format!("{sum:016x}"))
}

/// What the arguments come to with every compiler, in every profile and checkout.
const OF_ARGUMENTS: &str = "5df4cba83d4b760d";

#[test]
fn r71_a_thousand_keys_are_the_same_in_another_process_and_in_every_build() {
    const CHILD: &str = "CACHED_TESTS_SAMPLED_KEYS";
    let [here, of_arguments] = sampled();
    if std::env::var_os(CHILD).is_some() {
        println!("\nsampled {here}");
        return;
    }
    let test = "keys_bar::r71_a_thousand_keys_are_the_same_in_another_process_and_in_every_build";
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", "--nocapture", test]).env(CHILD, "1").output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    println!("r71: 1,000 keys of 5 signatures digest to {here} here and in a child process");
    assert!(output.contains(&format!("sampled {here}")), "{here} here, and there: {output}");
    assert_eq!(of_arguments, OF_ARGUMENTS, "the bytes of keys changed: stored entries of earlier builds are lost");
}
