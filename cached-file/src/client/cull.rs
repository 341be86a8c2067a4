//! What looks at many entries: the sweep of a start, counting, culling, `clear`.
//!
//! In: what the census says. Out: files removed, each under its lock, and counts for the census. But for `clear` all of
//! it is a courtesy of a writer: what fails is left for the next one.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::io::Read;
use std::time::{Duration, SystemTime};

use super::{Client, Fault, system};
use crate::entry::{HEADER, Header};
use crate::name::Name;

/// An older release, which may still run beside this one, finds its entries for so long: no tombstone lives longer.
const FLAT_LIFE: Duration = Duration::from_secs(3_600);
/// How many entries are removed before others are let have the lock.
const BATCH: usize = 100;

/// An entry that may have to go.
struct Candidate {
    name: Name,
    file: Metadata,
    /// Nobody can be given it any more: it has expired, or is damaged.
    is_over: bool,
}

impl Client {
    /// Removes what dead writers and an older release left, and counts all entries.
    pub(super) fn sweep(&self) {
        self.sweep_flat();
        for sub in 0..=u8::MAX {
            let _ = self.look_over(sub, |_| (), |file_name| self.discard(Some(sub), file_name));
        }
    }

    /// Counts a sub-directory anew.
    pub(super) fn count(&self, sub: u8) {
        let _ = self.look_over(sub, |_| (), |_| ());
    }

    /// Removes every entry whose key begins with `prefix`, and what dead writers left. Ends at the
    /// first failure: behind one stuck lock there may be thousands of entries.
    pub(crate) fn clear(&self, prefix: &str) -> Result<(), Fault> {
        self.sweep_flat();
        for sub in 0..=u8::MAX {
            let mut names = self.names(sub, |file_name| self.discard(Some(sub), file_name))?;
            names.retain(|(_, key)| key.starts_with(prefix));
            for batch in names.chunks(BATCH) {
                let Some(_turn) = self.turn(sub)? else { break };
                batch.iter().try_for_each(|(name, _)| self.unlink(name).map(drop))?;
            }
        }
        Ok(())
    }

    /// Removes what the first format left beside the sub-directories.
    fn sweep_flat(&self) {
        let before = (self.now)().checked_sub(FLAT_LIFE).unwrap_or(SystemTime::UNIX_EPOCH);
        let _ = self.directory.each_file(None, |file_name| {
            self.discard(None, file_name);
            let _ = self.directory.discard_flat(file_name, before);
        });
    }

    fn discard(&self, sub: Option<u8>, file_name: &OsStr) {
        let _ = self.directory.discard_abandoned(sub, file_name);
    }

    /// Plays one step of a cull: removes what is over, and of the rest what was written longest ago, so that tombstones
    /// stay and entries go whose code is no more.
    pub(super) fn make_room(&self) {
        let Some(share) = self.census.share() else { return };
        let mut found = Vec::new();
        for &sub in &share.subs {
            let Ok(names) = self.names(sub, |_| ()) else { continue };
            found.extend(names.into_iter().filter_map(|(name, _)| self.candidate(name)));
        }
        let quota = self.census.quota(share.known, found.len());
        let gone = share.known.saturating_sub(found.len());
        found.sort_by_cached_key(|entry| (!entry.is_over, entry.file.modified().ok()));
        let over = found.iter().take_while(|entry| entry.is_over).count();
        found.truncate(quota.max(over));
        found.sort_by_key(|entry| entry.name.sub());
        let by_sub = found.chunk_by(|a, b| a.name.sub() == b.name.sub());
        let removed: usize = by_sub.flat_map(|some| some.chunks(BATCH)).map(|batch| self.take_away(batch)).sum();
        self.census.paid(gone + removed);
    }

    /// Removes entries of one sub-directory that are as they were, unless somebody is writing there, and says how many.
    fn take_away(&self, entries: &[Candidate]) -> usize {
        let Some(sub) = entries.first().map(|entry| entry.name.sub()) else { return 0 };
        let Ok(Some(_turn)) = self.directory.try_lock(sub) else { return 0 };
        let is_unchanged = |entry: &&Candidate| {
            let now = self.directory.path(&entry.name).symlink_metadata();
            now.is_ok_and(|now| system::is_same(&now, &entry.file))
        };
        let going = entries.iter().filter(is_unchanged);
        going.filter(|entry| self.unlink(&entry.name).unwrap_or(false)).count()
    }

    fn candidate(&self, name: Name) -> Option<Candidate> {
        let mut opened = self.directory.open(&name).ok()??;
        let file = opened.metadata().ok().filter(Metadata::is_file)?;
        let mut header = [0; HEADER];
        let header = opened.read_exact(&mut header).ok().and_then(|()| Header::parse(header));
        let is_over = header.is_none_or(|header| header.is_over((self.now)()));
        Some(Candidate { name, file, is_over })
    }

    /// The entries of a sub-directory and their keys. Visits its other files.
    fn names(&self, sub: u8, other: impl Fn(&OsStr)) -> Result<Vec<(Name, String)>, Fault> {
        let mut names = Vec::new();
        let entry = |file_name: &OsStr| {
            let parsed = file_name.to_str().and_then(Name::parse);
            // One that lies elsewhere than it should is somebody else's.
            names.extend(parsed.filter(|(name, _)| name.sub() == sub));
        };
        self.look_over(sub, entry, other)?;
        Ok(names)
    }

    /// Counts and visits what is called like an entry in a sub-directory, and visits its other files.
    fn look_over(&self, sub: u8, mut entry: impl FnMut(&OsStr), other: impl Fn(&OsStr)) -> Result<(), Fault> {
        let mut entries = 0;
        self.directory.each_file(Some(sub), |file_name| {
            if Name::fits(file_name.as_encoded_bytes()) {
                entries += 1;
                entry(file_name);
            } else {
                other(file_name);
            }
        })?;
        self.census.counted(sub, entries);
        Ok(())
    }
}
