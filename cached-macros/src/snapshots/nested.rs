fn nested() -> String {
    let found = <__cached_nested>::memo().lookup(());
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| <__cached_nested>::uncached()),
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum __cached_nested {}
impl __cached_nested {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn uncached() -> String {
        String::new()
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const kept: ::core::primitive::u8 = {
        ::cached_core::rt::kept::<{ ::cached_core::rt::fallible!(String) }, String>()
    };
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || "billing.nested",
            identity: "billing.nested",
            named: true,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 16229852300245043004,
            version: 3,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (), < String as ::cached_core::rt::Project < { < __cached_nested >
                    ::kept } >> ::Stored
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
        { <__cached_nested>::kept },
        (),
        <String as ::cached_core::rt::Project<{ <__cached_nested>::kept }>>::Stored,
    > {
        static MEMO: ::cached_core::rt::Memo<
            (),
            <String as ::cached_core::rt::Project<{ <__cached_nested>::kept }>>::Stored,
        > = ::cached_core::rt::Memo::new(
            <__cached_nested>::site(),
            ::cached_core::rt::facts!(
                (), < String as ::cached_core::rt::Project < { < __cached_nested > ::kept
                } >> ::Stored
            ),
        );
        ::cached_core::rt::Keeping(&MEMO)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn entry() -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<{ <__cached_nested>::kept }, Held = ()>,
        <String as ::cached_core::rt::Project<{ <__cached_nested>::kept }>>::Stored,
    > {
        <__cached_nested>::memo().entry(())
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn refresh() -> String {
        let miss = <__cached_nested>::memo().refresh(());
        miss.run(|| <__cached_nested>::uncached())
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn with_outcome() -> (String, ::cached_core::Outcome) {
        ::cached_core::rt::seen(move || {
            let found = <__cached_nested>::memo().lookup(());
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => {
                    miss.run(|| <__cached_nested>::uncached())
                }
            }
        })
    }
}
