//! What a program prints when it ends: this file is a program that runs itself and reads its words.
//!
//! One of its sites names an alias that nobody configures, so it cannot be part of another binary.

use std::process::{Command, ExitCode, Output};

use cached_core::{cached, report_at_exit};

/// Says which part the child plays.
const PART: &str = "CACHED_TESTS_PART";

#[cached]
fn hits(n: u64) -> u64 {
    n
}

#[cached]
#[expect(dead_code, reason = "the report lists it nevertheless")]
fn never_called_though_it_has_a_long_name_that_a_table_cannot_show(n: u64) -> u64 {
    n
}

#[cached(backend = "nowhere")]
fn unrouted(n: u64) -> u64 {
    n
}

#[cached]
fn errors_only(n: u64) -> Result<u64, u64> {
    Err(n)
}

#[cached]
fn never_hits(n: u64) -> u64 {
    n
}

#[cached(max_entries = 1)]
fn evicts(n: u64) -> u64 {
    n
}

fn work() {
    for n in 0..1_000 {
        assert_eq!((hits(1), unrouted(1), errors_only(n), never_hits(n), evicts(n)), (1, 1, Err(n), n, n));
    }
}

fn main() -> ExitCode {
    match std::env::var(PART).as_deref() {
        Ok("bound") => {
            let _report = report_at_exit();
            work();
            eprintln!("worked");
            ExitCode::SUCCESS
        }
        Ok("dropped at once") => {
            let _ = report_at_exit();
            work();
            eprintln!("worked");
            ExitCode::SUCCESS
        }
        Ok("panicking") => {
            let _report = report_at_exit();
            work();
            panic!("after the work");
        }
        Ok("deaf") => {
            let _report = report_at_exit();
            work();
            ExitCode::SUCCESS
        }
        Ok("no report") => {
            work();
            ExitCode::SUCCESS
        }
        Ok(other) => panic!("no part is called {other}"),
        Err(_) => parent(),
    }
}

/// Every sentence, and whether it is true.
fn parent() -> ExitCode {
    let sentences: [(&str, fn()); 6] = [
        ("the report is printed once, after the work, and the table fits 120 columns", printed_once),
        ("a guard that is not bound prints at once", not_bound),
        ("a panic prints the report too", after_a_panic),
        ("nobody reads what is printed: no call fails, and nothing panics", nobody_reads),
        ("without a guard nothing is printed but the warning", silent),
        ("an alias that nobody configured is a verdict, and no error of the call", no_such_alias),
    ];
    println!("running {} tests", sentences.len());
    let failed = sentences.iter().filter(|(sentence, check)| {
        let failed = std::panic::catch_unwind(check).is_err();
        println!("test {sentence} ... {}", if failed { "FAILED" } else { "ok" });
        failed
    });
    ExitCode::from(u8::from(failed.count() > 0))
}

fn play(part: &str) -> (Output, String) {
    let output = Command::new(std::env::current_exe().unwrap()).env(PART, part).output().unwrap();
    let stderr = String::from_utf8(output.stderr.clone()).unwrap();
    (output, stderr)
}

/// The places of the report's first line and of the program's own last word.
fn places(stderr: &str) -> (Vec<usize>, Option<usize>) {
    let lines: Vec<_> = stderr.lines().collect();
    let starts = |(place, line): (usize, &&str)| (line.starts_with("cached: 6 sites ")).then_some(place);
    (lines.iter().enumerate().filter_map(starts).collect(), lines.iter().position(|line| *line == "worked"))
}

fn printed_once() {
    let (output, stderr) = play("bound");
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    let (heads, worked) = places(&stderr);
    assert_eq!(heads.len(), 1, "{stderr}");
    assert!(worked.is_some_and(|worked| worked < heads[0]), "{stderr}");
    println!("{stderr}");
    let table: Vec<_> = stderr.lines().skip(heads[0]).collect();
    assert_eq!(table.len(), 2 + 6, "{stderr}");
    let widest = table.iter().map(|line| line.chars().count()).max();
    assert!(widest <= Some(120), "{widest:?} columns");
    let hits: Vec<_> = table.iter().filter(|line| line.contains("exit::hits ")).collect();
    let words: Vec<_> = hits[0].split_whitespace().skip(3).take(4).collect();
    assert_eq!(words[..2], ["1000", "100"], "{stderr}");
    assert!(words[2..].iter().all(|time| time.ends_with('s')), "times of body and saved: {stderr}");
}

fn not_bound() {
    let (output, stderr) = play("dropped at once");
    assert!(output.status.success());
    let (heads, worked) = places(&stderr);
    assert_eq!(heads.len(), 1, "{stderr}");
    assert!(worked.is_some_and(|worked| heads[0] < worked), "{stderr}");
}

fn after_a_panic() {
    let (output, stderr) = play("panicking");
    assert!(!output.status.success());
    assert_eq!(places(&stderr).0.len(), 1, "{stderr}");
}

fn nobody_reads() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = Command::new(std::env::current_exe().unwrap()).env(PART, "deaf").stderr(writer).spawn();
    assert!(child.unwrap().wait().unwrap().success());
}

fn silent() {
    let (output, stderr) = play("no report");
    assert!(output.status.success() && output.stdout.is_empty());
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.contains("unknown backend \"nowhere\""), "{stderr}");
}

fn no_such_alias() {
    let (_, stderr) = play("bound");
    let rows: Vec<_> =
        stderr.lines().filter(|line| line.contains("exit::unrouted") && line.starts_with("  ")).collect();
    assert_eq!(rows.len(), 1, "{stderr}");
    assert!(rows[0].contains("nowhere") && rows[0].contains("no such alias"), "{stderr}");
    let warnings: Vec<_> = stderr.lines().filter(|line| line.contains("known backends: ")).collect();
    assert_eq!(warnings.len(), 1, "one warning for a thousand calls: {stderr}");
    assert!(warnings[0].contains("exit.rs:") && warnings[0].contains("known backends: default"), "{stderr}");
}
