//! The canonical bytes of a key.
//!
//! In: anything that serde can serialize. Out: bytes that are equal exactly when the values are,
//! on every platform: each value begins with a tag, what has a length says it or is closed by an
//! end mark, numbers are big-endian in their own width, maps are sorted.

use std::fmt::Display;

use serde::ser::{self, Serialize};

use crate::error::{Error, ErrorKind};
use crate::key::{Bits, FloatBits};

/// Longest canonical form of a key, in bytes.
const MAX_KEY: usize = 64 * 1024;

pub(crate) fn encode<K: Serialize>(key: &K) -> Result<Vec<u8>, Error> {
    let mut encoder = Encoder::default();
    key.serialize(&mut encoder)?;
    Ok(encoder.bytes)
}

/// Refuses what `MessagePack` cannot tell apart: `Some` of something that is written as nil.
pub(crate) fn check_options<V: ?Sized + Serialize>(value: &V) -> Result<(), Error> {
    value.serialize(&mut Encoder { checking: true, ..Encoder::default() })
}

#[derive(Default)]
struct Encoder {
    bytes: Vec<u8>,
    /// Only looks for options that a codec would lose; keeps no bytes.
    checking: bool,
    /// In checking: the value that comes is the inside of a `Some`.
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
    fn put(&mut self, tag: u8, parts: &[&[u8]]) -> Result<(), Error> {
        self.in_some = false;
        if self.checking {
            return Ok(());
        }
        if self.bytes.len() + parts.iter().map(|part| part.len()).sum::<usize>() >= MAX_KEY {
            return Err(Error::new(ErrorKind::Encode, format!("a key longer than {MAX_KEY} bytes")));
        }
        self.bytes.push(tag);
        parts.iter().for_each(|part| self.bytes.extend_from_slice(part));
        Ok(())
    }

    fn long(&mut self, tag: u8, bytes: &[u8]) -> Result<(), Error> {
        self.put(tag, &[&(bytes.len() as u64).to_be_bytes(), bytes])
    }

    fn nil(&mut self, tag: u8) -> Result<(), Error> {
        if self.checking && self.in_some {
            let message = "an `Option` whose `Some` holds nothing (`Option<Option<_>>`, `Option<()>`)";
            return Err(Error::new(ErrorKind::Encode, message).note("bytes cannot tell it from `None`"));
        }
        self.put(tag, &[])
    }
}

/// Numbers: a tag for the width, then the number big-endian.
macro_rules! numbers {
    ($($method:ident $type:ty = $tag:literal)*) => {$(
        fn $method(self, value: $type) -> Result<(), Error> {
            self.put($tag, &[&value.to_be_bytes()])
        }
    )*};
}

impl ser::Serializer for &mut Encoder {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Entries<Self>;
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
        serialize_f32 f32 = 26
        serialize_f64 f64 = 27
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.put(if value { tag::TRUE } else { tag::FALSE }, &[])
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.put(28, &[&u32::from(value).to_be_bytes()])
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.long(tag::STR, value.as_bytes())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.long(tag::BYTES, value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.nil(tag::NONE)
    }

    fn serialize_some<T: ?Sized + Serialize>(self, value: &T) -> Result<(), Error> {
        self.put(tag::SOME, &[])?;
        self.in_some = true;
        value.serialize(&mut *self)?;
        self.in_some = false;
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.nil(tag::UNIT)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.nil(tag::UNIT)
    }

    // Variants by name: an index would stand for another variant after an edit of the enum.
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.long(29, variant.as_bytes())
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(self, _: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.long(30, variant.as_bytes())?;
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Error> {
        self.put(tag::SEQ, &[]).map(|()| self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, Error> {
        self.put(tag::SEQ, &[]).map(|()| self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        self.put(tag::SEQ, &[]).map(|()| self)
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Self, Error> {
        self.long(31, variant.as_bytes()).map(|()| self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Entries<Self>, Error> {
        Ok(Entries { checking: self.checking, to: self, entries: Vec::new(), key: Vec::new() })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Error> {
        self.put(tag::STRUCT, &[]).map(|()| self)
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Self, Error> {
        self.long(32, variant.as_bytes()).map(|()| self)
    }
}

impl Encoder {
    fn item<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        self.put(tag::ITEM, &[])?;
        value.serialize(self)
    }

    /// A field with its name, so that a field left out cannot be taken for its neighbour.
    fn field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        self.long(tag::ITEM, name.as_bytes())?;
        value.serialize(self)
    }
}

/// Sequences of every sort: items, then an end mark.
macro_rules! sequences {
    ($($trait:ident $method:ident)*) => {$(
        impl ser::$trait for &mut Encoder {
            type Ok = ();
            type Error = Error;

            fn $method<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.put(tag::END, &[])
            }
        }
    )*};
}

sequences! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

/// Structs of both sorts: named fields, then an end mark.
macro_rules! structs {
    ($($trait:ident)*) => {$(
        impl ser::$trait for &mut Encoder {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: ?Sized + Serialize>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
                self.field(name, value)
            }

            fn end(self) -> Result<(), Error> {
                self.put(tag::END, &[])
            }
        }
    )*};
}

structs! { SerializeStruct SerializeStructVariant }

/// The entries of a map, gathered to be sorted.
struct Entries<E> {
    to: E,
    checking: bool,
    entries: Vec<(Vec<u8>, Vec<u8>)>,
    key: Vec<u8>,
}

impl<E> Entries<E> {
    fn apart<T: ?Sized + Serialize>(&self, value: &T) -> Result<Vec<u8>, Error> {
        let mut encoder = Encoder { checking: self.checking, ..Encoder::default() };
        value.serialize(&mut encoder)?;
        Ok(encoder.bytes)
    }
}

impl ser::SerializeMap for Entries<&mut Encoder> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: ?Sized + Serialize>(&mut self, key: &T) -> Result<(), Error> {
        self.key = self.apart(key)?;
        Ok(())
    }

    fn serialize_value<T: ?Sized + Serialize>(&mut self, value: &T) -> Result<(), Error> {
        let value = self.apart(value)?;
        self.entries.push((std::mem::take(&mut self.key), value));
        Ok(())
    }

    fn end(mut self) -> Result<(), Error> {
        self.entries.sort();
        self.to.put(tag::MAP, &[])?;
        for (key, value) in &self.entries {
            self.to.put(tag::ITEM, &[key, value])?;
        }
        self.to.put(tag::END, &[])
    }
}

impl ser::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Error::new(ErrorKind::Encode, message.to_string())
    }
}

impl<T: Bits<Bits: Serialize>> Serialize for FloatBits<T> {
    fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
