//! Every site is listed in every kind of build: a small program is built in each, and asked.
//!
//! The program (`tests/census`) is written below the target directory with this workspace's own
//! lock file, and built without the network. At full `R_SCALE` every kind is built; below, those
//! of one debug build and the hardest of the optimized ones.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::scaled;

const SITES: [&str; 8] = [
    "census::Shop::method",
    "census::generic",
    "census::never_called",
    "census::never_instantiated",
    "census::outer::nested",
    "census::plain",
    "census::unused::private",
    "quiet::hidden",
];

const SOURCES: [(&str, &str); 4] = [
    ("src/lib.rs", include_str!("../census/lib.rs")),
    ("src/main.rs", include_str!("../census/main.rs")),
    ("main.c", include_str!("../census/main.c")),
    ("quiet/src/lib.rs", include_str!("../census/quiet/lib.rs")),
];

/// The package of the program; `CORE` stands for the path of `cached-core`.
const PACKAGE: &str = r#"
[package]
name = "census"
edition = "2024"

[lib]
path = "src/lib.rs"
crate-type = ["rlib", "staticlib", "cdylib"]

[dependencies]
cached-core.path = "CORE"
quiet.path = "quiet"

[workspace]

[profile.dev]
debug = false

[profile.fat]
inherits = "release"
lto = "fat"

[profile.one]
inherits = "release"
codegen-units = 1

[profile.hardest]
inherits = "release"
lto = "fat"
codegen-units = 1
panic = "abort"
"#;

const QUIET: &str = "
[package]
name = \"quiet\"
edition = \"2024\"

[dependencies]
cached-core.path = \"CORE\"
";

struct Program(PathBuf);

impl Program {
    /// Writes the program out.
    fn new() -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("census");
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let core = workspace.join("cached-core");
        for (name, text) in SOURCES {
            write(&root.join(name), text);
        }
        for (name, text) in [("Cargo.toml", PACKAGE), ("quiet/Cargo.toml", QUIET)] {
            write(&root.join(name), &text.replace("CORE", core.to_str().unwrap()));
        }
        let lock = std::fs::read_to_string(workspace.join("Cargo.lock")).expect("the workspace has a lock file");
        write(&root.join("Cargo.lock"), &lock);
        Self(root)
    }

    /// What a command prints, run in the program's directory.
    fn output(&self, program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> String {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.0).env("CARGO_TARGET_DIR", self.0.join("target"));
        // Flags of this build (coverage, lints) are none of that one's.
        command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{command:?}: {text}\n{}", String::from_utf8_lossy(&output.stderr));
        text
    }

    fn cargo(&self, arguments: &[&str]) -> String {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        self.output(cargo, &[&arguments[..1], &["--offline", "--quiet"], &arguments[1..]].concat())
    }

    /// The census of the program in C, linked with `library` and `flags`.
    fn in_c(&self, profile: &str, name: &str, flags: &[&str]) -> String {
        let directory = self.0.join("target").join(profile);
        let program = directory.join(name);
        let (directory, output) = (directory.to_str().unwrap(), program.to_str().unwrap());
        let search = [format!("-L{directory}"), format!("-Wl,-rpath,{directory}")];
        let mut arguments = vec!["main.c", "-o", output, &search[0], &search[1]];
        arguments.extend(flags);
        self.output("cc", &arguments);
        self.output(&program, &[])
    }
}

fn write(path: &Path, text: &str) {
    // Written only when it differs, so that nothing is built again for nothing.
    if std::fs::read_to_string(path).ok().as_deref() != Some(text) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// The sites that a program printed.
fn listed(output: &str) -> BTreeSet<String> {
    output.lines().filter_map(|line| line.strip_prefix("site ")).map(str::to_owned).collect()
}

/// What a static library needs of the system.
const SYSTEM: [&str; 4] = ["-lpthread", "-lm", "-ldl", "-lgcc_s"];

#[test]
fn every_site_is_listed_in_every_kind_of_build() {
    let program = Program::new();
    let archive = [&["-l:libcensus.a"][..], &SYSTEM].concat();
    let mut found = vec![("debug", program.cargo(&["run"]))];
    found.push(("staticlib in C, debug", program.in_c("debug", "static", &archive)));
    found.push(("cdylib in C, debug", program.in_c("debug", "dynamic", &["-l:libcensus.so"])));
    found.push(("test harness", program.cargo(&["test", "--lib", "--", "--nocapture"])));
    found.push(("release, lto = fat, one codegen unit, abort", program.cargo(&["run", "--profile", "hardest"])));
    if scaled(10) >= 10 {
        found.push(("release", program.cargo(&["run", "--release"])));
        found.push(("staticlib in C, release", program.in_c("release", "static", &archive)));
        found.push(("cdylib in C, release", program.in_c("release", "dynamic", &["-l:libcensus.so"])));
        found.push(("release, lto = fat", program.cargo(&["run", "--profile", "fat"])));
        found.push(("staticlib in C, lto = fat", program.in_c("fat", "static", &archive)));
        found.push(("cdylib in C, lto = fat", program.in_c("fat", "dynamic", &["-l:libcensus.so"])));
        found.push(("release, one codegen unit", program.cargo(&["run", "--profile", "one"])));
    }
    let expected: BTreeSet<_> = SITES.map(str::to_owned).into();
    let mut wrong = Vec::new();
    println!("{:<45} listed sites", "build kind");
    for (kind, output) in &found {
        let sites = listed(output);
        println!("{kind:<45} {} of {}", sites.len(), expected.len());
        let missing: Vec<_> = expected.symmetric_difference(&sites).collect();
        if !missing.is_empty() {
            wrong.push(format!("{kind}: {missing:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
