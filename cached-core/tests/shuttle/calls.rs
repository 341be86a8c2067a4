//! Calls of the world's one function, in the steps that `call/` takes.
//!
//! In: a key, what the body does, and how the caller waits. Out: what it is given, which is never another key's and
//! never one whose time had passed when it was taken. A call looks, enters, looks again as leader, computes, lands.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use shuttle::thread;

use crate::clock;
use crate::flight::{Ended, Entered, Lead, Side, Wait};
use crate::memory::Look;
use crate::world::{Act, PATIENCE, Role, Shared, World, waker};

/// One call on its way.
struct Call<'a> {
    world: &'a World,
    generation: u64,
    key: u64,
    /// Whether it takes what is stored.
    looks: bool,
    /// What is stored, if its time has passed.
    old: Option<Shared>,
    /// Whether a leader's value had ended before it could be taken.
    again: bool,
}

enum Step<'a> {
    Give(u64),
    Wait(Box<Wait<'a, u64, Shared>>),
    Compute(Turn<'a>),
}

enum Turn<'a> {
    Lead(Lead<'a, u64, Shared>),
    Side(Side<'a, u64, Shared>),
}

impl Turn<'_> {
    fn role(&self) -> Role {
        match self {
            Turn::Lead(_) => Role::Leader,
            Turn::Side(_) => Role::Alone,
        }
    }

    fn enter_thread(&mut self) {
        match self {
            Turn::Lead(lead) => lead.enter_thread(),
            Turn::Side(side) => side.enter_thread(),
        }
    }

    fn leave_thread(&mut self) {
        match self {
            Turn::Lead(lead) => lead.leave_thread(),
            Turn::Side(side) => side.leave_thread(),
        }
    }
}

impl<'a> Call<'a> {
    fn new(world: &'a World, generation: u64, key: u64, looks: bool) -> Self {
        Call { world, generation, key, looks, old: None, again: false }
    }

    fn first(&mut self) -> Step<'a> {
        self.look().unwrap_or_else(|| self.enter())
    }

    fn look(&mut self) -> Option<Step<'a>> {
        if !self.looks {
            return None;
        }
        let moment = clock::now();
        self.old = None;
        match self.world.ask(self.generation, self.key) {
            Look::Live { kept, .. } => return Some(self.give(&kept, moment, Duration::ZERO)),
            Look::Ended(kept, _) => self.old = Some(kept),
            Look::Nothing(_) => {}
        }
        None
    }

    /// Gives a value that was taken at this moment.
    fn give(&self, kept: &Shared, moment: u64, window: Duration) -> Step<'a> {
        let value = kept.as_ref();
        assert_eq!(value.key, self.key, "a value of another key");
        let end = value.end.saturating_add(clock::after(0, window));
        assert!(moment < end, "at {moment} a caller was given a value that ended at {end}");
        Step::Give(value.truth)
    }

    fn enter(&mut self) -> Step<'a> {
        match self.world.flights.enter(&World::held(self.key), self.generation, || PATIENCE) {
            Entered::Lead(lead) => self.lead(lead),
            Entered::Wait(wait) => self.give_old().unwrap_or(Step::Wait(wait)),
            Entered::Alone(side) => Step::Compute(Turn::Side(side)),
            Entered::Busy => panic!("no comparison called back"),
        }
    }

    /// While another computes, what has ended is given for a while.
    fn give_old(&mut self) -> Option<Step<'a>> {
        let (moment, stale) = (clock::now(), self.world.rules.stale);
        let is_within = |old: &mut Shared| moment < old.as_ref().end.saturating_add(clock::after(0, stale));
        let old = self.old.take_if(is_within)?;
        Some(self.give(&old, moment, stale))
    }

    fn lead(&mut self, lead: Lead<'a, u64, Shared>) -> Step<'a> {
        // Found, not computed: an invalidation may have passed since, and followers come after it.
        self.look().unwrap_or(Step::Compute(Turn::Lead(lead)))
    }

    /// `moment`: when it looked.
    fn waited(&mut self, ended: Ended<'a, u64, Shared>, moment: u64) -> Step<'a> {
        match ended {
            Ended::Value(shared) if clock::now() >= shared.as_ref().end => self.ask_again(),
            Ended::Value(shared) => {
                self.world.count(|tally| tally.joined += 1);
                self.give(&shared, moment, Duration::ZERO)
            }
            Ended::Lead(lead) => self.lead(lead),
            Ended::Deposed(lead) => {
                self.world.count(|tally| tally.deposed += 1);
                self.lead(lead)
            }
            Ended::Failed(side) => Step::Compute(Turn::Side(side)),
            Ended::Late(side) => {
                self.world.count(|tally| tally.late += 1);
                Step::Compute(Turn::Side(side))
            }
        }
    }

    fn ask_again(&mut self) -> Step<'a> {
        if std::mem::replace(&mut self.again, true) {
            let side = self.world.flights.aside(&World::held(self.key), self.generation);
            return Step::Compute(Turn::Side(side.expect("no comparison called back")));
        }
        self.enter()
    }

    /// What the body read is shared and stored, or not, as its end says.
    fn finish(&self, turn: Turn<'a>, act: Act, read: u64) -> Option<u64> {
        let (world, key) = (self.world, self.key);
        match (act, turn) {
            (Act::Value, turn) => {
                let (kept, header) = world.born(self.generation, key, read);
                let (shared, keep) = (kept.clone(), || world.keep(key, (kept, header)));
                let gone = match turn {
                    Turn::Lead(lead) => lead.land(shared, keep),
                    Turn::Side(side) => side.store(keep),
                };
                drop(gone);
                Some(read)
            }
            (Act::Fail, Turn::Lead(lead)) => {
                lead.fail();
                None
            }
            (Act::Forgotten, Turn::Lead(lead)) => {
                std::mem::forget(lead);
                None
            }
            (Act::Fail | Act::Gone | Act::Forgotten, _) => None,
        }
    }
}

