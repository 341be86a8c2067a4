//! The main job as a newcomer runs it: `cargo run --example quickstart`, on real and on wrong input.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Runs the example from the root of the workspace, with its files below `scratch`.
fn quickstart(scratch: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "--example", "quickstart", "--"]).args(words);
    command.current_dir(root()).env("TMPDIR", scratch);
    command.output().expect("cargo runs")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_owned()
}

fn scratch() -> TempDir {
    tempfile::tempdir().expect("there is room for a directory")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it writes UTF-8")
}

/// What `--json` prints: the report.
fn json(scratch: &Path, words: &[&str]) -> Value {
    let output = quickstart(scratch, &[&["--json"], words].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

fn site<'r>(report: &'r Value, name: &str) -> &'r Value {
    let sites = report["sites"].as_array().expect("a list of sites");
    sites.iter().find(|site| site["site"] == name).unwrap_or_else(|| panic!("no {name} in {report}"))
}

fn write(scratch: &Path, name: &str, content: &str) -> String {
    let path = scratch.join(name);
    std::fs::write(&path, content).expect("the directory is ours");
    path.to_string_lossy().into_owned()
}

/// The line of a function in the example's source, from 1.
fn line_of(function: &str) -> usize {
    let source = std::fs::read_to_string(root().join("examples/quickstart/main.rs")).expect("the source is there");
    let found = source.lines().position(|line| line.contains(function));
    found.unwrap_or_else(|| panic!("no {function} in the source")) + 1
}

#[test]
fn the_first_run_ends_with_a_report_of_every_site() {
    let scratch = scratch();
    let output = quickstart(scratch.path(), &[]);
    let (shown, report) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{report}");
    assert!(shown.contains("cached-panel 0.1.0"), "this workspace's own lock file: {shown}");

    let lines: Vec<&str> = report.lines().collect();
    assert!(lines[0].starts_with("cached: 4 sites of quickstart: "), "{report}");
    let functions = [
        ("quickstart::Graph::reach", "fn reach("),
        ("quickstart::Graph::paths", "fn paths("),
        ("quickstart::explain", "fn explain("),
        ("quickstart::digest", "fn digest("),
    ];
    for (name, function) in functions {
        let row = lines.iter().find(|line| line.contains(name));
        let row = row.unwrap_or_else(|| panic!("{name} stands in the report: {report}"));
        assert!(row.contains(&format!("main.rs:{} ", line_of(function))), "{name} has its file and line: {row}");
        assert_eq!(row.contains("never called"), name == "quickstart::explain", "{row}");
    }
    assert!(lines.last().is_some_and(|line| line.contains("quickstart::")), "nothing follows the report: {report}");
}

#[test]
fn the_second_run_finds_its_digests_in_files_and_an_edited_file_is_computed_anew() {
    let scratch = scratch();
    let directory = scratch.path().to_string_lossy().into_owned();
    write(scratch.path(), "Cargo.toml", "# a workspace, as far as quickstart looks\n");
    let lock = write(scratch.path(), "Cargo.lock", "[[package]]\nname = \"alone\"\nversion = \"1.0.0\"\n");
    write(scratch.path(), "one.rs", "fn one() {}\n");
    write(scratch.path(), "two.rs", "fn two() {}\n");

    let digest = |report: &Value| {
        let site = site(report, "quickstart::digest");
        assert_eq!((&site["alias"], &site["kind"]), (&Value::from("digests"), &Value::from("file")));
        (site["hits"].as_u64(), site["misses"].as_u64())
    };
    assert_eq!(digest(&json(scratch.path(), &[&lock])), (Some(0), Some(3)), "below {directory}");
    assert_eq!(digest(&json(scratch.path(), &[&lock])), (Some(3), Some(0)));
    write(scratch.path(), "two.rs", "fn two_and_more() {}\n");
    assert_eq!(digest(&json(scratch.path(), &[&lock])), (Some(2), Some(1)));
}

