//! What an alias of kind `file` may be told.
//!
//! In: the options of one alias. Out: a [`Config`], or an error that names alias and option.

use std::path::{Path, PathBuf};

use cached_core::{Error, ErrorKind, Options};

/// The options beside those that every alias has.
pub(crate) const OPTIONS: &[&str] = &["location"];

/// Where the entries of one alias live.
pub(crate) struct Config {
    /// Who asked, for messages; a backend made in code has no alias.
    pub(crate) alias: Option<String>,
    /// An absolute path without a trailing separator: `link/` would be the directory behind a link.
    pub(crate) directory: PathBuf,
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
        Ok(Self { alias: Some(alias.to_owned()), directory: settle(Path::new(location)) })
    }

    /// The same for a directory given in code.
    pub(crate) fn new(directory: &Path) -> Self {
        Self { alias: None, directory: settle(directory) }
    }
}

/// Fixes a relative path to the working directory of now. Without one the path stays relative,
/// and its first use says what is wrong.
fn settle(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path);
    absolute.as_deref().unwrap_or(path).components().collect()
}
