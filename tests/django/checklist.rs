//! The checklist names tests that are there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where a test of the list is: `module::test` here, `crate/it/module::test` or `crate/tests::test` in another crate.
fn file_of(module: &str) -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace");
    match module.split_once('/') {
        None => workspace.join("tests/django").join(module),
        Some((of, "tests")) => workspace.join(of).join("src/tests"),
        Some((of, rest)) => workspace.join(of).join("tests").join(rest),
    }
    .with_extension("rs")
}

#[test]
fn every_line_names_tests_that_are_there_or_a_reason() {
    let list = include_str!("CHECKLIST.md");
    let mut lines = BTreeSet::new();
    for line in list.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| line")) {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [id, _, tests, here] = cells[..] else { panic!("four cells: {line}") };
        assert!(lines.insert(id.to_owned()), "{id} is there twice");
        assert!(tests != "–" || !here.is_empty(), "{id} has neither a test nor a reason");
        for (module, test) in line.split('`').filter_map(|word| word.split_once("::")) {
            let file = file_of(module);
            let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{id}, {}: {error}", file.display()));
            assert!(text.contains(&format!("fn {test}(")), "{id}: no test {test} in {}", file.display());
        }
    }
    for (group, last) in [("A", 22), ("B", 48), ("C", 42)] {
        (1..=last).for_each(|n| assert!(lines.contains(&format!("{group}{n}")), "{group}{n} is missing"));
    }
}
