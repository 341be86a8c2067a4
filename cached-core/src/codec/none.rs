//! What stands for the envelope when the feature `bytes` is off: nothing can be encoded, so no
//! site is ever routed to bytes, and these answers are never asked for.

use super::Mark;
use crate::backend::Stamp;
use crate::error::{Error, ErrorKind};

/// What an envelope held.
#[expect(dead_code, reason = "nothing is ever sealed without the feature `bytes`")]
pub(crate) enum Opened<'a> {
    Value { payload: &'a [u8], created: u64, expires: u64, used: u64 },
    Tombstone,
    Nothing,
}

pub(crate) fn digest(_: &[u8]) -> [u8; 32] {
    [0; 32]
}

pub(crate) fn site_schema(_: &str, _: u64, _: u32, _: &str) -> [u8; 16] {
    [0; 16]
}

pub(crate) fn seal(_: &Mark, _: u64, _: u64, _: &[u8]) -> Result<(Stamp, Vec<u8>), Error> {
    Err(Error::new(ErrorKind::Unsupported, "byte backends need the feature `bytes`"))
}

pub(crate) fn tombstone(_: &Mark, _: u64) -> Vec<u8> {
    Vec::new()
}

pub(crate) fn renewed(_: &[u8], _: u64) -> Vec<u8> {
    Vec::new()
}

pub(crate) fn open<'a>(_: &'a [u8], _: &Mark, _: u64) -> Opened<'a> {
    Opened::Nothing
}

/// What a codec is, where nothing is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Format(());

impl Format {
    pub(crate) fn named(_: &str) -> Result<Self, String> {
        Err("codecs need the feature `bytes` of cached-core".into())
    }

    pub(crate) fn at_most(self, _: usize) -> Self {
        self
    }

    pub(crate) fn id(self) -> [u8; 4] {
        [0; 4]
    }
}

pub(crate) fn judge_codecs(_: &mut Vec<String>) {}
