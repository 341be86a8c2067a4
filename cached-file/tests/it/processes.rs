//! What holds between processes. Each test starts this very program again, told by a variable to
//! play the other process.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use cached_core::backend::When;
use cached_file::FileBackend;

use crate::{get, increment, set, value};

const DIRECTORY: &str = "CACHED_FILE_TEST_DIRECTORY";
const KEYS: usize = 200;

/// Starts `test` of this program on `directory`.
fn start(test: &str, directory: &Path) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "--nocapture", test]).env(DIRECTORY, directory);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

/// The backend to use, when this is the other process.
fn told() -> Option<FileBackend> {
    env::var_os(DIRECTORY).map(FileBackend::new)
}

/// Says "ready", and waits for the word to start.
fn await_start() {
    println!("\nready");
    let _ = std::io::stdin().read(&mut [0]).unwrap();
}

/// Waits until all are ready, starts them together, and gives what each printed after `mark`.
fn race(mut racers: Vec<Child>, mark: &str) -> Vec<Vec<usize>> {
    let mut outputs: Vec<_> =
        racers.iter_mut().map(|racer| BufReader::new(racer.stdout.take().unwrap()).lines()).collect();
    for output in &mut outputs {
        assert!(output.any(|line| line.unwrap() == "ready"));
    }
    racers.iter_mut().for_each(|racer| racer.stdin.take().unwrap().write_all(b"!").unwrap());
    let numbers = |line: String| line.strip_prefix(mark).and_then(|number| number.parse().ok());
    let printed =
        outputs.into_iter().map(|output| output.filter_map(|line| numbers(line.unwrap())).collect()).collect();
    racers.iter_mut().for_each(|racer| assert!(racer.wait().unwrap().success()));
    printed
}

#[test]
fn of_two_processes_exactly_one_finds_a_key_absent() {
    let me = u128::from(std::process::id());
    if let Some(backend) = told() {
        await_start();
        for i in 0..KEYS {
            if set(&backend, &format!("k:{i}"), value(me, "mine"), When::Absent).unwrap() {
                println!("\nwon {i}");
            }
        }
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().join("cache");
    let racers: Vec<_> =
        (0..2).map(|_| start("processes::of_two_processes_exactly_one_finds_a_key_absent", &directory)).collect();
    let ids: Vec<_> = racers.iter().map(Child::id).collect();
    let won = race(racers, "won ");
    let mut all: Vec<_> = won.concat();
    all.sort_unstable();
    assert_eq!(all, (0..KEYS).collect::<Vec<_>>(), "each key was won once");
    let backend = FileBackend::new(&directory);
    for (id, keys) in ids.iter().zip(&won) {
        assert!(keys.iter().all(|i| get(&backend, &format!("k:{i}")).unwrap() == Some(value((*id).into(), "mine"))));
    }
}

#[test]
fn two_processes_that_add_on_the_stamp_lose_nothing() {
    if let Some(backend) = told() {
        let stamps = AtomicU64::new(0);
        let fresh = || u128::from(std::process::id()) << 64 | u128::from(stamps.fetch_add(1, Ordering::Relaxed));
        await_start();
        (0..KEYS).for_each(|_| increment(&backend, "n", fresh));
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let backend = FileBackend::new(scratch.path());
    set(&backend, "n", value(0, "0"), When::Always).unwrap();
    let racers = (0..2).map(|_| start("processes::two_processes_that_add_on_the_stamp_lose_nothing", scratch.path()));
    race(racers.collect(), "");
    assert_eq!(&get(&backend, "n").unwrap().unwrap()[16..], (2 * KEYS).to_string().as_bytes());
}

#[test]
fn a_killed_writer_leaves_whole_values_and_no_litter_after_the_next_start() {
    let text = |i: usize| format!("{i} ").repeat(20_000);
    if let Some(backend) = told() {
        for i in 0.. {
            set(&backend, &format!("k:{}", i % 3), value(1, &text(i)), [When::Always, When::Absent][i % 2]).unwrap();
            println!("\nwrote {i}");
        }
    }
    let scratch = tempfile::tempdir().unwrap();
    let litter = || {
        let subs = std::fs::read_dir(scratch.path()).unwrap().map(|file| file.unwrap().path());
        let subs = subs.filter(|sub| sub.is_dir()).flat_map(|sub| std::fs::read_dir(sub).unwrap());
        subs.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with(".tmp-")).count()
    };
    for round in 0..20 {
        let before = litter();
        let mut writer =
            start("processes::a_killed_writer_leaves_whole_values_and_no_litter_after_the_next_start", scratch.path());
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        assert!((0..=round % 5).all(|_| lines.any(|line| line.unwrap().starts_with("wrote "))));
        assert!(before == 0 || litter() <= 1, "a start sweeps what the one before it left");
        writer.kill().unwrap();
        writer.wait().unwrap();
        assert!(litter() <= 1);
        let backend = FileBackend::new(scratch.path());
        for key in ["k:0", "k:1", "k:2"] {
            if let Some(found) = get(&backend, key).unwrap() {
                let found = std::str::from_utf8(&found[16..]).unwrap();
                assert_eq!(found, text(found.split(' ').next().unwrap().parse().unwrap()));
            }
        }
        assert!(set(&backend, "k:0", value(1, &text(0)), When::Always).unwrap(), "its locks went with it");
        assert_eq!(litter(), 0);
    }
}
