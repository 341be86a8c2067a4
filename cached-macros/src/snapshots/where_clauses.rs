///
///Cached: see `f::entry`, `f::refresh`, `f::with_outcome`, `f::uncached`, `f::site`.
fn f<'a, T>(a: &'a T) -> u8
where
    T: Clone + 'static,
    &'a T: Into<u8>,
    for<'b> &'b T: Add,
{
    let found = match (::cached_core::rt::borrow(a),) {
        key => {
            let kept = ::cached_core::rt::proven(
                ::cached_core::rt::Kept::<
                    { ::cached_core::rt::fallible!(u8) },
                    u8,
                >(::core::marker::PhantomData),
            );
            let facts = ::cached_core::rt::facts_for!(key, kept);
            let found = <f>::memo::<T, _, _>(&facts);
            kept.__cached_memo(found).lookup(key)
        }
    };
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| <f>::uncached::<T>(a)),
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum f {}
impl f {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn uncached<'a, T>(a: &'a T) -> u8
    where
        T: Clone + 'static,
        &'a T: Into<u8>,
        for<'b> &'b T: Add,
    {
        0
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "f"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 14192874998882582213,
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
    fn memo<T, __Key: ::cached_core::rt::OwnedKey, __Value: ::cached_core::rt::Value>(
        facts: ::cached_core::rt::Finds<'_, __Key, __Value>,
    ) -> &'static ::cached_core::rt::Memo<__Key, __Value>
    where
        T: Clone + 'static,
        for<'b> &'b T: Add,
    {
        <f>::site().instance(|| (), facts)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn entry<'a, T>(
        a: &'a T,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<{ ::cached_core::rt::fallible!(u8) }>,
        <u8 as ::cached_core::rt::Project<{ ::cached_core::rt::fallible!(u8) }>>::Stored,
    >
    where
        T: Clone + 'static,
        &'a T: Into<u8>,
        for<'b> &'b T: Add,
        for<'__any> <u8 as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u8) },
        >>::Stored: ::cached_core::rt::Value,
    {
        match (::cached_core::rt::borrow(a),) {
            key => {
                let kept = ::cached_core::rt::Kept::<
                    { ::cached_core::rt::fallible!(u8) },
                    u8,
                >(::core::marker::PhantomData);
                let facts = ::cached_core::rt::facts_for!(key, kept);
                let found = <f>::memo::<T, _, _>(&facts);
                kept.__cached_memo(found).entry(key)
            }
        }
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn refresh<'a, T>(a: &'a T) -> u8
    where
        T: Clone + 'static,
        &'a T: Into<u8>,
        for<'b> &'b T: Add,
        for<'__any> <u8 as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u8) },
        >>::Stored: ::cached_core::rt::Value,
    {
        let miss = match (::cached_core::rt::borrow(a),) {
            key => {
                let kept = ::cached_core::rt::Kept::<
                    { ::cached_core::rt::fallible!(u8) },
                    u8,
                >(::core::marker::PhantomData);
                let facts = ::cached_core::rt::facts_for!(key, kept);
                let found = <f>::memo::<T, _, _>(&facts);
                kept.__cached_memo(found).refresh(key)
            }
        };
        miss.run(|| <f>::uncached::<T>(a))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn with_outcome<'a, T>(a: &'a T) -> (u8, ::cached_core::Outcome)
    where
        T: Clone + 'static,
        &'a T: Into<u8>,
        for<'b> &'b T: Add,
        for<'__any> <u8 as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u8) },
        >>::Stored: ::cached_core::rt::Value,
    {
        ::cached_core::rt::seen(move || {
            let found = match (::cached_core::rt::borrow(a),) {
                key => {
                    let kept = ::cached_core::rt::Kept::<
                        { ::cached_core::rt::fallible!(u8) },
                        u8,
                    >(::core::marker::PhantomData);
                    let facts = ::cached_core::rt::facts_for!(key, kept);
                    let found = <f>::memo::<T, _, _>(&facts);
                    kept.__cached_memo(found).lookup(key)
                }
            };
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => miss.run(|| <f>::uncached::<T>(a)),
            }
        })
    }
}
