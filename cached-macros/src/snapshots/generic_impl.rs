impl<T: Clone + 'static> Store<T> {
    ///
    ///Cached: see `first_entry`, `first_refresh`, `first_uncached`, `first_site`.
    fn first(n: u64) -> Option<T> {
        let found = ::cached_core::rt::lookup::<
            0,
            _,
            _,
        >(Self::__first_memo(), (::cached_core::rt::Own(&n),));
        match found {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(miss) => miss.run(|| Self::first_uncached(n)),
        }
    }
    #[doc(hidden)]
    #[allow(dead_code)]
    fn first_uncached(n: u64) -> Option<T> {
        None
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    const fn first_site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || {
                ::core::concat!(::core::module_path!(), "::", "Store<T>", "::", "first")
            },
            identity: ::core::concat!(
                ::core::module_path!(), "::", "Store<T>", "::", "first"
            ),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 13393190380583915911,
            version: 0,
            generic: true,
            encodable: || true,
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
    fn __first_memo() -> &'static ::cached_core::rt::Memo<
        (u64,),
        <Option<T> as ::cached_core::rt::Project<0>>::Stored,
    >
    where
        for<'__any> Option<T>: ::cached_core::rt::Project<0, Stored = Option<T>>,
    {
        Self::first_site()
            .instance(
                || (),
                ::cached_core::rt::facts!(
                    (u64,), < Option < T > as ::cached_core::rt::Project < 0 >> ::Stored
                ),
            )
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn first_entry(
        n: &u64,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Part<Owned = (u64,)>,
        <Option<T> as ::cached_core::rt::Project<0>>::Stored,
    >
    where
        for<'__any> Option<T>: ::cached_core::rt::Project<0, Stored = Option<T>>,
    {
        ::cached_core::rt::entry(Self::__first_memo(), (::cached_core::rt::Own(n),))
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn first_refresh(n: u64) -> Option<T>
    where
        for<'__any> Option<T>: ::cached_core::rt::Project<0, Stored = Option<T>>,
    {
        let miss = ::cached_core::rt::refresh::<
            0,
            _,
            Option<T>,
        >(Self::__first_memo(), (::cached_core::rt::Own(&n),));
        miss.run(|| Self::first_uncached(n))
    }
}
