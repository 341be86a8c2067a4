//! One program, five configurations: where its values live is said in a file.
//!
//! `cargo run -p cached-stores-example -- examples/stores/configurations/redis.toml`, and the same again: what the first
//! run computed, the second finds. A server that is not there costs time, and no call.

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use cached_core::{Config, Error, cached, report, shutdown};

cached_core::link!(cached_file);
cached_core::link!(cached_redis);

/// The largest number on the way down to one by Collatz's rule, of all that begin at or below `n * 1_000`.
#[cached(backend = "numbers", name = "stores.highest", ttl = "1h")]
fn highest(n: u64) -> u64 {
    let way = |start: u64| {
        let next = |n: &u64| (*n > 1).then(|| if n.is_multiple_of(2) { n / 2 } else { 3 * n + 1 });
        std::iter::successors(Some(start), next).max()
    };
    (1..=n * 1_000).filter_map(way).max().unwrap_or(0)
}

fn run() -> Result<(), Error> {
    let file = env::args().nth(1).unwrap_or_else(|| "examples/stores/configurations/memory.toml".to_owned());
    Config::from_file(file)?.namespace("stores").env("CACHED")?.install()?;
    // Twice: the second time from memory, where there is some in front.
    let sum: u64 = (0..2).flat_map(|_| 1..=20).map(highest).sum();
    println!("{sum}");
    let unwritten = shutdown(Duration::from_secs(5));
    println!("{}\n{unwritten} values were not written", report());
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
