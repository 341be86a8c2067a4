///
///Cached: see `find::entry`, `find::refresh`, `find::with_outcome`, `find::uncached`, `find::site`.
fn find(id: u64) -> Option<Row> {
    let found = <find>::memo().lookup((::cached_core::rt::Own(&id),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| <find>::uncached(id)),
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum find {}
impl find {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn uncached(id: u64) -> Option<Row> {
        None
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const kept: ::core::primitive::u8 = {
        ::cached_core::rt::key::<u64>();
        ::cached_core::rt::kept::<
            { ::cached_core::rt::fallible!(Option < Row >) + 4 },
            Option<Row>,
        >()
    };
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
            fingerprint: 4072336843102555509,
            version: 0,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (u64,), < Option < Row > as ::cached_core::rt::Project < { < find >
                    ::kept } >> ::Stored
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
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn memo() -> ::cached_core::rt::Keeping<
        { <find>::kept },
        (u64,),
        <Option<Row> as ::cached_core::rt::Project<{ <find>::kept }>>::Stored,
    > {
        static MEMO: ::cached_core::rt::Memo<
            (u64,),
            <Option<Row> as ::cached_core::rt::Project<{ <find>::kept }>>::Stored,
        > = ::cached_core::rt::Memo::new(
            <find>::site(),
            ::cached_core::rt::facts!(
                (u64,), < Option < Row > as ::cached_core::rt::Project < { < find >
                ::kept } >> ::Stored
            ),
        );
        ::cached_core::rt::Keeping(&MEMO)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn entry(
        id: &u64,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<{ <find>::kept }, Held = (u64,)>,
        <Option<Row> as ::cached_core::rt::Project<{ <find>::kept }>>::Stored,
    > {
        <find>::memo().entry((::cached_core::rt::Own(id),))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn refresh(id: u64) -> Option<Row> {
        let miss = <find>::memo().refresh((::cached_core::rt::Own(&id),));
        miss.run(|| <find>::uncached(id))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn with_outcome(id: u64) -> (Option<Row>, ::cached_core::Outcome) {
        ::cached_core::rt::seen(move || {
            let found = <find>::memo().lookup((::cached_core::rt::Own(&id),));
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => miss.run(|| <find>::uncached(id)),
            }
        })
    }
}
