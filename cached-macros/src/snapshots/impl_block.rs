impl Store {
    ///
    ///Cached: see `load_entry`, `load_refresh`, `load_with_outcome`, `load_uncached`, `load_site`.
    pub fn load(&self, id: u64) -> Self {
        let found = Self::__load_memo().lookup((::cached_core::rt::Own(&id),));
        match found {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(miss) => {
                miss.run(|| Self::load_uncached(self, id))
            }
        }
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    pub fn load_uncached(&self, id: u64) -> Self {
        self.of(id)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const __load_kept: ::core::primitive::u8 = {
        ::cached_core::rt::key::<u64>();
        ::cached_core::rt::kept::<{ ::cached_core::rt::fallible!(Store) }, Store>()
    };
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
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
            encodable: || {
                ::cached_core::rt::encodable!(
                    (u64,), < Store as ::cached_core::rt::Project < { < Store >
                    ::__load_kept } >> ::Stored
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
    fn __load_memo() -> ::cached_core::rt::Keeping<
        { <Store>::__load_kept },
        (u64,),
        <Store as ::cached_core::rt::Project<{ <Store>::__load_kept }>>::Stored,
    > {
        static MEMO: ::cached_core::rt::Memo<
            (u64,),
            <Store as ::cached_core::rt::Project<{ <Store>::__load_kept }>>::Stored,
        > = ::cached_core::rt::Memo::new(
            <Store>::load_site(),
            ::cached_core::rt::facts!(
                (u64,), < Store as ::cached_core::rt::Project < { < Store > ::__load_kept
                } >> ::Stored
            ),
        );
        ::cached_core::rt::Keeping(&MEMO)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    pub fn load_entry(
        id: &u64,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<{ <Store>::__load_kept }, Held = (u64,)>,
        <Store as ::cached_core::rt::Project<{ <Store>::__load_kept }>>::Stored,
    > {
        Self::__load_memo().entry((::cached_core::rt::Own(id),))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    pub fn load_refresh(&self, id: u64) -> Self {
        let miss = Self::__load_memo().refresh((::cached_core::rt::Own(&id),));
        miss.run(|| Self::load_uncached(self, id))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    pub fn load_with_outcome(&self, id: u64) -> (Self, ::cached_core::Outcome) {
        ::cached_core::rt::seen(move || {
            let found = Self::__load_memo().lookup((::cached_core::rt::Own(&id),));
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => {
                    miss.run(|| Self::load_uncached(self, id))
                }
            }
        })
    }
    fn other(&self) {}
}
