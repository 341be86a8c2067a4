impl Get for Store {
    fn get(id: u64) -> Self {
        let found = match (::cached_core::rt::own(&id),) {
            key => {
                let kept = ::cached_core::rt::proven(::cached_core::rt::kept_of!(Self));
                let facts = ::cached_core::rt::facts_for!(key, kept);
                let found = {
                    const fn site() -> &'static ::cached_core::Site {
                        fn here() {}
                        static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
                            shown: || ::cached_core::rt::shown(
                                ::core::any::type_name_of_val(&here),
                            ),
                            identity: ::core::concat!(
                                ::core::module_path!(), "::", "<Store as Get>", "::", "get"
                            ),
                            named: false,
                            file: ::core::file!(),
                            line: ::core::line!(),
                            column: ::core::column!(),
                            alias: "default",
                            fingerprint: 7171916203513208654,
                            version: 0,
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
                    site().instance(|| (), &|| facts())
                };
                kept.__cached_memo(found).lookup(key)
            }
        };
        match found {
            ::core::result::Result::Ok(value) => value,
            ::core::result::Result::Err(miss) => miss.run(|| -> Self { Store(id) }),
        }
    }
    const N: u8 = 1;
}
