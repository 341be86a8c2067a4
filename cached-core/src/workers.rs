//! Threads for what a caller must not wait for: backends that block, and refreshes in the background.
//!
//! In: jobs. Out: a future, or nothing for a job that nobody waits for. At most four threads a pool,
//! started when there is work and ended when there has been none for a while; so many jobs may wait, and no more.
//!
//! Every store has a pool of its own: one that stands still holds up nobody who asks another. Its threads may run the user's
//! code, which may ask the store again: it waits for none of them, since all may be there.

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use once_cell::race::OnceBox;

use crate::bounded::{self, Begun};
use crate::clock;
use crate::error::Error;
use crate::sync::{Condvar, Guard, Mutex, park, thread_waker, wake};

const THREADS: usize = 4;
const REST: Duration = Duration::from_secs(10);

/// So many bytes may wait to be written in one pool.
const BYTES: usize = 64 << 20;

/// So many writes are under way at a time on each thread.
const TOGETHER: usize = 64;

/// While both wait, so many answers are given before one write begins.
const ANSWERS_FIRST: usize = 3;

enum Job {
    /// It has its thread for itself.
    Plain(Box<dyn FnOnce() + Send>),
    /// A write whose answer comes later; the first is how those pass that are under way together.
    Write(Pass, Begin),
}

/// Does something while writes may go to the store.
pub(crate) type Pass = Box<dyn FnOnce(&mut dyn FnMut()) + Send>;

/// Begins a write, where writes may go there.
type Begin = Box<dyn FnOnce() -> Begins + Send>;

/// A write that has begun.
pub(crate) struct Begins {
    pub(crate) begun: Begun<Vec<bool>>,
    /// What is to be done with its answer, once writes need not go there any more.
    pub(crate) land: Land,
}

pub(crate) type Land = Box<dyn FnOnce(Result<Vec<bool>, Error>)>;

/// What a job is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Somebody waits for the answer.
    Answer,
    /// A write of so many bytes, which `shutdown` waits for.
    Write(usize),
}

/// Threads of one sort, with what waits for them.
pub(crate) struct Pool {
    name: &'static str,
    /// How many jobs may wait that somebody waits for, and how many writes.
    answers: usize,
    writes: usize,
    state: Mutex<State>,
    work: Condvar,
    written: Condvar,
}

struct State {
    /// The process whose threads these are: a fork has none of them.
    process: u32,
    answers: VecDeque<Job>,
    writes: VecDeque<(usize, Job)>,
    /// How many answers were given since a write began.
    ahead: usize,
    threads: usize,
    resting: usize,
    /// Writes queued or under way, and their bytes.
    unwritten: usize,
    bytes: usize,
}

thread_local! {
    /// The pool whose thread this is.
    static SERVES: Cell<*const Pool> = const { Cell::new(ptr::null()) };
}

/// The pools of stores, for who waits until all is written.
static STORES: Mutex<Vec<Weak<Pool>>> = Mutex::new(Vec::new());

/// For bodies that refresh what is stale; apart, since they may take long. Few wait: who waits in line leads
/// its flight, and would hold up whoever comes after the window of the old value.
pub(crate) fn refreshes() -> &'static Arc<Pool> {
    static REFRESHES: OnceBox<Arc<Pool>> = OnceBox::new();
    REFRESHES.get_or_init(|| Box::new(Pool::new("cached-refresh", THREADS, THREADS)))
}

/// Waits until every write is done, at most `deadline`; gives how many are not.
pub(crate) fn flush(deadline: Duration) -> usize {
    let end = clock::after(clock::now(), deadline);
    // What refreshes may still write is written after them.
    let refreshing = refreshes().flush(end);
    let pools: Vec<_> = STORES.lock().iter().filter_map(Weak::upgrade).collect();
    refreshing + pools.iter().map(|pool| pool.flush(end)).sum::<usize>()
}

