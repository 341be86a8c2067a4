//! The file backend of [`cached_core`]: entries live in a directory that processes share.
//!
//! Linking this crate adds the kind `file`; an alias then needs a directory:
//!
//! ```toml
//! [backends.shared]
//! kind = "file"
//! location = "/var/cache/shop"   # a relative path is taken from the working directory at install
//! max_entries = 100_000          # of the whole directory; "unbounded" has to be written
//! cull_frequency = 3             # when there are as many, one in three goes; 0: all go
//! ```
//!
//! In code, [`FileBackend::new`] and [`FileBackend::bounded`] are the same thing.
//!
//! # What it does
//!
//! - **One file for each entry**, named after its key. Letter case is spelled out in the name, so
//!   that keys do not meet on a file system that ignores case.
//! - **Two levels of directories**: an entry lies in one of 256 sub-directories, by two hex digits of
//!   its key's digest. Of a million entries each then has some four thousand, which one can still list,
//!   count and back up, and writers wait for one another in one of 256 places. A sub-directory is made
//!   when it is needed, and never removed.
//! - **A write is a rename.** A reader sees the old entry or the new one, without a lock.
//! - **A write that fails leaves no older value.** What it was to replace is removed, if its condition
//!   held: on a full disk one finds nothing. Where nothing can be removed either, as on a disk that
//!   is read-only, or for a write on a condition without a free file handle, the old value stays. So it
//!   does after a timeout.
//! - **Conditional writes are exact** between threads and processes: writes and removals of a key
//!   take an advisory lock on one of 64 small files (`.lock-00` to `.lock-3f`).
//! - **The number of entries is bounded** by `max_entries`; see below.
//! - **Expiry follows the wall clock**, in milliseconds. An expired file goes when it is next read.
//! - **Nothing is opened at install.** The directory is made by the first write, mode 0700; files
//!   have mode 0600.
//! - **Damage is a miss**: a file that is cut short, altered, or not ours is never served.
//!
//! # The bound
//!
//! A write that adds an entry where there are `max_entries` culls first: one in `cull_frequency` goes,
//! at least one, and what is expired or damaged goes before the rest. Of the rest goes what was written
//! longest ago: so entries go whose code is no more, and the marks of invalidations stay, which are young. (With
//! `cull_frequency = 0`, or a bound that is reached within a computation's time, they go too: what another process
//! began to compute before an invalidation may then be stored after it.)
//! With more than five hundred entries a cull is spread over the next writes, which look at as many each and
//! take some ten milliseconds for it. A write over an entry culls nothing.
//!
//! Entries are counted at the first write of a backend. From then on each process counts what it adds and
//! removes, and looks after the others: while it adds a tenth of `max_entries`, it lists each sub-directory
//! once. So **a process alone keeps to the bound, and several that write exceed it by at most a tenth for each**;
//! threads that write in the same moment may do so by one entry each. What is not counted is the size of
//! files, which is at most `max_value_bytes` and 24 bytes each.
//!
//! # What it does not do
//!
//! - **It does not sync.** After a power failure an entry may be lost. A torn one is a miss, since
//!   each file carries a checksum.
//! - **It does not follow symbolic links**, neither for its directory nor for what is in it. Links
//!   in the directories above are followed.
//! - **It trusts nobody else.** An entry counts only if it belongs to this process's user or to
//!   root, and nobody else may write it: processes that share a directory run as one user. On a
//!   file system that keeps neither owner nor mode, nothing is ever found again.
//! - **It needs advisory locks.** On a file system without them, writes are errors.
//! - **It does not read the first format**, in which all entries lay in one directory (this is the second). They are
//!   misses, and are removed by a first write or a `clear` once they are an hour old: an older release
//!   may run on the same directory until then.
//!
//! # Cost
//!
//! A hit is four system calls (`openat2`, `statx`, `readv`, `close`) and one copy of the value, and takes at most
//! half as much again as reading the file; above 64 KiB the checksum counts, up to 1.7 times as much at a
//! megabyte. A miss is one system call. Without `openat2` (elsewhere than on Linux, before Linux 5.6, where a
//! directory above is a link) a hit is two more. Of files that are not root's it asks who owns the process, too.
//!
//! A write is about twenty calls, and blocks as long as the disk does; `clear`, and the first write of a backend, list
//! the whole directory: about a tenth of a second for 100,000 entries.
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
#![forbid(unsafe_code)]

mod backend;
mod client;
mod config;
mod entry;
mod name;
#[cfg(test)]
mod tests;

pub use backend::FileBackend;

inventory::submit! { cached_core::Kind::new("file", config::OPTIONS, backend::make).shows(config::OPTIONS) }