impl World {
    /// A call of a site whose entries are in memory.
    pub(crate) fn call(&self, key: u64, act: impl FnMut(Role) -> Act) -> Option<u64> {
        self.call_under(0, key, act)
    }

    pub(crate) fn call_under(&self, generation: u64, key: u64, act: impl FnMut(Role) -> Act) -> Option<u64> {
        let mut call = Call::new(self, generation, key, true);
        let step = call.first();
        self.go_on(call, step, act)
    }

    /// As the manner `Refresh`: what runs is overtaken, and what is stored is not looked at.
    pub(crate) fn refresh(&self, key: u64, act: impl FnMut(Role) -> Act) -> Option<u64> {
        assert!(self.flights.overtake(&Self::held(key)).is_some());
        let mut call = Call::new(self, 0, key, false);
        let step = call.enter();
        self.go_on(call, step, act)
    }

    /// A call of a site with `flight = "off"`.
    pub(crate) fn call_aside(&self, key: u64, act: impl FnMut(Role) -> Act) -> Option<u64> {
        let mut call = Call::new(self, 0, key, true);
        let step = call.look().unwrap_or_else(|| {
            let side = self.flights.aside(&Self::held(key), 0).expect("no comparison called back");
            Step::Compute(Turn::Side(side))
        });
        self.go_on(call, step, act)
    }

