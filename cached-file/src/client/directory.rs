//! A directory of files that come and go whole, and its locks.
//!
//! In: file names and bytes. Out: open files. Nothing here knows what is in them.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io::{Error, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use super::{Fault, system};
use crate::name::Name;

/// Names of values on their way. They cannot be mistaken for entries, whose names end otherwise.
const STAGED: (&str, &str) = (".tmp-", ".cached-new");
/// How long a lock is waited for in all, and the first and the longest pause between two looks.
const LOCK_WAIT: Duration = Duration::from_secs(1);
const PAUSES: (Duration, Duration) = (Duration::from_micros(50), Duration::from_millis(2));

/// The right to change a name, given back when dropped.
pub(super) struct Turn(File);

impl Drop for Turn {
    fn drop(&mut self) {
        // Closing is not enough: a child that another thread forks meanwhile has the file open, too.
        let _ = self.0.unlock();
    }
}

/// A path at which there is a directory, or will be.
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn as_path(&self) -> &Path {
        &self.0
    }

    /// Where a file is: the one place that knows the layout.
    pub(super) fn path(&self, file_name: impl AsRef<OsStr>) -> PathBuf {
        self.0.join(file_name.as_ref())
    }

    /// Whether the directory is there. A link or a file in its place is an error.
    pub(super) fn is_there(&self) -> Result<bool, Fault> {
        let refused = Fault::of("use the directory");
        match fs::symlink_metadata(&self.0) {
            Ok(found) if found.is_dir() => Ok(true),
            Ok(_) => {
                let why = "it is not a directory, or it is a symbolic link, which is not followed";
                Err(refused(Error::new(ErrorKind::NotADirectory, why)))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(refused(error)),
        }
    }

    /// Makes the directory, if it is not there.
    pub(super) fn make(&self) -> Result<(), Fault> {
        let failed = Fault::of("make the directory");
        if self.is_there()? {
            return Ok(());
        }
        system::directory().create(&self.0).map_err(&failed)?;
        // Making is content with a link that somebody else put there, and with an empty path.
        if self.is_there()? { Ok(()) } else { Err(failed(ErrorKind::NotFound.into())) }
    }

    /// Opens a file for reading; none if there is none, or what is there is a link or no file.
    pub(super) fn open(&self, file_name: &str) -> Result<Option<File>, Fault> {
        let path = self.path(file_name);
        match system::open(system::options().read(true), &path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(_) if path.symlink_metadata().is_ok_and(|found| !found.is_file()) => Ok(None),
            Err(error) => Err(Fault::of("open an entry")(error)),
        }
    }

    /// Removes a file. A directory of that name is somebody else's, and no entry to a reader either.
    pub(super) fn unlink(&self, file_name: impl AsRef<OsStr>) -> Result<(), Fault> {
        let path = self.path(file_name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound && !path.is_dir() => {
                Err(Fault::of("remove a file")(error))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn each_file(&self, mut visit: impl FnMut(&OsStr) -> Result<(), Fault>) -> Result<(), Fault> {
        let failed = Fault::of("list the directory");
        if !self.is_there()? {
            return Ok(());
        }
        let files = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            files => files.map_err(&failed)?,
        };
        for file in files {
            visit(&file.map_err(&failed)?.file_name())?;
        }
        Ok(())
    }

    /// Writes `parts` under a name that no reader looks for, mode 0600. The file stays locked until
    /// it is renamed or dropped, which tells `discard_abandoned` that its writer lives.
    pub(super) fn stage(&self, parts: &[&[u8]]) -> Result<NamedTempFile, Fault> {
        let failed = Fault::of("make a temporary file");
        let mut builder = tempfile::Builder::new();
        let mut staged = builder.prefix(STAGED.0).suffix(STAGED.1).tempfile_in(&self.0).map_err(&failed)?;
        match staged.as_file().try_lock() {
            Ok(()) if system::is_at(staged.as_file(), staged.path()) => {}
            Err(TryLockError::Error(error)) => return Err(Fault::of("lock a temporary file")(error)),
            // Discarded between these two steps; the caller starts again.
            Ok(()) | Err(TryLockError::WouldBlock) => return Err(failed(ErrorKind::NotFound.into())),
        }
        parts.iter().try_for_each(|part| staged.write_all(part)).map_err(Fault::of("write an entry"))?;
        Ok(staged)
    }

    /// Removes a file of `stage` that is on its way no more: only a dead writer leaves it unlocked.
    pub(super) fn discard_abandoned(&self, file_name: &OsStr) -> Result<(), Fault> {
        let name = file_name.as_encoded_bytes();
        if !name.starts_with(STAGED.0.as_bytes()) || !name.ends_with(STAGED.1.as_bytes()) {
            return Ok(());
        }
        let path = self.path(file_name);
        if let Ok(file) = system::open(system::options().read(true).write(true), &path)
            && file.try_lock().is_ok()
        {
            return self.unlink(file_name); // its lock is held while it goes
        }
        Ok(())
    }

    /// Takes the lock of a name.
    pub(super) fn lock(&self, name: &Name) -> Result<Turn, Fault> {
        let (mut pause, longest) = PAUSES;
        let mut waited = Duration::ZERO;
        loop {
            if let Some(turn) = self.try_lock(name)? {
                return Ok(turn);
            }
            if waited >= LOCK_WAIT {
                return Err(Fault::of("take a lock")(Error::new(ErrorKind::TimedOut, "somebody else holds it")));
            }
            std::thread::sleep(pause);
            waited += pause;
            pause = longest.min(pause * 2);
        }
    }

    /// Takes the lock of a name, if nobody has it. Opens it anew: a handle of its own shuts out
    /// this process's other threads, too.
    pub(super) fn try_lock(&self, name: &Name) -> Result<Option<Turn>, Fault> {
        let path = self.path(format!(".lock-{:02x}", name.stripe()));
        let mut options = system::options();
        options.read(true).write(true).create(true).truncate(false);
        let file = system::open(&options, &path).map_err(Fault::of("open a lock file"))?;
        match file.try_lock() {
            // A lock on a file that was removed meanwhile shuts nobody out.
            Ok(()) => Ok(Some(Turn(file)).filter(|turn| system::is_at(&turn.0, &path))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Fault::of("take a lock")(error)),
        }
    }
}
