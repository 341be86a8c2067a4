//! What a call is looked up by.
//!
//! In: the arguments, borrowed. Out: a hash, a comparison with a stored key, and the owned key,
//! which is made only when something is to be stored. Floats count by their bits.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use foldhash::fast::{FoldHasher, RandomState};

/// The bound holds: the only answer that there is.
#[derive(Debug)]
pub struct Holds;

/// An answer that is never given. With a second `impl` to choose from, the compiler proves a bound before it goes
/// on; where it fails it says so once, and is silent about all that would have followed from it.
#[derive(Debug)]
pub struct Never;

/// What no type is.
pub trait Nothing {}

/// A value that may be cached: shared between threads, and cloned for every caller.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached",
    label = "returned by a `#[cached]` function",
    note = "a cached value is `Clone + Send + Sync + 'static`: derive `Clone`, or return an `Arc` of it, or an owned copy without references"
)]
pub trait Value<M = Holds>: Clone + Send + Sync + 'static {
    /// What is said of the value, once it is known that the value may be cached.
    type Proven<K>;

    /// The same, proven.
    fn prove<K>(said: K) -> Self::Proven<K>;
}

/// An argument that may be part of a key, in its owned form.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a cache key",
    label = "an argument of a `#[cached]` function",
    note = "a key part is `Hash + Eq + Clone + Send + Sync + 'static`: derive what is missing, leave it out with `skip(…)`, or say what identifies the call with `key = …`"
)]
pub trait KeyPart<M = Holds>: Hash + Eq + Clone + Send + Sync + 'static {
    /// The type itself.
    type Proven;

    /// The same, proven.
    fn prove(&self) -> &Self::Proven;
}

/// A borrowed argument whose owned form may be part of a key.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be part of a cache key",
    label = "an argument of a `#[cached]` function",
    note = "a borrowed key part is `Hash + Eq + ToOwned` with an owned form that is `Clone + Send + Sync + 'static`: derive what is missing, leave it out with `skip(…)`, or say what identifies the call with `key = …`"
)]
pub trait RefPart<M = Holds>: Hash + Eq + ToOwned<Owned: OwnedKey> {
    /// The type itself.
    type Proven: ?Sized;

    /// The same, proven.
    fn prove(&self) -> &Self::Proven;
}

macro_rules! proofs {
    ($answer:ty $(, $nothing:ident)?) => {
        #[diagnostic::do_not_recommend]
        impl<T: Clone + Send + Sync + 'static $(+ $nothing)?> Value<$answer> for T {
            type Proven<K> = K;

            #[inline(always)]
            fn prove<K>(said: K) -> K {
                said
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: Hash + Eq + Clone + Send + Sync + 'static $(+ $nothing)?> KeyPart<$answer> for T {
            type Proven = T;

            #[inline(always)]
            fn prove(&self) -> &T {
                self
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: ?Sized + Hash + Eq + ToOwned<Owned: OwnedKey> $(+ $nothing)?> RefPart<$answer> for T {
            type Proven = T;

            #[inline(always)]
            fn prove(&self) -> &T {
                self
            }
        }
    };
}

proofs!(Holds);
proofs!(Never, Nothing);

/// A stored key.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a cache key",
    label = "the arguments of a `#[cached]` function",
    note = "a key part is `Hash + Eq + Clone + Send + Sync + 'static`: derive what is missing, leave it out with `skip(…)`, or say what identifies the call with `key = …`"
)]
pub trait OwnedKey: Eq + Clone + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Eq + Clone + Send + Sync + 'static> OwnedKey for T {}

/// One part of a key while the call is looked up: hashed and compared without being owned.
pub trait Part {
    /// What is stored.
    type Owned: OwnedKey;

    /// Feeds the part to the hasher.
    fn feed(&self, hasher: &mut FoldHasher<'static>);

    /// Whether this is the stored part.
    fn is(&self, owned: &Self::Owned) -> bool;

    /// The part to store.
    fn own(&self) -> Self::Owned;
}

/// A [`Part`] in a function that keeps `F`. Where the macro can name key and value, `F` is a constant that is only
/// computed if both may be cached; if it is not, whatever is asked of the key beside it is not said again.
pub trait Keyed<const F: u8>: Part<Owned = Self::Held> {
    /// What is stored.
    type Held: OwnedKey;
}

impl<P: Part, const F: u8> Keyed<F> for P {
    type Held = P::Owned;
}

/// Asks whether an argument may be part of a key.
pub const fn key<T: KeyPart>() {}

/// Asks whether what an argument refers to may be part of a key.
pub const fn borrowed<T: ?Sized + RefPart>() {}

/// An argument taken by value, or a reference to it.
#[derive(Debug)]
pub struct Own<'a, T>(pub &'a T);

