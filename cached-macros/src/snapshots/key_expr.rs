///
///Cached: see `find::entry`, `find::refresh`, `find::with_outcome`, `find::uncached`, `find::site`.
fn find(db: &Db, name: &str, id: u64) -> Row {
    let found = match (
        ::cached_core::rt::own(&(name.to_lowercase())),
        ::cached_core::rt::borrow(&name[..1]),
        ::cached_core::rt::own(&id),
    ) {
        key => {
            let kept = ::cached_core::rt::proven(
                ::cached_core::rt::Kept::<
                    { ::cached_core::rt::fallible!(Row) },
                    Row,
                >(::core::marker::PhantomData),
            );
            let facts = ::cached_core::rt::facts_for!(key, kept);
            let found = <find>::memo::<_, _>(&facts);
            kept.__cached_memo(found).lookup(key)
        }
    };
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| <find>::uncached(db, name, id)),
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum find {}
impl find {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn uncached(db: &Db, name: &str, id: u64) -> Row {
        db.find(name, id)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "find"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 2280291736482423389,
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
    fn memo<__Key: ::cached_core::rt::OwnedKey, __Value: ::cached_core::rt::Value>(
        facts: ::cached_core::rt::Finds<'_, __Key, __Value>,
    ) -> &'static ::cached_core::rt::Memo<__Key, __Value> {
        <find>::site().instance(|| (), facts)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn entry(
        name: &str,
        id: &u64,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<{ ::cached_core::rt::fallible!(Row) }>,
        <Row as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Row) },
        >>::Stored,
    >
    where
        for<'__any> <Row as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Row) },
        >>::Stored: ::cached_core::rt::Value,
    {
        match (
            ::cached_core::rt::own(&(name.to_lowercase())).given(),
            ::cached_core::rt::borrow(&name[..1]).given(),
            ::cached_core::rt::own(&*id),
        ) {
            key => {
                let kept = ::cached_core::rt::Kept::<
                    { ::cached_core::rt::fallible!(Row) },
                    Row,
                >(::core::marker::PhantomData);
                let facts = ::cached_core::rt::facts_for!(key, kept);
                let found = <find>::memo::<_, _>(&facts);
                kept.__cached_memo(found).entry(key)
            }
        }
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn refresh(db: &Db, name: &str, id: u64) -> Row
    where
        for<'__any> <Row as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Row) },
        >>::Stored: ::cached_core::rt::Value,
    {
        let miss = match (
            ::cached_core::rt::own(&(name.to_lowercase())),
            ::cached_core::rt::borrow(&name[..1]),
            ::cached_core::rt::own(&id),
        ) {
            key => {
                let kept = ::cached_core::rt::Kept::<
                    { ::cached_core::rt::fallible!(Row) },
                    Row,
                >(::core::marker::PhantomData);
                let facts = ::cached_core::rt::facts_for!(key, kept);
                let found = <find>::memo::<_, _>(&facts);
                kept.__cached_memo(found).refresh(key)
            }
        };
        miss.run(|| <find>::uncached(db, name, id))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn with_outcome(db: &Db, name: &str, id: u64) -> (Row, ::cached_core::Outcome)
    where
        for<'__any> <Row as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Row) },
        >>::Stored: ::cached_core::rt::Value,
    {
        ::cached_core::rt::seen(move || {
            let found = match (
                ::cached_core::rt::own(&(name.to_lowercase())),
                ::cached_core::rt::borrow(&name[..1]),
                ::cached_core::rt::own(&id),
            ) {
                key => {
                    let kept = ::cached_core::rt::Kept::<
                        { ::cached_core::rt::fallible!(Row) },
                        Row,
                    >(::core::marker::PhantomData);
                    let facts = ::cached_core::rt::facts_for!(key, kept);
                    let found = <find>::memo::<_, _>(&facts);
                    kept.__cached_memo(found).lookup(key)
                }
            };
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => {
                    miss.run(|| <find>::uncached(db, name, id))
                }
            }
        })
    }
}
