//! What needs a clock that moves, or names and headers themselves.

use std::cell::Cell;
use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cached_core::backend::{Backend, Bytes, Reply, When, Write};
use tempfile::TempDir;

use crate::FileBackend;
use crate::entry::{HEADER, Header};
use crate::name::Name;

const KEY: &str = "shop:price:1";
const VALUE: &[u8] = b"0123456789abcdefand then the rest";
const SECOND: Duration = Duration::from_secs(1);

thread_local! {
    /// The wall clock of one test.
    static NOW: Cell<SystemTime> = const { Cell::new(UNIX_EPOCH) };
}

/// A backend in a fresh directory, at 1 000 000 s after 1970.
fn backend() -> (TempDir, FileBackend) {
    let scratch = tempfile::tempdir().unwrap();
    let mut backend = FileBackend::new(scratch.path().join("cache"));
    NOW.set(UNIX_EPOCH + SECOND * 1_000_000);
    backend.client.now = || NOW.get();
    (scratch, backend)
}

fn ready<T>(reply: Reply<T>) -> T {
    match reply {
        Reply::Ready(result) => result.unwrap(),
        Reply::Later(_) => unreachable!("this backend blocks"),
    }
}

fn get(backend: &FileBackend) -> Option<Bytes> {
    ready(backend.get_many(&[KEY.into()])).remove(0)
}

fn set(backend: &FileBackend, ttl: Option<Duration>, when: When) -> bool {
    ready(backend.set_many(vec![Write::new(KEY.into(), VALUE.into(), ttl, when)])).remove(0)
}

fn delete(backend: &FileBackend, when: When) -> bool {
    ready(backend.delete_many(vec![(KEY.into(), when)])).remove(0)
}

fn file(backend: &FileBackend) -> std::path::PathBuf {
    backend.client.directory().join(Name::of(KEY).unwrap().place())
}

#[test]
fn a_write_that_failed_takes_away_what_it_was_to_replace_and_nothing_newer() {
    let (_scratch, backend) = backend();
    let name = Name::of(KEY).unwrap();
    let nothing = backend.client.look(&name);
    assert!(set(&backend, None, When::Always));
    let old = backend.client.look(&name);
    assert!(set(&backend, None, When::Always));
    for before in [nothing, old] {
        backend.client.withdraw(&name, When::Always, before.as_ref());
        assert!(get(&backend).is_some(), "somebody has written it meanwhile");
    }
    let now = backend.client.look(&name);
    backend.client.withdraw(&name, When::Always, now.as_ref());
    assert_eq!(get(&backend), None);
}

#[test]
fn an_entry_is_a_miss_from_its_deadline_on_and_its_file_goes() {
    let (_scratch, backend) = backend();
    assert!(set(&backend, Some(SECOND * 30), When::Always));
    NOW.set(NOW.get() + SECOND * 30 - Duration::from_millis(1));
    assert_eq!(get(&backend).as_deref(), Some(VALUE));
    assert!(file(&backend).exists());
    NOW.set(NOW.get() + Duration::from_millis(1));
    assert_eq!(get(&backend), None);
    assert!(!file(&backend).exists());
}

#[test]
fn a_fresh_entry_in_the_place_of_an_expired_one_is_not_removed_with_it() {
    let (_scratch, backend) = backend();
    assert!(set(&backend, Some(SECOND), When::Always));
    backend.client.bury(&Name::of(KEY).unwrap()).unwrap();
    assert_eq!(get(&backend).as_deref(), Some(VALUE));
    NOW.set(NOW.get() + SECOND);
    backend.client.bury(&Name::of(KEY).unwrap()).unwrap();
    assert!(!file(&backend).exists());
}

#[test]
fn an_entry_without_ttl_outlives_every_clock() {
    let (_scratch, backend) = backend();
    assert!(set(&backend, None, When::Always));
    NOW.set(NOW.get() + SECOND * 60 * 60 * 24 * 365 * 10_000);
    assert_eq!(get(&backend).as_deref(), Some(VALUE));
}

#[test]
fn a_lifetime_of_nothing_is_over_at_once_and_the_longest_never() {
    let (_scratch, backend) = backend();
    assert!(set(&backend, Some(Duration::ZERO), When::Always));
    assert_eq!(get(&backend), None);
    assert!(set(&backend, Some(Duration::MAX), When::Always));
    assert_eq!(get(&backend).as_deref(), Some(VALUE));
}

#[test]
fn half_a_millisecond_is_rounded_up_to_one() {
    let (_scratch, backend) = backend();
    assert!(set(&backend, Some(Duration::from_micros(500)), When::Always));
    assert_eq!(get(&backend).as_deref(), Some(VALUE));
    NOW.set(NOW.get() + Duration::from_millis(1));
    assert_eq!(get(&backend), None);
}

#[test]
fn a_clock_before_1970_stores_and_reads() {
    let (_scratch, backend) = backend();
    NOW.set(UNIX_EPOCH - SECOND * 60);
    assert!(set(&backend, Some(SECOND), When::Always));
    assert_eq!(get(&backend).as_deref(), Some(VALUE));
}

