//! The bar of reliability where it speaks of a network: a test `rNN_…` is one of its checks, and prints the figure it
//! found.
//!
//! In: real servers, and a proxy before them. Out: what callers of cached functions notice of a server that is killed,
//! stopped, out of reach, slow, cut off in the middle of a word, or full. Where the bar is in real time it is that of
//! idle cores; counts and times are scaled by `R_SCALE`.

#![allow(missing_docs, reason = "tests")]

cached_core::link!(cached_redis);

mod breaker;
mod cancelled;
mod cuts;
mod forks;
mod fronts;
mod frozen;
mod herd;
mod load;
mod outage;
mod replies;
mod runtimes;
mod sizes;
mod support;
mod unreachable;
