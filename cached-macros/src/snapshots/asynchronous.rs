///
///Cached: see `user::entry`, `user::refresh`, `user::uncached`, `user::site`.
async fn user(db: &Pool, id: u64) -> sqlx::Result<User> {
    let miss = {
        let found = ::cached_core::rt::lookup::<
            { ::cached_core::rt::fallible!(sqlx::Result < User >) },
            _,
            _,
        >(user::memo(), (::cached_core::rt::Own(&id),));
        match found {
            ::core::result::Result::Ok(value) => return value,
            ::core::result::Result::Err(miss) => miss,
        }
    };
    miss.run_async(user::uncached(db, id)).await
}
#[doc(hidden)]
enum user {}
impl user {
    #[doc(hidden)]
    #[allow(dead_code)]
    async fn uncached(db: &Pool, id: u64) -> sqlx::Result<User> {
        db.get(id).await
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    const fn site() -> &'static ::cached_core::Site {
        fn here() {}
        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
            shown: || ::cached_core::rt::shown(::core::any::type_name_of_val(&here)),
            identity: ::core::concat!(::core::module_path!(), "::", "user"),
            named: false,
            file: ::core::file!(),
            line: ::core::line!(),
            column: ::core::column!(),
            alias: "shared",
            fingerprint: 15411877346824492284,
            version: 0,
            generic: false,
            encodable: || {
                ::cached_core::rt::encodable!(
                    (u64,), < sqlx::Result < User > as ::cached_core::rt::Project < {
                    ::cached_core::rt::fallible!(sqlx::Result < User >) } >> ::Stored
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
        (u64,),
        <sqlx::Result<
            User,
        > as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(sqlx::Result < User >) },
        >>::Stored,
    >
    where
        for<'__any> sqlx::Result<
            User,
        >: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(sqlx::Result < User >) },
        >,
    {
        static MEMO: ::cached_core::rt::Memo<
            (u64,),
            <sqlx::Result<
                User,
            > as ::cached_core::rt::Project<
                { ::cached_core::rt::fallible!(sqlx::Result < User >) },
            >>::Stored,
        > = ::cached_core::rt::Memo::new(
            user::site(),
            ::cached_core::rt::facts!(
                (u64,), < sqlx::Result < User > as ::cached_core::rt::Project < {
                ::cached_core::rt::fallible!(sqlx::Result < User >) } >> ::Stored
            ),
        );
        &MEMO
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    fn entry(
        id: &u64,
    ) -> ::cached_core::EntryAsync<
        impl ::cached_core::rt::Part<Owned = (u64,)>,
        <sqlx::Result<
            User,
        > as ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(sqlx::Result < User >) },
        >>::Stored,
    >
    where
        for<'__any> sqlx::Result<
            User,
        >: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(sqlx::Result < User >) },
        >,
    {
        ::cached_core::rt::entry_async(user::memo(), (::cached_core::rt::Own(id),))
    }
    #[doc(hidden)]
    #[allow(dead_code, clippy::pedantic)]
    async fn refresh(db: &Pool, id: u64) -> sqlx::Result<User>
    where
        for<'__any> sqlx::Result<
            User,
        >: ::cached_core::rt::Project<
            { ::cached_core::rt::fallible!(sqlx::Result < User >) },
        >,
    {
        let miss = ::cached_core::rt::refresh::<
            { ::cached_core::rt::fallible!(sqlx::Result < User >) },
            _,
            sqlx::Result<User>,
        >(user::memo(), (::cached_core::rt::Own(&id),));
        miss.run_async(user::uncached(db, id)).await
    }
}
