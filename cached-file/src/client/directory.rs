//! A directory of files that come and go whole, and its locks.
//!
//! In: names and bytes. Out: open files. Nothing here knows what is in them.
//!
//! ```text
//! .lock-00 … .lock-3f       locks: each is that of four sub-directories
//! 00/ … ff/                 by two digits of the digest of the key
//!     name.cached           an entry
//!     .tmp-….cached-new     a value on its way, until it is renamed into its place
//! ```
//! Sub-directories are made when they are needed, and never removed. A value is staged in the one in which it will lie:
//! of renames between directories a file system does one at a time. In the first format all lay beside the locks.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{Error, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use super::{Fault, system};
use crate::name::{Name, sub_name};

/// Names of values on their way. They cannot be mistaken for entries, whose names end otherwise.
const STAGED: (&str, &str) = (".tmp-", ".cached-new");
/// How many locks there are: each is that of four sub-directories.
const STRIPES: u8 = 64;
/// How long a lock is waited for in all, and the first and the longest pause between two looks.
const LOCK_WAIT: Duration = Duration::from_secs(1);
const PAUSES: (Duration, Duration) = (Duration::from_micros(50), Duration::from_micros(250));

/// The right to change a name, given back when dropped.
pub(super) struct Turn(File);

impl Drop for Turn {
    fn drop(&mut self) {
        // Closing is not enough: a child that another thread forks meanwhile has the file open, too.
        let _ = self.0.unlock();
    }
}

