//! Entries in a directory. This room alone names the file system.
//!
//! In: file names, values, conditions. Out: what is there, or the operation that failed.
//!
//! Files are never changed, only replaced by a rename; so reading takes no lock. Whoever writes or
//! removes a name holds its lock while looking and acting, which makes the two one step for
//! every thread and process.

mod directory;
mod system;

use std::fs::File;
use std::io::{Error, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use cached_core::backend::{Bytes, When};

use self::directory::{Directory, Turn};
use crate::entry::{HEADER, Header, LONGEST_VALUE};
use crate::name::Name;

/// How often a write is tried while its directory is being taken away.
const ATTEMPTS: usize = 4;

/// An operation on the directory that failed.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What could not be done: "write an entry".
    pub(crate) operation: &'static str,
    pub(crate) error: Error,
}

impl Fault {
    /// Gives an error of the system the operation it belongs to.
    fn of(operation: &'static str) -> impl Fn(Error) -> Self {
        move |error| Self { operation, error }
    }

    fn is_not_found(&self) -> bool {
        self.error.kind() == ErrorKind::NotFound
    }
}

/// What a read came upon.
enum Found {
    Nothing,
    Expired,
    Live(Bytes),
}

/// The entries of one directory.
pub(crate) struct Client {
    directory: Directory,
    /// The wall clock; tests move it.
    pub(crate) now: fn() -> SystemTime,
    swept: AtomicBool,
}

impl Client {
    /// Opens nothing.
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self { directory: Directory::new(directory), now: SystemTime::now, swept: AtomicBool::new(false) }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.as_path()
    }

    /// The live values of `names`, in their order.
    pub(crate) fn read(&self, names: &[Name]) -> Result<Vec<Option<Bytes>>, Fault> {
        if !self.directory.is_there()? {
            return Ok(vec![None; names.len()]);
        }
        let found = names.iter().map(|name| match self.load(name)? {
            Found::Live(value) => Ok(Some(value)),
            Found::Nothing => Ok(None),
            Found::Expired => {
                let _ = self.bury(name); // a courtesy: the next writer replaces the file anyway
                Ok(None)
            }
        });
        found.collect()
    }

    /// Stores a value, if `when` holds.
    pub(crate) fn write(&self, name: &Name, value: &[u8], ttl: Option<Duration>, when: When) -> Result<bool, Fault> {
        for _ in 1..ATTEMPTS {
            match self.try_write(name, value, ttl, when) {
                Err(fault) if fault.is_not_found() => {} // the directory went away meanwhile
                done => return done,
            }
        }
        self.try_write(name, value, ttl, when)
    }

    /// Removes an entry, if `when` holds, and says whether a live one was there.
    pub(crate) fn remove(&self, name: &Name, when: When) -> Result<bool, Fault> {
        let Some(_turn) = self.turn(name)? else {
            return Ok(false);
        };
        let live = match self.live(name) {
            Err(_) if when == When::Always => None, // what cannot be read is to go all the same
            live => live?,
        };
        let met = when.is_met_by(live.as_deref());
        if met {
            self.directory.unlink(name.as_str())?;
        }
        Ok(met && live.is_some())
    }

    /// Removes every entry whose key begins with `prefix`, and what dead writers left. Ends at the
    /// first failure: behind one stuck lock there may be thousands of entries.
    pub(crate) fn clear(&self, prefix: &str) -> Result<(), Fault> {
        self.directory.each_file(|file_name| {
            self.directory.discard_abandoned(file_name)?;
            if let Some((name, key)) = file_name.to_str().and_then(Name::parse)
                && key.starts_with(prefix)
                && let Some(_turn) = self.turn(&name)?
            {
                self.directory.unlink(name.as_str())?;
            }
            Ok(())
        })
    }

    fn try_write(&self, name: &Name, value: &[u8], ttl: Option<Duration>, when: When) -> Result<bool, Fault> {
        self.directory.make()?;
        if !self.swept.swap(true, Ordering::Relaxed) {
            // Litter does no harm, so neither does failing to sweep it.
            let _ = self.directory.each_file(|file_name| self.directory.discard_abandoned(file_name));
        }
        // Looked at twice: here to spare a write in vain, below because only there it is binding.
        if !self.holds(name, when)? {
            return Ok(false);
        }
        let header = Header::new((self.now)(), ttl, value).to_bytes();
        let staged = self.directory.stage(&[&header, value])?;
        let _turn = self.directory.lock(name)?;
        if !self.holds(name, when)? {
            return Ok(false);
        }
        let failed = |error| Fault::of("rename an entry into place")(error);
        staged.persist(self.directory.path(name.as_str())).map_err(|kept| failed(kept.error))?;
        Ok(true)
    }

    /// The lock of a name; none if there is no directory, and so nothing to remove.
    fn turn(&self, name: &Name) -> Result<Option<Turn>, Fault> {
        if !self.directory.is_there()? {
            return Ok(None);
        }
        match self.directory.lock(name) {
            Err(fault) if fault.is_not_found() => Ok(None),
            turn => turn.map(Some),
        }
    }

    fn holds(&self, name: &Name, when: When) -> Result<bool, Fault> {
        Ok(when == When::Always || when.is_met_by(self.live(name)?.as_deref()))
    }

    fn live(&self, name: &Name) -> Result<Option<Bytes>, Fault> {
        match self.load(name)? {
            Found::Live(value) => Ok(Some(value)),
            Found::Nothing | Found::Expired => Ok(None),
        }
    }

    /// Reads an entry. What is not whole, not a plain file or not ours is nothing.
    fn load(&self, name: &Name) -> Result<Found, Fault> {
        let Some(mut file) = self.directory.open(name.as_str())? else {
            return Ok(Found::Nothing);
        };
        let found = file.metadata().map_err(Fault::of("look at an entry"))?;
        let length = usize::try_from(found.len()).ok().and_then(|length| length.checked_sub(HEADER));
        let Some(length) = length.filter(|length| *length <= LONGEST_VALUE) else {
            return Ok(Found::Nothing);
        };
        if !found.is_file() || !system::is_ours(&found) {
            return Ok(Found::Nothing);
        }
        match self.decode(&mut file, length) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(Found::Nothing),
            found => found.map_err(Fault::of("read an entry")),
        }
    }

    fn decode(&self, file: &mut File, length: usize) -> Result<Found, Error> {
        let mut header = [0; HEADER];
        file.read_exact(&mut header)?;
        let Some(header) = Header::parse(header) else {
            return Ok(Found::Nothing);
        };
        if header.is_over((self.now)()) {
            return Ok(Found::Expired);
        }
        let mut value: Bytes = std::iter::repeat_n(0, length).collect();
        // Nobody else has the new value yet, so this gives all of it.
        file.read_exact(Arc::get_mut(&mut value).unwrap_or_default())?;
        Ok(if header.belongs_to(&value) { Found::Live(value) } else { Found::Nothing })
    }

    /// Removes an expired file, if it still is one: a fresh entry may have taken its place.
    pub(crate) fn bury(&self, name: &Name) -> Result<(), Fault> {
        let turn = self.directory.try_lock(name)?;
        let is_expired = turn.is_some() && matches!(self.load(name)?, Found::Expired);
        if is_expired { self.directory.unlink(name.as_str()) } else { Ok(()) }
    }
}
