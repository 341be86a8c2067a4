//! What the macro says of a wrong program, and what it accepts.

use std::path::Path;

/// The one program that is wrong in more than one way.
const SEVERAL: &str = "several_errors_at_once";

/// The right programs are targets of their own: without programs to run, all of these are checked by one command.
#[test]
fn every_wrong_program_gets_exactly_its_errors() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("fail/*.rs");
    // What only the compiler can see, and tells more than once: each says why in its first line. One that comes down
    // to one error moves to `fail`.
    cases.compile_fail("bounds/*.rs");
}

#[test]
fn every_right_program_is_a_target() {
    let manifest = include_str!("Cargo.toml");
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("pass")).expect("they are here") {
        let name = entry.expect("a file").file_name();
        let path = format!("path = \"pass/{}\"", name.display());
        assert!(manifest.contains(&path), "{path} is no target of the manifest");
    }
}

#[test]
fn r63_every_wrong_program_gets_one_error_in_its_own_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fail");
    let mut wrong = Vec::new();
    let (mut programs, mut panicked) = (0, 0);
    for entry in std::fs::read_dir(folder).expect("the wrong programs are here") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        programs += 1;
        let stderr = std::fs::read_to_string(path.with_extension("stderr")).expect("its words are beside it");
        let name = path.file_stem().expect("a name").to_string_lossy();
        let errors = stderr.lines().filter(|line| line.starts_with("error")).count();
        panicked += stderr.matches("panicked").count();
        let place = stderr.lines().find_map(|line| line.trim_start().strip_prefix("--> ")).unwrap_or_default();
        if (errors != 1 && name != SEVERAL) || !place.starts_with(&format!("fail/{name}.rs:")) {
            wrong.push(format!("{name}: {errors} errors, the first at {place}"));
        }
    }
    println!("R63 {programs} wrong programs, {} without exactly their error, {panicked} panics", wrong.len());
    assert!(programs >= 85, "{programs} wrong programs");
    assert!(wrong.is_empty(), "{} of {programs}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(panicked, 0, "the macro never panics");
}

/// The shapes are written in macros, a row each: `module "what it is" … [the attribute] { the function }`.
#[test]
fn r63_at_least_sixty_shapes_compile_and_are_played() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../forms/shapes");
    let files = std::fs::read_dir(folder).expect("the shapes are here").map(|entry| entry.expect("a file").path());
    let is_row = |line: &&str| {
        let words = line.strip_prefix("    ").filter(|row| row.starts_with(char::is_alphabetic));
        words.and_then(|row| row.split_once(" \"")).is_some_and(|(module, _)| !module.contains(' '))
    };
    let shapes: usize =
        files.map(|path| std::fs::read_to_string(path).expect("a text").lines().filter(is_row).count()).sum();
    let pass = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("pass")).expect("they are here").count();
    println!("R63 {shapes} shapes are compiled and played in `forms`, and {pass} programs compiled here");
    assert!(shapes >= 60, "{shapes} shapes");
}
