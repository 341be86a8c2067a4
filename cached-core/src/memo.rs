//! One typed instance of a site.
//!
//! In: a site and what is known of its types. Out: its memory and its flights, made at the first
//! call and never freed, so that a reader needs no reference count. A generic function has one
//! memo per set of type arguments, found in a short list that only grows.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::time::Duration;

use once_cell::race::OnceRef;
use once_cell::sync::OnceCell;

use crate::clock::{self, NEVER};
use crate::codec::{Facts, Finds};
use crate::error::{Error, ErrorKind};
use crate::event::Method;
use crate::flight::Flights;
use crate::key::{Finished, Held, OwnedKey, Part, Value};
use crate::memory::{Bounds, Kept, Memory, Terms};
use crate::project::Class;
use crate::site::{BUCKETS, Instance, Node, Route, Site};
use crate::store::{Address, Channel};
use crate::sync::Mutex;
use crate::tags::Index;
use crate::trail::{self, Call, Show, text, without_comma};
use crate::word::State;

/// The entries and flights of one instance of a site.
pub struct Memo<K, V> {
    pub(crate) site: &'static Site,
    pub(crate) facts: Facts<K, V>,
    /// What tells the instance from others of its site on a shared backend.
    instance: String,
    /// The schemas of the site and of the instance, once something asked for bytes.
    schemas: OnceCell<[[u8; 16]; 2]>,
    core: OnceCell<Core<K, V>>,
}

pub(crate) struct Core<K, V> {
    pub(crate) memory: Memory<K, V>,
    pub(crate) flights: Flights<K, Shared<V>>,
    pub(crate) resting: Resting,
    /// Keys whose bytes are being noted as given.
    pub(crate) renewing: Resting,
    tags: Index,
}

/// How long nobody tries again after a refresh that failed, while there is a stale value to serve.
const REST: Duration = Duration::from_secs(1);
/// How many keys may rest; others are tried at once.
const RESTING: usize = 1_024;

/// The keys, by their hashes, whose refresh failed a moment ago. Two keys of one hash rest together.
#[derive(Default)]
pub(crate) struct Resting(Mutex<BTreeMap<u64, u64>>);

impl Resting {
    /// Lets a key rest, for [`REST`] at most; gives whether it did not already.
    pub(crate) fn begins(&self, hash: u64, rest: Duration) -> bool {
        let is_new = !self.has(hash);
        if is_new {
            self.add_for(hash, rest.min(REST));
        }
        is_new
    }

    pub(crate) fn add(&self, hash: u64) {
        self.add_for(hash, REST);
    }

    fn add_for(&self, hash: u64, rest: Duration) {
        let (now, mut resting) = (clock::now(), self.0.lock());
        if resting.len() >= RESTING {
            resting.retain(|_, until| now < *until);
        }
        if resting.len() < RESTING {
            resting.insert(hash, clock::after(now, rest));
        }
    }

    pub(crate) fn remove(&self, hash: u64) {
        self.0.lock().remove(&hash);
    }

    pub(crate) fn has(&self, hash: u64) -> bool {
        self.0.lock().get(&hash).is_some_and(|until| clock::now() < *until)
    }
}

/// What a leader shares with those who wait.
#[derive(Clone)]
pub(crate) struct Shared<V> {
    pub(crate) kept: Kept<V>,
    /// From when on it is not given any more, by [`clock::now`](crate::clock::now).
    pub(crate) deadline: u64,
}

impl<K: OwnedKey, V: Value> Core<K, V> {
    /// Notes the tags of a key. Whoever computes it has entered its flight before, so that an invalidation
    /// of a tag either finds it here, and there, or came before the body began.
    pub(crate) fn tag(&self, tags: &[String], hash: u64) {
        // In this order: what is no more under way has been stored, if it ever will be.
        self.tags.add(tags, hash, &|hash| self.flights.has_hash(hash) || self.memory.has_hash(hash));
    }
}

