//! Memory in front of a byte backend: how long a copy may be given.
//!
//! In: what the alias says, and whether the changes of others are heard. Out: the life of a copy now, and a number that
//! moves with every change, so that whoever read before it keeps no copy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::store::Channel;

/// How long a copy lives when nobody says another time.
pub(crate) const LIFE: Duration = Duration::from_secs(60);

/// How long it lives while the changes of others are not heard.
pub(crate) const UNHEARD: Duration = Duration::from_secs(2);

/// What is known of the copies of one alias. Its numbers need no order of their own: whoever keeps a copy and whoever
/// removes it meet in a lock of the memory, and each moves or reads the numbers before or after that.
pub(crate) struct Near {
    pub(crate) channel: Arc<Channel>,
    life: Duration,
    unheard: Duration,
    hears: AtomicBool,
    changes: AtomicU64,
    /// The process that asked to be told; a fork has to ask anew. Zero: none did.
    listener: AtomicU32,
}

impl Near {
    pub(crate) fn new(channel: Arc<Channel>, life: Duration, unheard: Duration) -> Self {
        let (hears, changes) = (AtomicBool::new(false), AtomicU64::new(0));
        Self { channel, life, unheard, hears, changes, listener: AtomicU32::new(0) }
    }

    /// How long a copy made now may be given.
    pub(crate) fn life(&self) -> Duration {
        if self.hears.load(Ordering::Relaxed) { self.life } else { self.life.min(self.unheard) }
    }

    /// How many changes there were. Whoever reads, and then keeps a copy, asks before and after.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    /// Something changes: from here on nobody keeps a copy who read before. What was kept is removed after this.
    pub(crate) fn change(&self) {
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes whether the changes of others are heard.
    pub(crate) fn hears(&self, hears: bool) {
        self.hears.store(hears, Ordering::Relaxed);
    }

    /// The backend was closed, and has forgotten who listens.
    pub(crate) fn closed(&self) {
        self.listener.store(0, Ordering::Relaxed);
    }

    /// Whether this process has not asked yet to be told of changes; whoever is given `true` does.
    pub(crate) fn begins_to_listen(&self) -> bool {
        let process = std::process::id();
        self.listener.load(Ordering::Relaxed) != process && self.listener.swap(process, Ordering::Relaxed) != process
    }
}
