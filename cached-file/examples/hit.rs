//! What a hit costs beside reading the same file with the standard library.
//!
//! `cargo run --release -p cached-file --example hit [bytes]`; with `ours` or `std` as the second word only that side
//! runs, a thousand times, for `strace -c`.

use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cached_core::backend::{Backend, Bytes, Key, Reply, When, Write};
use cached_file::FileBackend;

const READS: u32 = 1_000;
const ROUNDS: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let length = words.next().map_or(Ok(1_024), |word| word.parse())?;
    let scratch = tempfile::tempdir()?;
    let directory = scratch.path().join("cache");
    let backend = FileBackend::new(&directory);
    let key: Key = "shop:1:0123456789abcdef01234567:0123456789ab:0123456789abcdef0123456789abcdef01234567".into();
    let write = Write::new(key.clone(), vec![7; length].into(), Some(Duration::from_secs(3_600)), When::Always);
    assert_eq!(ready(backend.set_many(vec![write]))?, [true]);
    let file = entry(&directory)?.ok_or("no entry was written")?;
    let keys = [key];
    let ours = || assert!(ready(backend.get_many(black_box(&keys))).is_ok_and(|found| found[0].is_some()));
    let std = || assert!(plain(black_box(&file)).is_ok_and(|bytes| bytes.len() >= length));
    match words.next().as_deref() {
        Some("ours") => (0..READS).for_each(|_| ours()),
        Some("std") => (0..READS).for_each(|_| std()),
        _ => {
            let rounds = || (0..ROUNDS).map(|_| (time(ours), time(std)));
            let best = |pick: fn((Duration, Duration)) -> Duration| rounds().map(pick).min().unwrap_or_default();
            let (ours, std) = (best(|round| round.0), best(|round| round.1));
            println!("{length} bytes: {ours:?} ours, {std:?} std, {:.2} times", ours.as_secs_f64() / std.as_secs_f64());
        }
    }
    Ok(())
}

/// How long one call takes, over a thousand.
#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
fn time(call: impl Fn()) -> Duration {
    let start = Instant::now();
    (0..READS).for_each(|_| call());
    start.elapsed() / READS
}

/// Open, fstat, read, close.
fn plain(path: &Path) -> std::io::Result<Bytes> {
    let mut file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
    let mut bytes: Bytes = std::iter::repeat_n(0, length).collect();
    let whole = std::sync::Arc::get_mut(&mut bytes).unwrap_or_default();
    file.read_exact(whole)?;
    Ok(bytes)
}

/// The one entry below a directory.
fn entry(directory: &Path) -> std::io::Result<Option<PathBuf>> {
    for file in std::fs::read_dir(directory)? {
        let file = file?;
        let found = match file.file_type()?.is_dir() {
            true => entry(&file.path())?,
            false => Some(file.path()).filter(|path| path.extension().is_some_and(|extension| extension == "cached")),
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

fn ready<T>(reply: Reply<T>) -> Result<T, cached_core::Error> {
    match reply {
        Reply::Ready(answer) => answer,
        Reply::Later(_) => unreachable!("it blocks"),
    }
}
