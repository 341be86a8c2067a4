//! R03: every source with an atomic that is more than a counter stands under a loom model, or in a list
//! with the reason why not.
//!
//! In: the sources of the core, and the model's own files, which include them by `#[path]`. Out: the names
//! of the sources that neither cover. The models themselves run in `cached-core/tests/loom.rs`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What makes an atomic more than a counter: others may read from it what was written elsewhere.
const ORDERED: [&str; 6] = ["compare_exchange", "fetch_update", "Acquire", "Release", "AcqRel", "SeqCst"];

/// Sources without a model, and why none is needed.
const EXCUSED: &[(&str, &str)] = &[
    ("clock.rs", "tests alone move time; who moves it and who reads it are ordered by the test"),
    ("config/watch.rs", "a flag that lets one thread at a time look at the file"),
    ("fence.rs", "the fences themselves; the models have full ones in their place"),
    ("flight/mod.rs", "its state is behind locks, and under shuttle; `landed` moves under the flight's lock"),
    ("flight/seat.rs", "moves `landed`, under the flight's lock"),
    ("process.rs", "a number that is there before its process is named; threads that draw at once have one each"),
    ("scope.rs", "scopes open and close under a lock; the salt and the switch are complete in themselves"),
    ("site/mod.rs", "a switch that is read again after the route's lock was taken"),
    ("store.rs", "how often a cache was cleared, counted and asked under its gate"),
    ("trail/mod.rs", "switches that are complete in themselves; what is listened to stands behind a lock"),
    ("trail/trace.rs", "one number that counts within a second; nothing else is read by it"),
    ("stats.rs", "a place taken once; the number is all that is passed on"),
];

fn core() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("`tests` is in the workspace").join("cached-core")
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Whether code, comments apart, has an atomic of that sort.
fn is_ordered(text: &str) -> bool {
    let mut code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    code.any(|line| line.split(|c: char| c != '_' && !c.is_alphanumeric()).any(|word| ORDERED.contains(&word)))
}

/// Files of Rust code below a directory.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    let found = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// The modules that a file declares: `mod name;`, and the path that stands before some of them.
fn declared(text: &str) -> Vec<(String, Option<String>)> {
    let (mut found, mut path) = (Vec::new(), None);
    for line in text.lines().map(str::trim) {
        let bare = line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub ")).unwrap_or(line);
        if let Some(written) = line.strip_prefix("#[path = \"").and_then(|rest| rest.strip_suffix("\"]")) {
            path = Some(written.to_owned());
        } else if let Some(name) = bare.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
            found.push((name.to_owned(), path.take()));
        } else if !line.starts_with('#') {
            path = None;
        }
    }
    found
}

/// A file and all that it includes, by path or as its modules.
fn included(file: &Path, is_root: bool) -> BTreeSet<PathBuf> {
    let text = read(file);
    let beside = file.parent().expect("a file is in a directory");
    let mut all: BTreeSet<_> = [file.canonicalize().expect("a file that was read")].into();
    for (name, path) in declared(&text) {
        let inside = match is_root || file.ends_with("mod.rs") {
            true => beside.to_owned(),
            false => file.with_extension(""),
        };
        let places = match path {
            Some(path) => vec![beside.join(path)],
            None => vec![inside.join(format!("{name}.rs")), inside.join(&name).join("mod.rs")],
        };
        let found = places.iter().find(|place| place.exists());
        all.extend(included(found.unwrap_or_else(|| panic!("{name}, declared in {}", file.display())), false));
    }
    all
}

/// Sources that need a model, those of them that have one, and how many there are in all.
fn judged() -> (BTreeSet<String>, BTreeSet<String>, usize) {
    let source = core().join("src").canonicalize().expect("the core has sources");
    let name = |path: &Path| path.strip_prefix(&source).ok().map(|path| path.to_string_lossy().replace('\\', "/"));
    let all = sources(&source);
    let needs = all.iter().filter(|path| is_ordered(&read(path))).filter_map(|path| name(path));
    let modelled = included(&core().join("tests/loom.rs"), true);
    let modelled = modelled.iter().filter_map(|path| name(path)).collect();
    // Tests inside the crate prove something else.
    (needs.filter(|name| !name.split('/').any(|part| part.starts_with("tests"))).collect(), modelled, all.len())
}

#[test]
fn r03_every_source_with_an_ordered_atomic_is_under_a_loom_model_or_has_a_reason() {
    let (needs, modelled, all) = judged();
    let excused: BTreeSet<_> = EXCUSED.iter().map(|(name, _)| (*name).to_owned()).collect();
    let uncovered: Vec<_> = needs.iter().filter(|name| !modelled.contains(*name) && !excused.contains(*name)).collect();
    let (covered, listed) = (needs.intersection(&modelled).count(), needs.intersection(&excused).count());
    println!(
        "R03: {all} sources, {} with ordered atomics: {covered} under a loom model, {listed} listed, {} neither",
        needs.len(),
        uncovered.len()
    );
    assert!(uncovered.is_empty(), "neither modelled in `cached-core/tests/loom.rs` nor listed here: {uncovered:?}");
    let idle: Vec<_> = excused.iter().filter(|name| !needs.contains(*name) || modelled.contains(*name)).collect();
    assert!(idle.is_empty(), "listed, and without need: {idle:?}");
    assert!(covered >= 5, "the state word, the records, and the engine's pins, shards and table are under models");
}

#[test]
fn r03_an_ordered_atomic_would_be_found() {
    assert!(is_ordered("old.compare_exchange(0, 1, Relaxed, Relaxed)"));
    assert!(is_ordered("flag.load(Ordering::Acquire)") && is_ordered("fence(SeqCst);"));
    assert!(!is_ordered("count.fetch_add(1, Ordering::Relaxed) // no Acquire"));
    let text = "#[path = \"../a.rs\"]\n#[expect(dead_code)]\nmod a;\npub(crate) mod b;\nmod c { }\n";
    assert_eq!(declared(text), [("a".into(), Some("../a.rs".into())), ("b".into(), None)]);
}
