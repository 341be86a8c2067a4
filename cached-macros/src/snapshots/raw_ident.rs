///
///Cached: see `r#type::entry`, `r#type::refresh`, `r#type::with_outcome`, `r#type::uncached`, `r#type::site`.
fn r#type(r#fn: &str) -> String {
    let found = <r#type>::memo().lookup((::cached_core::rt::Ref(r#fn),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| <r#type>::uncached(r#fn)),
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum r#type {}
impl r#type {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn uncached(r#fn: &str) -> String {
        r#fn.to_owned()
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const kept: ::core::primitive::u8 = {
        ::cached_core::rt::borrowed::<str>();
        ::cached_core::rt::kept::<{ ::cached_core::rt::fallible!(String) }, String>()
    };
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
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
            encodable: || {
                ::cached_core::rt::encodable!(
                    (< str as ::std::borrow::ToOwned > ::Owned,), < String as
                    ::cached_core::rt::Project < { < r#type > ::kept } >> ::Stored
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
        { <r#type>::kept },
        (<str as ::std::borrow::ToOwned>::Owned,),
        <String as ::cached_core::rt::Project<{ <r#type>::kept }>>::Stored,
    > {
        static MEMO: ::cached_core::rt::Memo<
            (<str as ::std::borrow::ToOwned>::Owned,),
            <String as ::cached_core::rt::Project<{ <r#type>::kept }>>::Stored,
        > = ::cached_core::rt::Memo::new(
            <r#type>::site(),
            ::cached_core::rt::facts!(
                (< str as ::std::borrow::ToOwned > ::Owned,), < String as
                ::cached_core::rt::Project < { < r#type > ::kept } >> ::Stored
            ),
        );
        ::cached_core::rt::Keeping(&MEMO)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn entry(
        r#fn: &str,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<
            { <r#type>::kept },
            Held = (<str as ::std::borrow::ToOwned>::Owned,),
        >,
        <String as ::cached_core::rt::Project<{ <r#type>::kept }>>::Stored,
    > {
        <r#type>::memo().entry((::cached_core::rt::Ref(r#fn),))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn refresh(r#fn: &str) -> String {
        let miss = <r#type>::memo().refresh((::cached_core::rt::Ref(r#fn),));
        miss.run(|| <r#type>::uncached(r#fn))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn with_outcome(r#fn: &str) -> (String, ::cached_core::Outcome) {
        ::cached_core::rt::seen(move || {
            let found = <r#type>::memo().lookup((::cached_core::rt::Ref(r#fn),));
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => {
                    miss.run(|| <r#type>::uncached(r#fn))
                }
            }
        })
    }
}
