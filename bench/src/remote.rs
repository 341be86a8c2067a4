//! Hits outside of memory: on a Redis server of our own, on files, and on copies in memory in front of the server.
//!
//! In: nothing but the programs that it starts. Out: works as in `subjects`; what they are held against is the same bytes
//! fetched without us, over the same kind of connection, or from the same directory.

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use cached_codec::{Format, Mark};
use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::{Config, cached};
use cached_testkit::servers::Server;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::subjects::{self, KEYS, OURS, Work, hits, subject};
use crate::table::Goal;

cached_core::link!(cached_file);
cached_core::link!(cached_redis);

const BARE: &str = "bare GET, a connection that is shared";
const APART: &str = "bare GET, a connection on another thread";
const ONE: &str = "ours, one at a time";
const MANY: &str = "ours, 64 at a time";
const COPY: &str = "ours, a copy in memory";
const ENVELOPE: &str = "key and envelope";
const ON_NOTHING: &str = "`put` on a backend that keeps nothing";

/// Works whose calls take microseconds.
pub(crate) const REMOTE: &[Work] = &[
    Work {
        title: "R1 hit on Redis, sync fn(u64) -> String of 256 bytes",
        hits: true,
        subjects: &[
            subject(BARE, |calls| hits(calls, bare)),
            subject("bare GET, a blocking connection of its own", blocking),
            subject(OURS, |calls| hits(calls, on_redis)),
        ],
        goals: &[Goal { text: "ours / bare, shared", at_most: 1.3, figure: |rows| rows.ratio(OURS, BARE) }],
    },
    Work {
        title: "R2 hit on Redis, async fn(u64) -> String of 256 bytes",
        hits: true,
        subjects: &[
            subject("bare GET, a connection on the same thread", |calls| bare_async(calls, 1, &WORLD.connection)),
            subject("bare GET, the same, 64 at a time", |calls| bare_async(calls, 64, &WORLD.connection)),
            subject(APART, |calls| bare_async(calls, 1, &WORLD.apart)),
            subject("bare GET, on another thread, 64 at a time", |calls| bare_async(calls, 64, &WORLD.apart)),
            subject(ONE, |calls| ours_async(calls, 1)),
            subject(MANY, |calls| ours_async(calls, 64)),
        ],
        goals: &[
            Goal {
                text: "ours / bare, on another thread, one at a time",
                at_most: 1.3,
                figure: |rows| rows.ratio(ONE, APART),
            },
            Goal { text: "64 at a time / one at a time", at_most: 0.2, figure: |rows| rows.ratio(MANY, ONE) },
        ],
    },
    Work {
        title: "R3 hit of a copy in memory, sync fn(u64) -> String of 256 bytes",
        hits: true,
        subjects: &[
            subject(OURS, |calls| hits(calls, in_memory)),
            subject("ours, with a lifetime", |calls| hits(calls, for_an_hour)),
            subject(COPY, |calls| hits(calls, in_front)),
        ],
        goals: &[Goal { text: "a copy / memory", at_most: 1.2, figure: |rows| rows.ratio(COPY, OURS) }],
    },
    Work {
        title: "R4 hit on files, sync fn(u64) -> String of 256 bytes",
        hits: true,
        subjects: &[
            subject("std::fs::read of the same files", |calls| hits(calls, read)),
            subject(OURS, |calls| hits(calls, on_files)),
        ],
        goals: &[Goal {
            text: "ours / std::fs::read",
            at_most: 1.5,
            figure: |rows| rows.ratio(OURS, "std::fs::read of the same files"),
        }],
    },
    Work {
        title: "R5 what the bytes of a write cost: a key of 64 bytes, a value of 256",
        hits: false,
        subjects: &[subject(ENVELOPE, encode), subject(ON_NOTHING, put)],
        goals: &[Goal { text: "nanoseconds", at_most: 400.0, figure: |rows| rows.of(ENVELOPE).median }],
    },
];

fn text(n: u64) -> String {
    subjects::number(n);
    format!("{n:0>256}")
}

#[cached]
fn in_memory(n: u64) -> String {
    text(n)
}

#[cached(ttl = "1h")]
fn for_an_hour(n: u64) -> String {
    text(n)
}

#[cached(backend = "redis", ttl = "1h")]
fn on_redis(n: u64) -> String {
    text(n)
}

#[cached(backend = "redis", ttl = "1h")]
async fn on_redis_async(n: u64) -> String {
    text(n)
}

#[cached(backend = "front", ttl = "1h")]
fn in_front(n: u64) -> String {
    text(n)
}

#[cached(backend = "files", ttl = "1h")]
fn on_files(n: u64) -> String {
    text(n)
}

#[cached(backend = "nothing", ttl = "1h")]
#[expect(dead_code, reason = "only its entries are asked for")]
fn on_nothing(key: &str) -> String {
    key.into()
}

/// A backend that takes everything and keeps nothing.
struct Nothing;

impl Backend for Nothing {
    fn capabilities(&self) -> Capabilities {
        Capabilities::blocking()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        Reply::Ready(Ok(vec![None; keys.len()]))
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        Reply::Ready(Ok(vec![true; black_box(writes).len()]))
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        Reply::Ready(Ok(vec![false; keys.len()]))
    }

