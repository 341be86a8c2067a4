//! What is asked of keys, in the words of the server.
//!
//! In: orders for one server. Out: their commands, in their order, as one pipeline; and what the answers say of each.
//!
//! Whoever changes something says so in the same breath: the message follows the change in the pipeline, or goes with it
//! in the script, so that who hears it finds the change done.

use std::collections::BTreeMap;

use cached_core::backend::{Bytes, Key, When, Write};
use redis::{Cmd, Pipeline, Value, cmd};

use super::fault::Why;
use super::message;
use crate::config::Config;
use crate::life::Life;

/// Compares the stamp, then changes and tells: `key`; `stamp value life channel message`. A life is a number of
/// milliseconds, nothing where there is no end, and 0 where there is nothing to keep.
const CHANGE_IF: &str = "if redis.call('GETRANGE',KEYS[1],0,15)~=ARGV[1] then return 0 end \
                         if ARGV[3]=='0' then redis.call('UNLINK',KEYS[1]) \
                         elseif ARGV[3]=='' then redis.call('SET',KEYS[1],ARGV[2]) \
                         else redis.call('SET',KEYS[1],ARGV[2],'PX',ARGV[3]) end \
                         redis.call('PUBLISH',ARGV[4],ARGV[5]) return 1";

/// One thing that is asked of one key.
pub(crate) enum Order {
    /// The value.
    Read(Key),
    /// To be stored.
    Store(Write),
    /// To be gone.
    Remove(Key, When),
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// What was read.
    Found(Option<Bytes>),
    /// Whether it was done.
    Done(bool),
}

/// An order that is not done yet, and where its answer goes.
pub(super) type Numbered = (usize, Order);

/// What an answer says.
pub(super) enum Answer {
    Told(Told),
    /// The key is on another server: its address, and whether for this once.
    Elsewhere {
        server: String,
        once: bool,
    },
}

/// The commands of some orders.
pub(super) struct Batch {
    pub(super) pipeline: Pipeline,
    /// Whose answer each of them gets.
    owners: Vec<Owner>,
    /// Only the beginning of a value is read, and of what is absent that is empty.
    is_bounded: bool,
}

#[derive(Clone, Copy)]
enum Owner {
    One(usize),
    /// All orders have one answer together.
    All,
    /// Only an error matters.
    Nobody,
}

impl Order {
    pub(super) fn key(&self) -> &Key {
        match self {
            Order::Read(key) | Order::Remove(key, _) => key,
            Order::Store(write) => &write.key,
        }
    }

    /// What nobody has to be asked for: what is not there cannot be removed.
    pub(super) fn foregone(&self) -> Option<Told> {
        matches!(self, Order::Remove(_, When::Absent)).then_some(Told::Done(false))
    }

    /// Whether it changes what others may hold, and does not say so itself. Nobody holds what was absent.
    fn is_untold(&self) -> bool {
        match self {
            Order::Read(_) => false,
            Order::Store(write) => write.when == When::Always,
            Order::Remove(_, when) => *when == When::Always,
        }
    }

    fn command(&self, teller: &str, longest: Option<usize>) -> Cmd {
        match self {
            Order::Read(key) => read(key, longest),
            Order::Store(write) => store(write, teller),
            Order::Remove(key, When::Stamp(stamp)) => change_if(key, stamp, b"", "0", teller),
            Order::Remove(key, _) => of_key("UNLINK", key),
        }
    }
}

/// One byte more than the longest, so that what is longer is not taken for a whole value.
fn read(key: &Key, longest: Option<usize>) -> Cmd {
    let Some(longest) = longest else { return of_key("GET", key) };
    let mut command = of_key("GETRANGE", key);
    command.arg(0).arg(longest);
    command
}

fn of_key(name: &str, key: &Key) -> Cmd {
    let mut command = cmd(name);
    command.arg(&**key);
    command
}

fn store(write: &Write, teller: &str) -> Cmd {
    let (key, bytes) = (&write.key, &write.bytes[..]);
    let life = Life::of(write.ttl);
    match (write.when, life) {
        (When::Stamp(stamp), Life::Endless) => change_if(key, &stamp, bytes, "", teller),
        (When::Stamp(stamp), Life::Over) => change_if(key, &stamp, b"", "0", teller),
        (When::Stamp(stamp), Life::Millis(millis)) => change_if(key, &stamp, bytes, &millis.to_string(), teller),
        (When::Always, Life::Over) => of_key("UNLINK", key),
        (When::Absent, Life::Over) => of_key("EXISTS", key),
        (when, life) => {
            let mut command = Cmd::with_capacity(6, bytes.len() + key.len() + 32);
            command.arg("SET").arg(&**key).arg(bytes);
            if when == When::Absent {
                command.arg("NX");
            }
            if let Life::Millis(millis) = life {
                command.arg("PX").arg(millis);
            }
            command
        }
    }
}

