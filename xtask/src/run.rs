//! Runs steps, mostly one after the other, from the root of the workspace.
//!
//! In: the steps. Out: each command's own output between two lines of ours, a table of durations,
//! and, if a step failed, the command to repeat by hand.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use crate::steps::Step;

/// Runs all steps, one after the other but for those that begin together, and stops at the first that fails. What the steps wrote is kept then, so that
/// its command can be repeated.
#[expect(clippy::disallowed_methods, reason = "a step takes real time; there is none to move")]
pub(crate) fn all(steps: &[Step]) -> Result<(), String> {
    let scratch = scratch()?;
    let start = Instant::now();
    let mut table = String::new();
    // Those that begin together are one group.
    for group in steps.chunk_by(|step, _| step.beside_next) {
        let timed = |step: &Step| {
            println!("\n== {}: {}", step.name, fill(&step.shown(), &scratch));
            let begun = Instant::now();
            let outcome = once(step, &scratch);
            (outcome, seconds(begun.elapsed()))
        };
        let ended: Vec<_> = thread::scope(|scope| {
            let running: Vec<_> = group.iter().map(|step| scope.spawn(move || timed(step))).collect();
            running.into_iter().map(|step| step.join().expect("a step does not panic")).collect()
        });
        for (step, (outcome, took)) in group.iter().zip(ended) {
            let shown = fill(&step.shown(), &scratch);
            outcome.map_err(|fault| format!("\n{table}\nFAILED {} after {took}: {fault}\n  {shown}", step.name))?;
            println!("== {}: ok, {took}", step.name);
            table += &row(&took, &step.name);
        }
    }
    println!("\n{table}{}", row(&seconds(start.elapsed()), "all"));
    fs::remove_dir_all(&scratch).map_err(|error| format!("{}: {error}", scratch.display()))
}

/// The root of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace")
}

/// The cargo that started us, else the one on the path.
pub(crate) fn cargo() -> String {
    env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}

fn once(step: &Step, scratch: &Path) -> Result<(), String> {
    let mut words = step.command.iter().map(|word| fill(word, scratch));
    let program = words.next().expect("a step has a command");
    let mut command = Command::new(if program == "cargo" { cargo() } else { program });
    command.args(words).current_dir(root()).envs(step.env.iter().map(|(name, value)| (name, fill(value, scratch))));
    let (status, said) = if step.says.is_empty() {
        (command.status().map_err(|error| error.to_string())?, true)
    } else {
        let output = command.output().map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        println!("{said}");
        (output.status, said.contains(step.says))
    };
    match status.code() {
        Some(code) if code == step.exit && said => Ok(()),
        Some(code) if code == step.exit => Err(format!("it did not say \"{}\"", step.says)),
        Some(code) => Err(format!("exit code {code} instead of {}", step.exit)),
        None => Err(status.to_string()),
    }
}

/// What a step prints, which is printed here too.
pub(crate) fn printed(step: &Step) -> Result<String, String> {
    let (program, words) = step.command.split_first().ok_or("a step has a command")?;
    let mut command = Command::new(if program == "cargo" { cargo() } else { program.clone() });
    let output = command.args(words).current_dir(root()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{said}");
    if output.status.success() { Ok(said) } else { Err(format!("{}: {}", step.shown(), output.status)) }
}

/// Puts our directory into a command.
fn fill(text: &str, scratch: &Path) -> String {
    text.replace("{scratch}", &scratch.to_string_lossy())
}

/// A directory for what the steps write, with a lock file that is none.
fn scratch() -> Result<PathBuf, String> {
    let path = env::temp_dir().join(format!("cached-xtask-{}", process::id()));
    fs::create_dir(&path)
        .and_then(|()| fs::write(path.join("broken.lock"), "[[package]\nthis is no lock file\n"))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

fn row(left: &str, name: &str) -> String {
    format!("{left:>9}  {name}\n")
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
