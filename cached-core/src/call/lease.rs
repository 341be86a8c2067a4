//! One computation per key across processes: whoever holds the lease of an entry computes, the others wait for it.
//!
//! In: a leader of this process. Out: the lease, or word that another process brought something. A lease is a key of its
//! own on the backend, written where there is none, and it ends by itself: who dies holding it costs the others a wait.
//! The idea is that of the leases of Nishtala et al., *Scaling Memcache at Facebook* (NSDI 2013).

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::{Call, Remote, Step, Turn};
use crate::backend::{Backend as _, Bytes, Key, When, Write};
use crate::bounded::{self, Answer};
use crate::clock::{self, Alarm};
use crate::codec;
use crate::error::Error;
use crate::flight::Lead;
use crate::key::{OwnedKey, Value};
use crate::memo::Shared;
use crate::process;
use crate::store::{Channel, How, LEASE, unchanged};
use crate::workers::Purpose;

/// The first pause between two looks at a lease that another holds; each is twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(40);

/// What came of asking for a lease.
pub(super) enum Taken {
    /// It is ours.
    Mine(Lease),
    /// Another process wrote the entry: it is to be read again.
    Changed,
    /// Another process computes, and there is something to give meanwhile.
    Others,
    /// Another process took too long.
    Late,
}

/// The lease of one entry. Dropped, it is given back.
pub(super) struct Lease {
    channel: Arc<Channel>,
    key: Key,
    /// By what it is told from another's; none, if it turned out to be another's.
    token: Option<When>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(token) = self.token else { return };
        let (channel, key) = (Arc::clone(&self.channel), Arc::clone(&self.key));
        // Nobody waits for the answer: a lease that cannot be given back ends by itself.
        let workers = Arc::clone(&channel.turns.workers);
        let _ = workers.submit(Purpose::Write(0), (), move |()| {
            let _ = bounded::wait(channel.op_timeout, || channel.backend.delete_many(vec![(key, token)]));
        });
    }
}

/// Asks for the lease of an entry. Whoever may not wait is told at
/// once that another holds it; others wait at most `patience`, which is also how long the lease lives.
fn take(how: How, remote: &Remote, patience: Duration, may_wait: bool) -> Answer<Taken> {
    let (channel, address, before) = (Arc::clone(&remote.channel), &remote.address, remote.when);
    let (entry, key) = (Arc::clone(&address.key), Key::from(format!("{}{LEASE}", address.key)));
    let bytes = codec::tombstone(&address.mark, process::stamp(), clock::wall());
    let end = clock::after(clock::now(), patience);
    Box::pin(async move {
        let mut pause = PAUSE;
        loop {
            let keys = [Arc::clone(&entry), Arc::clone(&key)];
            let found = channel.ask(how, move |channel| channel.backend.get_many(&keys), |found| found).await?;
            let [now, held] = [0, 1].map(|place| found.get(place).and_then(Option::as_ref));
            if unchanged(now) != before {
                return Ok(Taken::Changed);
            }
            // Before it is asked for: a caller who is dropped meanwhile gives it back.
            let token = Some(unchanged(Some(&bytes)));
            let mut lease = Lease { channel: Arc::clone(&channel), key: Arc::clone(&key), token };
            if held.is_none() && lend(&channel, how, &key, &bytes, patience).await? {
                // Between the look and the lease another may have had it, computed, and given it back.
                let now = channel.read_key(how, Arc::clone(&entry)).await?;
                return Ok(if unchanged(now.as_ref()) == before { Taken::Mine(lease) } else { Taken::Changed });
            }
            lease.token = None;
            drop(lease);
            if !may_wait {
                return Ok(Taken::Others);
            }
            if clock::now() >= end {
                return Ok(Taken::Late);
            }
            sleep(pause.min(clock::until(end))).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    })
}

async fn lend(channel: &Arc<Channel>, how: How, key: &Key, bytes: &Bytes, life: Duration) -> Result<bool, Error> {
    let write = Write::new(Arc::clone(key), Arc::clone(bytes), Some(life), When::Absent);
    channel.ask(how, move |channel| channel.backend.set_many(vec![write]), |stored| stored == [true]).await
}

async fn sleep(time: Duration) {
    let (end, mut alarm) = (clock::after(clock::now(), time), None);
    poll_fn(|cx| {
        if clock::now() >= end {
            return Poll::Ready(());
        }
        Alarm::keep(&mut alarm, end, cx.waker());
        Poll::Pending
    })
    .await;
}

impl<K: OwnedKey, V: Value> Call<K, V> {
    /// Computes for all of this process; if no other process may compute meanwhile, once it has the lease.
    pub(super) fn compute_leased(&self, lead: Lead<'static, K, Shared<V>>) -> Step<K, V> {
        match &self.remote {
            Some(_) if self.route.flight.is_distributed() && self.lease.is_none() => Step::Lease(lead),
            _ => Step::Compute(Turn::Lead(lead)),
        }
    }

    pub(super) fn take_lease(&self, how: How) -> Answer<Taken> {
        let Some(remote) = &self.remote else { return Box::pin(std::future::ready(Ok(Taken::Late))) };
        let may_wait = !self.old.as_ref().is_some_and(|old| old.is_within(self.route.lives.stale));
        let patience = self.memo.patience(&self.route);
        take(how, remote, patience, may_wait)
    }

    pub(super) fn was_leased(&mut self, lead: Lead<'static, K, Shared<V>>, taken: Result<Taken, Error>) -> Step<K, V> {
        match taken {
            Ok(Taken::Mine(lease)) => self.lease = Some(lease),
            Ok(Taken::Changed) => {
                self.asked = clock::now();
                return Step::Read(Some(lead));
            }
            Ok(Taken::Others) => {
                let stale = self.route.lives.stale;
                return self.give_old(stale).unwrap_or(Step::Compute(Turn::Lead(lead)));
            }
            Ok(Taken::Late) => self.counters.add(crate::stats::Count::WaitsEnded, 1),
            // Without the backend every process is on its own.
            Err(error) => self.memo.site.fault(&error),
        }
        Step::Compute(Turn::Lead(lead))
    }
}
