///
///Cached: see `find::entry`, `find::refresh`, `find::uncached`, `find::site`.
fn find(db: &Db, name: &str, id: u64) -> Row {
    let found = match (
        ::cached_core::rt::Own(&(name.to_lowercase())),
        ::cached_core::rt::Ref(&name[..1]),
        ::cached_core::rt::Own(&id),
    ) {
        key => {
            ::cached_core::rt::lookup::<
                { ::cached_core::rt::fallible!(Row) },
                _,
                _,
            >(
                find::memo::<
                    _,
                >(
                    ::cached_core::rt::facts_of!(
                        key, < Row as ::cached_core::rt::Project < {
                        ::cached_core::rt::fallible!(Row) } >> ::Stored
                    ),
                ),
                key,
            )
        }
    };
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| find::uncached(db, name, id)),
    }
}
#[doc(hidden)]
enum find {}
impl find {
    #[doc(hidden)]
    #[allow(dead_code)]
    fn uncached(db: &Db, name: &str, id: u64) -> Row {
        db.find(name, id)
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
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
            generic: false,
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
    #[allow(dead_code, clippy::pedantic)]
    fn memo<__Key: ::cached_core::rt::OwnedKey>(
        facts: ::cached_core::rt::Facts<
            __Key,
            <Row as ::cached_core::rt::Project<
                { ::cached_core::rt::fallible!(Row) },
            >>::Stored,
        >,
    ) -> &'static ::cached_core::rt::Memo<
        __Key,
        <Row as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Row) },
        >>::Stored,
    >
    where
        for<'__any> Row: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Row) },
        >,
    {
        find::site().instance(|| (), facts)
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn entry(
        name: &str,
        id: &u64,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Part,
        <Row as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Row) },
        >>::Stored,
    >
    where
        for<'__any> Row: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Row) },
        >,
    {
        let key = (
            ::cached_core::rt::Given(name.to_lowercase()),
            ::cached_core::rt::Given(::std::borrow::ToOwned::to_owned(&name[..1])),
            ::cached_core::rt::Own(id),
        );
        ::cached_core::rt::entry(
            find::memo::<
                _,
            >(
                ::cached_core::rt::facts_of!(
                    key, < Row as ::cached_core::rt::Project < {
                    ::cached_core::rt::fallible!(Row) } >> ::Stored
                ),
            ),
            key,
        )
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn refresh(db: &Db, name: &str, id: u64) -> Row
    where
        for<'__any> Row: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Row) },
        >,
    {
        let miss = match (
            ::cached_core::rt::Own(&(name.to_lowercase())),
            ::cached_core::rt::Ref(&name[..1]),
            ::cached_core::rt::Own(&id),
        ) {
            key => {
                ::cached_core::rt::refresh::<
                    { ::cached_core::rt::fallible!(Row) },
                    _,
                    Row,
                >(
                    find::memo::<
                        _,
                    >(
                        ::cached_core::rt::facts_of!(
                            key, < Row as ::cached_core::rt::Project < {
                            ::cached_core::rt::fallible!(Row) } >> ::Stored
                        ),
                    ),
                    key,
                )
            }
        };
        miss.run(|| find::uncached(db, name, id))
    }
}
