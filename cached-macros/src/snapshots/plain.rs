/// Twice.
///
///Cached: see `twice::entry`, `twice::refresh`, `twice::uncached`, `twice::site`.
pub fn twice(n: u64) -> u64 {
    let found = ::cached_core::rt::lookup::<
        { ::cached_core::rt::fallible!(u64) },
        _,
        _,
    >(twice::memo(), (::cached_core::rt::Own(&n),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| twice::uncached(n)),
    }
}
#[doc(hidden)]
pub enum twice {}
impl twice {
    #[doc(hidden)]
    #[allow(dead_code)]
    pub fn uncached(n: u64) -> u64 {
        n * 2
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
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
            generic: false,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (u64,), < u64 as ::cached_core::rt::Project < {
                    ::cached_core::rt::fallible!(u64) } >> ::Stored
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
    #[allow(dead_code, clippy::pedantic)]
    fn memo() -> &'static ::cached_core::rt::Memo<
        (u64,),
        <u64 as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u64) },
        >>::Stored,
    >
    where
        for<'__any> u64: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u64) },
        >,
    {
        static MEMO: ::cached_core::rt::Memo<
            (u64,),
            <u64 as ::cached_core::rt::Project<
                { ::cached_core::rt::fallible!(u64) },
            >>::Stored,
        > = ::cached_core::rt::Memo::new(
            twice::site(),
            ::cached_core::rt::facts!(
                (u64,), < u64 as ::cached_core::rt::Project < {
                ::cached_core::rt::fallible!(u64) } >> ::Stored
            ),
        );
        &MEMO
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    pub fn entry(
        n: &u64,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Part<Owned = (u64,)>,
        <u64 as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u64) },
        >>::Stored,
    >
    where
        for<'__any> u64: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u64) },
        >,
    {
        ::cached_core::rt::entry(twice::memo(), (::cached_core::rt::Own(n),))
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    pub fn refresh(n: u64) -> u64
    where
        for<'__any> u64: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(u64) },
        >,
    {
        let miss = ::cached_core::rt::refresh::<
            { ::cached_core::rt::fallible!(u64) },
            _,
            u64,
        >(twice::memo(), (::cached_core::rt::Own(&n),));
        miss.run(|| twice::uncached(n))
    }
}
