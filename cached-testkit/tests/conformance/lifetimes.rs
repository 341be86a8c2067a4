//! Backends that mistake lifetimes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cached_core::backend::{Bytes, Key, When, Write};
use cached_testkit::Shelf;

use crate::broken::{Broken, broken, clear, delete, get, holding, lasting, live, put, remove, set, subject, under};

const MS: Duration = Duration::from_millis(1);
const DAY: Duration = Duration::from_secs(86_400);

/// Each life as this backend counts it.
fn counting(it: Broken, count: fn(Option<Duration>) -> Option<Duration>) -> Broken {
    it.set_each(move |shelf, write| {
        let ttl = count(write.ttl);
        put(shelf, lasting(write, ttl))
    })
}

/// The life of a write as this backend sees it, beside that of what is there.
fn weighing(it: Broken, weigh: fn(Option<Duration>, Option<Duration>) -> Option<Duration>) -> Broken {
    it.set_each(move |shelf, write| {
        let ttl = match shelf.remaining(&write.key) {
            Some(old) if write.ttl != Some(Duration::ZERO) => weigh(old, write.ttl),
            _ => write.ttl,
        };
        put(shelf, lasting(write, ttl))
    })
}

/// What a refused write leaves behind.
fn refusing(it: Broken, stamps: bool) -> Broken {
    it.set_each(move |shelf, write| {
        let is_stored = put(shelf, write.clone());
        let is_refused = !is_stored && matches!(write.when, When::Stamp(_)) == stamps;
        if let Some(bytes) = live(shelf, &write.key).filter(|_| is_refused && write.ttl != Some(Duration::ZERO)) {
            put(shelf, under(holding(write, bytes), When::Always));
        }
        is_stored
    })
}

/// What was ever written and not removed, for backends that forget that it has ended.
#[derive(Clone, Default)]
struct Ever(Arc<Mutex<HashMap<Key, Bytes>>>);

impl Ever {
    fn note(&self, write: &Write, is_stored: bool) {
        if is_stored {
            self.0.lock().unwrap().insert(write.key.clone(), write.bytes.clone());
        }
    }

    /// The shelf, with an eye on what is written and removed.
    fn watching(&self, it: Broken) -> Broken {
        let [written, removed, cleared] = [self.clone(), self.clone(), self.clone()];
        it.set_each(move |shelf, write| {
            let is_stored = put(shelf, write.clone());
            written.note(&write, is_stored);
            is_stored
        })
        .delete_each(move |shelf, key, when| {
            let is_removed = remove(shelf, key.clone(), when);
            if is_removed {
                removed.0.lock().unwrap().remove(&key);
            }
            is_removed
        })
        .clear(move |shelf, prefix| {
            clear(shelf, prefix);
            cleared.0.lock().unwrap().retain(|key, _| !key.starts_with(prefix));
        })
    }

    /// What has ended under a key.
    fn ended(&self, shelf: &Shelf, key: &Key) -> Option<Bytes> {
        if live(shelf, key).is_some() { None } else { self.0.lock().unwrap().get(key).cloned() }
    }
}

/// When the alarm of a key is switched off.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Off {
    Never,
    /// When something else takes the place of a value, but not when a value is removed …
    NotAtRemoval,
    /// … or cleared.
    NotAtClear,
    /// Always; but nobody hears it in time.
    RingsLate,
}

/// Ends what has a life by an alarm for its key.
fn alarmed(it: Broken, off: Off) -> Broken {
    let alarms = Arc::new(Mutex::new(Vec::<(Key, Duration)>::new()));
    let ring = {
        let (clock, alarms) = (it.clock.clone(), Arc::clone(&alarms));
        move |shelf: &Shelf| {
            let mut alarms = alarms.lock().unwrap();
            let (due, later) = alarms.drain(..).partition(|(_, end)| *end <= clock.now());
            *alarms = later;
            delete(shelf, due.into_iter().map(|(key, _): (Key, _)| (key, When::Always)).collect());
        }
    };
    let (clock, set_alarm, removed, cleared) = (it.clock.clone(), Arc::clone(&alarms), Arc::clone(&alarms), alarms);
    let ring_at_write = ring.clone();
    it.get(move |shelf, keys| {
        ring(shelf);
        get(shelf, keys)
    })
    .set_each(move |shelf, write| {
        if off != Off::RingsLate {
            ring_at_write(shelf);
        }
        let (key, ttl, is_there) = (write.key.clone(), write.ttl, live(shelf, &write.key).is_some());
        let is_stored = put(shelf, write);
        let mut alarms = set_alarm.lock().unwrap();
        if is_stored && is_there && off != Off::Never {
            alarms.retain(|(other, _)| *other != key);
        }
        if let Some(end) = ttl.filter(|ttl| is_stored && *ttl < DAY && !ttl.is_zero()).map(|ttl| clock.now() + ttl) {
            alarms.push((key, end));
        }
        is_stored
    })
    .delete(move |shelf, keys| {
        if off != Off::NotAtRemoval && off != Off::Never {
            removed.lock().unwrap().retain(|(other, _)| keys.iter().all(|(key, _)| key != other));
        }
        delete(shelf, keys)
    })
    .clear(move |shelf, prefix| {
        if off != Off::NotAtClear && off != Off::Never {
            cleared.lock().unwrap().retain(|(key, _)| !key.starts_with(prefix));
        }
        clear(shelf, prefix);
    })
}

