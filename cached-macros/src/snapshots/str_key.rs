///
///Cached: see `price::entry`, `price::refresh`, `price::with_outcome`, `price::uncached`, `price::site`.
pub(crate) fn price(sku: &str, qty: u32) -> Option<Cents> {
    let found = <price>::memo()
        .lookup((::cached_core::rt::Ref(sku), ::cached_core::rt::Own(&qty)));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| <price>::uncached(sku, qty)),
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub(crate) enum price {}
impl price {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    pub(crate) fn uncached(sku: &str, qty: u32) -> Option<Cents> {
        look(sku, qty)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const kept: ::core::primitive::u8 = {
        ::cached_core::rt::borrowed::<str>();
        ::cached_core::rt::key::<u32>();
        ::cached_core::rt::kept::<
            { ::cached_core::rt::fallible!(Option < Cents >) },
            Option<Cents>,
        >()
    };
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    pub(crate) const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "price"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 6614159354537258683,
            version: 0,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (< str as ::std::borrow::ToOwned > ::Owned, u32,), < Option < Cents >
                    as ::cached_core::rt::Project < { < price > ::kept } >> ::Stored
                )
            },
            policy: ::cached_core::rt::Policy {
                ttl: ::core::option::Option::Some(|| ::core::time::Duration::new(
                    300,
                    0,
                )),
                max_entries: ::core::option::Option::Some(10000),
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
        { <price>::kept },
        (<str as ::std::borrow::ToOwned>::Owned, u32),
        <Option<Cents> as ::cached_core::rt::Project<{ <price>::kept }>>::Stored,
    > {
        static MEMO: ::cached_core::rt::Memo<
            (<str as ::std::borrow::ToOwned>::Owned, u32),
            <Option<Cents> as ::cached_core::rt::Project<{ <price>::kept }>>::Stored,
        > = ::cached_core::rt::Memo::new(
            <price>::site(),
            ::cached_core::rt::facts!(
                (< str as ::std::borrow::ToOwned > ::Owned, u32,), < Option < Cents > as
                ::cached_core::rt::Project < { < price > ::kept } >> ::Stored
            ),
        );
        ::cached_core::rt::Keeping(&MEMO)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    pub(crate) fn entry(
        sku: &str,
        qty: &u32,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<
            { <price>::kept },
            Held = (<str as ::std::borrow::ToOwned>::Owned, u32),
        >,
        <Option<Cents> as ::cached_core::rt::Project<{ <price>::kept }>>::Stored,
    > {
        <price>::memo().entry((::cached_core::rt::Ref(sku), ::cached_core::rt::Own(qty)))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    pub(crate) fn refresh(sku: &str, qty: u32) -> Option<Cents> {
        let miss = <price>::memo()
            .refresh((::cached_core::rt::Ref(sku), ::cached_core::rt::Own(&qty)));
        miss.run(|| <price>::uncached(sku, qty))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    pub(crate) fn with_outcome(
        sku: &str,
        qty: u32,
    ) -> (Option<Cents>, ::cached_core::Outcome) {
        ::cached_core::rt::seen(move || {
            let found = <price>::memo()
                .lookup((::cached_core::rt::Ref(sku), ::cached_core::rt::Own(&qty)));
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => {
                    miss.run(|| <price>::uncached(sku, qty))
                }
            }
        })
    }
}
