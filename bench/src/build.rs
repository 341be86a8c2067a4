//! What it costs to build a crate with one cached function.
//!
//! In: a generated crate for us and for each peer that is a macro. Out: processor seconds of a
//! clean `cargo build`, and the crates that are built, the user's own not counted; and processor milliseconds of
//! one more cached function. The versions are those of this workspace's lock file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio, id};
use std::{env, fs};

use crate::table::{self, Figures, Goal};

/// A way to cache: its line among the dependencies, and its attribute.
struct Peer {
    name: &'static str,
    dependency: fn() -> String,
    attribute: &'static str,
}

const PEERS: [Peer; 3] = [
    Peer {
        name: "ours",
        dependency: || format!("cached-core = {{ path = {:?} }}", ours()),
        attribute: "cached_core::cached",
    },
    Peer { name: "cached", dependency: || "cached = \"4.1\"".to_owned(), attribute: "cached::macros::cached" },
    Peer { name: "memoize", dependency: || "memoize = \"0.6\"".to_owned(), attribute: "memoize::memoize" },
];

const FEW: Goal<f64> = Goal { text: "ours, crates", at_most: 30.0, figure: |crates| *crates };
const SOON: Goal<f64> = Goal { text: "ours, processor seconds", at_most: 12.0, figure: |seconds| *seconds };
/// Of one more function, in a build for debugging and in one for release.
const ONE_MORE: [(&str, &str, Goal<f64>); 2] = [
    ("dev", "build", Goal { text: "ours, one more function, dev, ms", at_most: 8.0, figure: |ms| *ms }),
    (
        "release",
        "build --release",
        Goal { text: "ours, one more function, release, ms", at_most: 20.0, figure: |ms| *ms },
    ),
];
/// So many more functions are built to know of one.
const MORE: usize = 50;

/// Builds each crate `rounds` times and prints the medians.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn print(rounds: usize) -> Result<(), String> {
    if processor_seconds().is_err() {
        println!("SKIPPED build: there is no /proc/self/stat to read the processor time from");
        return Ok(());
    }
    let root = env::temp_dir().join(format!("cached-bench-{}", id()));
    let crates = PEERS.iter().map(|peer| generate(&root, peer)).collect::<Result<Vec<_>, _>>()?;
    // This also fetches what is missing; from here on cargo is offline.
    let counts = crates.iter().map(|path| crates_of(path)).collect::<Result<Vec<_>, _>>()?;
    let mut seconds = vec![Vec::new(); PEERS.len()];
    for _ in 0..rounds {
        for (path, seconds) in crates.iter().zip(&mut seconds) {
            seconds.push(clean_build(path)?);
        }
    }
    table::head("Clean `cargo build` of a crate with one cached function", &["subject", "processor seconds", "crates"]);
    let medians: Vec<f64> = seconds.into_iter().map(|seconds| Figures::of(seconds, 0.0).median).collect();
    for ((peer, count), seconds) in PEERS.iter().zip(&counts).zip(&medians) {
        println!("| {} | {seconds:.2} | {count} |", peer.name);
    }
    println!();
    FEW.print(&(counts[0] as f64));
    SOON.print(&medians[0]);
    for (name, words, goal) in &ONE_MORE {
        table::head(&format!("One more cached function, {name}"), &["subject", "processor ms"]);
        let mut of_ours = f64::NAN;
        for (peer, path) in PEERS.iter().zip(&crates) {
            let ms = one_more(path, peer, words, rounds)?;
            println!("| {} | {ms:.1} |", peer.name);
            of_ours = if peer.name == "ours" { ms } else { of_ours };
        }
        println!();
        goal.print(&of_ours);
    }
    fs::remove_dir_all(&root).map_err(|error| format!("{}: {error}", root.display()))
}

fn ours() -> PathBuf {
    workspace().join("cached-core")
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the bench lies in the workspace")
}

fn generate(root: &Path, peer: &Peer) -> Result<PathBuf, String> {
    let path = root.join(peer.name);
    let manifest = format!(
        "[package]\nname = \"one-function\"\nedition = \"2024\"\n\n[dependencies]\n{}\n\n[workspace]\n",
        (peer.dependency)()
    );
    fs::create_dir_all(path.join("src"))
        .and_then(|()| fs::write(path.join("Cargo.toml"), manifest))
        .and_then(|()| fs::write(path.join("src/main.rs"), program(peer, 1)))
        .and_then(|()| fs::copy(workspace().join("Cargo.lock"), path.join("Cargo.lock")))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(path)
}

/// A program with so many cached functions.
fn program(peer: &Peer, functions: usize) -> String {
    let function = |n: usize| format!("#[{}]\nfn times_{n}(n: u64) -> u64 {{\n    n * {n}\n}}\n\n", peer.attribute);
    let calls: String = (0..functions).map(|n| format!("    println!(\"{{}}\", times_{n}(21));\n")).collect();
    (0..functions).map(function).collect::<String>() + "fn main() {\n" + &calls + "}\n"
}

/// Processor milliseconds of one more function in a crate whose dependencies are built.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn one_more(path: &Path, peer: &Peer, words: &str, rounds: usize) -> Result<f64, String> {
    let words: Vec<&str> = words.split(' ').chain(["--offline"]).collect();
    let build = |functions| {
        let main = path.join("src/main.rs");
        fs::write(&main, program(peer, functions)).map_err(|error| format!("{}: {error}", main.display()))?;
        let before = processor_seconds()?;
        cargo(path, &words)?;
        Ok::<f64, String>(processor_seconds()? - before)
    };
    build(2)?;
    let mut more = Vec::new();
    for _ in 0..rounds {
        more.push(1_000.0 * (build(1 + MORE)? - build(1)?) / MORE as f64);
    }
    Ok(Figures::of(more, 0.0).median)
}

/// The packages that are built for the generated crate.
fn crates_of(path: &Path) -> Result<usize, String> {
    let printed = cargo(path, &["tree", "--edges", "normal,build", "--prefix", "none", "--no-dedupe"])?;
    let packages: BTreeSet<&str> = printed.lines().filter(|line| !line.starts_with("one-function ")).collect();
    Ok(packages.len())
}

/// Processor seconds of one build from nothing.
fn clean_build(path: &Path) -> Result<f64, String> {
    let target = path.join("target");
    if target.exists() {
        fs::remove_dir_all(&target).map_err(|error| format!("{}: {error}", target.display()))?;
    }
    let before = processor_seconds()?;
    cargo(path, &["build", "--offline"])?;
    Ok(processor_seconds()? - before)
}

/// What the child prints; its target directory is its own.
fn cargo(path: &Path, words: &[&str]) -> Result<String, String> {
    let mut cargo = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    cargo.args(words).current_dir(path).stderr(Stdio::piped());
    for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "RUSTC_WRAPPER", "RUSTFLAGS"] {
        cargo.env_remove(name);
    }
    // What was built before is not to help.
    cargo.env("CARGO_INCREMENTAL", "0");
    let output = cargo.output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("cargo {}: {}", words.join(" "), String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Processor time of all children so far that have ended, and of theirs. The kernel counts it in
/// hundredths of a second.
fn processor_seconds() -> Result<f64, String> {
    let stat = fs::read_to_string("/proc/self/stat").map_err(|error| error.to_string())?;
    // The name of the program is in parentheses and may hold anything; two fields on stands the first number.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: Vec<f64> = fields.skip(13).take(2).filter_map(|field| field.parse().ok()).collect();
    let [user, system] = ticks[..] else { return Err(format!("no processor time in {stat:?}")) };
    Ok((user + system) / 100.0)
}
