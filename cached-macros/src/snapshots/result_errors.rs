///
///Cached: see `parse::entry`, `parse::refresh`, `parse::with_outcome`, `parse::uncached`, `parse::site`.
fn parse(text: String) -> Result<u64, Bad> {
    let found = <parse>::memo().lookup((::cached_core::rt::Own(&text),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| <parse>::uncached(text)),
    }
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum parse {}
impl parse {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    fn uncached(text: String) -> Result<u64, Bad> {
        text.parse()
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const kept: ::core::primitive::u8 = {
        ::cached_core::rt::key::<String>();
        ::cached_core::rt::kept::<2, Result<u64, Bad>>()
    };
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "parse"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 7879253081168210410,
            version: 0,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (String,), < Result < u64, Bad > as ::cached_core::rt::Project < { <
                    parse > ::kept } >> ::Stored
                )
            },
            policy: ::cached_core::rt::Policy {
                errors: ::cached_core::rt::Keep::For(|| ::core::time::Duration::new(
                    30,
                    0,
                )),
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
        { <parse>::kept },
        (String,),
        <Result<u64, Bad> as ::cached_core::rt::Project<{ <parse>::kept }>>::Stored,
    > {
        static MEMO: ::cached_core::rt::Memo<
            (String,),
            <Result<u64, Bad> as ::cached_core::rt::Project<{ <parse>::kept }>>::Stored,
        > = ::cached_core::rt::Memo::new(
            <parse>::site(),
            ::cached_core::rt::facts!(
                (String,), < Result < u64, Bad > as ::cached_core::rt::Project < { <
                parse > ::kept } >> ::Stored
            ),
        );
        ::cached_core::rt::Keeping(&MEMO)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn entry(
        text: &String,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Keyed<{ <parse>::kept }, Held = (String,)>,
        <Result<u64, Bad> as ::cached_core::rt::Project<{ <parse>::kept }>>::Stored,
    > {
        <parse>::memo().entry((::cached_core::rt::Own(text),))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn refresh(text: String) -> Result<u64, Bad> {
        let miss = <parse>::memo().refresh((::cached_core::rt::Own(&text),));
        miss.run(|| <parse>::uncached(text))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn with_outcome(text: String) -> (Result<u64, Bad>, ::cached_core::Outcome) {
        ::cached_core::rt::seen(move || {
            let found = <parse>::memo().lookup((::cached_core::rt::Own(&text),));
            match found {
                ::core::result::Result::Ok(value) => value,
                ::core::result::Result::Err(miss) => miss.run(|| <parse>::uncached(text)),
            }
        })
    }
}