impl Pool {
    /// For the operations of one store.
    pub(crate) fn of_store() -> Arc<Self> {
        let pool = Self::new("cached-worker", 1_024, 16_384);
        let mut all = STORES.lock();
        all.retain(|pool| pool.strong_count() > 0);
        all.push(Arc::downgrade(&pool));
        drop(all);
        pool
    }

    fn new(name: &'static str, answers: usize, writes: usize) -> Arc<Self> {
        let state = Mutex::new(State::of(0));
        Arc::new(Self { name, answers, writes, state, work: Condvar::new(), written: Condvar::new() })
    }

    /// Whether this thread is one of its own, which waits for no other: all of them may do so.
    pub(crate) fn is_here(&self) -> bool {
        ptr::eq(SERVES.get(), self)
    }

    /// Has a worker do `work` on `data`. `Err` gives the data back when too many jobs wait, or no thread
    /// can be had.
    pub(crate) fn submit<T: Send + 'static>(
        self: &Arc<Self>,
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

    /// Has a worker begin a write of so many bytes, beside others that may `pass`. `Err` as for [`Pool::submit`].
    pub(crate) fn submit_write<T: Send + 'static>(
        self: &Arc<Self>,
        bytes: usize,
        pass: Pass,
        data: T,
        begin: impl FnOnce(T) -> Begins + Send + 'static,
    ) -> Result<(), T> {
        match self.room(Purpose::Write(bytes)) {
            Some(room) => room.fill(Job::Write(pass, Box::new(move || begin(data)))),
            None => return Err(data),
        }
        Ok(())
    }

    /// A place for a job. `None` when too many wait, or no thread can be had.
    fn room(self: &Arc<Self>, purpose: Purpose) -> Option<Room<'_>> {
        let mut state = self.here();
        let is_full = match purpose {
            Purpose::Answer => state.answers.len() >= self.answers,
            // What is alone may be as long as it is.
            Purpose::Write(bytes) => {
                state.writes.len() >= self.writes || state.bytes > 0 && state.bytes.saturating_add(bytes) > BYTES
            }
        };
        if is_full {
            return None;
        }
        if state.resting <= state.answers.len() + state.writes.len() && state.threads < THREADS {
            let pool = Arc::clone(self);
            let started = std::thread::Builder::new().name(self.name.into()).spawn(move || pool.serve()).is_ok();
            state.threads += usize::from(started);
        }
        (state.threads > 0).then_some(Room { pool: self, state, purpose })
    }

    fn flush(&self, end: u64) -> usize {
        let mut state = self.here();
        while state.unwritten > 0 && clock::now() < end {
            state = self.written.wait(state, clock::until(end));
        }
        state.unwritten
    }

    fn serve(&self) {
        SERVES.set(self);
        let mut state = self.state.lock();
        loop {
            if let Some((written, job)) = state.next() {
                drop(state);
                let mut written: Vec<usize> = written.into_iter().collect();
                match job {
                    Job::Plain(work) => {
                        let _ = guarded(work);
                    }
                    Job::Write(pass, begin) => {
                        let _ = guarded(|| self.write(pass, begin, &mut written));
                    }
                }
                state = self.state.lock();
                for bytes in written {
                    state.unwritten -= 1;
                    state.bytes = state.bytes.saturating_sub(bytes);
                    self.written.notify_all();
                }
                continue;
            }
            state.resting += 1;
            state = self.work.wait(state, REST);
            state.resting -= 1;
            if state.answers.is_empty() && state.writes.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }

    /// The state of this process. What a fork finds of its parent's is left alone: the parent does it.
    fn here(&self) -> Guard<'_, State> {
        let mut state = self.state.lock();
        let process = std::process::id();
        if state.process != process {
            std::mem::forget(std::mem::replace(&mut *state, State::of(process)));
        }
        state
    }

    /// Those in a row begin before the first of them is waited for, each ends when its answer is there, and they land
    /// when all have ended.
    fn write(&self, pass: Pass, first: Begin, written: &mut Vec<usize>) {
        let (mut first, mut ended) = (Some(first), Vec::new());
        pass(&mut || {
            let mut begun: Vec<_> = first.take().into_iter().filter_map(guarded).collect();
            while begun.len() < TOGETHER
                && let Some((bytes, _pass, next)) = self.next_write()
            {
                written.push(bytes);
                begun.extend(guarded(next));
            }
            ended = all(begun);
        });
        for (land, answer) in ended {
            let _ = guarded(|| land(answer));
        }
    }

    /// The next write, if it is one whose answer comes later. Nothing of it is dropped under the lock.
    fn next_write(&self) -> Option<(usize, Pass, Begin)> {
        let mut state = self.state.lock();
        match state.writes.pop_front()? {
            (bytes, Job::Write(pass, begin)) => Some((bytes, pass, begin)),
            other => {
                state.writes.push_front(other);
                None
            }
        }
    }
}

