///
///Cached: see `find::entry`, `find::refresh`, `find::uncached`, `find::site`.
fn find(id: u64) -> Option<Row> {
    let found = ::cached_core::rt::lookup::<
        { ::cached_core::rt::fallible!(Option < Row >) + 4 },
        _,
        _,
    >(find::memo(), (::cached_core::rt::Own(&id),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| find::uncached(id)),
    }
}
#[doc(hidden)]
enum find {}
impl find {
    #[doc(hidden)]
    #[allow(dead_code)]
    fn uncached(id: u64) -> Option<Row> {
        None
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
            fingerprint: 4072336843102555509,
            version: 0,
            generic: false,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (u64,), < Option < Row > as ::cached_core::rt::Project < {
                    ::cached_core::rt::fallible!(Option < Row >) + 4 } >> ::Stored
                )
            },
            policy: ::cached_core::rt::Policy {
                none: ::cached_core::rt::Keep::For(|| ::core::time::Duration::new(
                    5400,
                    0,
                )),
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
        <Option<
            Row,
        > as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Option < Row >) + 4 },
        >>::Stored,
    >
    where
        for<'__any> Option<
            Row,
        >: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Option < Row >) + 4 },
        >,
    {
        static MEMO: ::cached_core::rt::Memo<
            (u64,),
            <Option<
                Row,
            > as ::cached_core::rt::Project<
                { ::cached_core::rt::fallible!(Option < Row >) + 4 },
            >>::Stored,
        > = ::cached_core::rt::Memo::new(
            find::site(),
            ::cached_core::rt::facts!(
                (u64,), < Option < Row > as ::cached_core::rt::Project < {
                ::cached_core::rt::fallible!(Option < Row >) + 4 } >> ::Stored
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
        <Option<
            Row,
        > as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Option < Row >) + 4 },
        >>::Stored,
    >
    where
        for<'__any> Option<
            Row,
        >: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Option < Row >) + 4 },
        >,
    {
        ::cached_core::rt::entry(find::memo(), (::cached_core::rt::Own(id),))
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn refresh(id: u64) -> Option<Row>
    where
        for<'__any> Option<
            Row,
        >: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Option < Row >) + 4 },
        >,
    {
        let miss = ::cached_core::rt::refresh::<
            { ::cached_core::rt::fallible!(Option < Row >) + 4 },
            _,
            Option<Row>,
        >(find::memo(), (::cached_core::rt::Own(&id),));
        miss.run(|| find::uncached(id))
    }
}