#[test]
fn the_json_report_has_every_site_and_its_totals_balance() {
    let scratch = scratch();
    let report = json(scratch.path(), &[]);
    let totals = |name: &str| report["totals"][name].as_u64().unwrap_or_else(|| panic!("no {name} in {report}"));
    let ends = ["hits", "joined", "misses", "bypassed", "errors"].map(totals);
    assert_eq!(totals("calls"), ends.iter().sum::<u64>());
    assert_eq!(report["sites"].as_array().map(Vec::len), Some(4));
    assert!(site(&report, "quickstart::Graph::reach")["hits"].as_u64() > Some(0), "{report}");
    let never = site(&report, "quickstart::explain");
    assert_eq!((&never["calls"], &never["verdict"]), (&Value::from(0), &Value::from("never called")));
}

#[test]
fn a_missing_or_broken_lock_file_is_one_line_that_names_it_and_exit_code_2() {
    let scratch = scratch();
    let missing = scratch.path().join("none.lock").to_string_lossy().into_owned();
    let wrong = [
        missing,
        write(scratch.path(), "torn.lock", "[[package]]\nname = \"a"),
        write(scratch.path(), "other.lock", "[package]\nname = \"a\"\n"),
        write(scratch.path(), "nameless.lock", "[[package]]\nversion = \"1.0.0\"\n"),
        write(scratch.path(), "loose.lock", "[[package]]\nname = \"a\"\nversion = \"1.0.0\"\ndependencies = [\"b\"]\n"),
        write(scratch.path(), "empty.lock", ""),
    ];
    for lock in &wrong {
        let output = quickstart(scratch.path(), &[lock]);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert_eq!((message.lines().count(), text(&output.stdout).as_str()), (1, ""), "{message}");
        assert!(message.contains(lock.as_str()), "{lock} is named: {message}");
    }
}

#[test]
fn packages_that_depend_on_one_another_are_weighed_as_one_group() {
    let scratch = scratch();
    let package = |name: &str, needs: &str| {
        format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\ndependencies = [{needs}]\n")
    };
    let text_of_lock = [package("a", "\"b\""), package("b", "\"c\""), package("c", "\"b\", \"d\""), package("d", "")];
    let lock = write(scratch.path(), "circle.lock", &text_of_lock.concat());
    let output = quickstart(scratch.path(), &[&lock]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    let row = |name: &str| {
        let line = shown.lines().find(|line| line.trim_start().starts_with(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in {shown}"));
        line.split_whitespace().skip(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(row("a 1.0.0"), ["3", "0", "2"], "pulls in, pulled in by, paths below");
    assert_eq!(row("b 1.0.0"), ["2", "2", "1"]);
    assert_eq!(row("c 1.0.0"), ["2", "2", "1"]);
    assert_eq!(row("d 1.0.0"), ["0", "3", "0"]);
}

#[test]
fn a_graph_with_more_paths_than_anyone_can_walk_is_weighed_all_the_same() {
    let scratch = scratch();
    let package = |number: usize| {
        let needs: Vec<_> = (number + 1..200.min(number + 4)).map(|need| format!("\"p{need}\"")).collect();
        format!("[[package]]\nname = \"p{number}\"\nversion = \"1.0.0\"\ndependencies = [{}]\n", needs.join(", "))
    };
    let lock = write(scratch.path(), "wide.lock", &(0..200).map(package).collect::<String>());
    let output = quickstart(scratch.path(), &[&lock]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let shown = text(&output.stdout);
    assert!(shown.contains("(gave up)"), "the plain walk ends before the paths do: {shown}");
}

#[test]
fn explain_is_called_when_it_is_asked_for() {
    let scratch = scratch();
    let package = |name: &str, needs: &str| {
        format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\ndependencies = [{needs}]\n")
    };
    let lock = write(scratch.path(), "pair.lock", &(package("a", "\"b\"") + &package("b", "")));
    let output = quickstart(scratch.path(), &["--explain=b", &lock]);
    assert!(text(&output.stdout).contains("b is pulled in by 1 packages: a 1.0.0"), "{}", text(&output.stdout));
    assert!(!text(&output.stderr).contains("never called"), "{}", text(&output.stderr));
}
