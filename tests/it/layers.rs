//! Who may import whom: a room only rooms to its left, a crate only crates below it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const CORE: &str = "error · sync · fence · record · clock · process · word · stats · event · scope · trail · key · bucket · table · tags · backend · bounded · workers · codec · \
                    project · memory · breaker · meter · flight · store · near · local · options · registry · site · handle · memo · call · explain · \
                    entry · forget · recorder · config · cache · report · rt";
const MACROS: &str = "errors · args · func · key · model · expand · fallback · debug";
const PANEL: &str =
    "text · host · secrets · timing · history · stack · log · state · chart · document · layer · gate · pages · panel";
const CODEC: &str = "failed · envelope · canonical · lent · msgpack · named · unnamed · format";
const FILE: &str = "entry · name · config · client · backend";
const REDIS: &str = "io · life · location · config · client · backend";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("`tests` is in the workspace").to_owned()
}

/// The code of each room of a crate, all its files together, without comments and tests.
fn rooms(name: &str) -> BTreeMap<String, String> {
    let mut rooms = BTreeMap::new();
    let source = workspace().join(name).join("src");
    let mut files = vec![source.clone()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let inside = path.strip_prefix(&source).unwrap().with_extension("");
        let room = inside.iter().next().unwrap().to_string_lossy().into_owned();
        let is_code = path.extension().is_some_and(|extension| extension == "rs");
        if !is_code || ["lib", "tests", "snapshots"].contains(&&*room) || inside.ends_with("tests") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
        let code: String = code.flat_map(|line| [line, "\n"]).collect();
        rooms.entry(room).or_insert_with(String::new).push_str(&code);
    }
    rooms
}

/// What a text names behind `crate::`: rooms, or items that the root exports. `$crate::` is written
/// for somebody else.
fn imports(code: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (place, _) in code.match_indices("crate::").filter(|(place, _)| !code[..*place].ends_with('$')) {
        let rest = &code[place + "crate::".len()..];
        let list = match rest.strip_prefix('{') {
            Some(list) => &list[..list.find('}').unwrap_or(list.len())],
            None => rest.split(|c: char| c != '_' && !c.is_alphanumeric()).next().unwrap_or_default(),
        };
        let head = |item: &str| item.trim().split([':', ' ']).next().unwrap_or_default().to_owned();
        found.extend(list.split(',').map(head).filter(|name| !name.is_empty()));
    }
    found
}

/// Which room an item comes from that the root of the crate exports.
fn exports(name: &str) -> BTreeMap<String, String> {
    let root = std::fs::read_to_string(workspace().join(name).join("src/lib.rs")).unwrap();
    let mut exports = BTreeMap::new();
    for line in root.lines().filter_map(|line| line.trim().strip_prefix("pub use ")?.strip_suffix(';')) {
        let (room, items) = line.split_once("::").unwrap_or((line, line));
        for item in items.trim_matches(['{', '}']).split(',') {
            exports.insert(item.trim().to_owned(), room.to_owned());
        }
    }
    exports
}

/// Imports that go the wrong way, as `room imports room`.
fn wrong_ways(name: &str, order: &str) -> Vec<String> {
    let order: Vec<&str> = order.split(" · ").collect();
    let (rooms, exports) = (rooms(name), exports(name));
    let listed: BTreeSet<&str> = order.iter().copied().collect();
    let there: BTreeSet<&str> = rooms.keys().map(String::as_str).collect();
    assert_eq!(listed, there, "every room of {name} has its place in the order");
    let place = |room: &str| order.iter().position(|other| *other == room);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for (room, code) in &rooms {
        for import in imports(code) {
            let from = exports.get(&import).unwrap_or(&import);
            // Macros of the crate itself live at its root.
            if from.starts_with("__") || from == room {
                continue;
            }
            seen += 1;
            if place(from).is_none_or(|from| Some(from) > place(room)) {
                wrong.push(format!("{name}: {room} imports {from}"));
            }
        }
    }
    assert!(seen > rooms.len() / 2, "the imports of {name} were read: {seen}");
    wrong
}