impl<V> Shared<V> {
    pub(crate) fn has_ended(&self) -> bool {
        self.deadline != NEVER && clock::now() >= self.deadline
    }
}

impl<K, V> Memo<K, V> {
    /// The memo of a function that is not generic.
    pub const fn new(site: &'static Site, facts: Facts<K, V>) -> Self {
        Self { site, facts, instance: String::new(), schemas: OnceCell::new(), core: OnceCell::new() }
    }
}

impl<K: OwnedKey, V: Value> Memo<K, V> {
    /// Memory and flights, once there was a call.
    #[inline]
    pub(crate) fn ready(&self) -> Option<&Core<K, V>> {
        self.core.get()
    }

    pub(crate) fn core(&'static self) -> &'static Core<K, V> {
        match self.core.get() {
            Some(core) => core,
            None => self.make_core(),
        }
    }

    #[cold]
    fn make_core(&'static self) -> &'static Core<K, V> {
        let mut first = false;
        // The user's `ttl` runs where a site is routed first, so before others have to wait.
        drop(self.site.route());
        let core = self.core.get_or_init(|| {
            first = true;
            let memory = Memory::new(self.site.route().1.bounds, self.facts.hooks.weigh.is_some());
            // Before anybody can use it: what is forgotten from now on is forgotten here too.
            self.site.enlist(self);
            Core {
                memory,
                flights: Flights::new(),
                resting: Resting::default(),
                renewing: Resting::default(),
                tags: Index::default(),
            }
        });
        if first {
            self.site.share();
        }
        core
    }

    pub(crate) fn terms(&self, state: State, route: &Route) -> Terms {
        let (life, idle) = route.longest();
        Terms { generation: state.generation(), timed: state.is_timed(), life, idle }
    }

    /// How long a value is kept: `None` not at all, `Some(None)` for ever. Runs the user's `ttl` of a value.
    pub(crate) fn lifetime(&self, route: &Route, class: Class, value: &V, seed: u64) -> Option<Option<Duration>> {
        route.lives.of(class, || self.facts.hooks.ttl.map(|ttl| ttl(value)), seed)
    }

    /// The key of these parts; the salt of a scope sets its keys apart.
    pub(crate) fn salted<P: Part<Owned = K>>(&'static self, parts: &P, salt: u64) -> Held<K> {
        Held { hash: self.core().memory.hash(parts) ^ salt, key: parts.own() }
    }

    /// Where bytes of this key live on a channel.
    ///
    /// `apart` are the stamps of its tags, and the salt of its scope: where one differs, the entry is elsewhere.
    pub(crate) fn address(&self, key: &Held<K>, channel: &Channel, apart: &[u8]) -> Result<Address, Error> {
        let unsupported =
            |what| Error::new(ErrorKind::Unsupported, format!("serde cannot carry the {what} of this site"));
        let encode = self.facts.key.ok_or_else(|| unsupported("key"))?;
        if self.facts.value.is_none() {
            return Err(unsupported("value"));
        }
        let mut canonical = encode(&key.key)?;
        canonical.extend(apart);
        let schemas = || [self.site.schema(""), self.site.schema(&self.instance)];
        let [of_site, own] = self.schemas.get_or_init(schemas);
        Ok(channel.address(*of_site, *own, &canonical))
    }

    /// A call that is to be recorded.
    #[cold]
    pub(crate) fn described(&self, key: &K) -> Call {
        let (mut call, route) = self.site.described(Method::Call);
        call.key = self
            .facts
            .shown
            .key
            .filter(|_| trail::shown(route.show) >= Show::Keys)
            .map(|shown| without_comma(text(shown(key))));
        call
    }

    /// A value of a recorded call, where it may be shown.
    #[cold]
    pub(crate) fn shown_value(&self, value: &V) -> Option<Box<str>> {
        let may = |_: &_| trail::shown(self.site.route().1.show) >= Show::Values;
        self.facts.shown.value.filter(may).map(|shown| text(shown(value)))
    }

    /// How long callers wait for one leader: longer where bodies usually are.
    pub(crate) fn patience(&self, route: &Route) -> Duration {
        route.join_timeout.max(Duration::from_nanos(self.site.counters.mean_nanos().saturating_mul(3)))
    }
}

impl<K: OwnedKey, V: Value> Instance for Memo<K, V> {
    fn entries(&self) -> usize {
        self.ready().map_or(0, |core| core.memory.len())
    }

    fn flights(&self) -> usize {
        self.ready().map_or(0, |core| core.flights.len())
    }

    fn weight(&self) -> u64 {
        self.ready().map_or(0, |core| core.memory.bytes())
    }

    fn site(&self) -> &'static Site {
        self.site
    }

    fn set_bounds(&self, bounds: Bounds) -> Option<()> {
        self.ready().map_or(Some(()), |core| core.memory.set_bounds(bounds))
    }

    fn clear_memory(&self) {
        if let Some(core) = self.ready() {
            core.memory.clear();
        }
    }

    fn validate(&self) {
        if let Some(core) = self.ready() {
            core.memory.validate();
        }
    }

    fn forget_tag(&self, tag: &str) -> Option<()> {
        let Some(core) = self.ready() else { return Some(()) };
        for hash in core.tags.of(tag) {
            core.flights.overtake_hash(hash)?;
            core.memory.remove_hash(hash)?;
        }
        Some(())
    }
}

impl<K, V> fmt::Debug for Memo<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memo of {:?}", self.site)
    }
}

