//! Backends that tell of changes: a sound one, and those that keep something to themselves.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Listener, News, Reply, When, Write};
use cached_testkit::Shelf;
use cached_testkit::conformance::{Store, Subject};

use crate::broken::{Clock, broken, clear, delete, set};

/// What is not told, or told too much.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quirk {
    None,
    NeverHeard,
    NoWrites,
    NoConditionalWrites,
    NoRemovals,
    NoClears,
    OneOfABatch,
    WhateverThePrefix,
    OwnWritesAreLosses,
    OneListener,
}

struct Ear {
    handle: usize,
    prefix: String,
    listener: Listener,
}

/// A shelf whose handles tell each other what they do.
struct Telling {
    shelf: Arc<Shelf>,
    ears: Arc<Mutex<Vec<Ear>>>,
    me: usize,
    quirk: Quirk,
}

impl Telling {
    /// Tells the others of keys.
    fn changed(&self, mut keys: Vec<Key>) {
        if self.quirk == Quirk::OneOfABatch {
            keys.truncate(1);
        }
        self.tell(|ear| {
            let any = self.quirk == Quirk::WhateverThePrefix;
            let keys: Vec<_> = keys.iter().filter(|key| any || key.starts_with(&ear.prefix)).cloned().collect();
            if !keys.is_empty() {
                (ear.listener)(News::Changed(&keys));
            }
        });
    }

    fn tell(&self, tell: impl Fn(&Ear)) {
        self.ears.lock().unwrap().iter().filter(|ear| ear.handle != self.me).for_each(tell);
    }
}

impl Backend for Telling {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::blocking();
        capabilities.notifies = true;
        capabilities
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.shelf.get_many(keys)
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        let asked: Vec<_> = writes.iter().map(|write| (write.key.clone(), write.when)).collect();
        let stored = set(&self.shelf, writes);
        let is_told = |when| match (self.quirk, when) {
            (Quirk::NoWrites, When::Always) | (Quirk::NoConditionalWrites, When::Stamp(_)) => false,
            (_, when) => when != When::Absent,
        };
        let told = asked.into_iter().zip(&stored).filter(|((_, when), stored)| **stored && is_told(*when));
        self.changed(told.map(|((key, _), _)| key).collect());
        if self.quirk == Quirk::OwnWritesAreLosses {
            let ears = self.ears.lock().unwrap();
            ears.iter().filter(|ear| ear.handle == self.me).for_each(|ear| (ear.listener)(News::Lost));
        }
        Reply::Ready(Ok(stored))
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        let asked: Vec<_> = keys.iter().map(|(key, _)| key.clone()).collect();
        let removed = delete(&self.shelf, keys);
        if self.quirk != Quirk::NoRemovals {
            self.changed(
                asked.into_iter().zip(&removed).filter(|(_, removed)| **removed).map(|(key, _)| key).collect(),
            );
        }
        Reply::Ready(Ok(removed))
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        clear(&self.shelf, prefix);
        self.tell(|ear| {
            if self.quirk != Quirk::NoClears && prefix.starts_with(&ear.prefix) {
                (ear.listener)(News::Cleared(prefix));
            }
        });
        Reply::Ready(Ok(()))
    }

    fn subscribe(&self, prefix: &str, listener: Listener) -> Reply<()> {
        if self.quirk != Quirk::NeverHeard {
            listener(News::Heard);
        }
        let mut ears = self.ears.lock().unwrap();
        if self.quirk == Quirk::OneListener {
            ears.clear();
        }
        ears.push(Ear { handle: self.me, prefix: prefix.to_owned(), listener });
        Reply::Ready(Ok(()))
    }
}

pub(crate) fn telling(quirk: Quirk) -> Subject {
    let subject = Subject::new(move || {
        let clock = Clock::default();
        let (shelf, ears, handles) = (Arc::new(clock.shelf()), Arc::default(), AtomicUsize::new(0));
        let open = move || Telling {
            shelf: Arc::clone(&shelf),
            ears: Arc::clone(&ears),
            me: handles.fetch_add(1, Ordering::SeqCst),
            quirk,
        };
        Store::new(Arc::new(open())).another(move || Arc::new(open())).clock(move |by| clock.advance(by))
    });
    subject.patience(Duration::from_secs(1))
}

broken! {
    one_that_never_says_that_it_hears: telling(Quirk::NeverHeard) => [
        it_says_from_when_on_it_hears a_write_of_another_is_told a_conditional_write_of_another_is_told
        a_removal_of_another_is_told a_clear_of_another_is_told a_batch_of_another_is_told nothing_else_is_told
        own_changes_lose_no_news two_listeners_hear_their_own
    ];

    one_that_tells_of_no_writes: telling(Quirk::NoWrites) => [
        a_write_of_another_is_told a_batch_of_another_is_told nothing_else_is_told own_changes_lose_no_news
        two_listeners_hear_their_own
    ];

    one_that_tells_of_no_conditional_writes: telling(Quirk::NoConditionalWrites) => [
        a_conditional_write_of_another_is_told
    ];

    one_that_tells_of_no_removals: telling(Quirk::NoRemovals) => [a_removal_of_another_is_told];

    one_that_tells_of_no_clears: telling(Quirk::NoClears) => [a_clear_of_another_is_told];

    one_that_tells_of_one_key_of_a_batch: telling(Quirk::OneOfABatch) => [
        a_batch_of_another_is_told two_listeners_hear_their_own
    ];

    one_that_tells_of_keys_whatever_the_prefix: telling(Quirk::WhateverThePrefix) => [
        nothing_else_is_told two_listeners_hear_their_own
    ];

    one_that_takes_its_own_writes_for_losses: telling(Quirk::OwnWritesAreLosses) => [own_changes_lose_no_news];

    one_that_tells_its_last_listener_only: telling(Quirk::OneListener) => [two_listeners_hear_their_own];
}
