//! Our speed beside the peers': `cargo xtask bench [--quick] [--times] [--remote] [--instructions] [--build]`.
//!
//! In: which tables are wanted; without a word the times. Out: the tables, as Markdown, with goals
//! that are met or not met. Ratios inside a table compare; figures of different tables do not.

mod alloc;
mod build;
mod instructions;
mod peers;
mod remote;
mod rounds;
mod shapes;
mod subjects;
mod table;

use std::env;
use std::process::ExitCode;

use rounds::Effort;
use table::Rows;

const USAGE: &str = "usage: cargo xtask bench [--quick] [--times] [--remote] [--instructions] [--build]

  --times         nanoseconds and allocations per call: eleven rounds, medians (what you get without a word)
  --remote        nanoseconds per hit on Redis, on files, and on copies in memory in front of Redis
  --instructions  instructions per hit, by callgrind
  --build         processor seconds and crates of a crate with one cached function
  --quick         fewer and shorter rounds: shows that everything runs, and little else";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let done = match words.split_first() {
        Some((first, numbers)) if first == "--make-calls" => instructions::make_calls(numbers),
        _ => tables(&words),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::from(2)
        }
    }
}

fn tables(words: &[String]) -> Result<(), String> {
    const KNOWN: [&str; 5] = ["--quick", "--times", "--remote", "--instructions", "--build"];
    if let Some(unknown) = words.iter().find(|word| !KNOWN.contains(&word.as_str())) {
        return Err(format!("unknown: {unknown}\n{USAGE}"));
    }
    let [quick, wanted, remote, instructions, build] = KNOWN.map(|known| words.iter().any(|word| word == known));
    let effort = if quick { Effort::QUICK } else { Effort::FULL };
    if wanted || !(remote || instructions || build) {
        times(effort)?;
    }
    if remote {
        for work in remote::begin() {
            table::times(work, &Rows::new(work, rounds::one_thread(work, effort)?));
        }
    }
    if instructions {
        instructions::print()?;
    }
    if build {
        build::print(if quick { 1 } else { 3 })?;
    }
    Ok(())
}

fn times(effort: Effort) -> Result<(), String> {
    for work in subjects::WORKS {
        table::times(work, &Rows::new(work, rounds::one_thread(work, effort)?));
    }
    table::scaling(&subjects::HOT, &rounds::two_threads(&subjects::HOT, effort)?);
    shapes::print();
    Ok(())
}
