//! R61 across crates: functions of the same name in two crates, and in two versions of one crate, never answer for
//! one another.
//!
//! In: a program (`tests/twins`) and four packages of one text, written below the target directory with this
//! workspace's own lock file and built without the network. Out: what the program found, in memory and on files, and
//! in a second process that reads the files of the first.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The packages, by directory. Two are one crate.
const PACKAGES: [(&str, &str, &str); 4] = [
    ("one", "pricing", "1.0.0"),
    ("two", "pricing", "2.0.0"),
    ("fees", "fees", "1.0.0"),
    ("tariffs", "tariffs", "1.0.0"),
];

/// `CORE`, `FILE`: the paths of our packages.
const DEPENDENCIES: &str = r#"
[dependencies]
cached-core = { path = "CORE", default-features = false, features = ["macros", "bytes"] }
serde = { version = "1", features = ["derive"] }
"#;

const PROGRAM: &str = r#"
[package]
name = "twins"
edition = "2024"

[dependencies]
cached-core = { path = "CORE", default-features = false, features = ["macros", "bytes"] }
cached-file.path = "FILE"
fees.path = "../fees"
pricing_one = { package = "pricing", path = "../one" }
pricing_two = { package = "pricing", path = "../two" }
tariffs.path = "../tariffs"

[workspace]

[profile.dev]
debug = false
"#;

fn write(path: &Path, text: &str) {
    // Written only when it differs, so that nothing is built again for nothing.
    if std::fs::read_to_string(path).ok().as_deref() != Some(text) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// Writes and builds the program, and gives its path.
fn build() -> PathBuf {
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("twins");
    // Where the census builds the same dependencies.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("census/target");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let here = |text: &str| {
        let path = |name| workspace.join(name).to_str().unwrap().to_owned();
        text.replace("CORE", &path("cached-core")).replace("FILE", &path("cached-file"))
    };
    for (directory, name, version) in PACKAGES {
        // A workspace of its own: of the program's it cannot be, since that has no two members of one name.
        let head =
            format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\n\n[workspace]\n");
        write(&root.join(directory).join("Cargo.toml"), &(head + &here(DEPENDENCIES)));
        let text = include_str!("../twins/lib.rs").replace("THIS PACKAGE", &format!("{name} {version}"));
        write(&root.join(directory).join("src/lib.rs"), &text);
    }
    let program = root.join("program");
    write(&program.join("Cargo.toml"), &here(PROGRAM));
    write(&program.join("src/main.rs"), include_str!("../twins/main.rs"));
    let lock = std::fs::read_to_string(workspace.join("Cargo.lock")).expect("the workspace has a lock file");
    write(&program.join("Cargo.lock"), &lock);
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--offline", "--quiet"]).current_dir(&program).env("CARGO_TARGET_DIR", &target);
    // Flags of this build (coverage, lints) are none of that one's.
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    let output = cargo.output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    target.join("debug/twins")
}

/// What the program says, line by line.
fn run(program: &Path, directory: &Path) -> Vec<String> {
    let output = Command::new(program).arg(directory).output().expect("the program starts");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said.lines().map(str::to_owned).collect()
}

#[test]
fn r61_functions_of_one_name_in_two_crates_or_versions_never_answer_for_each_other() {
    let (program, files) = (build(), tempfile::tempdir().unwrap());
    let first = run(&program, files.path());
    let faults: Vec<_> = first.iter().filter(|line| line.starts_with("fault: ")).collect();
    // Each path that the versions share is a fault, and says where both functions are.
    assert_eq!(faults.len(), 3, "{first:#?}");
    for path in ["pricing::price", "pricing::of", "pricing::Shop::price"] {
        let fault = faults.iter().find(|fault| fault.contains(&format!("\"{path}\""))).expect(path);
        assert!(fault.contains("one/src/lib.rs:") && fault.contains("two/src/lib.rs:"), "{fault}");
        assert!(fault.contains("give each a `name = …`"), "{fault}");
    }
    let told = |lines: &[String]| lines.iter().filter(|line| !line.starts_with("fault: ")).cloned().collect::<Vec<_>>();
    // Four packages have three functions, and 200 keys are asked for twice.
    let in_memory = ["memory: 4800 answers, 2400 bodies", "memory, after the fault: 4800 answers, 0 bodies"];
    let written =
        ["file, two crates: 2400 answers, 1200 bodies", "file, two versions with names: 1600 answers, 800 bodies"];
    assert_eq!(told(&first), [in_memory, written].concat());
    // Another process takes from the files what is its own, and nothing else.
    let read = ["file, two crates: 2400 answers, 0 bodies", "file, two versions with names: 1600 answers, 0 bodies"];
    assert_eq!(told(&run(&program, files.path())), [in_memory, read].concat());
    println!("r61: two crates and two versions of one, in memory, on files and read back: 27200 answers, 0 of another");
}
