//! Where words stand in the sources.
//!
//! In: a text. Out: the lines that have it, whatever their case. An async function spawns a task for each share of the
//! files, and each file has its own cached answer, so that a changed file costs one scan.

use std::sync::Arc;

use cached_core::cached;
use serde::Serialize;
use tokio::task::JoinHandle;

use crate::answer::Fault;
use crate::tree::{Source, sources, text};
use crate::work::blocking;

/// Lengths that a search may have, in characters.
const LENGTHS: std::ops::RangeInclusive<usize> = 2..=64;
/// Lines that one search shows.
const SHOWN: usize = 100;
/// Files that one task looks through.
const SHARE: usize = 64;

/// One line that has what was looked for.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) path: String,
    /// From 1.
    pub(crate) number: usize,
    pub(crate) text: String,
}

/// What a search found.
#[derive(Debug, Serialize)]
pub(crate) struct Found {
    pub(crate) files: usize,
    pub(crate) lines: usize,
    /// The first of them.
    pub(crate) shown: Vec<Line>,
}

/// What is looked for: trimmed, in lower case, neither short nor long.
///
/// # Errors
/// Says which lengths there are.
pub(crate) fn needle(asked: Option<&str>) -> Result<String, Fault> {
    let remedy = "GET /search?q=some+words";
    let asked = asked.ok_or_else(|| Fault::refused("nothing to look for", remedy))?;
    let needle = asked.trim().to_lowercase();
    let length = needle.chars().count();
    if !LENGTHS.contains(&length) {
        let (least, most) = LENGTHS.into_inner();
        return Err(Fault::refused(format!("a search has {least} to {most} characters, this one {length}"), remedy));
    }
    Ok(needle)
}

/// Looks through all sources. Who asks in the minute after the first ten seconds is served what was found, while a task
/// looks again.
///
/// # Errors
/// When the workspace cannot be walked.
#[cached(ttl = "10s", stale = "1m", refresh = "background", max_entries = 1_000, tags = ["sources"])]
pub(crate) async fn search(needle: String) -> Result<Arc<Found>, Fault> {
    let needle: Arc<str> = needle.into();
    let sources = blocking(sources).await??;
    let tasks: Vec<_> = sources.chunks(SHARE).map(|share| scan(&needle, share)).collect();
    let mut found = Found { files: 0, lines: 0, shown: Vec::new() };
    for task in tasks {
        for lines in task.await? {
            found.files += usize::from(!lines.is_empty());
            found.lines += lines.len();
            let room = SHOWN - found.shown.len();
            found.shown.extend(lines.iter().take(room).cloned());
        }
    }
    Ok(Arc::new(found))
}

/// Looks through a share of the files, on a thread for work that blocks.
fn scan(needle: &Arc<str>, share: &[Source]) -> JoinHandle<Vec<Arc<[Line]>>> {
    let needle = Arc::clone(needle);
    let paths: Vec<String> = share.iter().map(|source| source.path.clone()).collect();
    blocking(move || paths.iter().map(|path| matches(path, &needle)).collect())
}

/// The lines of one file. A file that is gone since the walk, or is no text, has none.
#[cached(ttl = "1m", tags = ["file:{path}"])]
fn matches(path: &str, needle: &str) -> Arc<[Line]> {
    let Ok(text) = text(path) else { return Arc::new([]) };
    let has = |line: &&str| line.to_lowercase().contains(needle);
    let lines = text.lines().enumerate().filter(|(_, line)| has(line));
    let line = |(place, line): (usize, &str)| Line { path: path.into(), number: place + 1, text: line.trim().into() };
    lines.map(line).collect()
}
