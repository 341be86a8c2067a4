//! How [`cached-core`](https://docs.rs/cached-core) writes keys and values as bytes.
//!
//! A program that caches names this crate nowhere: an alias says `codec = "json"` in its configuration, and without that
//! values are MessagePack. A crate with a codec of its own joins it as a [`Codec`] (feature `named`, which is the feature
//! `codecs` of `cached-core`).
//!
//! - **Keys** have canonical bytes ([`key`]): equal exactly when the keys are, in every process and build.
//! - **Values** are written by a [`Format`], those of cached functions with a proof of eight bytes: what serde would read
//!   as another value than the one that was written, because its type has changed since or because the codec has lost
//!   something, is no value.
//! - **Reading is total.** Any bytes are the value or an error: no length is believed, nothing nests deeper than 128
//!   levels, nothing may be left over, and a panic of a type's own code is an error.
//! - **Envelopes** are what a backend keeps ([`seal`], [`open`]): a payload behind a head that says whose it is, with a sum
//!   of both, so that neither damage nor the bytes of somebody else are ever taken for a value.
#![forbid(unsafe_code)]

mod canonical;
mod envelope;
mod failed;
mod format;
#[cfg(feature = "named")]
mod lent;
mod msgpack;
#[cfg(feature = "named")]
mod named;
#[cfg(not(feature = "named"))]
#[path = "unnamed.rs"]
mod named;
#[cfg(test)]
mod tests;

pub use canonical::key;
pub use envelope::{FORMAT, Mark, Opened, digest, open, renewed, seal, tombstone};
pub use failed::Failed;
pub use format::Format;
pub use named::judge;
#[cfg(feature = "named")]
pub use named::{Codec, Given, Wanted};
