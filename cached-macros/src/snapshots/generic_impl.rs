impl<T: Clone + 'static> Store<T> {
    ///
    ///Cached: see `first_entry`, `first_refresh`, `first_with_outcome`, `first_uncached`, `first_site`.
    fn first(n: u64) -> Option<T> {
        let found = match (::cached_core::rt::own(&n),) {
            key => {
                let kept = ::cached_core::rt::proven(
                    ::cached_core::rt::Kept::<0, Option<T>>(::core::marker::PhantomData),
                );
                let facts = ::cached_core::rt::facts_for!(key, kept);
                let found = Self::__first_memo::<_, _>(&facts);
                kept.__cached_memo(found).lookup(key)
            }
        };
        match found {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(miss) => miss.run(|| Self::first_uncached(n)),
        }
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn first_uncached(n: u64) -> Option<T> {
        None
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const fn first_site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || {
                ::core::concat!(::core::module_path!(), "::", "Store<T>", "::", "first")
            },
            identity: ::core::concat!(
                ::core::module_path!(), "::", "Store<T>", "::", "first"
            ),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 13393190380583915911,
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
    fn __first_memo<
        __Key: ::cached_core::rt::OwnedKey,
        __Value: ::cached_core::rt::Value,
    >(
        facts: ::cached_core::rt::Finds<'_, __Key, __Value>,
    ) -> &'static ::cached_core::rt::Memo<__Key, __Value> {
        Self::first_site().instance(|| (), facts)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn first_entry(
        n: &u64,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<0>,
        <Option<T> as ::cached_core::rt::Project<0>>::Stored,
    >
    where
        for<'__any> <Option<
            T,
        > as ::cached_core::rt::Project<0>>::Stored: ::cached_core::rt::Value,
    {
        match (::cached_core::rt::own(&*n),) {
            key => {
                let kept = ::cached_core::rt::Kept::<
                    0,
                    Option<T>,
                >(::core::marker::PhantomData);
                let facts = ::cached_core::rt::facts_for!(key, kept);
                let found = Self::__first_memo::<_, _>(&facts);
                kept.__cached_memo(found).entry(key)
            }
        }
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn first_refresh(n: u64) -> Option<T>
    where
        for<'__any> <Option<
            T,
        > as ::cached_core::rt::Project<0>>::Stored: ::cached_core::rt::Value,
    {
        let miss = match (::cached_core::rt::own(&n),) {
            key => {
                let kept = ::cached_core::rt::Kept::<
                    0,
                    Option<T>,
                >(::core::marker::PhantomData);
                let facts = ::cached_core::rt::facts_for!(key, kept);
                let found = Self::__first_memo::<_, _>(&facts);
                kept.__cached_memo(found).refresh(key)
            }
        };
        miss.run(|| Self::first_uncached(n))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn first_with_outcome(n: u64) -> (Option<T>, ::cached_core::Outcome)
    where
        for<'__any> <Option<
            T,
        > as ::cached_core::rt::Project<0>>::Stored: ::cached_core::rt::Value,
    {
        ::cached_core::rt::seen(move || {
            let found = match (::cached_core::rt::own(&n),) {
                key => {
                    let kept = ::cached_core::rt::Kept::<
                        0,
                        Option<T>,
                    >(::core::marker::PhantomData);
                    let facts = ::cached_core::rt::facts_for!(key, kept);
                    let found = Self::__first_memo::<_, _>(&facts);
                    kept.__cached_memo(found).lookup(key)
                }
            };
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => miss.run(|| Self::first_uncached(n)),
            }
        })
    }
}
