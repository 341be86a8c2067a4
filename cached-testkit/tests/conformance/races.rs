//! Backends whose operations are several steps, between which others may come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cached_core::backend::{Bytes, Key, When, Write};
use cached_testkit::Shelf;
use cached_testkit::conformance::{Store, Subject};

use crate::broken::{
    Broken, Clock, broken, clear, dawdle, delete, get, holding, live, put, remove, set, subject, under,
};

/// Looks whether a condition is met, and writes a little later.
fn look_then_write(shelf: &Shelf, write: Write, may_wait: fn(When) -> bool) -> bool {
    if !may_wait(write.when) {
        return put(shelf, write);
    }
    if !write.when.is_met_by(live(shelf, &write.key).as_deref()) {
        return false;
    }
    dawdle();
    put(shelf, under(write, When::Always))
}

/// Two handles, which know nothing of each other.
fn alone_by_handle() -> Subject {
    Subject::new(|| {
        let clock = Clock::default();
        let shelf = Arc::new(clock.shelf());
        let open = {
            let clock = clock.clone();
            move || {
                // Each handle does one thing at a time, and both do several together.
                Broken::on(Arc::clone(&shelf), &clock)
                    .set_each(|shelf, write| look_then_write(shelf, write, |when| when != When::Always))
            }
        };
        Store::new(Arc::new(open())).another(move || Arc::new(open())).clock(move |by| clock.advance(by))
    })
}

/// Takes a lock for each key of a batch, in the order of the batch, and has them all until its end.
fn locking(it: Broken) -> Broken {
    type Locks = Mutex<HashMap<Key, Arc<(Mutex<bool>, std::sync::Condvar)>>>;
    let locks = Locks::default();
    it.racing().set(move |shelf, writes| {
        let of = |key: &Key| Arc::clone(locks.lock().unwrap().entry(key.clone()).or_default());
        let mut held: HashMap<Key, _> = HashMap::new();
        for write in &writes {
            if !held.contains_key(&write.key) {
                let lock = of(&write.key);
                let mut is_taken = lock.0.lock().unwrap();
                while *is_taken {
                    is_taken = lock.1.wait(is_taken).unwrap();
                }
                *is_taken = true;
                drop(is_taken);
                if writes.len() == 16 {
                    dawdle();
                }
                held.insert(write.key.clone(), lock);
            }
        }
        let stored = set(shelf, writes);
        for lock in held.into_values() {
            *lock.0.lock().unwrap() = false;
            lock.1.notify_one();
        }
        stored
    })
}

broken! {
    one_that_looks_and_then_writes_where_nothing_is: subject(|it| it.racing().set_each(|shelf, write| {
        look_then_write(shelf, write, |when| when == When::Absent)
    })) => [of_eight_one_finds_it_absent];

    one_that_looks_and_then_writes_on_a_stamp: subject(|it| it.racing().set_each(|shelf, write| {
        look_then_write(shelf, write, |when| matches!(when, When::Stamp(_)))
    })) => [
        of_eight_one_replaces_it eight_that_count_lose_nothing threads_of_two_handles_count_exactly
    ] or [
        of_a_write_and_a_removal_one_is_done
    ];

    one_that_looks_and_then_removes: subject(|it| it.racing().delete_each(|shelf, key, when| {
        let found = live(shelf, &key);
        let is_there = found.is_some() && when.is_met_by(found.as_deref());
        if is_there {
            dawdle();
            remove(shelf, key, When::Always);
        }
        is_there
    })) => [
        of_eight_one_removes_it of_a_write_and_a_removal_one_is_done
    ];

    one_whose_handles_know_nothing_of_each_other: alone_by_handle() => [threads_of_two_handles_count_exactly];

    one_that_writes_a_value_in_two_steps: subject(|it| it.racing().set_each(|shelf, write| {
        if let (Some(old), When::Always) = (live(shelf, &write.key), write.when) {
            let half = write.bytes.len() / 2;
            let bytes: Bytes = [&write.bytes[..half], old.get(half..).unwrap_or_default()].concat().into();
            put(shelf, holding(write.clone(), bytes));
            dawdle();
        }
        put(shelf, write)
    })) => [what_is_read_was_written];

    one_that_takes_the_old_value_out_first: subject(|it| it.racing().set_each(|shelf, write| {
        if write.when == When::Always && remove(shelf, write.key.clone(), When::Always) {
            dawdle();
        }
        put(shelf, write)
    })) => [what_is_replaced_is_never_missing];

    one_whose_threads_share_a_buffer: subject(|it| {
        let buffer = Mutex::new(Vec::new());
        it.racing().get(move |shelf, keys| {
            keys.clone_into(&mut buffer.lock().unwrap());
            dawdle();
            let keys = buffer.lock().unwrap().clone();
            get(shelf, &keys)
        })
    }) => [keys_of_threads_do_not_meet] or [a_clear_beside_writers_takes_only_its_own];

    one_whose_batches_wait_for_each_other: subject(locking).patience(Duration::from_secs(2)) => [
        batches_in_opposite_orders_end
    ];

    one_that_clears_by_writing_all_others_again: subject(|it| it.racing().clear(|shelf, prefix| {
        let keys: Vec<_> = shelf.keys().into_iter().filter(|key| !key.starts_with(prefix)).collect();
        let values = get(shelf, &keys);
        dawdle();
        clear(shelf, "");
        let write = |(key, bytes): (_, Option<Bytes>)| Some(Write::new(key, bytes?, None, When::Always));
        set(shelf, keys.into_iter().zip(values).filter_map(write).collect());
    })) => [a_clear_beside_writers_takes_only_its_own];

    one_whose_readers_remove_what_they_do_not_find: subject(|it| it.racing().get(|shelf, keys| {
        let found = get(shelf, keys);
        let ended: Vec<_> = keys.iter().zip(&found).filter(|(_, found)| found.is_none()).collect();
        if !ended.is_empty() {
            dawdle();
            delete(shelf, ended.into_iter().map(|(key, _)| (key.clone(), When::Always)).collect());
        }
        found
    })) => [who_finds_something_ended_removes_nothing_fresh];
}
