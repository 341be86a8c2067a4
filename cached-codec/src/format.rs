//! How the values of one alias become bytes.
//!
//! In: a value that serde can carry, or bytes. Out: bytes; or the value that was written, or why there is none. Both run
//! the code of the value's type; a panic of it is an error here, since no call fails for what is stored.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::canonical::{self, Proof};
use crate::named::{self, Named};
use crate::{Failed, msgpack};

/// How many bytes a proof takes, before what the codec writes.
const PROOF: usize = 8;
/// For a proof, and for what a walk over a value does not count: its numbers.
const ROOM: usize = 64;
/// The codec that nobody has to name.
const MSGPACK: &str = "msgpack";

/// A codec: MessagePack with the names of fields, or another by its name.
#[derive(Clone, Copy)]
pub struct Format {
    named: Option<Named>,
    id: [u8; 4],
    limit: usize,
}

impl Default for Format {
    fn default() -> Self {
        Self::of(None)
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Format({})", self.name())
    }
}

impl Format {
    fn of(named: Option<Named>) -> Self {
        let sum = xxh3_64(named.map_or(MSGPACK, |named| named.name()).as_bytes()).to_le_bytes();
        Self { named, id: [sum[0], sum[1], sum[2], sum[3]], limit: usize::MAX }
    }

    /// The format of a name.
    ///
    /// # Errors
    /// What to do, where there is none of that name.
    pub fn named(name: &str) -> Result<Self, String> {
        Ok(Self::of(if name == MSGPACK { None } else { Some(named::find(name)?) }))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.named.map_or(MSGPACK, |named| named.name())
    }

    /// What tells its bytes from those of others: four bytes of XXH3-64 of its name.
    pub fn id(self) -> [u8; 4] {
        self.id
    }

    /// This one, for values of at most so many bytes; MessagePack stops writing there.
    #[must_use]
    pub fn at_most(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// This one, if its bytes say what they are; else the default. For values whose reader names the type each time.
    #[must_use]
    pub fn describing(self) -> Self {
        if self.named.is_none_or(|named| named.is_describing()) { self } else { Self::of(None).at_most(self.limit) }
    }

    /// The bytes of a value whose type may be another when they are read.
    ///
    /// # Errors
    /// When the codec would lose something, or the value cannot be serialized.
    pub fn write<V: ?Sized + Serialize>(self, value: &V) -> Result<Vec<u8>, Failed> {
        guarded(|| self.prove(value).and_then(|proof| self.append(value, self.room(&proof))))
    }

    /// A value of the type that the caller wants, if the bytes can be one.
    ///
    /// # Errors
    /// When they cannot.
    pub fn read<V: Deserialize<'static>>(self, bytes: &[u8]) -> Result<V, Failed> {
        guarded(|| self.value(bytes))
    }

    /// The bytes of a value, with a proof of what it is.
    ///
    /// # Errors
    /// As for [`Format::write`].
    pub fn write_proven<V: ?Sized + Serialize>(self, value: &V) -> Result<Vec<u8>, Failed> {
        guarded(|| {
            let proof = self.prove(value)?;
            let mut bytes = self.room(&proof);
            bytes.extend_from_slice(&proof.sum.to_le_bytes());
            self.append(value, bytes)
        })
    }

    /// The value that was written, whatever has become of its type and its codec since.
    ///
    /// # Errors
    /// When the bytes are none, or would be another value.
    pub fn read_proven<V: Serialize + Deserialize<'static>>(self, bytes: &[u8]) -> Result<V, Failed> {
        guarded(|| {
            let (proof, bytes) = bytes.split_first_chunk::<PROOF>().ok_or_else(|| Failed::new("too short"))?;
            let value = self.value(bytes)?;
            let is_proven = canonical::proof(&value, false)?.sum.to_le_bytes() == *proof;
            if is_proven { Ok(value) } else { Err(Failed::new("it is not the value that was written")) }
        })
    }

    fn prove<V: ?Sized + Serialize>(self, value: &V) -> Result<Proof, Failed> {
        canonical::proof(value, self.named.is_some_and(|named| named.is_finite()))
    }

    /// Where a value is written that was just walked: most fit without growing.
    fn room(self, proof: &Proof) -> Vec<u8> {
        Vec::with_capacity(ROOM + proof.length.min(self.limit))
    }

    fn append<V: ?Sized + Serialize>(self, value: &V, mut bytes: Vec<u8>) -> Result<Vec<u8>, Failed> {
        match self.named {
            None => msgpack::append(value, &mut bytes, self.limit)?,
            Some(named) => bytes.extend(named.write(value)?),
        }
        Ok(bytes)
    }

    fn value<V: Deserialize<'static>>(self, bytes: &[u8]) -> Result<V, Failed> {
        self.named.map_or_else(|| msgpack::read(bytes), |named| named.read(bytes))
    }
}

fn guarded<T>(code: impl FnOnce() -> Result<T, Failed>) -> Result<T, Failed> {
    let panicked = |_| Err(Failed::new("`Serialize` or `Deserialize` panicked"));
    catch_unwind(AssertUnwindSafe(code)).unwrap_or_else(panicked)
}
