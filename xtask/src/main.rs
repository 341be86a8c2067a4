//! The chores of the workspace: `cargo xtask check | test | asan | browser | screenshots | bench | servers | mutants`.
//!
//! In: the name of a chore. Out: its steps, run one after the other; exit code 1 at the first
//! that fails, 2 when the chore is not known.
#![forbid(unsafe_code)]

mod mutants;
mod run;
mod setup;
mod sheet;
mod sizes;
mod steps;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <chore>

  check          formatting, sizes, clippy, docs, unit and UI tests
  test           set-up, check, and everything else that CI runs
  asan           the unit tests of the core under a sanitizer; needs nightly
  browser        the web example and its panel in a real browser
  screenshots    draw the pictures in `docs` again
  bench [--write] [args]
                 our speed beside the peers'; the arguments go to the bench, and what it prints to `BENCHMARKS.md`
  servers        Redis, Valkey and a cluster under every rule, and while they die, stand still or lie: not a part of `test`
  mutants [some …]
                 whether the tests of the checklists notice what is planted, on a copy; takes an hour
  setup [bench | browser | screenshots]
                 install what `test` (or another chore) needs and does not find
  sizes          lines of each file and crate against their limits
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (chore, rest) = args.split_first().map_or(("", &[][..]), |(chore, rest)| (chore.as_str(), rest));
    let done = match (chore, rest) {
        ("check", []) => run::all(&steps::check()),
        ("test", []) => steps::test().and_then(|steps| run::all(&steps)),
        ("asan", []) => run::all(&steps::asan()),
        ("browser", []) => steps::browser().and_then(|steps| run::all(&steps)),
        ("screenshots", []) => run::all(&steps::screenshots()),
        ("bench", [write, ..]) if write == "--write" => steps::written(&rest[1..]),
        ("bench", _) => run::all(&steps::bench(rest)),
        ("servers", []) => run::all(&steps::servers()),
        ("mutants", some) => mutants::check(some),
        ("setup", []) => setup::install(setup::FOR_TEST),
        ("setup", [only]) if only == "bench" => setup::install(setup::FOR_BENCH),
        ("setup", [only]) if only == "browser" => setup::install(setup::FOR_BROWSER),
        ("setup", [only]) if only == "screenshots" => setup::install(setup::FOR_SCREENSHOTS),
        ("sizes", []) => sizes::check(run::root()),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
