//! Keys and values that serde can carry.
//!
//! In: a type. Out: what [`Facts`](super::Facts) says of it: its canonical bytes as a key; as a value, its bytes by the
//! codec of an alias, and back. What cannot be written or read is an error that never holds the value.

use cached_codec::Failed;
use serde::{Deserialize, Serialize, Serializer};

use super::{Format, KeyCodec, Probe, ValueCodec};
use crate::error::{Error, ErrorKind};
use crate::key::{Bits, FloatBits};

impl<K: Serialize> Probe<K> {
    /// The canonical bytes of this key.
    pub const __CACHED_KEY: KeyCodec<K> = Some(|key| cached_codec::key(key).map_err(failed));

    /// The canonical bytes of this key.
    pub fn __cached_key(&self) -> KeyCodec<K> {
        Self::__CACHED_KEY
    }
}

// `Deserialize<'static>` and not `DeserializeOwned`: a bound on every lifetime would be taken for granted by
// the probe and refused afterwards for a `&'static str`, which then could not be cached at all. The decoder
// lends nothing, so such a value is at worst undecodable.
impl<V: Serialize + Deserialize<'static>> Probe<V> {
    /// By the codec of an alias, with a proof.
    pub const __CACHED_VALUE: ValueCodec<V> = Some((
        |format, value| format.write_proven(value).map_err(failed),
        |format, bytes| format.read_proven(bytes).map_err(failed),
    ));

    /// By the codec of an alias, with a proof.
    pub fn __cached_value(&self) -> ValueCodec<V> {
        Self::__CACHED_VALUE
    }
}

/// A value of the low-level cache, whose type is the caller's to say each time.
pub(crate) fn encode<V: ?Sized + Serialize>(format: Format, value: &V) -> Result<Vec<u8>, Error> {
    format.write(value).map_err(failed)
}

pub(crate) fn decode<V: Deserialize<'static>>(format: Format, bytes: &[u8]) -> Result<V, Error> {
    format.read(bytes).map_err(failed)
}

fn failed(why: Failed) -> Error {
    Error::new(ErrorKind::Encode, why.to_string())
}

impl<T: Bits<Bits: Serialize>> Serialize for FloatBits<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
