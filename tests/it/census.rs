//! Every site is listed in every kind of build: a small program is built in each, and asked.
//!
//! The program (`tests/census`) is written below the target directory with this workspace's own
//! lock file, and built without the network. At full `R_SCALE` every kind is built; below, those
//! of one debug build and the hardest of the optimized ones.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use cached_tests::support::scaled;

const SITES: [&str; 10] = [
    "census::deep::level",
    "census::deep::text",
    "census::Shop::method",
    "census::generic",
    "census::never_called",
    "census::never_instantiated",
    "census::outer::nested",
    "census::plain",
    "census::unused::private",
    "quiet::hidden",
];

const SOURCES: [(&str, &str); 5] = [
    ("src/lib.rs", include_str!("../census/lib.rs")),
    ("src/deep.rs", include_str!("../census/deep.rs")),
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

/// Written once for all tests that build it.
static PROGRAM: LazyLock<Program> = LazyLock::new(Program::new);

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

/// How a linker that is not Rust's takes a static library: what is referred to, or all of it.
const ARCHIVE: [&str; 5] = ["-l:libcensus.a", "-lpthread", "-lm", "-ldl", "-lgcc_s"];
const WHOLE: [&str; 7] =
    ["-Wl,--whole-archive", "-l:libcensus.a", "-Wl,--no-whole-archive", "-lpthread", "-lm", "-ldl", "-lgcc_s"];

/// The sites that the program calls. Of a static library that is not taken whole, a linker leaves
/// out the objects that nothing refers to, and the sites in them.
const CALLED: [&str; 4] = ["census::Shop::method", "census::generic", "census::outer::nested", "census::plain"];

/// The program in C, with each sort of library of one profile.
fn libraries(program: &Program, profile: &str, found: &mut Vec<(String, String)>) {
    let sorts: [(&str, &str, &[&str]); 3] = [
        ("staticlib in C, whole", "whole", &WHOLE),
        ("staticlib in C, what is referred to", "static", &ARCHIVE),
        ("cdylib in C", "dynamic", &["-l:libcensus.so"]),
    ];
    for (kind, name, flags) in sorts {
        found.push((format!("{kind}, {profile}"), program.in_c(profile, name, flags)));
    }
}

#[test]
fn every_site_is_listed_in_every_kind_of_build() {
    let program = &*PROGRAM;
    let mut found = vec![("debug".to_owned(), program.cargo(&["run"]))];
    libraries(program, "debug", &mut found);
    found.push(("test harness".into(), program.cargo(&["test", "--lib", "--", "--nocapture"])));
    found.push(("lto = fat, one codegen unit, abort".into(), program.cargo(&["run", "--profile", "hardest"])));
    if scaled(10) >= 10 {
        for (kind, profile) in [("release", "release"), ("lto = fat", "fat"), ("one codegen unit", "one")] {
            found.push((kind.into(), program.cargo(&["run", "--profile", profile])));
            libraries(program, profile, &mut found);
        }
    }
    let expected: BTreeSet<_> = SITES.map(str::to_owned).into();
    let mut wrong = Vec::new();
    println!("{:<50} listed sites", "build kind");
    for (kind, output) in &found {
        let sites = listed(output);
        println!("{kind:<50} {} of {}", sites.len(), expected.len());
        let in_part = kind.contains("referred to") && CALLED.iter().all(|called| sites.contains(*called));
        let missing: Vec<_> = expected.symmetric_difference(&sites).collect();
        let right = missing.is_empty() || (in_part && sites.is_subset(&expected));
        if !right {
            wrong.push(format!("{kind}: {missing:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Of each sort of function that went down 5,000 levels, the bytes of a plain level and of a cached one.
fn levels(profile: &str, mebibytes: &str) -> Vec<(String, usize, usize)> {
    let output = PROGRAM.cargo(&["run", "--profile", profile, "--", mebibytes]);
    let number = |word: Option<&str>| word.and_then(|word| word.parse().ok()).expect("a number");
    let levels = output.lines().filter_map(|line| line.strip_prefix("deep ")).map(|line| {
        let mut words = line.split_whitespace();
        let sort = words.next().expect("a sort").to_owned();
        (sort, number(words.next()), number(words.next()))
    });
    levels.collect()
}

#[test]
fn r37_a_memoized_recursion_of_five_thousand_levels_fits_two_mebibytes() {
    const BAR: usize = 256;
    let optimized = if scaled(10) >= 10 { vec!["hardest", "release"] } else { vec!["hardest"] };
    for profile in optimized {
        let levels = levels(profile, "2");
        assert_eq!(levels.len(), 2);
        for (sort, plain, cached) in levels {
            let more = cached.saturating_sub(plain);
            println!("R37 {profile}, {sort}: 5,000 levels on 2 MiB; {more} bytes a level more than the plain {plain}");
            assert!(more <= BAR, "{profile}, {sort}: {more} bytes a level more than the plain function");
        }
    }
    // Without any optimization a level is larger; nothing is promised of it.
    for (sort, plain, cached) in levels("dev", "256") {
        println!("R37 dev, {sort}: {cached} bytes a level, the plain {plain}");
    }
}
