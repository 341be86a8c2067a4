//! One cached function.
//!
//! In: what the macro wrote about it. Out: its state word, its counters, and its route: the
//! backend and the policy that configuration gives it. Resolved once, and again when that changes.

use std::any::Any;
use std::fmt;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use once_cell::race::OnceRef;

use crate::clock::NEVER;
use crate::codec;
use crate::error::{Error, ErrorKind, did_you_mean};
use crate::event::Method;
use crate::memory::horizon::SHORT;
use crate::memory::{Bounds, Terms};
use crate::registry;
use crate::scope::{self, Apart};
use crate::stats::{Count, Counters, Stats};
use crate::sync::Mutex;
use crate::sync::atomic::AtomicU64 as WordCell;
use crate::trail::{Call, Ended, Origin, Pending};
use crate::word::{FAST, STRICT, State, TIMED, Word};
use crate::workers::{self, Purpose};

mod copies;
mod lives;
mod policy;
mod route;

pub(crate) use lives::{drawn, percent};
pub use policy::{Flight, Keep, Policy};
pub(crate) use route::{Off, Route, Way, judge_override, matches, pattern};

/// What the macro knows of a function.
#[derive(Clone, Copy, Debug)]
pub struct Meta {
    /// The name for people, found when it is shown.
    pub shown: fn() -> &'static str,
    /// The written path, or the text of `name = …`: identity on shared backends.
    pub identity: &'static str,
    /// Whether `identity` was given by hand.
    pub named: bool,
    /// Where the function stands.
    pub file: &'static str,
    /// Its line, from 1.
    pub line: u32,
    /// Its column, from 1.
    pub column: u32,
    /// The alias that the attribute names.
    pub alias: &'static str,
    /// Fingerprint of the code as written.
    pub fingerprint: u64,
    /// The attribute's `version`.
    pub version: u32,
    /// Whether key and value can be bytes, as far as that is known without a call.
    pub encodable: fn() -> bool,
    /// How values are kept.
    pub policy: Policy,
}

