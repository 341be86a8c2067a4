//! Backends that answer later: a sound one, and what can go wrong on the way.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_testkit::Shelf;
use cached_testkit::conformance::{Store, Subject};

use crate::broken::{Clock, broken, delete, get, set};

/// How answers come back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Each to whoever asked, and last looked for it.
    Sound,
    /// Only whoever looked first is told that it is there.
    FirstWaker,
    /// The work is done when it is looked for a second time.
    Lazy,
    /// Whoever looks first gets the first answer to a read.
    FirstCome,
}

type Job = Box<dyn FnOnce() + Send>;
/// Answers to reads that nobody has taken yet.
type Line = Mutex<VecDeque<Vec<Option<Bytes>>>>;

/// A shelf behind a thread that does all the work.
pub(crate) struct Posted {
    shelf: Arc<Shelf>,
    way: Way,
    jobs: Mutex<Sender<Job>>,
    asked: AtomicUsize,
    line: Arc<Line>,
}

struct Slot<T> {
    answer: Option<T>,
    waker: Option<Waker>,
}

impl Posted {
    fn new(shelf: Arc<Shelf>, way: Way) -> Self {
        let (jobs, work) = channel::<Job>();
        thread::spawn(move || work.into_iter().for_each(|job| job()));
        Self { shelf, way, jobs: Mutex::new(jobs), asked: AtomicUsize::new(0), line: Arc::default() }
    }

    fn ask<T: Send + 'static>(&self, work: impl FnOnce(&Shelf) -> T + Send + 'static) -> Reply<T> {
        let (shelf, way) = (Arc::clone(&self.shelf), self.way);
        if way == Way::Lazy {
            return lazy(move || work(&shelf));
        }
        let slot = Arc::new(Mutex::new(Slot { answer: None, waker: None }));
        let filled = Arc::clone(&slot);
        // Now and then whoever asks is early enough to find nothing yet.
        let is_slow = self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(16);
        let job = move || {
            let answer = work(&shelf);
            if way == Way::FirstWaker && is_slow {
                thread::sleep(Duration::from_millis(2));
            }
            let mut slot = filled.lock().unwrap();
            slot.answer = Some(answer);
            if let Some(waker) = slot.waker.take() {
                waker.wake();
            }
        };
        self.jobs.lock().unwrap().send(Box::new(job)).unwrap();
        Reply::Later(Box::pin(poll_fn(move |context| {
            let mut slot = slot.lock().unwrap();
            if let Some(answer) = slot.answer.take() {
                return Poll::Ready(Ok(answer));
            }
            if way != Way::FirstWaker || slot.waker.is_none() {
                slot.waker = Some(context.waker().clone());
            }
            Poll::Pending
        })))
    }
}

/// Work that is done when it is looked for a second time.
fn lazy<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Reply<T> {
    let (mut work, mut is_first) = (Some(work), true);
    Reply::Later(Box::pin(poll_fn(move |context| {
        if std::mem::take(&mut is_first) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Ok(work.take().expect("it is polled to its end once")()))
    })))
}

/// The first answer in line, when it is looked for a second time.
fn next(line: Arc<Line>) -> Reply<Vec<Option<Bytes>>> {
    lazy(move || line.lock().unwrap().pop_front().unwrap_or_default())
}

impl Backend for Posted {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::blocking();
        capabilities.blocking = false;
        capabilities
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        let keys = keys.to_vec();
        if self.way == Way::FirstCome {
            self.line.lock().unwrap().push_back(get(&self.shelf, &keys));
            return next(Arc::clone(&self.line));
        }
        self.ask(move |shelf| get(shelf, &keys))
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        self.ask(|shelf| set(shelf, writes))
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.ask(|shelf| delete(shelf, keys))
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        let prefix = prefix.to_owned();
        self.ask(move |shelf| crate::broken::clear(shelf, &prefix))
    }
}

pub(crate) fn posted(way: Way) -> Subject {
    let subject = Subject::new(move || {
        let clock = Clock::default();
        let shelf = Arc::new(clock.shelf());
        let other = Arc::clone(&shelf);
        let open = move || Arc::new(Posted::new(Arc::clone(&other), way));
        Store::new(open()).another(move || open()).clock(move |by| clock.advance(by))
    });
    subject.patience(Duration::from_secs(2))
}

broken! {
    one_that_wakes_only_the_first: posted(Way::FirstWaker) => [a_reply_may_change_hands];

    one_that_works_only_while_somebody_waits: posted(Way::Lazy) => [a_dropped_reply_does_not_stop_the_write];

    one_that_gives_answers_to_whoever_comes_first: posted(Way::FirstCome) => [
        replies_may_be_awaited_in_any_order dropped_replies_shift_no_others
    ] or [
        eight_that_count_lose_nothing what_is_read_was_written keys_of_threads_do_not_meet
        a_clear_beside_writers_takes_only_its_own who_finds_something_ended_removes_nothing_fresh
        threads_of_two_handles_count_exactly
    ];
}