/// Waits for all of them, each as long as it may take.
fn all(mut begun: Vec<Begins>) -> Vec<(Land, Result<Vec<bool>, Error>)> {
    let (waker, mut ended) = (thread_waker(), Vec::with_capacity(begun.len()));
    loop {
        let cx = &mut Context::from_waker(&waker);
        let mut soonest = clock::NEVER;
        for Begins { begun: one, land } in std::mem::take(&mut begun) {
            // Also its end may panic, where the backend's future is dropped.
            match bounded::guarded(|| one.look(cx)) {
                Err(panicked) => ended.push((land, Err(panicked))),
                Ok(Ok(answer)) => ended.push((land, answer)),
                Ok(Err(later)) => {
                    soonest = soonest.min(later.deadline());
                    begun.push(Begins { begun: later, land });
                }
            }
        }
        if begun.is_empty() {
            return ended;
        }
        park(clock::until(soonest));
    }
}

/// A place in a pool, which is locked.
struct Room<'a> {
    pool: &'a Pool,
    state: Guard<'a, State>,
    purpose: Purpose,
}

impl Room<'_> {
    fn fill(mut self, job: Job) {
        match self.purpose {
            Purpose::Answer => self.state.answers.push_back(job),
            Purpose::Write(bytes) => {
                self.state.unwritten += 1;
                self.state.bytes = self.state.bytes.saturating_add(bytes);
                self.state.writes.push_back((bytes, job));
            }
        }
        drop(self.state);
        self.pool.work.notify_one();
    }
}

impl State {
    fn of(process: u32) -> Self {
        let (answers, writes) = (VecDeque::new(), VecDeque::new());
        State { process, answers, writes, ahead: 0, threads: 0, resting: 0, unwritten: 0, bytes: 0 }
    }

    /// The next job, and of a write how many bytes it has. Callers wait for answers, and for writes nobody does; but
    /// those are not to wait for ever.
    fn next(&mut self) -> Option<(Option<usize>, Job)> {
        let is_turn = self.ahead >= ANSWERS_FIRST && !self.writes.is_empty();
        if let Some(job) = if is_turn { None } else { self.answers.pop_front() } {
            self.ahead += 1;
            return Some((None, job));
        }
        self.ahead = 0;
        self.writes.pop_front().map(|(bytes, job)| (Some(bytes), job))
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

/// Runs `job` on a worker of a pool: on this one, if it is one.
pub(crate) fn offload<T: Send + 'static>(pool: &Arc<Pool>, job: impl FnOnce() -> T + Send + 'static) -> Offloaded<T> {
    let slot = |answer, done| Arc::new(Mutex::new(Slot { answer, done, waker: None }));
    if pool.is_here() {
        return Offloaded(Some(slot(guarded(job), true)));
    }
    let slot = slot(None, false);
    let fill = Fill(Arc::clone(&slot));
    let taken = pool.submit(Purpose::Answer, (job, fill), |(job, fill)| {
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
