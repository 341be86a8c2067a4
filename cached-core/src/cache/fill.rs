//! `get_or_set`: the value of a key, or what a closure makes of it, once for all who ask at the same time.
//!
//! In: a key and a computation. Out: the value. What is computed is added, never set: who was faster is kept, and
//! everybody is given what is stored then. A leader that fails, panics or is dropped leaves the next one to lead.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Ttl;
use super::operation::{Encoded, FLIGHTS, Operation, Spot};
use crate::backend::{Bytes, Key};
use crate::call::block;
use crate::clock::Alarm;
use crate::codec;
use crate::error::Error;
use crate::event::Outcome;
use crate::flight::{Ended, Entered, Lead, Side, Wait, Watch};
use crate::key::Held;
use crate::stats::Lap;
use crate::store::{Found, How, unchanged};

/// In which role the closure runs.
enum Turn {
    Lead(Lead<'static, Key, Arc<Encoded>>),
    Side(Side<'static, Key, Arc<Encoded>>),
    Free,
}

/// What there is to do.
enum Next<V> {
    Give(V),
    /// Compute, and write only over what was found.
    Compute(Turn, Option<Bytes>),
}

/// Why there is no value.
enum Failed<E> {
    Cache(Error),
    Computation(E),
}

impl<E> From<Error> for Failed<E> {
    fn from(error: Error) -> Self {
        Failed::Cache(error)
    }
}

impl Operation {
    pub(super) async fn get_or_set<V, E>(
        mut self,
        key: &str,
        ttl: Ttl,
        compute: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E>
    where
        V: Serialize + DeserializeOwned,
        E: From<Error>,
    {
        let given = match self.fill(key, ttl, compute).await {
            Err(Failed::Cache(error)) => Err(error),
            Ok(value) => Ok(Ok(value)),
            Err(Failed::Computation(error)) => {
                self.met.found(Outcome::Error);
                Ok(Err(error))
            }
        };
        self.end(&[key], given, |_| true)?
    }

    async fn fill<V, E>(
        &mut self,
        key: &str,
        ttl: Ttl,
        compute: impl Future<Output = Result<V, E>>,
    ) -> Result<V, Failed<E>>
    where
        V: Serialize + DeserializeOwned,
    {
        let (spot, life) = (self.spot(key)?, self.life(ttl)?);
        let flight = spot.flight();
        let cleared = spot.channel.turns.times();
        let (mut turn, found) = match self.next(&spot, &flight, cleared).await? {
            Next::Give(value) => return Ok(value),
            Next::Compute(turn, found) => (turn, found),
        };
        let value = turn.run(compute).await.map_err(Failed::Computation)?;
        // The user's code too.
        let format = self.format()?;
        let payload = turn.inside(|| codec::encode(format, &value))?;
        self.met.bytes = payload.len();
        let is_wanted = !turn.is_void() && !spot.is_off && life != Some(Duration::ZERO);
        if is_wanted {
            let write = spot.sealed(&payload, life, unchanged(found.as_ref()))?;
            if self.write_computed(&spot, write, cleared, turn.watch()).await? {
                turn.land(Encoded { payload, codec: format.id() });
                return Ok(value);
            }
        }
        // Somebody was faster, or nothing is to be kept.
        let now = self.read(&spot).await?;
        let winner = match spot.judge(now.as_ref()) {
            Found::Live { payload, .. } => {
                turn.inside(|| codec::decode(format, payload)).ok().map(|winner| (winner, payload.to_vec()))
            }
            Found::Ended(..) | Found::Nothing(_) => None,
        };
        let (value, payload) = winner.unwrap_or((value, payload));
        turn.land(Encoded { payload, codec: format.id() });
        Ok(value)
    }

    /// Looks for the value, and for the word who computes it.
    async fn next<V: DeserializeOwned>(
        &mut self,
        spot: &Spot,
        flight: &Held<Key>,
        cleared: u64,
    ) -> Result<Next<V>, Error> {
        let landed = FLIGHTS.landed();
        let mut found = self.read(spot).await?;
        if let Some(value) = self.value(spot, found.as_ref()) {
            return Ok(Next::Give(value));
        }
        if spot.is_off {
            return Ok(Next::Compute(Turn::Free, None));
        }
        let aside = |side: Side<'static, Key, Arc<Encoded>>| Turn::Side(side).outside();
        let beside = || FLIGHTS.aside(flight, cleared).map_or(Turn::Free, aside);
        // Who leads may wait for this very thread.
        if spot.channel.turns.workers.is_here() {
            return Ok(Next::Compute(beside(), found));
        }
        let mut lead = match FLIGHTS.enter(flight, cleared, || spot.alias.join_timeout) {
            Entered::Lead(lead) => lead,
            Entered::Alone(side) => return Ok(Next::Compute(aside(side), found)),
            Entered::Busy => return Ok(Next::Compute(Turn::Free, found)),
            Entered::Wait(wait) => match ended(self.how, wait).await {
                Ended::Value(shared) => match self.shared(&shared) {
                    Some(value) => {
                        self.met.found(Outcome::Joined);
                        self.met.bytes = shared.payload.len();
                        return Ok(Next::Give(value));
                    }
                    // Who led asked for another type, or by an alias of another codec on the same store.
                    None => return Ok(Next::Compute(beside(), found)),
                },
                Ended::Lead(lead) | Ended::Deposed(lead) => lead,
                Ended::Failed(side) | Ended::Late(side) => return Ok(Next::Compute(aside(side), found)),
            },
        };
        if FLIGHTS.landed() != landed {
            lead.leave_thread();
            found = self.read(spot).await?;
            lead.enter_thread();
            // What is found is not landed; the next in line looks for itself.
            if let Some(value) = self.value(spot, found.as_ref()) {
                return Ok(Next::Give(value));
            }
        }
        Ok(Next::Compute(Turn::Lead(lead).outside(), found))
    }
}

impl Operation {
    /// The value that a leader shares, if it is one of this type and codec.
    fn shared<V: DeserializeOwned>(&self, shared: &Encoded) -> Option<V> {
        let format = self.format().ok().filter(|format| format.id() == shared.codec)?;
        codec::decode(format, &shared.payload).ok()
    }
}

impl Turn {
    /// Runs the closure's future, inside the flight whenever it is polled. It is dropped before the lead passes on.
    async fn run<T>(&mut self, compute: impl Future<Output = T>) -> T {
        let (mut compute, mut lap) = (pin!(compute), Lap::start());
        let value = std::future::poll_fn(|cx| {
            let back = lap.enter();
            let polled = self.inside(|| compute.as_mut().poll(cx));
            lap.leave(back);
            polled
        })
        .await;
        lap.end();
        value
    }

    /// Runs code of the user's while this thread is inside the flight, and in no other moment: a turn is carried over
    /// awaits, and its thread does other things meanwhile.
    fn inside<T>(&mut self, run: impl FnOnce() -> T) -> T {
        match self {
            Turn::Lead(lead) => lead.enter_thread(),
            Turn::Side(side) => side.enter_thread(),
            Turn::Free => {}
        }
        let result = run();
        self.leave_thread();
        result
    }

    /// As it begins: whoever was given it is inside.
    fn outside(mut self) -> Self {
        self.leave_thread();
        self
    }

    fn leave_thread(&mut self) {
        match self {
            Turn::Lead(lead) => lead.leave_thread(),
            Turn::Side(side) => side.leave_thread(),
            Turn::Free => {}
        }
    }

    /// Whether nobody has any use for this computation any more.
    fn is_void(&self) -> bool {
        match self {
            Turn::Lead(lead) => lead.is_void(),
            Turn::Side(side) => side.is_overtaken(),
            Turn::Free => false,
        }
    }

    /// For who writes the value: whether the entry was set or removed since it began.
    fn watch(&self) -> Option<Watch<Key, Arc<Encoded>>> {
        match self {
            Turn::Lead(lead) => Some(lead.watch()),
            Turn::Side(side) => Some(side.watch()),
            Turn::Free => None,
        }
    }

    /// Shares the value with who waited.
    fn land(self, value: Encoded) {
        if let Turn::Lead(lead) = self {
            let _ = lead.land(Arc::new(value), || ());
        }
    }
}

/// Waits for the leader, on this thread or polled.
async fn ended(how: How, mut wait: Box<Wait<'static, Key, Arc<Encoded>>>) -> Ended<'static, Key, Arc<Encoded>> {
    if how == How::Here {
        return block(&mut wait);
    }
    let mut alarm = None;
    std::future::poll_fn(|cx| match wait.look(cx.waker()) {
        Some(ended) => Poll::Ready(ended),
        None => {
            Alarm::keep(&mut alarm, wait.deadline(), cx.waker());
            Poll::Pending
        }
    })
    .await
}
