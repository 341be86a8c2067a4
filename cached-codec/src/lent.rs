//! Reading what others lend, and not too deep.
//!
//! In: a deserializer that may lend from its bytes. Out: one that copies what is lent, so that its values live as long
//! as they like, refuses what nests deeper than it may, and passes on no length before its items: it is only claimed.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};

/// Something of serde's that works for the lifetime `'de`, as what works for any; and how much deeper it may go.
pub(super) struct Lent<'de, T> {
    inner: T,
    left: usize,
    lends: PhantomData<&'de ()>,
}

impl<T> Lent<'_, T> {
    pub(super) fn new(inner: T, left: usize) -> Self {
        Lent { inner, left, lends: PhantomData }
    }

    /// One level deeper.
    fn deeper<E: Error>(&self) -> Result<usize, E> {
        self.left.checked_sub(1).ok_or_else(|| E::custom("it nests too deep"))
    }
}

/// Methods of a deserializer that take nothing but a visitor.
macro_rules! deserializes {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'static>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(Lent::new(visitor, self.left))
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'static> for Lent<'de, D> {
    type Error = D::Error;

    deserializes! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_unit deserialize_seq deserialize_map deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'static>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, Lent::new(visitor, self.left))
    }

    fn deserialize_newtype_struct<V: Visitor<'static>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_newtype_struct(name, Lent::new(visitor, self.left))
    }

    fn deserialize_tuple<V: Visitor<'static>>(self, length: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple(length, Lent::new(visitor, self.left))
    }

    fn deserialize_tuple_struct<V: Visitor<'static>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple_struct(name, length, Lent::new(visitor, self.left))
    }

    fn deserialize_struct<V: Visitor<'static>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_struct(name, fields, Lent::new(visitor, self.left))
    }

    fn deserialize_enum<V: Visitor<'static>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_enum(name, variants, Lent::new(visitor, self.left))
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// Methods of a visitor that are given a plain value; what is lent goes where what is shown for a moment goes.
macro_rules! visits {
    ($($method:ident $type:ty => $to:ident)*) => {$(
        fn $method<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$to(value)
        }
    )*};
}

impl<'de, V: Visitor<'static>> Visitor<'de> for Lent<'de, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    visits! {
        visit_bool bool => visit_bool
        visit_i8 i8 => visit_i8
        visit_i16 i16 => visit_i16
        visit_i32 i32 => visit_i32
        visit_i64 i64 => visit_i64
        visit_i128 i128 => visit_i128
        visit_u8 u8 => visit_u8
        visit_u16 u16 => visit_u16
        visit_u32 u32 => visit_u32
        visit_u64 u64 => visit_u64
        visit_u128 u128 => visit_u128
        visit_f32 f32 => visit_f32
        visit_f64 f64 => visit_f64
        visit_char char => visit_char
        visit_str &str => visit_str
        visit_borrowed_str &'de str => visit_str
        visit_string String => visit_string
        visit_bytes &[u8] => visit_bytes
        visit_borrowed_bytes &'de [u8] => visit_bytes
        visit_byte_buf Vec<u8> => visit_byte_buf
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let left = self.deeper()?;
        self.inner.visit_some(Lent::new(deserializer, left))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Lent::new(deserializer, self.left))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        let left = self.deeper()?;
        self.inner.visit_seq(Lent::new(items, left))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        let left = self.deeper()?;
        self.inner.visit_map(Lent::new(entries, left))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        let left = self.deeper()?;
        self.inner.visit_enum(Lent::new(variant, left))
    }
}

impl<'de, S: DeserializeSeed<'static>> DeserializeSeed<'de> for Lent<'de, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Lent::new(deserializer, self.left))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'static> for Lent<'de, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'static>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_element_seed(Lent::new(seed, self.left))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'static> for Lent<'de, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'static>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.inner.next_key_seed(Lent::new(seed, self.left))
    }

    fn next_value_seed<S: DeserializeSeed<'static>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.next_value_seed(Lent::new(seed, self.left))
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'static> for Lent<'de, A> {
    type Error = A::Error;
    type Variant = Lent<'de, A::Variant>;

    fn variant_seed<S: DeserializeSeed<'static>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, variant) = self.inner.variant_seed(Lent::new(seed, self.left))?;
        Ok((value, Lent::new(variant, self.left)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'static> for Lent<'de, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'static>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Lent::new(seed, self.left))
    }

    fn tuple_variant<V: Visitor<'static>>(self, length: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(length, Lent::new(visitor, self.left))
    }

    fn struct_variant<V: Visitor<'static>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, Lent::new(visitor, self.left))
    }
}
