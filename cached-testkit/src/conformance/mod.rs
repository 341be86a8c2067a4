//! What every backend owes, as rules that any of them can be held against.
//!
//! In: a way to make stores of one kind. Out: for each rule whether they keep it, and if not, what was asked,
//! what was expected, and what was found instead.
//!
//! The engine relies on all of it: that conditions are atomic, that answers come in order, that what has ended is
//! absent, that `clear` removes nothing else, that bytes stay as they are. A backend that passes can be trusted
//! with every promise of a cached function; one that fails a rule gives, sooner or later, a wrong answer.
//!
//! - [`Subject`] says how a fresh, empty [`Store`] is made. A store may have further handles ([`Store::another`]),
//!   and a clock that can be moved ([`Store::clock`]); without one, the rules about lifetimes wait all together,
//!   for some hundredths of a second.
//! - [`check`] holds it against all [`rules`]. A rule that panics, or that does not end within five seconds, is a
//!   failed rule; its thread is left behind.
//! - [`Report`] is shown as a table; [`Report::assert`] panics with every rule that failed.
//!
//! Backends that answer at once and those that answer later are asked alike; there is no runtime.
//!
//! # Example: the test of a backend
//! ```
//! use std::sync::Arc;
//! use cached_testkit::Shelf;
//! use cached_testkit::conformance::{Store, Subject, check};
//!
//! check(&Subject::new(|| Store::new(Arc::new(Shelf::new())))).assert();
//! ```

mod executor;
mod matter;
mod report;
mod rules;
mod run;
mod show;
mod stage;
mod subject;

pub use report::{Fault, Report, Verdict};
pub use rules::{Rule, rules};
pub use run::check;
pub use subject::{Store, Subject};
