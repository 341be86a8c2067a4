//! The canonical bytes of a key, and the proof of a value.
//!
//! In: anything that serde can serialize. Out: bytes that are equal exactly when the values are,
//! on every platform: each value begins with a tag, what has a length says it or is closed by an
//! end mark, numbers are big-endian in their own width, maps are sorted. Or only a sum of them, in which the order of
//! maps and sequences does not count: a set comes back in another.

use serde::ser::{self, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::Failed;

/// Longest canonical form of a key, in bytes.
const MAX_KEY: usize = 64 * 1024;
/// What stands before a text, at the most, in the codecs that there are.
const PREFIX: usize = 5;
/// What most keys need: they are written without growing.
const ROOM: usize = 128;

/// The canonical bytes of a key, at most 64 KiB.
///
/// # Errors
/// When they would be more, or the key cannot be serialized.
pub fn key<K: ?Sized + Serialize>(key: &K) -> Result<Vec<u8>, Failed> {
    bytes(key, ROOM)
}

fn bytes<K: ?Sized + Serialize>(key: &K, room: usize) -> Result<Vec<u8>, Failed> {
    let mut encoder = Encoder { bytes: Vec::with_capacity(room), ..Encoder::default() };
    key.serialize(&mut encoder)?;
    Ok(encoder.bytes)
}

/// What a walk over a value found.
pub(crate) struct Proof {
    /// Of names, types and contents: what comes back with another is not what was written.
    pub(crate) sum: u64,
    /// How many bytes its names and texts take, with what stands before them.
    pub(crate) length: usize,
}

/// The proof of a value. Refuses what a codec would lose: `Some` of something that is written as nothing; and, where only `finite` numbers can
/// be written, others.
pub(crate) fn proof<V: ?Sized + Serialize>(value: &V, finite: bool) -> Result<Proof, Failed> {
    let mut encoder = Encoder { proving: true, finite, ..Encoder::default() };
    value.serialize(&mut encoder)?;
    Ok(Proof { sum: spread(encoder.sum), length: encoder.length })
}

fn spread(sum: u64) -> u64 {
    xxh3_64(&sum.to_le_bytes())
}

#[derive(Default)]
struct Encoder {
    bytes: Vec<u8>,
    /// Keeps a sum, and no bytes; looks for what a codec would lose.
    proving: bool,
    sum: u64,
    /// In proving: of names and texts so far.
    length: usize,
    /// In proving: the codec has no infinity.
    finite: bool,
    /// In proving: the value that comes is the inside of a `Some`.
    in_some: bool,
}

/// Marks that begin a value; numbers and variants have theirs where they are written.
mod tag {
    pub(super) const END: u8 = 0;
    pub(super) const ITEM: u8 = 1;
    pub(super) const NONE: u8 = 2;
    pub(super) const SOME: u8 = 3;
    pub(super) const UNIT: u8 = 4;
    pub(super) const FALSE: u8 = 5;
    pub(super) const TRUE: u8 = 6;
    pub(super) const STR: u8 = 7;
    pub(super) const BYTES: u8 = 8;
    pub(super) const SEQ: u8 = 9;
    pub(super) const MAP: u8 = 10;
    pub(super) const STRUCT: u8 = 11;
}

impl Encoder {
    /// Inlined, since its tag and the number of its parts are constants where it is called: a quarter of a key's time.
    #[inline(always)]
    fn put(&mut self, tag: u8, parts: &[&[u8]]) -> Result<(), Failed> {
        self.in_some = false;
        if self.proving {
            let begun = (self.sum ^ u64::from(tag)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.sum = parts
                .iter()
                .fold(begun, |sum, part| (sum ^ xxh3_64(part)).wrapping_mul(0xff51_afd7_ed55_8ccd).rotate_left(29));
            return Ok(());
        }
        if self.bytes.len() + parts.iter().map(|part| part.len()).sum::<usize>() >= MAX_KEY {
            return Err(Failed::new(format_args!("a key longer than {MAX_KEY} bytes")));
        }
        self.bytes.push(tag);
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
        Ok(())
    }

    fn long(&mut self, tag: u8, bytes: &[u8]) -> Result<(), Failed> {
        self.length = self.length.saturating_add(bytes.len() + PREFIX);
        self.put(tag, &[&(bytes.len() as u64).to_be_bytes(), bytes])
    }

    fn nil(&mut self, tag: u8) -> Result<(), Failed> {
        if self.proving && self.in_some {
            return Err(Failed::new(
                "an `Option` whose `Some` holds nothing (`Option<Option<_>>`, `Option<()>`); bytes cannot tell it from `None`",
            ));
        }
        self.put(tag, &[])
    }

    fn float(&mut self, tag: u8, is_finite: bool, bytes: &[u8]) -> Result<(), Failed> {
        if self.finite && !is_finite {
            return Err(Failed::new("an infinite number or `NaN`; the codec has only finite ones"));
        }
        self.put(tag, &[bytes])
    }

    /// The sum of a part, which goes on from another sum; its own stays.
    fn sum_of<T: ?Sized + Serialize>(&mut self, part: &T, from: u64) -> Result<u64, Failed> {
        let own = std::mem::replace(&mut self.sum, from);
        part.serialize(&mut *self)?;
        Ok(std::mem::replace(&mut self.sum, own))
    }
}

/// Numbers: a tag for the width, then the number big-endian.
macro_rules! numbers {
    ($($method:ident $type:ty = $tag:literal)*) => {$(
        fn $method(self, value: $type) -> Result<(), Failed> {
            self.put($tag, &[&value.to_be_bytes()])
        }
    )*};
}

impl<'a> ser::Serializer for &'a mut Encoder {
    type Ok = ();
    type Error = Failed;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    numbers! {
        serialize_i8 i8 = 16
        serialize_i16 i16 = 17
        serialize_i32 i32 = 18
        serialize_i64 i64 = 19
        serialize_i128 i128 = 20
        serialize_u8 u8 = 21
        serialize_u16 u16 = 22
        serialize_u32 u32 = 23
        serialize_u64 u64 = 24
        serialize_u128 u128 = 25
    }

    fn serialize_f32(self, value: f32) -> Result<(), Failed> {
        self.float(26, value.is_finite(), &value.to_be_bytes())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Failed> {
        self.float(27, value.is_finite(), &value.to_be_bytes())
    }

    fn serialize_bool(self, value: bool) -> Result<(), Failed> {
        self.put(if value { tag::TRUE } else { tag::FALSE }, &[])
    }

    fn serialize_char(self, value: char) -> Result<(), Failed> {
        self.put(28, &[&u32::from(value).to_be_bytes()])
    }

    fn serialize_str(self, value: &str) -> Result<(), Failed> {
        self.long(tag::STR, value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Failed> {
        self.long(tag::BYTES, value)
    }

    fn serialize_none(self) -> Result<(), Failed> {
        self.nil(tag::NONE)
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Failed> {
        self.put(tag::SOME, &[])?;
        self.in_some = true;
        value.serialize(&mut *self)?;
        self.in_some = false;
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Failed> {
        self.nil(tag::UNIT)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Failed> {
        self.nil(tag::UNIT)
    }

    // Variants by name: an index would stand for another variant after an edit of the enum.
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Failed> {
        self.long(29, variant.as_bytes())
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<(), Failed> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Failed> {
        self.long(30, variant.as_bytes())?;
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'a>, Failed> {
        self.put(tag::SEQ, &[]).map(|()| Items { to: self, sum: 0 })
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Failed> {
        self.put(tag::SEQ, &[]).map(|()| self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Failed> {
        self.put(tag::SEQ, &[]).map(|()| self)
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Self, Failed> {
        self.long(31, variant.as_bytes()).map(|()| self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'a>, Failed> {
        self.in_some = false;
        Ok(Entries { to: self, entries: Vec::new(), key: Vec::new(), sum: 0, of_key: 0 })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Failed> {
        self.put(tag::STRUCT, &[]).map(|()| self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self, Failed> {
        self.long(32, variant.as_bytes()).map(|()| self)
    }
}

impl Encoder {
    fn item<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Failed> {
        self.put(tag::ITEM, &[])?;
        value.serialize(self)
    }

    /// A field with its name, so that a field left out cannot be taken for its neighbour.
    fn field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), Failed> {
        self.long(tag::ITEM, name.as_bytes())?;
        value.serialize(self)
    }
}

/// The items of a sequence whose length is its own.
struct Items<'a> {
    to: &'a mut Encoder,
    /// Of all items, in whatever order.
    sum: u64,
}

impl ser::SerializeSeq for Items<'_> {
    type Ok = ();
    type Error = Failed;

    fn serialize_element<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Failed> {
        if !self.to.proving {
            return self.to.item(value);
        }
        self.sum = self.sum.wrapping_add(spread(self.to.sum_of(value, 0)?));
        Ok(())
    }

    fn end(self) -> Result<(), Failed> {
        if self.to.proving { self.to.put(tag::END, &[&self.sum.to_le_bytes()]) } else { self.to.put(tag::END, &[]) }
    }
}

/// Sequences of fixed lengths: items, then an end mark.
macro_rules! sequences {
    ($($trait:ident $method:ident)*) => {$(
        impl ser::$trait for &mut Encoder {
            type Ok = ();
            type Error = Failed;

            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Failed> {
                self.item(value)
            }

            fn end(self) -> Result<(), Failed> {
                self.put(tag::END, &[])
            }
        }
    )*};
}

sequences! {
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

/// Structs of both sorts: named fields, then an end mark.
macro_rules! structs {
    ($($trait:ident)*) => {$(
        impl ser::$trait for &mut Encoder {
            type Ok = ();
            type Error = Failed;

            fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), Failed> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Failed> {
                self.put(tag::END, &[])
            }
        }
    )*};
}

structs! { SerializeStruct SerializeStructVariant }

/// The entries of a map, gathered to be sorted; or their sum, in whatever order.
struct Entries<'a> {
    to: &'a mut Encoder,
    entries: Vec<(Vec<u8>, Vec<u8>)>,
    key: Vec<u8>,
    sum: u64,
    of_key: u64,
}

impl ser::SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = Failed;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Failed> {
        if self.to.proving {
            self.of_key = self.to.sum_of(key, 0)?;
        } else {
            self.key = bytes(key, 0)?;
        }
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Failed> {
        if self.to.proving {
            self.sum = self.sum.wrapping_add(spread(self.to.sum_of(value, self.of_key)?));
        } else {
            self.entries.push((std::mem::take(&mut self.key), bytes(value, 0)?));
        }
        Ok(())
    }

    fn end(mut self) -> Result<(), Failed> {
        if self.to.proving {
            return self.to.put(tag::MAP, &[&self.sum.to_le_bytes()]);
        }
        self.entries.sort();
        self.to.put(tag::MAP, &[])?;
        for (key, value) in &self.entries {
            self.to.put(tag::ITEM, &[key, value])?;
        }
        self.to.put(tag::END, &[])
    }
}
