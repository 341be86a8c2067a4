//! The file backend, seen from outside.

#![allow(missing_docs, reason = "tests")]

#[cfg(unix)]
mod apart;
#[cfg(target_os = "linux")]
mod calls;
#[cfg(unix)]
mod clocks;
mod config;
mod conformance;
mod culling;
mod directory;
mod entries;
#[cfg(unix)]
mod hostile;
#[cfg(unix)]
mod kills;
mod processes;
#[cfg(unix)]
mod scarce;

use std::path::{Path, PathBuf};

use cached_core::Error;
use cached_core::backend::{Backend, Bytes, Reply, When, Write};
use cached_file::FileBackend;

/// A value as the engine would make it: sixteen bytes of stamp, then the rest.
fn value(stamp: u128, rest: &str) -> Bytes {
    [&stamp.to_be_bytes(), rest.as_bytes()].concat().into()
}

/// The stamp of such a value.
#[cfg(unix)]
fn stamp(stamp: u128) -> cached_core::backend::Stamp {
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

/// A directory in memory where there is one: these tests are not of the disk, and write thousands of files.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// All entries below a directory, by the names of their files.
fn files(directory: &Path) -> Vec<PathBuf> {
    let Ok(there) = std::fs::read_dir(directory) else { return Vec::new() };
    let there = there.map(|file| file.unwrap().path());
    let found = there.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|extension| extension == "cached")).collect()
}

/// Where the entry `k` lies.
fn place_of_k(directory: &Path) -> PathBuf {
    let subs = std::fs::read_dir(directory).unwrap().map(|file| file.unwrap().path());
    subs.map(|sub| sub.join("k.cached")).find(|file| file.symlink_metadata().is_ok()).unwrap()
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
