//! What a rule has in its hands.
//!
//! In: the operations that a rule asks for. Out: their answers, with the question beside each, so that a fault says
//! what was asked; time that passes; and threads that begin together.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use cached_core::Error;
use cached_core::backend::{Backend, Bytes, Key, Reply, When, Write};

use super::executor::{Later, wait};
use super::matter::value;
use super::show::{Show, shown};
use super::{Fault, Store};

/// As many threads race.
pub(super) const THREADS: usize = 8;
/// The steps of a clock that is moved.
const STEP: Duration = Duration::from_millis(1);

/// Why a rule ended before its end.
#[derive(Debug)]
pub(super) enum Stop {
    Fault(Fault),
    NotApplicable(String),
    /// An entry may have ended by itself before it was looked at: nothing can be said.
    TooSlow,
}

pub(super) type Outcome<T = ()> = Result<T, Stop>;

/// How long things take.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// A life that is short, and long enough to ask something meanwhile.
    pub(super) life: Duration,
    /// How far from the exact moment an entry may end.
    pub(super) tick: Duration,
    /// After so long a rule has failed.
    pub(super) patience: Duration,
}

/// The store of a rule, by one of its handles.
pub(super) struct Stage {
    store: Arc<Store>,
    pub(super) backend: Arc<dyn Backend>,
    /// Before each key; nothing where a rule has its store for itself.
    prefix: String,
    pace: Pace,
    began: Instant,
    asked: Arc<Mutex<String>>,
}

/// An answer beside its question.
pub(super) struct Answer<T> {
    asked: String,
    pub(super) found: T,
}

impl<T: Show> Answer<T> {
    /// Checks that it is the one that is owed.
    pub(super) fn is(self, expected: T) -> Outcome {
        if self.found == expected {
            return Ok(());
        }
        let [expected, found] = expected.apart(&self.found);
        Err(Stop::Fault(Fault { asked: self.asked, expected, found }))
    }
}

/// An answer, unless it is an error: no rule provokes one.
pub(super) fn answered<T>(asked: String, answer: Result<T, Error>) -> Outcome<Answer<T>> {
    match answer {
        Ok(found) => Ok(Answer { asked, found }),
        Err(error) => {
            let (expected, found) = ("an answer".to_owned(), format!("an error, {error:?}"));
            Err(Stop::Fault(Fault { asked, expected, found }))
        }
    }
}

/// Checks what no single answer says.
pub(super) fn owed<T: Show>(asked: &str, expected: T, found: T) -> Outcome {
    Answer { asked: asked.to_owned(), found }.is(expected)
}

impl Stage {
    #[expect(clippy::disallowed_methods, reason = "a backend goes by the clock of the wall, not by that of the engine")]
    pub(super) fn new(store: Arc<Store>, asked: Arc<Mutex<String>>, prefix: String, pace: Pace) -> Self {
        Self { backend: Arc::clone(&store.backend), store, prefix, pace, began: Instant::now(), asked }
    }

    /// A life that is short, and long enough to ask something meanwhile.
    pub(super) fn life(&self) -> Duration {
        self.pace.life
    }

    /// No longer value has to be taken.
    pub(super) fn limit(&self) -> usize {
        self.backend.capabilities().max_value.unwrap_or(usize::MAX)
    }

    /// How long to wait for something of which nobody says when it is done.
    pub(super) fn while_waiting(&self) -> Duration {
        self.pace.patience / 2
    }

    /// The same store by another handle.
    pub(super) fn other(&self) -> Outcome<Stage> {
        let none = || Stop::NotApplicable("the subject opens no other handle".to_owned());
        let backend = self.store.open().ok_or_else(none)?;
        let (store, asked, prefix) = (Arc::clone(&self.store), Arc::clone(&self.asked), self.prefix.clone());
        Ok(Stage { store, backend, prefix, asked, ..*self })
    }

    pub(super) fn key(&self, key: &str) -> Key {
        format!("{}{key}", self.prefix).into()
    }

    /// Asks the backend, and waits for its answer.
    pub(super) fn ask<T>(&self, asked: String, operation: impl FnOnce(&dyn Backend) -> Reply<T>) -> Outcome<Answer<T>> {
        self.note(&asked);
        answered(asked, wait(operation(&*self.backend)))
    }

