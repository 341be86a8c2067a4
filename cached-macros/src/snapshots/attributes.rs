#[cfg(unix)]
#[must_use]
#[allow(dead_code)]
#[cfg_attr(test, inline)]
///
///Cached: see `f::entry`, `f::refresh`, `f::with_outcome`, `f::uncached`, `f::site`.
fn f(n: u8) -> u8 {
    let found = <f>::memo().lookup((::cached_core::rt::Own(&n),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| <f>::uncached(n)),
    }
}
#[cfg(unix)]
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum f {}
#[cfg(unix)]
impl f {
    #[cfg(unix)]
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    #[allow(dead_code)]
    #[tracing::instrument]
    #[cfg_attr(test, instrument)]
    fn uncached(n: u8) -> u8 {
        n
    }
    #[cfg(unix)]
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    #[allow(dead_code)]
    const kept: ::core::primitive::u8 = {
        ::cached_core::rt::key::<u8>();
        ::cached_core::rt::kept::<{ ::cached_core::rt::fallible!(u8) }, u8>()
    };
    #[cfg(unix)]
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    #[allow(dead_code)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "f"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 16264333962973363646,
            version: 0,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (u8,), < u8 as ::cached_core::rt::Project < { < f > ::kept } >>
                    ::Stored
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
    #[cfg(unix)]
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    #[allow(dead_code)]
    fn memo() -> ::cached_core::rt::Keeping<
        { <f>::kept },
        (u8,),
        <u8 as ::cached_core::rt::Project<{ <f>::kept }>>::Stored,
    > {
        static MEMO: ::cached_core::rt::Memo<
            (u8,),
            <u8 as ::cached_core::rt::Project<{ <f>::kept }>>::Stored,
        > = ::cached_core::rt::Memo::new(
            <f>::site(),
            ::cached_core::rt::facts!(
                (u8,), < u8 as ::cached_core::rt::Project < { < f > ::kept } >> ::Stored
            ),
        );
        ::cached_core::rt::Keeping(&MEMO)
    }
    #[cfg(unix)]
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    #[allow(dead_code)]
    fn entry(
        n: &u8,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<{ <f>::kept }, Held = (u8,)>,
        <u8 as ::cached_core::rt::Project<{ <f>::kept }>>::Stored,
    > {
        <f>::memo().entry((::cached_core::rt::Own(n),))
    }
    #[cfg(unix)]
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    #[allow(dead_code)]
    fn refresh(n: u8) -> u8 {
        let miss = <f>::memo().refresh((::cached_core::rt::Own(&n),));
        miss.run(|| <f>::uncached(n))
    }
    #[cfg(unix)]
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    #[allow(dead_code)]
    fn with_outcome(n: u8) -> (u8, ::cached_core::Outcome) {
        ::cached_core::rt::seen(move || {
            let found = <f>::memo().lookup((::cached_core::rt::Own(&n),));
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => miss.run(|| <f>::uncached(n)),
            }
        })
    }
}
