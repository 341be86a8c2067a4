//! The two ways to take a call's steps: on this thread, or polled.
//!
//! In: a miss and a body. Out: the value. They differ in how they wait for a backend, for a
//! leader and for the body, and nowhere else.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::land::Writer;
use super::{Call, Miss, Step, Turn};
use crate::backend::Bytes;
use crate::clock::{self, Alarm};
use crate::flight::{Ended, Lead, Wait};
use crate::key::{OwnedKey, Value};
use crate::memory::Kept;
use crate::project::Project;
use crate::stats::Lap;
use crate::store::{Answer, How};
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
        let (mut call, mut step) = Call::begin(self);
        loop {
            step = match step {
                Step::Give(kept, outcome) => return call.give(kept, outcome),
                Step::Read(lead) => {
                    let read = block_on(call.read(How::Here));
                    call.was_read(lead, read)
                }
                Step::Wait(wait) => {
                    let ended = block(wait);
                    call.waited(ended)
                }
                Step::Compute(turn) => {
                    call.lap = Lap::start();
                    let here = turn.run_here();
                    let result = call.lap.run(body);
                    drop(here);
                    call.finish(turn, &result, Writer::Here);
                    return result;
                }
            };
        }
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

fn block<'a, K: OwnedKey, V: Value>(mut wait: Wait<'a, K, Kept<V>>) -> Ended<'a, K, Kept<V>> {
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
        body: B,
        stage: S,
    }
}

/// How far an async call is.
pub struct Stage<const F: u8, K: OwnedKey, V: Value>(At<F, K, V>);

enum At<const F: u8, K: OwnedKey, V: Value> {
    New(Miss<F, K, V>),
    Read(Call<K, V>, Option<Lead<'static, K, Kept<V>>>, Answer<Option<Bytes>>),
    Wait(Call<K, V>, Wait<'static, K, Kept<V>>, Option<Alarm>),
    Compute(Call<K, V>, Turn<K, V>),
    Done,
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
        let (mut body, Stage(stage)) = (this.body, this.stage);
        loop {
            // Taken out, so that a panic below drops call and turn while it unwinds.
            let (call, step) = match std::mem::replace(stage, At::Done) {
                At::New(miss) => Call::begin(miss),
                At::Done => panic!("a cached call was polled after it had ended"),
                At::Read(mut call, lead, mut answer) => match answer.as_mut().poll(cx) {
                    Poll::Ready(read) => {
                        let step = call.was_read(lead, read);
                        (call, step)
                    }
                    Poll::Pending => {
                        *stage = At::Read(call, lead, answer);
                        return Poll::Pending;
                    }
                },
                At::Wait(mut call, mut wait, alarm) => match wait.look(cx.waker()) {
                    Some(ended) => {
                        drop(alarm);
                        let step = call.waited(ended);
                        (call, step)
                    }
                    None => {
                        let alarm = Alarm::set(wait.deadline(), cx.waker().clone());
                        *stage = At::Wait(call, wait, Some(alarm));
                        return Poll::Pending;
                    }
                },
                At::Compute(mut call, turn) => {
                    let here = turn.run_here();
                    let polled = call.lap.run(|| body.as_mut().poll(cx));
                    drop(here);
                    let Poll::Ready(result) = polled else {
                        *stage = At::Compute(call, turn);
                        return Poll::Pending;
                    };
                    call.finish(turn, &result, Writer::Worker);
                    return Poll::Ready(result);
                }
            };
            *stage = match step {
                Step::Give(kept, outcome) => return Poll::Ready(call.give(kept, outcome)),
                Step::Wait(wait) => At::Wait(call, wait, None),
                Step::Compute(turn) => At::Compute(Call { lap: Lap::start(), ..call }, turn),
                Step::Read(lead) => {
                    let answer = call.read(How::Later);
                    At::Read(call, lead, answer)
                }
            };
        }
    }
}
