//! The two ways to take a call's steps: on this thread, or polled.
//!
//! In: a miss and a body. Out: the value. They differ in how they wait for a backend, for a
//! leader and for the body, and nowhere else.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::land::Writer;
use super::verify::Verifying;
use super::{Call, Doing, Miss, Step};
use crate::clock::{self, Alarm};
use crate::event::Outcome;
use crate::flight::{Ended, Wait};
use crate::key::{OwnedKey, Value};
use crate::memory::Kept;
use crate::project::Project;
use crate::stats::{Back, Lap};
use crate::store::How;
use crate::sync::{block_on, park, thread_waker};

impl<const F: u8, K, V> Miss<F, K, V> {
    /// Gives the value: from the backend, from another caller's computation, or from `body`.
    #[cold]
    #[inline(never)]
    pub fn run<R: Project<F, Stored = V>>(self, body: impl FnOnce() -> R) -> R
    where
        K: OwnedKey,
        V: Value,
    {
        // Of a recursion every level waits here for its body: what it needs after that is not on its stack.
        match self.walk() {
            Ok(mut call) => {
                let result = call.run_body(body);
                call.end(result, Writer::Here)
            }
            Err(value) => value,
        }
    }

    /// Takes the steps up to the body; `Err` is what the call gives without it.
    #[inline(never)]
    fn walk<R: Project<F, Stored = V>>(self) -> Result<Box<Call<K, V>>, R>
    where
        K: OwnedKey,
        V: Value,
    {
        let mut call = self.0;
        match call.walk() {
            Some((kept, outcome)) => Err(call.give(kept, outcome)),
            None => Ok(call),
        }
    }

    /// As [`Miss::run`], without blocking: a future that polls `body` only if it has to.
    pub fn run_async<B>(self, body: B) -> Run<Stage<F, K, V>, B>
    where
        K: OwnedKey,
        V: Value,
    {
        Run { stage: Stage(Some(self.0)), body }
    }
}

impl<K: OwnedKey, V: Value> Call<K, V> {
    /// Takes the steps up to the body on this thread, which may block: `Some` is what the call gives without it.
    pub(super) fn walk(&mut self) -> Option<(Kept<V>, Outcome)> {
        let mut step = self.first_step();
        loop {
            step = match step {
                Step::Give(kept, Outcome::Hit) if self.is_sampled() => {
                    self.begin_body(Doing::Verify(kept));
                    return None;
                }
                Step::Give(kept, outcome) => return Some((kept, outcome)),
                Step::Compute(turn) => {
                    self.tag(&turn);
                    self.begin_body(Doing::Compute(turn));
                    return None;
                }
                Step::Tags(channel) => {
                    let stamps = block_on(channel.stamps(How::Here, &self.tags));
                    self.was_stamped(&channel, stamps)
                }
                Step::Read(lead) => {
                    let read = block_on(self.read(How::Here));
                    self.was_read(lead, read)
                }
                Step::Lease(lead) => {
                    let taken = block_on(self.take_lease(How::Here));
                    self.was_leased(lead, taken)
                }
                Step::Wait(mut wait) => {
                    let ended = block(&mut wait);
                    drop(wait);
                    self.waited(ended)
                }
            };
        }
    }

    fn begin_body(&mut self, doing: Doing<K, V>) {
        self.doing = doing;
        self.lap = Lap::start();
    }

    /// Runs the body on this thread. Of this there is one for each function, so it is little.
    pub(super) fn run_body<R>(&mut self, body: impl FnOnce() -> R) -> R {
        self.enter_body();
        let result = body();
        self.leave_body();
        result
    }

    #[inline(never)]
    fn enter_body(&mut self) {
        let verifying = matches!(self.doing, Doing::Verify(_)).then(Verifying::begin);
        self.inside = Inside(self.lap.enter(), verifying);
    }

    #[inline(never)]
    fn leave_body(&mut self) {
        let Inside(back, verifying) = std::mem::take(&mut self.inside);
        drop(verifying);
        self.lap.leave(back);
    }

    /// What the call gives now that its body has ended. Not inlined, nor the like of it below: an unoptimised build
    /// would else keep room on the stack for the locals of all, in every level of a recursion.
    #[inline(never)]
    pub(super) fn end<const F: u8, R: Project<F, Stored = V>>(mut self: Box<Self>, result: R, writer: Writer) -> R {
        match std::mem::replace(&mut self.doing, Doing::Done) {
            Doing::Compute(turn) => self.finish(turn, result, writer),
            Doing::Verify(kept) => {
                self.verify(&kept, &result);
                self.give(kept, Outcome::Hit)
            }
            _ => result,
        }
    }
}

/// That a body runs on this thread, and that it does so only to be compared; dropped with the call where it panics.
#[derive(Default)]
pub(super) struct Inside(Option<Back>, Option<Verifying>);

/// Waits for a leader on this thread.
pub(crate) fn block<'a, K, T: Clone>(wait: &mut Wait<'a, K, T>) -> Ended<'a, K, T> {
    let waker = thread_waker();
    loop {
        if let Some(ended) = wait.look(&waker) {
            return ended;
        }
        park(clock::until(wait.deadline()));
    }
}

pin_project! {
    /// A call of an async function that was not served from memory at once.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Run<S, B> {
        // Dropped before the lead that the stage may hold: no follower starts while a cancelled body still lives.
        #[pin]
        pub(super) body: B,
        pub(super) stage: S,
    }
}

