//! How many exchanges are under way.
//!
//! In: those that begin. Out: a turn for each, unless there are too many; and word when the last has ended.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// As many exchanges of one backend are under way at most. Who comes then has an error at once.
pub(super) const MOST: usize = 10_000;

/// The exchanges of one backend.
#[derive(Default)]
pub(super) struct Count {
    now: AtomicUsize,
    ended: Notify,
}

/// One exchange, until it is dropped.
pub(super) struct Turn(Arc<Count>);

impl Count {
    /// A turn, unless there are too many.
    pub(super) fn begin(self: &Arc<Self>) -> Option<Turn> {
        let now = self.now.fetch_add(1, Ordering::AcqRel);
        // Dropping the turn takes it back.
        Some(Turn(Arc::clone(self))).filter(|_| now < MOST)
    }

    /// Returns once none is under way.
    pub(super) async fn none(&self) {
        let mut ended = pin!(self.ended.notified());
        loop {
            ended.as_mut().enable();
            if self.now.load(Ordering::Acquire) == 0 {
                return;
            }
            ended.as_mut().await;
            ended.set(self.ended.notified());
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.0.now.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.ended.notify_waiters();
        }
    }
}
