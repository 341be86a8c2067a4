///
///Cached: see `f::entry`, `f::refresh`, `f::with_outcome`, `f::uncached`, `f::site`.
fn f(n: u8) -> u8 {
    let found = <f>::memo().lookup((my::memo::rt::Own(&n),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| <f>::uncached(n)),
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum f {}
impl f {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn uncached(n: u8) -> u8 {
        n
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const kept: ::core::primitive::u8 = {
        my::memo::rt::key::<u8>();
        my::memo::rt::kept::<{ my::memo::rt::fallible!(u8) }, u8>()
    };
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const fn site() -> &'static my::memo::Site {
        fn here() {}
        static SITE: my::memo::Site = my::memo::Site::new(my::memo::rt::Meta {
            shown: || my::memo::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "f"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 16264333962973363646,
            version: 0,
            encodable: || {
                my::memo::rt::encodable!(
                    (u8,), < u8 as my::memo ::rt::Project < { < f > ::kept } >> ::Stored
                )
            },
            policy: my::memo::rt::Policy {
                ttl: ::core::option::Option::Some(|| LIFE * 2),
                ..my::memo::rt::Policy::PLAIN
            },
        });
        my::memo::rt::inventory::submit! {
            my::memo ::rt::Listed(& SITE)
        }
        &SITE
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn memo() -> my::memo::rt::Keeping<
        { <f>::kept },
        (u8,),
        <u8 as my::memo::rt::Project<{ <f>::kept }>>::Stored,
    > {
        static MEMO: my::memo::rt::Memo<
            (u8,),
            <u8 as my::memo::rt::Project<{ <f>::kept }>>::Stored,
        > = my::memo::rt::Memo::new(
            <f>::site(),
            my::memo::rt::facts!(
                (u8,), < u8 as my::memo ::rt::Project < { < f > ::kept } >> ::Stored
            ),
        );
        my::memo::rt::Keeping(&MEMO)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn entry(
        n: &u8,
    ) -> my::memo::Entry<
        impl my::memo::rt::Keyed<{ <f>::kept }, Held = (u8,)>,
        <u8 as my::memo::rt::Project<{ <f>::kept }>>::Stored,
    > {
        <f>::memo().entry((my::memo::rt::Own(n),))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn refresh(n: u8) -> u8 {
        let miss = <f>::memo().refresh((my::memo::rt::Own(&n),));
        miss.run(|| <f>::uncached(n))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn with_outcome(n: u8) -> (u8, my::memo::Outcome) {
        my::memo::rt::seen(move || {
            let found = <f>::memo().lookup((my::memo::rt::Own(&n),));
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => miss.run(|| <f>::uncached(n)),
            }
        })
    }
}
