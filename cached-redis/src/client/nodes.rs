//! One server, or all of a cluster, as one place.
//!
//! In: orders on any keys. Out: what became of each. Every server is asked once, and all at the same time; what a server
//! of a cluster does not have is asked of the one it names. Nothing else is asked twice.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{join_all, select_ok};
use redis::{Pipeline, Value};
use tokio::time::Instant;

use super::commands::{Answer, Batch, Numbered, Order, Told};
use super::fault::{Fault, Why};
use super::link::{Link, error_in};
use super::shared::Shared;
use super::slots::{Slots, named};
use crate::config::Config;
use crate::location::Address;

/// How often an order is passed on: a slot that is moved twice meanwhile is a cluster in trouble.
const HOPS: usize = 3;

/// The servers of one backend.
pub(super) struct Nodes {
    pub(super) config: Arc<Config>,
    links: Mutex<HashMap<Address, Arc<Link>>>,
    /// Of a cluster: who has what, once it is known.
    slots: Mutex<Option<Slots>>,
    first_look: Arc<Shared<(), Fault>>,
    is_looking: AtomicBool,
}

/// The orders for one server.
struct Part {
    link: Arc<Link>,
    /// The slot is on its way to this server: it has to be told that we know.
    on_its_way: bool,
    orders: Vec<Numbered>,
}

/// While it lives, nobody else has the servers asked who has what.
struct Looking(Arc<Nodes>);

impl Drop for Looking {
    fn drop(&mut self) {
        self.0.is_looking.store(false, Ordering::Release);
    }
}

impl Nodes {
    pub(super) fn new(config: Arc<Config>) -> Arc<Self> {
        let (links, slots) = (Mutex::default(), Mutex::new(None));
        Arc::new(Self { config, links, slots, first_look: Shared::new(), is_looking: AtomicBool::new(false) })
    }

    /// What becomes of each of the orders, in their order. `teller` is who changes what they change.
    pub(super) async fn ask(
        self: &Arc<Self>,
        orders: Vec<Order>,
        teller: &str,
        until: Instant,
    ) -> Result<Vec<Told>, Fault> {
        let mut told = vec![Told::Done(false); orders.len()];
        let mut parts = self.parts(orders, &mut told).await?;
        for _ in 0..=HOPS {
            let asked = join_all(parts.into_iter().map(|part| self.ask_one(part, teller, until))).await;
            parts = Vec::new();
            for answers in asked {
                let (part, answers) = answers?;
                for ((number, order), answer) in part.orders.into_iter().zip(answers) {
                    match answer {
                        Answer::Told(said) => told[number] = said,
                        Answer::Elsewhere { server, once } => {
                            let to = self.elsewhere(&part.link, &server, once, &order)?;
                            join(&mut parts, &to, once, (number, order));
                        }
                    }
                }
            }
            if parts.is_empty() {
                return Ok(told);
            }
        }
        Err(Fault { at: None, why: Why::of_code("ASK", "") })
    }

    /// One server's share.
    async fn ask_one(self: &Arc<Self>, part: Part, teller: &str, until: Instant) -> Result<(Part, Vec<Answer>), Fault> {
        let batch = Batch::of(&part.orders, teller, &self.config, part.on_its_way);
        let values = part.link.ask(&batch.pipeline, until).await.inspect_err(|_| self.look_again())?;
        match batch.read(&part.orders, values) {
            Ok(answers) => Ok((part, answers)),
            Err(why) => {
                // It was a primary: whoever has its name now is asked next.
                if why.is_of_replica() {
                    part.link.close();
                }
                Err(Fault::at(&part.link.address, why))
            }
        }
    }

    /// Who has to be asked for what. What nobody has to be asked for is told here.
    async fn parts(self: &Arc<Self>, orders: Vec<Order>, told: &mut [Told]) -> Result<Vec<Part>, Fault> {
        let numbered: Vec<_> = orders.into_iter().enumerate().collect();
        let mut parts = Vec::new();
        if self.config.is_cluster {
            self.know().await?;
        }
        for (number, order) in numbered {
            match order.foregone() {
                Some(said) => told[number] = said,
                None => join(&mut parts, &self.owner(order.key()), false, (number, order)),
            }
        }
        Ok(parts)
    }

    /// The server to ask for a key. Where none is known to have it, any knows better.
    fn owner(&self, key: &str) -> Arc<Link> {
        let known = self.slots().as_ref().and_then(|slots| slots.owner(key).cloned());
        self.link(known.as_ref().unwrap_or(&self.config.servers[0]))
    }

