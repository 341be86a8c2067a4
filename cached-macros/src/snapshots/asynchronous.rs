///
///Cached: see `user::entry`, `user::refresh`, `user::with_outcome`, `user::uncached`, `user::site`.
async fn user(db: &Pool, id: u64) -> sqlx::Result<User> {
    let miss = {
        let found = <user>::memo().lookup((::cached_core::rt::Own(&id),));
        match found {
            ::core::result::Result::Ok(value) => return value,
            ::core::result::Result::Err(miss) => miss,
        }
    };
    miss.run_async(<user>::uncached(db, id)).await
}
#[doc(hidden)]
#[allow(missing_debug_implementations)]
enum user {}
impl user {
    #[doc(hidden)]
    #[allow(dead_code, clippy::must_use_candidate)]
    async fn uncached(db: &Pool, id: u64) -> sqlx::Result<User> {
        db.get(id).await
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    const kept: ::core::primitive::u8 = {
        ::cached_core::rt::key::<u64>();
        ::cached_core::rt::kept::<
            { ::cached_core::rt::fallible!(sqlx::Result < User >) },
            sqlx::Result<User>,
        >()
    };
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
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
            encodable: || {
                ::cached_core::rt::encodable!(
                    (u64,), < sqlx::Result < User > as ::cached_core::rt::Project < { <
                    user > ::kept } >> ::Stored
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
        { <user>::kept },
        (u64,),
        <sqlx::Result<User> as ::cached_core::rt::Project<{ <user>::kept }>>::Stored,
    > {
        static MEMO: ::cached_core::rt::Memo<
            (u64,),
            <sqlx::Result<User> as ::cached_core::rt::Project<{ <user>::kept }>>::Stored,
        > = ::cached_core::rt::Memo::new(
            <user>::site(),
            ::cached_core::rt::facts!(
                (u64,), < sqlx::Result < User > as ::cached_core::rt::Project < { < user
                > ::kept } >> ::Stored
            ),
        );
        ::cached_core::rt::Keeping(&MEMO)
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    fn entry(
        id: &u64,
    ) -> ::cached_core::EntryAsync<
        impl ::cached_core::rt::Keyed<{ <user>::kept }, Held = (u64,)>,
        <sqlx::Result<User> as ::cached_core::rt::Project<{ <user>::kept }>>::Stored,
    > {
        <user>::memo().entry_async((::cached_core::rt::Own(id),))
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    async fn refresh(db: &Pool, id: u64) -> sqlx::Result<User> {
        let miss = <user>::memo().refresh((::cached_core::rt::Own(&id),));
        miss.run_async(<user>::uncached(db, id)).await
    }
    #[doc(hidden)]
    #[allow(dead_code, deprecated, clippy::all, clippy::pedantic, clippy::nursery)]
    async fn with_outcome(
        db: &Pool,
        id: u64,
    ) -> (sqlx::Result<User>, ::cached_core::Outcome) {
        ::cached_core::rt::seen_async(async move {
                let miss = {
                    let found = <user>::memo().lookup((::cached_core::rt::Own(&id),));
                    match found {
                        ::core::result::Result::Ok(value) => return value,
                        ::core::result::Result::Err(miss) => miss,
                    }
                };
                miss.run_async(<user>::uncached(db, id)).await
            })
            .await
    }
}
