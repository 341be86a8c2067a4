//! Code of the user's that the cache runs, and what it does there.
//!
//! In: what is to happen whenever one of the hooks runs. Out: a key and a value all of whose traits are hooks.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A place where the cache runs the user's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
#[expect(missing_docs, reason = "each is named as what it stands for")]
pub enum Hook {
    Body,
    KeyExpression,
    KeyHash,
    KeyEq,
    KeyClone,
    KeyDrop,
    KeySerialize,
    ValueClone,
    ValueDrop,
    ValueSerialize,
    ValueDeserialize,
    Lifetime,
    CacheIf,
    TagDisplay,
    TagDebug,
}

/// All of them, in their order.
pub const HOOKS: [Hook; 15] = [
    Hook::Body,
    Hook::KeyExpression,
    Hook::KeyHash,
    Hook::KeyEq,
    Hook::KeyClone,
    Hook::KeyDrop,
    Hook::KeySerialize,
    Hook::ValueClone,
    Hook::ValueDrop,
    Hook::ValueSerialize,
    Hook::ValueDeserialize,
    Hook::Lifetime,
    Hook::CacheIf,
    Hook::TagDisplay,
    Hook::TagDebug,
];

impl Hook {
    /// Whether only what is carried as bytes runs it.
    pub fn is_of_bytes(self) -> bool {
        matches!(self, Hook::KeySerialize | Hook::ValueSerialize | Hook::ValueDeserialize)
    }
}

static LISTENER: RwLock<Option<fn(Hook)>> = RwLock::new(None);

/// While it lives, the hooks are heard.
pub struct Listening(());

impl Drop for Listening {
    fn drop(&mut self) {
        *LISTENER.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Calls `listener` in every hook that runs. For one test at a time: it holds [`alone`](crate::support::alone).
pub fn listen(listener: fn(Hook)) -> Listening {
    *LISTENER.write().unwrap_or_else(PoisonError::into_inner) = Some(listener);
    Listening(())
}

/// A hook runs.
pub fn touch(hook: Hook) {
    let listener = *LISTENER.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(listener) = listener {
        listener(hook);
    }
}

/// An argument that tags show.
#[derive(Clone, Copy)]
pub struct Id(pub u64);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        touch(Hook::TagDisplay);
        self.0.fmt(f)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        touch(Hook::TagDebug);
        self.0.fmt(f)
    }
}

/// A key whose traits are hooks.
#[derive(Debug)]
pub struct Key(pub u64);

/// The expression of a key.
pub fn key_of(id: u64) -> Key {
    touch(Hook::KeyExpression);
    Key(id)
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        touch(Hook::KeyHash);
        self.0.hash(state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        touch(Hook::KeyEq);
        self.0 == other.0
    }
}

impl Eq for Key {}

impl Clone for Key {
    fn clone(&self) -> Self {
        touch(Hook::KeyClone);
        Key(self.0)
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        touch(Hook::KeyDrop);
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        touch(Hook::KeySerialize);
        self.0.serialize(serializer)
    }
}

/// A value whose traits are hooks.
#[derive(Debug)]
pub struct Goods(pub u64);

impl Goods {
    /// The lifetime of a value.
    pub fn life(&self) -> Duration {
        touch(Hook::Lifetime);
        Duration::from_secs(3_600)
    }

    /// Whether it is stored.
    pub fn is_kept(&self) -> bool {
        touch(Hook::CacheIf);
        true
    }
}

impl Clone for Goods {
    fn clone(&self) -> Self {
        touch(Hook::ValueClone);
        Goods(self.0)
    }
}

impl Drop for Goods {
    fn drop(&mut self) {
        touch(Hook::ValueDrop);
    }
}

impl Serialize for Goods {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        touch(Hook::ValueSerialize);
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Goods {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        touch(Hook::ValueDeserialize);
        u64::deserialize(deserializer).map(Goods)
    }
}
