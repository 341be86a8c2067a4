//! Hit ratios on traces of real programs.
//!
//! In: a folder of traces. Out: for each trace and capacity how many of a hundred requests were hits, ours beside LRU, the
//! peers, and what could be had at best by who knows the future and need not keep what it fetches (L. Belady, "A study of
//! replacement algorithms for a virtual-storage computer", IBM Systems Journal 5(2), 1966).
//!
//! A trace is `*.lis` (a line stands for so many consecutive blocks: the first, how many, and what is of no interest here)
//! or `*.trace` (a block a line), packed by gzip or Zstandard or not at all.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use cached_core::{cached, retune};

use crate::table::{Goal, head};

/// Capacities, as shares of the distinct keys in ten thousand.
const SHARES: [usize; 8] = [50, 100, 200, 500, 1_000, 2_000, 3_500, 5_000];

/// Requests for keys from 0, as dense as they can be.
struct Trace {
    name: String,
    keys: Vec<u32>,
    distinct: usize,
}

/// One way to decide who stays: gives the hits of a trace at a capacity.
struct Way {
    name: &'static str,
    hits: fn(&Trace, usize) -> u64,
}

const WAYS: [Way; 4] = [
    Way { name: "ours", hits: ours },
    Way { name: "LRU", hits: lru },
    Way { name: "moka", hits: moka },
    Way { name: "quick_cache", hits: quick_cache },
];

/// Hits in a hundred at one trace and capacity, in the order of the ways; and the best that there could be.
struct Point {
    trace: usize,
    share: usize,
    ratios: [f64; WAYS.len()],
    best: f64,
}

impl Point {
    /// How far a way is behind the best of all.
    fn behind(&self, way: usize) -> f64 {
        self.ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max) - self.ratios[way]
    }
}

const GOALS: [Goal<Vec<Point>>; 2] = [
    Goal { text: "ours behind the best of these, points, on average", at_most: 1.0, figure: |points| mean(points, 0) },
    Goal { text: "ours behind the best of these, points, at worst", at_most: 7.0, figure: |points| worst(points, 0) },
];

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn mean(points: &[Point], way: usize) -> f64 {
    points.iter().map(|point| point.behind(way)).sum::<f64>() / points.len() as f64
}

fn worst(points: &[Point], way: usize) -> f64 {
    points.iter().map(|point| point.behind(way)).fold(0.0, f64::max)
}

/// Plays all traces of a folder.
pub(crate) fn print(folder: &Path) -> Result<(), String> {
    let traces = read(folder)?;
    let mut points = Vec::new();
    for (number, trace) in traces.iter().enumerate() {
        let next = nexts(trace);
        for share in SHARES {
            let capacity = (trace.distinct * share / 10_000).max(2);
            let ratio = |hits| percent(hits, trace.keys.len());
            let ratios = WAYS.map(|way| ratio((way.hits)(trace, capacity)));
            points.push(Point { trace: number, share, ratios, best: ratio(foreseen(trace, &next, capacity)) });
        }
    }
    for (number, trace) in traces.iter().enumerate() {
        let title =
            format!("hits in a hundred, {}: {} requests for {} keys", trace.name, trace.keys.len(), trace.distinct);
        let names = WAYS.map(|way| way.name);
        head(&title, &[&["keys that fit, %"], &names[..], &["the best there is"]].concat());
        for point in points.iter().filter(|point| point.trace == number) {
            let ratios: Vec<String> = point.ratios.iter().map(|ratio| format!("{ratio:.1}")).collect();
            println!("| {} | {} | {:.1} |", point.share as f64 / 100.0, ratios.join(" | "), point.best);
        }
    }
    head("behind the best of these at each trace and capacity, points", &["policy", "on average", "at worst"]);
    for (number, way) in WAYS.iter().enumerate() {
        println!("| {} | {:.2} | {:.1} |", way.name, mean(&points, number), worst(&points, number));
    }
    println!();
    GOALS.iter().for_each(|goal| goal.print(&points));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn percent(hits: u64, requests: usize) -> f64 {
    100.0 * hits as f64 / requests as f64
}

fn read(folder: &Path) -> Result<Vec<Trace>, String> {
    let at = |error| format!("{}: {error}", folder.display());
    let entries: Result<Vec<_>, _> = fs::read_dir(folder).map_err(at)?.collect();
    let mut files: Vec<PathBuf> = entries.map_err(at)?.into_iter().map(|entry| entry.path()).collect();
    files.sort();
    let traces: Result<Vec<_>, _> = files.iter().filter_map(|file| one(file).transpose()).collect();
    match traces? {
        traces if traces.is_empty() => Err(format!("{}: no file *.lis or *.trace", folder.display())),
        traces => Ok(traces),
    }
}

/// The trace in a file; nothing if it is none.
fn one(file: &Path) -> Result<Option<Trace>, String> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (plain, unpack) = match name.rsplit_once('.') {
        Some((plain, "gz")) => (plain, Some("gzip")),
        Some((plain, "zst")) => (plain, Some("zstd")),
        _ => (name.as_str(), None),
    };
    let (name, is_runs) = match plain.rsplit_once('.') {
        Some((name, "lis")) => (name.to_owned(), true),
        Some((name, "trace")) => (name.to_owned(), false),
        _ => return Ok(None),
    };
    let bytes = match unpack {
        None => fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?,
        Some(program) => {
            let output = Command::new(program).arg("-dc").arg(file).output();
            let output = output.map_err(|error| format!("{program}: {error}"))?;
            if !output.status.success() {
                return Err(format!("{}: {}", file.display(), String::from_utf8_lossy(&output.stderr)));
            }
            output.stdout
        }
    };
    let (mut keys, mut numbers) = (Vec::new(), HashMap::new());
    for line in String::from_utf8_lossy(&bytes).lines() {
        let mut words = line.split_whitespace().map(str::parse::<u64>);
        let Some(Ok(first)) = words.next() else { continue };
        let count = if is_runs { words.next().and_then(Result::ok).unwrap_or(1) } else { 1 };
        for block in first..first + count {
            let fresh = u32::try_from(numbers.len()).map_err(|_| format!("{}: too many keys", file.display()))?;
            keys.push(*numbers.entry(block).or_insert(fresh));
        }
    }
    Ok(Some(Trace { name, distinct: numbers.len(), keys }))
}