#[test]
fn an_expired_entry_is_absent_to_every_condition() {
    let (_scratch, backend) = backend();
    let stamp = VALUE[..16].try_into().unwrap();
    assert!(set(&backend, Some(SECOND), When::Always));
    assert!(!set(&backend, Some(SECOND), When::Absent));
    NOW.set(NOW.get() + SECOND);
    assert!(!set(&backend, Some(SECOND), When::Stamp(stamp)));
    assert!(!delete(&backend, When::Stamp(stamp)));
    assert!(!delete(&backend, When::Always), "no live entry was removed");
    assert!(set(&backend, Some(SECOND), When::Absent));
}

#[test]
fn a_file_with_any_byte_cut_off_or_changed_is_a_miss() {
    let (_scratch, backend) = backend();
    for value in [&b""[..], VALUE, &[0; 40]] {
        let write = Write::new(KEY.into(), value.into(), Some(SECOND * 30), When::Always);
        assert_eq!(ready(backend.set_many(vec![write])), [true]);
        let whole = std::fs::read(file(&backend)).unwrap();
        assert_eq!(whole.len(), HEADER + value.len());
        let damaged = (0..whole.len()).flat_map(|at| {
            let flipped = (0..8).map(move |bit| (at, 1 << bit)).map(|(at, bit)| {
                let mut bytes = whole.clone();
                bytes[at] ^= bit;
                bytes
            });
            flipped.chain([whole[..at].to_vec(), [&whole, &whole[..=at]].concat()]).collect::<Vec<_>>()
        });
        for bytes in damaged {
            std::fs::write(file(&backend), bytes).unwrap();
            assert_eq!(get(&backend), None);
        }
        assert!(set(&backend, None, When::Absent), "a damaged file is absent");
        assert_eq!(get(&backend).as_deref(), Some(VALUE));
    }
}

#[test]
fn a_file_beyond_the_bound_is_a_miss_and_not_read() {
    let (_scratch, backend) = backend();
    assert!(set(&backend, None, When::Always));
    let entry = std::fs::OpenOptions::new().write(true).open(file(&backend)).unwrap();
    entry.set_len(1 << 40).unwrap(); // sparse: reading it would take hours
    assert_eq!(get(&backend), None);
}

#[test]
fn names_give_back_their_keys_are_lower_case_and_fit() {
    let longest = "Z".repeat(200);
    let digest = "shop:1:catalogue::Price.Load_2-x:".to_owned() + &"Ab9z".repeat(16);
    for key in [KEY, "a", "A", "aB", "Ab", "AB", ":", ".", "..", "-", "con", ".tmp-a", ".lock-00", &longest, &digest] {
        let name = Name::of(key).unwrap();
        assert_eq!(Name::parse(&name.place()[3..]), Some((name.clone(), key.to_owned())));
        let (sub, file) = name.place().split_once('/').unwrap();
        assert_eq!(sub, format!("{:02x}", name.sub()));
        assert_eq!(file, file.to_ascii_lowercase());
        assert!(file.len() <= 248 && !file.contains(['/', '\\', ':', '\0']));
    }
}

#[test]
fn no_two_keys_share_a_name() {
    let alphabet = ['a', 'A', 'z', 'Z', ':', '.', '0', '_', '-'];
    let mut keys = vec![String::new()];
    let mut names = HashSet::new();
    for _ in 0..5 {
        keys = keys.iter().flat_map(|key| alphabet.iter().map(move |c| format!("{key}{c}"))).collect();
        assert!(keys.iter().all(|key| names.insert(Name::of(key).unwrap().place()[3..].to_owned())));
    }
}

#[test]
fn only_the_one_spelling_of_a_name_is_an_entry() {
    assert_eq!(Name::parse("ab=1.cached"), Name::of("Ab").map(|name| (name, "Ab".to_owned())));
    for foreign in [
        "",
        ".cached",
        "=1.cached",
        "Ab.cached",
        "ab=.cached",
        "ab=10.cached",
        "ab=4.cached",
        "ab=1",
        "a:b.cached",
        "a/b.cached",
        "é.cached",
    ] {
        assert_eq!(Name::parse(foreign), None, "{foreign}");
    }
}

#[test]
fn a_header_is_not_mistaken_for_another_format() {
    let bytes = Header::new(UNIX_EPOCH, None, VALUE).to_bytes();
    assert!(Header::parse(bytes).is_some_and(|header| header.belongs_to(VALUE) && !header.belongs_to(&VALUE[1..])));
    assert!(Header::parse([0; HEADER]).is_none());
}

#[test]
fn the_second_format_is_these_bytes_in_this_place() {
    let (_scratch, backend) = backend();
    assert!(set(&backend, Some(SECOND), When::Always));
    let header = b"cachedF2\xe8\xcd\x9a\x3b\0\0\0\0\x3f\xa6\xe9\x7b\x08\x90\x41\x56";
    assert_eq!(std::fs::read(file(&backend)).unwrap(), [&header[..], VALUE].concat());
    assert_eq!(Name::of(KEY).unwrap().place(), "c7/shop+price+1.cached");
    assert_eq!(Name::of("shop:Price:1.X").unwrap().place(), "5e/shop+price+1.x=018.cached");
}
