///
///Cached: see `at::entry`, `at::refresh`, `at::with_outcome`, `at::uncached`, `at::site`.
fn at(x: f64, label: Option<&str>, path: &[(f32, &str)], text: Cow<'_, str>) -> Shape {
    let found = <at>::memo()
        .lookup((
            ::cached_core::rt::Float(x),
            ::cached_core::rt::Maybe(
                match &label {
                    ::core::option::Option::Some(x) => {
                        ::core::option::Option::Some(::cached_core::rt::Ref(*x))
                    }
                    ::core::option::Option::None => ::core::option::Option::None,
                },
            ),
            ::cached_core::rt::seq(
                &path[..],
                |x| {
                    let (x0, x1) = x;
                    (::cached_core::rt::Float(*x0), ::cached_core::rt::Ref(*x1))
                },
            ),
            ::cached_core::rt::Ref(&*text),
        ));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => {
            miss.run(|| <at>::uncached(x, label, path, text))
        }
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum at {}
impl at {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn uncached(
        x: f64,
        label: Option<&str>,
        path: &[(f32, &str)],
        text: Cow<'_, str>,
    ) -> Shape {
        Shape
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const kept: ::core::primitive::u8 = {
        ::cached_core::rt::borrowed::<str>();
        ::cached_core::rt::borrowed::<str>();
        ::cached_core::rt::borrowed::<str>();
        ::cached_core::rt::kept::<{ ::cached_core::rt::fallible!(Shape) }, Shape>()
    };
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "at"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 13257987221053364241,
            version: 0,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (::cached_core::rt::FloatBits < f64 >, ::core::option::Option < < str
                    as ::std::borrow::ToOwned > ::Owned >, ::std::vec::Vec <
                    (::cached_core::rt::FloatBits < f32 >, < str as
                    ::std::borrow::ToOwned > ::Owned,) >, < str as ::std::borrow::ToOwned
                    > ::Owned,), < Shape as ::cached_core::rt::Project < { < at > ::kept
                    } >> ::Stored
                )
            },
            policy: ::cached_core::rt::Policy {
                ..::cached_core::rt::Policy::PLAIN
            },
        });
        ::cached_core::rt::inventory::submit! {
            ::cached_core::rt::Listed(& SITE)
        }
        &SITE
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn memo() -> ::cached_core::rt::Keeping<
        { <at>::kept },
        (
            ::cached_core::rt::FloatBits<f64>,
            ::core::option::Option<<str as ::std::borrow::ToOwned>::Owned>,
            ::std::vec::Vec<
                (
                    ::cached_core::rt::FloatBits<f32>,
                    <str as ::std::borrow::ToOwned>::Owned,
                ),
            >,
            <str as ::std::borrow::ToOwned>::Owned,
        ),
        <Shape as ::cached_core::rt::Project<{ <at>::kept }>>::Stored,
    > {
        static MEMO: ::cached_core::rt::Memo<
            (
                ::cached_core::rt::FloatBits<f64>,
                ::core::option::Option<<str as ::std::borrow::ToOwned>::Owned>,
                ::std::vec::Vec<
                    (
                        ::cached_core::rt::FloatBits<f32>,
                        <str as ::std::borrow::ToOwned>::Owned,
                    ),
                >,
                <str as ::std::borrow::ToOwned>::Owned,
            ),
            <Shape as ::cached_core::rt::Project<{ <at>::kept }>>::Stored,
        > = ::cached_core::rt::Memo::new(
            <at>::site(),
            ::cached_core::rt::facts!(
                (::cached_core::rt::FloatBits < f64 >, ::core::option::Option < < str as
                ::std::borrow::ToOwned > ::Owned >, ::std::vec::Vec <
                (::cached_core::rt::FloatBits < f32 >, < str as ::std::borrow::ToOwned >
                ::Owned,) >, < str as ::std::borrow::ToOwned > ::Owned,), < Shape as
                ::cached_core::rt::Project < { < at > ::kept } >> ::Stored
            ),
        );
        ::cached_core::rt::Keeping(&MEMO)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn entry(
        x: &f64,
        label: &Option<&str>,
        path: &[(f32, &str)],
        text: &Cow<'_, str>,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<
            { <at>::kept },
            Held = (
                ::cached_core::rt::FloatBits<f64>,
                ::core::option::Option<<str as ::std::borrow::ToOwned>::Owned>,
                ::std::vec::Vec<
                    (
                        ::cached_core::rt::FloatBits<f32>,
                        <str as ::std::borrow::ToOwned>::Owned,
                    ),
                >,
                <str as ::std::borrow::ToOwned>::Owned,
            ),
        >,
        <Shape as ::cached_core::rt::Project<{ <at>::kept }>>::Stored,
    > {
        <at>::memo()
            .entry((
                ::cached_core::rt::Float(*x),
                ::cached_core::rt::Maybe(
                    match label {
                        ::core::option::Option::Some(x) => {
                            ::core::option::Option::Some(::cached_core::rt::Ref(*x))
                        }
                        ::core::option::Option::None => ::core::option::Option::None,
                    },
                ),
                ::cached_core::rt::seq(
                    &path[..],
                    |x| {
                        let (x0, x1) = x;
                        (::cached_core::rt::Float(*x0), ::cached_core::rt::Ref(*x1))
                    },
                ),
                ::cached_core::rt::Ref(&**text),
            ))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn refresh(
        x: f64,
        label: Option<&str>,
        path: &[(f32, &str)],
        text: Cow<'_, str>,
    ) -> Shape {
        let miss = <at>::memo()
            .refresh((
                ::cached_core::rt::Float(x),
                ::cached_core::rt::Maybe(
                    match &label {
                        ::core::option::Option::Some(x) => {
                            ::core::option::Option::Some(::cached_core::rt::Ref(*x))
                        }
                        ::core::option::Option::None => ::core::option::Option::None,
                    },
                ),
                ::cached_core::rt::seq(
                    &path[..],
                    |x| {
                        let (x0, x1) = x;
                        (::cached_core::rt::Float(*x0), ::cached_core::rt::Ref(*x1))
                    },
                ),
                ::cached_core::rt::Ref(&*text),
            ));
        miss.run(|| <at>::uncached(x, label, path, text))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn with_outcome(
        x: f64,
        label: Option<&str>,
        path: &[(f32, &str)],
        text: Cow<'_, str>,
    ) -> (Shape, ::cached_core::Outcome) {
        ::cached_core::rt::seen(move || {
            let found = <at>::memo()
                .lookup((
                    ::cached_core::rt::Float(x),
                    ::cached_core::rt::Maybe(
                        match &label {
                            ::core::option::Option::Some(x) => {
                                ::core::option::Option::Some(::cached_core::rt::Ref(*x))
                            }
                            ::core::option::Option::None => ::core::option::Option::None,
                        },
                    ),
                    ::cached_core::rt::seq(
                        &path[..],
                        |x| {
                            let (x0, x1) = x;
                            (::cached_core::rt::Float(*x0), ::cached_core::rt::Ref(*x1))
                        },
                    ),
                    ::cached_core::rt::Ref(&*text),
                ));
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => {
                    miss.run(|| <at>::uncached(x, label, path, text))
                }
            }
        })
    }
}
