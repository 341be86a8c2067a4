//! R36: where there is `unsafe`, what says that it is sound; and which types go to other threads.
//!
//! In: the sources of the crates, and what the attribute writes. Out: no crate but the core may have `unsafe`, which has
//! it in the engine of its memory and nowhere else, each block with its proof, under a model; no expansion has any.
//! `miri` is not asked: it is part of no toolchain that everybody has.

use std::collections::BTreeSet;
use std::fs;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use cached_core::{
    Cache, CacheAsync, Caches, Config, Error, Explanation, Options, Recorder, Report, Site, Stats, Watch, cached,
};
use cached_testkit::{Counted, Frozen, Isolated};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The Rust files below a folder, by their paths in it.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).expect("it is there").map(|entry| entry.expect("it can be read").path()));
        } else if path.extension().is_some_and(|end| end == "rs") {
            let name = path.strip_prefix(folder).expect("it is below").display().to_string();
            found.push((name, fs::read_to_string(&path).expect("it is text")));
        }
    }
    found
}

/// How often code says `unsafe`, comments and texts in quotes left out.
fn unsafes(text: &str) -> usize {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let words = code.map(|line| line.split('"').step_by(2).collect::<Vec<_>>().join(" "));
    let is_word = |word: &&str| *word == "unsafe";
    words.map(|line| line.split(|c: char| c != '_' && !c.is_alphanumeric()).filter(is_word).count()).sum()
}

/// Each `unsafe` of a text by its line, with its proof: of a block or an implementation what stands above it and above
/// nothing else, of a function what it asks of its callers.
fn proven(text: &str) -> Vec<(usize, Option<String>)> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let proof = |at: usize| {
        let is_function = lines[at].contains("unsafe fn ");
        let (mark, opens) = if is_function { ("///", "/// # Safety") } else { ("//", "// SAFETY:") };
        let is_between = |line: &&&str| !line.starts_with(mark) && unsafes(line) == 0 && !line.ends_with(';');
        let end = at - lines[..at].iter().rev().take_while(is_between).count();
        let begin = end - lines[..end].iter().rev().take_while(|line| line.starts_with(mark)).count();
        let opened = begin + lines[begin..end].iter().position(|line| line.starts_with(opens))?;
        let words = lines[opened..end].iter().map(|line| line.trim_start_matches(mark).trim());
        Some(words.collect::<Vec<_>>().join(" "))
    };
    let places = (0..lines.len()).flat_map(|at| (0..unsafes(lines[at])).map(move |nth| (at, nth)));
    places.map(|(at, nth)| (at + 1, proof(at).filter(|_| nth == 0))).collect()
}

/// The files of the core that may have `unsafe`, and the models under which they are.
const ROOMS: [&str; 7] = [
    "memory/entry.rs",
    "memory/index.rs",
    "memory/pages.rs",
    "memory/quarantine.rs",
    "memory/shards.rs",
    "memory/slab.rs",
    "memory/table.rs",
];

