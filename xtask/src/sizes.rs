//! Sizes of files and crates.
//!
//! In: the `src` folders of the workspace. Out: every file over its limit and every crate over its
//! budget, all in one error. The length of functions is clippy's to judge.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// No file in a `src` folder has more lines.
const FILE: usize = 500;

/// Lines of code that a crate's `src` may have: blank lines, comments, tests and snapshots not counted.
/// The limits keep them from growing unseen: the first shape of the core aimed at 4,000 and missed it by a fifth; of its
/// lines today some 1,600 are the memory engine, 1,300 the low-level cache, 900 the recorder and what is told of figures and
/// settings, and 700 what shared backends need: breaker, times, copies in memory, workers, leases.
const BUDGETS: [(&str, usize); 3] = [("cached-macros", 2_400), ("cached-core", 13_050), ("cached-panel", 2_900)];

/// Measures each member of the workspace.
pub(crate) fn check(root: &Path) -> Result<(), String> {
    let mut faults = Vec::new();
    for member in fs::read_dir(root).map_err(|error| error.to_string())?.flatten() {
        let mut files = Vec::new();
        let src = member.path().join("src");
        collect(&src, &mut files).map_err(|error| format!("{}: {error}", src.display()))?;
        for (path, text) in &files {
            let lines = text.lines().count();
            if lines > FILE {
                faults.push(format!("{}: {lines} lines, at most {FILE}", path.display()));
            }
        }
        if let Some((name, budget)) = BUDGETS.iter().find(|(name, _)| member.file_name() == *name) {
            let lines = without_tests(&files);
            println!("{name}: {lines} of {budget} lines of code");
            if lines > *budget {
                faults.push(format!("{name}: {lines} lines of code, at most {budget}"));
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// All `.rs` files below a folder; none if there is no such folder.
fn collect(folder: &Path, files: &mut Vec<(PathBuf, String)>) -> io::Result<()> {
    if !folder.is_dir() || folder.ends_with("snapshots") {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        collect(&path, files)?;
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)?;
            files.push((path, text));
        }
    }
    Ok(())
}

/// The lines of code before `mod tests` of each file that is not itself a test module.
fn without_tests(files: &[(PathBuf, String)]) -> usize {
    const GATE: &str = "#[cfg(test)]\nmod ";
    let modules = |text| str::split(text, GATE).skip(1).filter_map(|rest| rest.split_once(';'));
    let tests: Vec<&str> = files.iter().flat_map(|(_, text)| modules(text)).map(|(name, _)| name).collect();
    let is_test = |path: &Path| path.with_extension("").iter().any(|part| tests.iter().any(|test| part == *test));
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let own = |text: &str| {
        let own = text.split("#[cfg(test)]\nmod tests {").next();
        own.map_or(0, |own| own.lines().filter(is_code).count())
    };
    files.iter().filter(|(path, _)| !is_test(path)).map(|(_, text)| own(text)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_do_not_count_wherever_they_stand() {
        let files = [
            (
                "src/lib.rs",
                "mod flight;\n\n// A comment.\nfn one() {}\n#[cfg(test)]\nmod tests {\n    fn two() {}\n}\n",
            ),
            ("src/flight.rs", "fn three() {}\n#[cfg(test)]\nmod races;\n"),
            ("src/flight/races.rs", "fn four() {}\nfn five() {}\n"),
        ];
        assert_eq!(without_tests(&files.map(|(path, text)| (path.into(), text.into()))), 2 + 3);
    }
}
