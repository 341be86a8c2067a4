///
///Cached: see `size::entry`, `size::refresh`, `size::with_outcome`, `size::uncached`, `size::site`.
fn size<ImplDb: Db, ImplName: AsRef<str> + 'static>(
    db: &ImplDb,
    name: ImplName,
) -> usize {
    let found = match (::cached_core::rt::own(&name),) {
        key => {
            let kept = ::cached_core::rt::proven(
                ::cached_core::rt::Kept::<
                    { ::cached_core::rt::fallible!(usize) },
                    usize,
                >(::core::marker::PhantomData),
            );
            let facts = ::cached_core::rt::facts_for!(key, kept);
            let found = <size>::memo::<ImplName, _, _>(&facts);
            kept.__cached_memo(found).lookup(key)
        }
    };
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => {
            miss.run(|| <size>::uncached::<ImplDb, ImplName>(db, name))
        }
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum size {}
impl size {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn uncached<ImplDb: Db, ImplName: AsRef<str> + 'static>(
        db: &ImplDb,
        name: ImplName,
    ) -> usize {
        db.size(name.as_ref())
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "size"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 17279227941330697421,
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
        ImplName: AsRef<str> + 'static,
        __Key: ::cached_core::rt::OwnedKey,
        __Value: ::cached_core::rt::Value,
    >(
        facts: ::cached_core::rt::Finds<'_, __Key, __Value>,
    ) -> &'static ::cached_core::rt::Memo<__Key, __Value> {
        <size>::site().instance(|| (), facts)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn entry<ImplName: AsRef<str> + 'static>(
        name: &ImplName,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<{ ::cached_core::rt::fallible!(usize) }>,
        <usize as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(usize) },
        >>::Stored,
    >
    where
        for<'__any> <usize as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(usize) },
        >>::Stored: ::cached_core::rt::Value,
    {
        match (::cached_core::rt::own(&*name),) {
            key => {
                let kept = ::cached_core::rt::Kept::<
                    { ::cached_core::rt::fallible!(usize) },
                    usize,
                >(::core::marker::PhantomData);
                let facts = ::cached_core::rt::facts_for!(key, kept);
                let found = <size>::memo::<ImplName, _, _>(&facts);
                kept.__cached_memo(found).entry(key)
            }
        }
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn refresh<ImplDb: Db, ImplName: AsRef<str> + 'static>(
        db: &ImplDb,
        name: ImplName,
    ) -> usize
    where
        for<'__any> <usize as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(usize) },
        >>::Stored: ::cached_core::rt::Value,
    {
        let miss = match (::cached_core::rt::own(&name),) {
            key => {
                let kept = ::cached_core::rt::Kept::<
                    { ::cached_core::rt::fallible!(usize) },
                    usize,
                >(::core::marker::PhantomData);
                let facts = ::cached_core::rt::facts_for!(key, kept);
                let found = <size>::memo::<ImplName, _, _>(&facts);
                kept.__cached_memo(found).refresh(key)
            }
        };
        miss.run(|| <size>::uncached::<ImplDb, ImplName>(db, name))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn with_outcome<ImplDb: Db, ImplName: AsRef<str> + 'static>(
        db: &ImplDb,
        name: ImplName,
    ) -> (usize, ::cached_core::Outcome)
    where
        for<'__any> <usize as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(usize) },
        >>::Stored: ::cached_core::rt::Value,
    {
        ::cached_core::rt::seen(move || {
            let found = match (::cached_core::rt::own(&name),) {
                key => {
                    let kept = ::cached_core::rt::Kept::<
                        { ::cached_core::rt::fallible!(usize) },
                        usize,
                    >(::core::marker::PhantomData);
                    let facts = ::cached_core::rt::facts_for!(key, kept);
                    let found = <size>::memo::<ImplName, _, _>(&facts);
                    kept.__cached_memo(found).lookup(key)
                }
            };
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => {
                    miss.run(|| <size>::uncached::<ImplDb, ImplName>(db, name))
                }
            }
        })
    }
}
