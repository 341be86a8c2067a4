//! This test binary once more, in a process of its own, under other conditions.
//!
//! In: which of its tests, and what is different there. Out: how many passed, or what the process said.

use std::env;
use std::process::Command;

/// How a process is set apart: a command in front of it, and its environment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Apart<'a> {
    /// A program and its arguments that start another.
    pub under: &'a [&'a str],
    /// Names and values.
    pub env: &'a [(&'a str, &'a str)],
}

/// Runs the tests whose names hold one of `filters`; counts of the bar are a tenth of what they are here. Gives how
/// many passed.
///
/// # Errors
/// What the process said, if a test failed there or none ran.
pub fn again(filters: &[&str], apart: Apart<'_>) -> Result<usize, String> {
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let mut words = apart.under.iter().copied();
    let mut command = words.next().map_or_else(|| Command::new(&own), Command::new);
    command.args(words);
    if !apart.under.is_empty() {
        command.arg(&own);
    }
    command.args(filters).envs(apart.env.iter().copied());
    let scale: f64 = env::var("R_SCALE").ok().and_then(|scale| scale.parse().ok()).unwrap_or(0.1);
    let output = command.env("R_SCALE", (scale / 10.0).to_string()).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let passed = said.lines().find_map(|line| line.strip_prefix("test result: ok. ")?.split(' ').next()?.parse().ok());
    match passed {
        Some(passed) if output.status.success() && passed > 0 => Ok(passed),
        _ => Err(format!("{}: {said}{}", output.status, String::from_utf8_lossy(&output.stderr))),
    }
}
