//! What differs between operating systems.
//!
//! In: a path or what is known of a file. Out: how to open it without being led elsewhere, and
//! whether it can be believed. Elsewhere than on Unix there are no modes or owners to look at.

#[cfg(not(unix))]
pub(in crate::client) use other::{directory, is_at, is_ours, is_same, open, options};
#[cfg(unix)]
pub(in crate::client) use unix::{directory, is_at, is_ours, is_same, open, options};

use std::fs::File;
use std::path::Path;

/// Opens a file for reading if no part of its path is a symbolic link, in one step; what it is after an error, the long
/// way has to find out: a link, or a kernel that does not know how.
#[cfg(target_os = "linux")]
pub(in crate::client) fn open_without_links(path: &Path) -> std::io::Result<File> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS)?.into())
}

#[cfg(not(target_os = "linux"))]
pub(in crate::client) fn open_without_links(_: &Path) -> std::io::Result<File> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
mod unix {
    use std::fs::{DirBuilder, File, Metadata, OpenOptions};
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
    use std::path::Path;

    use rustix::fs::OFlags;

    /// How a file is opened here: never through a link, and never waiting for a pipe's other end.
    pub(in crate::client) fn options() -> OpenOptions {
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        let mut options = OpenOptions::new();
        options.mode(0o600).custom_flags(flags.cast_signed());
        options
    }

    pub(in crate::client) fn open(options: &OpenOptions, path: &Path) -> std::io::Result<File> {
        options.open(path)
    }

    /// Makes a directory and those above it for this user only.
    pub(in crate::client) fn directory() -> DirBuilder {
        let mut builder = DirBuilder::new();
        builder.mode(0o700).recursive(true);
        builder
    }

    /// Whether only this user, or root, can have written the file. Who this is may change while the process runs, so it
    /// is asked, but not of files of root's.
    pub(in crate::client) fn is_ours(file: &Metadata) -> bool {
        let owned = file.uid() == 0 || file.uid() == rustix::process::geteuid().as_raw();
        owned && file.mode() & 0o022 == 0
    }

    /// Whether nothing took the place of a file between two looks. The number of a file that is gone may be that of a
    /// new one, so the time counts, too.
    pub(in crate::client) fn is_same(a: &Metadata, b: &Metadata) -> bool {
        let mark = |file: &Metadata| (file.dev(), file.ino(), file.mtime(), file.mtime_nsec());
        mark(a) == mark(b)
    }

    /// Whether the open file is still the one at `path`.
    pub(in crate::client) fn is_at(file: &File, path: &Path) -> bool {
        let there = path.symlink_metadata();
        file.metadata().is_ok_and(|a| there.is_ok_and(|b| (a.dev(), a.ino()) == (b.dev(), b.ino())))
    }
}

#[cfg(not(unix))]
mod other {
    use std::fs::{DirBuilder, File, Metadata, OpenOptions};
    use std::io::{Error, ErrorKind, Result};
    use std::path::Path;

    pub(in crate::client) fn options() -> OpenOptions {
        OpenOptions::new()
    }

    pub(in crate::client) fn open(options: &OpenOptions, path: &Path) -> Result<File> {
        if path.is_symlink() {
            return Err(Error::new(ErrorKind::InvalidInput, "it is a symbolic link"));
        }
        options.open(path)
    }

    pub(in crate::client) fn directory() -> DirBuilder {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        builder
    }

    pub(in crate::client) fn is_ours(_: &Metadata) -> bool {
        true
    }

    pub(in crate::client) fn is_same(a: &Metadata, b: &Metadata) -> bool {
        a.len() == b.len() && a.modified().ok() == b.modified().ok()
    }

    pub(in crate::client) fn is_at(_: &File, _: &Path) -> bool {
        true
    }
}
