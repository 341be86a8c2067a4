///
///Cached: see `area::entry`, `area::refresh`, `area::with_outcome`, `area::uncached`, `area::site`.
fn area(arg0: (u32, u32), n: u32, arg2: Unit) -> u32 {
    let found = <area>::memo()
        .lookup((::cached_core::rt::Own(&arg0), ::cached_core::rt::Own(&n)));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| <area>::uncached(arg0, n, arg2)),
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum area {}
impl area {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn uncached((w, h): (u32, u32), mut n: u32, _: Unit) -> u32 {
        n += w * h;
        n
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const kept: ::core::primitive::u8 = {
        ::cached_core::rt::key::<(u32, u32)>();
        ::cached_core::rt::key::<u32>();
        ::cached_core::rt::kept::<{ ::cached_core::rt::fallible!(u32) }, u32>()
    };
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "area"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 9027149783502054789,
            version: 0,
            encodable: || {
                ::cached_core::rt::encodable!(
                    ((u32, u32), u32,), < u32 as ::cached_core::rt::Project < { < area >
                    ::kept } >> ::Stored
                )
            },
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
    fn memo() -> ::cached_core::rt::Keeping<
        { <area>::kept },
        ((u32, u32), u32),
        <u32 as ::cached_core::rt::Project<{ <area>::kept }>>::Stored,
    > {
        static MEMO: ::cached_core::rt::Memo<
            ((u32, u32), u32),
            <u32 as ::cached_core::rt::Project<{ <area>::kept }>>::Stored,
        > = ::cached_core::rt::Memo::new(
            <area>::site(),
            ::cached_core::rt::facts!(
                ((u32, u32), u32,), < u32 as ::cached_core::rt::Project < { < area >
                ::kept } >> ::Stored
            ),
        );
        ::cached_core::rt::Keeping(&MEMO)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn entry(
        arg0: &(u32, u32),
        n: &u32,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<{ <area>::kept }, Held = ((u32, u32), u32)>,
        <u32 as ::cached_core::rt::Project<{ <area>::kept }>>::Stored,
    > {
        <area>::memo().entry((::cached_core::rt::Own(arg0), ::cached_core::rt::Own(n)))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn refresh(arg0: (u32, u32), n: u32, arg2: Unit) -> u32 {
        let miss = <area>::memo()
            .refresh((::cached_core::rt::Own(&arg0), ::cached_core::rt::Own(&n)));
        miss.run(|| <area>::uncached(arg0, n, arg2))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn with_outcome(
        arg0: (u32, u32),
        n: u32,
        arg2: Unit,
    ) -> (u32, ::cached_core::Outcome) {
        ::cached_core::rt::seen(move || {
            let found = <area>::memo()
                .lookup((::cached_core::rt::Own(&arg0), ::cached_core::rt::Own(&n)));
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => {
                    miss.run(|| <area>::uncached(arg0, n, arg2))
                }
            }
        })
    }
}
