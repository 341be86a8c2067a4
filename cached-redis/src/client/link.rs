//! One server's connection.
//!
//! In: commands. Out: the server's answers, or what went wrong. A connection is made when it is first needed, by one
//! attempt for all who need it, and given up when it breaks or stays silent. Nothing is asked twice.
//!
//! All exchanges go over one connection at the same time. The driver matches answers by their order: an exchange that
//! timed out keeps its place in the queue, so that an answer which comes after all is dropped there and reaches nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo as _, Pipeline, RedisConnectionInfo, RedisError,
    RedisResult, Value,
};
use tokio::time::{Instant, timeout, timeout_at};

use super::fault::{Fault, Why};
use super::shared::Shared;
use crate::config::Config;
use crate::location::Address;

/// How our connections are called in the server's `CLIENT LIST`.
const NAME: &str = "cached-redis";

/// So many commands wait for the socket before those who ask have to wait.
const QUEUE: usize = 1_024;

/// How long after its time-out the system may go on sending what the server has not acknowledged.
#[cfg(target_os = "linux")]
const LINGERING: Duration = Duration::from_secs(1);

/// The way to one server.
pub(super) struct Link {
    pub(super) address: Address,
    config: Arc<Config>,
    open: Arc<Shared<Open, Why>>,
}

/// A connection, and how much has been answered on it.
#[derive(Clone)]
struct Open {
    connection: MultiplexedConnection,
    answers: Arc<AtomicU64>,
}

impl Link {
    /// Opens nothing.
    pub(super) fn new(address: Address, config: Arc<Config>) -> Self {
        Self { address, config, open: Shared::new() }
    }

    /// Sends commands in one go, and gives all their answers; error replies are among them. What could not be sent
    /// before `until` is not sent: nobody waits for it any more.
    pub(super) async fn ask(&self, pipeline: &Pipeline, until: Instant) -> Result<Vec<Value>, Fault> {
        let fault = |why| Fault::at(&self.address, why);
        let late = || Why::Late { what: "not sent", limit: self.config.op_timeout };
        let open = timeout_at(until, self.open()).await.map_err(|_| fault(late()))?.map_err(fault)?;
        // A connection that is there is given whatever the time.
        if Instant::now() >= until {
            return Err(fault(late()));
        }
        let sent_at = open.answers.load(Ordering::Relaxed);
        let mut connection = open.connection.clone();
        match connection.send_packed_commands(pipeline, 0, pipeline.len()).await {
            Ok(values) => {
                open.answers.fetch_add(1, Ordering::Relaxed);
                Ok(values)
            }
            Err(error) => {
                let why = Why::of(&error, "no answer", self.config.op_timeout);
                let is_silent = open.answers.load(Ordering::Relaxed) == sent_at;
                if why.is_of_connection() || is_silent {
                    self.forget(&open);
                }
                Err(fault(why))
            }
        }
    }

    /// Gives the connection up. Exchanges that are under way on it end as they would have.
    pub(super) fn close(&self) {
        self.open.forget(|_| true);
    }

    fn forget(&self, open: &Open) {
        self.open.forget(|other| Arc::ptr_eq(&other.answers, &open.answers));
    }

    async fn open(&self) -> Result<Open, Why> {
        let made = self.open.get(|| open(self.address.clone(), Arc::clone(&self.config))).await;
        made.unwrap_or(Err(Why::Lost))
    }
}

/// One attempt, within `connect_timeout`.
async fn open(address: Address, config: Arc<Config>) -> Result<Open, Why> {
    let limit = config.connect_timeout;
    let late = Why::Late { what: "no connection", limit };
    let attempt = async {
        let broken = |error: RedisError| Why::of(&error, "no connection", limit);
        let client = client(&address, &config, RedisConnectionInfo::default()).map_err(broken)?;
        // Without limits of its own: this attempt has one.
        let options = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let options = options.set_pipeline_buffer_size(QUEUE);
        let mut connection = client.get_multiplexed_async_connection_with_config(&options).await.map_err(broken)?;
        greet(&mut connection, &config, limit).await?;
        connection.set_response_timeout(config.op_timeout);
        Ok(Open { connection, answers: Arc::default() })
    };
    timeout(limit, attempt).await.unwrap_or(Err(late))
}

/// Who we are, and which database we want. One round trip: a server that accepts and says nothing is no connection.
async fn greet(connection: &mut MultiplexedConnection, config: &Config, limit: Duration) -> Result<(), Why> {
    let mut greeting = redis::pipe();
    if let Some(password) = &config.password {
        greeting.cmd("AUTH");
        if let Some(username) = &config.username {
            greeting.arg(username);
        }
        greeting.arg(&password.0);
    }
    if config.database > 0 {
        greeting.cmd("SELECT").arg(config.database);
    }
    let binding = greeting.len();
    greeting.cmd("CLIENT").arg("SETNAME").arg(NAME);
    let answers = connection.send_packed_commands(&greeting, 0, greeting.len()).await;
    let answers = answers.map_err(|error| Why::of(&error, "no connection", limit))?;
    // A name is a courtesy: a proxy may refuse it.
    match answers.iter().take(binding).find_map(error_in) {
        Some(why) => Err(why),
        None => Ok(()),
    }
}

pub(super) fn error_in(value: &Value) -> Option<Why> {
    if let Value::ServerError(error) = value { Some(Why::refused(error)) } else { None }
}

/// The driver's client for a server.
pub(super) fn client(address: &Address, config: &Config, settings: RedisConnectionInfo) -> RedisResult<Client> {
    let addr = match address.clone() {
        Address::Tcp { host, port, tls: false } => ConnectionAddr::Tcp(host.to_string(), port),
        Address::Tcp { host, port, tls: true } => {
            super::tls::prepare();
            ConnectionAddr::TcpTls { host: host.to_string(), port, insecure: false, tls_params: None }
        }
        Address::Unix(path) => ConnectionAddr::Unix(path),
    };
    let tcp = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let tcp = tcp.set_user_timeout(config.op_timeout.saturating_add(LINGERING));
    let info = addr.into_connection_info()?.set_tcp_settings(tcp);
    Client::open(info.set_redis_settings(settings.set_skip_set_lib_name()))
}
