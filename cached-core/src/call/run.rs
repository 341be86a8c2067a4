//! The two ways to take a call's steps: on this thread, or polled.
//!
//! In: a miss and a body. Out: the value. They differ in how they wait for a backend, for a
//! leader and for the body, and nowhere else.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::land::Writer;
use super::verify::verifying;
use super::{Call, Miss, Step, Turn};
use crate::backend::Bytes;
use crate::clock::{self, Alarm};
use crate::event::Outcome;
use crate::flight::{Ended, Lead, Running, Wait};
use crate::key::{OwnedKey, Value};
use crate::memo::Shared;
use crate::memory::Kept;
use crate::project::Project;
use crate::stats::Lap;
use crate::store::{Answer, Channel, How};
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
            Ok(mut at) => {
                // Also while the result is judged, copied and encoded: that is the user's code too.
                let _here = at.run_here();
                let result = at.run_body(body);
                at.end(result, Writer::Here)
            }
            Err(value) => value,
        }
    }

    /// Takes the steps up to the body; `Err` is what the call gives without it.
    #[inline(never)]
    fn walk<R: Project<F, Stored = V>>(self) -> Result<Box<At<F, K, V>>, R>
    where
        K: OwnedKey,
        V: Value,
    {
        let (mut call, goal) = Call::walk(self);
        let doing = match goal {
            Goal::Given(kept, Outcome::Hit) if call.is_sampled() => Doing::Verify(kept),
            Goal::Given(kept, outcome) => return Err(call.give(kept, outcome)),
            Goal::Body(turn) => Doing::Compute(turn),
        };
        call.lap = Lap::start();
        Ok(Box::new(At::Under(call, doing)))
    }

    /// As [`Miss::run`], without blocking: a future that polls `body` only if it has to.
    pub fn run_async<B>(self, body: B) -> Run<Stage<F, K, V>, B>
    where
        K: OwnedKey,
        V: Value,
    {
        Run { stage: Stage(At::New(self)), body }
    }
}

/// Where the steps before the body lead.
pub(super) enum Goal<K: OwnedKey, V: Value> {
    /// A value to give.
    Given(Kept<V>, Outcome),
    /// The body has to run.
    Body(Turn<K, V>),
}

impl<K: OwnedKey, V: Value> Call<K, V> {
    /// Takes the steps up to the body on this thread, which may block.
    pub(super) fn walk<const F: u8>(miss: Miss<F, K, V>) -> (Self, Goal<K, V>) {
        let (mut call, mut step) = Call::begin(miss);
        loop {
            step = match step {
                Step::Give(kept, outcome) => return (call, Goal::Given(kept, outcome)),
                Step::Compute(turn) => {
                    call.tag(&turn);
                    return (call, Goal::Body(turn));
                }
                Step::Tags(channel) => {
                    let stamps = block_on(channel.stamps(How::Here, &call.tags));
                    call.was_stamped(&channel, stamps)
                }
                Step::Read(lead) => {
                    let read = block_on(call.read(How::Here));
                    call.was_read(lead, read)
                }
                Step::Wait(wait) => {
                    let ended = block(wait);
                    call.waited(ended)
                }
            };
        }
    }
}

/// Waits for a leader on this thread.
pub(crate) fn block<'a, K: OwnedKey, T: Clone>(mut wait: Wait<'a, K, T>) -> Ended<'a, K, T> {
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

/// How far an async call is.
pub struct Stage<const F: u8, K: OwnedKey, V: Value>(pub(super) At<F, K, V>);

#[expect(clippy::large_enum_variant, reason = "it lies in the caller's future; a box would be an allocation")]
pub(super) enum At<const F: u8, K: OwnedKey, V: Value> {
    New(Miss<F, K, V>),
    Under(Call<K, V>, Doing<K, V>),
    Done,
}

/// What an async call waits for.
pub(super) enum Doing<K: OwnedKey, V: Value> {
    Tags(Arc<Channel>, Answer<Vec<u8>>),
    Read(Option<Lead<'static, K, Shared<V>>>, Answer<Option<Bytes>>),
    Wait(Wait<'static, K, Shared<V>>, Option<Alarm>),
    Compute(Turn<K, V>),
    /// The body, to compare with what is stored.
    Verify(Kept<V>),
    /// Nothing: the next step says what to do.
    Next(Step<K, V>),
}

impl<const F: u8, K, V, R, B> Future for Run<Stage<F, K, V>, B>
where
    K: OwnedKey,
    V: Value,
    R: Project<F, Stored = V>,
    B: Future<Output = R>,
{
    type Output = R;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let this = self.project();
        // Taken out, so that a panic below drops call and turn while it unwinds.
        let mut at = std::mem::replace(&mut this.stage.0, At::Done);
        at.begin();
        let polled = at.advance(this.body, cx);
        if polled.is_pending() {
            this.stage.0 = at;
        }
        polled
    }
}

// Each of these is a function of its own: an unoptimised build would else keep room on the stack for the
// locals of all of them, in every level of a recursion.
impl<const F: u8, K: OwnedKey, V: Value> At<F, K, V> {
    #[inline(never)]
    pub(super) fn begin(&mut self) {
        match std::mem::replace(self, At::Done) {
            At::New(miss) => {
                let (call, step) = Call::begin(miss);
                *self = At::Under(call, Doing::Next(step));
            }
            at => *self = at,
        }
    }

