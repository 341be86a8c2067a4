impl S {
    ///
    ///Cached: see `fn_entry`, `fn_refresh`, `fn_uncached`, `fn_site`.
    fn f(n: u8) -> u8 {
        let found = ::cached_core::rt::lookup::<
            { ::cached_core::rt::fallible!(u8) },
            _,
            _,
        >(Self::__fn_memo(), (::cached_core::rt::Own(&n),));
        match found {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(miss) => miss.run(|| Self::fn_uncached(n)),
        }
    }
    #[doc(hidden)]
    #[allow(dead_code)]
    fn fn_uncached(n: u8) -> u8 {
        n
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    const fn fn_site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::core::concat!(::core::module_path!(), "::", "S", "::", "f"),
            identity: ::core::concat!(::core::module_path!(), "::", "S", "::", "f"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 16264333962973363646,
            version: 0,
            generic: false,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (u8,), < u8 as ::cached_core::rt::Project < {
                    ::cached_core::rt::fallible!(u8) } >> ::Stored
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
    fn __fn_memo() -> &'static ::cached_core::rt::Memo<
        (u8,),
        <u8 as ::cached_core::rt::Project<{ ::cached_core::rt::fallible!(u8) }>>::Stored,
    >
    where
        for<'__any> u8: ::cached_core::rt::Project<{ ::cached_core::rt::fallible!(u8) }>,
    {
        static MEMO: ::cached_core::rt::Memo<
            (u8,),
            <u8 as ::cached_core::rt::Project<
                { ::cached_core::rt::fallible!(u8) },
            >>::Stored,
        > = ::cached_core::rt::Memo::new(
            <S>::fn_site(),
            ::cached_core::rt::facts!(
                (u8,), < u8 as ::cached_core::rt::Project < {
                ::cached_core::rt::fallible!(u8) } >> ::Stored
            ),
        );
        &MEMO
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn fn_entry(
        n: &u8,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Part<Owned = (u8,)>,
        <u8 as ::cached_core::rt::Project<{ ::cached_core::rt::fallible!(u8) }>>::Stored,
    >
    where
        for<'__any> u8: ::cached_core::rt::Project<{ ::cached_core::rt::fallible!(u8) }>,
    {
        ::cached_core::rt::entry(Self::__fn_memo(), (::cached_core::rt::Own(n),))
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn fn_refresh(n: u8) -> u8
    where
        for<'__any> u8: ::cached_core::rt::Project<{ ::cached_core::rt::fallible!(u8) }>,
    {
        let miss = ::cached_core::rt::refresh::<
            { ::cached_core::rt::fallible!(u8) },
            _,
            u8,
        >(Self::__fn_memo(), (::cached_core::rt::Own(&n),));
        miss.run(|| Self::fn_uncached(n))
    }
}
