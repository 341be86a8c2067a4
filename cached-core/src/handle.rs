//! Entering a scope: by a thread, or by a future at each poll.
//!
//! In: which scope. Out: a handle that threads and tasks carry on: in which caches they are, and where their calls
//! are recorded. The first that sets caches apart takes every site off the fast path, and the last puts them back.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::scope::{self, Isolated, Scope};
use crate::site::weigh;
use crate::trail::{Owner, Place};

/// A scope, to be entered by threads and futures. While a copy of one that sets caches apart lives, calls anywhere
/// take the slow way.
pub struct Handle {
    apart: Change<Option<Scope>>,
    recorded: Change<Option<Owner>>,
}

/// What entering changes.
#[derive(Clone)]
enum Change<T> {
    Nothing,
    To(T),
}

impl Handle {
    /// A scope in which the cache is not asked.
    pub fn bypass() -> Self {
        Self::open(Scope::Bypass)
    }

    /// A scope with empty caches and counters of its own. What it stored is out of reach after it, and
    /// goes when its room is needed.
    pub fn isolated() -> Self {
        Self::open(Scope::Isolated(Box::leak(Box::new(Isolated::new()))))
    }

    /// A scope whose calls are recorded, or are not, in whatever caches its thread is.
    pub(crate) fn recorded(owner: Option<Owner>) -> Self {
        Handle { apart: Change::Nothing, recorded: Change::To(owner) }
    }

    /// The scope that this thread is in, to be carried to another thread or task.
    pub fn here() -> Self {
        let recorded = Change::To(Place::here().and_then(Place::owner));
        let apart = scope::current();
        if apart.is_some() {
            scope::open(weigh);
        }
        Handle { apart: Change::To(apart), recorded }
    }

    fn open(scope: Scope) -> Self {
        scope::open(weigh);
        Handle { apart: Change::To(Some(scope)), recorded: Change::Nothing }
    }

    pub(crate) fn owner(&self) -> Option<&Owner> {
        match &self.recorded {
            Change::To(owner) => owner.as_ref(),
            Change::Nothing => None,
        }
    }

    /// Enters the scope on this thread, until the guard is dropped.
    pub fn enter(&self) -> Entered {
        let apart = match self.apart {
            Change::To(scope) => Change::To(scope::replace(scope)),
            Change::Nothing => Change::Nothing,
        };
        let recorded = match &self.recorded {
            Change::To(owner) => Change::To(Place::replace(owner.as_ref().map(Owner::place))),
            Change::Nothing => Change::Nothing,
        };
        Entered { apart, recorded, handle: self.clone(), not_send: PhantomData }
    }

    /// Runs a closure in the scope.
    pub fn run<T>(&self, f: impl FnOnce() -> T) -> T {
        let _entered = self.enter();
        f()
    }

    /// A future that is in the scope whenever it is polled.
    pub fn wrap<F: Future>(&self, future: F) -> Wrapped<F> {
        Wrapped { future, handle: self.clone() }
    }
}

impl Clone for Handle {
    fn clone(&self) -> Self {
        if let Change::To(Some(_)) = self.apart {
            scope::open(weigh);
        }
        Handle { apart: self.apart.clone(), recorded: self.recorded.clone() }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Change::To(Some(_)) = self.apart {
            scope::close(weigh);
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.apart {
            Change::To(Some(Scope::Bypass)) => "Handle of a bypass",
            Change::To(Some(Scope::Isolated(_))) => "Handle of an isolated scope",
            Change::To(None) | Change::Nothing => "Handle of no scope",
        })
    }
}

/// While it lives, its thread is in the scope. Two of them are dropped in the order in which they stand.
#[must_use = "the scope is left when this is dropped"]
pub struct Entered {
    apart: Change<Option<Scope>>,
    recorded: Change<Option<Place>>,
    /// Closed after it is left.
    #[expect(dead_code, reason = "held")]
    handle: Handle,
    not_send: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Change::To(outer) = self.apart {
            scope::replace(outer);
        }
        if let Change::To(outer) = self.recorded {
            Place::replace(outer);
        }
    }
}

impl fmt::Debug for Entered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entered")
    }
}

pin_project! {
    /// A future in a scope; made by [`Handle::wrap`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct Wrapped<F> {
        #[pin]
        future: F,
        handle: Handle,
    }
}

impl<F: Future> Future for Wrapped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.handle.enter();
        this.future.poll(cx)
    }
}

/// Runs `f` with every cached function on this thread computing, as if there were no cache.
///
/// Entering visits every site, and meanwhile calls anywhere take the slow way: it is for tests and tools, not
/// for each request.
///
/// # Example: the plain answer
/// ```
/// # use cached_core::cached;
/// #[cached]
/// fn length(text: &str) -> usize { text.len() }
///
/// length::entry("tea").put(5)?;
/// assert_eq!((length("tea"), cached_core::bypass(|| length("tea"))), (5, 3));
/// # Ok::<(), cached_core::Error>(())
/// ```
pub fn bypass<T>(f: impl FnOnce() -> T) -> T {
    Handle::bypass().run(f)
}

/// From now on, calls outside every scope bypass: for the tests of a program that must not share results.
pub fn disable_all() {
    scope::bypass_outside();
    std::mem::forget(Handle::bypass());
}
