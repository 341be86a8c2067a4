//! What an alias of kind `file` may be told.
//!
//! In: the options of one alias. Out: a [`Config`], or an error that names alias and option.

use std::path::{Path, PathBuf};

use cached_core::{Error, ErrorKind, Options};

/// The options beside those that every alias has.
pub(crate) const OPTIONS: &[&str] = &["location", "cull_frequency"];

/// Where the entries of one alias live, and how many.
pub(crate) struct Config {
    /// Who asked, for messages; a backend made in code has no alias.
    pub(crate) alias: Option<String>,
    /// An absolute path without a trailing separator: `link/` would be the directory behind a link.
    pub(crate) directory: PathBuf,
    pub(crate) bound: Bound,
}

/// How many entries a directory may have, and how many go when there are too many.
#[derive(Clone, Copy)]
pub(crate) struct Bound {
    /// `usize::MAX` is no bound.
    pub(crate) max_entries: usize,
    /// One in so many goes; 0: all go.
    pub(crate) cull_frequency: usize,
}

/// Ten functions' worth of what one has in memory: some 400 files in a sub-directory, and a first count that fits into
/// the usual `op_timeout`. One in three goes, as Django has it.
impl Default for Bound {
    fn default() -> Self {
        Self { max_entries: 100_000, cull_frequency: 3 }
    }
}

impl Config {
    /// Reads the options of one alias. Looks at the working directory, at nothing else.
    pub(crate) fn read(options: &Options) -> Result<Self, Error> {
        let alias = options.alias();
        let fault = |what: &str| {
            Error::new(ErrorKind::Config, format!("backends.{alias}.location {what}"))
                .note("it names a directory, as in location = \"/var/cache/shop\"")
        };
        let location = options.text("location")?.ok_or_else(|| fault("is missing"))?;
        if location.is_empty() {
            return Err(fault("is empty"));
        }
        if location.contains('\0') {
            return Err(fault("contains a NUL character"));
        }
        let directory = settle(Path::new(location));
        Ok(Self { alias: Some(alias.to_owned()), directory, bound: Bound::read(options)? })
    }

    /// The same for a directory given in code.
    pub(crate) fn new(directory: &Path) -> Self {
        Self { alias: None, directory: settle(directory), bound: Bound::default() }
    }
}

impl Bound {
    fn read(options: &Options) -> Result<Self, Error> {
        let usual = Self::default();
        // Every alias may have `max_entries`: what cannot be read there has been said.
        let max_entries = match options.text("max_entries") {
            Ok(Some("unbounded")) => usize::MAX,
            _ => options.count("max_entries").ok().flatten().unwrap_or(usual.max_entries).max(1),
        };
        Ok(Self { max_entries, cull_frequency: options.count("cull_frequency")?.unwrap_or(usual.cull_frequency) })
    }
}

/// Fixes a relative path to the working directory of now. Without one the path stays relative,
/// and its first use says what is wrong.
fn settle(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path);
    absolute.as_deref().unwrap_or(path).components().collect()
}
