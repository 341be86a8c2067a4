//! A store has as many handles as there are processes.
//!
//! In: two handles on one store. Out: whether they see the same, and whether one may go without the other.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use cached_core::backend::{Backend, When};

use super::threads::{EACH, count, read};
use crate::conformance::executor::wait;
use crate::conformance::matter::{stamp, stamped, value};
use crate::conformance::stage::{Outcome, Stage, owed};

rules! {
    another_handle_sees_what_was_written: "What one handle wrote, another one reads.",
    another_handle_sees_what_was_removed: "What one handle removed or cleared, another one does not read any more.",
    a_handle_remembers_nothing: "A handle that has read a value reads the next one once another handle has written it.",
    conditions_hold_between_handles: "A write on absence, or on a stamp, is judged by what any handle wrote.",
    threads_of_two_handles_count_exactly: "Threads of two handles that count on stamps lose nothing.",
    a_handle_that_goes_takes_nothing_along: "What a handle wrote is there when it is gone.",
    close_ends: "Closing ends, whatever the deadline, and once more.",
    after_closing_nothing_panics: "A closed handle answers, or says that it does not.",
    closing_takes_nothing_along: "What a handle wrote before it was closed, another one reads.",
}

fn another_handle_sees_what_was_written(on: &Stage) -> Outcome {
    let other = on.other()?;
    (0..10).try_for_each(|n| {
        on.put("k", value(n))?;
        other.finds("k", value(n))?;
        other.put("l", value(n))?;
        on.finds("l", value(n))
    })
}

fn another_handle_sees_what_was_removed(on: &Stage) -> Outcome {
    let other = on.other()?;
    let keys = ["a", "b:1", "b:2"];
    on.fill(&keys)?;
    other.keeps(&keys, |_| true)?;
    on.delete("a", When::Always)?.is(true)?;
    other.misses("a")?;
    other.delete("a", When::Always)?.is(false)?;
    on.clear("b:")?;
    other.get_many(&keys)?.is(vec![None; 3])
}

fn a_handle_remembers_nothing(on: &Stage) -> Outcome {
    let other = on.other()?;
    on.put("k", value(0))?;
    other.put("k", value(1))?;
    on.finds("k", value(1))?;
    other.put("k", value(2))?;
    on.finds("k", value(2))?;
    on.misses("l")?;
    other.put("l", value(3))?;
    on.finds("l", value(3))
}

fn conditions_hold_between_handles(on: &Stage) -> Outcome {
    let other = on.other()?;
    on.put("k", value(1))?;
    other.set("k", value(2), When::Absent)?.is(false)?;
    other.set("k", value(2), When::Stamp(stamp(1)))?.is(true)?;
    on.set("k", value(3), When::Stamp(stamp(1)))?.is(false)?;
    on.delete("k", When::Stamp(stamp(1)))?.is(false)?;
    on.delete("k", When::Stamp(stamp(2)))?.is(true)?;
    other.set("k", value(4), When::Absent)?.is(true)?;
    on.finds("k", value(4))
}

fn threads_of_two_handles_count_exactly(on: &Stage) -> Outcome {
    let other = on.other()?;
    on.put("n", stamped(stamp(0), b"0"))?;
    let stamps = AtomicU64::new(1);
    let counted = on.race(|thread| {
        let on = if thread % 2 == 0 { on } else { &other };
        (0..EACH).try_for_each(|_| count(on, &stamps))
    })?;
    let found = on.get("n")?.found;
    owed("a number that threads of two handles counted up", counted.len() * EACH, read(found.as_ref()))
}

fn a_handle_that_goes_takes_nothing_along(on: &Stage) -> Outcome {
    let other = on.other()?;
    other.put("k", value(1))?;
    drop(other);
    on.finds("k", value(1))?;
    on.put("l", value(2))?;
    on.other()?.get_many(&["k", "l"])?.is(vec![Some(value(1)), Some(value(2))])
}

fn close_ends(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    [Duration::from_secs(1), Duration::MAX, Duration::ZERO].into_iter().try_for_each(|deadline| {
        // With a deadline of zero it may say that it did not get so far.
        let may_fail = deadline.is_zero();
        match on.ask(format!("close within {deadline:?}"), |backend| backend.close(deadline)) {
            Err(_) if may_fail => Ok(()),
            closed => closed.map(drop),
        }
    })
}

fn after_closing_nothing_panics(on: &Stage) -> Outcome {
    on.put("k", value(1))?;
    on.ask("close".to_owned(), |backend| backend.close(Duration::from_secs(1)))?;
    let used = |name: &str, ask: &dyn Fn(&dyn Backend)| {
        on.note(&format!("{name}, after close"));
        ask(&*on.backend);
    };
    used("get", &|backend| drop(wait(backend.get_many(&[on.key("k")]))));
    used("set", &|backend| drop(wait(backend.set_many(vec![on.write("k", value(2), None, When::Always)]))));
    used("delete", &|backend| drop(wait(backend.delete_many(vec![(on.key("k"), When::Always)]))));
    used("clear", &|backend| drop(wait(backend.clear("k"))));
    used("subscribe", &|backend| drop(wait(backend.subscribe("k", std::sync::Arc::new(|_| {})))));
    used("capabilities", &|backend| _ = backend.capabilities());
    Ok(())
}

fn closing_takes_nothing_along(on: &Stage) -> Outcome {
    let other = on.other()?;
    other.put("k", value(1))?;
    other.ask("close".to_owned(), |backend| backend.close(Duration::from_secs(1)))?;
    on.finds("k", value(1))?;
    on.put("k", value(2))?;
    on.finds("k", value(2))
}
