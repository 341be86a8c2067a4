///
///Cached: see `at::entry`, `at::refresh`, `at::uncached`, `at::site`.
fn at(x: f64, label: Option<&str>, path: &[(f32, &str)], text: Cow<'_, str>) -> Shape {
    let found = ::cached_core::rt::lookup::<
        { ::cached_core::rt::fallible!(Shape) },
        _,
        _,
    >(
        at::memo(),
        (
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
        ),
    );
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => {
            miss.run(|| at::uncached(x, label, path, text))
        }
    }
}
#[doc(hidden)]
enum at {}
impl at {
    #[doc(hidden)]
    #[allow(dead_code)]
    fn uncached(
        x: f64,
        label: Option<&str>,
        path: &[(f32, &str)],
        text: Cow<'_, str>,
    ) -> Shape {
        Shape
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
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
            generic: false,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (::cached_core::rt::FloatBits < f64 >, ::core::option::Option < < str
                    as ::std::borrow::ToOwned > ::Owned >, ::std::vec::Vec <
                    (::cached_core::rt::FloatBits < f32 >, < str as
                    ::std::borrow::ToOwned > ::Owned,) >, < str as ::std::borrow::ToOwned
                    > ::Owned,), < Shape as ::cached_core::rt::Project < {
                    ::cached_core::rt::fallible!(Shape) } >> ::Stored
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
    #[allow(dead_code, clippy::pedantic)]
    fn memo() -> &'static ::cached_core::rt::Memo<
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
        <Shape as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Shape) },
        >>::Stored,
    >
    where
        for<'__any> Shape: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Shape) },
        >,
    {
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
            <Shape as ::cached_core::rt::Project<
                { ::cached_core::rt::fallible!(Shape) },
            >>::Stored,
        > = ::cached_core::rt::Memo::new(
            at::site(),
            ::cached_core::rt::facts!(
                (::cached_core::rt::FloatBits < f64 >, ::core::option::Option < < str as
                ::std::borrow::ToOwned > ::Owned >, ::std::vec::Vec <
                (::cached_core::rt::FloatBits < f32 >, < str as ::std::borrow::ToOwned >
                ::Owned,) >, < str as ::std::borrow::ToOwned > ::Owned,), < Shape as
                ::cached_core::rt::Project < { ::cached_core::rt::fallible!(Shape) } >>
                ::Stored
            ),
        );
        &MEMO
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn entry(
        x: &f64,
        label: &Option<&str>,
        path: &[(f32, &str)],
        text: &Cow<'_, str>,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Part<
            Owned = (
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
        <Shape as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Shape) },
        >>::Stored,
    >
    where
        for<'__any> Shape: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Shape) },
        >,
    {
        ::cached_core::rt::entry(
            at::memo(),
            (
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
            ),
        )
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn refresh(
        x: f64,
        label: Option<&str>,
        path: &[(f32, &str)],
        text: Cow<'_, str>,
    ) -> Shape
    where
        for<'__any> Shape: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Shape) },
        >,
    {
        let miss = ::cached_core::rt::refresh::<
            { ::cached_core::rt::fallible!(Shape) },
            _,
            Shape,
        >(
            at::memo(),
            (
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
            ),
        );
        miss.run(|| at::uncached(x, label, path, text))
    }
}
