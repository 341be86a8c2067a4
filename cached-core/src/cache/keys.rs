//! From a key as it is written to where its entry lives.
//!
//! In: prefix, version, key, and the salt of an isolated scope. Out: a storage key of the fixed alphabet, and the whole
//! digest, by which an envelope is known. Different triples never meet: their lengths are part of what is digested.

use std::sync::LazyLock;

use crate::backend::Key;
use crate::codec::{self, Mark};
use crate::error::{Error, ErrorKind};
use crate::registry::Keys;
use crate::store::{Address, hex};

/// The longest key, in bytes.
const LONGEST: usize = 64 * 1024;

/// What tells envelopes of the low-level cache from those of sites.
static SCHEMA: LazyLock<[u8; 16]> = LazyLock::new(|| codec::site_schema("", 0, 0, "the low-level cache"));

/// Where the entry of a key lives.
pub(super) fn address(keys: &Keys, version: u64, key: &str, salt: u64, codec: [u8; 4]) -> Result<Address, Error> {
    if key.len() > LONGEST {
        let message = format!("a key of {} bytes; the longest has {LONGEST}", key.len());
        return Err(Error::new(ErrorKind::Encode, message).note("give a digest of it as the key"));
    }
    let made;
    let version_bytes = version.to_le_bytes();
    // How many parts there are is told by the first byte: what a function made is never what is made without.
    let (mark, parts): (u8, &[&[u8]]) = match keys.function {
        Some(function) => {
            made = (function.make)(&keys.prefix, version, key);
            (2, &[function.name.as_bytes(), made.as_bytes()])
        }
        None => (3, &[keys.prefix.as_bytes(), &version_bytes, key.as_bytes()]),
    };
    let mut canonical = vec![mark];
    for part in parts {
        canonical.extend((part.len() as u64).to_le_bytes());
        canonical.extend_from_slice(part);
    }
    let digest = codec::digest(&canonical);
    let key = format!("{}{}", clear_prefix(keys, salt), hex(&digest[..20]));
    Ok(Address { key: Key::from(key), mark: Mark { schema: *SCHEMA, digest, codec } })
}

/// What every storage key of an alias begins with, and no other.
pub(super) fn clear_prefix(keys: &Keys, salt: u64) -> String {
    format!("{}:cache:{salt:x}:", keys.base)
}
