//! R49: writers that are killed at any moment.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{fs, thread};

use cached_core::backend::{Backend, Bytes, When};
use cached_file::FileBackend;

use crate::apart::{command, part, scaled};
use crate::{delete, get, ready, scratch, set, value};

const TEST: &str = "kills::r49_writers_that_are_killed_leave_whole_values_and_nothing_else";
const WRITERS: usize = 4;
const KEYS: u64 = 120;

/// Numbers that look as if they were thrown.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed ^ mixed >> 31) % sides
    }
}

fn key(n: u64) -> String {
    format!("kill:{n}")
}

/// A value that says which key and number it belongs to, over and over.
fn whole(n: u64, number: u64) -> Bytes {
    value(number.into(), &format!("{n} {number};").repeat(usize::try_from(1 + number % 3_000).unwrap()))
}

/// Panics if what is under a key is not a value of it.
fn look(backend: &FileBackend, n: u64) -> Option<u128> {
    let found = get(backend, &key(n)).unwrap()?;
    let number = u128::from_be_bytes(found[..16].try_into().unwrap());
    assert!(found == whole(n, number.try_into().unwrap()), "a wrong value under {n}");
    Some(number)
}

fn open(directory: &Path) -> FileBackend {
    // So few that culls are among what is interrupted.
    FileBackend::new(directory).bounded(100.try_into().unwrap(), 3)
}

/// Writes, reads and removes for ever, and says so once it has begun. A panic is printed, and found by who started it.
fn write(directory: &Path) -> ! {
    let (backend, mut dice) = (open(directory), Dice(std::process::id().into()));
    for round in 0_u64.. {
        let n = dice.throw(KEYS);
        let found = look(&backend, n);
        let when = match dice.throw(3) {
            0 => When::Absent,
            1 => found.map_or(When::Absent, |number| When::Stamp(number.to_be_bytes())),
            _ => When::Always,
        };
        set(&backend, &key(n), whole(n, dice.throw(1 << 40)), when).unwrap();
        if dice.throw(20) == 0 {
            delete(&backend, &key(dice.throw(KEYS)), When::Always).unwrap();
        }
        if dice.throw(500) == 0 {
            ready(backend.clear("kill:7")).unwrap();
        }
        if round == 0 {
            println!("\nwrites");
        }
    }
    unreachable!("it is killed");
}

/// A writer that has swept and written, and its later words, which nobody is to hear.
fn start(directory: &Path) -> (Child, thread::JoinHandle<Vec<String>>) {
    let mut writer = command(&[], TEST, "writer", directory);
    let mut writer = writer.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "writes"), "{:?}", last_words(&mut writer));
    let errors = BufReader::new(writer.stderr.take().unwrap());
    (writer, thread::spawn(move || errors.lines().map_while(Result::ok).collect()))
}

fn last_words(writer: &mut Child) -> Vec<String> {
    let errors = writer.stderr.take().map(|errors| BufReader::new(errors).lines().map_while(Result::ok).collect());
    errors.unwrap_or_default()
}

/// Values on their way, whoever left them.
fn staged(directory: &Path) -> usize {
    let subs = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_dir());
    let files = subs.flat_map(|sub| fs::read_dir(sub).unwrap());
    files.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with(".tmp-")).count()
}

#[test]
fn r49_writers_that_are_killed_leave_whole_values_and_nothing_else() {
    if let Some((_, directory)) = part() {
        write(&directory);
    }
    let scratch = scratch();
    let directory = scratch.path().join("cache");
    let (kills, mut dice) = (scaled(1_000), Dice(49));
    let (mut killed, mut most, reads, found) = (0, 0, AtomicUsize::new(0), AtomicUsize::new(0));
    let mut writers: Vec<_> = (0..WRITERS).map(|_| start(&directory)).collect();
    let reader = open(&directory);
    while killed < kills {
        let together = if killed % 10 == 9 { WRITERS } else { 1 };
        let first = usize::try_from(dice.throw(WRITERS as u64)).unwrap();
        thread::sleep(Duration::from_micros(dice.throw(3_000)));
        for at in (first..first + together).map(|at| at % WRITERS) {
            writers[at].0.kill().unwrap();
            assert_eq!(writers[at].0.wait().unwrap().code(), None, "it was killed, and did not end by itself");
        }
        for at in (first..first + together).map(|at| at % WRITERS) {
            killed += 1;
            let (_, said) = std::mem::replace(&mut writers[at], start(&directory));
            let said = said.join().unwrap();
            assert!(said.is_empty(), "{said:?}");
        }
        for n in 0..KEYS {
            reads.fetch_add(1, Ordering::Relaxed);
            found.fetch_add(usize::from(look(&reader, n).is_some()), Ordering::Relaxed);
        }
        // What is there is on its way, or was when its writer was killed after the last start.
        most = most.max(staged(&directory));
    }
    for (writer, _) in &mut writers {
        writer.kill().unwrap();
        writer.wait().unwrap();
    }
    let left = staged(&directory);
    assert!(left <= WRITERS && most <= 2 * WRITERS, "{left} and {most} values on their way");
    assert!(set(&open(&directory), "kill:0", whole(0, 1), When::Always).unwrap(), "their locks went with them");
    assert_eq!(staged(&directory), 0, "the next start removes what the last ones left");
    let (reads, found) = (reads.into_inner(), found.into_inner());
    assert!(found > 0);
    println!("R49: {killed} kills of {WRITERS} writers, {reads} reads ({found} found), 0 wrong, 0 errors");
    println!("R49: at most {most} temporary files, {left} after the last kill, 0 after a start");
}
