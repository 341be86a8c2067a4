//! What is held against the rules.
//!
//! In: closures that open stores. Out: a store for each rule, with what the rules may use of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cached_core::backend::Backend;

/// The shortest life that a backend is asked to tell from none, unless it says otherwise.
const TICK: Duration = Duration::from_millis(20);
/// A rule that has not ended by then has failed, unless the subject says otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// A kind of backend, by the stores that are made of it.
pub struct Subject {
    make: Box<dyn Fn() -> Store>,
    pub(super) tick: Duration,
    pub(super) patience: Duration,
}

impl Subject {
    /// What `make` gives is held against the rules: each time a store that is fresh, empty, and nobody else's.
    ///
    /// It is called once for each rule, one after the other, and what it gave before is not asked any more (but for
    /// a rule that never ended). So to empty the one server that there is, is a way to make a store.
    pub fn new(make: impl Fn() -> Store + 'static) -> Self {
        Self { make: Box::new(make), tick: TICK, patience: PATIENCE }
    }

    /// Says how far from the exact moment entries may end; 20 milliseconds if it is not said.
    ///
    /// A backend that counts in seconds says a second. Rules that wait do so for a few ticks.
    #[must_use]
    pub fn tick(self, tick: Duration) -> Self {
        Self { tick: tick.max(Duration::from_millis(1)), ..self }
    }

    /// Says how long a rule may take before it has failed; five seconds if it is not said.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// With as many ticks as a rule may wait for.
    pub(super) fn patience_with_ticks(&self) -> Duration {
        self.patience + 64 * self.tick
    }

    pub(super) fn make(&self) -> Store {
        (self.make)()
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject").field("tick", &self.tick).field("patience", &self.patience).finish_non_exhaustive()
    }
}

type Open = Box<dyn Fn() -> Arc<dyn Backend> + Send + Sync>;
type Move = Box<dyn Fn(Duration) + Send + Sync>;

/// A backend on a store of its own.
///
/// What a closure owns lives as long as the store: a temporary directory, a server.
///
/// # Example: time is moved, and a second handle has the same entries
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::time::Duration;
/// use cached_testkit::Shelf;
/// use cached_testkit::conformance::{Store, Subject, check};
///
/// let subject = Subject::new(|| {
///     let now = Arc::new(AtomicU64::new(0));
///     let clock = Arc::clone(&now);
///     let shelf = Arc::new(Shelf::with_clock(move || Duration::from_nanos(clock.load(Ordering::SeqCst))));
///     let advance = move |by: Duration| {
///         now.fetch_add(by.as_nanos() as u64, Ordering::SeqCst);
///     };
///     Store::new(shelf.clone()).another(move || shelf.clone()).clock(advance)
/// });
/// check(&subject).assert();
/// ```
pub struct Store {
    pub(super) backend: Arc<dyn Backend>,
    another: Option<Open>,
    clock: Option<Move>,
}

impl Store {
    /// A store with one handle, whose entries end by a clock that nobody moves.
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend, another: None, clock: None }
    }

    /// Says how another handle on the same store is opened, as another process would.
    #[must_use]
    pub fn another(self, open: impl Fn() -> Arc<dyn Backend> + Send + Sync + 'static) -> Self {
        Self { another: Some(Box::new(open)), ..self }
    }

    /// Says how the store's clock is moved on. It stands still otherwise.
    #[must_use]
    pub fn clock(self, advance: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self { clock: Some(Box::new(advance)), ..self }
    }

    /// Another handle, if there can be one.
    pub(super) fn open(&self) -> Option<Arc<dyn Backend>> {
        self.another.as_ref().map(|open| open())
    }

    /// What moves the clock, if anything does.
    pub(super) fn advance(&self) -> Option<&Move> {
        self.clock.as_ref()
    }
}

/// What the rules may use of it.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut store = f.debug_struct("Store");
        store.field("another", &self.another.is_some()).field("clock", &self.clock.is_some()).finish_non_exhaustive()
    }
}