    fn clear(&self, _: &str) -> Reply<()> {
        Reply::Ready(Ok(()))
    }
}

/// What stays for the whole run.
struct World {
    runtime: Runtime,
    connection: MultiplexedConnection,
    /// One that lives on a thread of its own, as ours do.
    apart: MultiplexedConnection,
    _runtime: Runtime,
    server: Server,
    files: Vec<PathBuf>,
    _directory: TempDir,
}

static WORLD: LazyLock<World> = LazyLock::new(|| world().expect("servers, files and a runtime are needed"));

/// Starts what is measured against, and sends the sites there.
fn world() -> Result<World, Box<dyn std::error::Error>> {
    let (server, directory) = (Server::redis(), tempfile::tempdir()?);
    let cache = directory.path().join("cache");
    let config = Config::new().option("redis", "kind", "redis").option("redis", "location", server.url());
    let config = config.option("redis", "op_timeout", "10s").option("files", "kind", "file");
    let config = config.option("files", "location", cache.display().to_string()).option("files", "op_timeout", "10s");
    let config = config.option("front", "kind", "tiered").option("front", "over", "redis");
    config.option("front", "l1_ttl", "1h").backend("nothing", Arc::new(Nothing)).install()?;
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let client = redis::Client::open(server.url())?;
    let mut connection = runtime.block_on(client.get_multiplexed_async_connection())?;
    let other = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let apart = other.block_on(client.get_multiplexed_async_connection())?;
    for n in 0..KEYS {
        // As long as ours are with what stands around the value.
        let () = runtime.block_on(connection.set(format!("bare:{n:059}"), format!("{n:0>360}")))?;
        let (_, _) = (on_redis(n), on_files(n));
    }
    // The first call has changes told, which take the copies along that are made before. Then each lies where the others do.
    in_front(0);
    std::thread::sleep(std::time::Duration::from_millis(300));
    for n in 0..KEYS {
        let (_, _, _) = (in_memory(n), for_an_hour(n), in_front(n));
    }
    let mut files = Vec::new();
    let mut folders = vec![cache];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.extension().is_some_and(|ending| ending == "cached") => files.push(path),
                false => {}
            }
        }
    }
    Ok(World { runtime, connection, apart, _runtime: other, server, files, _directory: directory })
}

fn key(n: u64) -> String {
    format!("bare:{n:059}")
}

/// A key and its digest, a value with its proof, and the envelope of both: all that is encoding in a write.
fn encode(calls: u64) {
    let (key, value, format) = (key(0), format!("{:0>256}", 0), Format::default());
    for _ in 0..calls {
        let digest = cached_codec::digest(&cached_codec::key(black_box(&*key)).expect("it is a text"));
        let payload = format.write_proven(black_box(&value)).expect("it is a text");
        let mark = Mark { schema: [1; 16], digest, codec: format.id() };
        let envelope = cached_codec::seal(&mark, black_box([2; 16]), black_box(3), 4, &payload).expect("it is short");
        black_box(envelope);
    }
}

/// Beside that the address, the stamp, the clock, the route and its meter; and the copy of the value that is given away.
fn put(calls: u64) {
    let (key, value) = (key(0), format!("{:0>256}", 0));
    let entry = on_nothing::entry(&key);
    for _ in 0..calls {
        entry.put(black_box(&value).clone()).expect("everything is taken");
    }
}

/// From a thread without a runtime, over a connection that lives on another.
fn bare(n: u64) -> String {
    let mut connection = WORLD.connection.clone();
    WORLD
        .runtime
        .block_on(WORLD.runtime.spawn(async move { connection.get(key(n)).await }))
        .expect("it runs")
        .expect("it is there")
}

fn blocking(calls: u64) {
    let client = redis::Client::open(WORLD.server.url()).expect("it is an address");
    let mut connection = client.get_connection().expect("it answers");
    hits(calls, |n| redis::Commands::get::<_, String>(&mut connection, key(n)).expect("it is there"));
}

fn bare_async(calls: u64, at_a_time: u64, connection: &'static MultiplexedConnection) {
    concurrently(calls, at_a_time, |n| {
        let mut connection = connection.clone();
        async move { connection.get::<_, String>(key(n)).await.expect("it is there") }
    });
}

fn ours_async(calls: u64, at_a_time: u64) {
    concurrently(calls, at_a_time, on_redis_async);
}

/// So many tasks, each of which makes its calls one after the other.
fn concurrently<F: Future<Output = String> + Send + 'static>(
    calls: u64,
    at_a_time: u64,
    call: impl Fn(u64) -> F + Copy + Send + 'static,
) {
    let task = move |first: u64| async move {
        for n in 0..calls / at_a_time {
            black_box(call((first + n) % KEYS).await);
        }
    };
    WORLD.runtime.block_on(async {
        let tasks: Vec<_> = (0..at_a_time).map(|first| tokio::spawn(task(first * 16))).collect();
        for task in tasks {
            task.await.expect("no call panics");
        }
    });
}

fn read(n: u64) -> Vec<u8> {
    let place = usize::try_from(n).unwrap_or(0) % WORLD.files.len();
    std::fs::read(&WORLD.files[place]).expect("it is there")
}

/// Starts everything before any clock does.
pub(crate) fn begin() -> &'static [Work] {
    LazyLock::force(&WORLD);
    REMOTE
}
