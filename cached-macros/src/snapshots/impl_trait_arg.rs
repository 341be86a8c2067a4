///
///Cached: see `size::entry`, `size::refresh`, `size::uncached`, `size::site`.
fn size<ImplDb: Db, ImplName: AsRef<str> + 'static>(
    db: &ImplDb,
    name: ImplName,
) -> usize {
    let found = ::cached_core::rt::lookup::<
        { ::cached_core::rt::fallible!(usize) },
        _,
        _,
    >(size::memo::<ImplName>(), (::cached_core::rt::Own(&name),));
    match found {
        ::core::result::Result::Ok(value) => value,
        ::core::result::Result::Err(miss) => {
            miss.run(|| size::uncached::<ImplDb, ImplName>(db, name))
        }
    }
}
#[doc(hidden)]
enum size {}
impl size {
    #[doc(hidden)]
    #[allow(dead_code)]
    fn uncached<ImplDb: Db, ImplName: AsRef<str> + 'static>(
        db: &ImplDb,
        name: ImplName,
    ) -> usize {
        db.size(name.as_ref())
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "size"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "default",
            fingerprint: 17279227941330697421,
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
    fn memo<ImplName: AsRef<str> + 'static>() -> &'static ::cached_core::rt::Memo<
        (ImplName,),
        <usize as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(usize) },
        >>::Stored,
    >
    where
        for<'__any> usize: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(usize) },
        >,
    {
        size::site()
            .instance(
                || (),
                ::cached_core::rt::facts!(
                    (ImplName,), < usize as ::cached_core::rt::Project < {
                    ::cached_core::rt::fallible!(usize) } >> ::Stored
                ),
            )
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn entry<ImplName: AsRef<str> + 'static>(
        name: &ImplName,
    ) -> ::cached_core::Entry<
        impl ::cached_core::rt::Part<Owned = (ImplName,)>,
        <usize as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(usize) },
        >>::Stored,
    >
    where
        for<'__any> usize: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(usize) },
        >,
    {
        ::cached_core::rt::entry(
            size::memo::<ImplName>(),
            (::cached_core::rt::Own(name),),
        )
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn refresh<ImplDb: Db, ImplName: AsRef<str> + 'static>(
        db: &ImplDb,
        name: ImplName,
    ) -> usize
    where
        for<'__any> usize: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(usize) },
        >,
    {
        let miss = ::cached_core::rt::refresh::<
            { ::cached_core::rt::fallible!(usize) },
            _,
            usize,
        >(size::memo::<ImplName>(), (::cached_core::rt::Own(&name),));
        miss.run(|| size::uncached::<ImplDb, ImplName>(db, name))
    }
}
