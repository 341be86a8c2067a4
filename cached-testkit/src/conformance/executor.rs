//! The smallest of executors: the thread itself.
//!
//! In: replies. Out: their answers. Nothing else turns the wheels: a backend that needs a runtime brings its own.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use cached_core::Error;
use cached_core::backend::Reply;

/// A reply that comes.
pub(super) type Later<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls a future on this thread until it is done.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}

/// Polls a reply once, and gives it back if it is not there; nobody hears when it asks to be polled again.
pub(super) fn touch<T>(mut answer: Later<T>) -> Result<Result<T, Error>, Later<T>> {
    match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Ok(answer),
        Poll::Pending => Err(answer),
    }
}

pub(super) fn wait<T>(reply: Reply<T>) -> Result<T, Error> {
    match reply {
        Reply::Ready(answer) => answer,
        Reply::Later(answer) => block_on(answer),
    }
}
