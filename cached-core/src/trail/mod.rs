//! What a request, a task or a test asked of the caches.
//!
//! In: the beginning and the end of each call, while recording is on. Out: the calls of each scope, and every call
//! to whoever listens. While it is off nothing comes here: sites are on their fast path, and the rest asks one flag.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::clock;
use crate::error::{Error, ErrorKind};
use crate::event::{Method, Outcome};
use crate::stats::depth;
use crate::sync::Mutex;

mod place;
mod trace;

pub(crate) use place::{Owner, Place, keep};
pub(crate) use trace::sample;
pub use trace::{Frame, FrameOf, Trace};

/// Whether calls are recorded.
static ON: AtomicBool = AtomicBool::new(false);
/// Whether anybody listens.
static LISTENED: AtomicBool = AtomicBool::new(false);
static LISTENERS: Mutex<Vec<Arc<dyn Listener>>> = Mutex::new(Vec::new());
/// What every site shows at the least.
static SHOWN: AtomicU8 = AtomicU8::new(0);

/// How much of a key or a value is shown, in characters.
const LONGEST: usize = 200;

/// What may be shown of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Show {
    /// Neither keys nor values.
    #[default]
    Nothing,
    /// Keys, cut after 200 characters.
    Keys,
    /// Keys and values, each cut after 200 characters.
    Values,
}

impl Show {
    /// As it is written in an attribute or an option.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Show::Nothing => "nothing",
            Show::Keys => "keys",
            Show::Values => "values",
        }
    }
}

/// Is told of each call that is recorded, on the thread that made it, when it has ended.
///
/// Calls that a listener makes are not recorded. One that panics loses what it was told, and nothing else.
pub trait Listener: Send + Sync {
    /// A call ended.
    fn called(&self, call: &Call);
}

/// A cached function, as it is shown.
#[derive(Clone, Copy)]
pub struct Origin {
    pub(crate) shown: fn() -> &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
}

impl Origin {
    /// The path of the function, or its `name`.
    pub fn name(&self) -> &'static str {
        (self.shown)()
    }

    /// Where it stands: `src/lib.rs:12`.
    pub fn location(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.location())
    }
}

/// How a recorded call ended, as the backend told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// A read, or a call of a cached function.
    Call(Outcome),
    /// A change was made.
    Done,
    /// There was nothing to change, or something in its way.
    Nothing,
    /// It failed.
    Failed(ErrorKind),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::Call(outcome) => outcome.fmt(f),
            Ended::Done => f.write_str("done"),
            Ended::Nothing => f.write_str("nothing"),
            Ended::Failed(kind) => write!(f, "failed ({kind})"),
        }
    }
}

/// One call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// What was asked.
    pub method: Method,
    /// The cached function; none for the low-level cache.
    pub site: Option<Origin>,
    /// The alias that was asked.
    pub alias: Arc<str>,
    /// The kind of its backend.
    pub kind: Arc<str>,
    /// The key, where it may be shown.
    pub key: Option<Box<str>>,
    /// The value, where it may be shown.
    pub value: Option<Box<str>>,
    /// Of how many keys.
    pub keys: u32,
    /// Keys that were found.
    pub hits: u32,
    /// Keys that were not.
    pub misses: u32,
    /// How it ended.
    pub ended: Ended,
    /// The size of what was read or written, where values are bytes.
    pub bytes: Option<u64>,
    /// When it began, since its scope began; zero outside of scopes.
    pub began: Duration,
    /// What it took, the body of a cached function included.
    pub took: Duration,
    /// The file that it was made in; of a cached function, the one that it stands in.
    pub file: &'static str,
    /// The line there.
    pub line: u32,
    /// Inside how many other calls it was made.
    pub depth: u32,
    /// The calls that led to it, if it was sampled.
    pub trace: Option<Trace>,
    /// Which began before which.
    pub(crate) order: u64,
}

/// A call that has begun. Dropped before its end it ended as an error: it panicked, or nobody waits for it.
pub(crate) struct Pending {
    place: Option<Place>,
    began: u64,
    /// Nanoseconds that went into describing it, which are none of its own.
    apart: u64,
    /// Nothing once it has ended.
    call: Option<Call>,
}

/// Whether calls are recorded: asked before anything is done for it.
pub(crate) fn is_on() -> bool {
    ON.load(Ordering::Acquire)
}

/// Switches recording on or off; the caller takes the sites off their fast path, or puts them back.
pub(crate) fn set_on(on: bool) {
    ON.store(on, Ordering::Release);
}

/// The least that every site shows.
pub(crate) fn set_shown(show: Show) {
    SHOWN.store(show as u8, Ordering::Release);
}

