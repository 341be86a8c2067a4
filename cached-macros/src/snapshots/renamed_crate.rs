///
///Cached: see `f::entry`, `f::refresh`, `f::uncached`, `f::site`.
fn f(n: u8) -> u8 {
    let found = my::memo::rt::lookup::<
        { my::memo::rt::fallible!(u8) },
        _,
        _,
    >(f::memo(), (my::memo::rt::Own(&n),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| f::uncached(n)),
    }
}
#[doc(hidden)]
enum f {}
impl f {
    #[doc(hidden)]
    #[allow(dead_code)]
    fn uncached(n: u8) -> u8 {
        n
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
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
            generic: false,
            encodable: || {
                my::memo::rt::encodable!(
                    (u8,), < u8 as my::memo::rt::Project < { my::memo::rt::fallible!(u8)
                    } >> ::Stored
                )
            },
            policy: my::memo::rt::Policy {
                ttl: ::core::option::Option::Some(|| LIFE * 2),
                ..my::memo::rt::Policy::PLAIN
            },
        });
        my::memo::rt::inventory::submit! {
            my::memo::rt::Listed(& SITE)
        }
        &SITE
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn memo() -> &'static my::memo::rt::Memo<
        (u8,),
        <u8 as my::memo::rt::Project<{ my::memo::rt::fallible!(u8) }>>::Stored,
    >
    where
        for<'__any> u8: my::memo::rt::Project<{ my::memo::rt::fallible!(u8) }>,
    {
        static MEMO: my::memo::rt::Memo<
            (u8,),
            <u8 as my::memo::rt::Project<{ my::memo::rt::fallible!(u8) }>>::Stored,
        > = my::memo::rt::Memo::new(
            f::site(),
            my::memo::rt::facts!(
                (u8,), < u8 as my::memo::rt::Project < { my::memo::rt::fallible!(u8) } >>
                ::Stored
            ),
        );
        &MEMO
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn entry(
        n: &u8,
    ) -> my::memo::Entry<
        impl my::memo::rt::Part<Owned = (u8,)>,
        <u8 as my::memo::rt::Project<{ my::memo::rt::fallible!(u8) }>>::Stored,
    >
    where
        for<'__any> u8: my::memo::rt::Project<{ my::memo::rt::fallible!(u8) }>,
    {
        my::memo::rt::entry(f::memo(), (my::memo::rt::Own(n),))
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn refresh(n: u8) -> u8
    where
        for<'__any> u8: my::memo::rt::Project<{ my::memo::rt::fallible!(u8) }>,
    {
        let miss = my::memo::rt::refresh::<
            { my::memo::rt::fallible!(u8) },
            _,
            u8,
        >(f::memo(), (my::memo::rt::Own(&n),));
        miss.run(|| f::uncached(n))
    }
}
