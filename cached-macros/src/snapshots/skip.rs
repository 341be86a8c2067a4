///
///Cached: see `row::entry`, `row::refresh`, `row::with_outcome`, `row::uncached`, `row::site`.
fn row(db: &mut Db, id: u64) -> Row {
    let found = <row>::memo().lookup((::cached_core::rt::Own(&id),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| <row>::uncached(db, id)),
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum row {}
impl row {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn uncached(db: &mut Db, id: u64) -> Row {
        db.row(id)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const kept: ::core::primitive::u8 = {
        ::cached_core::rt::key::<u64>();
        ::cached_core::rt::kept::<{ ::cached_core::rt::fallible!(Row) }, Row>()
    };
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
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
            encodable: || {
                ::cached_core::rt::encodable!(
                    (u64,), < Row as ::cached_core::rt::Project < { < row > ::kept } >>
                    ::Stored
                )
            },
            policy: ::cached_core::rt::Policy {
                flight: ::cached_core::rt::Flight::Off,
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
        { <row>::kept },
        (u64,),
        <Row as ::cached_core::rt::Project<{ <row>::kept }>>::Stored,
    > {
        static MEMO: ::cached_core::rt::Memo<
            (u64,),
            <Row as ::cached_core::rt::Project<{ <row>::kept }>>::Stored,
        > = ::cached_core::rt::Memo::new(
            <row>::site(),
            ::cached_core::rt::facts!(
                (u64,), < Row as ::cached_core::rt::Project < { < row > ::kept } >>
                ::Stored
            ),
        );
        ::cached_core::rt::Keeping(&MEMO)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn entry(
        id: &u64,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<{ <row>::kept }, Held = (u64,)>,
        <Row as ::cached_core::rt::Project<{ <row>::kept }>>::Stored,
    > {
        <row>::memo().entry((::cached_core::rt::Own(id),))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn refresh(db: &mut Db, id: u64) -> Row {
        let miss = <row>::memo().refresh((::cached_core::rt::Own(&id),));
        miss.run(|| <row>::uncached(db, id))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn with_outcome(db: &mut Db, id: u64) -> (Row, ::cached_core::Outcome) {
        ::cached_core::rt::seen(move || {
            let found = <row>::memo().lookup((::cached_core::rt::Own(&id),));
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => miss.run(|| <row>::uncached(db, id)),
            }
        })
    }
}
