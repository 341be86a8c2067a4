//! The file backend, seen from outside.

#![allow(missing_docs, reason = "tests")]

mod config;
mod directory;
mod entries;
mod processes;

use cached_core::Error;
use cached_core::backend::{Backend, Bytes, Reply, Stamp, When, Write};
use cached_file::FileBackend;

/// A value as the engine would make it: sixteen bytes of stamp, then the rest.
fn value(stamp: u128, rest: &str) -> Bytes {
    [&stamp.to_be_bytes(), rest.as_bytes()].concat().into()
}

fn stamp(stamp: u128) -> Stamp {
    stamp.to_be_bytes()
}

fn ready<T>(reply: Reply<T>) -> Result<T, Error> {
    match reply {
        Reply::Ready(result) => result,
        Reply::Later(_) => unreachable!("this backend blocks"),
    }
}

fn get(backend: &FileBackend, key: &str) -> Result<Option<Bytes>, Error> {
    ready(backend.get_many(&[key.into()])).map(|mut found| found.remove(0))
}

fn set(backend: &FileBackend, key: &str, bytes: Bytes, when: When) -> Result<bool, Error> {
    ready(backend.set_many(vec![Write::new(key.into(), bytes, None, when)])).map(|mut stored| stored.remove(0))
}

fn delete(backend: &FileBackend, key: &str, when: When) -> Result<bool, Error> {
    ready(backend.delete_many(vec![(key.into(), when)])).map(|mut removed| removed.remove(0))
}

/// Adds one to the number under `key`, as the engine does: read, then write on the stamp.
fn increment(backend: &FileBackend, key: &str, fresh: impl Fn() -> u128) {
    loop {
        let found = get(backend, key).unwrap().unwrap();
        let number: u64 = std::str::from_utf8(&found[16..]).unwrap().parse().unwrap();
        let when = When::Stamp(found[..16].try_into().unwrap());
        if set(backend, key, value(fresh(), &(number + 1).to_string()), when).unwrap() {
            return;
        }
    }
}