/// A `#[cached]` function: its name, its place, its figures, and the handles to all its entries.
pub struct Site {
    meta: Meta,
    pub(crate) word: Word,
    pub(crate) counters: Counters,
    /// The longest life that configuration allows now, and the longest time between two hits, in nanoseconds;
    /// read only when timed. How often they and the word were published: an odd number while they are.
    life: AtomicU64,
    idle: AtomicU64,
    published: AtomicU64,
    /// The longest life that anything may have been stored with that is served still.
    longest: AtomicU64,
    route: Mutex<Option<Arc<Route>>>,
    /// What is in memory are copies.
    copied: AtomicBool,
    /// How often it was switched off and on: off while that is odd.
    switched: AtomicU64,
    warned: AtomicBool,
    pub(crate) memos: Mutex<Vec<&'static dyn Instance>>,
    pub(crate) instances: [OnceRef<'static, Node>; BUCKETS],
}

/// How many short lists the instances of a generic function are spread over.
pub(crate) const BUCKETS: usize = 8;

/// One instance of a generic function. Lists of them only grow, so that reading takes no lock.
pub(crate) struct Node {
    pub(crate) memo: &'static (dyn Any + Send + Sync),
    pub(crate) next: OnceRef<'static, Node>,
}

/// A site, as the linker hands it over.
#[derive(Debug)]
pub struct Listed(pub &'static Site);

inventory::collect!(Listed);

/// What a site can ask of its memos without knowing their types.
pub(crate) trait Instance: Sync {
    fn entries(&self) -> usize;
    fn flights(&self) -> usize;
    fn weight(&self) -> u64;
    fn site(&self) -> &'static Site;
    fn set_bounds(&self, bounds: Bounds) -> Option<()>;
    fn forget_tag(&self, tag: &str) -> Option<()>;
    fn clear_memory(&self);
    fn validate(&self);
}

impl Site {
    /// A site; written by the macro.
    pub const fn new(meta: Meta) -> Self {
        Self {
            meta,
            word: Word::new(WordCell::new(0)),
            counters: Counters::new(),
            life: AtomicU64::new(NEVER),
            idle: AtomicU64::new(NEVER),
            published: AtomicU64::new(0),
            longest: AtomicU64::new(0),
            route: Mutex::new(None),
            copied: AtomicBool::new(false),
            switched: AtomicU64::new(0),
            warned: AtomicBool::new(false),
            memos: Mutex::new(Vec::new()),
            instances: [const { OnceRef::new() }; BUCKETS],
        }
    }

    pub(crate) fn meta(&self) -> &Meta {
        &self.meta
    }

    /// The path of the function: `crate::module::function`, `crate::module::Type::method`, or its `name`.
    pub fn name(&self) -> &'static str {
        (self.meta.shown)()
    }

    /// Where the function stands: `src/lib.rs:12`.
    pub fn location(&self) -> String {
        format!("{}:{}", self.meta.file, self.meta.line)
    }

    /// A call that is to be recorded, and the route that it takes.
    pub(crate) fn described(&self, method: Method) -> (Call, Arc<Route>) {
        let (_, route) = self.route();
        let Meta { shown, file, line, .. } = self.meta;
        let call = Call::new(method, Arc::clone(&route.alias), Arc::clone(&route.kind), (file, line));
        (Call { site: Some(Origin { shown, file, line }), ..call }, route)
    }

    pub(crate) fn place(&self) -> (&'static str, u32, u32) {
        (self.meta.file, self.meta.line, self.meta.column)
    }

    /// The alias that serves the site now.
    pub fn alias(&self) -> String {
        self.route().1.alias.to_string()
    }

    /// What the site counted so far. Walks the threads' records: for reports, not for each call.
    pub fn stats(&self) -> Stats {
        if let Some(apart) = scope::apart(&self.counters) {
            return apart.counters.snapshot();
        }
        let mut stats = self.counters.snapshot();
        let memos = self.memos.lock().clone();
        stats.entries = memos.iter().map(|memo| memo.entries() as u64).sum();
        stats.bytes = memos.iter().map(|memo| memo.weight()).fold(0, u64::saturating_add);
        stats
    }

    /// Forgets every entry of this site. Calls that are running keep their value; calls that start
    /// after this returned compute. What *other processes* are computing for a backend that they share may be stored
    /// after it; a tag of all arguments reaches that, too.
    ///
    /// Takes time proportional to the entries in memory; on a byte backend, to its keys.
    ///
    /// # Errors
    /// When the backend fails: its entries may still be there.
    ///
    /// # Example: the next call computes
    /// ```
    /// # use cached_core::cached;
    /// #[cached]
    /// fn twice(n: u64) -> u64 { n * 2 }
    ///
    /// twice(4);
    /// twice::site().clear()?;
    /// twice(4);
    /// assert_eq!(twice::site().stats().misses, 2);
    /// # Ok::<(), cached_core::Error>(())
    /// ```
    pub fn clear(&self) -> Result<(), Error> {
        let pending = Pending::begin(|| Call { keys: 0, ..self.described(Method::Clear).0 });
        let cleared = self.forget_all();
        Pending::close(pending, &cleared, |(), _| Ended::Done);
        cleared
    }

    fn forget_all(&self) -> Result<(), Error> {
        if let Some(apart) = scope::apart(&self.counters) {
            apart.clear();
            return Ok(());
        }
        self.route();
        let held = self.route.lock();
        let route = held.clone();
        self.word.advance();
        drop(held);
        self.clear_memory();
        let Some(route) = route else { return Ok(()) };
        // Also what another process stored, of instances that this one has not used.
        let cleared = route.bytes.as_ref().map_or(Ok(()), |channel| channel.clear(self.schema("")));
        if let Some(copies) = &route.copies {
            // Meanwhile somebody may have read what was to go.
            copies.near.change();
            self.clear_memory();
        }
        cleared
    }

    pub(crate) fn is_tagged(&self) -> bool {
        self.meta.policy.tagged
    }

    /// Forgets what this process holds of a tag, and what it is computing.
    pub(crate) fn forget_tag(&self, tag: &str) -> Option<()> {
        let memos = self.memos.lock().clone();
        memos.iter().try_for_each(|memo| memo.forget_tag(tag))
    }

    /// What tells the bytes of an instance from those of others; that of the site itself has no name.
    pub(crate) fn schema(&self, instance: &str) -> [u8; 16] {
        codec::site_schema(self.meta.identity, self.meta.fingerprint, self.meta.version, instance)
    }

    /// Where a call of this thread is counted: in its scope, or here.
    pub(crate) fn tally(&'static self) -> &'static Counters {
        self.tally_in(scope::apart(&self.counters))
    }

    /// Where a call is counted in a scope, or outside of any.
    pub(crate) fn tally_in(&'static self, apart: Option<&'static Apart>) -> &'static Counters {
        apart.map_or(&self.counters, |apart| &apart.counters)
    }

    /// Sends every call to the body, until [`Site::enable`]. What was in memory does not come back;
    /// the bytes on a shared backend belong to all its users, and stay.
    pub fn disable(&self) {
        self.switch(true);
        // Here too, since it may be switched on again before anybody sees that it is off.
        let held = self.route.lock();
        self.word.advance();
        drop(held);
        self.reroute();
    }

    /// Caches again.
    pub fn enable(&self) {
        self.switch(false);
        self.reroute();
    }

    fn switch(&self, off: bool) {
        let change = |switched: u64| (switched % 2 != u64::from(off)).then_some(switched + 1);
        let _ = self.switched.fetch_update(Ordering::AcqRel, Ordering::Acquire, change);
    }

    /// How often it was switched off and on so far; see [`Site::resolve`].
    pub(crate) fn switched(&self) -> u64 {
        self.switched.load(Ordering::Acquire)
    }

    /// How a hit judges what it finds. `None`: the word says something else now, or what goes with it is being published.
    pub(crate) fn terms(&self, state: State) -> Option<Terms> {
        let published = self.published.load(Ordering::Acquire);
        let is_same = self.word.load() == state;
        let [life, idle] = [&self.life, &self.idle].map(|limit| limit.load(Ordering::Acquire));
        let is_one = is_same && published.is_multiple_of(2) && self.published.load(Ordering::Relaxed) == published;
        is_one.then(|| Terms { generation: state.generation(), timed: state.is_timed(), life, idle })
    }

    /// Whether what is in memory are copies; for whoever has seen a word of the site that says so.
    pub(crate) fn is_copied(&self) -> bool {
        self.copied.load(Ordering::Relaxed)
    }

    /// The state and the route, of one moment.
    pub(crate) fn route(&self) -> (State, Arc<Route>) {
        loop {
            let held = self.route.lock();
            if let Some(route) = &*held {
                return (self.word.load(), Arc::clone(route));
            }
            drop(held);
            self.reroute();
        }
    }

    /// Resolves the site afresh. What another backend or another way stored is not served again.
    pub(crate) fn reroute(&self) {
        self.counters.enrol();
        loop {
            let (registry, switched) = (registry::current(), self.switched());
            let mut faults = Vec::new();
            // The attribute's `ttl` expression runs here: under no lock.
            let route = self.resolve(&registry, switched, &mut faults);
            if let Some(fault) = faults.first() {
                self.warn(&format!("{fault}; its calls are not cached"));
            }
            let mut held = self.route.lock();
            // Who resolved by what has been replaced meanwhile does it again.
            if Arc::ptr_eq(&registry, &registry::current()) && switched == self.switched() {
                let old = self.settle(&mut held, route);
                drop(held);
                drop(old);
                return self.share();
            }
        }
    }

    fn settle(&self, held: &mut Option<Arc<Route>>, route: Route) -> Option<Arc<Route>> {
        let moved = held.as_ref().is_some_and(|old| {
            // A copy does not know when its value was computed, from which on a shorter life counts.
            let shorter = route.copies.is_some() && old.lives.longest() != route.lives.longest();
            // Who computes for the old copies asks those whether something has changed.
            let copies = [&**old, &route].map(|route| route.copies.as_ref().map(|copies| Arc::as_ptr(&copies.near)));
            old.alias != route.alias || !old.way.same(&route.way) || shorter || copies[0] != copies[1]
        });
        let old = held.replace(Arc::new(route));
        held.iter().for_each(|route| self.publish(route, moved));
        old
    }

    /// Says how hits go by a route, for whoever holds its lock. `moved`: what was stored before is not served again.
    fn publish(&self, route: &Route, moved: bool) {
        let (life, idle) = route.longest();
        // Whoever sees what follows sees that it is being published.
        self.published.fetch_add(1, Ordering::AcqRel);
        self.life.store(life, Ordering::Release);
        self.idle.store(idle, Ordering::Release);
        self.copied.store(route.copies.is_some(), Ordering::Relaxed);
        let longest = if moved { life } else { life.max(self.longest.load(Ordering::Relaxed)) };
        self.longest.store(longest, Ordering::Relaxed);
        // Timed for good, once timed: entries with a deadline may be stored.
        let timed = route.copies.is_some() || route.lives.is_timed() || (self.word.load().is_timed() && !moved);
        // What is stored may say that it ends later than it does now; of a short life a clock would be read for each hit
        // anyway; and heavy values go the same longer way.
        let strict = life < longest || idle < NEVER || life < SHORT || self.meta.policy.weighs;
        let flag = |flag, is_set| if is_set { flag } else { 0 };
        let flags = flag(FAST, route.is_fast()) | flag(TIMED, timed) | flag(STRICT, strict);
        self.word.publish(flags, self.counters.place(), moved);
        self.published.fetch_add(1, Ordering::AcqRel);
    }

    /// Adds a memo; [`Site::share`] divides the bound anew once it is there.
    pub(crate) fn enlist(&self, memo: &'static dyn Instance) {
        self.memos.lock().push(memo);
    }

    /// All memos of a generic function share the bounds of their site. What is over them is dropped here; where a
    /// comparison of the user's called back, under a lock of one of them, by another thread.
    pub(crate) fn share(&self) {
        loop {
            let (memos, bounds) = (self.memos.lock().clone(), self.route().1.bounds);
            let each = bounds.among(memos.len().max(1));
            if let Some(memo) = memos.iter().find(|memo| memo.set_bounds(each).is_none()) {
                let share = |site: &'static Site| site.share();
                let _ = workers::refreshes().submit(Purpose::Write(0), memo.site(), share);
                return;
            }
            if self.memos.lock().len() == memos.len() && self.route().1.bounds == bounds {
                return;
            }
        }
    }

    /// Place and name, for messages.
    pub(crate) fn at(&self) -> String {
        format!("{} ({})", self.location(), self.name())
    }

    /// A fault of the backend is counted and said once; the call goes on. What could not be encoded,
    /// or is too long, is not the backend's fault.
    pub(crate) fn fault(&'static self, error: &Error) {
        if error.kind() != ErrorKind::Encode {
            self.tally().add(Count::BackendErrors, 1);
        }
        self.warn(&format!("{}: backend \"{}\": {error}", self.at(), self.alias()));
    }

    /// A stored value was another than a fresh one.
    pub(crate) fn differs(&self, digests: &str) {
        let at = self.at();
        let why = "something that it depends on is not in its key, or it is not deterministic";
        let _ = writeln!(std::io::stderr(), "cached: {at}: a stored value is not what it gives now ({digests}): {why}");
    }

    /// Says something of this site on stderr, once.
    pub(crate) fn warn(&self, warning: &str) {
        if !self.warned.swap(true, Ordering::Relaxed) {
            // Nobody may be reading: that is no reason to fail a call.
            let _ = writeln!(std::io::stderr(), "cached: {warning}");
        }
    }

    /// Flights under way; for tests of what stays behind.
    #[doc(hidden)]
    pub fn flights(&self) -> usize {
        let memos = self.memos.lock().clone();
        memos.iter().map(|memo| memo.flights()).sum()
    }

    /// Checks that in memory everything is where it should be, in debug builds; for tests, which may run beside it.
    ///
    /// # Panics
    /// When something is not.
    #[doc(hidden)]
    pub fn validate(&self) {
        let memos = self.memos.lock().clone();
        memos.iter().for_each(|memo| memo.validate());
    }
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Site({} at {})", self.name(), self.location())
    }
}

