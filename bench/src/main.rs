//! Our speed beside the peers': `cargo xtask bench [--quick] [--times] [--engine] [--traces <folder>]
//! [--remote] [--instructions] [--build]`.
//!
//! In: which tables are wanted; without a word the times. Out: the tables, as Markdown, with goals
//! that are met or not met. Ratios inside a table compare; figures of different tables do not.

mod alloc;
mod build;
mod engine;
mod engines;
mod instructions;
mod peers;
mod remote;
mod rounds;
mod shapes;
mod subjects;
mod table;
mod traces;

use std::env;
use std::path::Path;
use std::process::ExitCode;

use rounds::Effort;
use subjects::Work;
use table::{Rate, Rows};

const USAGE: &str =
    "usage: cargo xtask bench [--quick] [--only TITLE] [--times] [--engine] [--traces <folder>] [--remote] [--instructions] [--build]

  --times         nanoseconds and allocations per call: eleven rounds, medians (what you get without a word)
  --engine        the engine beside every peer: by shape, from two threads, full, and what it holds
  --traces        hits in a hundred on the traces of a folder (*.lis, *.trace; also packed), beside the peers
  --remote        nanoseconds per hit on Redis, on files, and on copies in memory in front of Redis
  --instructions  instructions per hit, by callgrind
  --build         processor seconds and crates of a crate with one cached function
  --only TITLE    of the works only those whose titles begin so
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

/// The word after a name, if it is there; both are taken out.
fn valued(words: &mut Vec<String>, name: &str) -> Result<Option<String>, String> {
    let Some(place) = words.iter().position(|word| word == name) else { return Ok(None) };
    words.remove(place);
    if place < words.len() { Ok(Some(words.remove(place))) } else { Err(format!("{name} needs a word after it")) }
}

fn tables(words: &[String]) -> Result<(), String> {
    const KNOWN: [&str; 6] = ["--quick", "--times", "--remote", "--instructions", "--build", "--engine"];
    let mut words = words.to_vec();
    let (folder, only) = (valued(&mut words, "--traces")?, valued(&mut words, "--only")?);
    let only = only.unwrap_or_default();
    if let Some(unknown) = words.iter().find(|word| !KNOWN.contains(&word.as_str())) {
        return Err(format!("unknown: {unknown}\n{USAGE}"));
    }
    let [quick, wanted, remote, instructions, build, engine] =
        KNOWN.map(|known| words.iter().any(|word| word == known));
    let effort = if quick { Effort::QUICK } else { Effort::FULL };
    let is_asked = |work: &&Work| work.title.starts_with(&only);
    if wanted || !(remote || instructions || build || engine || folder.is_some()) {
        times(effort, &is_asked)?;
    }
    if engine {
        by_engine(effort, &is_asked)?;
    }
    match folder {
        Some(folder) => traces::print(Path::new(&folder))?,
        None if engine => {
            println!("\nSKIPPED hits in a hundred: give a folder of traces, `--traces <folder>`; the goal stays open")
        }
        None => {}
    }
    if remote {
        for work in remote::begin().iter().filter(is_asked) {
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

fn by_engine(effort: Effort, is_asked: &impl Fn(&&Work) -> bool) -> Result<(), String> {
    for work in engine::WORKS.iter().filter(is_asked) {
        engine::fill(work);
        table::times(work, &Rows::new(work, rounds::one_thread(work, effort)?));
    }
    for (work, goals) in engine::TOGETHER.iter().filter(|(work, _)| is_asked(&work)) {
        let figures = rounds::two_threads(work, effort)?;
        table::scaling(work, &figures);
        println!();
        goals.iter().for_each(|goal| goal.print(&Rate::new(work, &figures)));
    }
    engines::memory();
    Ok(())
}

fn times(effort: Effort, is_asked: &impl Fn(&&Work) -> bool) -> Result<(), String> {
    for work in subjects::WORKS.iter().filter(is_asked) {
        table::times(work, &Rows::new(work, rounds::one_thread(work, effort)?));
    }
    table::scaling(&subjects::HOT, &rounds::two_threads(&subjects::HOT, effort)?);
    shapes::print();
    Ok(())
}
