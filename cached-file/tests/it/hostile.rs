//! R55 and R60: what arguments, prefixes and foreign files can do, which is nothing.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use cached_core::backend::{Backend, When};
use cached_core::{Config, cached};
use cached_file::FileBackend;

use crate::apart::{command, part, play, scaled};
use crate::{files, get, ready, scratch, set, value};

static RUNS: AtomicUsize = AtomicUsize::new(0);

#[cached(name = "hostile.echo")]
fn echo(text: String) -> String {
    RUNS.fetch_add(1, Ordering::Relaxed);
    text
}

#[cached(name = "hostile.bytes")]
fn bytes(bytes: Vec<u8>) -> Vec<u8> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    bytes
}

/// What has ended programs before.
const PIECES: [&str; 24] = [
    "\r\n",
    "\0",
    " ",
    "../",
    "..\\",
    "/etc/passwd",
    "*",
    "?",
    "[a-z]",
    "%2e%2e%2f",
    "'",
    "\"",
    "`id`",
    "$(id)",
    ";",
    "k",
    "K",
    "k ",
    "é",
    "e\u{301}",
    "\u{202e}",
    ".cached",
    "CON",
    ":",
];

/// Numbers that look as if they were thrown.
fn dice(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |sides| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % sides
    }
}

/// Whether a path below the directory is one that a backend makes.
fn is_ours(path: &str) -> bool {
    let hex = |text: &str| text.len() == 2 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_name = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'+' | b'_' | b'.' | b'-' | b'=');
    match path.split_once('/') {
        None => hex(path) || path.strip_prefix(".lock-").is_some_and(hex),
        Some((sub, file)) => hex(sub) && file.len() <= 248 && file.ends_with(".cached") && file.bytes().all(is_name),
    }
}

/// All paths below a directory, as texts.
fn paths(directory: &Path, below: &str, found: &mut Vec<String>) {
    for file in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = format!("{below}{}", file.file_name().into_string().unwrap());
        if file.file_type().unwrap().is_dir() {
            paths(&file.path(), &format!("{path}/"), found);
        }
        found.push(path);
    }
}

#[test]
fn r55_whatever_the_arguments_are_files_lie_in_the_directory_under_names_of_its_own() {
    const TEST: &str = "hostile::r55_whatever_the_arguments_are_files_lie_in_the_directory_under_names_of_its_own";
    if let Some((_, place)) = part() {
        std::env::set_current_dir(place.join("work")).unwrap();
        return ask_hostile(&place);
    }
    let scratch = scratch();
    fs::create_dir(scratch.path().join("work")).unwrap();
    play(command(&[], TEST, "asked", scratch.path()));
}

fn ask_hostile(place: &Path) {
    let directory = place.join("cache");
    let location = directory.to_str().unwrap();
    let options = format!("kind = \"file\"\nlocation = {location:?}\nmax_entries = \"unbounded\"\nttl = \"1h\"");
    Config::from_toml(&format!("[backends.default]\n{options}")).unwrap().install().unwrap();
    let mut throw = dice(55);
    let mut texts: BTreeSet<String> = PIECES.map(str::to_owned).into();
    texts.extend([String::new(), "x".repeat(10 << 20), "../".repeat(2_000)]);
    while texts.len() < scaled(50_000) {
        texts.insert((0..=throw(6)).map(|_| PIECES[throw(PIECES.len())]).collect());
    }
    let mut raw = BTreeSet::new();
    while raw.len() < scaled(50_000) {
        raw.insert((0..throw(12)).map(|_| u8::try_from(throw(256)).unwrap()).collect::<Vec<_>>());
    }
    let asked = texts.len() + raw.len();
    for _ in 0..2 {
        texts.iter().for_each(|text| assert!(echo(text.clone()) == *text));
        raw.iter().for_each(|one| assert!(bytes(one.clone()) == *one));
    }
    // The longest is more than may be stored.
    assert_eq!(RUNS.load(Ordering::Relaxed), asked + 1, "no two of them share an entry");
    assert_eq!(files(&directory).len(), asked - 1);
    let mut found = Vec::new();
    paths(&directory, "", &mut found);
    let foreign: Vec<_> = found.iter().filter(|path| !is_ours(path)).collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    let beside: BTreeSet<_> = fs::read_dir(place).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(beside.iter().eq(["cache", "work"]) && fs::read_dir(place.join("work")).unwrap().next().is_none());
    println!("R55: {asked} hostile arguments, {} paths, none outside or of another form", found.len());
}

#[test]
fn r60_a_clear_removes_what_begins_with_its_prefix_and_nothing_else() {
    let scratch = scratch();
    let backend = FileBackend::new(scratch.path());
    let mut throw = dice(60);
    let alphabet = ["a", "A", ":", "a:", "_2a", "_5b", ".", "-", "tag:", "1"];
    let mut text = |parts: usize| -> String { (0..parts).map(|_| alphabet[throw(alphabet.len())]).collect() };
    let (pairs, mut removed) = (scaled(10_000), 0);
    for pair in 0..pairs {
        let (prefix, other) = ([text(1), text(1)][..1 + pair % 2].concat(), text(2));
        let keys =
            [&prefix, &other].map(|begin| [format!("{begin}x"), format!("{begin}:{}", text(1)), text(3)]).concat();
        keys.iter().for_each(|key| assert!(set(&backend, key, value(1, key), When::Always).unwrap()));
        ready(backend.clear(&prefix)).unwrap();
        for key in &keys {
            let left = get(&backend, key).unwrap();
            assert_eq!(left.is_none(), key.starts_with(&prefix), "{key} after a clear of {prefix}");
            removed += usize::from(left.is_none());
        }
    }
    println!("R60: {pairs} pairs of prefixes, {removed} entries removed, none of another prefix");
}

#[test]
fn r60_foreign_files_survive_whatever_their_names_are() {
    let scratch = scratch();
    let backend = FileBackend::new(scratch.path()).bounded(10.try_into().unwrap(), 0);
    let keys: Vec<_> = (0..10).map(|i| format!("k:{i}")).collect();
    keys.iter().for_each(|key| assert!(set(&backend, key, value(1, key), When::Always).unwrap()));
    let names: [&[u8]; 6] = [b"\xff\xfe", b"k+\xff.cached", b"K.cached", b".tmp-", b"*", b"k+1.cached\n"];
    let subs: BTreeSet<_> = files(scratch.path()).iter().map(|file| file.parent().unwrap().to_owned()).collect();
    let foreign: Vec<_> = subs
        .iter()
        .chain([&scratch.path().to_owned()])
        .flat_map(|sub| names.map(|name| sub.join(OsStr::from_bytes(name))))
        .collect();
    foreign.iter().for_each(|path| fs::write(path, "mine").unwrap());
    // Reads, a start with its sweep, a cull of everything, and a clear.
    assert!(keys.iter().all(|key| get(&backend, key).unwrap().is_some()));
    let second = FileBackend::new(scratch.path()).bounded(10.try_into().unwrap(), 0);
    assert!(set(&second, "new", value(1, "new"), When::Absent).unwrap());
    assert!(keys.iter().all(|key| get(&backend, key).unwrap().is_none()));
    ready(backend.clear("")).unwrap();
    assert_eq!(get(&backend, "new").unwrap(), None);
    assert!(foreign.iter().all(|path| fs::read(path).is_ok_and(|text| text == b"mine")));
}
