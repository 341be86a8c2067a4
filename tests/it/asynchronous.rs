//! Async functions: what a future costs, where it may be sent, on what it runs, how it is dropped.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use cached_core::{Site, cached};
use futures::executor::block_on;

use cached_tests::support::{alone, configured, until};

/// Pending `times` times.
async fn pending(mut times: u64) {
    std::future::poll_fn(move |cx| {
        if times == 0 {
            return Poll::Ready(());
        }
        times -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_hit_is_ready_at_the_first_poll() {
    #[cached]
    async fn f(n: u64) -> u64 {
        pending(3).await;
        n * 2
    }
    assert_eq!(poll_once(f(1)), Poll::Pending, "the body waits");
    assert_eq!(block_on(f(1)), 2);
    assert_eq!(poll_once(f(1)), Poll::Ready(2));
    assert_eq!(poll_once(f::entry(&1).peek()), Poll::Ready(Ok(Some(2))), "so is an entry in memory");
}

#[test]
fn nothing_happens_before_the_first_poll() {
    #[cached]
    async fn f(n: u64) -> u64 {
        n
    }
    drop(f(1));
    assert_eq!(f::site().stats().calls, 0);
    drop(f::refresh(1));
    assert_eq!((f::site().stats().runs, f::site().flights()), (0, 0));
}

/// Bodies that hold `$bytes` over an await, with and without the attribute.
macro_rules! holding {
    ($($module:ident $bytes:literal;)*) => {$(
        mod $module {
            #[cached_core::cached]
            pub(super) async fn cached(n: u64) -> u64 {
                plain(n).await
            }
            pub(super) async fn plain(n: u64) -> u64 {
                let held = [n as u8; $bytes];
                super::pending(1).await;
                u64::from(std::hint::black_box(&held)[$bytes - 1])
            }
            /// As `plain`, and the body stands in the function itself.
            #[cached_core::cached]
            pub(super) async fn direct(n: u64) -> u64 {
                let held = [n as u8; $bytes];
                super::pending(1).await;
                u64::from(std::hint::black_box(&held)[$bytes - 1])
            }
        }
    )*};
}

holding! {
    small 64;
    page 4_096;
    large 65_536;
}

#[test]
fn a_cached_future_is_little_larger_than_the_plain_one() {
    let rows = [
        ("64 B", size_of_val(&small::plain(1)), size_of_val(&small::direct(1)), size_of_val(&small::cached(1))),
        ("4 KiB", size_of_val(&page::plain(1)), size_of_val(&page::direct(1)), size_of_val(&page::cached(1))),
        ("64 KiB", size_of_val(&large::plain(1)), size_of_val(&large::direct(1)), size_of_val(&large::cached(1))),
    ];
    println!("{:>8} {:>8} {:>8} {:>8}", "held", "plain", "cached", "around");
    for (held, plain, direct, around) in rows {
        println!("{held:>8} {plain:>8} {direct:>8} {around:>8}");
    }
    for (held, plain, direct, around) in rows {
        assert!(direct <= plain + 1_024, "{held}: {direct} beside {plain}");
        assert!(around <= plain + 1_024, "{held}: {around} beside {plain}");
    }
    assert_eq!(block_on(small::direct(7)) + block_on(page::direct(7)) + block_on(large::direct(7)), 21);
    assert_eq!(block_on(small::cached(7)) + block_on(page::cached(7)) + block_on(large::cached(7)), 21);
}

/// Signatures whose futures must be `Send`: the compiler is the judge.
mod sent {
    use super::{Arc, Cell, Future, Rc, cached, pending};

    /// An error that is neither `Send` nor `Clone`.
    #[derive(Debug)]
    pub(super) struct Local(
        #[expect(dead_code, reason = "it is here to be neither `Send` nor `Sync`")] pub(super) Rc<Cell<u8>>,
    );

    #[derive(Clone, PartialEq, Eq, Hash)]
    pub(super) struct Shop(pub(super) u64);

    #[cached]
    pub(super) async fn nothing() -> u64 {
        pending(1).await;
        0
    }
    #[cached]
    pub(super) async fn number(n: u64) -> u64 {
        pending(1).await;
        n
    }
    #[cached]
    pub(super) async fn text(text: &str) -> usize {
        pending(1).await;
        text.len()
    }
    #[cached]
    pub(super) async fn list(list: &[&str]) -> usize {
        pending(1).await;
        list.len()
    }
    #[cached]
    pub(super) async fn owned(text: String, list: Vec<u64>) -> String {
        pending(list.len() as u64).await;
        text
    }
    #[cached]
    pub(super) async fn optional(text: Option<&str>, x: f64) -> Option<f64> {
        pending(1).await;
        text.map(|_| x)
    }
    #[cached]
    pub(super) async fn handle(n: u64) -> Arc<str> {
        pending(1).await;
        n.to_string().into()
    }
    #[cached]
    pub(super) async fn fallible(n: u64) -> Result<u64, std::io::Error> {
        pending(1).await;
        Ok(n)
    }
    #[cached(errors = "30s")]
    pub(super) async fn kept(n: u64) -> Result<u64, String> {
        pending(1).await;
        Ok(n)
    }
    #[cached]
    pub(super) async fn local_error(n: u64) -> Result<u64, Local> {
        pending(1).await;
        if n > 0 { Ok(n) } else { Err(Local(Rc::default())) }
    }
    #[cached(skip(db))]
    pub(super) async fn skipped(db: &mut Vec<u64>, n: u64) -> u64 {
        pending(1).await;
        db.push(n);
        n
    }
    #[cached(key = text.len())]
    pub(super) async fn keyed(text: &str) -> usize {
        pending(1).await;
        text.len()
    }
    #[cached]
    pub(super) async fn generic<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(value: T) -> Option<T> {
        pending(1).await;
        Some(value)
    }
    #[cached]
    pub(super) async fn patterns((a, b): (u64, u64), mut n: u64) -> u64 {
        pending(1).await;
        n += a;
        n + b
    }
    /// A lock in the key expression is released before the body.
    #[cached(key = *lock.lock().unwrap())]
    pub(super) async fn locked(lock: &std::sync::Mutex<u64>) -> u64 {
        pending(1).await;
        *lock.lock().unwrap()
    }

    impl Shop {
        #[cached]
        pub(super) async fn alone(&self, id: u64) -> Result<u64, std::io::Error> {
            pending(1).await;
            Ok(self.0 + id)
        }
    }

    #[cached]
    impl Shop {
        #[cached(skip(self))]
        pub(super) async fn beside(&self, id: &str) -> Result<u64, std::io::Error> {
            pending(1).await;
            Ok(self.0 + id.len() as u64)
        }
    }

    pub(super) fn is_send<F: Future + Send>(future: F) -> F {
        future
    }
}

#[test]
fn futures_can_be_sent_when_the_plain_ones_can() {
    use sent::is_send;
    let (mut db, lock) = (Vec::new(), std::sync::Mutex::new(7));
    let mut count = 0;
    let mut one = |ok: bool| {
        assert!(ok);
        count += 1;
    };
    for _ in ["cold", "warm"] {
        one(block_on(is_send(sent::nothing())) == 0);
        one(block_on(is_send(sent::number(1))) == 1);
        one(block_on(is_send(sent::text("ab"))) == 2);
        one(block_on(is_send(sent::list(&["a"]))) == 1);
        one(block_on(is_send(sent::owned("a".to_owned(), vec![1]))) == "a");
        one(block_on(is_send(sent::optional(Some("a"), 1.5))) == Some(1.5));
        one(&*block_on(is_send(sent::handle(1))) == "1");
        one(block_on(is_send(sent::fallible(1))).unwrap() == 1);
        one(block_on(is_send(sent::kept(1))) == Ok(1));
        one(block_on(is_send(sent::skipped(&mut db, 1))) == 1);
        one(block_on(is_send(sent::keyed("ab"))) == 2);
        one(block_on(is_send(sent::generic("ab"))) == Some("ab"));
        one(block_on(is_send(sent::patterns((1, 2), 3))) == 6);
        one(block_on(is_send(sent::locked(&lock))) == 7);
        one(block_on(is_send(sent::Shop(1).alone(2))).unwrap() == 3);
        one(block_on(is_send(sent::Shop(1).beside("ab"))).unwrap() == 3);
        one(block_on(is_send(sent::number::refresh(1))) == 1);
        one(block_on(is_send(sent::number::entry(&1).peek())) == Ok(Some(1)));
        one(block_on(is_send(sent::number::entry(&1).put(1))) == Ok(()));
        one(block_on(is_send(sent::text::entry("ab").with(|n| *n))) == Ok(Some(2)));
    }
    // Its future holds an error that cannot be sent only in the last poll; the compiler agrees.
    one(block_on(is_send(sent::local_error(1))).is_ok());
    assert!(block_on(sent::local_error(0)).is_err());
    assert_eq!(count, 41);
}

#[test]
fn a_future_dropped_at_any_poll_leaves_no_flight_and_counts_itself_as_cancelled() {
    #[cached]
    async fn f(n: u64) -> u64 {
        pending(5).await;
        n
    }
    for polls in 1..=5_u64 {
        let mut future = Box::pin(f(polls));
        for _ in 0..polls {
            assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        }
        assert_eq!(f::site().flights(), 1);
        drop(future);
        assert_eq!(f::site().flights(), 0, "after {polls} polls");
        assert_eq!(block_on(f(polls)), polls, "and the next caller computes");
    }
    let stats = f::site().stats();
    assert_eq!((stats.cancelled, stats.errors, stats.misses, stats.calls), (5, 5, 5, 10));
}

#[test]
fn a_follower_that_is_dropped_harms_nobody() {
    #[cached]
    async fn f(n: u64) -> u64 {
        pending(3).await;
        n
    }
    let _alone = alone(); // nobody moves time past the end of its wait
    let mut leader = Box::pin(f(1));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(leader.as_mut().poll(&mut cx).is_pending());
    for _ in 0..10 {
        assert!(poll_once(f(1)).is_pending(), "it waits for the leader, and is dropped");
    }
    assert_eq!((block_on(leader), f::site().flights()), (1, 0));
    assert_eq!((f::site().stats().runs, f::site().stats().cancelled), (1, 10));
}

/// Many tasks at once on one runtime; returns how often the body ran.
async fn crowd(call: impl AsyncFn(u64) -> u64 + Copy, site: &Site) -> u64 {
    let before = site.stats().runs;
    let calls: Vec<_> = (0..100_u64).map(|task| async move { call(task % 10).await }).collect();
    let values = futures::future::join_all(calls).await;
    assert!(values.iter().enumerate().all(|(task, value)| *value == (task as u64 % 10) * 2));
    site.stats().runs - before
}

#[test]
fn it_runs_on_every_executor() {
    #[cached]
    async fn f(n: u64) -> u64 {
        pending(3).await;
        n * 2
    }
    let _alone = alone();
    assert_eq!(block_on(crowd(async |n| f(n).await, f::site())), 10, "futures");
    f::site().clear().unwrap();

    let current = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(current.block_on(crowd(async |n| f(n).await, f::site())), 10, "tokio, one thread");
    f::site().clear().unwrap();

    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let ran = many.block_on(async {
        let before = f::site().stats().runs;
        let tasks: Vec<_> = (0..100_u64).map(|task| tokio::spawn(f(task % 10))).collect();
        for (task, value) in tasks.into_iter().enumerate() {
            assert_eq!(value.await.unwrap(), (task as u64 % 10) * 2);
        }
        f::site().stats().runs - before
    });
    assert_eq!(ran, 10, "tokio, four threads");
}

#[test]
fn it_needs_no_executor_at_all() {
    #[cached]
    async fn f(n: u64) -> u64 {
        n + 1
    }
    assert_eq!(poll_once(f(1)), Poll::Ready(2), "a body that does not wait is ready at once, cold");
    assert_eq!(poll_once(f::refresh(1)), Poll::Ready(2));
}

static BODIES: AtomicU64 = AtomicU64::new(0);

#[cached(skip(text))]
async fn on_file(n: u64, text: &str) -> Result<Vec<u64>, std::io::Error> {
    BODIES.fetch_add(1, Ordering::Relaxed);
    pending(2).await;
    if text.is_empty() { Err(std::io::ErrorKind::NotFound.into()) } else { Ok(vec![n; 3]) }
}

#[test]
fn an_async_function_on_files_is_served_under_every_executor() {
    let directory = tempfile::tempdir().unwrap();
    let location = directory.path().to_str().unwrap();
    let _configured = configured(&format!(
        "[backends.async_files]\nkind = \"file\"\nlocation = \"{location}\"\nop_timeout = \"30s\"\njoin_timeout = \"60s\"\n\
         [sites.\"it::asynchronous::on_file\"]\nbackend = \"async_files\"\n"
    ));
    let bodies = |call: &dyn Fn() -> Result<Vec<u64>, std::io::Error>| {
        let before = BODIES.load(Ordering::Relaxed);
        let value = call().ok();
        (value, BODIES.load(Ordering::Relaxed) - before)
    };
    assert_eq!(bodies(&|| block_on(on_file(1, ""))), (None, 1), "an `Err` is not written");
    assert_eq!(bodies(&|| block_on(on_file(1, "a"))), (Some(vec![1; 3]), 1));
    written(1);
    assert_eq!(bodies(&|| block_on(on_file(1, "b"))), (Some(vec![1; 3]), 0));
    let current = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(bodies(&|| current.block_on(on_file(1, "c"))), (Some(vec![1; 3]), 0));
    assert_eq!(bodies(&|| current.block_on(on_file(2, "c"))), (Some(vec![2; 3]), 1));
    written(2);
    let many = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    assert_eq!(bodies(&|| many.block_on(on_file(2, "d"))), (Some(vec![2; 3]), 0));

    block_on(on_file::entry(&1).invalidate()).unwrap();
    assert_eq!(block_on(on_file::entry(&1).peek()), Ok(None));
    assert_eq!(bodies(&|| block_on(on_file(1, "e"))), (Some(vec![1; 3]), 1));
    block_on(on_file::entry(&3).put(vec![9])).unwrap();
    assert_eq!(bodies(&|| many.block_on(on_file(3, "f"))), (Some(vec![9]), 0));
    // A flight stands until the worker has written: then nobody computes in between.
    until(|| on_file::site().flights() == 0);
    let stats = on_file::site().stats();
    assert_eq!((stats.backend_errors, stats.undecodable, stats.runs), (0, 0, 4));
}

/// Waits until the write that a call left to the workers is done.
fn written(n: u64) {
    until(|| block_on(on_file::entry(&n).peek()).unwrap().is_some());
}
