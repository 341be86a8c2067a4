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
use crate::sync::{Condvar, Guard, Mutex, wake};

const THREADS: usize = 4;
const REST: Duration = Duration::from_secs(10);

/// So many bytes may wait to be written.
const BYTES: usize = 64 << 20;

/// So many writes of one backend are under way at a time on each thread.
const TOGETHER: usize = 64;

enum Job {
    /// It has its thread for itself.
    Plain(Box<dyn FnOnce() + Send>),
    /// A write whose answer comes later.
    Write(Group, Begin),
}

/// Where writes go that may be under way together.
pub(crate) struct Group {
    /// The same number for the same place.
    pub(crate) of: usize,
    pub(crate) pass: Pass,
}

/// Does something while writes may go there.
type Pass = Box<dyn FnOnce(&mut dyn FnMut()) + Send>;

/// Begins a write, where writes may go there.
type Begin = Box<dyn FnOnce() -> Waiting + Send>;

/// Waits for the answer of a write, and gives what is to be done once writes need not go there any more.
pub(crate) type Waiting = Box<dyn FnOnce() -> Landing>;
pub(crate) type Landing = Box<dyn FnOnce()>;

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
    /// The process whose threads these are: a fork has none of them.
    process: u32,
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
        Self { name, answers, queue, state: Mutex::new(State::of(0)), work: Condvar::new(), written: Condvar::new() }
    }

    /// Has a worker do `work` on `data`. `Err` gives the data back when too many jobs wait, or no thread
    /// can be had.
    pub(crate) fn submit<T: Send + 'static>(
        &'static self,
        purpose: Purpose,
        data: T,
        work: impl FnOnce(T) + Send + 'static,
    ) -> Result<(), T> {
        match self.room(purpose) {
            Some(room) => room.fill(Job::Plain(Box::new(move || work(data)))),
            None => return Err(data),
        }
        Ok(())
    }

    /// Has a worker begin a write of so many bytes, beside others of its group. `Err` as for [`Pool::submit`].
    pub(crate) fn submit_write<T: Send + 'static>(
        &'static self,
        bytes: usize,
        group: Group,
        data: T,
        begin: impl FnOnce(T) -> Waiting + Send + 'static,
    ) -> Result<(), T> {
        match self.room(Purpose::Write(bytes)) {
            Some(room) => room.fill(Job::Write(group, Box::new(move || begin(data)))),
            None => return Err(data),
        }
        Ok(())
    }

    /// A place in the queue. `None` when too many jobs wait, or no thread can be had.
    fn room(&'static self, purpose: Purpose) -> Option<Room> {
        let mut state = self.here();
        let is_full = match purpose {
            Purpose::Answer => state.queue.len() >= self.answers,
            // What is alone may be as long as it is.
            Purpose::Write(bytes) => {
                state.queue.len() >= self.queue || state.bytes > 0 && state.bytes.saturating_add(bytes) > BYTES
            }
        };
        if is_full {
            return None;
        }
        if state.resting <= state.queue.len() && state.threads < THREADS {
            let started = std::thread::Builder::new().name(self.name.into()).spawn(|| self.serve()).is_ok();
            state.threads += usize::from(started);
        }
        (state.threads > 0).then_some(Room { pool: self, state, purpose })
    }

    /// Waits until every write is done, at most `deadline`; gives how many are not.
    pub(crate) fn flush(&self, deadline: Duration) -> usize {
        let end = clock::after(clock::now(), deadline);
        let mut state = self.here();
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
                let mut done = vec![purpose];
                match job {
                    Job::Plain(work) => {
                        let _ = guarded(work);
                    }
                    Job::Write(group, begin) => self.write(group, begin, &mut done),
                }
                state = self.state.lock();
                for purpose in done {
                    if let Purpose::Write(bytes) = purpose {
                        state.writes -= 1;
                        state.bytes = state.bytes.saturating_sub(bytes);
                        self.written.notify_all();
                    }
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

/// A place in the queue of a pool, which is locked.
struct Room {
    pool: &'static Pool,
    state: Guard<'static, State>,
    purpose: Purpose,
}

impl Room {
    fn fill(mut self, job: Job) {
        if let Purpose::Write(bytes) = self.purpose {
            self.state.writes += 1;
            self.state.bytes = self.state.bytes.saturating_add(bytes);
        }
        self.state.queue.push_back((self.purpose, job));
        drop(self.state);
        self.pool.work.notify_one();
    }
}

impl State {
    const fn of(process: u32) -> Self {
        State { process, queue: VecDeque::new(), threads: 0, resting: 0, writes: 0, bytes: 0 }
    }
}

impl Pool {
    /// The state of this process. What a fork finds of its parent's is left alone: the parent does it.
    fn here(&self) -> Guard<'_, State> {
        let mut state = self.state.lock();
        let process = std::process::id();
        if state.process != process {
            std::mem::forget(std::mem::replace(&mut *state, State::of(process)));
        }
        state
    }

    /// Writes of one group: those in a row begin before the first of them is waited for, and land when all have ended.
    fn write(&self, group: Group, first: Begin, done: &mut Vec<Purpose>) {
        let (mut first, mut landings) = (Some(first), Vec::new());
        (group.pass)(&mut || {
            let mut begun: Vec<_> = first.take().into_iter().map(guarded).collect();
            while begun.len() < TOGETHER
                && let Some((purpose, _group, next)) = self.next_of(group.of)
            {
                done.push(purpose);
                begun.push(guarded(next));
            }
            landings = begun.into_iter().flatten().filter_map(guarded).collect();
        });
        for landing in landings {
            let _ = guarded(landing);
        }
    }

    /// The next job, if it is a write of this group. Nothing of it is dropped under the lock.
    fn next_of(&self, of: usize) -> Option<(Purpose, Group, Begin)> {
        let mut state = self.state.lock();
        match state.queue.pop_front()? {
            (purpose, Job::Write(group, begin)) if group.of == of => Some((purpose, group, begin)),
            other => {
                state.queue.push_front(other);
                None
            }
        }
    }
}

/// A job that panics loses its answer, not the thread.
fn guarded<T>(job: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(job)).ok()
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
