//! The bytes that a backend stores.
//!
//! In: a payload, and a mark: schema, digest of the whole key, codec. Out: an envelope that says what it is; and back:
//! the payload, or nothing. Anything that is not exactly an envelope of this mark is nothing.
//!
//! ```text
//!   0 stamp 16 │ 16 magic 4 │ 20 format 1 │ 21 kind 1 │ 22 zero 2 │ 24 schema 16 │ 40 key digest 32
//!  72 created ms 8 │ 80 life ms 8 │ 88 used ms 8 │ 96 length 4 │ 100 codec 4 │ 104 checksum 8 │ 112 payload
//! ```
//! Numbers are little-endian. The checksum is XXH3-64 of all bytes but itself. The kind is 1 for a value, 0 for a
//! tombstone, which is of no codec: what was invalid in one is in all.

use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::Xxh3;

use super::Mark;
use crate::backend::Stamp;
use crate::error::{Error, ErrorKind};
use crate::process;

const MAGIC: [u8; 4] = *b"cchd";
const FORMAT: u8 = 3;
const VALUE: u8 = 1;
const TOMBSTONE: u8 = 0;
const HEAD: usize = 112;
const USED: std::ops::Range<usize> = 88..96;
const CHECKSUM: std::ops::Range<usize> = 104..112;

/// A `created` further in the future than this is somebody's wrong clock: not trusted.
const CLOCK_SKEW_MS: u64 = 60_000;

/// What an envelope held.
#[derive(Debug, PartialEq)]
pub(crate) enum Opened<'a> {
    /// A value, which may have ended already.
    Value {
        payload: &'a [u8],
        created: u64,
        expires: u64,
        /// When it was last given, as far as somebody noted it.
        used: u64,
    },
    Tombstone,
    Nothing,
}

/// The full digest of a key's canonical bytes.
pub(crate) fn digest(canonical: &[u8]) -> [u8; 32] {
    *blake3::hash(canonical).as_bytes()
}

/// The fingerprint of a site: its identity, its code as written, its version, its type arguments.
pub(crate) fn site_schema(identity: &str, code: u64, version: u32, instance: &str) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in [identity.as_bytes(), instance.as_bytes()] {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
    }
    hasher.update(&code.to_le_bytes()).update(&version.to_le_bytes()).update(&[FORMAT]);
    let mut schema = [0; 16];
    schema.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    schema
}

/// An envelope around `payload`, created now (`now_ms`) for `life_ms` (`u64::MAX`: for ever).
pub(crate) fn seal(mark: &Mark, now_ms: u64, life_ms: u64, payload: &[u8]) -> Result<(Stamp, Vec<u8>), Error> {
    let length = u32::try_from(payload.len())
        .map_err(|_| Error::new(ErrorKind::Encode, format!("a value of {} bytes is too long", payload.len())))?;
    let stamp = fresh_stamp();
    Ok((stamp, write(stamp, VALUE, mark, [now_ms, life_ms], length, payload)))
}

/// An envelope that says: what was here is not valid any more.
pub(crate) fn tombstone(mark: &Mark, now_ms: u64) -> Vec<u8> {
    write(fresh_stamp(), TOMBSTONE, &Mark { codec: [0; 4], ..*mark }, [now_ms, u64::MAX], 0, &[])
}

#[expect(clippy::too_many_arguments, reason = "the fields of the format, in their order")]
fn write(stamp: Stamp, kind: u8, mark: &Mark, [now_ms, life_ms]: [u64; 2], length: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + payload.len());
    bytes.extend_from_slice(&stamp);
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&[FORMAT, kind, 0, 0]);
    bytes.extend_from_slice(&mark.schema);
    bytes.extend_from_slice(&mark.digest);
    bytes.extend_from_slice(&now_ms.to_le_bytes());
    bytes.extend_from_slice(&life_ms.to_le_bytes());
    bytes.extend_from_slice(&now_ms.to_le_bytes());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&mark.codec);
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(payload);
    let sum = checksum(&bytes);
    bytes[CHECKSUM].copy_from_slice(&sum);
    bytes
}

/// The same envelope, with its stamp, given at `now_ms`.
pub(crate) fn renewed(bytes: &[u8], now_ms: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[USED].copy_from_slice(&now_ms.to_le_bytes());
    let sum = checksum(&bytes);
    bytes[CHECKSUM].copy_from_slice(&sum);
    bytes
}

/// Reads an envelope of this `mark`. Total: any other bytes are [`Opened::Nothing`].
pub(crate) fn open<'a>(bytes: &'a [u8], mark: &Mark, now_ms: u64) -> Opened<'a> {
    let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
    let length = || u64::from(u32::from_le_bytes(std::array::from_fn(|i| bytes[96 + i])));
    if bytes.len() < HEAD
        || bytes[16..20] != MAGIC
        || bytes[20] != FORMAT
        || bytes[22..24] != [0; 2]
        || bytes[24..40] != mark.schema
        || bytes[40..72] != mark.digest
        || length() != (bytes.len() - HEAD) as u64
        || bytes[CHECKSUM] != checksum(bytes)
    {
        return Opened::Nothing;
    }
    let (created, life, used) = (number(72), number(80), number(USED.start));
    match bytes[21] {
        TOMBSTONE if bytes.len() == HEAD && bytes[100..104] == [0; 4] => Opened::Tombstone,
        VALUE if bytes[100..104] != mark.codec || created > now_ms.saturating_add(CLOCK_SKEW_MS) => Opened::Nothing,
        VALUE => Opened::Value {
            payload: &bytes[HEAD..],
            created,
            expires: created.saturating_add(life),
            used: used.min(now_ms),
        },
        _ => Opened::Nothing,
    }
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    let mut hasher = Xxh3::new();
    hasher.update(&bytes[..CHECKSUM.start]);
    hasher.update(&bytes[CHECKSUM.end..]);
    hasher.digest().to_le_bytes()
}

/// Sixteen bytes that no other write has: random for the process, counted within it.
fn fresh_stamp() -> Stamp {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut stamp = [0; 16];
    stamp[..8].copy_from_slice(&process::number().to_le_bytes());
    stamp[8..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    stamp
}
