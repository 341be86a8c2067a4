//! R68: a stored type that is edited between write and read never gives a wrong value.
//!
//! In: forty edits of a type, each with what the function gave before and gives now; by each codec. Out: bytes that were
//! written before, put where the new program looks for its own: a call gives what its body gives, in every case. What a
//! call may be served is what would be written today in the same words: names of types do not count, all else does.
//!
//! The text of the function is the same, as far as the cache knows: an edit of that is another schema, and R71's.

use std::sync::Arc;

use cached_core::{Config, Site};

use cached_tests::codecs::CODECS;
use cached_tests::forger::{Forger, HEAD, resealed};
use cached_tests::support::alone;

/// One edit: who is asked, what is called before, what is called now (whether its value is that of its body), and
/// whether the stored value may be served.
struct Edit {
    name: &'static str,
    sites: [&'static Site; 2],
    before: fn(),
    now: fn() -> bool,
    serves: bool,
}

const SERVED: bool = true;
const COMPUTED: bool = false;

/// Writes each edit as two modules, with a cached function each.
macro_rules! edits {
    ($($name:ident $serves:ident {
        before { $($old:item)* } $was:expr;
        now { $($new:item)* } $is:expr;
    })*) => {
        $(mod $name {
            pub(super) mod before {
                #[allow(unused_imports, reason = "not every edit needs them")]
                use {cached_core::cached, serde::{Deserialize, Serialize}, std::collections::BTreeSet};
                $(#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] $old)*

                #[cached(ttl = "1h")]
                pub(crate) fn value(n: u8) -> Value {
                    let _ = n;
                    $was
                }
            }
            pub(super) mod now {
                #[allow(unused_imports, reason = "not every edit needs them")]
                use {cached_core::cached, serde::{Deserialize, Serialize}, std::collections::BTreeSet};
                $(#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)] $new)*

                #[cached(ttl = "1h")]
                pub(crate) fn value(n: u8) -> Value {
                    let _ = n;
                    $is
                }
            }
        })*

        fn all() -> Vec<Edit> {
            vec![$(Edit {
                name: stringify!($name),
                sites: [$name::before::value::site(), $name::now::value::site()],
                before: || {
                    let _ = $name::before::value(0);
                },
                now: || $name::now::value(0) == $name::now::value::uncached(0),
                serves: $serves,
            }),*]
        }
    };
}

edits! {
    nothing SERVED {
        before { pub(crate) struct Value { a: u8, b: String } } Value { a: 1, b: "b".into() };
        now { pub(crate) struct Value { a: u8, b: String } } Value { a: 1, b: "b".into() };
    }
    type_renamed SERVED {
        before { pub(crate) struct Old { a: u8 } pub(crate) struct Value { inner: Old } } Value { inner: Old { a: 1 } };
        now { pub(crate) struct New { a: u8 } pub(crate) struct Value { inner: New } } Value { inner: New { a: 1 } };
    }
    wrapped_in_a_newtype SERVED {
        before { pub(crate) struct Value { id: u64 } } Value { id: 7 };
        now { pub(crate) struct Id(u64); pub(crate) struct Value { id: Id } } Value { id: Id(7) };
    }
    field_added COMPUTED {
        before { pub(crate) struct Value { a: u8 } } Value { a: 1 };
        now { pub(crate) struct Value { a: u8, b: u8 } } Value { a: 1, b: 2 };
    }
    optional_field_added COMPUTED {
        before { pub(crate) struct Value { a: u8 } } Value { a: 1 };
        now { pub(crate) struct Value { a: u8, b: Option<u8> } } Value { a: 1, b: Some(2) };
    }
    default_field_added COMPUTED {
        before { pub(crate) struct Value { a: u8 } } Value { a: 1 };
        now { pub(crate) struct Value { a: u8, #[serde(default)] b: Vec<u8> } } Value { a: 1, b: vec![2] };
    }
    whole_default_added COMPUTED {
        before { #[derive(Default)] #[serde(default)] pub(crate) struct Value { a: u8 } } Value { a: 1 };
        now { #[derive(Default)] #[serde(default)] pub(crate) struct Value { a: u8, b: u8 } } Value { a: 1, b: 2 };
    }
    field_removed COMPUTED {
        before { pub(crate) struct Value { a: u8, b: u8 } } Value { a: 1, b: 2 };
        now { pub(crate) struct Value { a: u8 } } Value { a: 1 };
    }
    field_renamed COMPUTED {
        before { pub(crate) struct Value { a: u8 } } Value { a: 1 };
        now { pub(crate) struct Value { b: u8 } } Value { b: 2 };
    }
    field_renamed_with_an_alias COMPUTED {
        before { pub(crate) struct Value { gross: u32 } } Value { gross: 119 };
        now { pub(crate) struct Value { #[serde(alias = "gross")] net: u32 } } Value { net: 100 };
    }
    field_renamed_for_serde_only COMPUTED {
        before { pub(crate) struct Value { a: u8, b: u8 } } Value { a: 1, b: 2 };
        now { pub(crate) struct Value { #[serde(rename = "b")] a: u8, #[serde(rename = "a")] b: u8 } } Value { a: 1, b: 2 };
    }
    all_fields_renamed COMPUTED {
        before { pub(crate) struct Value { first_name: String } } Value { first_name: "a".into() };
        now { #[serde(rename_all = "camelCase")] pub(crate) struct Value { first_name: String } } Value { first_name: "b".into() };
    }
    fields_reordered COMPUTED {
        before { pub(crate) struct Value { a: u8, b: String } } Value { a: 1, b: "b".into() };
        now { pub(crate) struct Value { b: String, a: u8 } } Value { b: "b".into(), a: 1 };
    }
    fields_of_one_type_swapped COMPUTED {
        before { pub(crate) struct Value { width: u32, height: u32 } } Value { width: 1, height: 2 };
        now { pub(crate) struct Value { height: u32, width: u32 } } Value { height: 2, width: 1 };
    }
    field_moved_and_another_put_in_its_place COMPUTED {
        before { pub(crate) struct Value { a: u8, b: u8 } } Value { a: 1, b: 2 };
        now { pub(crate) struct Value { c: u8, a: u8 } } Value { c: 3, a: 1 };
    }
    integer_widened COMPUTED {
        before { pub(crate) struct Value { a: u8 } } Value { a: 255 };
        now { pub(crate) struct Value { a: u64 } } Value { a: 255 };
    }
    integer_narrowed COMPUTED {
        before { pub(crate) struct Value { a: u64 } } Value { a: 300 };
        now { pub(crate) struct Value { a: u8 } } Value { a: 44 };
    }
    integer_signed COMPUTED {
        before { pub(crate) struct Value { a: u32 } } Value { a: 1 };
        now { pub(crate) struct Value { a: i32 } } Value { a: -1 };
    }
    integer_to_float COMPUTED {
        before { pub(crate) struct Value { a: u32 } } Value { a: 3 };
        now { pub(crate) struct Value { a: f64 } } Value { a: 2.5 };
    }
    float_to_integer COMPUTED {
        before { pub(crate) struct Value { a: f64 } } Value { a: 3.0 };
        now { pub(crate) struct Value { a: u32 } } Value { a: 4 };
    }
    float_narrowed COMPUTED {
        before { pub(crate) struct Value { a: f64 } } Value { a: 0.1 };
        now { pub(crate) struct Value { a: f32 } } Value { a: 0.5 };
    }
    number_to_text COMPUTED {
        before { pub(crate) struct Value { a: u32 } } Value { a: 7 };
        now { pub(crate) struct Value { a: String } } Value { a: "seven".into() };
    }
    flag_to_number COMPUTED {
        before { pub(crate) struct Value { a: bool } } Value { a: true };
        now { pub(crate) struct Value { a: u8 } } Value { a: 2 };
    }
    letter_to_text COMPUTED {
        before { pub(crate) struct Value { a: char } } Value { a: 'a' };
        now { pub(crate) struct Value { a: String } } Value { a: "abc".into() };
    }
    made_optional COMPUTED {
        before { pub(crate) struct Value { a: u8 } } Value { a: 1 };
        now { pub(crate) struct Value { a: Option<u8> } } Value { a: None };
    }
    made_required COMPUTED {
        before { pub(crate) struct Value { a: Option<u8> } } Value { a: Some(1) };
        now { pub(crate) struct Value { a: u8 } } Value { a: 2 };
    }
    none_to_unit COMPUTED {
        before { pub(crate) struct Value { a: Option<u8>, b: u8 } } Value { a: None, b: 1 };
        now { pub(crate) struct Value { a: (), b: u8 } } Value { a: (), b: 2 };
    }
    variant_inserted SERVED {
        before { pub(crate) enum Value { Red, Green } } [Value::Red, Value::Green].into_iter().nth(1).expect("two");
        now { pub(crate) enum Value { Red, Blue, Green } } [Value::Red, Value::Blue, Value::Green].into_iter().nth(2).expect("three");
    }
    variants_reordered SERVED {
        before { pub(crate) enum Value { Red, Green } } [Value::Red, Value::Green].into_iter().next().expect("two");
        now { pub(crate) enum Value { Green, Red } } [Value::Green, Value::Red].into_iter().nth(1).expect("two");
    }
    variant_renamed COMPUTED {
        before { pub(crate) enum Value { Red(u8), Green } } [Value::Green, Value::Red(1)].into_iter().nth(1).expect("two");
        now { pub(crate) enum Value { Green, #[serde(alias = "Red")] Crimson(u8) } } [Value::Green, Value::Crimson(2)].into_iter().nth(1).expect("two");
    }
    variant_became_other COMPUTED {
        before { pub(crate) enum Value { Old, Other } } [Value::Other, Value::Old].into_iter().nth(1).expect("two");
        now { pub(crate) enum Value { New, #[serde(other)] Other } } [Value::Other, Value::New].into_iter().nth(1).expect("two");
    }
    variant_given_content COMPUTED {
        before { pub(crate) enum Value { Many } } Value::Many;
        now { pub(crate) enum Value { Many(u8) } } Value::Many(3);
    }
    fields_of_a_variant_swapped COMPUTED {
        before { pub(crate) enum Value { At { x: i8, y: i8 } } } Value::At { x: 1, y: 2 };
        now { pub(crate) enum Value { At { y: i8, x: i8 } } } Value::At { y: 2, x: 1 };
    }
    enum_tagged_inside COMPUTED {
        before { pub(crate) enum Value { At { x: i8 } } } Value::At { x: 1 };
        now { #[serde(tag = "kind")] pub(crate) enum Value { At { x: i8 } } } Value::At { x: 2 };
    }
    enum_untagged COMPUTED {
        before { #[serde(untagged)] pub(crate) enum Value { A { x: u8 }, B { x: u8, y: Option<u8> } } }
            [Value::A { x: 1 }, Value::B { x: 1, y: None }].into_iter().nth(1).expect("two");
        now { #[serde(untagged)] pub(crate) enum Value { B { x: u8 }, A { x: u8, y: Option<u8> } } }
            [Value::B { x: 2 }, Value::A { x: 2, y: None }].into_iter().nth(1).expect("two");
    }
    nested_type_edited COMPUTED {
        before { pub(crate) struct Inner { a: u8 } pub(crate) struct Value { all: Vec<Inner> } } Value { all: vec![Inner { a: 1 }] };
        now { pub(crate) struct Inner { a: u8, b: Option<u8> } pub(crate) struct Value { all: Vec<Inner> } } Value { all: vec![Inner { a: 1, b: Some(2) }] };
    }
    flattened COMPUTED {
        before { pub(crate) struct Inner { a: u8 } pub(crate) struct Value { inner: Inner } } Value { inner: Inner { a: 1 } };
        now { pub(crate) struct Inner { a: u8 } pub(crate) struct Value { #[serde(flatten)] inner: Inner } } Value { inner: Inner { a: 2 } };
    }
    generic_argument_changed COMPUTED {
        before { pub(crate) struct Of<T> { all: Vec<T> } pub(crate) struct Value { of: Of<u8> } } Value { of: Of { all: vec![1] } };
        now { pub(crate) struct Of<T> { all: Vec<T> } pub(crate) struct Value { of: Of<u16> } } Value { of: Of { all: vec![300] } };
    }
    list_to_set COMPUTED {
        before { pub(crate) struct Value { all: Vec<u8> } } Value { all: vec![1, 2, 2] };
        now { pub(crate) struct Value { all: BTreeSet<u8> } } Value { all: BTreeSet::from([1, 2]) };
    }
    skipped_now COMPUTED {
        before { pub(crate) struct Value { a: u8, b: u8 } } Value { a: 1, b: 2 };
        now { pub(crate) struct Value { a: u8, #[serde(skip_deserializing)] b: u8 } } Value { a: 1, b: 2 };
    }
    tuple_fields_swapped_in_type COMPUTED {
        before { pub(crate) struct Value(u8, i8); } Value(1, 2);
        now { pub(crate) struct Value(i8, u8); } Value(2, 1);
    }
    tuple_to_list COMPUTED {
        before { pub(crate) struct Value { at: (u8, u8) } } Value { at: (1, 2) };
        now { pub(crate) struct Value { at: Vec<u8> } } Value { at: vec![3] };
    }
}

#[test]
fn r68_no_edit_of_a_stored_type_gives_a_wrong_value() {
    let _alone = alone();
    let edits = all();
    let (mut served, mut computed, mut not_stored) = (0, 0, 0);
    for codec in CODECS {
        let forger = Arc::new(Forger::default());
        let config = Config::new().backend("forger", Arc::clone(&forger) as _).option("forger", "codec", codec);
        let config = config.site("reliability::edits::*::*::value", "backend", "forger");
        config.install().expect("the configuration is right");
        for Edit { name, sites: [old, new], before, now, serves } in &edits {
            forger.forge(None);
            before();
            let written = forger.take_last();
            assert!(now(), "{codec} {name}: the first call");
            // What a codec cannot carry at all is not stored.
            let (Some((_, old_bytes)), Some((_, new_bytes))) = (written, forger.take_last()) else {
                assert!(codec == "postcard" && old.stats().not_stored + new.stats().not_stored > 0, "{codec} {name}");
                not_stored += 1;
                continue;
            };
            forger.forge(Some(resealed(&new_bytes, &old_bytes[HEAD..]).into()));
            let stats = new.stats();
            assert!(now(), "{codec} {name}: a wrong value");
            let after = new.stats();
            let is_served = after.hits - stats.hits == 1;
            assert_eq!(after.backend_errors, 0, "{codec} {name}");
            assert!(!is_served || *serves, "{codec} {name}: it is served, and would not be written so today");
            // By position there is no telling a variant that stands elsewhere: that it computes is right too.
            assert!(
                is_served || !*serves || codec == "postcard",
                "{codec} {name}: it computes, though nothing changed"
            );
            (served, computed) = (served + usize::from(is_served), computed + usize::from(!is_served));
        }
    }
    println!(
        "r68: {} edits by {} codecs: {served} served, {computed} computed, {not_stored} not stored; 0 wrong values, 0 errors",
        edits.len(),
        CODECS.len()
    );
    assert!(edits.len() >= 40 && served >= CODECS.len());
}