/// How far an async call is; nothing, once it has ended.
pub struct Stage<const F: u8, K: 'static, V: 'static>(pub(super) Option<Box<Call<K, V>>>);

impl<const F: u8, K, V> Drop for Stage<F, K, V> {
    // Were it inlined, the caller's future would look for a call to drop after each hit, which has none.
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        drop(self.0.take());
    }
}

impl<const F: u8, K, V> Stage<F, K, V> {
    /// Taken out while it is polled, so that a panic drops it while it unwinds.
    pub(super) fn take(&mut self) -> Box<Call<K, V>> {
        self.0.take().unwrap_or_else(|| panic!("a cached call was polled after it had ended"))
    }

    /// Put back, to wait.
    pub(super) fn put<T>(&mut self, mut call: Box<Call<K, V>>) -> Poll<T>
    where
        K: OwnedKey,
        V: Value,
    {
        call.leave_thread();
        self.0 = Some(call);
        Poll::Pending
    }
}

impl<const F: u8, K, V, R, B> Future for Run<Stage<F, K, V>, B>
where
    K: OwnedKey,
    V: Value,
    R: Project<F, Stored = V>,
    B: Future<Output = R>,
{
    type Output = R;

    // Away from the caller's own future, which a hit goes through.
    #[cold]
    #[inline(never)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let this = self.project();
        let mut call = this.stage.take();
        match call.poll_steps(cx) {
            Poll::Ready(Some((kept, outcome))) => Poll::Ready(call.give(kept, outcome)),
            Poll::Ready(None) => match call.poll_body(this.body, cx) {
                Poll::Ready(result) => Poll::Ready(call.end(result, Writer::Worker)),
                Poll::Pending => this.stage.put(call),
            },
            Poll::Pending => this.stage.put(call),
        }
    }
}

impl<K: OwnedKey, V: Value> Call<K, V> {
    /// Goes on up to the body: `Some` is what the call gives, `None`, that the body is to run.
    pub(super) fn poll_steps(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Kept<V>, Outcome)>> {
        self.enter_thread();
        loop {
            if let Doing::Compute(_) | Doing::Verify(_) = self.doing {
                return Poll::Ready(None);
            }
            match self.go_on(cx) {
                Poll::Ready(None) => {}
                Poll::Ready(Some((kept, Outcome::Hit))) if self.is_sampled() => self.begin_body(Doing::Verify(kept)),
                polled => return polled,
            }
        }
    }

    pub(super) fn poll_body<B: Future>(&mut self, body: Pin<&mut B>, cx: &mut Context<'_>) -> Poll<B::Output> {
        self.run_body(|| body.poll(cx))
    }

    /// Says that this thread is inside the flight, where there is one.
    pub(super) fn enter_thread(&mut self) {
        match &mut self.doing {
            Doing::Compute(turn) => turn.enter_thread(),
            Doing::Read(Some(lead), _) | Doing::Lease(lead, _) => lead.enter_thread(),
            _ => {}
        }
    }

    pub(super) fn leave_thread(&mut self) {
        match &mut self.doing {
            Doing::Compute(turn) => turn.leave_thread(),
            Doing::Read(Some(lead), _) | Doing::Lease(lead, _) => lead.leave_thread(),
            _ => {}
        }
    }

    /// Goes on, short of the body: `Some` is what the call gives.
    #[inline(never)]
    fn go_on(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Kept<V>, Outcome)>> {
        let step = match &mut self.doing {
            Doing::New => self.first_step(),
            Doing::Tags(channel, answer) => match answer.as_mut().poll(cx) {
                Poll::Ready(stamps) => {
                    let channel = Arc::clone(channel);
                    self.was_stamped(&channel, stamps)
                }
                Poll::Pending => return Poll::Pending,
            },
            Doing::Read(lead, answer) => match answer.as_mut().poll(cx) {
                Poll::Ready(read) => {
                    let lead = lead.take();
                    self.was_read(lead, read)
                }
                Poll::Pending => return Poll::Pending,
            },
            Doing::Lease(_, answer) => match answer.as_mut().poll(cx) {
                Poll::Ready(taken) => match std::mem::replace(&mut self.doing, Doing::Done) {
                    Doing::Lease(lead, _) => self.was_leased(lead, taken),
                    _ => return Poll::Ready(None),
                },
                Poll::Pending => return Poll::Pending,
            },
            Doing::Wait(wait, alarm) => match wait.look(cx.waker()) {
                Some(ended) => self.waited(ended),
                None => {
                    Alarm::keep(alarm, wait.deadline(), cx.waker());
                    return Poll::Pending;
                }
            },
            Doing::Compute(_) | Doing::Verify(_) | Doing::Done => return Poll::Ready(None),
        };
        let doing = match step {
            Step::Give(kept, outcome) => return Poll::Ready(Some((kept, outcome))),
            Step::Wait(wait) => Doing::Wait(wait, None),
            Step::Tags(channel) => {
                let stamps = channel.stamps(How::Later, &self.tags);
                Doing::Tags(channel, stamps)
            }
            Step::Read(lead) => Doing::Read(lead, self.read(How::Later)),
            Step::Lease(lead) => Doing::Lease(lead, self.take_lease(How::Later)),
            Step::Compute(turn) => {
                self.tag(&turn);
                self.begin_body(Doing::Compute(turn));
                return Poll::Ready(None);
            }
        };
        self.doing = doing;
        Poll::Ready(None)
    }
}
