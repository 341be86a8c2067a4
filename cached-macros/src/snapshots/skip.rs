///
///Cached: see `row::entry`, `row::refresh`, `row::uncached`, `row::site`.
fn row(db: &mut Db, id: u64) -> Row {
    let found = ::cached_core::rt::lookup::<
        { ::cached_core::rt::fallible!(Row) },
        _,
        _,
    >(row::memo(), (::cached_core::rt::Own(&id),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| row::uncached(db, id)),
    }
}
#[doc(hidden)]
enum row {}
impl row {
    #[doc(hidden)]
    #[allow(dead_code)]
    fn uncached(db: &mut Db, id: u64) -> Row {
        db.row(id)
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "row"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 1408977505815492123,
            version: 0,
            generic: false,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (u64,), < Row as ::cached_core::rt::Project < {
                    ::cached_core::rt::fallible!(Row) } >> ::Stored
                )
            },
            policy: ::cached_core::rt::Policy {
                flight: false,
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
        (u64,),
        <Row as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Row) },
        >>::Stored,
    >
    where
        for<'__any> Row: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Row) },
        >,
    {
        static MEMO: ::cached_core::rt::Memo<
            (u64,),
            <Row as ::cached_core::rt::Project<
                { ::cached_core::rt::fallible!(Row) },
            >>::Stored,
        > = ::cached_core::rt::Memo::new(
            row::site(),
            ::cached_core::rt::facts!(
                (u64,), < Row as ::cached_core::rt::Project < {
                ::cached_core::rt::fallible!(Row) } >> ::Stored
            ),
        );
        &MEMO
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn entry(
        id: &u64,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Part<Owned = (u64,)>,
        <Row as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Row) },
        >>::Stored,
    >
    where
        for<'__any> Row: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Row) },
        >,
    {
        ::cached_core::rt::entry(row::memo(), (::cached_core::rt::Own(id),))
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn refresh(db: &mut Db, id: u64) -> Row
    where
        for<'__any> Row: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Row) },
        >,
    {
        let miss = ::cached_core::rt::refresh::<
            { ::cached_core::rt::fallible!(Row) },
            _,
            Row,
        >(row::memo(), (::cached_core::rt::Own(&id),));
        miss.run(|| row::uncached(db, id))
    }
}
