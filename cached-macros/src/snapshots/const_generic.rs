///
///Cached: see `sum::entry`, `sum::refresh`, `sum::with_outcome`, `sum::uncached`, `sum::site`.
fn sum<const N: usize>(all: [u64; N]) -> u64 {
    let found = match (::cached_core::rt::own(&all),) {
        key => {
            let kept = ::cached_core::rt::proven(
                ::cached_core::rt::Kept::<
                    { ::cached_core::rt::fallible!(u64) },
                    u64,
                >(::core::marker::PhantomData),
            );
            let facts = ::cached_core::rt::facts_for!(key, kept);
            let found = <sum>::memo::<N, _, _>(&facts);
            kept.__cached_memo(found).lookup(key)
        }
    };
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| <sum>::uncached::<N>(all)),
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum sum {}
impl sum {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn uncached<const N: usize>(all: [u64; N]) -> u64 {
        all.iter().sum()
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
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
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn memo<
        const N: usize,
        __Key: ::cached_core::rt::OwnedKey,
        __Value: ::cached_core::rt::Value,
    >(
        facts: ::cached_core::rt::Finds<'_, __Key, __Value>,
    ) -> &'static ::cached_core::rt::Memo<__Key, __Value> {
        <sum>::site().instance(|| (), facts)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn entry<const N: usize>(
        all: &[u64; N],
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<{ ::cached_core::rt::fallible!(u64) }>,
        <u64 as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u64) },
        >>::Stored,
    >
    where
        for<'__any> <u64 as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u64) },
        >>::Stored: ::cached_core::rt::Value,
    {
        match (::cached_core::rt::own(&*all),) {
            key => {
                let kept = ::cached_core::rt::Kept::<
                    { ::cached_core::rt::fallible!(u64) },
                    u64,
                >(::core::marker::PhantomData);
                let facts = ::cached_core::rt::facts_for!(key, kept);
                let found = <sum>::memo::<N, _, _>(&facts);
                kept.__cached_memo(found).entry(key)
            }
        }
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn refresh<const N: usize>(all: [u64; N]) -> u64
    where
        for<'__any> <u64 as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u64) },
        >>::Stored: ::cached_core::rt::Value,
    {
        let miss = match (::cached_core::rt::own(&all),) {
            key => {
                let kept = ::cached_core::rt::Kept::<
                    { ::cached_core::rt::fallible!(u64) },
                    u64,
                >(::core::marker::PhantomData);
                let facts = ::cached_core::rt::facts_for!(key, kept);
                let found = <sum>::memo::<N, _, _>(&facts);
                kept.__cached_memo(found).refresh(key)
            }
        };
        miss.run(|| <sum>::uncached::<N>(all))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn with_outcome<const N: usize>(all: [u64; N]) -> (u64, ::cached_core::Outcome)
    where
        for<'__any> <u64 as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u64) },
        >>::Stored: ::cached_core::rt::Value,
    {
        ::cached_core::rt::seen(move || {
            let found = match (::cached_core::rt::own(&all),) {
                key => {
                    let kept = ::cached_core::rt::Kept::<
                        { ::cached_core::rt::fallible!(u64) },
                        u64,
                    >(::core::marker::PhantomData);
                    let facts = ::cached_core::rt::facts_for!(key, kept);
                    let found = <sum>::memo::<N, _, _>(&facts);
                    kept.__cached_memo(found).lookup(key)
                }
            };
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => {
                    miss.run(|| <sum>::uncached::<N>(all))
                }
            }
        })
    }
}
