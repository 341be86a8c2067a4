//! Whether the tests of a checklist can fail.
//!
//! In: every `mutants.toml` of the workspace: for each line of its checklist a test, and a wrong text in the place of a
//! right one. Out: nothing, if each test fails with its mutant; else the mutants that nobody noticed. It works on a copy.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{fs, io};

use toml::de::{DeTable, DeValue};

use crate::run;

/// How `timeout` ends where it ended the command.
const HUNG: i32 = 124;

/// What is changed, and who has to notice.
struct Mutant {
    /// The line of the checklist.
    item: String,
    package: String,
    target: String,
    /// The test, by its whole name.
    test: String,
    file: PathBuf,
    /// What stands there, exactly once.
    text: String,
    /// What stands there in its place.
    replacement: String,
}

/// Runs the mutants whose item, test or file has one of `some` in it; without any, all of them.
pub(crate) fn check(some: &[String]) -> Result<(), String> {
    let copy = copied()?;
    let wanted = |mutant: &Mutant| {
        let texts = [mutant.item.as_str(), &mutant.test, &mutant.file.to_string_lossy()];
        some.is_empty() || some.iter().any(|word| texts.iter().any(|text| text.contains(word)))
    };
    let mutants: Vec<Mutant> = listed(&copy)?.into_iter().filter(wanted).collect();
    let mut unnoticed = Vec::new();
    whole(&copy, &mutants)?;
    for mutant in &mutants {
        let verdict = mutant.judge(&copy);
        let how = verdict.as_deref().unwrap_or_else(|fault| fault);
        println!("{:>7}  {}: {how}", mutant.item, mutant.test);
        unnoticed.extend(verdict.err().map(|why| format!("{} ({}): {why}", mutant.item, mutant.test)));
    }
    println!("{} mutants, {} noticed", mutants.len(), mutants.len() - unnoticed.len());
    match (mutants.len(), unnoticed.as_slice()) {
        (0, _) => Err(format!("no mutant has {some:?} in its item, test or file")),
        (_, []) => Ok(()),
        (_, unnoticed) => Err(unnoticed.join("\n")),
    }
}

/// A copy of what git knows of the workspace, and of nothing else, in a folder that keeps what is built.
fn copied() -> Result<PathBuf, String> {
    let copy = run::root().join("target/mutants");
    let list = Command::new("git").args(["ls-files", "-z"]).current_dir(run::root()).output();
    let list = list.map_err(|error| format!("git ls-files: {error}"))?;
    let text = String::from_utf8_lossy(&list.stdout);
    let names: Vec<&str> = text.split('\0').filter(|name| run::root().join(name).is_file()).collect();
    for name in &names {
        let (from, to) = (run::root().join(name), copy.join(name));
        let Ok(new) = fs::read(&from) else { continue };
        // What did not change keeps its time, and is not built again.
        if fs::read(&to).is_ok_and(|old| old == new) {
            continue;
        }
        let folder = to.parent().unwrap_or(&copy);
        fs::create_dir_all(folder).and_then(|()| fs::write(&to, new)).map_err(|error| format!("{name}: {error}"))?;
    }
    let kept = names.iter().map(|name| copy.join(name)).collect();
    remove_others(&copy, &kept).map_err(|error| format!("{}: {error}", copy.display()))?;
    Ok(copy)
}

/// Removes the files that are not to be kept; a module that moved would else be there twice.
fn remove_others(folder: &Path, kept: &BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true if path.ends_with("target/mutants/target") => {}
            true => remove_others(&path, kept)?,
            false if kept.contains(&path) => {}
            false => fs::remove_file(&path)?,
        }
    }
    Ok(())
}

/// Without any mutant every test passes; else its failure would say nothing.
fn whole(copy: &Path, mutants: &[Mutant]) -> Result<(), String> {
    let mut tests: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for mutant in mutants {
        tests.entry((&mutant.package, &mutant.target)).or_default().push(&mutant.test);
    }
    for ((package, target), mut tests) in tests {
        tests.sort_unstable();
        tests.dedup();
        // The world is built first, which takes its time.
        let output = tested(copy, package, target, &tests, "7200")?;
        let text = said(&output);
        if !output.status.success() || !text.contains(&format!("{} passed", tests.len())) {
            return Err(format!("without a mutant, not all of {} tests of {target} pass:\n{text}", tests.len()));
        }
    }
    Ok(())
}