/// An [`Own`], of a type that is asked first.
#[inline(always)]
pub fn own<M, T: KeyPart<M>>(value: &T) -> Own<'_, T::Proven> {
    Own(value.prove())
}

impl<T: Clone> Own<'_, T> {
    /// The same part, which borrows nothing: an entry outlives the expressions of its key.
    pub fn given(self) -> Given<T> {
        Given(self.0.clone())
    }
}

impl<T: KeyPart> Part for Own<'_, T> {
    type Owned = T;

    #[inline]
    fn feed(&self, hasher: &mut FoldHasher<'static>) {
        self.0.hash(hasher);
    }

    #[inline]
    fn is(&self, owned: &T) -> bool {
        self.0 == owned
    }

    fn own(&self) -> T {
        self.0.clone()
    }
}

/// A part that is there as a value: the result of a `key = …` expression.
#[derive(Debug)]
pub struct Given<T>(pub T);

impl<T: KeyPart> Part for Given<T> {
    type Owned = T;

    fn feed(&self, hasher: &mut FoldHasher<'static>) {
        self.0.hash(hasher);
    }

    fn is(&self, owned: &T) -> bool {
        self.0 == *owned
    }

    fn own(&self) -> T {
        self.0.clone()
    }
}

/// An argument taken by reference: `&str`, `&[u8]`, `&Path`, `&T`.
#[derive(Debug)]
pub struct Ref<'a, T: ?Sized>(pub &'a T);

/// A [`Ref`], of a type that is asked first.
#[inline(always)]
pub fn borrow<M, T: ?Sized + RefPart<M>>(value: &T) -> Ref<'_, T::Proven> {
    Ref(value.prove())
}

impl<T: ?Sized + ToOwned> Ref<'_, T> {
    /// The same part, which borrows nothing.
    pub fn given(self) -> Given<T::Owned> {
        Given(self.0.to_owned())
    }
}

impl<T: ?Sized + RefPart> Part for Ref<'_, T> {
    type Owned = T::Owned;

    #[inline]
    fn feed(&self, hasher: &mut FoldHasher<'static>) {
        self.0.hash(hasher);
    }

    #[inline]
    fn is(&self, owned: &T::Owned) -> bool {
        self.0 == std::borrow::Borrow::<T>::borrow(owned)
    }

    fn own(&self) -> T::Owned {
        self.0.to_owned()
    }
}

/// An `f32` or `f64`, by its bits: `NaN` finds itself, and `0.0` is not `-0.0`.
#[derive(Debug)]
pub struct Float<T>(pub T);

/// The stored form of a [`Float`].
pub struct FloatBits<T: Bits>(pub(crate) T::Bits);

impl<T: Bits> Clone for FloatBits<T> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<T: Bits> PartialEq for FloatBits<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: Bits> Eq for FloatBits<T> {}

impl<T: Bits> std::fmt::Debug for FloatBits<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        T::float(self.0).fmt(f)
    }
}

/// The two float types.
pub trait Bits: Copy + std::fmt::Debug + 'static {
    /// The unsigned integer of the same width.
    type Bits: Eq + Copy + Hash + Send + Sync + std::fmt::Debug + 'static;
    /// The bits.
    fn bits(self) -> Self::Bits;
    /// The float of these bits.
    fn float(bits: Self::Bits) -> Self;
}

impl Bits for f32 {
    type Bits = u32;
    #[inline]
    fn bits(self) -> u32 {
        self.to_bits()
    }

    fn float(bits: u32) -> Self {
        Self::from_bits(bits)
    }
}

impl Bits for f64 {
    type Bits = u64;
    #[inline]
    fn bits(self) -> u64 {
        self.to_bits()
    }

    fn float(bits: u64) -> Self {
        Self::from_bits(bits)
    }
}

impl<T: Bits> Part for Float<T> {
    type Owned = FloatBits<T>;

    #[inline]
    fn feed(&self, hasher: &mut FoldHasher<'static>) {
        self.0.bits().hash(hasher);
    }