    fn elsewhere(self: &Arc<Self>, from: &Link, server: &str, once: bool, order: &Order) -> Result<Arc<Link>, Fault> {
        if !self.config.is_cluster {
            return Err(Fault::at(&from.address, Why::of_code(if once { "ASK" } else { "MOVED" }, "")));
        }
        let to = named(server, &from.address).ok_or_else(|| Fault::at(&from.address, Why::Strange))?;
        if !once {
            if let Some(slots) = &mut *self.slots() {
                slots.moved(order.key(), &to);
            }
            self.look_again();
        }
        Ok(self.link(&to))
    }

    /// Every server that has keys of its own, as the servers say now.
    pub(super) async fn owners(self: &Arc<Self>) -> Result<Vec<Arc<Link>>, Fault> {
        if !self.config.is_cluster {
            return Ok(vec![self.link(&self.config.servers[0])]);
        }
        let slots = self.look().await?;
        let owners = slots.owners();
        *self.slots() = Some(slots);
        Ok(owners.iter().map(|owner| self.link(owner)).collect())
    }

    /// All servers that are known.
    pub(super) fn known(&self) -> Vec<Address> {
        let mut known = self.slots().as_ref().map_or_else(Vec::new, Slots::owners);
        known.extend(self.config.servers.iter().filter(|server| !known.contains(server)).cloned().collect::<Vec<_>>());
        known
    }

    /// Gives all connections up.
    pub(super) fn close(&self) {
        let links = std::mem::take(&mut *self.links());
        links.values().for_each(|link| link.close());
    }

    /// Returns once it is known who has what.
    async fn know(self: &Arc<Self>) -> Result<(), Fault> {
        if self.slots().is_some() {
            return Ok(());
        }
        let nodes = Arc::clone(self);
        let look = || async move {
            let slots = nodes.look().await?;
            *nodes.slots() = Some(slots);
            Ok(())
        };
        self.first_look.get(look).await.unwrap_or(Err(Fault { at: None, why: Why::Lost }))
    }

    /// Has the servers asked who has what now; what is known is used meanwhile.
    fn look_again(self: &Arc<Self>) {
        if !self.config.is_cluster || self.is_looking.swap(true, Ordering::AcqRel) {
            return;
        }
        let looking = Looking(Arc::clone(self));
        tokio::spawn(async move {
            // Where nobody answers, the next fault has it tried again.
            if let Ok(slots) = looking.0.look().await {
                *looking.0.slots() = Some(slots);
            }
        });
    }

    /// Asks all servers who has what, and takes the first answer.
    async fn look(self: &Arc<Self>) -> Result<Slots, Fault> {
        let mut question = Pipeline::new();
        question.cmd("CLUSTER").arg("SLOTS");
        let until = after(self.config.connect_timeout.saturating_add(self.config.op_timeout));
        let ask = |address: Address| {
            let (link, question) = (self.link(&address), &question);
            Box::pin(async move {
                let values = link.ask(question, until).await?;
                let fault = |why| Fault::at(&link.address, why);
                let value = values.first().ok_or_else(|| fault(Why::Strange))?;
                if let Some(why) = error_in(value) {
                    return Err(fault(why));
                }
                Slots::read(value, &link.address).ok_or_else(|| fault(Why::Strange))
            })
        };
        select_ok(self.known().into_iter().map(ask)).await.map(|(slots, _)| slots)
    }

    pub(super) fn link(&self, address: &Address) -> Arc<Link> {
        let mut links = self.links();
        if let Some(link) = links.get(address) {
            return Arc::clone(link);
        }
        let link = Arc::new(Link::new(address.clone(), Arc::clone(&self.config)));
        links.insert(address.clone(), Arc::clone(&link));
        link
    }

    fn links(&self) -> MutexGuard<'_, HashMap<Address, Arc<Link>>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slots(&self) -> MutexGuard<'_, Option<Slots>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A moment so far from now; one that no clock reaches is a day.
pub(super) fn after(time: std::time::Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time).unwrap_or(now + std::time::Duration::from_secs(86_400))
}

/// Adds an order to the part of its server.
fn join(parts: &mut Vec<Part>, link: &Arc<Link>, on_its_way: bool, order: Numbered) {
    let is_same = |part: &&mut Part| Arc::ptr_eq(&part.link, link) && part.on_its_way == on_its_way;
    match parts.iter_mut().find(is_same) {
        Some(part) => part.orders.push(order),
        None => parts.push(Part { link: Arc::clone(link), on_its_way, orders: vec![order] }),
    }
}

/// One command, and its answer.
pub(super) async fn one(link: &Link, command: redis::Cmd, until: Instant) -> Result<Value, Fault> {
    let mut pipeline = Pipeline::new();
    pipeline.add_command(command);
    let values = link.ask(&pipeline, until).await?;
    let value = values.into_iter().next().ok_or_else(|| Fault::at(&link.address, Why::Strange))?;
    match error_in(&value) {
        Some(why) => Err(Fault::at(&link.address, why)),
        None => Ok(value),
    }
}
