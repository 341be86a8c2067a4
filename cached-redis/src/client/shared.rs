//! Something that is made once for all who need it at the same time.
//!
//! In: how to make it. Out: the thing, or why it could not be made, for everybody who asked meanwhile. What failed is
//! not kept: who asks next tries again.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// What an attempt came to; none while it is under way.
type Made<T, E> = Option<Result<T, E>>;

/// A place for one thing.
pub(super) struct Shared<T, E>(Mutex<State<T, E>>);

enum State<T, E> {
    Nothing,
    Trying(watch::Receiver<Made<T, E>>),
    There(T),
}

impl<T, E> Shared<T, E>
where
    T: Clone + Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State::Nothing)))
    }

    /// The thing. The attempt goes on by itself if nobody waits for it any more. None if the attempt panicked.
    pub(super) async fn get<F>(self: &Arc<Self>, make: impl FnOnce() -> F) -> Option<Result<T, E>>
    where
        F: Future<Output = Result<T, E>> + Send + 'static,
    {
        let mut trying = {
            let mut state = self.lock();
            match &*state {
                State::There(thing) => return Some(Ok(thing.clone())),
                // One whose other end is gone has panicked.
                State::Trying(trying) if trying.borrow().is_some() || trying.has_changed().is_ok() => trying.clone(),
                State::Trying(_) | State::Nothing => {
                    let trying = self.attempt(make());
                    *state = State::Trying(trying.clone());
                    trying
                }
            }
        };
        let made = trying.wait_for(Option::is_some).await.ok()?;
        made.clone()
    }

    fn attempt(
        self: &Arc<Self>,
        make: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> watch::Receiver<Made<T, E>> {
        let (sender, receiver) = watch::channel(None);
        let place = Arc::clone(self);
        tokio::spawn(async move {
            let made = make.await;
            let next = made.as_ref().map_or(State::Nothing, |thing| State::There(thing.clone()));
            *place.lock() = next;
            // Nobody may wait any more.
            let _ = sender.send(Some(made));
        });
        receiver
    }

    /// Gives the thing up, if it is still the one that `is_it` knows.
    pub(super) fn forget(&self, is_it: impl Fn(&T) -> bool) {
        let mut state = self.lock();
        let found = matches!(&*state, State::There(thing) if is_it(thing));
        let old = found.then(|| std::mem::replace(&mut *state, State::Nothing));
        drop(state);
        drop(old);
    }

    fn lock(&self) -> MutexGuard<'_, State<T, E>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