/// What is shown of a site that says so much of itself: one that says "nothing" is never opened by others.
pub(crate) fn shown(own: Option<Show>) -> Show {
    let of_all = match SHOWN.load(Ordering::Acquire) {
        0 => Show::Nothing,
        1 => Show::Keys,
        _ => Show::Values,
    };
    match own {
        Some(Show::Nothing) => Show::Nothing,
        own => own.unwrap_or_default().max(of_all),
    }
}

/// Adds a listener, or removes it.
pub(crate) fn listen(listener: Arc<dyn Listener>) {
    let mut listeners = LISTENERS.lock();
    listeners.push(listener);
    LISTENED.store(true, Ordering::Release);
}

pub(crate) fn forget(listener: &Arc<dyn Listener>) {
    let mut listeners = LISTENERS.lock();
    let place = listeners.iter().position(|other| Arc::ptr_eq(other, listener));
    let gone = place.map(|place| listeners.swap_remove(place));
    LISTENED.store(!listeners.is_empty(), Ordering::Release);
    // Its `Drop` is the user's code.
    drop(listeners);
    drop(gone);
}

impl Pending {
    /// Begins a call, if anybody wants to know of it. `describe` says what is known of it by now.
    pub(crate) fn begin(describe: impl FnOnce() -> Call) -> Option<Box<Self>> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        if !is_on() || place::is_telling() {
            return None;
        }
        let place = Place::here();
        if place.is_none() && !LISTENED.load(Ordering::Acquire) {
            return None;
        }
        let mut call = describe();
        call.order = NEXT.fetch_add(1, Ordering::Relaxed);
        call.depth = depth().saturating_sub(place.map_or(0, Place::depth));
        call.trace = trace::capture();
        // Neither the capture nor the description is in the call's time.
        Some(Box::new(Pending { place, began: clock::now(), apart: 0, call: Some(call) }))
    }

    /// What is known of the call.
    pub(crate) fn call(&mut self) -> Option<&mut Call> {
        self.call.as_mut()
    }

    /// Adds what takes time to be said; that is not the call's.
    pub(crate) fn note(&mut self, note: impl FnOnce(&mut Call)) {
        let began = clock::now();
        if let Some(call) = &mut self.call {
            note(call);
        }
        self.apart += clock::now().saturating_sub(began);
    }

    /// An operation has ended with a result, of which `met` says what it came to.
    pub(crate) fn close<T>(
        pending: Option<Box<Self>>,
        result: &Result<T, Error>,
        met: impl FnOnce(&T, &mut Call) -> Ended,
    ) {
        let Some(mut pending) = pending else { return };
        let mut ended = Ended::Nothing;
        pending.note(|call| {
            ended = match result {
                Ok(found) => met(found, call),
                Err(error) => Ended::Failed(error.kind()),
            };
        });
        pending.end(ended);
    }

    /// The call has ended.
    pub(crate) fn end(mut self: Box<Self>, ended: Ended) {
        self.finish(ended);
    }

    fn finish(&mut self, ended: Ended) {
        let Some(mut call) = self.call.take() else { return };
        let took = clock::now().saturating_sub(self.began).saturating_sub(self.apart);
        (call.took, call.ended) = (Duration::from_nanos(took), ended);
        if let Some(place) = self.place {
            call.began = Duration::from_nanos(self.began.saturating_sub(place.began()));
        }
        if LISTENED.load(Ordering::Acquire) {
            let listeners = LISTENERS.lock().clone();
            place::telling(|| {
                for listener in listeners {
                    let call = &call;
                    // The last of it may go here, and its `Drop` is the user's code too.
                    let _ = catch_unwind(AssertUnwindSafe(move || listener.called(call)));
                }
            });
        }
        if let Some(place) = self.place {
            place.push(call);
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.finish(Ended::Call(Outcome::Error));
    }
}

impl Call {
    /// A call of which no more is known yet.
    pub(crate) fn new(method: Method, alias: Arc<str>, kind: Arc<str>, at: (&'static str, u32)) -> Self {
        Call {
            method,
            site: None,
            alias,
            kind,
            key: None,
            value: None,
            keys: 1,
            hits: 0,
            misses: 0,
            ended: Ended::Nothing,
            bytes: None,
            began: Duration::ZERO,
            took: Duration::ZERO,
            file: at.0,
            line: at.1,
            depth: 0,
            trace: None,
            order: 0,
        }
    }

    /// Counts whether one key was found by somebody who looks.
    pub(crate) fn found(&mut self, is_there: bool) -> Ended {
        (self.hits, self.misses) = (u32::from(is_there), u32::from(!is_there));
        if is_there { Ended::Call(Outcome::Hit) } else { Ended::Nothing }
    }

    /// Counts what a read of one key met.
    pub(crate) fn count(&mut self, outcome: Outcome) {
        let is_hit = matches!(outcome, Outcome::Hit | Outcome::Stale | Outcome::Joined);
        (self.hits, self.misses) = (u32::from(is_hit), u32::from(!is_hit));
    }
}

/// A text of at most 200 characters; `Debug` is the user's code, and may panic.
pub(crate) fn text(shown: &dyn fmt::Debug) -> Box<str> {
    struct Cut(String, usize);
    impl fmt::Write for Cut {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            for character in text.chars() {
                match self.1 {
                    ..LONGEST => self.0.push(character),
                    LONGEST => self.0.push('…'),
                    _ => return Err(fmt::Error),
                }
                self.1 += 1;
            }
            Ok(())
        }
    }
    let write = || {
        let mut cut = Cut(String::new(), 0);
        let _ = fmt::write(&mut cut, format_args!("{shown:?}"));
        cut.0
    };
    catch_unwind(AssertUnwindSafe(write)).unwrap_or_else(|_| "its `Debug` panicked".into()).into()
}

