//! An async function: a hundred tasks ask for one key, and the body runs once.
//!
//! Any executor will do. The companions of an async function are async too.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use cached_core::{Config, cached};
use futures::executor::block_on;
use futures::future::join_all;

static BODIES: AtomicUsize = AtomicUsize::new(0);

#[cached]
async fn greeting(name: &str) -> String {
    BODIES.fetch_add(1, Ordering::Relaxed);
    let mut asked = false;
    // A server that answers when it is asked again; every other task gets its turn meanwhile.
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    format!("hello, {name}")
}

fn main() -> Result<(), cached_core::Error> {
    Config::new().env("CACHED")?.install()?;
    block_on(async {
        let greetings = join_all((0..100).map(|_| greeting("world"))).await;
        assert!(greetings.iter().all(|greeting| greeting == "hello, world"));
        assert_eq!(BODIES.load(Ordering::Relaxed), 1);

        let stats = greeting::site().stats();
        assert_eq!((stats.misses, stats.joined), (1, 99), "one computed, the others joined it");

        greeting::entry("world").invalidate().await?;
        greeting("world").await;
        assert_eq!(BODIES.load(Ordering::Relaxed), 2, "the next call computes");
        greeting("world").await;
        assert_eq!(greeting::site().stats().hits, 1, "and the one after it is a hit");
        println!("{}", cached_core::report());
        Ok(())
    })
}
