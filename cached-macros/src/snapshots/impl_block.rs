impl Store {
    ///
    ///Cached: see `load_entry`, `load_refresh`, `load_uncached`, `load_site`.
    pub fn load(&self, id: u64) -> Self {
        let found = ::cached_core::rt::lookup::<
            { ::cached_core::rt::fallible!(Store) },
            _,
            _,
        >(Self::__load_memo(), (::cached_core::rt::Own(&id),));
        match found {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(miss) => {
                miss.run(|| Self::load_uncached(self, id))
            }
        }
    }
    #[doc(hidden)]
    #[allow(dead_code)]
    pub fn load_uncached(&self, id: u64) -> Self {
        self.of(id)
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    pub const fn load_site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || {
                ::core::concat!(::core::module_path!(), "::", "Store", "::", "load")
            },
            identity: ::core::concat!(
                ::core::module_path!(), "::", "Store", "::", "load"
            ),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 17182563635128718699,
            version: 0,
            generic: false,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (u64,), < Store as ::cached_core::rt::Project < {
                    ::cached_core::rt::fallible!(Store) } >> ::Stored
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
    fn __load_memo() -> &'static ::cached_core::rt::Memo<
        (u64,),
        <Store as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Store) },
        >>::Stored,
    >
    where
        for<'__any> Store: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Store) },
        >,
    {
        static MEMO: ::cached_core::rt::Memo<
            (u64,),
            <Store as ::cached_core::rt::Project<
                { ::cached_core::rt::fallible!(Store) },
            >>::Stored,
        > = ::cached_core::rt::Memo::new(
            <Store>::load_site(),
            ::cached_core::rt::facts!(
                (u64,), < Store as ::cached_core::rt::Project < {
                ::cached_core::rt::fallible!(Store) } >> ::Stored
            ),
        );
        &MEMO
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    pub fn load_entry(
        id: &u64,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Part<Owned = (u64,)>,
        <Store as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Store) },
        >>::Stored,
    >
    where
        for<'__any> Store: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Store) },
        >,
    {
        ::cached_core::rt::entry(Self::__load_memo(), (::cached_core::rt::Own(id),))
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    pub fn load_refresh(&self, id: u64) -> Self
    where
        for<'__any> Store: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(Store) },
        >,
    {
        let miss = ::cached_core::rt::refresh::<
            { ::cached_core::rt::fallible!(Store) },
            _,
            Self,
        >(Self::__load_memo(), (::cached_core::rt::Own(&id),));
        miss.run(|| Self::load_uncached(self, id))
    }
    fn other(&self) {}
}
