//! The threads on which everything is asked, and everything heard: one for each.
//!
//! In: futures, from any thread, with or without a runtime. Out: their results, which any executor may poll. A future
//! runs to its end here, whether anybody still waits for it or not.
//!
//! A thread starts with the first use. A forked child has no threads but the one that forked, so it starts its own.

use std::future::Future;
use std::pin::Pin;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use once_cell::race::OnceBox;
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

/// A result that comes; an error if it never will, because the thread could not start or the future panicked.
pub(crate) type Coming<T> = oneshot::Receiver<T>;

/// As many threads may look up the names of hosts at the same time.
const LOOKUPS: usize = 4;

type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a thread is for.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    /// Exchanges. Nothing but ours runs there.
    Asking,
    /// News. Who listens may take long, or ask a backend: exchanges go on beside it.
    Hearing,
}

/// Runs a future to its end.
pub(crate) fn run<T: Send + 'static>(purpose: Purpose, future: impl Future<Output = T> + Send + 'static) -> Coming<T> {
    let (sender, receiver) = oneshot::channel();
    let job = async move {
        // Nobody may wait for it any more.
        let _ = sender.send(future.await);
    };
    Io::here(purpose).take(Box::pin(job));
    receiver
}

/// A thread of one process. It is never freed, and neither is that of a parent process.
struct Io {
    name: &'static str,
    pid: u32,
    jobs: UnboundedSender<Job>,
    /// Where the jobs arrive, until the thread takes it.
    arriving: Mutex<Option<UnboundedReceiver<Job>>>,
    is_started: AtomicBool,
    /// That of a child which was forked after this one was made.
    of_child: OnceBox<Io>,
}

impl Io {
    /// That of this process. Takes no lock: one may have been held when this process was forked.
    fn here(purpose: Purpose) -> &'static Self {
        static ASKING: OnceBox<Io> = OnceBox::new();
        static HEARING: OnceBox<Io> = OnceBox::new();
        let (first, name) = match purpose {
            Purpose::Asking => (&ASKING, "cached-redis"),
            Purpose::Hearing => (&HEARING, "cached-redis-news"),
        };
        let pid = process::id();
        let mut io = first.get_or_init(|| Self::new(name, pid));
        while io.pid != pid {
            io = io.of_child.get_or_init(|| Self::new(name, pid));
        }
        io
    }

    fn new(name: &'static str, pid: u32) -> Box<Self> {
        let (jobs, arriving) = unbounded_channel();
        let arriving = Mutex::new(Some(arriving));
        Box::new(Self { name, pid, jobs, arriving, is_started: AtomicBool::new(false), of_child: OnceBox::new() })
    }

    fn take(&'static self, job: Job) {
        // It fails when the thread is over, which it never is; then the job is dropped, and its caller knows.
        let _ = self.jobs.send(job);
        if !self.is_started.swap(true, Ordering::AcqRel) {
            let thread = thread::Builder::new().name(self.name.into());
            if thread.spawn(|| self.work()).is_err() {
                self.give_up();
            }
        }
    }

    fn work(&self) {
        let runtime = Builder::new_current_thread().enable_io().enable_time().max_blocking_threads(LOOKUPS).build();
        let arriving = self.arriving.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (runtime, arriving) {
            (Ok(runtime), Some(mut arriving)) => runtime.block_on(async move {
                while let Some(job) = arriving.recv().await {
                    tokio::spawn(job);
                }
            }),
            (_, arriving) => {
                *self.arriving.lock().unwrap_or_else(PoisonError::into_inner) = arriving;
                self.give_up();
            }
        }
    }

    /// Drops what has arrived, so that nobody waits for it. The next job tries again.
    fn give_up(&self) {
        self.is_started.store(false, Ordering::Release);
        let mut dropped = Vec::new();
        if let Some(arriving) = &mut *self.arriving.lock().unwrap_or_else(PoisonError::into_inner) {
            while let Ok(job) = arriving.try_recv() {
                dropped.push(job);
            }
        }
        // Who waits is woken here, where no lock is held.
        drop(dropped);
    }
}
