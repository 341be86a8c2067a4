//! The bench still runs: it is not part of the fast tests, since nothing rests on its figures.

use std::process::{Command, Output};

fn bench(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bench")).args(words).output().expect("the bench starts")
}

#[test]
fn every_table_is_printed_with_its_goals() {
    let output = bench(&["--quick"]);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for table in ["W1 ", "W2 ", "W3 ", "W4 ", "W5 ", "W6 ", "Allocations "] {
        assert_eq!(printed.matches(&format!("### {table}")).count(), 1, "{table} in\n{printed}");
    }
    let goals = printed.lines().filter(|line| line.starts_with("goal: "));
    let allocations: Vec<&str> = goals.filter(|goal| goal.contains("allocations")).collect();
    assert_eq!(allocations.len(), 5, "{allocations:?}");
    // Time depends on the machine, allocations do not.
    assert!(allocations.iter().all(|goal| goal.ends_with(", met")), "{allocations:?}");
    assert!(!printed.contains("NaN"), "{printed}");
}

#[test]
fn an_unknown_word_is_refused_with_the_known_ones() {
    let output = bench(&["--slow"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("--slow") && said.contains("--quick"), "{said}");
}
