//! The end of a call, counted exactly once.
//!
//! In: the counters of a site, and what is known of the call. Out: its outcome, counted, and recorded where somebody
//! wants that; also when it panics or is dropped.

use crate::event::{self, Outcome};
use crate::key::{OwnedKey, Value};
use crate::memo::Memo;
use crate::stats::{Count, Counters};
use crate::trail::{self, Ended, Pending};

/// Counts the end of a call.
pub(crate) struct Ticket {
    counters: Option<&'static Counters>,
    pending: Option<Box<Pending>>,
}

impl Ticket {
    pub(crate) fn new(counters: &'static Counters) -> Self {
        Ticket { counters: Some(counters), pending: None }
    }

    /// For a `refresh`, which is not a call.
    pub(crate) fn silent() -> Self {
        Ticket { counters: None, pending: None }
    }

    /// Somebody else counts this call.
    #[inline]
    pub(crate) fn forget(self) {
        std::mem::forget(self);
    }

    /// The call is recorded from here on, if anybody wants that.
    #[inline]
    pub(crate) fn record<K: OwnedKey, V: Value>(&mut self, memo: &'static Memo<K, V>, key: &K) {
        if trail::is_on() && self.counters.is_some() {
            self.pending = Pending::begin(|| memo.described(key));
        }
    }

    /// So many bytes were read or written for it.
    pub(super) fn bytes(&mut self, bytes: usize) {
        if let Some(call) = self.pending.as_mut().and_then(|pending| pending.call()) {
            call.bytes = Some(bytes as u64);
        }
    }

    /// This is the value that it gives.
    pub(super) fn value<K: OwnedKey, V: Value>(&mut self, memo: &Memo<K, V>, value: &V) {
        if let Some(pending) = &mut self.pending {
            pending.note(|call| call.value = memo.shown_value(value));
        }
    }

    pub(super) fn end(&mut self, outcome: Outcome) {
        // First those who listen: what they call says how it ended as well, and this call is the last to say so.
        if let Some(mut pending) = self.pending.take() {
            pending.call().into_iter().for_each(|call| call.count(outcome));
            pending.end(Ended::Call(outcome));
        }
        if let Some(counters) = self.counters.take() {
            event::ended(counters, outcome);
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(counters) = self.counters {
            counters.add(if std::thread::panicking() { Count::Panicked } else { Count::Cancelled }, 1);
            self.end(Outcome::Error);
        }
    }
}
