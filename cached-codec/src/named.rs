//! Codecs beside MessagePack, by name.
//!
//! In: functions that turn whatever serde can carry into bytes and back, joined at link time. Out: the codec that a
//! configuration names. They are given values without their types; what they read is bounded in depth, and lends nothing.

use std::collections::BTreeMap;
use std::error;
use std::fmt;
use std::panic::Location;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use crate::Failed;
use crate::lent::Lent;
use crate::msgpack::MAX_DEPTH;

/// How values become bytes on an alias whose configuration says `codec = "name"`.
///
/// A crate joins its codecs with `inventory::submit! { Codec::new(…) }`. A site's value is stored with a proof of what
/// it was, so one that comes back as another is a miss: a codec need not tell the names of fields. Bytes of one codec are
/// never read by another.
///
/// # Example: postcard, which writes no names
/// ```ignore
/// inventory::submit! {
///     Codec::new(
///         "postcard",
///         |value| Ok(postcard::to_stdvec(&value)?),
///         |bytes, wanted| {
///             let mut reader = postcard::Deserializer::from_bytes(bytes);
///             wanted.read(&mut reader)?;
///             if reader.finalize()?.is_empty() { Ok(()) } else { Err("bytes after the value".into()) }
///         },
///     )
/// }
/// ```
pub struct Codec {
    name: &'static str,
    encode: Encode,
    decode: Decode,
    describing: bool,
    finite: bool,
    at: &'static Location<'static>,
}

type Failure = Box<dyn error::Error + Send + Sync>;
type Encode = fn(Given<'_>) -> Result<Vec<u8>, Failure>;
type Decode = fn(&[u8], Wanted<'_>) -> Result<(), Failure>;

/// The codec itself.
pub(crate) type Named = &'static Codec;

inventory::collect!(Codec);

impl Codec {
    /// A codec called `name`. `encode` gives the bytes of a value; `decode` has the value read from its bytes, which have
    /// to be used up.
    #[track_caller]
    pub const fn new(name: &'static str, encode: Encode, decode: Decode) -> Self {
        Self { name, encode, decode, describing: false, finite: false, at: Location::caller() }
    }

    /// Its bytes say what they are, so that a value of another type is not read by mistake. Only such a codec serves the
    /// low-level cache, whose callers name the type each time; on an alias with another that stays MessagePack.
    #[must_use]
    pub const fn describing(self) -> Self {
        Self { describing: true, ..self }
    }

    /// It has no infinite numbers and no `NaN`: a value with one is refused.
    #[must_use]
    pub const fn finite(self) -> Self {
        Self { finite: true, ..self }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn is_describing(&self) -> bool {
        self.describing
    }

    pub(crate) fn is_finite(&self) -> bool {
        self.finite
    }

    pub(crate) fn write<V: ?Sized + Serialize>(&self, value: &V) -> Result<Vec<u8>, Failed> {
        (self.encode)(Given(&value)).map_err(Failed::new)
    }

    pub(crate) fn read<V: Deserialize<'static>>(&self, bytes: &[u8]) -> Result<V, Failed> {
        let mut value = None;
        let mut read = |erased: &mut Erased<'_>| {
            value = Some(erased_serde::deserialize(erased)?);
            Ok(())
        };
        (self.decode)(bytes, Wanted(&mut read)).map_err(Failed::new)?;
        value.ok_or_else(|| Failed::new(format_args!("the codec \"{}\" read nothing", self.name)))
    }
}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec").field("name", &self.name).field("at", &self.at).finish_non_exhaustive()
    }
}

/// A value that a codec is to write: anything that serde can carry.
#[derive(Clone, Copy)]
pub struct Given<'a>(&'a dyn erased_serde::Serialize);

impl Serialize for Given<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        erased_serde::serialize(self.0, serializer)
    }
}

impl fmt::Debug for Given<'_> {
    /// Not the value: it may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given")
    }
}

type Erased<'a> = dyn erased_serde::Deserializer<'static> + 'a;
type Read<'a> = dyn FnMut(&mut Erased<'_>) -> Result<(), erased_serde::Error> + 'a;

/// A value that a codec is to read.
pub struct Wanted<'a>(&'a mut Read<'a>);

impl Wanted<'_> {
    /// Reads it, at most 128 levels deep. What the deserializer lends is copied.
    ///
    /// # Errors
    /// When these bytes are none of its type, or nest deeper.
    pub fn read<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let lent = Lent::new(deserializer, MAX_DEPTH);
        let mut erased = <dyn erased_serde::Deserializer<'static>>::erase(lent);
        (self.0)(&mut erased).map_err(D::Error::custom)
    }
}

impl fmt::Debug for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wanted")
    }
}

/// JSON (RFC 8259): text that other programs read, and slower than MessagePack.
static JSON: Codec = Codec::new(
    "json",
    |value| Ok(serde_json::to_vec(&value)?),
    |bytes, wanted| {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        wanted.read(&mut reader)?;
        Ok(reader.end()?)
    },
)
.describing()
.finite();

fn all() -> impl Iterator<Item = Named> {
    inventory::iter::<Codec>().chain([&JSON])
}

/// The codec of a name; or which there are.
pub(crate) fn find(wanted: &str) -> Result<Named, String> {
    if let Some(found) = all().find(|codec| codec.name == wanted) {
        return Ok(found);
    }
    let mut known: Vec<_> = all().map(|codec| codec.name).chain(["msgpack"]).collect();
    known.sort_unstable();
    Err(format!("known codecs: {}; others join by `inventory::submit! {{ Codec::new(…) }}`", known.join(", ")))
}

/// A fault for each name that two codecs have, with the places of both.
pub fn judge(faults: &mut Vec<String>) {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::from([("msgpack", vec!["cached-codec".into()])]);
    for codec in all() {
        places.entry(codec.name).or_default().push(format!("{}:{}", codec.at.file(), codec.at.line()));
    }
    for (name, mut at) in places.into_iter().filter(|(_, at)| at.len() > 1) {
        at.sort();
        faults.push(format!("two codecs are called \"{name}\": {}", at.join(" and ")));
    }
}
