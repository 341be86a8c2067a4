//! The codecs that the tests know, one of which another crate has joined.

use cached_core::Codec;

/// The codecs that the tests know; the last is of another crate, and writes no names.
pub const CODECS: [&str; 3] = ["msgpack", "json", "postcard"];

inventory::submit! {
    Codec::new(
        "postcard",
        |value| Ok(postcard::to_stdvec(&value)?),
        |bytes, wanted| {
            let mut reader = postcard::Deserializer::from_bytes(bytes);
            wanted.read(&mut reader)?;
            if reader.finalize()?.is_empty() { Ok(()) } else { Err("bytes after the value".into()) }
        },
    )
}
