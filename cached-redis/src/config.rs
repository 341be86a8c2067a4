//! What an alias of kind `redis` may be told.
//!
//! In: the options of one alias. Out: a [`Config`], or an error that names alias and option, and never a secret.

use std::fmt;
use std::time::Duration;

use cached_core::{Error, ErrorKind, Options};

use crate::location::{Address, EXPECTED, Location, Secret};

/// The options beside those that every alias has.
pub(crate) const OPTIONS: &[&str] = &["location", "username", "password", "connect_timeout", "cluster"];

/// Those whose values are no secrets. A location may have a password in it.
pub(crate) const OPEN: &[&str] = &["connect_timeout", "cluster"];

const CONNECT_TIMEOUT: Duration = Duration::from_millis(250);
const OP_TIMEOUT: Duration = Duration::from_millis(100);

/// The longest value of an alias that does not say another, which is that of every kind.
const LONGEST: usize = 1 << 20;

/// Where the entries of one alias live, and how long is waited for an answer.
#[derive(Clone)]
pub(crate) struct Config {
    /// Who asked, for messages; a backend made in code has no alias.
    alias: Option<String>,
    /// One server, or some nodes of a cluster. Never none.
    pub(crate) servers: Vec<Address>,
    pub(crate) is_cluster: bool,
    pub(crate) database: u16,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Secret>,
    /// How long it may take until a connection can be used.
    pub(crate) connect_timeout: Duration,
    /// How long an exchange may take once it is sent.
    pub(crate) op_timeout: Duration,
    /// Of a longer value no more than this and a byte is read: the engine stores none, so it is no value of ours. A
    /// backend made in code does not know what its callers store.
    pub(crate) longest: Option<usize>,
}

impl Config {
    /// Reads the options of one alias. Asks nobody for anything.
    pub(crate) fn read(options: &Options) -> Result<Self, Error> {
        let alias = options.alias();
        let fault =
            |option: &str, what: &str| Error::new(ErrorKind::Config, format!("backends.{alias}.{option} {what}"));
        let urls = options.texts("location")?.ok_or_else(|| fault("location", "is missing").note(EXPECTED))?;
        let mut config = Self::of(&urls).map_err(|what| fault("location", what).note(EXPECTED))?;
        let (username, password) = (options.text("username")?, options.text("password")?);
        let own = config.password.is_some() && (username.is_some() || password.is_some());
        if own {
            return Err(fault("password", "and `username` cannot be given beside those of the location"));
        }
        if username.is_some() && password.is_none() {
            return Err(fault("username", "is given without a `password`"));
        }
        config.username = config.username.or(username.map(str::to_owned));
        config.password = config.password.or(password.map(|text| Secret(text.to_owned())));
        if let Some(is_cluster) = options.flag("cluster")? {
            if !is_cluster && config.is_cluster {
                return Err(fault(
                    "cluster",
                    "is false, and `location` names several servers: only a cluster has them",
                ));
            }
            config.is_cluster = is_cluster;
        }
        if config.is_cluster && config.database > 0 {
            return Err(fault("location", "names a database, and a cluster has but one").note(EXPECTED));
        }
        config.alias = Some(alias.to_owned());
        config.connect_timeout = options.duration("connect_timeout")?.unwrap_or(CONNECT_TIMEOUT);
        config.op_timeout = options.duration("op_timeout")?.unwrap_or(OP_TIMEOUT);
        config.longest = Some(options.count("max_value_bytes")?.unwrap_or(LONGEST));
        Ok(config)
    }

    /// The same for a location given in code.
    pub(crate) fn new(location: &str) -> Result<Self, Error> {
        let urls: Vec<_> = location.split(',').map(str::trim).collect();
        let fault = |what: &str| Error::new(ErrorKind::Config, format!("the location {what}")).note(EXPECTED);
        let config = Self::of(&urls).map_err(fault)?;
        if config.is_cluster && config.database > 0 {
            return Err(fault("names a database, and a cluster has but one"));
        }
        Ok(config)
    }

    /// What the URLs of all servers say together.
    fn of(urls: &[&str]) -> Result<Self, &'static str> {
        let mut all = urls.iter().map(|url| Location::parse(url)).collect::<Result<Vec<_>, _>>()?;
        let Some(Location { username, password, database, .. }) = all.first_mut() else { return Err("is empty") };
        let (username, password, database) = (username.take(), password.take(), *database);
        let is_other = |own: &Location| own.password != password || own.username != username;
        if all[1..].iter().any(|own| own.password.is_some() && is_other(own)) {
            return Err("has a login that is not that of its first server; one is enough");
        }
        if all.len() > 1 && all.iter().any(|own| !matches!(own.address, Address::Tcp { .. })) {
            return Err("has a socket among the nodes of a cluster");
        }
        if all[1..].iter().any(|own| own.database != database) {
            return Err("names several databases");
        }
        let servers: Vec<_> = all.into_iter().map(|own| own.address).collect();
        Ok(Self {
            alias: None,
            is_cluster: servers.len() > 1,
            servers,
            database,
            username,
            password,
            connect_timeout: CONNECT_TIMEOUT,
            op_timeout: OP_TIMEOUT,
            longest: None,
        })
    }

    /// Who speaks in an error of one server: `backend "shared" (redis, cache:6379)`.
    pub(crate) fn speaker<'a>(&'a self, server: Option<&'a Address>) -> Speaker<'a> {
        Speaker { config: self, server }
    }
}

/// A backend, and perhaps one of its servers, in a message.
pub(crate) struct Speaker<'a> {
    config: &'a Config,
    server: Option<&'a Address>,
}

impl fmt::Display for Speaker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("backend ")?;
        if let Some(alias) = &self.config.alias {
            write!(f, "{alias:?} ")?;
        }
        match self.server {
            Some(server) => write!(f, "(redis, {server})"),
            None => write!(f, "(redis, {})", self.config),
        }
    }
}

/// The servers and the database, and nothing else.
impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<_> = self.servers.iter().map(Address::to_string).collect();
        f.write_str(&servers.join(", "))?;
        if self.database > 0 { write!(f, "/{}", self.database) } else { Ok(()) }
    }
}
