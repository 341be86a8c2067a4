//! What the expansion of `#[cached]` calls. **Not public API**: it changes in any release, together
//! with the macro, which is pinned to the same version.
//!
//! In: a memo and the parts of a key. Out: the stored value, or the [`Miss`] that goes on.

pub use inventory;

pub use crate::call::{Behind, Miss, Run};
pub use crate::codec::{
    Facts, Finds, Kept, KeptWhole, NoKey, NoValue, NotComparable, NotCopy, NotFallible, NotHandle, NotLost, NotShown,
    Probe,
};
pub use crate::key::{
    Float, FloatBits, Given, Keyed, Maybe, Own, OwnedKey, Part, Ref, Seq, Value, borrow, borrowed, key, own, seq,
};
pub use crate::memo::Memo;
pub use crate::project::{Project, kept, proven};
pub use crate::site::{Flight, Keep, Listed, Meta, Policy};
pub use crate::trail::Show;
pub use crate::{
    __encodable as encodable, __facts as facts, __facts_for as facts_for, __fallible as fallible, __kept as kept_of,
};

use std::mem::needs_drop;
use std::task::Poll;

use crate::call::{Call, Manner, Ticket};
use crate::clock;
use crate::entry::{Entry, EntryAsync};
use crate::event::{self, Outcome};
use crate::memory::Terms;
use crate::scope;
use crate::word::State;

