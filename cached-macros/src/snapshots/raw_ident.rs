///
///Cached: see `r#type::entry`, `r#type::refresh`, `r#type::uncached`, `r#type::site`.
fn r#type(r#fn: &str) -> String {
    let found = ::cached_core::rt::lookup::<
        { ::cached_core::rt::fallible!(String) },
        _,
        _,
    >(r#type::memo(), (::cached_core::rt::Ref(r#fn),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| r#type::uncached(r#fn)),
    }
}
#[doc(hidden)]
enum r#type {}
impl r#type {
    #[doc(hidden)]
    #[allow(dead_code)]
    fn uncached(r#fn: &str) -> String {
        r#fn.to_owned()
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "type"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 3238647213979831406,
            version: 0,
            generic: false,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (< str as ::std::borrow::ToOwned > ::Owned,), < String as
                    ::cached_core::rt::Project < { ::cached_core::rt::fallible!(String) }
                    >> ::Stored
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
        (<str as ::std::borrow::ToOwned>::Owned,),
        <String as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(String) },
        >>::Stored,
    >
    where
        for<'__any> String: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(String) },
        >,
    {
        static MEMO: ::cached_core::rt::Memo<
            (<str as ::std::borrow::ToOwned>::Owned,),
            <String as ::cached_core::rt::Project<
                { ::cached_core::rt::fallible!(String) },
            >>::Stored,
        > = ::cached_core::rt::Memo::new(
            r#type::site(),
            ::cached_core::rt::facts!(
                (< str as ::std::borrow::ToOwned > ::Owned,), < String as
                ::cached_core::rt::Project < { ::cached_core::rt::fallible!(String) } >>
                ::Stored
            ),
        );
        &MEMO
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn entry(
        r#fn: &str,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Part<Owned = (<str as ::std::borrow::ToOwned>::Owned,)>,
        <String as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(String) },
        >>::Stored,
    >
    where
        for<'__any> String: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(String) },
        >,
    {
        ::cached_core::rt::entry(r#type::memo(), (::cached_core::rt::Ref(r#fn),))
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn refresh(r#fn: &str) -> String
    where
        for<'__any> String: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(String) },
        >,
    {
        let miss = ::cached_core::rt::refresh::<
            { ::cached_core::rt::fallible!(String) },
            _,
            String,
        >(r#type::memo(), (::cached_core::rt::Ref(r#fn),));
        miss.run(|| r#type::uncached(r#fn))
    }
}