/// A tuple of one part as it is spoken.
pub(crate) fn without_comma(text: Box<str>) -> Box<str> {
    text.strip_suffix(",)").map(|one| format!("{one})").into()).unwrap_or(text)
}

/// The calls of one scope.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recording {
    /// What the scope is called.
    pub label: String,
    /// When it began, by the wall clock.
    pub began: SystemTime,
    /// How long ago that was when the recording was taken.
    pub took: Duration,
    /// The calls, in the order in which they began.
    pub calls: Vec<Call>,
    /// Calls for which there was no room; they are in the totals.
    pub dropped: u64,
    totals: Totals,
}

/// The figures of some calls together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// How many there were.
    pub calls: u64,
    /// What they took; the time of a call inside another is in that one's.
    pub time: Duration,
    /// Keys that were found.
    pub hits: u64,
    /// Keys that were not.
    pub misses: u64,
    /// How many there were of each method, also of those that nobody called.
    pub counts: Vec<(Method, u64)>,
}

impl Default for Totals {
    fn default() -> Self {
        let counts = Method::ALL.into_iter().map(|method| (method, 0)).collect();
        Totals { calls: 0, time: Duration::ZERO, hits: 0, misses: 0, counts }
    }
}

impl Totals {
    fn add(&mut self, call: &Call) {
        self.calls += 1;
        self.hits += u64::from(call.hits);
        self.misses += u64::from(call.misses);
        // What is inside another call is in that one's time.
        if call.depth == 0 {
            self.time += call.took;
        }
        let count = self.counts.iter_mut().find(|(method, _)| *method == call.method);
        count.into_iter().for_each(|(_, count)| *count += 1);
    }
}

impl Recording {
    pub(crate) fn empty(label: String) -> Self {
        let (began, took) = (UNIX_EPOCH + Duration::from_millis(clock::wall()), Duration::ZERO);
        Recording { label, began, took, calls: Vec::new(), dropped: 0, totals: Totals::default() }
    }

    /// The figures of all calls, also of those for which there was no room.
    pub fn totals(&self) -> Totals {
        self.totals.clone()
    }

    /// "Cache calls from 2 backends": how many are configured, not how many were asked.
    pub fn title(&self, backends: usize) -> String {
        format!("Cache calls from {backends} {}", if backends == 1 { "backend" } else { "backends" })
    }

    /// "3 calls in 0.54ms".
    pub fn subtitle(&self) -> String {
        let totals = self.totals();
        let noun = if totals.calls == 1 { "call" } else { "calls" };
        format!("{} {noun} in {:.2}ms", totals.calls, totals.time.as_secs_f64() * 1_000.0)
    }
}

/// For tests and terminals: a line for each call, those inside others indented.
impl fmt::Display for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let totals = self.totals();
        writeln!(f, "{}: {}, {} hits, {} misses", self.label, self.subtitle(), totals.hits, totals.misses)?;
        for call in &self.calls {
            let (took, depth) = (call.took.as_secs_f64() * 1_000.0, 2 * call.depth as usize);
            write!(f, "  {took:>9.4}ms {:depth$}{} ", "", call.method)?;
            match (&call.site, &call.key) {
                (Some(site), Some(key)) => write!(f, "{}{key}", site.name())?,
                (Some(site), None) => f.write_str(site.name())?,
                (None, Some(key)) => f.write_str(key)?,
                (None, None) => write!(f, "{} {}", call.keys, if call.keys == 1 { "key" } else { "keys" })?,
            }
            writeln!(f, " on {} ({}): {} at {}:{}", call.alias, call.kind, call.ended, call.file, call.line)?;
        }
        match self.dropped {
            0 => Ok(()),
            dropped => writeln!(f, "  and {dropped} more, for which there was no room"),
        }
    }
}