broken! {
    one_that_knows_no_lives: subject(|it| counting(it, |_| None)) => [
        it_lives_its_life_and_no_longer a_life_of_nothing_is_over_at_once a_life_below_a_millisecond_is_over_soon
        a_write_with_a_life_begins_one a_shorter_life_takes_over a_write_on_a_stamp_brings_its_life
        a_refused_write_on_absence_changes_no_life a_refused_write_on_a_stamp_changes_no_life what_has_ended_is_absent
        what_has_ended_has_no_stamp what_has_ended_was_not_there_to_remove each_write_of_a_batch_has_its_own_life
        a_read_prolongs_nothing who_finds_something_ended_removes_nothing_fresh
    ];

    one_that_gives_everybody_a_life: subject(|it| counting(it, |ttl| Some(ttl.unwrap_or(20 * MS)))) => [
        without_a_life_it_stays a_write_for_ever_ends_a_life a_write_on_a_stamp_brings_its_life
        a_refused_write_on_absence_changes_no_life a_refused_write_on_a_stamp_changes_no_life
        each_write_of_a_batch_has_its_own_life a_removed_life_does_not_come_back a_cleared_life_does_not_come_back
        an_ended_life_does_not_come_back
    ];

    one_that_ends_a_step_late: subject(|it| {
        counting(it, |ttl| ttl.map(|ttl| if ttl.is_zero() { ttl } else { ttl.saturating_add(MS) }))
    }) => [
        it_lives_its_life_and_no_longer a_write_with_a_life_begins_one a_shorter_life_takes_over
        a_write_on_a_stamp_brings_its_life a_refused_write_on_absence_changes_no_life
        a_refused_write_on_a_stamp_changes_no_life what_has_ended_is_absent what_has_ended_has_no_stamp
        what_has_ended_was_not_there_to_remove each_write_of_a_batch_has_its_own_life a_read_prolongs_nothing
    ];

    one_that_ends_a_step_early: subject(|it| counting(it, |ttl| ttl.map(|ttl| ttl.saturating_sub(2 * MS)))) => [
        it_lives_its_life_and_no_longer
    ];

    one_that_takes_long_lives_for_dates: subject(|it| {
        counting(it, |ttl| ttl.map(|ttl| if ttl > 30 * DAY { Duration::ZERO } else { ttl }))
    }) => [a_long_life_is_a_life];

    one_that_panics_at_the_longest_life: subject(|it| {
        counting(it, |ttl| ttl.map(|ttl| ttl.checked_add(DAY).expect("a life fits") - DAY))
    }) => [a_long_life_is_a_life];

    one_that_takes_a_life_of_nothing_for_none: subject(|it| counting(it, |ttl| ttl.filter(|ttl| !ttl.is_zero()))) => [
        a_life_of_nothing_is_over_at_once who_finds_something_ended_removes_nothing_fresh
    ];

    one_that_does_nothing_for_a_life_of_nothing: subject(|it| it.set_each(|shelf, write| {
        write.ttl == Some(Duration::ZERO) || put(shelf, write)
    })) => [
        a_life_of_nothing_is_over_at_once who_finds_something_ended_removes_nothing_fresh
    ];

    one_that_counts_in_milliseconds_down_to_none: subject(|it| {
        counting(it, |ttl| ttl.filter(|ttl| ttl.is_zero() || *ttl >= MS))
    }) => [a_life_below_a_millisecond_is_over_soon];

    one_that_keeps_the_first_life: subject(|it| weighing(it, |old, _| old)) => [
        a_write_for_ever_ends_a_life a_write_with_a_life_begins_one a_longer_life_takes_over a_shorter_life_takes_over
        a_write_on_a_stamp_brings_its_life
    ];

    one_that_keeps_the_life_at_a_write_for_ever: subject(|it| weighing(it, |old, new| new.or(old))) => [
        a_write_for_ever_ends_a_life a_write_on_a_stamp_brings_its_life
    ];

    one_that_gives_no_life_to_what_had_none: subject(|it| weighing(it, |old, new| old.and(new))) => [
        a_write_with_a_life_begins_one a_write_on_a_stamp_brings_its_life
    ];

    one_that_keeps_the_longer_life: subject(|it| {
        weighing(it, |old, new| new.zip(old).map(|(new, old)| new.max(old)).or(new))
    }) => [a_shorter_life_takes_over];

    one_that_keeps_the_shorter_life: subject(|it| {
        weighing(it, |old, new| new.zip(old).map(|(new, old)| new.min(old)).or(new))
    }) => [
        a_longer_life_takes_over a_write_on_a_stamp_brings_its_life
    ];

    one_that_keeps_the_life_at_a_write_on_a_stamp: subject(|it| it.set_each(|shelf, write| {
        let ttl = match (write.when, shelf.remaining(&write.key)) {
            (When::Stamp(_), Some(old)) => old,
            _ => write.ttl,
        };
        put(shelf, lasting(write, ttl))
    })) => [a_write_on_a_stamp_brings_its_life];

    one_whose_refused_write_on_absence_changes_the_life: subject(|it| refusing(it, false)) => [
        a_refused_write_on_absence_changes_no_life
    ];

    one_whose_refused_write_on_a_stamp_changes_the_life: subject(|it| refusing(it, true)) => [
        a_refused_write_on_a_stamp_changes_no_life
    ];

    one_that_does_not_find_absent_what_has_ended: subject(|it| {
        let ever = Ever::default();
        let known = ever.clone();
        ever.watching(it).set_each(move |shelf, write| {
            let is_known = write.when == When::Absent && known.ended(shelf, &write.key).is_some();
            let is_stored = !is_known && put(shelf, write.clone());
            known.note(&write, is_stored && write.ttl != Some(Duration::ZERO));
            is_stored
        })
    }) => [
        a_life_of_nothing_is_over_at_once what_has_ended_is_absent who_finds_something_ended_removes_nothing_fresh
    ];

    one_that_meets_the_stamp_of_what_has_ended: subject(|it| {
        let ever = Ever::default();
        let known = ever.clone();
        ever.watching(it).set_each(move |shelf, write| {
            let ended = known.ended(shelf, &write.key).filter(|_| matches!(write.when, When::Stamp(_)));
            let is_met = ended.is_some_and(|bytes| write.when.is_met_by(Some(&bytes)));
            let when = if is_met { When::Always } else { write.when };
            let is_stored = put(shelf, under(write.clone(), when));
            known.note(&write, is_stored);
            is_stored
        })
    }) => [what_has_ended_has_no_stamp];

    one_that_finds_what_has_ended_when_it_removes: subject(|it| {
        let ever = Ever::default();
        let known = ever.clone();
        ever.watching(it).delete_each(move |shelf, key, when| {
            let ended = known.ended(shelf, &key).is_some_and(|bytes| when.is_met_by(Some(&bytes)));
            let is_removed = remove(shelf, key.clone(), when) || ended;
            if is_removed {
                known.0.lock().unwrap().remove(&key);
            }
            is_removed
        })
    }) => [what_has_ended_was_not_there_to_remove];

    one_that_gives_a_batch_one_life: subject(|it| it.set(|shelf, writes| {
        let ttl = writes.first().and_then(|write| write.ttl);
        set(shelf, writes.into_iter().map(|write| lasting(write, ttl)).collect())
    })) => [each_write_of_a_batch_has_its_own_life];

    one_that_prolongs_what_is_read: subject(|it| {
        let lives = Arc::new(Mutex::new(HashMap::new()));
        let known = Arc::clone(&lives);
        it.set_each(move |shelf, write| {
            let (key, ttl) = (write.key.clone(), write.ttl);
            let is_stored = put(shelf, write);
            if is_stored {
                lives.lock().unwrap().insert(key, ttl);
            }
            is_stored
        })
        .get(move |shelf, keys| {
            let found = get(shelf, keys);
            for (key, bytes) in keys.iter().zip(&found) {
                let ttl = known.lock().unwrap().get(key).copied().flatten();
                if let (Some(bytes), Some(_)) = (bytes, ttl) {
                    put(shelf, Write::new(key.clone(), bytes.clone(), ttl, When::Always));
                }
            }
            found
        })
    }) => [
        it_lives_its_life_and_no_longer a_read_prolongs_nothing
    ];

    one_whose_alarms_are_never_switched_off: subject(|it| alarmed(it, Off::Never)) => [
        a_write_for_ever_ends_a_life a_longer_life_takes_over a_write_on_a_stamp_brings_its_life
        a_removed_life_does_not_come_back a_cleared_life_does_not_come_back
    ];

    one_whose_alarms_survive_a_removal: subject(|it| alarmed(it, Off::NotAtRemoval)) => [
        a_removed_life_does_not_come_back
    ];

    one_whose_alarms_survive_a_clear: subject(|it| alarmed(it, Off::NotAtClear)) => [a_cleared_life_does_not_come_back];

    one_whose_alarms_ring_late: subject(|it| alarmed(it, Off::RingsLate)) => [an_ended_life_does_not_come_back];
}
