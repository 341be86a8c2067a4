//! What the panel remembers: the last requests.
//!
//! In: each recorded request, when it has ended. Out: the newest of them, by number. It holds so many, and about so many
//! bytes, and no more; what went is counted.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use cached_core::recorder::{Call, Frame, Recording};
use tokio::sync::watch;

use crate::history::{Histories, STRETCH};
use crate::stack::Stack;

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
    /// Each with what it was last weighed at.
    requests: VecDeque<(Arc<Finished>, usize)>,
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
    /// Its calls have no stacks: those are in `stacks`.
    pub(crate) recording: Recording,
    /// By the place of their call.
    stacks: BTreeMap<usize, Stack>,
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
    pub(crate) fn new(id: u64, head: Head, status: Option<u16>, mut recording: Recording) -> Self {
        let calls = recording.calls.iter_mut().enumerate();
        let stacks = calls.filter_map(|(place, call)| Some((place, Stack::new(call.trace.take()?)))).collect();
        Finished { id, head, status, recording, stacks }
    }

    /// Whether the stack of a call was captured.
    pub(crate) fn has_stack(&self, place: usize) -> bool {
        self.stacks.contains_key(&place)
    }

    /// How long the request took, to the end of its body.
    pub(crate) fn took(&self) -> Duration {
        self.recording.took
    }

    /// About how many bytes it takes.
    fn bytes(&self) -> usize {
        let text = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        let calls = &self.recording.calls;
        let texts: usize = calls.iter().map(|call| text(&call.key) + text(&call.value)).sum();
        let stacks: usize = self.stacks.values().map(|stack| size_of::<usize>() + stack.bytes()).sum();
        let head = self.recording.label.len() + self.head.path.len() + self.head.query.as_ref().map_or(0, String::len);
        size_of::<Self>() + size_of::<Call>() * calls.capacity() + texts + stacks + head
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
        let bytes = finished.bytes();
        let mut ring = self.ring();
        ring.bytes += bytes;
        ring.requests.push_back((Arc::new(finished), bytes));
        let gone = ring.settle();
        drop(ring);
        drop(gone);
        self.has_changed();
    }

    /// One more than before, whichever ended: requests do not end in the order in which they began.
    fn has_changed(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    /// A number that moves whenever a request ends, or all are forgotten. It never goes back.
    pub(crate) fn version(&self) -> u64 {
        *self.changed.borrow()
    }

    pub(crate) fn clear(&self) {
        let mut ring = self.ring();
        let gone = std::mem::take(&mut ring.requests);
        ring.bytes = 0;
        drop(ring);
        drop(gone);
        self.has_changed();
    }

    /// The frames of a call's stack, the nearest first; none if it has none. Takes long at the first look, and the log
    /// may then forget its oldest requests: frames take more than addresses.
    pub(crate) fn look(&self, request: &Finished, place: usize) -> Arc<[Frame]> {
        let Some(stack) = request.stacks.get(&place) else { return Arc::default() };
        let frames = stack.frames();
        let mut ring = self.ring();
        // Weighed here: of two who look at once the later one knows of both stacks.
        let bytes = request.bytes();
        let Ring { requests, bytes: all, .. } = &mut *ring;
        // It may be gone by now.
        if let Some((_, weighed)) = requests.iter_mut().find(|(kept, _)| kept.id == request.id) {
            *all = *all - *weighed + bytes;
            *weighed = bytes;
        }
        let gone = ring.settle();
        drop(ring);
        drop(gone);
        frames
    }

    /// The requests that are kept, the newest first.
    pub(crate) fn newest(&self) -> Vec<Arc<Finished>> {
        self.ring().requests.iter().rev().map(|(request, _)| Arc::clone(request)).collect()
    }

    pub(crate) fn find(&self, id: u64) -> Option<Arc<Finished>> {
        self.ring().requests.iter().map(|(request, _)| request).find(|request| request.id == id).cloned()
    }

    /// How many went to make room, and how many bytes the rest takes.
    pub(crate) fn figures(&self) -> (u64, usize) {
        let ring = self.ring();
        (ring.dropped, ring.bytes)
    }

    /// Says when that number moves.
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
            let Some((oldest, bytes)) = self.requests.pop_front() else { break };
            self.bytes -= bytes;
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
            runtime.spawn(sample(Sampling(Arc::downgrade(self))));
        }
    }
}

