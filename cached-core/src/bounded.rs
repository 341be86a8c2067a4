//! Answers of backends, each with its time.
//!
//! In: an operation, which may panic, block or answer later. Out: its answer, or a fault when its time is over.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::backend::Reply;
use crate::clock::{self, Alarm};
use crate::error::{Error, ErrorKind};
use crate::sync::{park, thread_waker};

pub(crate) type Answer<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

pub(crate) fn too_late(timeout: Duration) -> Error {
    Error::new(ErrorKind::Timeout, format!("no answer within `op_timeout` ({timeout:?})"))
}

/// What a backend does by itself; a panic in it is a fault of the backend, and nobody else's.
pub(crate) fn guarded<T>(operation: impl FnOnce() -> T) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(operation)).map_err(|_| Error::new(ErrorKind::Backend, "the backend panicked"))
}

/// Waits for a backend's reply on this thread, at most `timeout`.
pub(crate) fn wait<T>(timeout: Duration, operation: impl FnOnce() -> Reply<T>) -> Result<T, Error> {
    Begun::new(timeout, operation).wait()
}

/// An operation that has begun, and ends within its time.
pub(crate) enum Begun<T> {
    Ready(Result<T, Error>),
    Later(Bounded<T>),
}

impl<T> Begun<T> {
    pub(crate) fn new(timeout: Duration, operation: impl FnOnce() -> Reply<T>) -> Self {
        match guarded(operation) {
            Err(error) | Ok(Reply::Ready(Err(error))) => Begun::Ready(Err(error)),
            Ok(Reply::Ready(answer)) => Begun::Ready(answer),
            Ok(Reply::Later(answer)) => {
                let mut bounded = Bounded::new(answer, timeout);
                // Some begin with their first poll.
                match bounded.look(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(answer) => Begun::Ready(answer),
                    Poll::Pending => Begun::Later(bounded),
                }
            }
        }
    }

    /// Its answer, once it has ended or its time has.
    pub(crate) fn wait(self) -> Result<T, Error> {
        let mut later = match self {
            Begun::Ready(answer) => return answer,
            later @ Begun::Later(_) => later,
        };
        let waker = thread_waker();
        loop {
            later = match later.look(&mut Context::from_waker(&waker)) {
                Ok(answer) => return answer,
                Err(later) => later,
            };
            park(clock::until(later.deadline()));
        }
    }

    /// Its answer, if it has ended or its time has; else it, and the waker is woken.
    pub(crate) fn look(self, cx: &mut Context<'_>) -> Result<Result<T, Error>, Self> {
        match self {
            Begun::Ready(answer) => Ok(answer),
            Begun::Later(mut bounded) => match bounded.look(cx) {
                Poll::Ready(answer) => Ok(answer),
                Poll::Pending => Err(Begun::Later(bounded)),
            },
        }
    }

    /// When its time ends, for who is not woken before.
    pub(crate) fn deadline(&self) -> u64 {
        match self {
            Begun::Ready(_) => clock::now(),
            Begun::Later(bounded) => bounded.deadline,
        }
    }
}

/// An answer with a deadline.
pub(crate) struct Bounded<T> {
    answer: Answer<T>,
    timeout: Duration,
    deadline: u64,
    alarm: Option<Alarm>,
    /// It ended by its deadline.
    pub(crate) is_late: bool,
}

impl<T> Bounded<T> {
    pub(crate) fn new(answer: Answer<T>, timeout: Duration) -> Self {
        Self { answer, timeout, deadline: clock::after(clock::now(), timeout), alarm: None, is_late: false }
    }

    fn look(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, Error>> {
        match guarded(|| self.answer.as_mut().poll(cx)) {
            Ok(Poll::Pending) if clock::now() >= self.deadline => {
                self.is_late = true;
                Poll::Ready(Err(too_late(self.timeout)))
            }
            Ok(polled) => polled,
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl<T> Future for Bounded<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.look(cx);
        if polled.is_pending() {
            let deadline = self.deadline;
            Alarm::keep(&mut self.alarm, deadline, cx.waker());
        }
        polled
    }
}
