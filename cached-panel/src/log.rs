//! What the panel remembers: the last requests.
//!
//! In: each recorded request, when it has ended. Out: the newest of them, by number. It holds so many, and so many
//! bytes, and no more; what went is counted.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use cached_core::recorder::{Call, Recording};
use tokio::sync::watch;

use crate::history::{Histories, STRETCH};

/// How many requests are kept, unless told otherwise.
const KEEP: usize = 100;
/// How many bytes all of them together may take, about.
const ROOM: usize = 8 << 20;
/// How many characters of a path are kept.
const PATH: usize = 512;

/// The finished requests, and the histories of the sites.
pub(crate) struct Log {
    ring: Mutex<Ring>,
    last: AtomicU64,
    changed: watch::Sender<u64>,
    pub(crate) histories: Histories,
    is_sampled: AtomicBool,
}

struct Ring {
    requests: VecDeque<Arc<Finished>>,
    keep: usize,
    bytes: usize,
    dropped: u64,
}

/// A request that has ended.
pub(crate) struct Finished {
    pub(crate) id: u64,
    pub(crate) head: Head,
    /// None if nobody waited for the answer.
    pub(crate) status: Option<u16>,
    pub(crate) recording: Recording,
}

/// What is known of a request when it comes.
#[derive(Clone)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
}

impl Head {
    pub(crate) fn new(method: &str, path: &str, query: Option<&str>) -> Self {
        Head { method: cut(method, 32), path: cut(path, PATH), query: query.map(|query| cut(query, PATH)) }
    }
}

/// So many characters of a text, and a sign that there were more.
fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl Finished {
    /// How long the request took, to the end of its body.
    pub(crate) fn took(&self) -> Duration {
        self.recording.took
    }

    /// About how many bytes it takes.
    fn bytes(&self) -> usize {
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        // As much as a deep stack takes once somebody has looked at it: what was looked up stays with it.
        let trace = |call: &Call| if call.trace.is_some() { 16 << 10 } else { 0 };
        let calls = &self.recording.calls;
        let texts: usize = calls.iter().map(|call| text(&call.key) + text(&call.value) + trace(call)).sum();
        let head = self.recording.label.len() + self.head.path.len() + self.head.query.as_ref().map_or(0, String::len);
        size_of::<Self>() + size_of::<Call>() * calls.len() + texts + head
    }
}

impl Log {
    pub(crate) fn new() -> Self {
        Log {
            ring: Mutex::new(Ring { requests: VecDeque::new(), keep: KEEP, bytes: 0, dropped: 0 }),
            last: AtomicU64::new(0),
            changed: watch::Sender::new(0),
            histories: Histories::new(),
            is_sampled: AtomicBool::new(false),
        }
    }

    pub(crate) fn keep(&self, requests: usize) {
        let mut ring = self.ring();
        ring.keep = requests;
        ring.settle();
    }

    /// A number for a request that begins.
    pub(crate) fn number(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn push(&self, finished: Finished) {
        let mut ring = self.ring();
        ring.bytes += finished.bytes();
        ring.requests.push_back(Arc::new(finished));
        let gone = ring.settle();
        drop(ring);
        drop(gone);
        // One more than before, whichever ended: requests do not end in the order in which they began.
        self.changed.send_modify(|version| *version += 1);
    }

    /// A number that moves whenever a request ends.
    pub(crate) fn version(&self) -> u64 {
        *self.changed.borrow()
    }

    pub(crate) fn clear(&self) {
        let mut ring = self.ring();
        let gone = std::mem::take(&mut ring.requests);
        ring.bytes = 0;
        drop(ring);
        drop(gone);
        self.changed.send_replace(0);
    }

    /// The requests that are kept, the newest first.
    pub(crate) fn newest(&self) -> Vec<Arc<Finished>> {
        self.ring().requests.iter().rev().cloned().collect()
    }

    pub(crate) fn find(&self, id: u64) -> Option<Arc<Finished>> {
        self.ring().requests.iter().find(|request| request.id == id).cloned()
    }

    /// How many went to make room, and how many bytes the rest takes.
    pub(crate) fn figures(&self) -> (u64, usize) {
        let ring = self.ring();
        (ring.dropped, ring.bytes)
    }

    /// Says the number of a request when it has ended.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    /// Takes out the oldest until the rest has room; they are dropped outside of the lock.
    fn settle(&mut self) -> Vec<Arc<Finished>> {
        let mut gone = Vec::new();
        while self.requests.len() > self.keep || self.bytes > ROOM {
            let Some(oldest) = self.requests.pop_front() else { break };
            self.bytes -= oldest.bytes();
            self.dropped += 1;
            gone.push(oldest);
        }
        gone
    }
}

impl Log {
    /// Begins to sample, once, as a task of the runtime that this runs in; it ends with the log.
    pub(crate) fn begin_sampling(self: &Arc<Self>) {
        if self.is_sampled.load(Ordering::Relaxed) {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        if !self.is_sampled.swap(true, Ordering::Relaxed) {
            runtime.spawn(sample(Arc::downgrade(self)));
        }
    }
}

async fn sample(log: Weak<Log>) {
    loop {
        let Some(held) = log.upgrade() else { return };
        held.histories.sample();
        drop(held);
        tokio::time::sleep(STRETCH).await;
    }
}
