//! Memoization through named backends: `#[cached]` sends a function's calls through a registry, what
//! a name in it means is configuration, and every cached function of the program stands in one report.
//!
//! ```
//! use cached_core::cached;
//!
//! #[cached]
//! fn distance(a: &str, b: &str) -> usize {
//!     a.chars().zip(b.chars()).filter(|(a, b)| a != b).count()
//! }
//!
//! assert_eq!(distance("karolin", "kathrin"), distance("karolin", "kathrin"));
//! assert_eq!(distance::site().stats().hits, 1);
//! println!("{}", cached_core::report());
//! ```
//!
//! Start with the [`cached`] attribute, [`Config`] and [`report()`]. A store of your own implements
//! [`backend::Backend`]. Values under keys of your own, on the same backends, are what `caches()` is for (feature `bytes`).
//!
//! # Features
//!
//! * `macros` (default): the attribute. Costs the build of `syn`.
//! * `bytes`: keys and values as bytes, and the low-level cache; crates of byte backends switch it on. Costs serde, a
//!   codec and a digest, and one pass over each value written or read.
//! * `codecs`: codecs beside MessagePack, chosen by name for each alias: `json`, and those that other crates join. Costs
//!   `serde_json`, `erased-serde`, and a little code for each type of a value.
//!
//! # What it promises
//!
//! What is not promised may not be relied on.
//!
//! * **P1 identity** A call returns only a value produced by this site, this instantiation, equal arguments.
//! * **P2 one flight** Per process at most one execution per key is in flight, except a caller that is itself inside
//!   that flight (same thread or task: recursion), whose bounded wait ended, who found twice that what it waited for had
//!   ended, or who is called by what the cache itself runs under a lock (`Eq`) or on a thread of a store (the `Drop` of
//!   what was written): it computes on its own. What `verify` runs
//!   beside a hit is no computation of its key. With `flight = "distributed"` on a backend that processes share, one in all
//!   of them, by a lease that lives as long as a follower waits; where the backend fails, each process is on its own.
//! * **P3 failure is local** An error, panic or cancellation of the leader never hangs, panics or cancels a follower; the
//!   next leader is exactly one. Followers of an `Err` compute in parallel unless `errors` lets them share it. An async
//!   body runs in the future of one caller: where every caller gives up before it ends (a timeout shorter than the body),
//!   nothing is stored, and [`Stats::cancelled`] grows; a call that should end all the same is spawned as a task.
//! * **P4 bounded wait** Followers wait at most `join_timeout` (10 s, or three times the site's usual body if longer) for
//!   one leader, and for at most two leaders; endings are counted. Answers of backends that come later are waited for
//!   at most `op_timeout` (100 ms).
//! * **P5 fail open** A backend fault is never an error of the call. It *is* an error of an explicit `invalidate`, `put`, `clear`.
//! * **P6 invalidation barrier** A call that starts after `invalidate` (by key, site, tag or alias) returned `Ok` never sees a value whose computation
//!   began before it. What a site stored on a backend that it does not use at that moment is not reached. Between processes that share a
//!   backend this holds by key and by tag; of a site or an alias, what *others* are computing may be stored after it. Copies that *other* processes
//!   keep in memory (`tiered`) go when the backend tells of the change; where it cannot, after `l1_ttl_when_disconnected` (2 s).
//! * **P7 time** Never served later than its deadline, outside a window that `stale` or `stale_if_error` declares; jitter
//!   only shortens. (A process that was stopped for longer than a second, or a waker of the user's that blocks for as long,
//!   keeps the clock thread from its work: what ended meanwhile may be served until it has run again.)
//! * **P8 bounded memory** by default, side tables included: 10,000 entries per site.
//! * **P9 total decoding** Any bytes decode to the right value or to a miss: what a site is given back has the names of fields
//!   and variants, the types and the contents of what was written. Nothing is signed: whoever can write to a backend chooses results.
//! * **P10 accounting** Every call ends in exactly one outcome; the totals balance.
//! * **P11 quiet exit** No work is needed at exit for correctness; a thread-local destructor of ours does one atomic store
//!   and nothing else; nothing runs in static destructors.
//! * **P12 closed by default** Keys and values are not shown: not in the report, not in errors, not in `Debug`; in recorded
//!   calls only where a site (`show = "keys"`), the configuration or [`Recorder::show`] says so.
//! * **Locks** No lock of ours is held while a body, `Hash`, `Clone`, `Drop` or a codec of the user runs, nor across an
//!   await. User `Eq` may run under the lock of a writer's shard; re-entry from it is detected and bypassed.

mod bounded;
mod breaker;
mod bucket;
#[cfg(feature = "bytes")]
mod cache;
mod call;
mod clock;
mod codec;
mod config;
mod entry;
mod error;
mod event;
mod explain;
mod fence;
mod flight;
mod forget;
mod handle;
mod key;
mod local;
mod memo;
mod memory;
mod meter;
mod near;
mod options;
mod process;
mod project;
mod record;
mod registry;
mod report;
mod scope;
mod site;
mod stats;
mod store;
mod sync;
mod table;
mod tags;
#[cfg(test)]
mod tests;
mod trail;
mod word;
mod workers;

pub mod backend;
pub mod recorder;
#[doc(hidden)]
pub mod rt;

/// Moves time in tests, and sets them apart.
#[doc(hidden)]
pub mod testing {
    pub use crate::clock::{Frozen, advance, freeze};
    pub use crate::handle::{Entered, Handle, Wrapped, disable_all};
    pub use crate::sync::held_locks;
}

#[cfg(feature = "macros")]
pub use cached_macros::cached;

#[cfg(feature = "bytes")]
pub use cache::{Cache, CacheAsync, Caches, Ttl, cache, caches};
#[cfg(feature = "codecs")]
pub use cached_codec::{Codec, Given, Wanted};
pub use config::{Config, Watch, check_connections, retune, shutdown};
pub use entry::{Entry, EntryAsync, Expiry};
pub use error::{Error, ErrorKind};
pub use event::{Method, Outcome, Reason};
pub use explain::Explanation;
pub use forget::{clear_alias, clear_all, invalidate_tag, invalidate_tag_async};
pub use handle::bypass;
pub use meter::Latency;
pub use options::{KeyFunction, Options};
pub use recorder::{Recorder, recorder};
pub use registry::{Kind, Task};
pub use report::{BackendReport, Report, Setting, SiteReport, backends, report, report_at_exit, settings};
pub use site::{Site, site, sites};
pub use stats::Stats;

/// Links crates that nothing else names, so that their cached functions and backend kinds are there.
///
/// ```ignore
/// cached_core::link!(shop_catalogue, cached_file);
/// ```
#[macro_export]
macro_rules! link {
    ($($crate_name:ident),+ $(,)?) => {
        $(use $crate_name as _;)+
    };
}
