//! What tests of [`cached_core`] need: scopes of their own, time that is moved, a backend to look into,
//! one that fails on command, a network that does, and a hand that polls.
//!
//! - [`isolated`] gives a test empty caches and counters of its own; [`counted`] checks them.
//!   [`disable_all`] switches the cache off in a test binary.
//! - [`advance`] and [`freeze`] move time for the whole process.
//! - [`Shelf`] keeps entries in memory, by a clock that the test gives.
//! - [`Faulty`] stands before any backend. On command it fails, stays silent, loses writes or
//!   flips bits; it always counts.
//! - [`conformance`] holds a backend of yours against the rules that every backend owes.
//! - [`poll_n`] polls a future a given number of times and hands it back if it is not done.
//! - [`Proxy`] stands before a server. On command its connections are slow, break at a byte, stand still or are
//!   refused; it counts, and keeps what was said.
//! - [`servers`] are real: Redis, Valkey and a cluster, each with a port and a directory of its own.
//!
//! Nothing here needs a runtime, and nothing but [`conformance`], [`servers`] and [`Proxy`] sleeps or starts a thread.
//! It belongs in `[dev-dependencies]`.
//!
//! # Example: a backend that breaks, and comes back
//! ```
//! use std::sync::Arc;
//! use cached_core::backend::{Backend, Reply, When, Write};
//! use cached_testkit::{Fault, Faulty, Shelf};
//!
//! let backend = Faulty::new(Arc::new(Shelf::new()));
//! let write = Write::new("k".into(), b"value"[..].into(), None, When::Always);
//! assert!(matches!(backend.set_many(vec![write]), Reply::Ready(Ok(stored)) if stored == [true]));
//!
//! backend.set_fault(Fault::Fail);
//! assert!(matches!(backend.get_many(&["k".into()]), Reply::Ready(Err(_))));
//!
//! backend.set_fault(Fault::None);
//! assert!(matches!(backend.get_many(&["k".into()]), Reply::Ready(Ok(found)) if found[0].is_some()));
//! assert_eq!((backend.reads(), backend.writes()), (2, 1));
//! ```
#![forbid(unsafe_code)]

pub mod conformance;
mod fault;
mod isolated;
mod poll;
mod proxy;
pub mod servers;
mod shelf;

pub use cached_core::testing::{Entered, Frozen, Handle, Wrapped, advance, disable_all, freeze};
pub use fault::{Fault, Faulty};
pub use isolated::{Counted, Isolated, counted, isolated};
pub use poll::{Pending, poll_n};
pub use proxy::{Counts, End, Proxy, Way};
pub use shelf::Shelf;