/// A memo in the list of its site, under a type that no other instance has.
struct Typed<Tag, K, V> {
    memo: Memo<K, V>,
    tag: PhantomData<fn(Tag)>,
}

impl Site {
    /// The memo of the instance that `Tag` stands for: a type that differs wherever the type
    /// arguments do. Found by walking a list of the instances that share a bucket.
    #[inline]
    pub fn instance<Tag: 'static, K: OwnedKey, V: Value>(
        &'static self,
        tag: Tag,
        facts: Finds<'_, K, V>,
    ) -> &'static Memo<K, V> {
        drop(tag);
        let mut cell = &self.instances[bucket::<Typed<Tag, K, V>>()];
        while let Some(node) = cell.get() {
            if let Some(typed) = node.memo.downcast_ref::<Typed<Tag, K, V>>() {
                return &typed.memo;
            }
            cell = &node.next;
        }
        self.append::<Tag, K, V>(facts())
    }

    #[cold]
    fn append<Tag: 'static, K: OwnedKey, V: Value>(&'static self, facts: Facts<K, V>) -> &'static Memo<K, V> {
        // Names of types may coincide, their ids do not. Both stay the same while compiler and crates
        // do; where they change, a shared backend misses, and never answers for another type.
        let instance = format!("{} {:?}", std::any::type_name::<(Tag, K, V)>(), TypeId::of::<Typed<Tag, K, V>>());
        let memo = Memo { instance, ..Memo::new(self, facts) };
        let typed: &'static Typed<Tag, K, V> = Box::leak(Box::new(Typed { memo, tag: PhantomData }));
        let node: &'static Node = Box::leak(Box::new(Node { memo: typed, next: OnceRef::new() }));
        let mut cell = &self.instances[bucket::<Typed<Tag, K, V>>()];
        while let Err(()) = cell.set(node) {
            let Some(other) = cell.get() else { continue };
            if let Some(raced) = other.memo.downcast_ref::<Typed<Tag, K, V>>() {
                return &raced.memo;
            }
            cell = &other.next;
        }
        &typed.memo
    }
}

#[inline]
fn bucket<T: 'static>() -> usize {
    let mut hasher = Finished::default();
    TypeId::of::<T>().hash(&mut hasher);
    usize::try_from(hasher.finish() % BUCKETS as u64).unwrap_or(0)
}
