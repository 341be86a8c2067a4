//! Whether a history can be told as one thing after another.
//!
//! In: the steps of operations on one key, each with the stretch of time in which it happened. Out: whether
//! there is an order of them, true to those stretches, in which a cache of one entry gives the same answers.
//! The search is that of Wing and Gong ("Testing and verifying concurrent objects", 1993), with the memory of
//! positions seen before that Lowe added ("Testing for linearizability", 2017). Keys are checked one by one:
//! a history is linearizable if and only if that of each key is (Herlihy and Wing, 1990).
//!
//! The cache of one entry holds what is stored, and what is being computed. A call that computes *enters* when
//! nothing is being computed (P2), *looks* when nothing is stored, and *lands* after its body: what it computed
//! is stored if it is still what is being computed. Other calls take what is stored, or what is being computed.
//! An invalidation, and a put, first *overtakes* what is being computed (P6) and then forgets, or stores. The two
//! halves may lie apart: who enters between them began after the invalidation did, and is not overtaken by it.
//!
//! On bytes what lands is stored if nothing was written since its look. So what was overtaken may still be
//! stored, until the invalidation that overtook it forgets it. In memory an entry that takes the place of another
//! does so in two steps, *vanish* and store: between them a look finds neither.

use std::collections::HashSet;

/// What happens at one moment. Values are numbers above 0 that no other body and no other put has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Enter(u64),
    Look(u64),
    Land(u64),
    Take(u64),
    Peek(Option<u64>),
    Overtake,
    /// Of a landing, or of a put.
    Vanish(Option<u64>),
    Store(u64),
    Forget,
}

/// A step, and when: between two moments, and not before another step of its operation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) step: Step,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) after: Option<usize>,
}

/// Where entries live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Memory,
    Bytes,
}

/// A cache of one entry.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
struct Model {
    stored: Option<u64>,
    computed: Option<u64>,
    /// On bytes: for whom nothing was written since they looked.
    looks: Vec<u64>,
}

impl Model {
    /// What is after a step; `None`, if it cannot happen now.
    fn after(&self, step: Step, sort: Sort) -> Option<Self> {
        let same = || self.clone();
        let stores = |stored| Model { stored, computed: self.computed, looks: Vec::new() };
        match step {
            Step::Enter(value) => self.computed.is_none().then(|| Model { computed: Some(value), ..same() }),
            Step::Look(value) => self.stored.is_none().then(|| {
                let mut next = same();
                next.looks.extend((sort == Sort::Bytes).then_some(value));
                next
            }),
            Step::Land(value) => {
                let stands = self.computed == Some(value);
                let may = if sort == Sort::Bytes { self.looks.contains(&value) } else { stands };
                let next = if may { stores(Some(value)) } else { same() };
                Some(Model { computed: next.computed.filter(|_| !stands), ..next })
            }
            Step::Take(value) => (self.stored == Some(value) || self.computed == Some(value)).then(same),
            Step::Peek(seen) => (self.stored == seen).then(same),
            Step::Overtake => Some(Model { computed: None, ..same() }),
            Step::Vanish(None) => Some(stores(None)),
            Step::Vanish(of) => Some(Model { stored: self.stored.filter(|_| self.computed != of), ..same() }),
            Step::Store(value) => Some(stores(Some(value))),
            Step::Forget => Some(stores(None)),
        }
    }

    /// What was overtaken on bytes: it may have been told before it was written.
    fn unwritten(&self, step: Step, sort: Sort) -> Option<Self> {
        match step {
            Step::Land(value) if sort == Sort::Bytes && self.computed != Some(value) => Some(self.clone()),
            _ => None,
        }
    }
}

