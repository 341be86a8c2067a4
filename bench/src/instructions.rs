//! Counts instructions, which do not depend on what else the machine does.
//!
//! In: the works whose calls are all hits of sync functions. Out: instructions per hit: this
//! program run twice under callgrind, with different numbers of calls, and the difference divided.

use std::env;
use std::process::Command;

use crate::rounds;
use crate::subjects::{KEYS, WORKS, Work};
use crate::table::{self, Figures, Rows};

/// The works that are counted, by their place in [`WORKS`].
const COUNTED: usize = 3;
/// How often all keys are asked for, in the two runs.
const LOOPS: [u64; 2] = [20, 120];

/// Prints a table for each work, or that valgrind is missing.
pub(crate) fn print() -> Result<(), String> {
    let version = Command::new("valgrind").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        println!("SKIPPED instructions: valgrind is not installed");
        return Ok(());
    }
    for (place, work) in WORKS.iter().enumerate().take(COUNTED) {
        let counted = (0..work.subjects.len()).map(|subject| per_hit(place, subject));
        let figures = counted.map(|count| count.map(|count| Figures::of(vec![count], 0.0)));
        table::instructions(work, &Rows::new(work, figures.collect::<Result<_, _>>()?));
    }
    Ok(())
}

/// Makes the calls that are counted: `work subject loops`, by number.
pub(crate) fn make_calls(words: &[String]) -> Result<(), String> {
    let numbers: Vec<usize> = words.iter().filter_map(|word| word.parse().ok()).collect();
    let [work, subject, loops] = numbers[..] else { return Err("needs work, subject and loops".to_owned()) };
    let work: &Work = WORKS.get(work).ok_or("no such work")?;
    let subject = work.subjects.get(subject).ok_or("no such subject")?;
    rounds::warm(work);
    (subject.run)(KEYS * loops as u64);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn per_hit(work: usize, subject: usize) -> Result<f64, String> {
    let [few, many] = LOOPS.map(|loops| collected(&[work as u64, subject as u64, loops]));
    let calls = (LOOPS[1] - LOOPS[0]) * KEYS;
    Ok((many? - few?) as f64 / calls as f64)
}

/// The instructions of one whole run.
fn collected(words: &[u64; 3]) -> Result<i64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).arg("--make-calls");
    let output = valgrind.args(words.map(|word| word.to_string())).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    let number = collected.and_then(|(_, numbers)| numbers.split_whitespace().next()?.parse().ok());
    number.filter(|_| output.status.success()).ok_or_else(|| format!("callgrind gave no count:\n{said}"))
}
