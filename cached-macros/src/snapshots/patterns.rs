///
///Cached: see `area::entry`, `area::refresh`, `area::uncached`, `area::site`.
fn area(arg0: (u32, u32), n: u32, arg2: Unit) -> u32 {
    let found = ::cached_core::rt::lookup::<
        { ::cached_core::rt::fallible!(u32) },
        _,
        _,
    >(area::memo(), (::cached_core::rt::Own(&arg0), ::cached_core::rt::Own(&n)));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| area::uncached(arg0, n, arg2)),
    }
}
#[doc(hidden)]
enum area {}
impl area {
    #[doc(hidden)]
    #[allow(dead_code)]
    fn uncached((w, h): (u32, u32), mut n: u32, _: Unit) -> u32 {
        n += w * h;
        n
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "area"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 9027149783502054789,
            version: 0,
            generic: false,
            encodable: || {
                ::cached_core::rt::encodable!(
                    ((u32, u32), u32,), < u32 as ::cached_core::rt::Project < {
                    ::cached_core::rt::fallible!(u32) } >> ::Stored
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
        ((u32, u32), u32),
        <u32 as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u32) },
        >>::Stored,
    >
    where
        for<'__any> u32: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u32) },
        >,
    {
        static MEMO: ::cached_core::rt::Memo<
            ((u32, u32), u32),
            <u32 as ::cached_core::rt::Project<
                { ::cached_core::rt::fallible!(u32) },
            >>::Stored,
        > = ::cached_core::rt::Memo::new(
            area::site(),
            ::cached_core::rt::facts!(
                ((u32, u32), u32,), < u32 as ::cached_core::rt::Project < {
                ::cached_core::rt::fallible!(u32) } >> ::Stored
            ),
        );
        &MEMO
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn entry(
        arg0: &(u32, u32),
        n: &u32,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Part<Owned = ((u32, u32), u32)>,
        <u32 as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u32) },
        >>::Stored,
    >
    where
        for<'__any> u32: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u32) },
        >,
    {
        ::cached_core::rt::entry(
            area::memo(),
            (::cached_core::rt::Own(arg0), ::cached_core::rt::Own(n)),
        )
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn refresh(arg0: (u32, u32), n: u32, arg2: Unit) -> u32
    where
        for<'__any> u32: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u32) },
        >,
    {
        let miss = ::cached_core::rt::refresh::<
            { ::cached_core::rt::fallible!(u32) },
            _,
            u32,
        >(area::memo(), (::cached_core::rt::Own(&arg0), ::cached_core::rt::Own(&n)));
        miss.run(|| area::uncached(arg0, n, arg2))
    }
}