/// A path at which there is a directory of sub-directories, or will be.
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn as_path(&self) -> &Path {
        &self.0
    }

    /// Where an entry is. This and the next two know the layout, and nobody else.
    pub(super) fn path(&self, name: &Name) -> PathBuf {
        self.0.join(name.place())
    }

    /// A sub-directory, or what all of them lie in.
    fn place(&self, sub: Option<u8>) -> PathBuf {
        sub.map_or_else(|| self.0.clone(), |sub| self.0.join(sub_name(sub)))
    }

    fn lock_path(&self, sub: u8) -> PathBuf {
        self.0.join(format!(".lock-{:02x}", sub % STRIPES))
    }

    /// Whether a sub-directory is there. A link or a file in its place, or in that of the directory, is an error.
    pub(super) fn has(&self, sub: u8) -> Result<bool, Fault> {
        Ok(is_there(&self.0)? && is_there(&self.place(Some(sub)))?)
    }

    /// Makes a sub-directory and what is above it, if they are not there.
    pub(super) fn make(&self, sub: u8) -> Result<(), Fault> {
        let failed = Fault::of("make the directory");
        for path in [&self.0, &self.place(Some(sub))] {
            if is_there(path)? {
                continue;
            }
            system::directory().create(path).map_err(&failed)?;
            // Making is content with a link that somebody else put there, and with an empty path.
            if !is_there(path)? {
                return Err(failed(ErrorKind::NotFound.into()));
            }
        }
        Ok(())
    }

    /// Opens an entry for reading; none if there is none, or what is there is a link or no file.
    pub(super) fn open(&self, name: &Name) -> Result<Option<File>, Fault> {
        let path = self.path(name);
        // Below an empty path the name would be looked for in the working directory.
        if path.is_absolute() {
            match system::open_without_links(&path) {
                Ok(file) => return Ok(Some(file)),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(_) => {} // what follows finds out why
            }
        }
        if !self.has(name.sub())? {
            return Ok(None);
        }
        match system::open(system::options().read(true), &path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(_) if path.symlink_metadata().is_ok_and(|found| !found.is_file()) => Ok(None),
            Err(error) => Err(Fault::of("open an entry")(error)),
        }
    }

    /// Whether there is a file in an entry's place, whatever it is.
    pub(super) fn has_entry(&self, name: &Name) -> bool {
        self.look(name).is_some()
    }

    /// What is in an entry's place, to be told from what takes its place.
    pub(super) fn look(&self, name: &Name) -> Option<Metadata> {
        self.path(name).symlink_metadata().ok()
    }

    /// Removes an entry, and says whether there was one. A directory of that name is somebody else's, and no entry to a
    /// reader either.
    pub(super) fn unlink(&self, name: &Name) -> Result<bool, Fault> {
        unlink(&self.path(name))
    }

    /// Visits the files of a sub-directory, or those that lie beside all of them, as everything did in the first format.
    pub(super) fn each_file(&self, sub: Option<u8>, mut visit: impl FnMut(&OsStr)) -> Result<(), Fault> {
        let failed = Fault::of("list the directory");
        let path = self.place(sub);
        if !is_there(&self.0)? || !is_there(&path)? {
            return Ok(());
        }
        let files = match fs::read_dir(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            files => files.map_err(&failed)?,
        };
        for file in files {
            visit(&file.map_err(&failed)?.file_name());
        }
        Ok(())
    }

    /// Writes `parts` beside an entry's place, under a name that no reader looks for, mode 0600. The file stays locked until
    /// it is renamed or dropped, which tells `discard_abandoned` that its writer lives.
    pub(super) fn stage(&self, sub: u8, parts: &[&[u8]]) -> Result<NamedTempFile, Fault> {
        let failed = Fault::of("make a temporary file");
        let mut builder = tempfile::Builder::new();
        let mut staged =
            builder.prefix(STAGED.0).suffix(STAGED.1).tempfile_in(self.place(Some(sub))).map_err(&failed)?;
        match staged.as_file().try_lock() {
            Ok(()) if system::is_at(staged.as_file(), staged.path()) => {}
            Err(TryLockError::Error(error)) => return Err(Fault::of("lock a temporary file")(error)),
            // Discarded between these two steps; the caller starts again.
            Ok(()) | Err(TryLockError::WouldBlock) => return Err(failed(ErrorKind::NotFound.into())),
        }
        parts.iter().try_for_each(|part| staged.write_all(part)).map_err(Fault::of("write an entry"))?;
        Ok(staged)
    }

    /// Gives a staged value its place, in one step.
    pub(super) fn settle(&self, staged: NamedTempFile, name: &Name) -> Result<(), Fault> {
        let settled = staged.persist(self.path(name));
        settled.map(drop).map_err(|kept| Fault::of("rename an entry into place")(kept.error))
    }

    /// Removes a file of `stage` that is on its way no more: only a dead writer leaves it unlocked.
    pub(super) fn discard_abandoned(&self, sub: Option<u8>, file_name: &OsStr) -> Result<(), Fault> {
        let name = file_name.as_encoded_bytes();
        if !name.starts_with(STAGED.0.as_bytes()) || !name.ends_with(STAGED.1.as_bytes()) {
            return Ok(());
        }
        let path = self.place(sub).join(file_name);
        if let Ok(file) = system::open(system::options().read(true).write(true), &path)
            && file.try_lock().is_ok()
        {
            unlink(&path)?; // its lock is held while it goes
        }
        Ok(())
    }

    /// Removes an entry of the first format, which lay beside the sub-directories, if it was written before a moment.
    pub(super) fn discard_flat(&self, file_name: &OsStr, before: SystemTime) -> Result<(), Fault> {
        let path = self.0.join(file_name);
        let is_old = |found: fs::Metadata| found.is_file() && found.modified().is_ok_and(|written| written < before);
        if file_name.to_str().and_then(Name::parse).is_some() && path.symlink_metadata().is_ok_and(is_old) {
            unlink(&path)?;
        }
        Ok(())
    }

    /// Takes the lock of a sub-directory. Who waits looks often: whoever has one has it for some hundred microseconds,
    /// and another may be quicker each time that it is free.
    pub(super) fn lock(&self, sub: u8) -> Result<Turn, Fault> {
        let (mut pause, longest) = PAUSES;
        let mut waited = Duration::ZERO;
        let mut file = self.open_lock(sub)?;
        loop {
            match self.take(file, sub)? {
                Ok(turn) => return Ok(turn),
                Err(_) if waited >= LOCK_WAIT => {
                    return Err(Fault::of("take a lock")(Error::new(ErrorKind::TimedOut, "somebody else holds it")));
                }
                Err(again) => file = again,
            }
            std::thread::sleep(pause);
            waited += pause;
            pause = longest.min(pause * 2);
        }
    }

    /// Takes the lock of a sub-directory, if nobody has it.
    pub(super) fn try_lock(&self, sub: u8) -> Result<Option<Turn>, Fault> {
        Ok(self.take(self.open_lock(sub)?, sub)?.ok())
    }

    /// A handle of its own shuts out this process's other threads, too.
    fn open_lock(&self, sub: u8) -> Result<File, Fault> {
        let mut options = system::options();
        options.read(true).write(true).create(true).truncate(false);
        system::open(&options, &self.lock_path(sub)).map_err(Fault::of("open a lock file"))
    }

    /// Takes a lock, or gives back the handle to try again with.
    fn take(&self, file: File, sub: u8) -> Result<Result<Turn, File>, Fault> {
        match file.try_lock() {
            Ok(()) if system::is_at(&file, &self.lock_path(sub)) => Ok(Ok(Turn(file))),
            // A lock on a file that was removed meanwhile shuts nobody out.
            Ok(()) => self.open_lock(sub).map(Err),
            Err(TryLockError::WouldBlock) => Ok(Err(file)),
            Err(TryLockError::Error(error)) => Err(Fault::of("take a lock")(error)),
        }
    }
}

/// Whether a directory is there. A link or a file in its place is an error.
fn is_there(path: &Path) -> Result<bool, Fault> {
    let refused = Fault::of("use the directory");
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(true),
        Ok(_) => {
            let why = "it is not a directory, or it is a symbolic link, which is not followed";
            Err(refused(Error::new(ErrorKind::NotADirectory, why)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(refused(error)),
    }
}

fn unlink(path: &Path) -> Result<bool, Fault> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() != ErrorKind::NotFound && !path.is_dir() => Err(Fault::of("remove a file")(error)),
        Err(_) => Ok(false),
    }
}
