//! R70: the bytes of a release stay what they were.
//!
//! In: files of entries as a release wrote them, in `golden/RELEASE/CODEC.txt`: what was called, its storage key, the name
//! of its file and the file's bytes. Out: today's code reads each as the value that was stored, and writes the same
//! bytes; of older releases, as that value or as nothing. If a format has to change, raise its number, and write the files
//! of the next release with `CACHED_TESTS_GOLDEN=write`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cached_core::{Config, Site, Ttl, cached, caches};
use serde::{Deserialize, Serialize};

use cached_tests::codecs::CODECS;
use cached_tests::forger::Forger;
use cached_tests::support::alone;

/// The release whose bytes are today's.
const TODAY: &str = "0.1.0";
/// What the file backend writes before an envelope.
const FILE_HEAD: usize = 24;
/// Bytes of a file that differ in each write: the file's digest; the stamp, its moments and the checksum.
const MOVING: [std::ops::Range<usize>; 5] = [16..24, 24..40, 96..104, 112..120, 128..136];

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Shape {
    Unit,
    One(u32),
    Two(u32, i64),
    Named { a: u8, b: char },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    name: String,
    shapes: Vec<Shape>,
    ratio: f64,
    small: f32,
    whole: (i8, i16, i32, i64, u16, u32, u64, bool),
    note: Option<String>,
    nothing: Option<u8>,
    by_number: BTreeMap<u32, Option<bool>>,
    raw: Vec<u8>,
    unit: (),
}

fn of(name: &str) -> Record {
    Record {
        name: name.into(),
        shapes: vec![Shape::Unit, Shape::One(1), Shape::Two(2, -3), Shape::Named { a: 4, b: 'é' }],
        ratio: 0.1,
        small: -0.5,
        whole: (-1, 300, -70_000, i64::MIN, 65_535, u32::MAX, u64::MAX, true),
        note: Some("é\0\"".into()),
        nothing: None,
        by_number: BTreeMap::from([(1, None), (300, Some(true))]),
        raw: (0..40).collect(),
        unit: (),
    }
}

// Their text is part of what is stored: it stays as it is, to the letter.

#[cached(name = "golden.number", ttl = "forever", version = 3)]
fn number(n: u64) -> u64 {
    n * 2
}

#[cached(name = "golden.text", ttl = "forever")]
fn text(word: &str, loud: bool) -> String {
    if loud { word.to_uppercase() } else { word.to_owned() }
}

#[cached(name = "golden.record", ttl = "forever")]
fn record(shape: Shape, names: Vec<String>) -> Record {
    of(&format!("{shape:?} {names:?}"))
}

#[cached(name = "golden.fallible", ttl = "forever", errors = "forever")]
fn fallible(n: i32) -> Result<Option<Shape>, String> {
    if n < 0 { Err(format!("{n} is less than nothing")) } else { Ok((n > 0).then_some(Shape::One(7))) }
}

/// What is called, and what it has to give.
type Call = (&'static str, &'static Site, fn());

fn calls() -> Vec<Call> {
    vec![
        ("number", number::site(), || assert_eq!(number(21), 42)),
        ("text", text::site(), || assert_eq!(text("stürmisch", true), "STÜRMISCH")),
        ("record", record::site(), || {
            let names = vec![String::new(), "b".into()];
            assert_eq!(record(Shape::Two(1, 2), names), of("Two(1, 2) [\"\", \"b\"]"));
        }),
        ("ok", fallible::site(), || assert_eq!(fallible(1), Ok(Some(Shape::One(7))))),
        ("none", fallible::site(), || assert_eq!(fallible(0), Ok(None))),
        ("error", fallible::site(), || assert_eq!(fallible(-4), Err("-4 is less than nothing".into()))),
    ]
}

/// A configuration under which all sites are on one alias.
fn configured(codec: &str, alias: impl FnOnce(Config) -> Config) {
    let config = alias(Config::new().namespace("golden é")).option("golden", "codec", codec);
    let config = config.option("golden", "key_prefix", "pre:fix").option("golden", "version", "2");
    config.site("golden.number", "backend", "golden").install().expect("the configuration is right");
}

fn on_forger(codec: &str) -> Arc<Forger> {
    let forger = Arc::new(Forger::default());
    configured(codec, |config| sites(config.backend("golden", Arc::clone(&forger) as _)));
    forger
}

fn on_files(codec: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let location = directory.path().to_str().expect("a path that is text").to_owned();
    configured(codec, |config| sites(config.option("golden", "kind", "file").option("golden", "location", location)));
    directory
}

fn sites(config: Config) -> Config {
    ["text", "record", "fallible"]
        .iter()
        .fold(config, |config, site| config.site(&format!("golden.{site}"), "backend", "golden"))
}

/// The one file of an entry in a directory, as `sub-directory/name`.
fn file_in(directory: &Path) -> String {
    let names = |path: &Path| {
        let names = fs::read_dir(path).expect("it is there").map(|entry| entry.expect("it can be read").file_name());
        names.map(|name| name.into_string().expect("a name that is text")).collect::<Vec<_>>()
    };
    let subs = names(directory).into_iter().filter(|sub| directory.join(sub).is_dir());
    let files = subs.flat_map(|sub| names(&directory.join(&sub)).into_iter().map(move |name| format!("{sub}/{name}")));
    let mut entries: Vec<_> = files.filter(|file| file.ends_with(".cached")).collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.remove(0)
}

/// What a release wrote for one call.
#[derive(Debug, PartialEq)]
struct Entry {
    what: String,
    key: String,
    file: String,
    bytes: Vec<u8>,
}

