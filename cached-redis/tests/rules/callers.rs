//! Who may ask: threads with and without runtimes, any executor, many runtimes one after the other, callers that give up,
//! processes that were forked.

use std::future::Future;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cached_core::backend::{Backend, Reply, When};
use cached_core::{Config, cached};
use cached_redis::RedisBackend;
use cached_testkit::servers::Server;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

use crate::proxy::{Fault, Proxy};
use crate::support::{REDIS, alone, get, now, on, prefix, scaled, set, until, value};

/// A configuration in which one site is on the server.
fn on_server(server: &Server, site: &str, op_timeout: &str) {
    let config = Config::new().option("shared", "kind", "redis").option("shared", "location", server.url());
    let config = config.option("shared", "op_timeout", op_timeout).option("shared", "connect_timeout", op_timeout);
    config.site(site, "backend", "shared").install().unwrap();
}

fn single() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn multi() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A way to call a function somewhere.
type At = fn(fn() -> u64) -> u64;

/// Each place from which a sync function may be called.
const PLACES: [(&str, At); 8] = [
    ("no runtime", |call| call()),
    ("a task of the current thread", |call| single().block_on(async move { call() })),
    ("a worker", |call| multi().block_on(async move { tokio::spawn(async move { call() }).await.unwrap() })),
    ("spawn_blocking", |call| multi().block_on(async move { tokio::task::spawn_blocking(call).await.unwrap() })),
    ("a local set", |call| LocalSet::new().block_on(&single(), async move { call() })),
    ("a task of a local set", |call| {
        LocalSet::new()
            .block_on(&single(), async move { tokio::task::spawn_local(async move { call() }).await.unwrap() })
    }),
    ("block_in_place", |call| multi().block_on(async move { tokio::spawn(in_place(call)).await.unwrap() })),
    ("an executor without I/O", |call| futures::executor::block_on(async move { call() })),
];

async fn in_place(call: fn() -> u64) -> u64 {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(async move { call() }))
}

#[test]
fn r21_a_sync_function_may_be_called_from_everywhere() {
    #[cached(name = "callers.everywhere", ttl = "1h")]
    fn everywhere(place: u64, n: u64) -> u64 {
        place * 1_000 + n
    }
    fn call(place: u64) -> u64 {
        (0..20).map(|n| everywhere(place, n)).sum()
    }
    let _alone = alone();
    on_server(&REDIS, "callers.everywhere", "20s");
    // A closure of its own for each would be eight lines; each place has its number by a static.
    static PLACE: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    for (number, (place, at)) in PLACES.iter().enumerate() {
        PLACE.store(number as u64, std::sync::atomic::Ordering::Relaxed);
        let here = || call(PLACE.load(std::sync::atomic::Ordering::Relaxed));
        let before = everywhere::site().stats();
        assert_eq!(at(here), at(here), "{place}");
        let after = everywhere::site().stats();
        let (runs, hits) = (after.runs - before.runs, after.hits - before.hits);
        assert_eq!((runs, hits, after.backend_errors), (20, 20, 0), "{place}");
    }
    println!("R21 {} places: each computed once and found it again", PLACES.len());
}

#[test]
fn r21_a_server_that_stands_still_costs_a_sync_caller_the_limit_and_no_more() {
    #[cached(name = "callers.still", ttl = "1h")]
    fn still(n: u64) -> u64 {
        n + 1
    }
    let server = Server::redis();
    let _alone = alone();
    on_server(&server, "callers.still", "100ms");
    assert_eq!(still(0), 1);
    server.stop();
    let mut longest = Duration::ZERO;
    for (place, at) in PLACES {
        let begun = now();
        assert_eq!(at(|| still(1)), 2, "{place}");
        longest = longest.max(begun.elapsed());
    }
    server.cont();
    println!("R21 a server that stands still: the longest call took {longest:?}");
    // A read and a write, each within its limit, and a busy machine.
    assert!(longest < Duration::from_millis(800), "{longest:?}");
}

#[test]
fn r20_an_executor_is_never_blocked() {
    #[cached(name = "callers.async", ttl = "1h")]
    async fn asynchronous(n: u64) -> u64 {
        n + 1
    }
    let server = Server::redis();
    let _alone = alone();
    on_server(&server, "callers.async", "100ms");
    // Who else runs on this machine makes gaps too: the best of three rounds counts. A blocked executor has none.
    let gap = (0..3).map(|round| longest_gap(&server, move |n| asynchronous(round * 1_000 + n))).min().unwrap();
    println!("R20 the longest gap of a 5 ms heartbeat was {gap:?}");
    assert!(gap < Duration::from_millis(50), "{gap:?}");
}

/// The longest gap of a heartbeat beside a hundred calls, while the server stands still.
fn longest_gap<F>(server: &Server, call: impl Fn(u64) -> F) -> Duration
where
    F: Future<Output = u64> + Send + 'static,
{
    single().block_on(async {
        call(0).await;
        server.stop();
        let calls: Vec<_> = (1..100).map(|n| tokio::spawn(call(n))).collect();
        let mut gap = Duration::ZERO;
        let mut last = now();
        while !calls.iter().all(tokio::task::JoinHandle::is_finished) {
            tokio::time::sleep(Duration::from_millis(5)).await;
            gap = gap.max(last.elapsed());
            last = now();
        }
        server.cont();
        for (n, call) in (1..100).zip(calls) {
            assert_eq!(call.await.unwrap() % 1_000, n + 1);
        }
        gap
    })
}

