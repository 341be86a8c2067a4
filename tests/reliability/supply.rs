//! R72: what others wrote and we ship. The advisories are left out: their list is not part of the repository.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;

/// As many crates may come with the default features of the core, itself included.
const MOST: usize = 30;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What cargo knows of the workspace and its dependencies, by the lock file alone.
static METADATA: LazyLock<Value> = LazyLock::new(|| {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--locked", "--offline", "--format-version", "1"]).current_dir(root());
    let output = command.output().expect("cargo runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the lock file is not right, or `cargo fetch` has not run: {said}");
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
});

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn packages() -> &'static [Value] {
    list(&METADATA, "packages")
}

/// The licences that `deny.toml` allows.
fn allowed() -> BTreeSet<String> {
    let deny = std::fs::read_to_string(root().join("deny.toml")).expect("it is there");
    let list = deny.split("\nallow = [").nth(1).and_then(|rest| rest.split(']').next()).expect("a list of licences");
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The crates that `deny.toml` excepts: their licence is fine for tests, and not for what is shipped.
fn excepted() -> BTreeSet<String> {
    let deny = std::fs::read_to_string(root().join("deny.toml")).expect("it is there");
    deny.split("{ crate = \"")
        .filter(|rest| rest.contains("allow = [\"MPL-2.0\"] }"))
        .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
        .collect()
}

/// Whether an SPDX expression can be met with these licences: `OR` binds less than `AND`, parentheses group.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let mut words: VecDeque<&str> = spaced.split_whitespace().collect();
    let met = either(&mut words, allowed);
    met && words.is_empty()
}

fn either(words: &mut VecDeque<&str>, allowed: &BTreeSet<String>) -> bool {
    let mut met = both(words, allowed);
    while words.front() == Some(&"OR") {
        words.pop_front();
        met |= both(words, allowed);
    }
    met
}

fn both(words: &mut VecDeque<&str>, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, allowed);
    while words.front() == Some(&"AND") {
        words.pop_front();
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut VecDeque<&str>, allowed: &BTreeSet<String>) -> bool {
    let Some(word) = words.pop_front() else { return false };
    if word == "(" {
        let met = either(words, allowed);
        return words.pop_front() == Some(")") && met;
    }
    // An exception only takes conditions away.
    if words.front() == Some(&"WITH") {
        words.drain(..2.min(words.len()));
    }
    allowed.contains(word)
}

#[test]
fn r72_every_licence_is_one_that_we_allow() {
    let allowed = allowed();
    assert!(is_met("MIT/Apache-2.0", &allowed) && is_met("(MIT OR GPL-3.0) AND Unicode-3.0", &allowed));
    assert!(!is_met("GPL-3.0", &allowed) && !is_met("MIT AND GPL-3.0", &allowed) && !is_met("", &allowed));
    let excepted = excepted();
    let for_tests = |package: &Value| excepted.contains(text(package, "name")) && text(package, "license") == "MPL-2.0";
    let refused = |package: &&Value| !is_met(text(package, "license"), &allowed) && !for_tests(package);
    let shown = |package: &Value| format!("{}: {:?}", text(package, "name"), text(package, "license"));
    let wrong: Vec<_> = packages().iter().filter(refused).map(shown).collect();
    println!("R72 licences: {} packages, {} of them refused", packages().len(), wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn r72_what_is_fine_for_tests_only_is_in_nothing_that_is_shipped() {
    let excepted = excepted();
    assert!(!excepted.is_empty());
    for name in ["cached-core", "cached-codec", "cached-file", "cached-panel", "cached-tracing", "cached-testkit"] {
        let shipped = tree_of(name, &["--all-features"]);
        let shipped: BTreeSet<String> =
            shipped.iter().filter_map(|package| package.split(' ').next()).map(str::to_owned).collect();
        assert!(shipped.contains(name));
        assert!(shipped.is_disjoint(&excepted), "{name} ships {:?}", shipped.intersection(&excepted));
    }
}

#[test]
fn r72_everything_comes_from_here_or_from_the_registry() {
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    let (ours, others): (Vec<_>, Vec<_>) = packages().iter().partition(|package| package["source"].is_null());
    let foreign: Vec<_> = others.iter().filter(|package| text(package, "source") != registry).collect();
    let count = others.len() - foreign.len();
    println!(
        "R72 sources: {} packages are ours, {count} from the registry, {} from elsewhere",
        ours.len(),
        foreign.len()
    );
    assert!(foreign.is_empty(), "{foreign:#?}");
    assert_eq!(ours.len(), list(&METADATA, "workspace_members").len(), "what is ours is in the workspace");
    let tracked = Command::new("git").args(["ls-files", "--error-unmatch", "Cargo.lock"]).current_dir(root()).output();
    match tracked {
        Ok(tracked) if root().join(".git").exists() => assert!(tracked.status.success(), "Cargo.lock is committed"),
        _ => println!("R72 SKIPPED whether Cargo.lock is committed: this is no git repository"),
    }
}

#[test]
fn r72_nothing_of_ours_runs_while_it_is_built() {
    let is_script = |target: &Value| list(target, "kind").iter().any(|kind| kind == "custom-build");
    let with_script = |package: &&Value| package["source"].is_null() && list(package, "targets").iter().any(is_script);
    let ours: Vec<_> = packages().iter().filter(with_script).map(|package| text(package, "name")).collect();
    assert!(ours.is_empty(), "build scripts: {ours:?}");
}

/// The packages below one, without what only its tests and the build of others' tests need.
fn tree(features: &[&str]) -> BTreeSet<String> {
    tree_of("cached-core", features)
}

fn tree_of(name: &str, features: &[&str]) -> BTreeSet<String> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["tree", "--locked", "--offline", "-p", name, "-e", "normal,build", "--prefix", "none"]);
    let output = command.args(["--format", "{p}"]).args(features).current_dir(root()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let name = |line: &str| {
        Some(line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).filter(|name| !name.is_empty())
    };
    said.lines().filter_map(name).collect()
}

#[test]
fn r72_the_default_features_bring_at_most_thirty_crates() {
    let (default, all) = (tree(&[]), tree(&["--all-features"]));
    println!("R72 crates: {} with the default features, itself included; {} with all", default.len(), all.len());
    assert!((2..=MOST).contains(&default.len()), "{}: {default:#?}", default.len());
}