/// Whether there is an order.
pub(super) fn is_linearizable(events: &[Event], sort: Sort) -> bool {
    assert!(events.len() <= 128, "a step is a bit");
    let mut seen = HashSet::new();
    let mut open = vec![(0_u128, Model::default())];
    while let Some((done, model)) = open.pop() {
        let left = || (0..events.len()).filter(|at| done & 1 << at == 0);
        let Some(first) = left().map(|at| events[at].to).min() else { return true };
        for at in left() {
            let Event { step, from, after, .. } = events[at];
            // Not after a step that was over before this one began is yet to be told.
            if from > first || after.is_some_and(|before| done & 1 << before == 0) {
                continue;
            }
            for next in [model.after(step, sort), model.unwritten(step, sort)].into_iter().flatten() {
                let position = (done | 1 << at, next);
                if seen.insert(position.clone()) {
                    open.push(position);
                }
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{Event, Sort, Step, is_linearizable};

    /// Steps one after another, each at its moment.
    fn in_turn(steps: &[Step]) -> Vec<Event> {
        let at = |(moment, step): (usize, &Step)| {
            let moment = moment as u64 * 2;
            Event { step: *step, from: moment, to: moment + 1, after: None }
        };
        steps.iter().enumerate().map(at).collect()
    }

    use Step::{Enter, Forget, Land, Look, Overtake, Peek, Store, Take, Vanish};

    #[test]
    fn a_history_of_a_cache_that_keeps_its_promises_is_told() {
        for steps in [
            &[Enter(1), Look(1), Land(1), Take(1), Peek(Some(1)), Overtake, Forget, Peek(None)][..],
            // Joined, and overtaken: neither stored nor taken later.
            &[Enter(1), Look(1), Take(1), Overtake, Forget, Land(1), Peek(None), Enter(2), Look(2), Land(2), Take(2)],
            // Two at once, one of them overtaken.
            &[Enter(1), Look(1), Overtake, Forget, Enter(2), Look(2), Land(2), Land(1), Take(2)],
            &[Enter(1), Look(1), Overtake, Store(9), Land(1), Take(9)],
        ] {
            assert!(is_linearizable(&in_turn(steps), Sort::Memory), "{steps:?}");
        }
        assert!(is_linearizable(&[], Sort::Memory));
    }

    #[test]
    fn a_history_that_breaks_a_promise_is_not() {
        for steps in [
            // P6: stored, or taken, though an invalidation or a put had overtaken it.
            &[Enter(1), Look(1), Overtake, Forget, Land(1), Take(1)][..],
            &[Enter(1), Look(1), Overtake, Forget, Take(1), Land(1)],
            &[Enter(1), Look(1), Overtake, Store(9), Land(1), Peek(Some(1))],
            &[Enter(1), Look(1), Land(1), Overtake, Forget, Take(1)],
            // P2: two at once, and neither overtaken.
            &[Enter(1), Look(1), Enter(2), Look(2), Land(1), Land(2)],
            // Computed though it was there.
            &[Enter(1), Look(1), Land(1), Enter(2), Look(2), Land(2)],
            // A value of nobody's, and one that was forgotten by nobody.
            &[Take(7)],
            &[Overtake, Store(9), Peek(None)],
        ] {
            assert!(!is_linearizable(&in_turn(steps), Sort::Memory), "{steps:?}");
        }
    }

    #[test]
    fn on_bytes_what_was_overtaken_may_be_stored_until_it_is_forgotten() {
        let told = |steps: &[Step], sort| is_linearizable(&in_turn(steps), sort);
        let late = [Enter(1), Look(1), Overtake, Land(1), Take(1), Forget, Peek(None)];
        assert!(told(&late, Sort::Bytes) && !told(&late, Sort::Memory));
        let too_late = [Enter(1), Look(1), Overtake, Forget, Land(1), Take(1)];
        assert!(!told(&too_late, Sort::Bytes), "P6 holds there too");
        let over = [Enter(1), Look(1), Overtake, Store(9), Enter(2), Land(1), Peek(Some(1))];
        assert!(!told(&over, Sort::Bytes), "a late write does not take the place of a newer one");
        let lost = [Enter(1), Look(1), Land(1), Peek(None)];
        assert!(!told(&lost, Sort::Bytes) && !told(&lost, Sort::Memory));
    }

    #[test]
    fn in_memory_a_replacement_is_two_steps() {
        let told = |steps: &[Step]| is_linearizable(&in_turn(steps), Sort::Memory);
        assert!(told(&[Overtake, Store(8), Overtake, Vanish(None), Peek(None), Store(9), Take(9)]));
        assert!(!told(&[Overtake, Store(8), Overtake, Peek(None), Store(9), Take(9)]));
        assert!(!told(&[Overtake, Store(8), Vanish(Some(1)), Peek(None)]), "only what lands replaces");
    }

    #[test]
    fn steps_whose_times_overlap_may_happen_in_either_order() {
        let mut events = in_turn(&[Peek(None), Overtake, Store(9)]);
        assert!(is_linearizable(&events, Sort::Memory));
        events.swap(0, 2);
        (events[0].from, events[0].to, events[2].from, events[2].to) = (0, 9, 5, 6);
        assert!(is_linearizable(&events, Sort::Memory), "the look came before the put, though it began after it");
        events[2].from = 10;
        events[2].to = 11;
        assert!(!is_linearizable(&events, Sort::Memory), "and now it could not");
    }
}