/// The memo of a function, and what it keeps of the return type. `F` is in the type, so that an `F` that could not be
/// computed, because something cannot be cached, silences what is asked of the memo.
pub struct Keeping<const F: u8, K: 'static, V: 'static>(pub &'static Memo<K, V>);

impl<const F: u8, K, V: Value> Keeping<F, K, V> {
    /// Looks a call up in memory: the only code that a hit runs.
    ///
    /// One load of the site's word, one hash over the borrowed parts, one probe, one count.
    #[inline(always)]
    pub fn lookup<P, R>(self, parts: P) -> Result<R, Miss<F, K, V>>
    where
        P: Keyed<F, Held = K>,
        R: Project<F, Stored = V>,
    {
        match hit(self.0, &parts) {
            Some(value) => Ok(R::restore(value)),
            None => Err(miss(self.0, &parts)),
        }
    }

    /// A call that runs the body whatever is stored, and replaces it.
    pub fn refresh<P: Keyed<F, Held = K>>(self, parts: P) -> Miss<F, K, V> {
        again(self.0, &parts)
    }

    /// The entry of some arguments.
    pub fn entry<P: Keyed<F, Held = K>>(self, parts: P) -> Entry<P, V> {
        Entry::new(self.0, parts)
    }

    /// The entry of some arguments of an async function.
    pub fn entry_async<P: Keyed<F, Held = K>>(self, parts: P) -> EntryAsync<P, V> {
        EntryAsync::new(self.0, parts)
    }
}

impl<const F: u8, R: Project<F>> Kept<F, R> {
    /// The memo, where what is kept is known by a value instead of a constant.
    #[inline(always)]
    pub fn __cached_memo<K>(&self, memo: &'static Memo<K, R::Stored>) -> Keeping<F, K, R::Stored>
    where
        R: Project<F, Stored: Value>,
    {
        Keeping(memo)
    }
}

/// In its caller it costs a hit a tenth less. Apart from that, where it needs room on the stack that every level of a
/// recursion would have: for longer keys, and where nothing is optimised.
#[inline(always)]
fn hit<P: Part, V: Value>(memo: &'static Memo<P::Owned, V>, parts: &P) -> Option<V> {
    let is_short = !needs_drop::<P::Owned>() && size_of::<P::Owned>() <= 16;
    if is_short && !cfg!(debug_assertions) { hit_here(memo, parts) } else { hit_apart(memo, parts) }
}

#[inline(never)]
fn hit_apart<P: Part, V: Value>(memo: &'static Memo<P::Owned, V>, parts: &P) -> Option<V> {
    hit_here(memo, parts)
}

/// What is rare leaves by the last line and begins again, so that nothing has to be kept over a call.
#[inline(always)]
fn hit_here<P: Part, V: Value>(memo: &'static Memo<P::Owned, V>, parts: &P) -> Option<V> {
    let state = memo.site.word.load();
    if state.is_plain()
        && let Some(found) = glance::<false, _, _>(memo, parts, state)
    {
        return found;
    }
    hit_otherwise(memo, parts)
}

/// The outer `None`: this did not tell, and nothing was counted. `STRICT` is known where it is compiled, so that each of
/// the two has its code for itself.
#[inline(always)]
fn glance<const STRICT: bool, P: Part, V: Value>(
    memo: &'static Memo<P::Owned, V>,
    parts: &P,
    state: State,
) -> Option<Option<V>> {
    let terms = if STRICT { memo.site.terms(state)? } else { Terms::plain(state.generation(), state.is_timed()) };
    let core = memo.ready()?;
    let pin = core.memory.pin()?;
    // What is not plain may be so because it has no place.
    if STRICT && state.place() == 0 {
        return None;
    }
    let count = pin.record().count(state.place())?;
    // It counts the call if a `Hash`, `Eq` or `Clone` of the user's unwinds; else that is counted elsewhere.
    let ticket = Ticket::new(&memo.site.counters);
    let found = core.memory.glance::<STRICT, _>(&pin, parts, terms);
    ticket.forget();
    if let Some(Some(_)) = found {
        count.add_one();
    }
    found
}

/// As [`hit`], also where a clock has to be read, inside another hit, for the first time on this thread, or measured.
#[inline(never)]
fn hit_otherwise<P: Part, V: Value>(memo: &'static Memo<P::Owned, V>, parts: &P) -> Option<V> {
    let state = memo.site.word.load();
    if state.is_fast()
        && !state.is_sampled()
        && let Some(found) = glance::<true, _, _>(memo, parts, state)
    {
        return found;
    }
    if !state.is_fast() {
        return None;
    }
    let terms = memo.site.terms(state)?;
    let memory = &memo.ready()?.memory;
    let pin = memory.pin_again()?;
    let started = state.is_sampled().then(clock::now);
    // As in `glance`.
    let ticket = Ticket::new(&memo.site.counters);
    let value = memory.get(pin, parts, terms);
    ticket.forget();
    let value = value?;
    memo.site.counters.hit();
    if let Some(started) = started {
        memo.site.counters.looked_up(started);
        memo.site.word.sample(false);
    }
    Some(value)
}

/// The call goes on with a key of its own.
#[cold]
#[inline(never)]
fn miss<const F: u8, P: Part, V: Value>(memo: &'static Memo<P::Owned, V>, parts: &P) -> Miss<F, P::Owned, V> {
    // The ticket first: from here on the call is counted, however it ends.
    let apart = scope::apart(&memo.site.counters);
    let ticket = Ticket::new(memo.site.tally_in(apart));
    Miss(Call::new(memo, parts, Manner::Ask, apart, ticket))
}

/// A miss whatever is stored.
fn again<const F: u8, P: Part, V: Value>(memo: &'static Memo<P::Owned, V>, parts: &P) -> Miss<F, P::Owned, V> {
    let apart = scope::apart(&memo.site.counters);
    Miss(Call::new(memo, parts, Manner::Refresh, apart, Ticket::silent()))
}

/// A call, and how it ended.
pub fn seen<R>(call: impl FnOnce() -> R) -> (R, Outcome) {
    event::seen(call)
}

/// An async call, and how it ended: in its last poll, it is the last to say so.
pub async fn seen_async<R>(call: impl Future<Output = R>) -> (R, Outcome) {
    let mut call = std::pin::pin!(call);
    std::future::poll_fn(|cx| match event::seen(|| call.as_mut().poll(cx)) {
        (Poll::Ready(value), outcome) => Poll::Ready((value, outcome)),
        (Poll::Pending, _) => Poll::Pending,
    })
    .await
}

/// A probe of the stored form of some parts.
pub fn probe_owned<P: Part>(_parts: &P) -> Probe<P::Owned> {
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
