//! Parts of tests that need a process of their own: what they install, break or are killed in is that process's.
//!
//! In: a test of this binary, the part it is to play there, and where. Out: what the process printed.

use std::env;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PART: &str = "CACHED_FILE_TEST_PART";
const PLACE: &str = "CACHED_FILE_TEST_PLACE";

/// The part that this process plays, and where; none if it is the one that starts the others.
pub(crate) fn part() -> Option<(String, PathBuf)> {
    Some((env::var(PART).ok()?, env::var_os(PLACE)?.into()))
}

/// How a test of this binary is started again: by `program`, which gets this binary and its arguments after `before`.
pub(crate) fn command(program: &[&OsStr], test: &str, part: &str, place: &Path) -> Command {
    let own = env::current_exe().unwrap();
    let mut words = program.iter().copied().chain(if program.is_empty() { Some(own.as_os_str()) } else { None });
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
    if !program.is_empty() {
        command.arg(&own);
    }
    command.args(["--exact", "--nocapture", test]).env(PART, part).env(PLACE, place);
    command.stdin(Stdio::null());
    command
}

/// The same by a shell: `script` is to end with `"$@"`, which is the test; `$0` is the place.
pub(crate) fn shell(shell: &[&str], script: &str, test: &str, part: &str, place: &Path) -> Command {
    let words: Vec<&OsStr> = shell.iter().map(OsStr::new).chain(["sh", "-c", script].map(OsStr::new)).collect();
    command(&[&words[..], &[place.as_os_str()]].concat(), test, part, place)
}

/// Runs a part to its end, and shows what it found: its lines that begin with the name of the check.
pub(crate) fn play(mut command: Command) -> String {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success() && said.contains("1 passed"), "{}: {said}", output.status);
    said.lines().filter(|line| line.starts_with('R')).for_each(|line| println!("{line}"));
    said
}

/// Says, also where the output of tests is captured, that this machine cannot show something.
pub(crate) fn skipped(check: &str, why: &str) {
    std::io::stderr().write_all(format!("{check} SKIPPED {why}\n").as_bytes()).unwrap();
}

/// A count of the bar, scaled by `R_SCALE`: a tenth unless it says otherwise.
pub(crate) fn scaled(count: usize) -> usize {
    let scale: f64 = env::var("R_SCALE").ok().and_then(|scale| scale.parse().ok()).unwrap_or(0.1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a count")]
    let scaled = (count as f64 * scale).ceil() as usize;
    scaled.max(1)
}