fn change_if(key: &Key, stamp: &[u8], bytes: &[u8], life: &str, teller: &str) -> Cmd {
    let mut command = cmd("EVAL");
    command.arg(CHANGE_IF).arg(1).arg(&**key).arg(stamp).arg(bytes).arg(life);
    command.arg(message::channel(key)).arg(message::changed(teller, [&**key]));
    command
}

impl Batch {
    /// `teller` is whose changes these are. A server that has every key is asked for all values at once; one that has a
    /// slot on its way here has to be told, before each command, that we know.
    pub(super) fn of(orders: &[Numbered], teller: &str, config: &Config, on_its_way: bool) -> Self {
        let owners = Vec::with_capacity(orders.len() + 1);
        let mut batch = Self { pipeline: redis::pipe(), owners, is_bounded: config.longest.is_some() };
        let are_reads = orders.iter().all(|(_, order)| matches!(order, Order::Read(_)));
        if !config.is_cluster && are_reads && orders.len() > 1 {
            let mut command = cmd("MGET");
            for (_, order) in orders {
                command.arg(&**order.key());
            }
            batch.add(command, Owner::All);
            return batch;
        }
        let mut untold: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (place, (_, order)) in orders.iter().enumerate() {
            if on_its_way {
                batch.add(cmd("ASKING"), Owner::Nobody);
            }
            batch.add(order.command(teller, config.longest), Owner::One(place));
            if order.is_untold() {
                untold.entry(message::channel(order.key())).or_default().push(order.key());
            }
        }
        for (channel, keys) in untold {
            for keys in keys.chunks(message::KEYS) {
                batch.add(tell(&channel, &message::changed(teller, keys.iter().copied())), Owner::Nobody);
            }
        }
        batch
    }

    fn add(&mut self, command: Cmd, owner: Owner) {
        self.pipeline.add_command(command);
        self.owners.push(owner);
    }

    /// What the answers say of each of the orders, in their order. One error among them is the error of all.
    pub(super) fn read(&self, orders: &[Numbered], values: Vec<Value>) -> Result<Vec<Answer>, Why> {
        if values.len() != self.owners.len() {
            return Err(Why::Strange);
        }
        let mut answers = Vec::with_capacity(orders.len());
        for (owner, value) in self.owners.iter().zip(values) {
            match (owner, value) {
                (Owner::One(_), Value::ServerError(error)) => {
                    answers.push(elsewhere(&error).ok_or_else(|| Why::refused(&error))?);
                }
                (_, Value::ServerError(error)) => return Err(Why::refused(&error)),
                (Owner::Nobody, _) => {}
                (Owner::One(place), value) => answers.push(Answer::Told(self.told(&orders[*place].1, value)?)),
                (Owner::All, Value::Array(values)) if values.len() == orders.len() => {
                    for value in values {
                        answers.push(Answer::Told(Told::Found(found(value)?)));
                    }
                }
                (Owner::All, _) => return Err(Why::Strange),
            }
        }
        Ok(answers)
    }

    fn told(&self, order: &Order, value: Value) -> Result<Told, Why> {
        let done = match (order, value) {
            // No value of ours is empty.
            (Order::Read(_), Value::BulkString(part)) if self.is_bounded && part.is_empty() => {
                return Ok(Told::Found(None));
            }
            (Order::Read(_), value) => return found(value).map(Told::Found),
            // `SET` says OK, or nothing where it was not met.
            (Order::Store(_), Value::Okay) => true,
            (Order::Store(_), Value::Nil) => false,
            // What has no life is removed in any case, or only has to be absent.
            (Order::Store(write), Value::Int(count)) => match write.when {
                When::Always => true,
                When::Absent => count == 0,
                When::Stamp(_) => count == 1,
            },
            (Order::Remove(..), Value::Int(count)) => count > 0,
            _ => return Err(Why::Strange),
        };
        Ok(Told::Done(done))
    }
}

/// The command that says something to whoever listens.
pub(super) fn tell(channel: &str, message: &str) -> Cmd {
    let mut command = cmd("PUBLISH");
    command.arg(channel).arg(message);
    command
}

fn elsewhere(error: &redis::ServerError) -> Option<Answer> {
    let once = match error.code() {
        "MOVED" => false,
        "ASK" => true,
        _ => return None,
    };
    // `slot host:port`
    let server = error.details()?.split_ascii_whitespace().nth(1)?.to_owned();
    Some(Answer::Elsewhere { server, once })
}

fn found(value: Value) -> Result<Option<Bytes>, Why> {
    match value {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => Ok(Some(bytes.into())),
        _ => Err(Why::Strange),
    }
}