/// The task that samples a log. When its runtime ends, another may take its place.
struct Sampling(Weak<Log>);

impl Drop for Sampling {
    fn drop(&mut self) {
        if let Some(log) = self.0.upgrade() {
            log.is_sampled.store(false, Ordering::Relaxed);
        }
    }
}

async fn sample(sampling: Sampling) {
    loop {
        let Some(log) = sampling.0.upgrade() else { return };
        log.histories.sample();
        drop(log);
        tokio::time::sleep(STRETCH).await;
    }
}

#[cfg(test)]
mod tests {
    use cached_core::{cached, recorder};
    use tokio::runtime::Builder;

    use super::*;

    #[cached]
    fn asked(n: u64) -> u64 {
        n
    }

    #[inline(never)]
    fn descend(depth: u64) -> u64 {
        if depth > 0 { std::hint::black_box(descend(depth - 1)) + 1 } else { asked(7) }
    }

    /// Requests of one call each, whose stacks are so deep.
    fn requests(count: u64, depth: u64) -> Vec<Finished> {
        static ALONE: Mutex<()> = Mutex::new(());
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let recorder = recorder();
        recorder.traces(u32::MAX);
        recorder.enable();
        let recorded = |id| {
            let scope = recorder.scope("deep");
            scope.run(|| descend(depth));
            Finished::new(id, Head::new("GET", "/", None), Some(200), scope.recording())
        };
        let requests = (1..=count).map(recorded).collect();
        recorder.disable();
        requests
    }

    #[test]
    fn a_stack_that_was_opened_is_kept_as_frames_and_weighs_what_they_take() {
        let log = Log::new();
        requests(3, 1_000).into_iter().for_each(|request| log.push(request));
        let before = log.figures().1;
        let request = log.find(2).unwrap();
        assert!(request.has_stack(0) && request.recording.calls[0].trace.is_none());
        let frames = log.look(&request, 0);
        assert_eq!(frames.len(), crate::stack::FRAMES, "of a thousand the nearest");
        let texts: usize = frames.iter().map(|frame| frame.function.len()).sum();
        let after = log.figures().1;
        assert!(after > before.saturating_sub(9_000) + texts, "{before} bytes, then {after} with {texts} of names");
        // Once: who looks again finds what is held.
        assert!(Arc::ptr_eq(&frames, &log.look(&request, 0)));
        assert_eq!(log.figures().1, after);
        let weighed: usize = log.newest().iter().map(|request| request.bytes()).sum();
        assert_eq!(after, weighed, "the sum is that of what is kept");
        log.clear();
        assert_eq!(log.figures().1, 0);
        // What is gone is shown to who still holds it, and weighs nothing.
        assert_eq!(log.look(&request, 0).len(), frames.len());
        assert_eq!(log.figures().1, 0);
    }

    #[test]
    fn the_version_moves_with_each_end_and_never_goes_back() {
        let log = Log::new();
        let mut seen = vec![log.version()];
        let mut later = requests(2, 0);
        // The one that began first ends last.
        for request in [later.remove(1), later.remove(0)] {
            log.push(request);
            seen.push(log.version());
        }
        log.clear();
        seen.push(log.version());
        assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
    }

    #[test]
    fn the_histories_go_on_when_the_runtime_that_sampled_them_has_ended() {
        let log = Arc::new(Log::new());
        asked(1);
        let stretches = || {
            let report = cached_core::report();
            let site = report.sites().iter().find(|site| site.name == asked::site().name()).unwrap();
            log.histories.of(&site.at, site.name).stretches.len()
        };
        for expected in [1, 3] {
            let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            runtime.block_on(async {
                log.begin_sampling();
                log.begin_sampling();
                tokio::time::sleep(STRETCH + Duration::from_millis(1)).await;
            });
            assert_eq!(stretches(), expected);
        }
    }
}
