///
///Cached: see `parse::entry`, `parse::refresh`, `parse::uncached`, `parse::site`.
fn parse(text: String) -> Result<u64, Bad> {
    let found = ::cached_core::rt::lookup::<
        2,
        _,
        _,
    >(parse::memo(), (::cached_core::rt::Own(&text),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => miss.run(|| parse::uncached(text)),
    }
}
#[doc(hidden)]
enum parse {}
impl parse {
    #[doc(hidden)]
    #[allow(dead_code)]
    fn uncached(text: String) -> Result<u64, Bad> {
        text.parse()
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
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
            generic: false,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (String,), < Result < u64, Bad > as ::cached_core::rt::Project < 2 >>
                    ::Stored
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
    #[allow(dead_code, clippy::pedantic)]
    fn memo() -> &'static ::cached_core::rt::Memo<
        (String,),
        <Result<u64, Bad> as ::cached_core::rt::Project<2>>::Stored,
    >
    where
        for<'__any> Result<u64, Bad>: ::cached_core::rt::Project<2>,
    {
        static MEMO: ::cached_core::rt::Memo<
            (String,),
            <Result<u64, Bad> as ::cached_core::rt::Project<2>>::Stored,
        > = ::cached_core::rt::Memo::new(
            parse::site(),
            ::cached_core::rt::facts!(
                (String,), < Result < u64, Bad > as ::cached_core::rt::Project < 2 >>
                ::Stored
            ),
        );
        &MEMO
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn entry(
        text: &String,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Part<Owned = (String,)>,
        <Result<u64, Bad> as ::cached_core::rt::Project<2>>::Stored,
    >
    where
        for<'__any> Result<u64, Bad>: ::cached_core::rt::Project<2>,
    {
        ::cached_core::rt::entry(parse::memo(), (::cached_core::rt::Own(text),))
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn refresh(text: String) -> Result<u64, Bad>
    where
        for<'__any> Result<u64, Bad>: ::cached_core::rt::Project<2>,
    {
        let miss = ::cached_core::rt::refresh::<
            2,
            _,
            Result<u64, Bad>,
        >(parse::memo(), (::cached_core::rt::Own(&text),));
        miss.run(|| parse::uncached(text))
    }
}
