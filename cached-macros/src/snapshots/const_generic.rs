///
///Cached: see `sum::entry`, `sum::refresh`, `sum::uncached`, `sum::site`.
fn sum<const N: usize>(all: [u64; N]) -> u64 {
    let found = ::cached_core::rt::lookup::<
        { ::cached_core::rt::fallible!(u64) },
        _,
        _,
    >(sum::memo::<N>(), (::cached_core::rt::Own(&all),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| sum::uncached::<N>(all)),
    }
}
#[doc(hidden)]
enum sum {}
impl sum {
    #[doc(hidden)]
    #[allow(dead_code)]
    fn uncached<const N: usize>(all: [u64; N]) -> u64 {
        all.iter().sum()
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "sum"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 10842192828673481119,
            version: 0,
            generic: true,
            encodable: || true,
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
    fn memo<const N: usize>() -> &'static ::cached_core::rt::Memo<
        ([u64; N],),
        <u64 as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u64) },
        >>::Stored,
    >
    where
        for<'__any> u64: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u64) },
        >,
    {
        sum::site()
            .instance(
                || (),
                ::cached_core::rt::facts!(
                    ([u64; N],), < u64 as ::cached_core::rt::Project < {
                    ::cached_core::rt::fallible!(u64) } >> ::Stored
                ),
            )
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn entry<const N: usize>(
        all: &[u64; N],
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Part<Owned = ([u64; N],)>,
        <u64 as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u64) },
        >>::Stored,
    >
    where
        for<'__any> u64: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u64) },
        >,
    {
        ::cached_core::rt::entry(sum::memo::<N>(), (::cached_core::rt::Own(all),))
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn refresh<const N: usize>(all: [u64; N]) -> u64
    where
        for<'__any> u64: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u64) },
        >,
    {
        let miss = ::cached_core::rt::refresh::<
            { ::cached_core::rt::fallible!(u64) },
            _,
            u64,
        >(sum::memo::<N>(), (::cached_core::rt::Own(&all),));
        miss.run(|| sum::uncached::<N>(all))
    }
}
