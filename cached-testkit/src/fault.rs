//! A backend that misbehaves on command.
//!
//! In: a backend and a [`Fault`]. Out: the backend's replies, or what the fault makes of them.

use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Listener, Reply, When, Write};
use cached_core::{Error, ErrorKind};

/// What a [`Faulty`] backend does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing.
    None,
    /// Every operation is an error at once, and does not reach the backend.
    Fail,
    /// No operation is ever answered, and none reaches the backend.
    Hang,
    /// A write is said to be stored, and is lost. Reads, removals and `clear` are as they were.
    DropWrites,
    /// Every value that is read has one bit changed: the first read changes the first bit, the
    /// next read the one after it, round and round. The stored value stays as it was.
    FlipBit,
    /// Every operation panics: in the call itself, or, when answers come later, in the poll.
    Panic,
}

const FAULTS: [Fault; 6] = [Fault::None, Fault::Fail, Fault::Hang, Fault::DropWrites, Fault::FlipBit, Fault::Panic];

/// A backend that stands before another, counts, and does wrong on command.
///
/// A command holds from the next operation on, for every thread. `capabilities`, `subscribe` and
/// `close` always reach the backend and are not counted.
///
/// # Example: a value with a flipped bit
/// ```
/// use std::sync::Arc;
/// use cached_core::backend::{Backend, Reply, When, Write};
/// use cached_testkit::{Fault, Faulty, Shelf};
///
/// let backend = Faulty::new(Arc::new(Shelf::new()));
/// let _ = backend.set_many(vec![Write::new("k".into(), [0, 0][..].into(), None, When::Always)]);
/// backend.set_fault(Fault::FlipBit);
/// let Reply::Ready(found) = backend.get_many(&["k".into()]) else { unreachable!("a shelf is ready") };
/// assert_eq!(found?[0].as_deref(), Some(&[1, 0][..]));
/// # Ok::<(), cached_core::Error>(())
/// ```
pub struct Faulty {
    backend: Arc<dyn Backend>,
    state: State,
}

#[derive(Default)]
struct State {
    fault: AtomicU8,
    steps: AtomicUsize,
    flips: AtomicUsize,
    reads: AtomicUsize,
    writes: AtomicUsize,
    deletes: AtomicUsize,
}

impl Faulty {
    /// Stands before `backend`; does nothing wrong so far.
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend, state: State::default() }
    }

    /// From the next operation on does `fault`, in place of the one before.
    pub fn set_fault(&self, fault: Fault) {
        self.state.fault.store(fault as u8, Ordering::SeqCst);
    }

    /// What it does wrong now.
    pub fn fault(&self) -> Fault {
        FAULTS[usize::from(self.state.fault.load(Ordering::SeqCst))]
    }

    /// From the next operation on answers `Later`: each reply is pending `steps` times, asks to be
    /// polled again at once each time, and is then there. With 0, replies are as the backend gives
    /// them. Goes with every fault.
    ///
    /// The operation itself is done when it is asked for, not when its reply is polled.
    pub fn answer_later(&self, steps: usize) {
        self.state.steps.store(steps, Ordering::SeqCst);
    }

    /// How many keys were asked for, however it ended.
    pub fn reads(&self) -> usize {
        self.state.reads.load(Ordering::SeqCst)
    }

    /// How many writes were asked for, however they ended.
    pub fn writes(&self) -> usize {
        self.state.writes.load(Ordering::SeqCst)
    }

    /// How many removals were asked for, however they ended; a `clear` is one.
    pub fn deletes(&self) -> usize {
        self.state.deletes.load(Ordering::SeqCst)
    }

    /// One operation: counted, then spoilt or done, then delayed.
    fn operate<T: Send + 'static>(
        &self,
        counter: &AtomicUsize,
        by: usize,
        act: impl FnOnce(Fault) -> Reply<T>,
    ) -> Reply<T> {
        counter.fetch_add(by, Ordering::SeqCst);
        let reply = match self.fault() {
            Fault::Hang => return Reply::Later(Box::pin(pending())),
            Fault::Panic if self.state.steps.load(Ordering::SeqCst) > 0 => {
                return Reply::Later(Box::pin(async { panic!("the backend panics, as the test asked") }));
            }
            Fault::Panic => panic!("the backend panics, as the test asked"),
            Fault::Fail => Reply::Ready(Err(Error::new(ErrorKind::Backend, "the backend fails, as the test asked"))),
            fault => act(fault),
        };
        match self.state.steps.load(Ordering::SeqCst) {
            0 => reply,
            steps => Reply::Later(Box::pin(after(steps, reply))),
        }
    }
}

impl Backend for Faulty {
    fn capabilities(&self) -> Capabilities {
        self.backend.capabilities()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.operate(&self.state.reads, keys.len(), |fault| {
            let reply = self.backend.get_many(keys);
            if fault != Fault::FlipBit {
                return reply;
            }
            let turn = self.state.flips.fetch_add(1, Ordering::SeqCst);
            map(reply, move |found| found.into_iter().map(|value| value.map(|value| flip(&value, turn))).collect())
        })
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        self.operate(&self.state.writes, writes.len(), |fault| match fault {
            Fault::DropWrites => Reply::Ready(Ok(vec![true; writes.len()])),
            _ => self.backend.set_many(writes),
        })
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.operate(&self.state.deletes, keys.len(), |_| self.backend.delete_many(keys))
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.operate(&self.state.deletes, 1, |_| self.backend.clear(prefix))
    }

    fn subscribe(&self, prefix: &str, listener: Listener) -> Reply<()> {
        self.backend.subscribe(prefix, listener)
    }

    fn close(&self, deadline: Duration) -> Reply<()> {
        self.backend.close(deadline)
    }
}

/// `value` with bit `turn` changed, counted round and round; a value of no bytes has no bit.
fn flip(value: &[u8], turn: usize) -> Bytes {
    let mut value = value.to_vec();
    if !value.is_empty() {
        let bit = turn % (value.len() * 8);
        value[bit / 8] ^= 1 << (bit % 8);
    }
    value.into()
}

fn map<T: Send + 'static>(reply: Reply<T>, f: impl FnOnce(T) -> T + Send + 'static) -> Reply<T> {
    match reply {
        Reply::Ready(result) => Reply::Ready(result.map(f)),
        Reply::Later(answer) => Reply::Later(Box::pin(async move { answer.await.map(f) })),
    }
}

/// `reply`, after `steps` polls that end in nothing and ask for the next.
fn after<T: Send + 'static>(mut steps: usize, reply: Reply<T>) -> impl Future<Output = Result<T, Error>> + Send {
    let mut answer: Pin<Box<dyn Future<Output = Result<T, Error>> + Send>> = match reply {
        Reply::Ready(result) => Box::pin(async { result }),
        Reply::Later(answer) => answer,
    };
    poll_fn(move |context| {
        if steps == 0 {
            return answer.as_mut().poll(context);
        }
        steps -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

/// What it does wrong, and its counts.
impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut faulty = f.debug_struct("Faulty");
        faulty.field("fault", &self.fault()).field("reads", &self.reads()).field("writes", &self.writes());
        faulty.field("deletes", &self.deletes()).finish_non_exhaustive()
    }
}
