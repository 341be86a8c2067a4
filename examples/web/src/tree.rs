//! The source files of the workspace, which is the process's own folder.
//!
//! In: the folder. Out: the list of its sources, walked in the background while the last one is served, and the text of
//! each. What is not in the list cannot be read: no path leads out of it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use cached_core::cached;
use serde::Serialize;

use crate::answer::Fault;

/// Files with these endings are sources.
const SOURCES: [&str; 3] = ["rs", "toml", "md"];

/// One source, as the walk found it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Source {
    /// With `/` between its parts.
    pub(crate) path: String,
    pub(crate) bytes: u64,
    /// When it was changed last, in nanoseconds since 1970.
    #[serde(skip)]
    pub(crate) modified: u64,
}

/// Every source, by path.
///
/// A walk takes a few milliseconds, and each page needs it. It is at most two seconds old, unless nobody asked for
/// longer: then it is served once more, for up to a minute, while a thread walks again.
#[cached(ttl = "2s", stale = "1m", refresh = "background", tags = ["sources"])]
pub(crate) fn sources() -> io::Result<Arc<[Source]>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(Path::new(".").join(&folder))? {
            let (entry, folder) = (entry?, &folder);
            let (kind, path) = (entry.file_type()?, folder.join(entry.file_name()));
            let ours = !entry.file_name().to_string_lossy().starts_with('.') && entry.file_name() != "target";
            let is_source = path.extension().is_some_and(|ending| SOURCES.iter().any(|known| ending == *known));
            // Links are neither: they could lead elsewhere.
            if kind.is_dir() && ours {
                open.push(path);
            } else if kind.is_file() && ours && is_source {
                found.extend(seen(&path, &entry.metadata()?));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found.into())
}

/// A file of the list; none if its name is no text.
fn seen(path: &Path, about: &fs::Metadata) -> Option<Source> {
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    Some(Source { path: parts?.join("/"), bytes: about.len(), modified: changed(about).ok()? })
}

/// When a file was changed last, in nanoseconds since 1970.
pub(crate) fn changed(about: &fs::Metadata) -> io::Result<u64> {
    let since = about.modified()?.duration_since(UNIX_EPOCH).map_err(io::Error::other)?;
    u64::try_from(since.as_nanos()).map_err(io::Error::other)
}

/// The source with this path.
///
/// # Errors
/// Refuses what would leave the workspace, and what is not in the list.
pub(crate) fn find(path: &str) -> Result<Source, Fault> {
    if path.starts_with('/') || path.contains(['\\', '\0']) || path.split('/').any(|part| part == "..") {
        return Err(Fault::refused(format!("{path:?} leaves the workspace"), "GET /files lists the paths there are"));
    }
    let sources = sources()?;
    let place = sources.binary_search_by(|source| source.path.as_str().cmp(path));
    place.map(|place| sources[place].clone()).map_err(|_| {
        let there = sources.len();
        Fault::missing(format!("no {path:?} among {there} sources"), "GET /files lists the paths there are")
    })
}

/// The text of a source, by its path. All texts together are bounded by what they weigh.
///
/// # Errors
/// When the file cannot be read, or is no text. An error is not stored.
#[cached(ttl = "1m", max_bytes = "32MiB", weigh = |text| text.len(), tags = ["file:{path}"])]
pub(crate) fn text(path: &str) -> io::Result<Arc<str>> {
    fs::read_to_string(path).map(Arc::from)
}