impl Entry {
    fn parse(line: &str) -> Self {
        let words: Vec<_> = line.split(' ').collect();
        let [what, key, file, hex] = words[..] else { panic!("four words: {line}") };
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
        let bytes = (0..hex.len()).step_by(2).map(byte).collect();
        Entry { what: what.into(), key: key.into(), file: file.into(), bytes }
    }

    fn line(&self) -> String {
        let mut line = format!("{} {} {} ", self.what, self.key, self.file);
        self.bytes.iter().for_each(|byte| write!(line, "{byte:02x}").expect("it is a text"));
        line
    }

    /// Without what differs in each write.
    fn still(mut self) -> Self {
        MOVING.into_iter().for_each(|range| self.bytes[range].fill(0));
        self
    }
}

/// What today's code writes.
fn written(codec: &str) -> Vec<Entry> {
    let keys: Vec<String> = {
        let forger = on_forger(codec);
        let key = |(_, _, call): Call| {
            call();
            forger.take_last().expect("it was written").0.to_string()
        };
        calls().into_iter().map(key).collect()
    };
    let entry = |((what, _, call), key): (Call, String)| {
        let directory = on_files(codec);
        call();
        let file = file_in(directory.path());
        let bytes = fs::read(directory.path().join(&file)).expect("it is there");
        Entry { what: what.into(), key, file, bytes }
    };
    calls().into_iter().zip(keys).map(entry).collect()
}

/// Whether a call is a hit on what a release wrote: alone in a directory, and its envelope in any backend. It gives the
/// right value in any case.
fn hits(codec: &str, entry: &Entry) -> [bool; 2] {
    let (_, site, call) = calls().into_iter().find(|(what, ..)| *what == entry.what).expect("it is still called");
    let is_hit = || {
        let before = site.stats();
        call();
        let after = site.stats();
        assert_eq!(after.backend_errors, before.backend_errors, "{codec} {}: it is no fault", entry.what);
        after.hits > before.hits
    };
    let directory = on_files(codec);
    let path = directory.path().join(&entry.file);
    fs::create_dir_all(path.parent().expect("it is in a directory")).expect("a directory");
    fs::write(path, &entry.bytes).expect("a file is written");
    let of_file = is_hit();
    let forger = on_forger(codec);
    forger.forge(Some(entry.bytes[FILE_HEAD..].into()));
    [of_file, is_hit()]
}

fn is_told_to_write() -> bool {
    std::env::var("CACHED_TESTS_GOLDEN").is_ok_and(|told| told == "write")
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reliability/golden")
}

#[test]
fn r70_todays_code_reads_and_writes_the_bytes_of_each_release() {
    let _alone = alone();
    if is_told_to_write() {
        fs::create_dir_all(golden().join(TODAY)).expect("a directory");
        for codec in CODECS {
            let lines: String = written(codec).iter().map(|entry| entry.line() + "\n").collect();
            fs::write(golden().join(TODAY).join(codec).with_extension("txt"), lines).expect("a file is written");
        }
    }
    let releases = fs::read_dir(golden()).expect("it is there").map(|release| release.expect("it can be read").path());
    let releases: Vec<_> = releases.collect();
    assert!(releases.contains(&golden().join(TODAY)));
    let (mut read, mut hit) = (0, 0);
    for release in &releases {
        for codec in CODECS {
            let Ok(text) = fs::read_to_string(release.join(codec).with_extension("txt")) else { continue };
            let entries: Vec<_> = text.lines().map(Entry::parse).collect();
            for entry in &entries {
                let hits = hits(codec, entry);
                (read, hit) = (read + 2, hit + hits.iter().filter(|is_hit| **is_hit).count());
                assert!(hits == [true; 2] || !release.ends_with(TODAY), "{codec} {}: {hits:?}", entry.what);
            }
            if release.ends_with(TODAY) {
                let (today, then) = (written(codec), entries);
                assert_eq!(today.len(), then.len());
                for (today, then) in today.into_iter().zip(then) {
                    let said = format!("{codec} {}: stored entries are lost; if that is meant, see above", then.what);
                    assert_eq!(today.still(), then.still(), "{said}");
                }
            }
        }
    }
    println!(
        "r70: {} releases, {} codecs: {read} entries read, {hit} of them hits, 0 wrong values",
        releases.len(),
        CODECS.len()
    );
    assert_eq!(read, releases.len() * CODECS.len() * calls().len() * 2);
}

#[test]
fn r70_keys_of_tags_and_of_the_low_level_cache_are_those_of_the_release() {
    let _alone = alone();
    let forger = on_forger("msgpack");
    let cache = caches().get("golden").expect("it is configured");
    let key = |write: &dyn Fn() -> Result<(), cached_core::Error>| {
        write().expect("the forger takes it");
        forger.take_last().expect("it was written").0
    };
    let now = [
        format!("tag {}", key(&|| cached_core::invalidate_tag("shop:4"))),
        format!("cache {}", key(&|| cache.set("a key: é", &1, Ttl::Forever))),
        format!("version {}", key(&|| cache.version(9).set("", &1, Ttl::Forever))),
    ];
    let path = golden().join(TODAY).join("keys.txt");
    if is_told_to_write() {
        fs::write(&path, now.join("\n") + "\n").expect("a file is written");
    }
    let then = fs::read_to_string(path).expect("it is there");
    println!("r70: {} keys of tags and of the low-level cache are as they were", now.len());
    assert_eq!(now.to_vec(), then.lines().collect::<Vec<_>>(), "stored entries are lost; if that is meant, see above");
}
