//! Where a cached function may stand, what may stand around it, and how it is named by others.

use super::{Call, Shape, ran, show, site_in};

shapes! { SHAPES:
    #[no_implicit_prelude]
    no_prelude "in a module without the prelude" [] { pub(super) fn f(text: &str, n: ::std::option::Option<f64>) -> ::std::result::Result<u64, ()> {
        ran();
        match n { ::std::option::Option::None => ::std::result::Result::Err(()), _ => ::std::result::Result::Ok(text.len() as u64) }
    } }
    => [f("a", None), 1 1; f("a", Some(1.0)); f("ab", Some(1.0))];

    #[no_implicit_prelude]
    no_prelude_later "`async fn` in a module without the prelude" [ttl = "1h", key = text.len()] { pub(super) async fn f(text: &str) -> u64 { ran(); text.len() as u64 } }
    => [futures::executor::block_on(f("a")); futures::executor::block_on(f("ab"))];

    own_items "beside items called `Site`, `Entry`, `Result`, `Option`" with {
        pub(super) struct Site;
        pub(super) struct Entry;
        pub(super) struct Memo;
        pub(super) enum Option { None, Some }
        pub(super) enum Result { Ok, Err }
        #[allow(dead_code, reason = "names that the framework uses")]
        pub(super) trait Part { fn own(&self) {} fn is(&self) {} fn feed(&self) {} }
        impl<T> Part for T {}
    }
    [] { pub(super) fn f(text: &str, n: u64) -> u64 { ran(); let _ = (Site, Entry, Memo, Option::None, Option::Some, Result::Ok, Result::Err); text.own(); text.len() as u64 + n } }
    => [f("a", 1); f("a", 2); f("b", 1)];

    own_crates "beside modules called `std`, `core` and `cached_core`" with {
        pub(super) mod std { pub(crate) const N: u64 = 1; }
        pub(super) mod core { pub(crate) const N: u64 = 2; }
        pub(super) mod cached_core { pub(crate) const N: u64 = 3; }
    }
    [ttl = "1h"] { pub(super) fn f(n: u64, x: f64, text: ::std::option::Option<&str>) -> u64 { ran(); n + std::N + core::N + cached_core::N + x as u64 + text.map_or(0, str::len) as u64 } }
    => [f(1, 0.0, None); f(2, 0.0, None); f(1, 0.0, Some("a"))];

    own_primitives "beside types called `u64`, `usize` and `str`" with {
        #[allow(non_camel_case_types, reason = "that is the point")] pub(super) struct usize;
        #[allow(non_camel_case_types, reason = "that is the point")] pub(super) struct u8;
        #[allow(non_camel_case_types, reason = "that is the point")] pub(super) struct bool;
    }
    [max_entries = "unbounded"] { pub(super) fn f(n: u64) -> u64 { ran(); let _ = (usize, u8, bool); n } }
    => [f(1); f(2)];

    own_names "arguments called `found`, `miss`, `key`, `memo`, `site`, `parts`, `value`" [] {
        pub(super) fn f(found: u64, miss: u64, key: u64, memo: u64, site: u64, parts: u64, value: u64) -> u64 { ran(); found + miss + key + memo + site + parts + value }
    }
    => [f(1, 2, 3, 4, 5, 6, 7); f(2, 2, 3, 4, 5, 6, 7); f(1, 2, 3, 4, 5, 6, 8)];

    own_function "called `site`, `entry`, … as its companions are" [] { pub(super) fn site(entry: u64, uncached: u64) -> u64 { ran(); entry * 10 + uncached } }
    => [site(1, 2); site(2, 1)];

    linted "with lint attributes" [] {
        #[allow(non_snake_case, reason = "the formula's letters")]
        #[expect(unused_variables, reason = "a shape")]
        pub(super) fn Area(W: u64, H: u64) -> u64 { ran(); let unused = 0; W * H }
    }
    => [Area(1, 2); Area(3, 4)];

    documented "with docs, `#[must_use]`, `#[inline]`, `#[track_caller]`" [] {
        /// Doubles.
        ///
        /// And nothing else.
        #[must_use = "it has no other effect"]
        #[inline]
        #[track_caller]
        pub(super) fn f(n: u64) -> u64 { ran(); n * 2 }
    }
    => [f(1); f(2)];

    deprecated "with `#[deprecated]`" [] { #[deprecated = "an old one"] #[doc(hidden)] pub(super) fn f(n: u64) -> u64 { ran(); n * 2 } }
    => [{ #[expect(deprecated, reason = "that is the point")] f(1) }; { #[expect(deprecated, reason = "that is the point")] f(2) }];

    conditional "with `#[cfg]` and `#[cfg_attr]` that hold" [] { #[cfg(not(any()))] #[cfg_attr(all(), inline, must_use)] pub(super) fn f(n: u64) -> u64 { ran(); n * 2 } }
    => [f(1); f(2)];

    unreachable "a function that is never called in its own crate but here" [] { #[allow(dead_code, reason = "a shape")] pub(crate) fn f(n: u64) -> u64 { ran(); n } }
    => [f(1); f(2)];
}

/// Rows for shapes that cannot be written twice by macro: their plain functions stand beside them.
pub(super) const WRITTEN: &[Shape] = &[
    row(
        "nested in a function",
        || site_in("written::outer::"),
        &[
            Call { cached: || show(&written::outer(1)), plain: || show(&11), bodies: [1, 0] },
            Call { cached: || show(&written::outer(2)), plain: || show(&12), bodies: [1, 0] },
        ],
    ),
    row(
        "nested in a method",
        || site_in("written::Shop::sum::"),
        &[
            Call { cached: || show(&written::Shop(5).sum(1)), plain: || show(&6), bodies: [1, 0] },
            Call { cached: || show(&written::Shop(6).sum(1)), plain: || show(&7), bodies: [1, 0] },
        ],
    ),
    row(
        "made by `macro_rules!`",
        || site_in("written::made_one"),
        &[
            Call { cached: || show(&written::made_one(1)), plain: || show(&101), bodies: [1, 0] },
            Call { cached: || show(&written::made_one(2)), plain: || show(&102), bodies: [1, 0] },
        ],
    ),
    row(
        "made by the same `macro_rules!`",
        || site_in("written::made_two"),
        &[
            Call { cached: || show(&written::made_two(1)), plain: || show(&201), bodies: [1, 0] },
            Call { cached: || show(&written::made_two(2)), plain: || show(&202), bodies: [1, 0] },
        ],
    ),
    row(
        "used through `use … as …`",
        || renamed::site(),
        &[
            Call { cached: || show(&renamed(1)), plain: || show(&2), bodies: [1, 0] },
            Call { cached: || show(&renamed(2)), plain: || show(&4), bodies: [1, 0] },
        ],
    ),
    row(
        "used through a glob of a re-export",
        || globbed::doubled_here::site(),
        &[
            Call { cached: || show(&globbed::doubled_here(1)), plain: || show(&2), bodies: [1, 0] },
            Call { cached: || show(&globbed::doubled_here(2)), plain: || show(&4), bodies: [1, 0] },
        ],
    ),
    row(
        "one of two by `#[cfg]`",
        || written::either::site(),
        &[
            Call { cached: || show(&written::either(1)), plain: || show(&2), bodies: [1, 0] },
            Call { cached: || show(&written::either(2)), plain: || show(&3), bodies: [1, 0] },
        ],
    ),
    row(
        "as a function pointer",
        || written::pointed::site(),
        &[Call { cached: || show(&[1, 2].map(written::pointed)), plain: || show(&[2, 3]), bodies: [2, 0] }],
    ),
];

const fn row(what: &'static str, site: fn() -> &'static cached_core::Site, calls: &'static [Call]) -> Shape {
    Shape { what, site, calls }
}

use written::doubled as renamed;

mod globbed {
    pub(super) use super::written::*;
}

mod written {
    use cached_core::cached;

    use super::ran;

    pub(super) fn outer(n: u64) -> u64 {
        #[cached]
        fn inner(n: u64) -> u64 {
            ran();
            n + 10
        }
        inner(n)
    }

    pub(super) struct Shop(pub(super) u64);

    impl Shop {
        pub(super) fn sum(&self, n: u64) -> u64 {
            #[cached]
            fn sum(a: u64, b: u64) -> u64 {
                ran();
                a + b
            }
            sum(self.0, n)
        }
    }

    macro_rules! made {
        ($($name:ident $add:literal;)*) => {$(
            #[cached]
            pub(super) fn $name(n: u64) -> u64 {
                ran();
                let found = n + $add; // a name that the wrapper uses too
                found
            }
        )*};
    }

    made! {
        made_one 100;
        made_two 200;
    }

    #[cached]
    pub(in super::super) fn doubled(n: u64) -> u64 {
        ran();
        n * 2
    }

    #[cached]
    pub(in super::super) fn doubled_here(n: u64) -> u64 {
        ran();
        n * 2
    }

    #[cached]
    #[cfg(any())]
    pub(super) fn either(n: NoSuchType) -> NoSuchType {
        n
    }

    #[cached]
    #[cfg(not(any()))]
    pub(super) fn either(n: u64) -> u64 {
        ran();
        n + 1
    }

    #[cached]
    pub(super) fn pointed(n: u64) -> u64 {
        ran();
        n + 1
    }
}