/// Takes every site off the fast path while a scope is open or calls are recorded, and puts it back otherwise.
pub(crate) fn weigh() {
    for site in inventory::iter::<Listed>().map(|listed| listed.0) {
        let held = site.route.lock();
        if let Some(route) = &*held {
            site.publish(route, false);
        }
    }
}

/// Every site of the program, called or not, by file and line.
///
/// A crate that nothing names is not linked, and its sites are not here: see [`link!`](crate::link).
/// A static library that a C linker takes in piece by piece lists what its pieces in use hold; with
/// `--whole-archive`, everything.
pub fn sites() -> Vec<&'static Site> {
    let mut sites: Vec<_> = inventory::iter::<Listed>().map(|listed| listed.0).collect();
    sites.sort_by_key(|site| site.place());
    sites
}

/// The site of a given name.
///
/// # Errors
/// When there is none, or more than one (two methods of one name may share a name for people).
pub fn site(name: &str) -> Result<&'static Site, Error> {
    let all = sites();
    let found: Vec<_> = all.iter().filter(|site| site.name() == name).collect();
    match found[..] {
        [site] => Ok(site),
        [] => {
            let near = did_you_mean(name, all.iter().map(|site| site.name()));
            let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
            let message = format!("no cached site is called \"{name}\" among {}{near}", all.len());
            Err(Error::new(ErrorKind::Config, message))
        }
        _ => {
            let places: Vec<_> = found.iter().map(|site| site.location()).collect();
            let message = format!("\"{name}\" names {} sites: {}", found.len(), places.join(", "));
            Err(Error::new(ErrorKind::Config, message).note("give them a `name = …` each"))
        }
    }
}
