//! Many requests at once: no call in the wrong one.

use std::sync::Arc;
use std::thread;

use cached_core::cached;
use cached_core::recorder::{Recording, Scope};
use tokio::sync::Barrier;

use super::recorded;

const REQUESTS: u64 = 100;

#[cached(show = "keys")]
fn step(request: u64, part: u64) -> u64 {
    request * 10 + part
}

#[cached(show = "keys")]
async fn far(request: u64, part: u64) -> u64 {
    tokio::task::yield_now().await;
    // A call inside a call.
    step(request, part)
}

/// Every call of a recording is of its own request, and all are there, each once.
fn is_whole(recording: &Recording, request: u64, calls: usize) {
    assert_eq!(recording.calls.len(), calls, "{recording}");
    let own = format!("({request}, ");
    assert!(recording.calls.iter().all(|call| call.key.as_deref().unwrap().starts_with(&own)), "{recording}");
}

#[test]
fn requests_on_threads_never_mix() {
    let (_on, recorder) = recorded();
    thread::scope(|threads| {
        for request in 0..REQUESTS {
            threads.spawn(move || {
                let scope = recorder.scope(format!("GET /{request}"));
                scope.run(|| {
                    (0..5).for_each(|part| assert_eq!(step(request, part), request * 10 + part));
                    let here = Scope::here();
                    thread::scope(|inner| inner.spawn(|| here.run(|| step(request, 5))).join().unwrap());
                });
                is_whole(&scope.recording(), request, 6);
            });
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_on_tasks_never_mix() {
    let (_on, recorder) = recorded();
    let barrier = Arc::new(Barrier::new(REQUESTS as usize));
    let requests = (1_000..1_000 + REQUESTS).map(|request| {
        let barrier = Arc::clone(&barrier);
        tokio::spawn(async move {
            let scope = recorder.scope(format!("GET /{request}"));
            let work = async {
                // All begin together, and every one is left in the middle of its calls.
                barrier.wait().await;
                for part in 0..3 {
                    far(request, part).await;
                    tokio::task::yield_now().await;
                    step(request, part);
                }
                let spawned = tokio::spawn(Scope::here().wrap(async move { far(request, 9).await }));
                spawned.await.unwrap()
            };
            scope.wrap(work).await;
            // Outside again, on a thread that was in many scopes.
            step(request, 50);
            let recording = scope.recording();
            // Three times a call, the one inside it, and that one again; then the spawned one with the one inside.
            is_whole(&recording, request, 11);
            assert_eq!(recording.calls.iter().filter(|call| call.depth == 1).count(), 4, "{recording}");
        })
    });
    for request in requests.collect::<Vec<_>>() {
        request.await.unwrap();
    }
}
