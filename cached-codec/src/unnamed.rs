//! What stands for named codecs when the feature `named` is off: there is MessagePack, and no other.

use crate::Failed;

/// There is none.
#[derive(Clone, Copy)]
pub(crate) enum Named {}

impl Named {
    pub(crate) fn name(self) -> &'static str {
        match self {}
    }

    pub(crate) fn is_describing(self) -> bool {
        match self {}
    }

    pub(crate) fn is_finite(self) -> bool {
        match self {}
    }

    pub(crate) fn write<V: ?Sized>(self, _: &V) -> Result<Vec<u8>, Failed> {
        match self {}
    }

    pub(crate) fn read<V>(self, _: &[u8]) -> Result<V, Failed> {
        match self {}
    }
}

pub(crate) fn find(_: &str) -> Result<Named, String> {
    Err("\"msgpack\" is the only one without the feature `codecs` of cached-core; with it \"json\", and those of other \
         crates"
        .into())
}

/// A fault for each name that two codecs have.
pub fn judge(_: &mut Vec<String>) {}
