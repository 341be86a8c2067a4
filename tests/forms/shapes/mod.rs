//! Every shape of function that can be cached, each beside the same function without the attribute.
//!
//! A shape is written once and compiled twice: as it is, and under `#[cached]`. It is then called,
//! called again, and compared; the table at the end comes from the sites' own figures.
#![allow(
    clippy::boxed_local,
    clippy::needless_arbitrary_self_type,
    clippy::needless_lifetimes,
    clippy::ptr_arg,
    clippy::redundant_closure,
    clippy::too_many_arguments,
    reason = "how a signature can be written is what these files show"
)]

#[macro_use]
mod table;

mod arguments;
mod attributes;
mod functions;
mod generics;
mod methods;
mod returns;
mod surroundings;

use std::cell::Cell;
use std::fmt::Debug;
use std::fmt::Write as _;
use std::panic::catch_unwind;

use cached_core::{Config, Site, sites};
use cached_testkit::isolated;

use cached_tests::support::alone;

/// A function under the attribute, and calls that all differ.
pub(crate) struct Shape {
    pub(crate) what: &'static str,
    pub(crate) site: fn() -> &'static Site,
    pub(crate) calls: &'static [Call],
}

/// One call, and how often the body runs for the first and for each further call.
pub(crate) struct Call {
    pub(crate) cached: fn() -> String,
    pub(crate) plain: fn() -> String,
    pub(crate) bodies: [u64; 2],
}

thread_local! {
    static BODIES: Cell<u64> = const { Cell::new(0) };
}

/// A body ran. Written as the first word of every body here.
pub(crate) fn ran() {
    BODIES.set(BODIES.get() + 1);
}

/// A value as text, so that values of all types stand in one table. `NaN` equals itself here.
pub(crate) fn show(value: &dyn Debug) -> String {
    format!("{value:?}")
}

/// The site whose name holds `path`.
pub(crate) fn site_in(path: &str) -> &'static Site {
    let found: Vec<_> = sites().into_iter().filter(|site| site.name().contains(path)).collect();
    assert_eq!(found.len(), 1, "one site in {path}, not {found:?}");
    found[0]
}

fn counted<T>(call: impl FnOnce() -> T) -> (T, u64) {
    let before = BODIES.get();
    let value = call();
    (value, BODIES.get() - before)
}

/// Calls everything twice, and in the end once more, when all the others are stored too.
fn play(shape: &Shape) {
    let (site, what) = ((shape.site)(), shape.what);
    let mut bodies = 0;
    for (round, place) in [("first", 0), ("again", 1), ("after the others", 1)] {
        for (index, call) in shape.calls.iter().enumerate() {
            let expected = (call.plain)();
            let (value, ran) = counted(call.cached);
            assert_eq!(value, expected, "{what}, call {index}, {round}: the plain function's value");
            assert_eq!(ran, call.bodies[place], "{what}, call {index}, {round}: bodies that ran");
            bodies += ran;
        }
    }
    let stats = site.stats();
    assert_eq!(stats.runs, bodies, "{what}: the site counts the bodies that ran");
    let ended = stats.hits + stats.joined + stats.misses + stats.bypassed + stats.errors;
    assert_eq!(stats.calls, ended, "{what}: every call ended in one way");
    assert!(stats.calls >= 3 * shape.calls.len() as u64, "{what}: every call is counted");
}

fn all() -> Vec<&'static Shape> {
    let themes = [
        functions::SHAPES,
        functions::PATTERNS,
        arguments::SHAPES,
        arguments::NESTED,
        generics::SHAPES,
        returns::SHAPES,
        methods::SHAPES,
        methods::TRAITS,
        attributes::SHAPES,
        surroundings::SHAPES,
        surroundings::WRITTEN,
    ];
    themes.into_iter().flatten().collect()
}

#[test]
fn every_shape_is_computed_once_for_equal_arguments_and_equals_the_plain_function() {
    let _alone = alone(); // some of them have a lifetime, and nobody else moves time meanwhile
    let shapes = all();
    let failed: Vec<_> = shapes.iter().filter(|shape| catch_unwind(|| play(shape)).is_err()).collect();
    let mut table = format!("{:<56} {:>5} {:>6}\n", "shape", "calls", "bodies");
    for shape in &shapes {
        let stats = (shape.site)().stats();
        let _ = writeln!(table, "{:<56} {:>5} {:>6}", shape.what, stats.calls, stats.runs);
    }
    println!("{table}{} shapes", shapes.len());
    let names: Vec<_> = failed.iter().map(|shape| shape.what).collect();
    assert!(names.is_empty(), "{} of {} shapes failed: {names:#?}", names.len(), shapes.len());
}

/// With every hit compared: a key that leaves out what the body reads would give another's value.
#[test]
fn every_hit_of_every_shape_is_what_its_body_gives() {
    let _alone = alone();
    let test = isolated(); // the counts of the shapes are another test's
    Config::new().verify(1.0).install().unwrap();
    let shapes = all();
    let (mut verified, mut never, mut differ) = (0, Vec::new(), Vec::new());
    for shape in &shapes {
        for call in shape.calls.iter().chain(shape.calls) {
            assert_eq!((call.cached)(), (call.plain)(), "{}", shape.what);
        }
        let stats = (shape.site)().stats();
        verified += stats.verified;
        if stats.verified == 0 && stats.hits > 0 {
            never.push(shape.what);
        }
        if stats.differences > 0 {
            differ.push(shape.what);
        }
    }
    drop(test);
    println!("{verified} hits of {} shapes are what their bodies give; not comparable: {never:?}", shapes.len());
    assert!(differ.is_empty(), "{differ:#?}");
    assert!(never.len() * 10 <= shapes.len(), "most values can be compared: {never:#?}");
}

#[test]
fn no_two_shapes_are_one_site() {
    let mut places: Vec<_> = all().iter().map(|shape| std::ptr::from_ref((shape.site)())).collect();
    let count = places.len();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), count);
}
