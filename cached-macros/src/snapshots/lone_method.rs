fn load(&self, id: u64) -> Result<Row, Error> {
    let found = match (
        ::cached_core::rt::own(&(self.tenant)),
        ::cached_core::rt::own(&id),
    ) {
        key => {
            let kept = ::cached_core::rt::proven(
                ::cached_core::rt::kept_of!(Result < Row, Error >),
            );
            let facts = ::cached_core::rt::facts_for!(key, kept);
            let found = {
                const fn site() -> &'static ::cached_core::Site {
                    fn here() {}
                    static SITE: ::cached_core::Site = ::cached_core::Site::new(::cached_core::rt::Meta {
                        shown: || ::cached_core::rt::shown(
                            ::core::any::type_name_of_val(&here),
                        ),
                        identity: ::core::concat!(::core::module_path!(), "::", "load"),
                        named: false,
                        file: ::core::file!(),
                        line: ::core::line!(),
                        column: ::core::column!(),
                        alias: "default",
                        fingerprint: 14905198530562813245,
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
        ::core::result::Result::Err(miss) => {
            miss.run(|| -> Result<Row, Error> { self.db.load(id) })
        }
    }
}
