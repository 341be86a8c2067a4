//! Records the calls of requests, tasks and tests, while somebody wants to know.
//!
//! In: the wish to know, and the scopes that calls are gathered in. Out: what each scope asked of the caches. Off until
//! it is switched on; then every site takes the slow way, which is where its calls are seen.
//!
//! # Example: what a task asked
//! ```
//! use cached_core::{cached, recorder};
//!
//! #[cached]
//! fn square(n: u64) -> u64 { n * n }
//!
//! let recorder = recorder();
//! recorder.enable();
//! let scope = recorder.scope("a task");
//! scope.run(|| square(3) + square(3));
//!
//! let recording = scope.recording();
//! assert_eq!((recording.totals().hits, recording.totals().misses), (1, 1));
//! println!("{recording}");
//! # recorder.disable();
//! ```

use std::fmt;
use std::future::Future;
use std::sync::Arc;

pub use crate::event::Method;
pub use crate::handle::{Entered, Wrapped};
pub use crate::trail::{Call, Ended, Frame, FrameOf, Listener, Origin, Recording, Show, Totals, Trace};

use crate::handle::Handle;
use crate::site::weigh;
use crate::sync::Mutex;
use crate::trail::{self, Owner, Place};

type Predicate = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Which scopes are recorded, or were before recording was switched off; none is all. Held while it is switched.
static WANTED: Mutex<Option<Predicate>> = Mutex::new(None);

/// The recorder of this process.
pub fn recorder() -> Recorder {
    Recorder(())
}

/// Switches recording on and off, and opens scopes. There is one in a process.
#[derive(Clone, Copy, Debug)]
pub struct Recorder(());

impl Recorder {
    /// Records every scope from now on. Visits every site.
    pub fn enable(self) {
        self.switch(true, Some(None));
    }

    /// Records the scopes whose label `wanted` says yes to. It runs at the beginning of each scope.
    pub fn enable_for(self, wanted: impl Fn(&str) -> bool + Send + Sync + 'static) {
        self.switch(true, Some(Some(Arc::new(wanted))));
    }

    /// Records nothing from now on: hits cost what they did before. Scopes keep what they have.
    pub fn disable(self) {
        self.switch(false, None);
    }

    /// Records again, and the same scopes as before it was switched off: those that [`enable_for`](Self::enable_for)
    /// chose, or else every one. For a switch in the hand of somebody who did not choose them.
    ///
    /// # Example: what was chosen is chosen still
    /// ```
    /// # use cached_core::recorder;
    /// let recorder = recorder();
    /// recorder.enable_for(|label| label.starts_with("GET"));
    /// recorder.disable();
    /// recorder.resume();
    /// assert!(recorder.scope("GET /").is_recorded() && !recorder.scope("HEAD /").is_recorded());
    /// # recorder.disable();
    /// ```
    pub fn resume(self) {
        self.switch(true, None);
    }

    /// Whether calls are recorded now.
    pub fn is_enabled(self) -> bool {
        trail::is_on()
    }

    /// Switches recording; where `wanted` is none the same scopes are recorded as before.
    fn switch(self, on: bool, wanted: Option<Option<Predicate>>) {
        let mut held = WANTED.lock();
        let before = wanted.and_then(|wanted| std::mem::replace(&mut *held, wanted));
        trail::set_on(on);
        weigh();
        drop(held);
        drop(before);
    }

    /// Captures so many stacks in a second at the most; 0, the default, captures none, and `u32::MAX` all. Each
    /// costs its call a few microseconds.
    pub fn traces(self, per_second: u32) {
        trail::sample(per_second);
    }

    /// What is shown of every site; one may opt in to more with `show = "keys"` or `show = "values"`.
    pub fn show(self, show: Show) {
        trail::set_shown(show);
    }

    /// How many calls a scope keeps; 1,000 until it is told. What there is no room for is counted.
    pub fn keep(self, calls: usize) {
        trail::keep(calls);
    }

    /// A scope, to be entered. It gathers nothing while recording is off, or where nobody wants it.
    pub fn scope(self, label: impl Into<String>) -> Scope {
        let label = label.into();
        let wanted = WANTED.lock().clone();
        let records = self.is_enabled() && wanted.is_none_or(|wanted| wanted(&label));
        Scope(Handle::recorded(records.then(|| Owner::new(label))))
    }

    /// Tells `listener` of every call, in a scope or not, as long as the guard lives and recording is on.
    pub fn listen(self, listener: Arc<dyn Listener>) -> Listening {
        trail::listen(Arc::clone(&listener));
        Listening(listener)
    }
}

/// What a request, a task or a test asks of the caches. Copies of it are the same scope.
#[derive(Clone)]
pub struct Scope(Handle);

impl Scope {
    /// The scope that this thread is in, to be carried to work that it starts.
    ///
    /// # Example: a thread that belongs to the request
    /// ```
    /// # use cached_core::{cached, recorder, recorder::Scope};
    /// # #[cached] fn cube(n: u64) -> u64 { n * n * n }
    /// # recorder().enable();
    /// let request = recorder().scope("GET /");
    /// request.run(|| {
    ///     let scope = Scope::here();
    ///     std::thread::spawn(move || scope.run(|| cube(2))).join()
    /// });
    /// assert_eq!(request.recording().calls.len(), 1);
    /// # recorder().disable();
    /// ```
    pub fn here() -> Self {
        Scope(Handle::recorded(Place::here().and_then(Place::owner)))
    }

    /// Whether it gathers calls.
    pub fn is_recorded(&self) -> bool {
        self.0.owner().is_some()
    }

    /// Puts this thread into the scope, until the guard is dropped.
    pub fn enter(&self) -> Entered {
        self.0.enter()
    }

    /// Runs a closure in the scope.
    pub fn run<T>(&self, f: impl FnOnce() -> T) -> T {
        self.0.run(f)
    }

    /// A future that is in the scope whenever it is polled.
    pub fn wrap<F: Future>(&self, future: F) -> Wrapped<F> {
        self.0.wrap(future)
    }

    /// What was gathered so far; nothing where the scope is not recorded.
    pub fn recording(&self) -> Recording {
        self.0.owner().map_or_else(|| Recording::empty(String::new()), Owner::taken)
    }

    /// The figures of what was gathered so far, without the calls: they are not copied for it.
    pub fn totals(&self) -> Totals {
        self.0.owner().map_or_else(Totals::default, Owner::totals)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_recorded() { "Scope" } else { "Scope that is not recorded" })
    }
}

/// While it lives, its listener is told of calls; made by [`Recorder::listen`].
#[must_use = "nothing is told any more when this is dropped"]
pub struct Listening(Arc<dyn Listener>);

impl Drop for Listening {
    fn drop(&mut self) {
        trail::forget(&self.0);
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listening")
    }
}
