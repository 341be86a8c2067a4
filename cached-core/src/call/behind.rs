//! Refreshes in the background: whoever finds a value stale is served it, and somebody else computes.
//!
//! In: a miss, and a body that owns what it needs. Out: the stale value at once, if there is one in its
//! window; else what a call gives that computes for itself.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::land::Writer;
use super::run::Stage;
use super::{Call, Doing, Miss, Run, Ticket, Turn};
use crate::event::Outcome;
use crate::handle::Handle;
use crate::key::{OwnedKey, Value};
use crate::memory::Kept;
use crate::project::Project;
use crate::registry;
use crate::stats::{Count, Counters, Lap};
use crate::workers::{self, Purpose};

impl<const F: u8, K: OwnedKey, V: Value> Miss<F, K, V> {
    /// As [`Miss::run`]; a stale value is given while a thread of ours runs `body`.
    #[cold]
    #[inline(never)]
    pub fn run_behind<R: Project<F, Stored = V>>(self, body: impl FnOnce() -> R + Send + 'static) -> R {
        let mut call = self.0;
        if let Some((kept, outcome)) = call.walk() {
            return call.give(kept, outcome);
        }
        let Some(given) = call.leave_behind() else { return call.compute_here(body) };
        let (scope, core, hash) = (Handle::here(), call.core, call.key.hash);
        let lost = Loss(call.counters);
        let refused =
            workers::refreshes().submit(Purpose::Write(0), (call, body, lost), move |(mut call, body, lost)| {
                // It may have waited, and been forgotten or deposed meanwhile.
                if !call.is_void() {
                    call.enter_thread();
                    call.lap = Lap::start();
                    scope.run(|| drop(call.compute_here::<F, R>(body)));
                }
                lost.forget();
            });
        if let Err(refused) = refused {
            // The lead passes on, and the next who finds the value stale tries.
            core.resting.remove(hash);
            drop(refused);
        }
        given.give()
    }

    /// As [`Miss::run_async`]; a stale value is given while a task of the configured spawner runs the body.
    pub fn run_async_behind<M, B>(self, make: M) -> Behind<Stage<F, K, V>, M, B>
    where
        M: FnOnce() -> B,
    {
        Behind { stage: Stage(Some(self.0)), make: Some(make), body: None }
    }
}

/// Counts a refresh that gave nothing: its body panicked, nobody took it, or its task was dropped.
struct Loss(&'static Counters);

impl Loss {
    fn forget(self) {
        std::mem::forget(self);
    }
}

impl Drop for Loss {
    fn drop(&mut self) {
        self.0.add(Count::RefreshesLost, 1);
    }
}

/// An old value, for a caller who does not wait.
struct Given<V> {
    kept: Kept<V>,
    ticket: Ticket,
}

impl<V: Value> Given<V> {
    fn give<const F: u8, R: Project<F, Stored = V>>(mut self) -> R {
        let value = self.kept.into_value();
        self.ticket.end(Outcome::Stale);
        R::restore(value)
    }
}

impl<K: OwnedKey, V: Value> Call<K, V> {
    /// Whether the caller may be given the old value while another computes.
    fn is_due_behind(&self) -> bool {
        self.route.behind && self.old.as_ref().is_some_and(|old| old.is_within(self.route.lives.stale))
    }

    /// Where it leads and may be left to another: what its caller is given meanwhile. It goes on elsewhere.
    fn leave_behind(&mut self) -> Option<Given<V>> {
        if !(self.is_due_behind() && matches!(self.doing, Doing::Compute(Turn::Lead(_)))) {
            return None;
        }
        let kept = self.old.as_ref()?.kept.clone();
        self.leave_thread();
        // If the body panics, nobody tries again at once.
        self.core.resting.add(self.key.hash);
        Some(Given { kept, ticket: std::mem::replace(&mut self.ticket, Ticket::silent()) })
    }

    /// Whether nobody has any use for what the body would give.
    fn is_void(&self) -> bool {
        matches!(&self.doing, Doing::Compute(Turn::Lead(lead)) if lead.is_void())
    }

    /// Runs the body on this thread.
    fn compute_here<const F: u8, R: Project<F, Stored = V>>(mut self: Box<Self>, body: impl FnOnce() -> R) -> R {
        let result = self.run_body(body);
        self.end(result, Writer::Here)
    }
}

pin_project! {
    /// A call of an async function that refreshes in the background.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Behind<S, M, B> {
        // Dropped before the lead that the stage may hold: no follower starts while a cancelled body still lives.
        #[pin]
        body: Option<B>,
        make: Option<M>,
        stage: S,
    }
}

impl<const F: u8, K, V, R, M, B> Future for Behind<Stage<F, K, V>, M, B>
where
    K: OwnedKey,
    V: Value,
    R: Project<F, Stored = V> + Send + 'static,
    M: FnOnce() -> B,
    B: Future<Output = R> + Send + 'static,
{
    type Output = R;

    // Away from the caller's own future, which a hit goes through.
    #[cold]
    #[inline(never)]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        let mut this = self.project();
        let mut call = this.stage.take();
        loop {
            let polled = match call.poll_steps(cx) {
                Poll::Ready(Some((kept, outcome))) => return Poll::Ready(call.give(kept, outcome)),
                Poll::Ready(None) => this.body.as_mut().as_pin_mut().map(|body| call.poll_body(body, cx)),
                Poll::Pending => Some(Poll::Pending),
            };
            match polled {
                Some(Poll::Ready(result)) => return Poll::Ready(call.end(result, Writer::Worker)),
                Some(Poll::Pending) => return this.stage.put(call),
                None => {}
            }
            // The body is to start: here, or in a task of its own.
            let Some(make) = this.make.take() else { panic!("a cached call was polled after it had ended") };
            if let Some(spawn) = registry::current().spawner.clone() {
                if let Some(given) = call.leave_behind() {
                    let lost = Loss(call.counters);
                    let refresh = Run { body: make(), stage: Stage::<F, K, V>(Some(call)) };
                    let task = Handle::here().wrap(async move {
                        drop(refresh.await);
                        lost.forget();
                    });
                    // A spawner that panics, without a runtime say, loses the refresh and not the call.
                    let _ = catch_unwind(AssertUnwindSafe(|| spawn(Box::pin(task))));
                    return Poll::Ready(given.give());
                }
            } else if call.is_due_behind() {
                let at = call.memo.site.at();
                call.memo.site.warn(&format!("{at}: `refresh = \"background\"` of an async function needs `Config::spawner`; without one its callers compute"));
            }
            this.body.set(Some(make()));
        }
    }
}
