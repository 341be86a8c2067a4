//! One store that several processes share, as far as one of them can tell.
//!
//! In: what a process asks, and what another does. Out: answers, and news to everybody else for as long as the channel
//! between them holds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Listener, News, Reply, When, Write};
use cached_testkit::Shelf;

type Hook = Box<dyn FnOnce() + Send>;

/// The store, as the process of the test sees it.
#[derive(Default)]
pub(super) struct Store {
    shelf: Shelf,
    listener: Mutex<Option<Listener>>,
    reads: AtomicUsize,
    /// What another process does between the read of a value and its arrival.
    between: Mutex<Option<Hook>>,
}

impl Store {
    pub(super) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// From now on changes are heard, or not.
    pub(super) fn hears(&self, heard: bool) {
        self.tell(if heard { News::Heard } else { News::Lost });
    }

    /// Another process removes everything, and says so if it can.
    pub(super) fn other_removes(&self, says: bool) -> usize {
        let keys = self.shelf.keys();
        let Reply::Ready(Ok(_)) = self.shelf.clear("") else { unreachable!("a shelf is ready") };
        if says {
            self.tell(News::Changed(&keys));
        }
        keys.len()
    }

    /// Another process clears a prefix.
    pub(super) fn other_clears(&self, prefix: &str) {
        let Reply::Ready(Ok(())) = self.shelf.clear(prefix) else { unreachable!("a shelf is ready") };
        self.tell(News::Cleared(prefix));
    }

    pub(super) fn keys(&self) -> Vec<Key> {
        self.shelf.keys()
    }

    /// The next read finds what it finds; then this happens, and then it is given.
    pub(super) fn between(&self, hook: impl FnOnce() + Send + 'static) {
        *self.between.lock().unwrap() = Some(Box::new(hook));
    }

    fn tell(&self, news: News<'_>) {
        let listener = self.listener.lock().unwrap().clone();
        listener.into_iter().for_each(|listener| listener(news));
    }
}

impl Backend for Store {
    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::blocking();
        capabilities.notifies = true;
        capabilities
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let found = self.shelf.get_many(keys);
        let hook = self.between.lock().unwrap().take();
        hook.into_iter().for_each(|hook| hook());
        found
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        self.shelf.set_many(writes)
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.shelf.delete_many(keys)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.shelf.clear(prefix)
    }

    fn subscribe(&self, _prefix: &str, listener: Listener) -> Reply<()> {
        *self.listener.lock().unwrap() = Some(Arc::clone(&listener));
        listener(News::Heard);
        Reply::Ready(Ok(()))
    }
}