    /// Says what is asked, for a rule that panics or does not end.
    pub(super) fn note(&self, asked: &str) {
        asked.clone_into(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// A write on its way.
    pub(super) fn write(&self, key: &str, bytes: Bytes, ttl: Option<Duration>, when: When) -> Write {
        Write::new(self.key(key), bytes, ttl, when)
    }

    pub(super) fn set_many(&self, writes: Vec<Write>) -> Outcome<Answer<Vec<bool>>> {
        let asked = match &writes[..] {
            [write] => told(write),
            writes => format!("{} writes at once", writes.len()),
        };
        self.ask(asked, |backend| backend.set_many(writes))
    }

    /// A write with a life.
    pub(super) fn set_for(
        &self,
        key: &str,
        bytes: Bytes,
        ttl: impl Into<Option<Duration>>,
        when: When,
    ) -> Outcome<Answer<bool>> {
        one(self.set_many(vec![self.write(key, bytes, ttl.into(), when)])?)
    }

    pub(super) fn set(&self, key: &str, bytes: Bytes, when: When) -> Outcome<Answer<bool>> {
        self.set_for(key, bytes, None, when)
    }

    /// A write in any case, for ever.
    pub(super) fn put(&self, key: &str, bytes: Bytes) -> Outcome {
        self.set(key, bytes, When::Always)?.is(true)
    }

    /// A write in any case, for so long.
    pub(super) fn put_for(&self, key: &str, bytes: Bytes, ttl: impl Into<Option<Duration>>) -> Outcome {
        self.set_for(key, bytes, ttl, When::Always)?.is(true)
    }

    /// Values 0, 1, 2 … under keys, all at once.
    pub(super) fn fill<K: AsRef<str>>(&self, keys: &[K]) -> Outcome {
        let write = |(n, key): (u64, &K)| self.write(key.as_ref(), value(n), None, When::Always);
        self.set_many((0..).zip(keys).map(write).collect())?.is(vec![true; keys.len()])
    }

    pub(super) fn get_many<K: AsRef<str>>(&self, keys: &[K]) -> Outcome<Answer<Vec<Option<Bytes>>>> {
        let asked = match keys {
            [key] => format!("get {:?}", key.as_ref()),
            keys => format!("get {} keys at once", keys.len()),
        };
        let keys: Vec<Key> = keys.iter().map(|key| self.key(key.as_ref())).collect();
        self.ask(asked, |backend| backend.get_many(&keys))
    }

    pub(super) fn get(&self, key: &str) -> Outcome<Answer<Option<Bytes>>> {
        one(self.get_many(&[key])?)
    }

    /// Checks what is under a key.
    pub(super) fn finds(&self, key: &str, bytes: Bytes) -> Outcome {
        self.get(key)?.is(Some(bytes))
    }

    /// Checks that nothing is under a key.
    pub(super) fn misses(&self, key: &str) -> Outcome {
        self.get(key)?.is(None)
    }

    /// Checks which of the keys that were filled are still there, and that these have their values.
    pub(super) fn keeps<K: AsRef<str>>(&self, keys: &[K], kept: impl Fn(&str) -> bool) -> Outcome {
        (0..).zip(keys).try_for_each(|(n, key)| {
            let key = key.as_ref();
            self.get(key)?.is(kept(key).then(|| value(n)))
        })
    }

    pub(super) fn delete_many<K: AsRef<str>>(&self, keys: &[(K, When)]) -> Outcome<Answer<Vec<bool>>> {
        let asked = match keys {
            [(key, when)] => format!("delete {:?}, {}", key.as_ref(), condition(*when)),
            keys => format!("delete {} keys at once", keys.len()),
        };
        let keys = keys.iter().map(|(key, when)| (self.key(key.as_ref()), *when)).collect();
        self.ask(asked, |backend| backend.delete_many(keys))
    }

    pub(super) fn delete(&self, key: &str, when: When) -> Outcome<Answer<bool>> {
        one(self.delete_many(&[(key, when)])?)
    }

    pub(super) fn clear(&self, prefix: &str) -> Outcome {
        let prefix = self.key(prefix);
        self.ask(format!("clear {prefix:?}"), |backend| backend.clear(&prefix)).map(drop)
    }

    /// Moves the clock on, if it can be moved.
    pub(super) fn advance(&self, by: Duration) -> bool {
        self.store.advance().map(|advance| advance(by)).is_some()
    }

    /// Moves the clock to the last moment of a short life that begins now, if it can be moved.
    pub(super) fn advance_to_the_last_moment(&self) -> bool {
        self.advance(self.pace.life - STEP)
    }

    pub(super) fn advance_one_step(&self) {
        self.advance(STEP);
    }

    /// Lets a short life that began before end. A clock that is moved is moved to the very moment.
    pub(super) fn outlive(&self) {
        self.outlive_all(self.pace.life);
    }

    /// Lets a life that began before end.
    pub(super) fn outlive_all(&self, life: Duration) {
        if !self.advance(life) {
            thread::sleep(life + self.pace.tick);
        }
    }

    /// Goes on only if a short life that began with this rule, or later, has certainly not ended.
    pub(super) fn in_time(&self) -> Outcome {
        let ended = self.store.advance().is_none() && self.began.elapsed() >= self.pace.life;
        if ended { Err(Stop::TooSlow) } else { Ok(()) }
    }

    /// What threads that begin together each give.
    pub(super) fn race<T: Send>(&self, act: impl Fn(usize) -> Outcome<T> + Sync) -> Outcome<Vec<T>> {
        let (barrier, act) = (&Barrier::new(THREADS), &act);
        thread::scope(|scope| {
            let run = |number| {
                scope.spawn(move || {
                    barrier.wait();
                    act(number)
                })
            };
            let threads: Vec<_> = (0..THREADS).map(run).collect();
            // All are awaited before the first fault is told.
            let ended: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
            ended.into_iter().map(|ended| ended.unwrap_or_else(|panic| resume_unwind(panic))).collect()
        })
    }

    /// What one thread does, while the others go on doing something else.
    pub(super) fn beside(
        &self,
        one: impl Fn() -> Outcome + Sync,
        others: impl Fn(usize, usize) -> Outcome + Sync,
    ) -> Outcome {
        /// So often at most, should the one never come to its end.
        const MOST: usize = 10_000;
        let done = Done::default();
        let act = |thread| match thread {
            0 => {
                let _done = DoneAtLast(&done);
                one()
            }
            _ => (0..MOST).take_while(|round| *round == 0 || !done.is()).try_for_each(|round| others(thread, round)),
        };
        self.race(act).map(drop)
    }

    /// A reply that comes later; a backend that answers at once has none.
    pub(super) fn later<T>(&self, asked: &str, operation: impl FnOnce(&dyn Backend) -> Reply<T>) -> Outcome<Later<T>> {
        self.note(asked);
        match operation(&*self.backend) {
            Reply::Ready(_) => Err(Stop::NotApplicable("the backend answers at once".to_owned())),
            Reply::Later(answer) => Ok(answer),
        }
    }
}

#[derive(Default)]
struct Done(AtomicBool);

impl Done {
    fn is(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Says so however a thread ends.
struct DoneAtLast<'a>(&'a Done);

impl Drop for DoneAtLast<'_> {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// The answer of a batch of one.
fn one<T>(answer: Answer<Vec<T>>) -> Outcome<Answer<T>> {
    let Answer { asked, mut found } = answer;
    match (found.pop(), found.len()) {
        (Some(found), 0) => Ok(Answer { asked, found }),
        (last, others) => {
            let found = format!("{} answers", others + usize::from(last.is_some()));
            Err(Stop::Fault(Fault { asked, expected: "1 answer".to_owned(), found }))
        }
    }
}

fn told(write: &Write) -> String {
    let life = write.ttl.map_or_else(|| "for ever".to_owned(), |ttl| format!("for {ttl:?}"));
    format!("set {:?} to {}, {life}, {}", write.key, shown(&write.bytes), condition(write.when))
}

fn condition(when: When) -> String {
    match when {
        When::Always => "in any case".to_owned(),
        When::Absent => "if absent".to_owned(),
        When::Stamp(stamp) => format!("if the stamp is \"{}\"", stamp.escape_ascii()),
    }
}
