//! The bytes that a backend stores.
//!
//! In: a payload, and a mark: schema, digest of the whole key, codec. Out: an envelope that says what it is; and back:
//! the payload, or nothing. Anything that is not exactly an envelope of this mark is nothing.
//!
//! ```text
//!   0 stamp 16 │ 16 magic 4 │ 20 format 1 │ 21 kind 1 │ 22 zero 2 │ 24 schema 16 │ 40 key digest 32
//!  72 created ms 8 │ 80 life ms 8 │ 88 used ms 8 │ 96 length 4 │ 100 codec 4 │ 104 checksum 8 │ 112 payload
//! ```
//! Numbers are little-endian. The checksum is XXH3-64 of what is before it, seeded with XXH3-64 of the payload, so that
//! all bytes but itself count and neither part is copied or streamed. The kind is 1 for a value, 0 for a tombstone, which
//! is of no codec: what was invalid in one is in all.

use std::iter;
use std::ops::Range;
use std::sync::Arc;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::Failed;

#[cfg(test)]
mod tests;

/// The number of the format: it stands in every envelope, and rises with each change of what the bytes mean. Envelopes of
/// another number are [`Opened::Nothing`].
pub const FORMAT: u8 = 4;
const MAGIC: [u8; 4] = *b"cchd";
const VALUE: u8 = 1;
const TOMBSTONE: u8 = 0;
const HEAD: usize = 112;
const USED: Range<usize> = 88..96;
const CHECKSUM: Range<usize> = 104..HEAD;

/// A `created` further in the future than this is somebody's wrong clock: not trusted.
const CLOCK_SKEW_MS: u64 = 60_000;

/// What an envelope has to say to be one of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What the value was made by: code, version and types. Of another, nothing is read.
    pub schema: [u8; 16],
    /// Of the whole key, by [`digest`].
    pub digest: [u8; 32],
    /// What wrote the payload: [`Format::id`](crate::Format::id).
    pub codec: [u8; 4],
}

/// What an envelope held. Moments are milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened<'a> {
    /// A value, which may have ended already: that is for who opens it to say.
    Value {
        /// As it was given to [`seal`].
        payload: &'a [u8],
        /// When it was sealed.
        created: u64,
        /// When it ends; `u64::MAX`: never.
        expires: u64,
        /// When it was last given, as far as somebody noted it.
        used: u64,
    },
    /// What was here is not valid any more.
    Tombstone,
    /// No envelope, one of another mark or format, one that was damaged, or one from the future.
    Nothing,
}

/// The full digest of a key's canonical bytes, by [BLAKE3](https://github.com/BLAKE3-team/BLAKE3-specs): no two keys that
/// anybody could find have the same.
///
/// Nothing is allocated. A key of 64 bytes takes two compressions, which are half the time of all that is encoded for it.
pub fn digest(canonical: &[u8]) -> [u8; 32] {
    *blake3::hash(canonical).as_bytes()
}

/// An envelope around `payload`, created now (`now_ms`, since 1970) for `life_ms` (`u64::MAX`: for ever).
///
/// The `stamp` has to be one that no other write has: backends tell by it what they hold. Costs the allocation of what the
/// backend is given, a copy of the payload, and two sums by
/// [XXH3](https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md), which find damage and not malice.
///
/// # Errors
/// When the payload has 4 GiB or more.
///
/// # Example: an envelope opens for its own mark only
/// ```
/// use cached_codec::{Format, Mark, Opened, digest, key, open, seal};
///
/// let format = Format::default();
/// let mark = Mark { schema: *b"prices, as of v2", digest: digest(&key("tea")?), codec: format.id() };
/// let envelope = seal(&mark, [7; 16], 1_000, 60_000, &format.write_proven(&250_u32)?)?;
///
/// let Opened::Value { payload, expires, .. } = open(&envelope, &mark, 1_500) else { panic!("it is this entry's") };
/// assert_eq!((format.read_proven::<u32>(payload)?, expires), (250, 61_000));
///
/// let other = Mark { digest: digest(&key("coffee")?), ..mark };
/// assert_eq!(open(&envelope, &other, 1_500), Opened::Nothing);
/// # Ok::<(), cached_codec::Failed>(())
/// ```
pub fn seal(mark: &Mark, stamp: [u8; 16], now_ms: u64, life_ms: u64, payload: &[u8]) -> Result<Arc<[u8]>, Failed> {
    let length = u32::try_from(payload.len())
        .map_err(|_| Failed::new(format_args!("a value of {} bytes is too long", payload.len())))?;
    Ok(write((stamp, VALUE), mark, [now_ms, life_ms], length, payload))
}

