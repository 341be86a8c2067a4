//! What the packages of a lock file weigh, and digests of the sources beside it.
//!
//! In: `[--json] [--explain=PACKAGE] [path/to/Cargo.lock]`. Out: the heaviest ten, what caching was
//! worth, and the report. Packages are cached in memory, digests in files: run it twice.

mod lock;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};
use std::{cmp::Reverse, env, fs, io};

use cached_core::{Config, cached, report, report_at_exit};
use lock::Graph;

cached_core::link!(cached_file);

/// Paths that the walk without a cache follows before it gives up.
const PATIENCE: u64 = 5_000_000;

#[cached]
impl Graph {
    /// The packages of a group and of everything below it.
    #[cached(key = (self.id, group))]
    fn reach(&self, group: usize) -> Arc<BTreeSet<usize>> {
        let mut found = self.members[group].clone();
        self.below[group].iter().for_each(|next| found.extend(&*self.reach(*next)));
        Arc::new(found)
    }

    /// How many dependency paths start at a group.
    #[cached(key = (self.id, group))]
    fn paths(&self, group: usize) -> u128 {
        let paths = self.below[group].iter().map(|next| self.paths(*next).saturating_add(1));
        paths.fold(0, u128::saturating_add)
    }
}

/// Who pulls a package in. Only `--explain` asks; else the report says "never called".
#[cached(key = (graph.id, name))]
fn explain(graph: &Graph, name: &str) -> String {
    let is_it = |package: &usize| graph.packages[*package].split(' ').next() == Some(name);
    let pulls = |user: &usize| !is_it(user) && graph.reach(graph.group[*user]).iter().any(is_it);
    let users = (0..graph.packages.len()).filter(pulls);
    let users: Vec<_> = users.map(|user| &*graph.packages[user]).collect();
    format!("{name} is pulled in by {} packages: {}", users.len(), users.join(", "))
}

/// A digest that takes its time. Length and time of change are parts of the key, so that an edited
/// file is computed anew. An `Err` is returned and not stored.
#[cached(backend = "digests")]
fn digest(path: &Path, _length: u64, _modified_ns: u64) -> io::Result<u64> {
    let bytes = fs::read(path)?;
    Ok((0..200).fold(0, |digest, _| fnv(&bytes, digest)))
}

/// The packages that a group reaches, and its paths.
type Below = (Arc<BTreeSet<usize>>, u128);

/// How many packages each one pulls in, how many pull it in, and its paths. `look` gives what is
/// below a group; from where it gives up, the rest is missing.
fn weigh(graph: &Graph, mut look: impl FnMut(usize) -> Option<Below>) -> Vec<(usize, usize, u128)> {
    let one = |package: usize| {
        let (reach, paths) = look(graph.group[package])?;
        let mut users = 0;
        for (user, group) in graph.group.iter().enumerate() {
            users += usize::from(look(*group)?.0.contains(&package) && user != package);
        }
        Some((reach.len() - 1, users, paths))
    };
    (0..graph.packages.len()).map_while(one).collect()
}

/// Looks without a cache; `None` when the patience is used up.
fn walk(graph: &Graph, group: usize, found: &mut BTreeSet<usize>, patience: &mut u64) -> Option<u128> {
    found.extend(&graph.members[group]);
    *patience = patience.checked_sub(1)?;
    let mut below = graph.below[group].iter();
    below.try_fold(0, |paths, next| Some(paths + 1 + walk(graph, *next, found, patience)?))
}

fn main() -> ExitCode {
    let Err(message) = run() else { return ExitCode::SUCCESS };
    eprintln!("quickstart: {message}");
    ExitCode::from(2)
}

