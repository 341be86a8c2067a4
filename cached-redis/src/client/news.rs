//! What others change.
//!
//! In: who listens, and to what. Out: the changes of others, over a connection of its own; and when they cannot be heard,
//! and when again. A connection that only looks alive is noticed within a second: silence is answered with a question.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cached_core::backend::{Key, Listener, News};
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use redis::aio::{PubSubSink, PubSubStream};
use redis::{Msg, RedisConnectionInfo, RedisError};
use tokio::sync::{Notify, oneshot};
use tokio::time::{sleep, timeout};

use super::link::client;
use super::message::{self, Message};
use super::nodes::Nodes;
use crate::location::Address;

/// After so much silence the server is asked whether it is there, and has so long to say so.
const SILENCE: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_millis(400);

/// How long is waited between attempts to connect, at first and at last.
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Who listens, and to which keys.
pub(super) struct Ear {
    pub(super) prefix: String,
    pub(super) listener: Listener,
    /// It joined in the process that this one was forked from.
    pub(super) was_forked: bool,
}

/// All who listen to one backend.
#[derive(Default)]
pub(super) struct Ears {
    all: Mutex<Vec<Arc<Ear>>>,
    joined: Notify,
}

/// A connection for news, and who hears by it.
struct Line {
    sink: PubSubSink,
    stream: PubSubStream,
    hearing: Vec<Arc<Ear>>,
}

/// How a wait for news ended.
enum Heard {
    News(Msg),
    /// Somebody has joined.
    Joined,
    Silence,
    Lost,
}

impl Ears {
    pub(super) fn of(all: Vec<Arc<Ear>>) -> Self {
        Self { all: Mutex::new(all), joined: Notify::new() }
    }

    pub(super) fn join(&self, ear: Arc<Ear>) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(ear);
        self.joined.notify_one();
    }

    /// Those who joined after the first `known` did.
    fn after(&self, known: usize) -> Vec<Arc<Ear>> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(known..).unwrap_or_default().to_vec()
    }
}

impl Ear {
    fn tell(&self, news: News<'_>) {
        // What a listener does is its own; news go on for the others.
        let _ = catch_unwind(AssertUnwindSafe(|| (self.listener)(news)));
    }

    /// Tells what a message says of the keys that are listened to.
    fn told(&self, message: &Message<'_>) {
        let prefix = self.prefix.as_str();
        match message {
            Message::Changed(keys) => {
                let keys: Vec<Key> =
                    keys.iter().filter(|key| key.starts_with(prefix)).map(|key| Key::from(*key)).collect();
                if !keys.is_empty() {
                    self.tell(News::Changed(&keys));
                }
            }
            Message::Cleared(cleared) if cleared.starts_with(prefix) || prefix.starts_with(cleared) => {
                self.tell(News::Cleared(cleared));
            }
            Message::Cleared(_) => {}
            Message::Unknown => self.tell(News::Cleared(prefix)),
        }
    }
}

/// Listens until the other end of `ended` is dropped. `own` is whose changes are no news.
pub(super) async fn listen(nodes: Arc<Nodes>, ears: Arc<Ears>, own: String, ended: oneshot::Receiver<()>) {
    // Those of a parent process have heard nothing since the fork.
    ears.after(0).iter().filter(|ear| ear.was_forked).for_each(|ear| ear.tell(News::Lost));
    let mut line = None;
    // It never ends by itself; when it is dropped, the line is left.
    drop(select(Box::pin(hear(&nodes, &ears, &own, &mut line)), ended).await);
    lose(line);
}

/// Connects, and connects again. Never ends.
async fn hear(nodes: &Nodes, ears: &Ears, own: &str, line: &mut Option<Line>) {
    let mut pause = PAUSE;
    for attempt in 0_usize.. {
        let known = nodes.known();
        let limit = nodes.config.connect_timeout;
        let server = &known[attempt % known.len()];
        if let Ok(Ok(opened)) = timeout(limit, Line::open(nodes, server, ears)).await {
            pause = PAUSE;
            let opened = line.insert(opened);
            opened.hearing.iter().for_each(|ear| ear.tell(News::Heard));
            opened.listen(ears, own).await;
            lose(line.take());
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Closes a line, and says so.
fn lose(line: Option<Line>) {
    let Some(Line { hearing, .. }) = line else { return };
    hearing.iter().for_each(|ear| ear.tell(News::Lost));
}

impl Line {
    async fn open(nodes: &Nodes, server: &Address, ears: &Ears) -> Result<Self, RedisError> {
        let mut settings = RedisConnectionInfo::default().set_db(i64::from(nodes.config.database));
        if let Some(username) = &nodes.config.username {
            settings = settings.set_username(username);
        }
        if let Some(password) = &nodes.config.password {
            settings = settings.set_password(&password.0);
        }
        let client = client(server, &nodes.config, settings)?;
        let (sink, stream) = client.get_async_pubsub().await?.split();
        let mut line = Self { sink, stream, hearing: Vec::new() };
        line.subscribe(ears.after(0)).await?;
        Ok(line)
    }

    /// Hears what is said on the channels of some who joined.
    async fn subscribe(&mut self, joined: Vec<Arc<Ear>>) -> Result<(), RedisError> {
        for ear in &joined {
            match message::channels(&ear.prefix) {
                Some(channels) => self.sink.subscribe(&channels).await?,
                None => self.sink.psubscribe(message::EVERY).await?,
            }
        }
        self.hearing.extend(joined);
        Ok(())
    }

    /// Ends when the connection does, or does not answer.
    async fn listen(&mut self, ears: &Ears, own: &str) {
        loop {
            match self.next(ears).await {
                Heard::News(message) => self.tell(&message, own),
                Heard::Joined => {
                    let joined = ears.after(self.hearing.len());
                    let known = self.hearing.len();
                    match timeout(PATIENCE, self.subscribe(joined)).await {
                        Ok(Ok(())) => self.hearing[known..].iter().for_each(|ear| ear.tell(News::Heard)),
                        _ => return,
                    }
                }
                Heard::Silence => match timeout(PATIENCE, self.sink.ping::<redis::Value>()).await {
                    Ok(Ok(_)) => {}
                    _ => return,
                },
                Heard::Lost => return,
            }
        }
    }

    async fn next(&mut self, ears: &Ears) -> Heard {
        let joined = pin!(ears.joined.notified());
        let either = select(self.stream.next(), joined);
        match timeout(SILENCE, either).await {
            Ok(Either::Left((Some(message), _))) => Heard::News(message),
            Ok(Either::Left((None, _))) => Heard::Lost,
            Ok(Either::Right(_)) => Heard::Joined,
            Err(_) => Heard::Silence,
        }
    }

    fn tell(&self, message: &Msg, own: &str) {
        let text: Result<Vec<u8>, _> = message.get_payload();
        let text = text.ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
        let Some(said) = message::read(own, &text) else { return };
        // What comes by a channel and by the pattern comes twice. Each hears by its own way.
        let is_meant = |ear: &&Arc<Ear>| message.from_pattern() == message::channels(&ear.prefix).is_none();
        self.hearing.iter().filter(is_meant).for_each(|ear| ear.told(&said));
    }
}
