//! The low-level cache beside Django's: one test for each line of its behaviour, on every kind of backend and by both
//! faces. `CHECKLIST.md` says which test holds which line, `mutants.toml` what each of them would notice.

cached_core::link!(cached_file);
cached_core::link!(cached_redis);

mod api;
mod between;
mod both;
mod checklist;
mod flights;
mod in_process;
mod settings;