fn run() -> Result<(), String> {
    let (flags, paths): (Vec<_>, Vec<_>) = env::args().skip(1).partition(|word| word.starts_with('-'));
    let known = |flag: &&String| *flag == "--json" || flag.starts_with("--explain=");
    if let Some(flag) = flags.iter().find(|flag| !known(flag)) {
        return Err(format!("no such flag: {flag}; there are --json and --explain=PACKAGE"));
    }
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("Cargo.lock");
    let lock = paths.first().map_or(own, PathBuf::from);
    let lock = std::path::absolute(&lock).unwrap_or(lock);
    let at = |fault| format!("{}: {fault}", lock.display());
    let text = fs::read_to_string(&lock).map_err(|error| at(format!("cannot be read: {error}")))?;
    let graph = Graph::read(&text).map_err(at)?;
    configure().map_err(|error| error.to_string())?;
    let _report = report_at_exit();

    let (weights, cached) = timed(|| weigh(&graph, |group| Some((graph.reach(group), graph.paths(group)))));
    let mut patience = PATIENCE;
    let mut look = |group| {
        let mut found = BTreeSet::new();
        let paths = walk(&graph, group, &mut found, &mut patience)?;
        Some((Arc::new(found), paths))
    };
    let (walked, plain) = timed(|| weigh(&graph, &mut look));
    assert!(weights.starts_with(&walked), "the cache changes no weight");

    let files = files(&lock);
    let (digests, cached_files) = timed(|| digest_all(&files, digest));
    let (again, plain_files) = timed(|| digest_all(&files, digest::uncached));
    if let Some(place) = (0..files.len()).find(|place| digests[*place] != again[*place]) {
        return Err(format!("{}: changed while it was digested; run it again", files[place].display()));
    }

    if flags.iter().any(|flag| flag == "--json") {
        println!("{}", report().to_json());
        return Ok(());
    }
    let mut rows: Vec<_> = weights.iter().zip(&graph.packages).collect();
    rows.sort_by_key(|(weight, _)| Reverse(*weight));
    println!("The heaviest ten of {}:\n", lock.display());
    println!("  package                      pulls in pulled in by  paths below");
    for ((pulls, users, paths), name) in rows.iter().take(10) {
        let paths = if *paths < 1_000_000_000 { paths.to_string() } else { format!("{paths:.1e}") };
        println!("  {name:28} {pulls:>8} {users:>12} {paths:>12}");
    }
    let gave_up = if walked.len() < weights.len() { "  (gave up)" } else { "" };
    println!("\n  time                           cached        plain");
    let (weighed, digested) = (rows.len(), files.len());
    println!("  {weighed:5} packages weighed {cached:>14.1?} {plain:>12.1?}{gave_up}");
    println!("  {digested:5} files digested {cached_files:>16.1?} {plain_files:>12.1?}\n");
    for name in flags.iter().filter_map(|flag| flag.strip_prefix("--explain=")) {
        println!("{}\n", explain(&graph, name));
    }
    Ok(())
}

/// The file says the kinds, the code where the files are, and the environment has the last word.
fn configure() -> Result<(), cached_core::Error> {
    let location = env::temp_dir().join("cached-quickstart");
    let config = Config::from_file(concat!(env!("CARGO_MANIFEST_DIR"), "/cached.toml"))?;
    let config = config.option("digests", "location", location.to_string_lossy());
    config.env("CACHED")?.install().map(drop)
}

/// The lock file and, if it lies in a workspace, the Rust sources below.
fn files(lock: &Path) -> Vec<PathBuf> {
    let mut files = vec![lock.to_owned()];
    let root = lock.parent().filter(|root| root.join("Cargo.toml").exists());
    let mut open: Vec<_> = root.into_iter().map(Path::to_owned).collect();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let ours = name != "target" && !name.to_string_lossy().starts_with('.');
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && ours => open.push(path),
                Ok(kind) if kind.is_file() && path.extension() == Some("rs".as_ref()) => files.push(path),
                _ => {}
            }
        }
    }
    files
}

/// The digest of each file by `digest`; `None` where it cannot be read.
fn digest_all(files: &[PathBuf], digest: fn(&Path, u64, u64) -> io::Result<u64>) -> Vec<Option<u64>> {
    let one = |path: &PathBuf| {
        let about = path.metadata().ok()?;
        let modified = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        digest(path, about.len(), u64::try_from(modified.as_nanos()).ok()?).ok()
    };
    files.iter().map(one).collect()
}

/// FNV-1a, 64 bits.
fn fnv(bytes: &[u8], start: u64) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    bytes.iter().fold(start ^ 0xcbf2_9ce4_8422_2325, step)
}

#[expect(clippy::disallowed_methods, reason = "it measures real time")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (work(), start.elapsed())
}
