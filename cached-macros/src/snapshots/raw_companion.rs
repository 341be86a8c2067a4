impl S {
    ///
    ///Cached: see `fn_entry`, `fn_refresh`, `fn_with_outcome`, `fn_uncached`, `fn_site`.
    fn f(n: u8) -> u8 {
        let found = Self::__fn_memo().lookup((::cached_core::rt::Own(&n),));
        match found {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(miss) => miss.run(|| Self::fn_uncached(n)),
        }
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn fn_uncached(n: u8) -> u8 {
        n
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const __fn_kept: ::core::primitive::u8 = {
        ::cached_core::rt::key::<u8>();
        ::cached_core::rt::kept::<{ ::cached_core::rt::fallible!(u8) }, u8>()
    };
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
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
            encodable: || {
                ::cached_core::rt::encodable!(
                    (u8,), < u8 as ::cached_core::rt::Project < { < S > ::__fn_kept } >>
                    ::Stored
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
    fn __fn_memo() -> ::cached_core::rt::Keeping<
        { <S>::__fn_kept },
        (u8,),
        <u8 as ::cached_core::rt::Project<{ <S>::__fn_kept }>>::Stored,
    > {
        static MEMO: ::cached_core::rt::Memo<
            (u8,),
            <u8 as ::cached_core::rt::Project<{ <S>::__fn_kept }>>::Stored,
        > = ::cached_core::rt::Memo::new(
            <S>::fn_site(),
            ::cached_core::rt::facts!(
                (u8,), < u8 as ::cached_core::rt::Project < { < S > ::__fn_kept } >>
                ::Stored
            ),
        );
        ::cached_core::rt::Keeping(&MEMO)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn fn_entry(
        n: &u8,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<{ <S>::__fn_kept }, Held = (u8,)>,
        <u8 as ::cached_core::rt::Project<{ <S>::__fn_kept }>>::Stored,
    > {
        Self::__fn_memo().entry((::cached_core::rt::Own(n),))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn fn_refresh(n: u8) -> u8 {
        let miss = Self::__fn_memo().refresh((::cached_core::rt::Own(&n),));
        miss.run(|| Self::fn_uncached(n))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn fn_with_outcome(n: u8) -> (u8, ::cached_core::Outcome) {
        ::cached_core::rt::seen(move || {
            let found = Self::__fn_memo().lookup((::cached_core::rt::Own(&n),));
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => miss.run(|| Self::fn_uncached(n)),
            }
        })
    }
}