    /// Takes the steps as a sync caller does.
    fn go_on<'a>(&'a self, mut call: Call<'a>, mut step: Step<'a>, mut act: impl FnMut(Role) -> Act) -> Option<u64> {
        loop {
            step = match step {
                Step::Give(truth) => return Some(truth),
                Step::Wait(mut wait) => {
                    let (ended, moment) = self.block(&mut wait);
                    drop(wait);
                    call.waited(ended, moment)
                }
                Step::Compute(turn) => {
                    let read = self.begin(turn.role());
                    thread::yield_now();
                    let act = self.end(turn.role(), &mut act);
                    return call.finish(turn, act, read);
                }
            };
        }
    }

    /// Takes the steps as an async caller does, whose body is polled twice.
    pub(crate) async fn call_async(&self, key: u64, mut act: impl FnMut(Role) -> Act) -> Option<u64> {
        let mut call = Call::new(self, 0, key, true);
        let mut step = call.first();
        loop {
            step = match step {
                Step::Give(truth) => return Some(truth),
                Step::Wait(wait) => {
                    let (ended, moment) = self.poll(wait).await;
                    call.waited(ended, moment)
                }
                Step::Compute(mut turn) => {
                    let mut read = None;
                    let end = poll_fn(|context| {
                        turn.enter_thread();
                        if read.is_some() {
                            return Poll::Ready(self.end(turn.role(), &mut act));
                        }
                        read = Some(self.begin(turn.role()));
                        turn.leave_thread();
                        context.waker().wake_by_ref();
                        Poll::Pending
                    });
                    let act = end.await;
                    return call.finish(turn, act, read.expect("it was polled twice"));
                }
            };
        }
    }

    fn begin(&self, role: Role) -> u64 {
        let read = self.truth();
        let is_since = self.finished() == read;
        self.count(|tally| {
            tally.runs += 1;
            tally.since += usize::from(is_since);
            tally.running += 1;
            tally.led += usize::from(role == Role::Leader);
            tally.leading += usize::from(role == Role::Leader);
            tally.most_leading = tally.most_leading.max(tally.leading);
        });
        read
    }

    fn end(&self, role: Role, act: &mut impl FnMut(Role) -> Act) -> Act {
        let act = act(role);
        self.count(|tally| {
            tally.running -= 1;
            tally.leading -= usize::from(role == Role::Leader);
        });
        act
    }

    /// Waits as a sync caller does; gives also when it looked.
    fn block<'a>(&self, wait: &mut Wait<'a, u64, Shared>) -> (Ended<'a, u64, Shared>, u64) {
        let waker = waker();
        let mut told = Told(self, false);
        loop {
            let moment = clock::now();
            if let Some(ended) = wait.look(&waker) {
                return (ended, moment);
            }
            told.tell();
            // A real park ends at the deadline.
            self.alarm(wait.deadline(), &waker);
            if clock::now() < wait.deadline() {
                thread::park();
            }
        }
    }

    /// Waits as an async caller does.
    async fn poll<'a>(&self, mut wait: Box<Wait<'a, u64, Shared>>) -> (Ended<'a, u64, Shared>, u64) {
        let mut told = Told(self, false);
        poll_fn(move |context| {
            let moment = clock::now();
            if let Some(ended) = wait.look(context.waker()) {
                return Poll::Ready((ended, moment));
            }
            told.tell();
            self.alarm(wait.deadline(), context.waker());
            Poll::Pending
        })
        .await
    }

    /// A call of a site whose entries are bytes: read before the flight, and again only if
    /// anything landed in between.
    pub(crate) fn call_bytes(&self, key: u64, mut act: impl FnMut(Role) -> Act) -> Option<u64> {
        let landed = self.flights.landed();
        let read = || self.bytes.lock().unwrap().get(&key).copied();
        if let Some(found) = read() {
            return Some(found);
        }
        let lead = match self.flights.enter(&Self::held(key), 0, || PATIENCE) {
            Entered::Lead(lead) => lead,
            Entered::Wait(mut wait) => match self.block(&mut wait).0 {
                Ended::Value(shared) => return Some(shared.as_ref().truth),
                Ended::Lead(lead) => lead,
                _ => panic!("in the scenario of bytes nobody fails or is late"),
            },
            _ => panic!("in the scenario of bytes nobody is inside a flight"),
        };
        if self.flights.landed() != landed
            && let Some(found) = read()
        {
            drop(lead);
            return Some(found);
        }
        let found = self.begin(Role::Leader);
        thread::yield_now();
        assert_eq!(self.end(Role::Leader, &mut act), Act::Value, "the scenario of bytes has no other");
        // The bytes are written before the flight lands.
        self.bytes.lock().unwrap().insert(key, found);
        lead.land(self.born(0, key, found).0, || ());
        Some(found)
    }
}

/// Counts a caller as waiting from its first vain look until it ends.
struct Told<'a>(&'a World, bool);

impl Told<'_> {
    fn tell(&mut self) {
        if !std::mem::replace(&mut self.1, true) {
            self.0.count(|tally| tally.waiting += 1);
        }
    }
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if self.1 {
            self.0.count(|tally| tally.waiting -= 1);
        }
    }
}