impl Mutant {
    /// How it was noticed, or why it was not.
    fn judge(&self, copy: &Path) -> Result<&'static str, String> {
        let path = copy.join(&self.file);
        let right = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", self.file.display()))?;
        let times = right.matches(&self.text).count();
        if times != 1 {
            return Err(format!("its text stands {times} times in {}", self.file.display()));
        }
        let write = |text: &str| fs::write(&path, text).map_err(|error| format!("{}: {error}", self.file.display()));
        write(&right.replacen(&self.text, &self.replacement, 1))?;
        let output = tested(copy, &self.package, &self.target, &[&self.test], "600");
        write(&right)?;
        let output = output?;
        match said(&output) {
            _ if output.status.success() => Err("nobody noticed".to_owned()),
            _ if output.status.code() == Some(HUNG) => Ok("noticed: it did not end"),
            text if text.contains("test result: FAILED") => Ok("noticed"),
            text if text.contains("(signal: ") => Ok("noticed: it crashed"),
            text => Err(format!("its test was not run:\n{text}")),
        }
    }
}

/// Runs tests by their whole names. A mutant that hangs is ended, which is a failure of its test.
fn tested(copy: &Path, package: &str, target: &str, tests: &[&str], seconds: &str) -> Result<Output, String> {
    let mut command = Command::new("timeout");
    command.args([seconds, &run::cargo(), "test", "--quiet", "--package", package, "--test", target, "--"]);
    command.arg("--exact").args(tests).current_dir(copy);
    // Built quickly: nothing here is measured. What stacks are told by is kept.
    command.envs([("CARGO_PROFILE_DEV_OPT_LEVEL", "0"), ("CARGO_INCREMENTAL", "1")]);
    command.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
    command.env("CARGO_TARGET_DIR", copy.join("target")).env_remove("RUST_BACKTRACE");
    command.output().map_err(|error| format!("cargo test: {error}"))
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text)).concat()
}

/// The mutants of every `mutants.toml` in the copy.
fn listed(copy: &Path) -> Result<Vec<Mutant>, String> {
    let list = Command::new("git").args(["ls-files", "*mutants.toml"]).current_dir(run::root()).output();
    let list = list.map_err(|error| format!("git ls-files: {error}"))?;
    let mut mutants = Vec::new();
    for name in String::from_utf8_lossy(&list.stdout).lines() {
        let text = fs::read_to_string(copy.join(name)).map_err(|error| format!("{name}: {error}"))?;
        mutants.extend(read(&text).map_err(|error| format!("{name}: {error}"))?);
    }
    Ok(mutants)
}

/// The mutants of one file: `package` and `target` for all that name none of their own, and a `[[mutant]]` each.
fn read(text: &str) -> Result<Vec<Mutant>, String> {
    let table = DeTable::parse(text).map_err(|error| error.to_string())?;
    let own = |of: &DeTable<'_>, name| word(of, name).or_else(|_| word(table.get_ref(), name));
    let Some(DeValue::Array(mutants)) = table.get_ref().get("mutant").map(|value| value.get_ref()) else {
        return Err("there is no [[mutant]]".to_owned());
    };
    let mutant = |value: &toml::Spanned<DeValue<'_>>| {
        let DeValue::Table(of) = value.get_ref() else { return Err("a mutant is no table".to_owned()) };
        Ok(Mutant {
            item: word(of, "item")?,
            package: own(of, "package")?,
            target: own(of, "target")?,
            test: word(of, "test")?,
            file: word(of, "file")?.into(),
            text: word(of, "text")?,
            replacement: word(of, "replacement")?,
        })
    };
    mutants.iter().map(mutant).collect()
}

fn word(table: &DeTable<'_>, name: &str) -> Result<String, String> {
    match table.get(name).map(|value| value.get_ref()) {
        Some(DeValue::String(text)) => Ok(text.to_string()),
        _ => Err(format!("`{name}` is not there, or is no text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutants_are_read_and_what_is_missing_is_named() {
        let head = "package = \"p\"\ntarget = \"t\"\n[[mutant]]\nitem = \"A1\"\ntest = \"a::b\"\n";
        let rest = "file = \"src/lib.rs\"\ntext = \"a < b\"\nreplacement = \"a <= b\"\n";
        let mutants = read(&format!("{head}{rest}")).unwrap();
        assert_eq!((mutants.len(), &*mutants[0].target, &*mutants[0].replacement), (1, "t", "a <= b"));
        let own = read(&format!("{head}{rest}target = \"u\"\n")).unwrap();
        assert_eq!((&*own[0].package, &*own[0].target), ("p", "u"));
        assert_eq!(read(head).err().unwrap(), "`file` is not there, or is no text");
    }

    /// Planting them takes too long for every change; that they can be planted does not.
    #[test]
    fn what_every_mutant_changes_stands_once_where_it_says() {
        let mutants = listed(run::root()).unwrap();
        assert!(mutants.len() > 150, "{}", mutants.len());
        for mutant in mutants {
            let times = fs::read_to_string(run::root().join(&mutant.file)).unwrap().matches(&mutant.text).count();
            assert_eq!(times, 1, "{} ({}): {}", mutant.item, mutant.test, mutant.text);
        }
    }
}
