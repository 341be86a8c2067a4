/// Twice.
///
///Cached: see `twice::entry`, `twice::refresh`, `twice::with_outcome`, `twice::uncached`, `twice::site`.
pub fn twice(n: u64) -> u64 {
    let found = <twice>::memo().lookup((::cached_core::rt::Own(&n),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| <twice>::uncached(n)),
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
pub enum twice {}
impl twice {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    pub fn uncached(n: u64) -> u64 {
        n * 2
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const kept: ::core::primitive::u8 = {
        ::cached_core::rt::key::<u64>();
        ::cached_core::rt::kept::<{ ::cached_core::rt::fallible!(u64) }, u64>()
    };
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    pub const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "twice"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 10770753559191772178,
            version: 0,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (u64,), < u64 as ::cached_core::rt::Project < { < twice > ::kept } >>
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
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn memo() -> ::cached_core::rt::Keeping<
        { <twice>::kept },
        (u64,),
        <u64 as ::cached_core::rt::Project<{ <twice>::kept }>>::Stored,
    > {
        static MEMO: ::cached_core::rt::Memo<
            (u64,),
            <u64 as ::cached_core::rt::Project<{ <twice>::kept }>>::Stored,
        > = ::cached_core::rt::Memo::new(
            <twice>::site(),
            ::cached_core::rt::facts!(
                (u64,), < u64 as ::cached_core::rt::Project < { < twice > ::kept } >>
                ::Stored
            ),
        );
        ::cached_core::rt::Keeping(&MEMO)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    pub fn entry(
        n: &u64,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<{ <twice>::kept }, Held = (u64,)>,
        <u64 as ::cached_core::rt::Project<{ <twice>::kept }>>::Stored,
    > {
        <twice>::memo().entry((::cached_core::rt::Own(n),))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    pub fn refresh(n: u64) -> u64 {
        let miss = <twice>::memo().refresh((::cached_core::rt::Own(&n),));
        miss.run(|| <twice>::uncached(n))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    pub fn with_outcome(n: u64) -> (u64, ::cached_core::Outcome) {
        ::cached_core::rt::seen(move || {
            let found = <twice>::memo().lookup((::cached_core::rt::Own(&n),));
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => miss.run(|| <twice>::uncached(n)),
            }
        })
    }
}
