//! What a source file is like.
//!
//! In: the path of a source, its length and when it was changed. Out: its lines, words and sizes, kept on
//! disk: they outlive the process, and a file that changed is another key.

use std::io;

use cached_core::cached;
use serde::{Deserialize, Serialize};

use crate::tree::text;

/// The figures of one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) path: String,
    pub(crate) bytes: u64,
    pub(crate) lines: usize,
    pub(crate) blank: usize,
    pub(crate) words: usize,
    /// In characters.
    pub(crate) longest_line: usize,
}

/// Measures a file. Its length and the time of its last change are in the key.
///
/// # Errors
/// When the file cannot be read.
#[cached(backend = "disk", tags = ["file:{path}"])]
pub(crate) fn measure(path: &str, bytes: u64, _modified: u64) -> io::Result<Figures> {
    let text = text(path)?;
    Ok(Figures {
        path: path.to_owned(),
        bytes,
        lines: text.lines().count(),
        blank: text.lines().filter(|line| line.trim().is_empty()).count(),
        words: text.split_whitespace().count(),
        longest_line: text.lines().map(|line| line.chars().count()).max().unwrap_or(0),
    })
}
