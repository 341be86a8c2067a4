//! MessagePack, with the names of fields.
//!
//! In: a value, or bytes. Out: bytes, or the value. Before anything is decoded the bytes are walked once: every length
//! they claim is there, they nest no deeper than they may, and nothing is left. So no claim costs memory.

use std::io;

use serde::{Deserialize, Serialize};

use crate::Failed;

/// How deep stored values may nest.
pub(crate) const MAX_DEPTH: usize = 128;

/// Appends a value, unless that makes more than so many bytes.
pub(super) fn append<V: ?Sized + Serialize>(value: &V, bytes: &mut Vec<u8>, limit: usize) -> Result<(), Failed> {
    let mut bounded = Bounded { bytes, limit, is_over: false };
    let written = rmp_serde::encode::write_named(&mut bounded, value);
    if bounded.is_over {
        return Err(Failed::new(format_args!("a value of more than {limit} bytes: the bound is `max_value_bytes`")));
    }
    written.map_err(Failed::new)
}

/// Bytes that are not to become more than so many.
struct Bounded<'a> {
    bytes: &'a mut Vec<u8>,
    limit: usize,
    is_over: bool,
}

impl io::Write for Bounded<'_> {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        self.write_all(more).map(|()| more.len())
    }

    fn write_all(&mut self, more: &[u8]) -> io::Result<()> {
        if more.len() > self.limit.saturating_sub(self.bytes.len()) {
            self.is_over = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(more);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn read<V: Deserialize<'static>>(bytes: &[u8]) -> Result<V, Failed> {
    if walk(bytes).is_none() {
        return Err(Failed::new("it is no MessagePack, or nests too deep"));
    }
    let mut rest = bytes;
    let mut decoder = rmp_serde::Deserializer::new(&mut rest);
    decoder.set_max_depth(MAX_DEPTH);
    let value = V::deserialize(&mut decoder).map_err(Failed::new)?;
    if rest.is_empty() { Ok(value) } else { Err(Failed::new("bytes after the value")) }
}

/// Walks one value, which has to be all there is.
fn walk(mut bytes: &[u8]) -> Option<()> {
    // How many values are still to come on each level.
    let (mut open, mut depth) = ([0_usize; MAX_DEPTH], 0);
    loop {
        let (content, inside) = step(&mut bytes)?;
        bytes = bytes.get(content..)?;
        if let Some(inside) = inside {
            // Each takes a byte at least.
            if inside > bytes.len() {
                return None;
            }
            *open.get_mut(depth)? = inside;
            if inside > 0 {
                depth += 1;
                continue;
            }
        }
        while depth > 0 {
            open[depth - 1] -= 1;
            if open[depth - 1] > 0 {
                break;
            }
            depth -= 1;
        }
        if depth == 0 {
            return bytes.is_empty().then_some(());
        }
    }
}

/// The head of a value: how many bytes follow that are its content, and how many values that are inside.
fn step(bytes: &mut &[u8]) -> Option<(usize, Option<usize>)> {
    let (head, rest) = bytes.split_first()?;
    *bytes = rest;
    let head = usize::from(*head);
    Some(match head {
        0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => (0, None),
        0x80..=0x8f => (0, Some(2 * (head & 15))),
        0x90..=0x9f => (0, Some(head & 15)),
        0xa0..=0xbf => (head & 31, None),
        0xc4..=0xc6 => (number(bytes, 1 << (head - 0xc4))?, None),
        0xc7..=0xc9 => (number(bytes, 1 << (head - 0xc7))?.checked_add(1)?, None),
        0xca | 0xcb => (4 << (head - 0xca), None),
        0xcc..=0xcf => (1 << (head - 0xcc), None),
        0xd0..=0xd3 => (1 << (head - 0xd0), None),
        0xd4..=0xd8 => ((1 << (head - 0xd4)) + 1, None),
        0xd9..=0xdb => (number(bytes, 1 << (head - 0xd9))?, None),
        0xdc | 0xdd => (0, Some(number(bytes, 2 << (head - 0xdc))?)),
        0xde | 0xdf => (0, Some(number(bytes, 2 << (head - 0xde))?.checked_mul(2)?)),
        _ => return None,
    })
}

/// A length of so many bytes.
fn number(bytes: &mut &[u8], width: usize) -> Option<usize> {
    let (number, rest) = bytes.split_at_checked(width)?;
    *bytes = rest;
    Some(number.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
}
