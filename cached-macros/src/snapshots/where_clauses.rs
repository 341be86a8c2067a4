///
///Cached: see `f::entry`, `f::refresh`, `f::uncached`, `f::site`.
fn f<'a, T>(a: &'a T) -> u8
where
    T: Clone + 'static,
    &'a T: Into<u8>,
    for<'b> &'b T: Add,
{
    let found = ::cached_core::rt::lookup::<
        { ::cached_core::rt::fallible!(u8) },
        _,
        _,
    >(f::memo::<T>(), (::cached_core::rt::Ref(a),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| f::uncached::<T>(a)),
    }
}
#[doc(hidden)]
enum f {}
impl f {
    #[doc(hidden)]
    #[allow(dead_code)]
    fn uncached<'a, T>(a: &'a T) -> u8
    where
        T: Clone + 'static,
        &'a T: Into<u8>,
        for<'b> &'b T: Add,
    {
        0
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
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
            fingerprint: 14192874998882582213,
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
    fn memo<T>() -> &'static ::cached_core::rt::Memo<
        (<T as ::std::borrow::ToOwned>::Owned,),
        <u8 as ::cached_core::rt::Project<{ ::cached_core::rt::fallible!(u8) }>>::Stored,
    >
    where
        T: Clone + 'static,
        for<'b> &'b T: Add,
        for<'__any> u8: ::cached_core::rt::Project<{ ::cached_core::rt::fallible!(u8) }>,
    {
        f::site()
            .instance(
                || (),
                ::cached_core::rt::facts!(
                    (< T as ::std::borrow::ToOwned > ::Owned,), < u8 as
                    ::cached_core::rt::Project < { ::cached_core::rt::fallible!(u8) } >>
                    ::Stored
                ),
            )
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn entry<'a, T>(
        a: &'a T,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Part<Owned = (<T as ::std::borrow::ToOwned>::Owned,)>,
        <u8 as ::cached_core::rt::Project<{ ::cached_core::rt::fallible!(u8) }>>::Stored,
    >
    where
        T: Clone + 'static,
        &'a T: Into<u8>,
        for<'b> &'b T: Add,
        for<'__any> u8: ::cached_core::rt::Project<{ ::cached_core::rt::fallible!(u8) }>,
    {
        ::cached_core::rt::entry(f::memo::<T>(), (::cached_core::rt::Ref(a),))
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn refresh<'a, T>(a: &'a T) -> u8
    where
        T: Clone + 'static,
        &'a T: Into<u8>,
        for<'b> &'b T: Add,
        for<'__any> u8: ::cached_core::rt::Project<{ ::cached_core::rt::fallible!(u8) }>,
    {
        let miss = ::cached_core::rt::refresh::<
            { ::cached_core::rt::fallible!(u8) },
            _,
            u8,
        >(f::memo::<T>(), (::cached_core::rt::Ref(a),));
        miss.run(|| f::uncached::<T>(a))
    }
}