#[test]
fn a_room_imports_only_rooms_to_its_left() {
    let found = [
        ("cached-core", CORE),
        ("cached-macros", MACROS),
        ("cached-codec", CODEC),
        ("cached-file", FILE),
        ("cached-redis", REDIS),
        ("cached-panel", PANEL),
    ];
    let wrong: Vec<_> = found.iter().flat_map(|(name, order)| wrong_ways(name, order)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_import_the_wrong_way_would_be_found() {
    assert_eq!(
        imports("use crate::site::{Site};\nuse crate::{call, key::Held};\n$crate::rt"),
        ["site", "call", "key"].map(str::to_owned).into()
    );
    let reversed: Vec<_> = CORE.split(" · ").collect();
    let reversed: Vec<_> = reversed.into_iter().rev().collect();
    assert!(wrong_ways("cached-core", &reversed.join(" · ")).len() > 20);
}

#[test]
fn expansions_are_written_from_the_model_and_never_from_the_arguments() {
    let rooms = rooms("cached-macros");
    for room in ["expand", "fallback"] {
        assert!(!imports(&rooms[room]).contains("args"), "{room} reads arguments");
    }
}

/// Words that belong to one room (and what they are), with the rooms that may say them.
const OWNED: [(&str, &str, &[&str]); 10] = [
    ("Instant::now", "cached-core", &["clock"]),
    ("SystemTime::now", "cached-core", &["clock"]),
    ("std::sync::Mutex", "cached-core", &["sync"]),
    ("std::sync::RwLock", "cached-core", &["sync"]),
    ("dashmap::", "cached-core", &["table"]),
    ("rustix::", "cached-core", &["clock", "fence", "memory"]),
    ("rustix::", "cached-file", &["client"]),
    ("redis::", "cached-redis", &["client"]),
    ("rustls::", "cached-redis", &["client"]),
    ("tokio::", "cached-redis", &["client", "io"]),
];

#[test]
fn time_locks_and_engines_are_named_in_their_room_only() {
    for (word, name, owners) in OWNED {
        let said: BTreeSet<_> =
            rooms(name).into_iter().filter(|(_, code)| code.contains(word)).map(|(room, _)| room).collect();
        let owners: BTreeSet<_> = owners.iter().map(|owner| (*owner).to_owned()).collect();
        assert_eq!(said, owners, "`{word}` in {name}");
    }
}

/// The crates of ours that a crate needs; for its tests too, if `dev`.
fn needs(name: &str, dev: bool) -> BTreeSet<String> {
    let text = std::fs::read_to_string(workspace().join(name).join("Cargo.toml")).unwrap();
    let mut found = BTreeSet::new();
    let mut counts = false;
    for line in text.lines() {
        if let Some(section) = line.strip_prefix('[') {
            let of_tests = section.starts_with("dev-dependencies");
            counts = section.contains("dependencies]") && (dev || !of_tests);
        } else if counts && line.starts_with("cached-") {
            found.insert(line.split(['.', ' ', '=']).next().unwrap_or_default().to_owned());
        }
    }
    found
}

#[test]
fn a_crate_needs_only_crates_below_it() {
    let all = [
        ("cached-macros", &[][..]),
        ("cached-codec", &[]),
        ("cached-core", &["cached-codec", "cached-macros"]),
        ("cached-file", &["cached-core"]),
        ("cached-redis", &["cached-core"]),
        ("cached-panel", &["cached-core"]),
        ("cached-tracing", &["cached-core"]),
        ("cached-testkit", &["cached-core"]),
    ];
    for (name, below) in all {
        let below: BTreeSet<_> = below.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(needs(name, false), below, "{name}");
        let of_tests: Vec<_> = needs(name, true).difference(&below).cloned().collect();
        assert!(of_tests.iter().all(|crate_| crate_ == "cached-testkit"), "{name} tests with {of_tests:?}");
    }
}