#[test]
fn r36_no_crate_but_the_core_may_have_unsafe_code_and_no_room_of_it_but_one() {
    let shipped = ["cached-macros", "cached-codec", "cached-file", "cached-panel", "cached-tracing", "cached-testkit"];
    for name in shipped {
        let source = sources(&root().join(name).join("src"));
        let (_, head) = source.iter().find(|(path, _)| path == "lib.rs").expect("it has a root");
        assert!(head.contains("#![forbid(unsafe_code)]"), "{name} forbids it");
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("it is there");
    assert!(manifest.contains("unsafe_code = \"deny\"") && manifest.contains("undocumented_unsafe_blocks = \"deny\""));
    let core = sources(&root().join("cached-core/src"));
    let found: BTreeSet<&str> =
        core.iter().filter(|(_, text)| unsafes(text) > 0).map(|(path, _)| path.as_str()).collect();
    assert_eq!(found, BTreeSet::from(ROOMS));
    let (mut proofs, mut unproven) = (0, Vec::new());
    for room in ROOMS {
        let (_, text) = core.iter().find(|(path, _)| path == room).expect("it was found");
        for (line, proof) in proven(text) {
            match proof {
                Some(proof) => println!("r36: {room}:{line}: {proof}"),
                None => unproven.push(format!("{room}:{line}")),
            }
            proofs += 1;
        }
    }
    assert!(unproven.is_empty(), "without a proof of its own: {unproven:?}");
    let models = fs::read_to_string(root().join("cached-core/tests/loom.rs")).expect("it is there");
    assert!(models.contains("engine"), "the engine is under a model");
    println!(
        "r36: {} crates forbid unsafe code; the core has it in {} files, {proofs} times, each with a proof; R36 SKIPPED: miri",
        shipped.len(),
        ROOMS.len()
    );
}

#[test]
fn r36_a_block_without_a_proof_of_its_own_would_be_found() {
    let found = |text| proven(text).into_iter().map(|(line, proof)| (line, proof.is_some())).collect::<Vec<_>>();
    let shared = "// SAFETY: a.\nlet a = unsafe { b };\nlet c = unsafe { d };";
    assert_eq!(found(shared), [(2, true), (3, false)], "one proof is for one block");
    assert_eq!(found("// SAFETY: a.\nlet b = c;\nf(unsafe { d })"), [(3, false)], "it is another statement's");
    assert_eq!(found("// SAFETY: a,\n// and b.\nlet a = b\n    .map(|c| unsafe { c });"), [(4, true)]);
    assert_eq!(found("// SAFETY: a.\nf(unsafe { b }, unsafe { c })"), [(2, true), (2, false)]);
    assert_eq!(found("/// Frees.\n///\n/// # Safety\n/// a.\n#[inline]\nunsafe fn b() {}"), [(6, true)]);
    assert_eq!(found("/// Frees.\nunsafe fn b() {}"), [(2, false)]);
}

#[test]
fn r36_no_expansion_of_the_attribute_has_unsafe_code() {
    let snapshots = sources(&root().join("cached-macros/src/snapshots"));
    let expansions: usize = snapshots.iter().map(|(_, text)| text.matches("::cached_core::rt::Meta {").count()).sum();
    let found: Vec<_> = snapshots.iter().filter(|(_, text)| unsafes(text) > 0).map(|(path, _)| path).collect();
    println!("r36: {} expansions of {} sites have no unsafe code", snapshots.len(), expansions);
    assert!(snapshots.len() > 20 && found.is_empty(), "{found:?}");
    assert_eq!((unsafes("unsafe { a }"), unsafes("// unsafe"), unsafes("let unsafe_code = \"unsafe\";")), (1, 0, 0));
}

/// Whether a type is one: a method of the value itself comes before one of a reference to it.
struct Asked<T>(PhantomData<T>);

trait No {
    fn is_send(&self) -> bool {
        false
    }

    fn is_sync(&self) -> bool {
        false
    }
}

impl<T> No for &Asked<T> {}

impl<T: Send> Asked<T> {
    fn is_send(&self) -> bool {
        true
    }
}

impl<T: Sync> Asked<T> {
    fn is_sync(&self) -> bool {
        true
    }
}

macro_rules! table {
    ($($type:ty),* $(,)?) => {
        [$({
            let asked = Asked::<$type>(PhantomData);
            (stringify!($type), (&asked).is_send(), (&asked).is_sync())
        }),*]
    };
}

/// Handles to entries, whose types hold what their keys are made of.
fn goes_everywhere<T: Send + Sync>(_: &T) {}

#[cached]
#[expect(dead_code, reason = "only its entries are asked for")]
fn length(text: String) -> u64 {
    text.len() as u64
}

#[cached]
#[expect(dead_code, reason = "only its entries are asked for")]
async fn length_later(text: &str) -> u64 {
    text.len() as u64
}

#[test]
fn r36_handles_go_to_other_threads_and_what_is_of_one_thread_stays() {
    goes_everywhere(&length::entry(&"a".to_owned()));
    goes_everywhere(&length_later::entry("a"));
    let everywhere = table![
        &'static Site,
        Config,
        Options,
        Error,
        Stats,
        Report,
        Explanation,
        Watch,
        Cache,
        CacheAsync,
        Caches,
        Recorder,
        cached_core::Task,
        Frozen,
        Counted,
    ];
    for (name, is_send, is_sync) in everywhere {
        // A future that is to be spawned is sent, and polled by one.
        let needs_sync = name != "cached_core::Task";
        assert!(is_send && (is_sync || !needs_sync), "{name}: Send {is_send}, Sync {is_sync}");
    }
    // What was entered on a thread is left on it.
    let here = table![Isolated, cached_testkit::Entered];
    for (name, is_send, _) in here {
        assert!(!is_send, "{name} is of its thread");
    }
    // The question itself can say no.
    let [of_thread, of_cell] = table![std::rc::Rc<u8>, std::cell::Cell<u8>];
    assert_eq!([(of_thread.1, of_thread.2), (of_cell.1, of_cell.2)], [(false, false), (true, false)]);
    println!("r36: {} types go to other threads, {} stay on theirs", everywhere.len(), here.len());
}
