//! The load of the web example: mixed requests at an even rate, the same ones for the same seed.
//!
//! In: `[--rate=N] [--seconds=N] [--at-once=N] [--seed=N] http://127.0.0.1:PORT`. Out: throughput and latencies of each
//! page; exit code 1 if any answer was not the one expected, 2 if nothing could be asked.

mod client;
mod figures;
mod mix;

use std::env;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::time::sleep;

use client::Client;
use figures::Figures;
use mix::Mix;

const USAGE: &str = "usage: load [--rate=200] [--seconds=10] [--at-once=8] [--seed=1] http://127.0.0.1:PORT";

/// What is asked for, each at most [`MOST`].
struct Args {
    /// Requests per second.
    rate: u64,
    seconds: u64,
    /// Connections, and with them requests that run at the same time.
    at_once: u64,
    seed: u64,
    address: String,
}

/// A bound of each number, so that a slip of the finger ends.
const MOST: u64 = 100_000;

fn main() -> ExitCode {
    let args = match Args::read(env::args().skip(1)) {
        Ok(args) => args,
        Err(message) => {
            eprintln!("load: {message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match Runtime::new().map_err(|error| error.to_string()).and_then(|runtime| runtime.block_on(drive(args))) {
        Ok(figures) => {
            println!("{figures}");
            if figures.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(message) => {
            eprintln!("load: {message}");
            ExitCode::from(2)
        }
    }
}

impl Args {
    fn read(words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self { rate: 200, seconds: 10, at_once: 8, seed: 1, address: String::new() };
        for word in words {
            if let Some(address) = word.strip_prefix("http://") {
                args.address = address.trim_end_matches('/').to_owned();
                continue;
            }
            let (name, number) = word.split_once('=').ok_or_else(|| format!("no such word: {word}"))?;
            let number: u64 = number.parse().map_err(|_| format!("no whole number: {word}"))?;
            match name {
                "--rate" if (1..=MOST).contains(&number) => args.rate = number,
                "--seconds" if (1..=MOST).contains(&number) => args.seconds = number,
                "--at-once" if (1..=MOST).contains(&number) => args.at_once = number,
                "--seed" => args.seed = number,
                "--rate" | "--seconds" | "--at-once" => return Err(format!("{name} is from 1 to {MOST}")),
                _ => return Err(format!("no such word: {word}")),
            }
        }
        if args.address.is_empty() { Err("no address".to_owned()) } else { Ok(args) }
    }
}

/// Sends the requests. Each has its moment: one whose connection is busy then waits within its latency, so that a
/// service that stands still for a second is seen in many requests, not in one of each connection.
async fn drive(args: Args) -> Result<Figures, String> {
    let mut client = Client::new(args.address.clone());
    let mix = Arc::new(Mix::learn(&mut client).await?);
    let next = Arc::new(AtomicU64::new(0));
    let start = now();
    let tasks: Vec<_> = (0..args.at_once)
        .map(|_| {
            let (mix, next, client) = (Arc::clone(&mix), Arc::clone(&next), Client::new(args.address.clone()));
            tokio::spawn(ask(mix, next, client, start, (args.rate, args.seconds, args.seed)))
        })
        .collect();
    let mut figures = Figures::default();
    for task in tasks {
        figures.add(task.await.map_err(|error| error.to_string())?);
    }
    figures.took = start.elapsed();
    figures.skipped = (args.rate * args.seconds).saturating_sub(figures.asked());
    Ok(figures)
}

/// Takes the next request, waits for its moment, sends it; until all are sent or the time is over.
async fn ask(
    mix: Arc<Mix>,
    next: Arc<AtomicU64>,
    mut client: Client,
    start: Instant,
    (rate, seconds, seed): (u64, u64, u64),
) -> Figures {
    let mut figures = Figures::default();
    let end = Duration::from_secs(seconds);
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let due = Duration::from_nanos(number.saturating_mul(1_000_000_000) / rate);
        if number >= rate * seconds || start.elapsed() > end {
            return figures;
        }
        let mut begins = due;
        if let Some(rest) = due.checked_sub(start.elapsed()).filter(|rest| !rest.is_zero()) {
            sleep(rest).await;
            // That a timer rings a millisecond late is not the service's.
            begins = start.elapsed();
        }
        let request = mix.request(seed, number);
        let answer = client.get(&request.path).await;
        figures.note(start.elapsed() - begins, &request, answer.map(|answer| answer.status));
    }
}

#[expect(clippy::disallowed_methods, reason = "a load takes real time; there is none to move")]
fn now() -> Instant {
    Instant::now()
}
