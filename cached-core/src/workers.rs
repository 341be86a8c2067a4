//! Threads for backends that block, when the caller must not.
//!
//! In: jobs. Out: a future, or nothing for a write that nobody waits for. At most four threads,
//! started when there is work and ended when there has been none for a while; at most 1,024 jobs wait.

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
const QUEUE: usize = 1_024;
const REST: Duration = Duration::from_secs(10);

type Job = Box<dyn FnOnce() + Send>;

/// What a job is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Somebody waits for the answer.
    Answer,
    /// A write that `shutdown` waits for.
    Write,
}

#[derive(Default)]
struct Pool {
    queue: VecDeque<(Purpose, Job)>,
    threads: usize,
    resting: usize,
    /// Writes queued or under way.
    writes: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { queue: VecDeque::new(), threads: 0, resting: 0, writes: 0 });
static WORK: Condvar = Condvar::new();
static WRITTEN: Condvar = Condvar::new();

/// Has a worker do `work` on `data`. `Err` gives the data back when too many jobs wait, or no thread
/// can be had.
pub(crate) fn submit<T: Send + 'static>(purpose: Purpose, data: T, work: fn(T)) -> Result<(), T> {
    let mut pool = POOL.lock();
    if pool.queue.len() >= QUEUE {
        return Err(data);
    }
    if pool.resting <= pool.queue.len() && pool.threads < THREADS {
        let started = std::thread::Builder::new().name("cached-worker".into()).spawn(serve).is_ok();
        pool.threads += usize::from(started);
    }
    if pool.threads == 0 {
        return Err(data);
    }
    pool.writes += usize::from(purpose == Purpose::Write);
    pool.queue.push_back((purpose, Box::new(move || work(data))));
    drop(pool);
    WORK.notify_one();
    Ok(())
}

/// Waits until every write is done, at most `deadline`; gives how many are not.
pub(crate) fn flush(deadline: Duration) -> usize {
    let end = clock::after(clock::now(), deadline);
    let mut pool = POOL.lock();
    while pool.writes > 0 && clock::now() < end {
        pool = WRITTEN.wait(pool, clock::until(end));
    }
    pool.writes
}

fn serve() {
    let mut pool = POOL.lock();
    loop {
        if let Some((purpose, job)) = pool.queue.pop_front() {
            drop(pool);
            // A backend that panics loses its answer, not the thread.
            let _ = catch_unwind(AssertUnwindSafe(job));
            pool = POOL.lock();
            if purpose == Purpose::Write {
                pool.writes -= 1;
                WRITTEN.notify_all();
            }
            continue;
        }
        pool.resting += 1;
        pool = WORK.wait(pool, REST);
        pool.resting -= 1;
        if pool.queue.is_empty() && pool.threads > 1 {
            pool.threads -= 1;
            return;
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
    let taken = submit(Purpose::Answer, (job, fill), |(job, fill)| {
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
