//! The file backend of [`cached_core`]: entries live in a directory that processes share.
//!
//! Linking this crate adds the kind `file`; an alias then needs a directory:
//!
//! ```toml
//! [backends.shared]
//! kind = "file"
//! location = "/var/cache/shop"   # a relative path is taken from the working directory at install
//! max_entries = 100_000          # in the directory; "unbounded" has to be written
//! cull_frequency = 3             # when there are as many, one in three goes; 0: all go
//! ```
//!
//! In code, [`FileBackend::new`] is the same thing.
//!
//! # What it does
//!
//! - **One file for each entry**, named after its key. Letter case is spelled out in the name, so
//!   that keys do not meet on a file system that ignores case. Files lie in 256 sub-directories, by a digest of the
//!   name, since many file systems are slow with a million files in one. What an older release left beside them is not
//!   read, and is removed once no tombstone of it can count any more.
//! - **It is bounded by number.** A write that finds `max_entries` removes one in `cull_frequency`: first what has
//!   expired, then at random. A process that writes alone keeps to the bound; each of several may exceed it by a tenth,
//!   since none counts the directory for each write.
//! - **A write is a rename.** A reader sees the old entry or the new one, without a lock.
//! - **Conditional writes are exact** between threads and processes: writes and removals of a key
//!   take an advisory lock on one of 64 small files (`.lock-00` to `.lock-3f`).
//! - **Expiry follows the wall clock**, in milliseconds. An expired file goes when it is next read.
//! - **Nothing is opened at install.** The directory is made by the first write, mode 0700; files
//!   have mode 0600.
//! - **Damage is a miss**: a file that is cut short, altered, or not ours is never served.
//!
//! # What it does not do
//!
//! - **It does not sync.** After a power failure an entry may be lost. A torn one is a miss, since
//!   each file carries a checksum.
//! - **It is not bounded by bytes.** So many entries may be as long as `max_value_bytes` allows.
//! - **It does not follow symbolic links**, neither for its directory nor for a file in it. Links
//!   in the directories above are followed.
//! - **It trusts nobody else.** An entry counts only if it belongs to this process's user or to
//!   root, and nobody else may write it: processes that share a directory run as one user. On a
//!   file system that keeps neither owner nor mode, nothing is ever found again.
//! - **It needs advisory locks.** On a file system without them, writes are errors.
//!
//! # Cost
//!
//! A hit is seven short system calls and one copy of the value. A write is about fifteen, and
//! blocks as long as the disk does; `clear`, and the first write of a backend, read the whole
//! directory.
//!
//! # Example: what one backend writes, another on the same directory reads
//! ```
//! use std::time::Duration;
//! use cached_core::backend::{Backend, Reply, When, Write};
//! use cached_file::FileBackend;
//!
//! # let scratch = tempfile::tempdir()?;
//! # let directory = scratch.path().join("cache");
//! let (here, there) = (FileBackend::new(&directory), FileBackend::new(&directory));
//!
//! let write = Write::new("shop:1".into(), b"value"[..].into(), Some(Duration::from_secs(60)), When::Absent);
//! let Reply::Ready(stored) = here.set_many(vec![write]) else { unreachable!("it blocks") };
//! assert_eq!(stored?, [true]);
//!
//! let Reply::Ready(found) = there.get_many(&["shop:1".into()]) else { unreachable!("it blocks") };
//! assert_eq!(found?[0].as_deref(), Some(&b"value"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod backend;
mod client;
mod config;
mod entry;
mod name;
#[cfg(test)]
mod tests;

pub use backend::FileBackend;

inventory::submit! { cached_core::Kind::new("file", config::OPTIONS, backend::make).shows(config::OPTIONS) }
