//! The two macros that write a shape twice: under the attribute, and as it is.
//!
//! In: a name, what it is, the attribute's arguments in brackets, the function in braces, and
//! calls that differ, each with the bodies it runs first and later if that is not 1 and 0. Out: a
//! module with the function in `cached` and in `plain`, and one row of the table.

/// Functions.
macro_rules! shapes {
    ($list:ident: $(
        $(#[$meta:meta])*
        $module:ident $what:literal $(at $site:literal)? $(with { $($with:tt)* })?
        [$($cached:tt)*] { $($item:tt)* }
        => [$($call:expr $(, $first:literal $later:literal)?);+];
    )*) => {
        pub(super) const $list: &[$crate::shapes::Shape] = &[$($module::SHAPE),*];

        $(mod $module {
            pub(super) const SHAPE: $crate::shapes::Shape = $crate::shapes::Shape {
                what: $what,
                site: || site!($($site)?),
                calls: &[$(call!([$call] $($first $later)?)),+],
            };

            $(#[$meta])*
            mod cached {
                #[allow(unused_imports, reason = "each shape uses some of it")]
                use super::super::*;
                $($($with)*)?
                #[::cached_core::cached($($cached)*)]
                $($item)*
            }

            $(#[$meta])*
            mod plain {
                #[allow(unused_imports, reason = "each shape uses some of it")]
                use super::super::*;
                $($($with)*)?
                $($item)*
            }
        })*
    };
}

/// Methods: the types in braces, then the `impl` block with its attribute, if it has one.
macro_rules! methods {
    ($list:ident: $(
        $module:ident $what:literal $(at $site:literal)? { $($types:tt)* }
        $(#[$outer:meta])? impl { $($head:tt)* } [$($cached:tt)*] { $($method:tt)* }
        => [$($call:expr $(, $first:literal $later:literal)?);+];
    )*) => {
        pub(super) const $list: &[$crate::shapes::Shape] = &[$($module::SHAPE),*];

        $(mod $module {
            pub(super) const SHAPE: $crate::shapes::Shape = $crate::shapes::Shape {
                what: $what,
                site: || site!($($site)?),
                calls: &[$(call!([$call] $($first $later)?)),+],
            };

            mod cached {
                #[allow(unused_imports, reason = "each shape uses some of it")]
                use super::super::*;
                $($types)*
                $(#[$outer])?
                $($head)* {
                    #[::cached_core::cached($($cached)*)]
                    $($method)*
                }
            }

            mod plain {
                #[allow(unused_imports, reason = "each shape uses some of it")]
                use super::super::*;
                $($types)*
                $($head)* {
                    $($method)*
                }
            }
        })*
    };
}

/// The site of a shape: the one in its module, or the one of that name.
macro_rules! site {
    () => {
        $crate::shapes::site_in(concat!(module_path!(), "::cached::"))
    };
    ($name:literal) => {
        $crate::shapes::site_in($name)
    };
}

/// One call, in both modules.
macro_rules! call {
    ([$call:expr]) => {
        call!([$call] 1 0)
    };
    ([$call:expr] $first:literal $later:literal) => {
        $crate::shapes::Call {
            cached: || {
                #[allow(unused_imports, reason = "each shape uses some of it")]
                use {super::*, cached::*};
                $crate::shapes::show(&$call)
            },
            plain: || {
                #[allow(unused_imports, reason = "each shape uses some of it")]
                use {super::*, plain::*};
                $crate::shapes::show(&$call)
            },
            bodies: [$first, $later],
        }
    };
}
