//! What stands for the envelope when the feature `bytes` is off: nothing can be encoded, so no
//! site is ever routed to bytes, and these answers are never asked for.

use crate::backend::Bytes;

/// The number of no format.
pub(crate) const FORMAT: u8 = 0;

/// What an envelope has to say to be one of an entry.
#[derive(Clone, Copy)]
#[expect(dead_code, reason = "only envelopes are compared with it")]
pub(crate) struct Mark {
    pub(crate) schema: [u8; 16],
    pub(crate) digest: [u8; 32],
    pub(crate) codec: [u8; 4],
}

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

pub(crate) fn seal(_: &Mark, _: [u8; 16], _: u64, _: u64, _: &[u8]) -> Result<Bytes, &'static str> {
    Err("byte backends need the feature `bytes`")
}

pub(crate) fn tombstone(_: &Mark, _: [u8; 16], _: u64) -> Bytes {
    Bytes::default()
}

pub(crate) fn renewed(_: &[u8], _: u64) -> Bytes {
    Bytes::default()
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
