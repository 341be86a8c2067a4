//! The Redis backend of [`cached_core`]: entries live on a Redis or Valkey server, or on a cluster, that processes share.
//!
//! Linking this crate adds the kind `redis`; an alias then needs a server:
//!
//! ```toml
//! [backends.shared]
//! kind = "redis"
//! location = "redis://cache.internal:6379/0"
//! ```
//!
//! In code, [`RedisBackend::new`] is the same thing. It needs Redis 4, or any Valkey.
//!
//! # Options
//!
//! | option | default | meaning |
//! |---|---|---|
//! | `location` | | a URL, or a list of them, or several with commas between: `redis://user:password@host:6379/0`, `rediss://…` for TLS (feature `tls`), `valkey://…`, `valkeys://…`, `unix:///run/redis.sock?db=0`. More than one are nodes of a cluster. In a user name and a password, `%` and two digits stand for any byte |
//! | `username`, `password` | | who asks, where the location does not say it |
//! | `cluster` | by the number of servers | `true` for a cluster of which `location` names one node |
//! | `connect_timeout` | `"250ms"` | how long it may take until a connection can be used: name, TCP, TLS, login |
//! | `op_timeout` | `"100ms"` | as for every kind; it also ends the exchange itself |
//!
//! # What it does
//!
//! - **One round trip for each operation**, whatever the number of keys: `GETRANGE` (`GET` of a backend made in code) or
//!   `MGET`, and pipelines of `SET`, `UNLINK` and one small script. On a cluster, one for each node that has some of the
//!   keys, all at the same time.
//! - **Conditional writes are exact** between threads and processes: `SET … NX`, and the script where a stamp is compared.
//! - **Expiry is the server's**, in milliseconds, rounded up; what lives for more than a hundred years has no end.
//! - **Nothing is opened at install.** The first operation connects, and so does the first after a connection broke. All who
//!   ask meanwhile share one attempt, and then one connection. Nothing is ever asked twice by itself.
//! - **A thread of its own asks.** Callers may be on any runtime or none, and runtimes may come and go. A caller that gives
//!   up abandons the answer, never the exchange, so nobody is ever given an answer that is another's. What could not be sent
//!   before its caller gave up is not sent.
//! - **A server that stands still** costs `op_timeout`, or `connect_timeout` where that is shorter. An exchange that timed
//!   out while nothing else was answered gives its connection up.
//! - **`clear` reads the keys in steps** (`SCAN`) and frees them in the server's background (`UNLINK`). It is never `KEYS`, nor
//!   `FLUSHALL`; an empty prefix is refused. Among millions of keys it takes longer than `op_timeout`: its caller is told so,
//!   and it goes on.
//! - **A value of others under a key of ours is not read whole**: of one that is longer than `max_value_bytes` a call reads
//!   so much, finds that it is none of ours, and replaces it. A batch (`MGET`) reads what is there.
//! - **Changes are told** to other processes that listen, over `PUBLISH` on `cached:` and the namespace, in the same round
//!   trip as the change. Who listens has a second connection, knows within a second that it hears nothing, and connects
//!   again every 100 ms to 1 s.
//! - **A forked child** makes connections and a thread of its own; those of its parent it leaves alone. Its listeners are
//!   told [`Lost`](cached_core::backend::News::Lost) when it first uses the backend. Until then it gives the copies in memory
//!   (`tiered`) that its parent made, for as long as they live.
//!
//! # What it does not do
//!
//! - **It does not keep the server from evicting.** With a `maxmemory-policy` other than `noeviction` entries go when memory
//!   is short, which costs misses. Tombstones may go too: then a computation that began before an invalidation may be stored
//!   after it. Give the cache memory enough, or a server of its own.
//! - **It does not make replication safe.** After a failover the new primary may lack the last writes, an invalidation among
//!   them; and a primary that was cut off loses what it took meanwhile. `WAIT` would not change that, and is not asked.
//! - **It does not read from replicas**, nor follow sentinels: `location` names the primary, by a name that follows it.
//! - **It does not promise that all is heard.** `PUBLISH` reaches who is connected at that moment; what a server evicts or
//!   somebody else removes is not told. Between the nodes of a cluster messages keep no order. A message that is not
//!   understood counts as a change of everything that is listened to.
//! - **Of a cluster**, `clear` sees the nodes as they are when it begins: while slots are moved, some keys may be missed.
//!   A batch is as many exchanges as nodes, of which some may be done when another fails.
//!
//! # Trust
//!
//! Whoever can write to the server chooses what cached functions return, and whoever can read it reads the values: they are
//! neither encrypted nor signed. Without TLS, so can whoever is on the network between. Give the server a password, and
//! the user of the cache the commands `GET`, `MGET`, `SET`, `UNLINK`, `EXISTS`, `EVAL`, `GETRANGE`, `SCAN`, `PUBLISH`,
//! `SUBSCRIBE`, `PSUBSCRIBE`, `PING`, `SELECT` and `CLUSTER SLOTS` only, its own keys, and the channels `cached:*`. Passwords
//! are never shown: not in errors, not in `Debug`, not in the report. Certificates are judged by those that the system
//! trusts, or that `SSL_CERT_FILE` names.
//!
//! # Cost
//!
//! Beside the round trip, an operation costs its caller two passes between threads: about 95 µs in all on one machine, 7 µs
//! for each key of a large batch. A change costs the server a `PUBLISH`, 0.4 µs beside the 4 to 6 µs of a `SET` where nobody
//! listens; the script that compares stamps takes it about 20 µs.
//!
//! # Example: a function whose results all processes share
//! ```no_run
//! use cached_core::{Config, cached};
//!
//! cached_core::link!(cached_redis);
//!
//! #[cached(backend = "shared", ttl = "10m")]
//! fn price(sku: &str) -> u64 {
//!     sku.len() as u64 // something slow
//! }
//!
//! let config = Config::new().namespace("shop").option("shared", "kind", "redis");
//! config.option("shared", "location", "redis://cache.internal:6379/0").install()?;
//! assert_eq!(price("lamp"), 4);
//! # Ok::<(), cached_core::Error>(())
//! ```

mod backend;
mod client;
mod config;
mod io;
mod life;
mod location;

pub use backend::RedisBackend;

inventory::submit! { cached_core::Kind::new("redis", config::OPTIONS, backend::make).shows(config::OPEN) }
