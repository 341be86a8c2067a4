fn nested() -> String {
    let found = ::cached_core::rt::lookup::<
        { ::cached_core::rt::fallible!(String) },
        _,
        _,
    >(__cached_nested::memo(), ());
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| __cached_nested::uncached()),
    }
}
#[doc(hidden)]
enum __cached_nested {}
impl __cached_nested {
    #[doc(hidden)]
    #[allow(dead_code)]
    fn uncached() -> String {
        String::new()
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
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
            generic: false,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (), < String as ::cached_core::rt::Project < {
                    ::cached_core::rt::fallible!(String) } >> ::Stored
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
        (),
        <String as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(String) },
        >>::Stored,
    >
    where
        for<'__any> String: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(String) },
        >,
    {
        static MEMO: ::cached_core::rt::Memo<
            (),
            <String as ::cached_core::rt::Project<
                { ::cached_core::rt::fallible!(String) },
            >>::Stored,
        > = ::cached_core::rt::Memo::new(
            __cached_nested::site(),
            ::cached_core::rt::facts!(
                (), < String as ::cached_core::rt::Project < {
                ::cached_core::rt::fallible!(String) } >> ::Stored
            ),
        );
        &MEMO
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn entry() -> ::cached_core::Entry<
        impl ::cached_core::rt::Part<Owned = ()>,
        <String as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(String) },
        >>::Stored,
    >
    where
        for<'__any> String: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(String) },
        >,
    {
        ::cached_core::rt::entry(__cached_nested::memo(), ())
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn refresh() -> String
    where
        for<'__any> String: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(String) },
        >,
    {
        let miss = ::cached_core::rt::refresh::<
            { ::cached_core::rt::fallible!(String) },
            _,
            String,
        >(__cached_nested::memo(), ());
        miss.run(|| __cached_nested::uncached())
    }
}