    #[inline]
    fn is(&self, owned: &FloatBits<T>) -> bool {
        self.0.bits() == owned.0
    }

    fn own(&self) -> FloatBits<T> {
        FloatBits(self.0.bits())
    }
}

/// An optional part that holds a reference or a float.
#[derive(Debug)]
pub struct Maybe<P>(pub Option<P>);

impl<P: Part> Part for Maybe<P> {
    type Owned = Option<P::Owned>;

    #[inline]
    fn feed(&self, hasher: &mut FoldHasher<'static>) {
        hasher.write_u8(u8::from(self.0.is_some()));
        if let Some(part) = &self.0 {
            part.feed(hasher);
        }
    }

    #[inline]
    fn is(&self, owned: &Self::Owned) -> bool {
        match (&self.0, owned) {
            (Some(part), Some(owned)) => part.is(owned),
            (None, None) => true,
            _ => false,
        }
    }

    fn own(&self) -> Self::Owned {
        self.0.as_ref().map(Part::own)
    }
}

/// A slice whose elements hold references or floats; the closure makes a part of each.
pub struct Seq<'a, T, F>(pub &'a [T], pub F);

/// A [`Seq`]; a function, so that the closure's argument is inferred.
pub fn seq<'a, T, P: Part, F: Fn(&'a T) -> P>(items: &'a [T], part: F) -> Seq<'a, T, F> {
    Seq(items, part)
}

impl<'a, T, P: Part, F: Fn(&'a T) -> P> Part for Seq<'a, T, F> {
    type Owned = Vec<P::Owned>;

    fn feed(&self, hasher: &mut FoldHasher<'static>) {
        hasher.write_usize(self.0.len());
        self.0.iter().for_each(|item| (self.1)(item).feed(hasher));
    }

    fn is(&self, owned: &Self::Owned) -> bool {
        self.0.len() == owned.len() && self.0.iter().zip(owned).all(|(item, owned)| (self.1)(item).is(owned))
    }

    fn own(&self) -> Self::Owned {
        self.0.iter().map(|item| (self.1)(item).own()).collect()
    }
}

macro_rules! tuples {
    ($(($($part:ident $index:tt),*))*) => {$(
        impl<$($part: Part),*> Part for ($($part,)*) {
            type Owned = ($($part::Owned,)*);

            #[inline]
            fn feed(&self, _hasher: &mut FoldHasher<'static>) {
                $(self.$index.feed(_hasher);)*
            }

            #[inline]
            fn is(&self, _owned: &Self::Owned) -> bool {
                true $(&& self.$index.is(&_owned.$index))*
            }

            #[allow(clippy::unused_unit, reason = "the empty tuple is the key of a function without arguments")]
            fn own(&self) -> Self::Owned {
                ($(self.$index.own(),)*)
            }
        }
    )*};
}

tuples! {
    ()
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11)
}

/// The hash of a key, seeded afresh in every process.
#[derive(Clone)]
pub(crate) struct Seed(RandomState);

impl Seed {
    pub(crate) fn new() -> Self {
        Self(RandomState::default())
    }

    /// A text of ours beside its hash.
    pub(crate) fn held(&self, text: Arc<str>) -> Held<Arc<str>> {
        Held { hash: self.hash(&Ref(&*text)), key: text }
    }

    #[inline]
    pub(crate) fn hash<P: Part>(&self, parts: &P) -> u64 {
        // 2^64 divided by the golden ratio. The engine goes by the upper bits, and those of `foldhash::fast` are
        // poor for numbers in a row: with some seeds 40 in 100 fell into a bucket that was full.
        const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut hasher = self.0.build_hasher();
        parts.feed(&mut hasher);
        hasher.finish().wrapping_mul(MIX)
    }
}

/// A stored key beside its hash: a key is hashed once, while it is borrowed.
#[derive(Clone)]
pub(crate) struct Held<K> {
    pub(crate) hash: u64,
    pub(crate) key: K,
}

impl<K: Eq> PartialEq for Held<K> {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.key == other.key
    }
}

impl<K: Eq> Eq for Held<K> {}

/// Passes a finished hash through a map that wants to hash.
#[derive(Clone, Copy, Default)]
pub(crate) struct Finished(u64);

impl Hasher for Finished {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    #[inline]
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl BuildHasher for Finished {
    type Hasher = Finished;

    #[inline]
    fn build_hasher(&self) -> Finished {
        Finished(0)
    }
}
