//! Threads for what a caller must not wait for: backends that block, and refreshes in the background.
//!
//! In: jobs. Out: a future, or nothing for a job that nobody waits for. At most four threads a pool,
//! started when there is work and ended when there has been none for a while; so many jobs may wait, and no more.

use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::clock;
use crate::sync::{Condvar, Mutex, wake};

const THREADS: usize = 4;
const REST: Duration = Duration::from_secs(10);

/// So many bytes may wait to be written.
const BYTES: usize = 64 << 20;

type Job = Box<dyn FnOnce() + Send>;

/// What a job is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Somebody waits for the answer.
    Answer,
    /// A write of so many bytes, which `shutdown` waits for.
    Write(usize),
}

/// Threads of one sort, with their queue.
pub(crate) struct Pool {
    name: &'static str,
    /// How many jobs may wait that somebody waits for, and how many writes.
    answers: usize,
    queue: usize,
    state: Mutex<State>,
    work: Condvar,
    written: Condvar,
}

struct State {
    queue: VecDeque<(Purpose, Job)>,
    threads: usize,
    resting: usize,
    /// Writes queued or under way, and their bytes.
    writes: usize,
    bytes: usize,
}

/// For operations of backends.
pub(crate) static OPERATIONS: Pool = Pool::new("cached-worker", 1_024, 16_384);
/// For bodies that refresh what is stale; apart, since they may take long. Few wait: who waits in line leads
/// its flight, and would hold up whoever comes after the window of the old value.
pub(crate) static REFRESHES: Pool = Pool::new("cached-refresh", THREADS, THREADS);

impl Pool {
    const fn new(name: &'static str, answers: usize, queue: usize) -> Self {
        let state = State { queue: VecDeque::new(), threads: 0, resting: 0, writes: 0, bytes: 0 };
        Self { name, answers, queue, state: Mutex::new(state), work: Condvar::new(), written: Condvar::new() }
    }

    /// Has a worker do `work` on `data`. `Err` gives the data back when too many jobs wait, or no thread
    /// can be had.
    pub(crate) fn submit<T: Send + 'static>(
        &'static self,
        purpose: Purpose,
        data: T,
        work: impl FnOnce(T) + Send + 'static,
    ) -> Result<(), T> {
        let mut state = self.state.lock();
        let is_full = match purpose {
            Purpose::Answer => state.queue.len() >= self.answers,
            // What is alone may be as long as it is.
            Purpose::Write(bytes) => {
                state.queue.len() >= self.queue || state.bytes > 0 && state.bytes.saturating_add(bytes) > BYTES
            }
        };
        if is_full {
            return Err(data);
        }
        if state.resting <= state.queue.len() && state.threads < THREADS {
            let started = std::thread::Builder::new().name(self.name.into()).spawn(|| self.serve()).is_ok();
            state.threads += usize::from(started);
        }
        if state.threads == 0 {
            return Err(data);
        }
        if let Purpose::Write(bytes) = purpose {
            state.writes += 1;
            state.bytes = state.bytes.saturating_add(bytes);
        }
        state.queue.push_back((purpose, Box::new(move || work(data))));
        drop(state);
        self.work.notify_one();
        Ok(())
    }

    /// Waits until every write is done, at most `deadline`; gives how many are not.
    pub(crate) fn flush(&self, deadline: Duration) -> usize {
        let end = clock::after(clock::now(), deadline);
        let mut state = self.state.lock();
        while state.writes > 0 && clock::now() < end {
            state = self.written.wait(state, clock::until(end));
        }
        state.writes
    }

    fn serve(&self) {
        let mut state = self.state.lock();
        loop {
            if let Some((purpose, job)) = state.queue.pop_front() {
                drop(state);
                // A job that panics loses its answer, not the thread.
                let _ = catch_unwind(AssertUnwindSafe(job));
                state = self.state.lock();
                if let Purpose::Write(bytes) = purpose {
                    state.writes -= 1;
                    state.bytes = state.bytes.saturating_sub(bytes);
                    self.written.notify_all();
                }
                continue;
            }
            state.resting += 1;
            state = self.work.wait(state, REST);
            state.resting -= 1;
            if state.queue.is_empty() && state.threads > 1 {
                state.threads -= 1;
                return;
            }
        }
    }
}

/// The answer of a job that runs on a worker; `None` when it could not be taken or panicked.
pub(crate) struct Offloaded<T>(Option<Arc<Mutex<Slot<T>>>>);

struct Slot<T> {
    answer: Option<T>,
    done: bool,
    waker: Option<Waker>,
}

/// Fills the slot when the job ends, however it ends.
struct Fill<T>(Arc<Mutex<Slot<T>>>);

impl<T> Drop for Fill<T> {
    fn drop(&mut self) {
        let mut slot = self.0.lock();
        slot.done = true;
        let waker = slot.waker.take();
        drop(slot);
        waker.into_iter().for_each(wake);
    }
}

/// Runs `job` on a worker.
pub(crate) fn offload<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> Offloaded<T> {
    let slot = Arc::new(Mutex::new(Slot { answer: None, done: false, waker: None }));
    let fill = Fill(Arc::clone(&slot));
    let taken = OPERATIONS.submit(Purpose::Answer, (job, fill), |(job, fill)| {
        let answer = job();
        fill.0.lock().answer = Some(answer);
    });
    Offloaded(taken.is_ok().then_some(slot))
}

impl<T> Future for Offloaded<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(slot) = &self.0 else { return Poll::Ready(None) };
        let mut slot = slot.lock();
        if slot.done {
            return Poll::Ready(slot.answer.take());
        }
        let old = slot.waker.replace(cx.waker().clone());
        drop(slot);
        drop(old);
        Poll::Pending
    }
}
