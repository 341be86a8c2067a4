//! What a read asks of the system.

use std::fs;
use std::path::Path;
use std::process::Command;

use cached_core::backend::When;
use cached_file::FileBackend;

use crate::apart::{command, part, play, skipped};
use crate::{get, scratch, set, value};

const READS: usize = 100;
/// Nobody has a file of this name: looking for it marks a place in the list of calls.
const MARK: &str = "/cached-file-mark-";
/// Calls of the allocator, and one that the standard library makes in a debug build only.
const ASIDE: [&str; 6] = ["brk", "mmap", "munmap", "mremap", "madvise", "fcntl"];

fn mark(name: &str) {
    fs::metadata(format!("{MARK}{name}")).unwrap_err();
}

/// The calls between two marks, in their order.
fn between(list: &str, from: &str, to: &str) -> Vec<String> {
    let place = |name: &str| list.lines().position(|line| line.contains(&format!("{MARK}{name}"))).unwrap();
    let lines = list.lines().take(place(to)).skip(place(from) + 1);
    let name = |line: &str| line.split_whitespace().nth(1)?.split_once('(').map(|(name, _)| name.to_owned());
    lines.filter_map(name).filter(|name| !ASIDE.contains(&name.as_str())).collect()
}

#[test]
fn a_hit_is_four_calls_of_the_system_and_a_miss_is_one() {
    const TEST: &str = "calls::a_hit_is_four_calls_of_the_system_and_a_miss_is_one";
    if let Some((_, place)) = part() {
        return read(&place);
    }
    let scratch = scratch();
    let list = scratch.path().join("calls");
    if !Command::new("strace").args(["-o", "/dev/null", "true"]).status().is_ok_and(|status| status.success()) {
        return skipped("CALLS", "strace is not installed, or may not trace: apt-get install strace");
    }
    let trace = ["strace", "-f", "-o"].map(std::ffi::OsStr::new);
    play(command(&[&trace[..], &[list.as_os_str()]].concat(), TEST, "read", scratch.path()));
    let list = fs::read_to_string(list).unwrap();
    let hits = between(&list, "hits", "misses");
    // Who owns the process is asked of files that are not root's.
    let calls = if hits.iter().any(|call| call == "geteuid") { 5 } else { 4 };
    assert_eq!(hits.len(), calls * READS, "{:?}", &hits[..calls * 2]);
    assert_eq!(hits[0], "openat2");
    let misses = between(&list, "misses", "done");
    assert_eq!(misses, vec!["openat2"; READS]);
    println!("a hit: {}; a miss: openat2", hits[..calls].join(", "));
}

fn read(place: &Path) {
    let backend = FileBackend::new(place.join("cache"));
    let stored = value(1, "stored");
    assert!(set(&backend, "k", stored.clone(), When::Absent).unwrap());
    mark("hits");
    (0..READS).for_each(|_| assert!(get(&backend, "k").unwrap().is_some_and(|found| found == stored)));
    mark("misses");
    (0..READS).for_each(|_| assert!(get(&backend, "l").unwrap().is_none()));
    mark("done");
}
