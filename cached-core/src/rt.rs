//! What the expansion of `#[cached]` calls. **Not public API**: it changes in any release, together
//! with the macro, which is pinned to the same version.
//!
//! In: a memo and the parts of a key. Out: the stored value, or the [`Miss`] that goes on.

pub use inventory;

pub use crate::call::{Miss, Run};
pub use crate::codec::{Facts, Kind, NoKey, NoValue, NotCopy, NotFallible, NotHandle, Probe, WholeKind};
pub use crate::key::{Float, FloatBits, Given, Maybe, Own, OwnedKey, Part, Ref, Seq, Value, seq};
pub use crate::memo::Memo;
pub use crate::project::Project;
pub use crate::site::{Keep, Listed, Meta, Policy};
pub use crate::{
    __encodable as encodable, __facts as facts, __facts_for as facts_for, __facts_of as facts_of,
    __fallible as fallible, __kind as kind,
};

use crate::call::{Manner, Ticket};
use crate::entry::{Entry, EntryAsync};
use crate::memory::Header;

/// Looks a call up in memory: the only code that a hit runs.
///
/// One load of the site's word, one hash over the borrowed parts, one probe, one count.
#[inline(always)]
pub fn lookup<const F: u8, P, R>(
    memo: &'static Memo<P::Owned, R::Stored>,
    parts: P,
) -> Result<R, Miss<F, P::Owned, R::Stored>>
where
    P: Part,
    R: Project<F>,
{
    match hit(memo, &parts) {
        Some(value) => Ok(R::restore(value)),
        None => Err(miss(memo, &parts)),
    }
}

/// Apart from [`lookup`], so that a hit's answer comes back in registers.
///
/// What is rare leaves by the last line and begins again, so that nothing has to be kept over a call.
#[inline(never)]
fn hit<P: Part, V: Value>(memo: &'static Memo<P::Owned, V>, parts: &P) -> Option<V> {
    let state = memo.site.word.load();
    if state.is_fast()
        && !state.is_timed()
        && let Some(core) = memo.ready()
        && let Some(pin) = core.memory.pin()
        && let Some(count) = memo.site.counters.hits(pin.record())
        && let Some(found) = core.memory.glance(&pin, parts, state.generation())
    {
        let value = found?;
        count.add_one();
        return Some(value);
    }
    hit_otherwise(memo, parts)
}

/// As [`hit`], also with a lifetime, inside another hit, or for the first time on this thread.
#[inline(never)]
fn hit_otherwise<P: Part, V: Value>(memo: &'static Memo<P::Owned, V>, parts: &P) -> Option<V> {
    let state = memo.site.word.load();
    if !state.is_fast() {
        return None;
    }
    let lives = |header: &Header| {
        header.generation == state.generation() && !(state.is_timed() && header.has_ended(memo.site.life()))
    };
    let memory = &memo.ready()?.memory;
    let pin = memory.pin_again()?;
    let value = memory.get(&pin, parts, lives)?;
    memo.site.counters.hit(pin.record());
    Some(value)
}

/// As [`lookup`], where what is stored is known by a value instead of a constant.
#[inline]
pub fn lookup_as<const F: u8, P, R>(
    _kind: Kind<F>,
    memo: &'static Memo<P::Owned, R::Stored>,
    parts: P,
) -> Result<R, Miss<F, P::Owned, R::Stored>>
where
    P: Part,
    R: Project<F>,
{
    lookup(memo, parts)
}

/// The call goes on with a key of its own.
#[cold]
#[inline(never)]
fn miss<const F: u8, P: Part, V: Value>(memo: &'static Memo<P::Owned, V>, parts: &P) -> Miss<F, P::Owned, V> {
    // The ticket first: from here on the call is counted, however it ends.
    let ticket = Ticket::new(&memo.site.counters);
    Miss { memo, key: memo.held(parts), manner: Manner::Ask, ticket }
}

/// A call that runs the body whatever is stored, and replaces it.
pub fn refresh<const F: u8, P, R>(memo: &'static Memo<P::Owned, R::Stored>, parts: P) -> Miss<F, P::Owned, R::Stored>
where
    P: Part,
    R: Project<F>,
{
    let key = memo.held(&parts);
    Miss { memo, key, manner: Manner::Refresh, ticket: Ticket::silent() }
}

/// The entry of some arguments.
pub fn entry<P: Part, V: Value>(memo: &'static Memo<P::Owned, V>, parts: P) -> Entry<P, V> {
    Entry::new(memo, &parts)
}

/// The entry of some arguments of an async function.
pub fn entry_async<P: Part, V: Value>(memo: &'static Memo<P::Owned, V>, parts: P) -> EntryAsync<P, V> {
    EntryAsync::new(memo, &parts)
}

/// A probe of the stored form of some parts.
pub fn probe_owned<P: Part>(_parts: &P) -> Probe<P::Owned> {
    Probe::new()
}

/// A probe of what is stored of a return type.
pub fn probe_stored<R: Project<F>, const F: u8>(_kind: Kind<F>) -> Probe<R::Stored> {
    Probe::new()
}

/// The path of a function, from the path of a function nested in its `site()`.
pub fn shown(nested: &'static str) -> &'static str {
    let mut path = nested;
    for inner in ["::here", "::site", "::{{closure}}"] {
        path = path.strip_suffix(inner).unwrap_or(path);
    }
    // A raw identifier is shown as it is spoken: `r#type` is `type`, when it is the last segment.
    path
}
