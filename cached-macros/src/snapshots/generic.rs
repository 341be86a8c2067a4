///
///Cached: see `best::entry`, `best::refresh`, `best::uncached`, `best::site`.
fn best<'a, T: Ord + Clone + 'static>(all: &'a [T]) -> Option<T>
where
    T: Hash,
{
    let found = ::cached_core::rt::lookup::<
        0,
        _,
        _,
    >(best::memo::<T>(), (::cached_core::rt::Ref(all),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| best::uncached::<T>(all)),
    }
}
#[doc(hidden)]
enum best {}
impl best {
    #[doc(hidden)]
    #[allow(dead_code)]
    fn uncached<'a, T: Ord + Clone + 'static>(all: &'a [T]) -> Option<T>
    where
        T: Hash,
    {
        all.iter().max().cloned()
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "best"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 16282401209768996507,
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
    fn memo<T: Ord + Clone + 'static>() -> &'static ::cached_core::rt::Memo<
        (<[T] as ::std::borrow::ToOwned>::Owned,),
        <Option<T> as ::cached_core::rt::Project<0>>::Stored,
    >
    where
        T: Hash,
        for<'__any> Option<T>: ::cached_core::rt::Project<0, Stored = Option<T>>,
    {
        best::site()
            .instance(
                || (),
                ::cached_core::rt::facts!(
                    (< [T] as ::std::borrow::ToOwned > ::Owned,), < Option < T > as
                    ::cached_core::rt::Project < 0 >> ::Stored
                ),
            )
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn entry<'a, T: Ord + Clone + 'static>(
        all: &'a [T],
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Part<Owned = (<[T] as ::std::borrow::ToOwned>::Owned,)>,
        <Option<T> as ::cached_core::rt::Project<0>>::Stored,
    >
    where
        T: Hash,
        for<'__any> Option<T>: ::cached_core::rt::Project<0, Stored = Option<T>>,
    {
        ::cached_core::rt::entry(best::memo::<T>(), (::cached_core::rt::Ref(all),))
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn refresh<'a, T: Ord + Clone + 'static>(all: &'a [T]) -> Option<T>
    where
        T: Hash,
        for<'__any> Option<T>: ::cached_core::rt::Project<0, Stored = Option<T>>,
    {
        let miss = ::cached_core::rt::refresh::<
            0,
            _,
            Option<T>,
        >(best::memo::<T>(), (::cached_core::rt::Ref(all),));
        miss.run(|| best::uncached::<T>(all))
    }
}