    fn advance<R, B>(&mut self, body: Pin<&mut B>, cx: &mut Context<'_>) -> Poll<R>
    where
        R: Project<F, Stored = V>,
        B: Future<Output = R>,
    {
        match self.look(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some((kept, outcome))) => Poll::Ready(self.give(kept, outcome)),
            Poll::Ready(None) => match self.poll_body(body, cx) {
                Poll::Ready(result) => {
                    let _here = self.run_here();
                    Poll::Ready(self.end(result, Writer::Worker))
                }
                Poll::Pending => Poll::Pending,
            },
        }
    }

    /// Goes on up to the body: `Some` is what the call gives, `None`, that the body is to run.
    pub(super) fn look(&mut self, cx: &mut Context<'_>) -> Poll<Option<(Kept<V>, Outcome)>> {
        let At::Under(call, doing) = self else { panic!("a cached call was polled after it had ended") };
        loop {
            if let Doing::Compute(_) | Doing::Verify(_) = doing {
                return Poll::Ready(None);
            }
            match call.go_on(doing, cx) {
                Poll::Ready(None) => {}
                Poll::Ready(Some((kept, Outcome::Hit))) if call.is_sampled() => {
                    call.lap = Lap::start();
                    *doing = Doing::Verify(kept);
                }
                polled => return polled,
            }
        }
    }

    /// Runs the body on this thread.
    fn run_body<R>(&mut self, body: impl FnOnce() -> R) -> R {
        let At::Under(call, doing) = self else { return body() };
        match doing {
            Doing::Verify(_) => verifying(|| call.lap.run(body)),
            _ => call.lap.run(body),
        }
    }

    /// Says that this thread is inside the flight, where there is one.
    pub(super) fn run_here(&self) -> Option<Running<K, Shared<V>>> {
        match self {
            At::Under(_, Doing::Compute(turn)) => turn.run_here(),
            _ => None,
        }
    }

    pub(super) fn poll_body<B: Future>(&mut self, body: Pin<&mut B>, cx: &mut Context<'_>) -> Poll<B::Output> {
        let At::Under(call, doing) = self else { return Poll::Pending };
        let Doing::Compute(turn) = doing else { return verifying(|| call.lap.run(|| body.poll(cx))) };
        let _here = turn.run_here();
        call.lap.run(|| body.poll(cx))
    }

    #[inline(never)]
    pub(super) fn end<R: Project<F, Stored = V>>(&mut self, result: R, writer: Writer) -> R {
        match std::mem::replace(self, At::Done) {
            At::Under(call, Doing::Compute(turn)) => call.finish(turn, result, writer),
            At::Under(mut call, Doing::Verify(kept)) => {
                call.verify(&kept, &result);
                call.give(kept, Outcome::Hit)
            }
            _ => result,
        }
    }

    #[inline(never)]
    pub(super) fn give<R: Project<F, Stored = V>>(&mut self, kept: Kept<V>, outcome: Outcome) -> R {
        match std::mem::replace(self, At::Done) {
            At::Under(call, _) => call.give(kept, outcome),
            At::New(_) | At::Done => R::restore(kept.into_value()),
        }
    }
}

impl<K: OwnedKey, V: Value> Call<K, V> {
    /// Goes on, short of the body: `Some` is what the call gives.
    #[inline(never)]
    fn go_on(&mut self, doing: &mut Doing<K, V>, cx: &mut Context<'_>) -> Poll<Option<(Kept<V>, Outcome)>> {
        let step = match doing {
            Doing::Tags(channel, answer) => match answer.as_mut().poll(cx) {
                Poll::Ready(stamps) => self.was_stamped(channel, stamps),
                Poll::Pending => return Poll::Pending,
            },
            Doing::Read(lead, answer) => match answer.as_mut().poll(cx) {
                Poll::Ready(read) => self.was_read(lead.take(), read),
                Poll::Pending => return Poll::Pending,
            },
            Doing::Wait(wait, alarm) => match wait.look(cx.waker()) {
                Some(ended) => self.waited(ended),
                None => {
                    Alarm::keep(alarm, wait.deadline(), cx.waker());
                    return Poll::Pending;
                }
            },
            Doing::Compute(_) | Doing::Verify(_) => return Poll::Ready(None),
            Doing::Next(step) => std::mem::replace(step, Step::Compute(Turn::Free)),
        };
        *doing = match step {
            Step::Give(kept, outcome) => return Poll::Ready(Some((kept, outcome))),
            Step::Wait(wait) => Doing::Wait(wait, None),
            Step::Tags(channel) => {
                let stamps = channel.stamps(How::Later, &self.tags);
                Doing::Tags(channel, stamps)
            }
            Step::Read(lead) => Doing::Read(lead, self.read(How::Later)),
            Step::Compute(turn) => {
                self.tag(&turn);
                self.lap = Lap::start();
                Doing::Compute(turn)
            }
        };
        Poll::Ready(None)
    }
}