#[test]
fn r22_runtimes_may_come_and_go() {
    #[cached(name = "callers.runtimes", ttl = "1h")]
    async fn runtimes(n: u64) -> u64 {
        n * 3
    }
    let server = Server::redis();
    let _alone = alone();
    on_server(&server, "callers.runtimes", "20s");
    single().block_on(runtimes(7));
    until(|| server.ask(&["DBSIZE"]) == "1");
    let rounds = scaled(2_000).min(200);
    for n in 0..rounds {
        let runtime = if n % 2 == 0 { single() } else { multi() };
        assert_eq!(runtime.block_on(runtimes(7)), 21);
    }
    let stats = runtimes::site().stats();
    assert_eq!((stats.runs, stats.hits, stats.backend_errors), (1, rounds as u64, 0));
    let clients = server.ask(&["CLIENT", "LIST"]);
    assert_eq!(clients.lines().filter(|client| client.contains("name=cached-redis")).count(), 1);
    println!("R22 {rounds} runtimes: {rounds} hits over one connection");
}

/// Numbers that look random, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }
}

#[test]
fn r43_callers_that_give_up_never_leave_their_answers_to_others() {
    let proxy = Proxy::before(REDIS.port());
    proxy.set(Fault::Slow(Duration::from_millis(4)));
    let (backend, prefix) = (Arc::new(on(&proxy.url())), prefix());
    for n in 0..64 {
        assert!(set(&backend, &format!("{prefix}{n}"), value(n, &format!("value {n}")), When::Always).unwrap());
    }
    let calls = scaled(100_000) / 32;
    let task = |number: u64| {
        let (backend, prefix) = (Arc::clone(&backend), prefix.clone());
        async move {
            let mut dice = Dice(number * 0x9e37_79b9 + 1);
            let (mut answered, mut given_up) = (0, 0);
            for _ in 0..calls {
                let n = dice.below(64);
                let Reply::Later(answer) = backend.get_many(&[format!("{prefix}{n}").into()]) else {
                    panic!("it comes later")
                };
                let patience = if dice.below(10) < 4 { dice.below(3_000) } else { 60_000_000 };
                match tokio::time::timeout(Duration::from_micros(patience), answer).await {
                    Ok(found) => {
                        let bytes = found.unwrap().remove(0).unwrap();
                        assert_eq!(bytes, value(u128::from(n), &format!("value {n}")), "another's answer");
                        answered += 1;
                    }
                    Err(_) => given_up += 1,
                }
            }
            (answered, given_up)
        }
    };
    let (answered, given_up) = multi().block_on(async {
        let tasks: Vec<_> = (0..32).map(|number| tokio::spawn(task(number))).collect();
        let mut sums = (0, 0);
        for task in tasks {
            let (answered, given_up) = task.await.unwrap();
            sums = (sums.0 + answered, sums.1 + given_up);
        }
        sums
    });
    println!("R43 {answered} answers, {given_up} callers gave up: no answer was another's");
    assert!(given_up > calls * 32 / 10 && answered > calls * 16, "{given_up} {answered}");
    assert_eq!(get(&backend, &format!("{prefix}1")).unwrap(), Some(value(1, "value 1")));
}

#[test]
fn a_reply_that_is_never_polled_is_done_all_the_same() {
    let (backend, prefix) = (on(&REDIS.url()), prefix());
    for n in 0..10 {
        let write = cached_core::backend::Write::new(format!("{prefix}{n}").into(), value(n, "v"), None, When::Always);
        drop(backend.set_many(vec![write]));
    }
    until(|| (0..10).all(|n| get(&backend, &format!("{prefix}{n}")).unwrap() == Some(value(n, "v"))));
}

#[test]
fn a_reply_may_be_polled_by_another_thread_than_it_was_asked_on() {
    let (backend, prefix) = (on(&REDIS.url()), prefix());
    let Reply::Later(answer) = backend.get_many(&[format!("{prefix}k").into()]) else { panic!("it comes later") };
    assert_eq!(thread::spawn(|| futures::executor::block_on(answer)).join().unwrap().unwrap(), [None]);
}

#[test]
fn more_than_the_bound_is_refused_at_once_and_what_was_under_way_ends() {
    let server = Server::redis();
    let backend =
        RedisBackend::with_timeouts(&server.url(), crate::support::PATIENCE, crate::support::PATIENCE).unwrap();
    assert_eq!(get(&backend, "n:k").unwrap(), None);
    server.stop();
    let asked: Vec<_> = (0..10_000).map(|_| backend.get_many(&["n:k".into()])).collect();
    let Reply::Ready(Err(error)) = backend.get_many(&["n:k".into()]) else { panic!("it is under way") };
    assert!(error.to_string().contains("10000 exchanges are under way"), "{error}");
    server.cont();
    for reply in asked {
        assert_eq!(crate::support::ready(reply).unwrap(), [None]);
    }
    assert_eq!(get(&backend, "n:k").unwrap(), None);
}