/// An envelope that says: what was here is not valid any more. It has a stamp of its own, as every write.
pub fn tombstone(mark: &Mark, stamp: [u8; 16], now_ms: u64) -> Arc<[u8]> {
    write((stamp, TOMBSTONE), &Mark { codec: [0; 4], ..*mark }, [now_ms, u64::MAX], 0, &[])
}

/// The fields of the format, in their order.
fn write(
    (stamp, kind): ([u8; 16], u8),
    mark: &Mark,
    [now_ms, life_ms]: [u64; 2],
    length: u32,
    payload: &[u8],
) -> Arc<[u8]> {
    // Of a known length, so that it is made in one go.
    let mut head = [0; HEAD];
    head[..16].copy_from_slice(&stamp);
    head[16..20].copy_from_slice(&MAGIC);
    head[20..24].copy_from_slice(&[FORMAT, kind, 0, 0]);
    head[24..40].copy_from_slice(&mark.schema);
    head[40..72].copy_from_slice(&mark.digest);
    head[72..80].copy_from_slice(&now_ms.to_le_bytes());
    head[80..88].copy_from_slice(&life_ms.to_le_bytes());
    head[USED].copy_from_slice(&now_ms.to_le_bytes());
    head[96..100].copy_from_slice(&length.to_le_bytes());
    head[100..104].copy_from_slice(&mark.codec);
    let sum = checksum(&head, payload);
    head[CHECKSUM].copy_from_slice(&sum);
    join(&head, payload)
}

/// The same envelope, with its stamp, given at `now_ms`. Costs a copy and the sums of [`seal`].
///
/// # Panics
/// When the bytes are shorter than the head of an envelope: only what was opened is given.
pub fn renewed(envelope: &[u8], now_ms: u64) -> Arc<[u8]> {
    let (head, payload) = envelope.split_first_chunk::<HEAD>().expect("an envelope has a head");
    let mut head = *head;
    head[USED].copy_from_slice(&now_ms.to_le_bytes());
    let sum = checksum(&head, payload);
    head[CHECKSUM].copy_from_slice(&sum);
    join(&head, payload)
}

/// Reads an envelope of this `mark`. Total: any other bytes are [`Opened::Nothing`], and so is what was created more than
/// a minute after `now_ms`.
///
/// Nothing is allocated; the bytes are summed only where everything else is right.
pub fn open<'a>(bytes: &'a [u8], mark: &Mark, now_ms: u64) -> Opened<'a> {
    let Some((head, payload)) = bytes.split_first_chunk::<HEAD>() else { return Opened::Nothing };
    let number = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| head[at + i]));
    let length = || u64::from(u32::from_le_bytes(std::array::from_fn(|i| head[96 + i])));
    if head[16..20] != MAGIC
        || head[20] != FORMAT
        || head[22..24] != [0; 2]
        || head[24..40] != mark.schema
        || head[40..72] != mark.digest
        || length() != payload.len() as u64
        || head[CHECKSUM] != checksum(head, payload)
    {
        return Opened::Nothing;
    }
    let (created, life, used) = (number(72), number(80), number(USED.start));
    match head[21] {
        TOMBSTONE if payload.is_empty() && head[100..104] == [0; 4] => Opened::Tombstone,
        VALUE if head[100..104] != mark.codec || created > now_ms.saturating_add(CLOCK_SKEW_MS) => Opened::Nothing,
        VALUE => Opened::Value { payload, created, expires: created.saturating_add(life), used: used.min(now_ms) },
        _ => Opened::Nothing,
    }
}

/// Both, where they stay: an iterator that knows its length is collected in one allocation.
fn join(head: &[u8; HEAD], payload: &[u8]) -> Arc<[u8]> {
    let mut bytes: Arc<[u8]> = iter::repeat_n(0, HEAD + payload.len()).collect();
    let (first, rest) = Arc::get_mut(&mut bytes).expect("nobody else has it yet").split_at_mut(HEAD);
    first.copy_from_slice(head);
    rest.copy_from_slice(payload);
    bytes
}

fn checksum(head: &[u8; HEAD], payload: &[u8]) -> [u8; 8] {
    // The head is short, and for what is short a seed costs nothing.
    xxh3_64_with_seed(&head[..CHECKSUM.start], xxh3_64(payload)).to_le_bytes()
}
