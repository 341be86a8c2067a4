//! Replies that come later.
//!
//! In: replies that are held, moved, polled once, dropped. Out: whether each ask is done, and each answer is its own.

use std::panic::resume_unwind;
use std::thread;

use cached_core::backend::When;

use crate::conformance::executor::{block_on, touch};
use crate::conformance::matter::value;
use crate::conformance::stage::{Outcome, Stage, answered};

rules! {
    a_reply_may_change_hands: "A reply that was polled on one thread can be awaited on another, which is woken.",
    replies_may_be_awaited_in_any_order: "Of replies that are awaited in another order than asked for, each is its own.",
    a_dropped_reply_does_not_stop_the_write: "A write whose reply is dropped after a first poll is done all the same.",
    dropped_replies_shift_no_others: "Whoever asks after replies were dropped gets answers to his own questions.",
}

const ROUNDS: u64 = 50;

fn a_reply_may_change_hands(on: &Stage) -> Outcome {
    let asked = "get \"k\", polled on one thread and awaited on another";
    on.put("k", value(1))?;
    let key = [on.key("k")];
    (0..ROUNDS).try_for_each(|_| {
        let found = match touch(on.later(asked, |backend| backend.get_many(&key))?) {
            Ok(found) => found,
            Err(answer) => thread::scope(|scope| {
                let waiting = scope.spawn(move || block_on(answer));
                waiting.join().unwrap_or_else(|panic| resume_unwind(panic))
            }),
        };
        answered(asked.to_owned(), found)?.is(vec![Some(value(1))])
    })
}

fn replies_may_be_awaited_in_any_order(on: &Stage) -> Outcome {
    let keys: Vec<_> = (0..ROUNDS).map(|n| format!("k:{n}")).collect();
    on.fill(&keys)?;
    let ask = |key: &String| on.later("get, many at once", |backend| backend.get_many(&[on.key(key)]));
    let mut replies = keys.iter().map(ask).collect::<Outcome<Vec<_>>>()?;
    (0..ROUNDS).rev().map_while(|n| Some((n, replies.pop()?))).try_for_each(|(n, reply)| {
        let asked = format!("get \"k:{n}\", among others, awaited from the last to the first");
        answered(asked, block_on(reply))?.is(vec![Some(value(n))])
    })
}

fn a_dropped_reply_does_not_stop_the_write(on: &Stage) -> Outcome {
    let keys: Vec<_> = (0..ROUNDS).map(|n| format!("k:{n}")).collect();
    for (n, key) in (0..).zip(&keys) {
        let write = on.write(key, value(n), None, When::Always);
        drop(touch(on.later("set, whose reply is dropped", |backend| backend.set_many(vec![write]))?));
    }
    // Nobody says when it is done.
    const LOOKS: u32 = 200;
    for _ in 0..LOOKS {
        if on.get_many(&keys)?.found.iter().all(Option::is_some) {
            break;
        }
        thread::sleep(on.while_waiting() / LOOKS);
    }
    on.get_many(&keys)?.is((0..ROUNDS).map(|n| Some(value(n))).collect())
}

fn dropped_replies_shift_no_others(on: &Stage) -> Outcome {
    let keys: Vec<_> = (0..ROUNDS).map(|n| format!("k:{n}")).collect();
    on.fill(&keys)?;
    (0..ROUNDS).zip(&keys).try_for_each(|(n, key)| {
        let dropped = on.later("get, whose reply is dropped", |backend| backend.get_many(&[on.key("k:7")]))?;
        if n % 2 == 0 {
            drop(touch(dropped));
        } else {
            drop(dropped);
        }
        on.finds(key, value(n))
    })
}
