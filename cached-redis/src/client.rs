//! Entries on servers. This room alone names the driver.
//!
//! In: orders on keys, from any thread. Out: what the servers say, when it comes. Everything that has a connection lives
//! on an I/O thread; what comes here is a question, and what goes is its answer.
//!
//! Connections belong to one process. A forked child finds the state of its parent, leaves it alone, and makes its own.

mod clear;
mod commands;
mod count;
mod fault;
mod link;
mod message;
mod news;
mod nodes;
mod shared;
mod slots;
mod tls;

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use std::{mem, process};

use cached_core::backend::Listener;
use once_cell::race::OnceBox;
use tokio::sync::oneshot;
use tokio::time::timeout;

pub(crate) use self::commands::{Order, Told};
pub(crate) use self::fault::{Fault, Why};

use self::count::Count;
use self::news::{Ear, Ears};
use self::nodes::{Nodes, after};
use crate::config::Config;
use crate::io::{self, Coming, Purpose};

/// An answer that comes; an error if nobody can give it any more.
pub(crate) type Asked<T> = Result<Coming<Result<T, Fault>>, Fault>;

/// The servers of one backend, as seen from any thread.
pub(crate) struct Client {
    config: Arc<Config>,
    first: OnceBox<Here>,
    /// All who listen; children listen for them too.
    ears: RwLock<Vec<Arc<Ear>>>,
}

/// What belongs to one process.
struct Here {
    pid: u32,
    /// Only gone while it is dropped.
    state: Option<Arc<State>>,
    of_child: OnceBox<Here>,
}

/// The connections of one process.
struct State {
    /// Whose changes are no news: a number that nobody else has.
    teller: String,
    nodes: Arc<Nodes>,
    count: Arc<Count>,
    listening: Mutex<Option<Listening>>,
}

/// Dropping it ends the listening.
struct Listening {
    ears: Arc<Ears>,
    _end: oneshot::Sender<()>,
}

impl Client {
    /// Opens nothing.
    pub(crate) fn new(config: Config) -> Self {
        Self { config: Arc::new(config), first: OnceBox::new(), ears: RwLock::default() }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Whether anything was asked of it, by this process or one that it was forked from.
    pub(crate) fn is_used(&self) -> bool {
        self.first.get().is_some()
    }

    /// Asks for what becomes of each of the orders. The exchange goes on when nobody waits for the answer any more.
    pub(crate) fn ask(&self, orders: Vec<Order>) -> Asked<Vec<Told>> {
        let until = after(self.config.op_timeout);
        self.run(|state| async move { state.nodes.ask(orders, &state.teller, until).await })
    }

    /// Removes every key that begins with `prefix`.
    pub(crate) fn clear(&self, prefix: &str) -> Asked<()> {
        let prefix = prefix.to_owned();
        self.run(|state| async move { clear::clear(&state.nodes, &prefix, &state.teller).await })
    }

    /// Has `listener` told of changes, for as long as the client lives or until it is closed.
    pub(crate) fn subscribe(&self, prefix: &str, listener: Listener) {
        let ear = Arc::new(Ear { prefix: prefix.to_owned(), listener, was_forked: false });
        let state = self.here();
        self.ears.write().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&ear));
        state.listen(vec![ear]);
    }

    /// Ends all connections once no exchange is under way, or after `deadline`. Who asks then connects again; nothing
    /// is heard any more.
    pub(crate) fn close(&self, deadline: Duration) -> Coming<Result<(), Fault>> {
        let state = Arc::clone(self.here());
        self.ears.write().unwrap_or_else(PoisonError::into_inner).clear();
        io::run(Purpose::Asking, async move {
            let waited = timeout(deadline, state.count.none()).await;
            let listening = state.listening().take();
            drop(listening);
            state.nodes.close();
            let late = Why::Late { what: "what is under way did not end", limit: deadline };
            waited.map_err(|_| Fault { at: None, why: late })
        })
    }

    fn run<T, F>(&self, ask: impl FnOnce(Arc<State>) -> F) -> Asked<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Fault>> + Send + 'static,
    {
        let state = self.here();
        let Some(turn) = state.count.begin() else {
            return Err(Fault { at: None, why: Why::Crowded(count::MOST) });
        };
        let asked = ask(Arc::clone(state));
        Ok(io::run(Purpose::Asking, async move {
            let _turn = turn;
            asked.await
        }))
    }

    /// What belongs to this process. In a child that finds its parent's, listening begins again.
    fn here(&self) -> &Arc<State> {
        let pid = process::id();
        let mut here = self.first.get_or_init(|| Here::new(pid, &self.config, Vec::new()));
        while here.pid != pid {
            here = here.of_child.get_or_init(|| {
                // Held only by who subscribed in the moment of the fork; nobody would ever give it back.
                let ears = self.ears.try_read().map(|ears| ears.clone()).unwrap_or_default();
                Here::new(pid, &self.config, ears)
            });
        }
        here.state.as_ref().unwrap_or_else(|| unreachable!("it is there until it is dropped"))
    }
}

impl Here {
    fn new(pid: u32, config: &Arc<Config>, ears: Vec<Arc<Ear>>) -> Box<Self> {
        let state = State::new(pid, config);
        let forked = |ear: &Arc<Ear>| {
            Arc::new(Ear { prefix: ear.prefix.clone(), listener: Arc::clone(&ear.listener), was_forked: true })
        };
        if !ears.is_empty() {
            state.listen(ears.iter().map(forked).collect());
        }
        Box::new(Self { pid, state: Some(Arc::new(state)), of_child: OnceBox::new() })
    }
}

/// What is found of a parent is left as it is: its connections belong to a thread that is not here, and perhaps in the
/// middle of something.
impl Drop for Here {
    fn drop(&mut self) {
        if self.pid != process::id() {
            mem::forget(self.state.take());
        }
    }
}

impl State {
    fn new(pid: u32, config: &Arc<Config>) -> Self {
        let drawn = RandomState::new().hash_one((pid, SystemTime::now()));
        Self {
            teller: format!("{drawn:016x}"),
            nodes: Nodes::new(Arc::clone(config)),
            count: Arc::default(),
            listening: Mutex::default(),
        }
    }

    fn listen(&self, ears: Vec<Arc<Ear>>) {
        let mut listening = self.listening();
        if let Some(Listening { ears: all, .. }) = &*listening {
            ears.into_iter().for_each(|ear| all.join(ear));
            return;
        }
        let ears = Arc::new(Ears::of(ears));
        let (end, ended) = oneshot::channel();
        let listen = news::listen(Arc::clone(&self.nodes), Arc::clone(&ears), self.teller.clone(), ended);
        drop(io::run(Purpose::Hearing, listen));
        *listening = Some(Listening { ears, _end: end });
    }

    fn listening(&self) -> MutexGuard<'_, Option<Listening>> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
