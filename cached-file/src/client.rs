//! Entries in a directory. This room alone names the file system.
//!
//! In: file names, values, conditions. Out: what is there, or the operation that failed.
//!
//! Files are never changed, only replaced by a rename; so reading takes no lock. Whoever writes or
//! removes a name holds its lock while looking and acting, which makes the two one step for
//! every thread and process.

mod census;
mod cull;
mod directory;
mod system;

use std::fs::{File, Metadata};
use std::io::{Error, ErrorKind, IoSliceMut, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use cached_core::backend::{Bytes, When};

use self::census::Census;
use self::directory::{Directory, Turn};
use crate::config::Bound;
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

    fn is(&self, kind: ErrorKind) -> bool {
        self.error.kind() == kind
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
    census: Census,
    /// The wall clock; tests move it.
    pub(crate) now: fn() -> SystemTime,
    swept: AtomicBool,
}

impl Client {
    /// Opens nothing.
    pub(crate) fn new(directory: PathBuf, bound: Bound) -> Self {
        let (directory, census) = (Directory::new(directory), Census::new(bound));
        Self { directory, census, now: SystemTime::now, swept: AtomicBool::new(false) }
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.as_path()
    }

    /// The live values of `names`, in their order.
    pub(crate) fn read(&self, names: &[Name]) -> Result<Vec<Option<Bytes>>, Fault> {
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
                Err(fault) if fault.is(ErrorKind::NotFound) => {} // the directory went away meanwhile
                done => return done,
            }
        }
        self.try_write(name, value, ttl, when)
    }

    /// Removes an entry, if `when` holds, and says whether a live one was there.
    pub(crate) fn remove(&self, name: &Name, when: When) -> Result<bool, Fault> {
        let Some(_turn) = self.turn(name.sub())? else {
            return Ok(false);
        };
        let live = match self.live(name) {
            Err(_) if when == When::Always => None, // what cannot be read is to go all the same
            live => live?,
        };
        let met = when.is_met_by(live.as_deref());
        if met {
            self.unlink(name)?;
        }
        Ok(met && live.is_some())
    }

    fn try_write(&self, name: &Name, value: &[u8], ttl: Option<Duration>, when: When) -> Result<bool, Fault> {
        self.directory.make(name.sub())?;
        if !self.swept.swap(true, Ordering::Relaxed) {
            self.sweep();
        }
        // Looked at twice: here to spare a write in vain, below because only there it is binding.
        if !self.holds(name, when)? {
            return Ok(false);
        }
        if self.census.is_bounded() && self.census.is_full() && !self.directory.has_entry(name) {
            self.make_room();
        }
        let before = if when == When::Always { self.directory.look(name) } else { None };
        let put = self.put(name, value, ttl, when);
        if let Err(fault) = &put
            && !fault.is(ErrorKind::NotFound)
            && !fault.is(ErrorKind::TimedOut)
        {
            self.withdraw(name, when, before.as_ref());
        }
        put
    }

    fn put(&self, name: &Name, value: &[u8], ttl: Option<Duration>, when: When) -> Result<bool, Fault> {
        let header = Header::new((self.now)(), ttl, value).to_bytes();
        let staged = self.directory.stage(name.sub(), &[&header, value])?;
        let turn = self.directory.lock(name.sub())?;
        if !self.holds(name, when)? {
            return Ok(false);
        }
        let is_new = self.census.is_bounded() && !matches!(when, When::Stamp(_)) && !self.directory.has_entry(name);
        self.directory.settle(staged, name)?;
        drop(turn);
        if is_new {
            self.census.added(name.sub()).for_each(|sub| self.count(sub));
        }
        Ok(true)
    }

    /// Removes what a failed write was to replace, as far as the system lets it: an older value must not be found after
    /// a newer one was to be there. What has taken the place of what was there `before` is newer still, and stays.
    pub(crate) fn withdraw(&self, name: &Name, when: When, before: Option<&Metadata>) {
        let _ = match when {
            When::Absent => return,
            When::Always => {
                // A file is removed in one step: where no handle is free, this does without the lock.
                let _turn = self.directory.lock(name.sub());
                let now = self.directory.look(name);
                if !now.is_some_and(|now| before.is_some_and(|before| system::is_same(&now, before))) {
                    return;
                }
                self.unlink(name)
            }
            When::Stamp(_) => self.remove(name, when),
        };
    }

    /// What is in the place of an entry, to be told from what takes its place.
    #[cfg(test)]
    pub(crate) fn look(&self, name: &Name) -> Option<Metadata> {
        self.directory.look(name)
    }

    /// Removes an entry, and says whether there was one.
    fn unlink(&self, name: &Name) -> Result<bool, Fault> {
        let was_there = self.directory.unlink(name)?;
        self.census.removed(name.sub(), usize::from(was_there));
        Ok(was_there)
    }

    /// The lock of a sub-directory; none if there is no such, and so nothing to remove.
    fn turn(&self, sub: u8) -> Result<Option<Turn>, Fault> {
        if !self.directory.has(sub)? {
            return Ok(None);
        }
        match self.directory.lock(sub) {
            Err(fault) if fault.is(ErrorKind::NotFound) => Ok(None),
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
        let Some(mut file) = self.directory.open(name)? else {
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
        let mut value: Bytes = std::iter::repeat_n(0, length).collect();
        // Nobody else has the new value yet, so this gives all of it.
        read_both(file, &mut header, Arc::get_mut(&mut value).unwrap_or_default())?;
        Ok(match Header::parse(header) {
            Some(header) if header.is_over((self.now)()) => Found::Expired,
            Some(header) if header.belongs_to(&value) => Found::Live(value),
            _ => Found::Nothing,
        })
    }

    /// Removes an expired file, if it still is one: a fresh entry may have taken its place.
    pub(crate) fn bury(&self, name: &Name) -> Result<(), Fault> {
        let turn = self.directory.try_lock(name.sub())?;
        if turn.is_some() && matches!(self.load(name)?, Found::Expired) {
            self.unlink(name)?;
        }
        Ok(())
    }
}

/// Fills both from a file, in one call of the system where that gives all.
fn read_both(file: &mut File, head: &mut [u8], rest: &mut [u8]) -> Result<(), Error> {
    let read = match file.read_vectored(&mut [IoSliceMut::new(head), IoSliceMut::new(rest)]) {
        Err(error) if error.kind() == ErrorKind::Interrupted => 0,
        read => read?,
    };
    let (in_head, in_rest) = (read.min(head.len()), read.saturating_sub(head.len()));
    file.read_exact(&mut head[in_head..])?;
    file.read_exact(&mut rest[in_rest..])
}