static RUNS: AtomicU64 = AtomicU64::new(0);

#[cached(name = "traces.ours", max_entries = 1_024)]
fn fetched(key: u32) -> u32 {
    RUNS.fetch_add(1, Ordering::Relaxed);
    key
}

fn ours(trace: &Trace, capacity: usize) -> u64 {
    let bound = capacity.to_string();
    retune("traces.ours", "max_entries", Some(&bound)).expect("a bound of a site can be changed");
    fetched::site().clear().expect("memory can be cleared");
    let before = RUNS.load(Ordering::Relaxed);
    trace.keys.iter().for_each(|key| assert_eq!(fetched(*key), *key));
    trace.keys.len() as u64 - (RUNS.load(Ordering::Relaxed) - before)
}

fn lru(trace: &Trace, capacity: usize) -> u64 {
    let mut cache = lru::LruCache::new(capacity.try_into().expect("two at least"));
    count(trace, |key| cache.get(&key).is_some() || cache.put(key, ()).is_some())
}

fn moka(trace: &Trace, capacity: usize) -> u64 {
    let cache = moka::sync::Cache::new(capacity as u64);
    count(trace, |key| {
        let found = cache.get(&key).is_some();
        if !found {
            cache.insert(key, ());
        }
        found
    })
}

fn quick_cache(trace: &Trace, capacity: usize) -> u64 {
    let cache = quick_cache::sync::Cache::new(capacity);
    count(trace, |key| {
        let found = cache.get(&key).is_some();
        if !found {
            cache.insert(key, ());
        }
        found
    })
}

fn count(trace: &Trace, mut ask: impl FnMut(u32) -> bool) -> u64 {
    trace.keys.iter().map(|key| u64::from(ask(*key))).sum()
}

/// Of each request when its key is asked for again.
fn nexts(trace: &Trace) -> Vec<usize> {
    let (mut last, mut next) = (vec![usize::MAX; trace.distinct], vec![usize::MAX; trace.keys.len()]);
    for (at, key) in trace.keys.iter().enumerate().rev() {
        next[at] = std::mem::replace(&mut last[*key as usize], at);
    }
    next
}

/// Who knows the future keeps what is asked for again soonest.
fn foreseen(trace: &Trace, next: &[usize], capacity: usize) -> u64 {
    // Those that are kept by when they are asked for again, which is the place of no two.
    let (mut kept, mut hits) = (BTreeSet::new(), 0);
    for (at, again) in next.iter().enumerate() {
        hits += u64::from(kept.remove(&at));
        if *again < trace.keys.len() {
            kept.insert(*again);
            if kept.len() > capacity {
                kept.pop_last();
            }
        }
    }
    hits
}
