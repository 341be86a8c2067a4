///
///Cached: see `best::entry`, `best::refresh`, `best::with_outcome`, `best::uncached`, `best::site`.
fn best<'a, T: Ord + Clone + 'static>(all: &'a [T]) -> Option<T>
where
    T: Hash,
{
    let found = match (::cached_core::rt::borrow(all),) {
        key => {
            let kept = ::cached_core::rt::proven(
                ::cached_core::rt::Kept::<0, Option<T>>(::core::marker::PhantomData),
            );
            let facts = ::cached_core::rt::facts_for!(key, kept);
            let found = <best>::memo::<T, _, _>(&facts);
            kept.__cached_memo(found).lookup(key)
        }
    };
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| <best>::uncached::<T>(all)),
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum best {}
impl best {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn uncached<'a, T: Ord + Clone + 'static>(all: &'a [T]) -> Option<T>
    where
        T: Hash,
    {
        all.iter().max().cloned()
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "best"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 16282401209768996507,
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
        T: Ord + Clone + 'static,
        __Key: ::cached_core::rt::OwnedKey,
        __Value: ::cached_core::rt::Value,
    >(
        facts: ::cached_core::rt::Finds<'_, __Key, __Value>,
    ) -> &'static ::cached_core::rt::Memo<__Key, __Value>
    where
        T: Hash,
    {
        <best>::site().instance(|| (), facts)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn entry<'a, T: Ord + Clone + 'static>(
        all: &'a [T],
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<0>,
        <Option<T> as ::cached_core::rt::Project<0>>::Stored,
    >
    where
        T: Hash,
        for<'__any> <Option<
            T,
        > as ::cached_core::rt::Project<0>>::Stored: ::cached_core::rt::Value,
    {
        match (::cached_core::rt::borrow(all),) {
            key => {
                let kept = ::cached_core::rt::Kept::<
                    0,
                    Option<T>,
                >(::core::marker::PhantomData);
                let facts = ::cached_core::rt::facts_for!(key, kept);
                let found = <best>::memo::<T, _, _>(&facts);
                kept.__cached_memo(found).entry(key)
            }
        }
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn refresh<'a, T: Ord + Clone + 'static>(all: &'a [T]) -> Option<T>
    where
        T: Hash,
        for<'__any> <Option<
            T,
        > as ::cached_core::rt::Project<0>>::Stored: ::cached_core::rt::Value,
    {
        let miss = match (::cached_core::rt::borrow(all),) {
            key => {
                let kept = ::cached_core::rt::Kept::<
                    0,
                    Option<T>,
                >(::core::marker::PhantomData);
                let facts = ::cached_core::rt::facts_for!(key, kept);
                let found = <best>::memo::<T, _, _>(&facts);
                kept.__cached_memo(found).refresh(key)
            }
        };
        miss.run(|| <best>::uncached::<T>(all))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn with_outcome<'a, T: Ord + Clone + 'static>(
        all: &'a [T],
    ) -> (Option<T>, ::cached_core::Outcome)
    where
        T: Hash,
        for<'__any> <Option<
            T,
        > as ::cached_core::rt::Project<0>>::Stored: ::cached_core::rt::Value,
    {
        ::cached_core::rt::seen(move || {
            let found = match (::cached_core::rt::borrow(all),) {
                key => {
                    let kept = ::cached_core::rt::Kept::<
                        0,
                        Option<T>,
                    >(::core::marker::PhantomData);
                    let facts = ::cached_core::rt::facts_for!(key, kept);
                    let found = <best>::memo::<T, _, _>(&facts);
                    kept.__cached_memo(found).lookup(key)
                }
            };
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => {
                    miss.run(|| <best>::uncached::<T>(all))
                }
            }
        })
    }
}
