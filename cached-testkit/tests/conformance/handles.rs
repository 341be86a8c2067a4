//! Backends whose handles do not share, or do not part, as they should.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::{Error, ErrorKind};
use cached_testkit::Shelf;
use cached_testkit::conformance::{Store, Subject};

use crate::broken::{Broken, Clock, broken, clear, get, live, put, subject};

/// Handles on one shelf, each made by itself.
fn handles(build: fn(Broken) -> Broken) -> Subject {
    Subject::new(move || {
        let clock = Clock::default();
        let shelf = Arc::new(clock.shelf());
        let open = {
            let clock = clock.clone();
            move || build(Broken::on(Arc::clone(&shelf), &clock))
        };
        Store::new(Arc::new(open())).another(move || Arc::new(open())).clock(move |by| clock.advance(by))
    })
}

/// Handles that have a shelf each.
fn strangers() -> Subject {
    Subject::new(|| {
        let clock = Clock::default();
        let other = clock.clone();
        let open = move || Arc::new(other.shelf());
        Store::new(open()).another(move || open()).clock(move |by| clock.advance(by))
    })
}

/// Keeps what it read, and looks at nothing but that.
fn remembering(it: Broken) -> Broken {
    let read = Arc::new(Mutex::new(HashMap::<Key, Bytes>::new()));
    let (mine, forgotten) = (Arc::clone(&read), Arc::clone(&read));
    it.get(move |shelf, keys| {
        let mut read = mine.lock().unwrap();
        let mut found = |key: &Key| {
            if !read.contains_key(key) {
                read.insert(key.clone(), live(shelf, key)?);
            }
            // The shelf is asked all the same: what has ended or was removed is not given.
            live(shelf, key).and_then(|_| read.get(key).cloned())
        };
        keys.iter().map(&mut found).collect()
    })
    .set_each(move |shelf, write| {
        let key = write.key.clone();
        let is_stored = put(shelf, write);
        forgotten.lock().unwrap().remove(&key);
        is_stored
    })
}

/// A handle that takes all entries along when it goes.
struct Tidy(Arc<Shelf>);

impl Drop for Tidy {
    fn drop(&mut self) {
        clear(&self.0, "");
    }
}

impl Backend for Tidy {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.0.get_many(keys)
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        self.0.set_many(writes)
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.0.delete_many(keys)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.0.clear(prefix)
    }
}

fn tidy() -> Subject {
    Subject::new(|| {
        let clock = Clock::default();
        let shelf = Arc::new(clock.shelf());
        let other = Arc::clone(&shelf);
        Store::new(shelf).another(move || Arc::new(Tidy(Arc::clone(&other)))).clock(move |by| clock.advance(by))
    })
}

broken! {
    one_whose_handles_are_strangers: strangers() => [
        another_handle_sees_what_was_written another_handle_sees_what_was_removed a_handle_remembers_nothing
        conditions_hold_between_handles threads_of_two_handles_count_exactly a_handle_that_goes_takes_nothing_along
        closing_takes_nothing_along
    ];

    one_whose_handles_remember: handles(remembering) => [
        another_handle_sees_what_was_written a_handle_remembers_nothing
    ];

    one_whose_handles_are_tidy: tidy() => [a_handle_that_goes_takes_nothing_along];

    one_that_closes_with_a_panic: subject(|it| it.close(|_| panic!("it is not open"))) => [
        close_ends after_closing_nothing_panics closing_takes_nothing_along
    ];

    one_that_cannot_be_closed: subject(|it| {
        it.close(|_| Err(Error::new(ErrorKind::Backend, "it cannot be closed")))
    }) => [
        close_ends after_closing_nothing_panics closing_takes_nothing_along
    ];

    one_that_empties_itself_when_it_is_closed: subject(|it| it.close(|shelf| {
        clear(shelf, "");
        Ok(())
    })) => [closing_takes_nothing_along];

    one_that_panics_once_it_is_closed: subject(|it| {
        let closed = Arc::new(AtomicBool::new(false));
        let is_closed = Arc::clone(&closed);
        it.close(move |_| {
            closed.store(true, Ordering::SeqCst);
            Ok(())
        })
        .get(move |shelf, keys| {
            assert!(!is_closed.load(Ordering::SeqCst), "it is closed");
            get(shelf, keys)
        })
    }) => [
        after_closing_nothing_panics closing_takes_nothing_along
    ];

    one_that_promises_news_it_does_not_have: subject(|it| it.subscribe(|| Ok(()))) => [without_news_it_says_so];

    one_that_fails_to_promise_news: subject(|it| {
        it.subscribe(|| Err(Error::new(ErrorKind::Backend, "it failed")))
    }) => [without_news_it_says_so];
}
