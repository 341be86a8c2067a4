//! What is seen of the low-level cache: each operation once, as the backend told it, by both faces.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use cached_core::recorder::{Method, Recording, Show};
use cached_core::{Ttl, cache, cached, caches};
use futures::executor::block_on;

use super::recorded;

/// "method ended hits misses keys" of each call.
fn seen(recording: &Recording) -> Vec<String> {
    let line = |call: &cached_core::recorder::Call| {
        format!("{} {} {} {} {}", call.method, call.ended, call.hits, call.misses, call.keys)
    };
    recording.calls.iter().map(line).collect()
}

const ALL: [&str; 22] = [
    "get miss (cold) 0 1 1",
    "add done 0 0 1",
    "add nothing 0 0 1",
    "get hit 1 0 1",
    "set done 0 0 1",
    "get_or_set miss (cold) 0 1 1",
    "get_or_set hit 1 0 1",
    "touch done 0 0 1",
    "touch nothing 0 0 1",
    "has_key done 0 0 1",
    "has_key nothing 0 0 1",
    "incr done 0 0 1",
    "decr done 0 0 1",
    "incr failed (not found) 0 0 1",
    "set_many done 0 0 2",
    "get_many done 2 1 3",
    "delete_many done 0 0 2",
    "incr_version done 0 0 1",
    "decr_version done 0 0 1",
    "delete done 0 0 1",
    "delete nothing 0 0 1",
    "clear done 0 0 0",
];

#[test]
fn each_operation_is_seen_once_as_the_backend_told_it() {
    let (_on, recorder) = recorded();
    let (cache, scope) = (cache().version(71), recorder.scope("sync"));
    cache.clear().unwrap();
    scope.run(|| {
        cache.get::<u64>("n").unwrap();
        cache.add("n", &1, Ttl::Default).unwrap();
        cache.add("n", &1, Ttl::Default).unwrap();
        cache.get::<u64>("n").unwrap();
        cache.set("n", &2, Ttl::Default).unwrap();
        cache.get_or_set("made", Ttl::Default, || 1).unwrap();
        cache.get_or_set("made", Ttl::Default, || 1).unwrap();
        cache.touch("n", Ttl::Forever).unwrap();
        cache.touch("none", Ttl::Forever).unwrap();
        cache.has_key("n").unwrap();
        cache.has_key("none").unwrap();
        cache.incr("n", 1).unwrap();
        cache.decr("n", 1).unwrap();
        cache.incr("none", 1).unwrap_err();
        cache.set_many([("a", 1), ("b", 2)], Ttl::Default).unwrap();
        cache.get_many::<_, u64>(["a", "b", "c"]).unwrap();
        cache.delete_many(["a", "b"]).unwrap();
        cache.incr_version("n", 1).unwrap();
        cache.version(72).decr_version("n", 1).unwrap();
        cache.delete("n").unwrap();
        cache.delete("n").unwrap();
        cache.clear().unwrap();
    });
    assert_eq!(seen(&scope.recording()), ALL);
    let totals = scope.recording().totals();
    // `get`, `get_or_set` and `get_many` count, key by key, and nothing else does.
    assert_eq!((totals.calls, totals.hits, totals.misses), (22, 4, 3));
    let counts: Vec<u64> = totals.counts.iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, [2, 2, 1, 2, 2, 2, 1, 1, 1, 1, 2, 2, 1, 1, 1, 0]);
    assert_eq!(Method::ALL.map(Method::as_str)[..4], ["add", "get", "set", "get_or_set"]);
}

#[test]
fn the_async_face_is_seen_as_the_sync_one() {
    let (_on, recorder) = recorded();
    let (cache, scope) = (cache().version(81).as_async(), recorder.scope("async"));
    block_on(scope.wrap(async {
        cache.get::<u64>("n").await.unwrap();
        cache.add("n", &1, Ttl::Default).await.unwrap();
        cache.add("n", &1, Ttl::Default).await.unwrap();
        cache.get::<u64>("n").await.unwrap();
        cache.set("n", &2, Ttl::Default).await.unwrap();
        cache.get_or_set("made", Ttl::Default, || async { 1 }).await.unwrap();
        cache.get_or_set("made", Ttl::Default, || async { 1 }).await.unwrap();
        cache.touch("n", Ttl::Forever).await.unwrap();
        cache.touch("none", Ttl::Forever).await.unwrap();
        cache.has_key("n").await.unwrap();
        cache.has_key("none").await.unwrap();
        cache.incr("n", 1).await.unwrap();
        cache.decr("n", 1).await.unwrap();
        cache.incr("none", 1).await.unwrap_err();
        cache.set_many([("a", 1), ("b", 2)], Ttl::Default).await.unwrap();
        cache.get_many::<_, u64>(["a", "b", "c"]).await.unwrap();
        cache.delete_many(["a", "b"]).await.unwrap();
        cache.incr_version("n", 1).await.unwrap();
        cache.version(82).decr_version("n", 1).await.unwrap();
        cache.delete("n").await.unwrap();
        cache.delete("n").await.unwrap();
        cache.clear().await.unwrap();
    }));
    assert_eq!(seen(&scope.recording()), ALL);
}

#[test]
fn an_operation_says_the_line_that_made_it() {
    let (_on, recorder) = recorded();
    let scope = recorder.scope("lines");
    let line = line!() + 1;
    scope.run(|| cache().get::<u64>("nowhere").unwrap());
    block_on(scope.wrap(async { cache().as_async().get::<u64>("nowhere").await.unwrap() }));
    let places: Vec<_> = scope.recording().calls.iter().map(|call| (call.file, call.line)).collect();
    assert_eq!(places, [(file!(), line), (file!(), line + 1)]);
}

#[test]
fn keys_of_operations_are_seen_where_the_recorder_shows_them() {
    let (_on, recorder) = recorded();
    let scope = recorder.scope("keys");
    let key = |show| {
        recorder.show(show);
        scope.run(|| cache().get::<u64>("session:canary").unwrap());
        scope.run(|| cache().get_many::<_, u64>(["a", "b"]).unwrap());
        let calls = scope.recording().calls;
        [calls.len() - 2, calls.len() - 1].map(|place| calls[place].key.as_deref().map(str::to_owned))
    };
    assert_eq!(key(Show::Nothing), [None, None]);
    assert_eq!(key(Show::Keys), [Some("session:canary".into()), Some("[\"a\", \"b\"]".into())]);
}

#[test]
fn what_a_closure_of_get_or_set_asks_is_beneath_it() {
    #[cached]
    fn priced(n: u64) -> u64 {
        n
    }
    let (_on, recorder) = recorded();
    let scope = recorder.scope("nested");
    let cache = cache().version(91);
    scope.run(|| {
        cache
            .get_or_set("outer", Ttl::Default, || priced(1) + cache.get_or_set("inner", Ttl::Default, || 2).unwrap())
            .unwrap()
    });
    let depths: Vec<_> = scope.recording().calls.iter().map(|call| (call.method, call.depth)).collect();
    assert_eq!(depths, [(Method::GetOrSet, 0), (Method::Call, 1), (Method::GetOrSet, 1)]);
}

#[test]
fn an_operation_that_nobody_waits_for_any_more_or_that_panics_is_seen_as_an_error() {
    let (_on, recorder) = recorded();
    let scope = recorder.scope("dropped");
    let cache = cache().version(101).as_async();
    {
        let mut call = pin!(cache.get_or_set("never", Ttl::Default, std::future::pending::<u64>));
        let polled = scope.run(|| call.as_mut().poll(&mut Context::from_waker(Waker::noop())));
        assert!(polled.is_pending());
    }
    let sync = cached_core::cache().version(101);
    let panics = || scope.run(|| sync.get_or_set("never", Ttl::Default, || -> u64 { panic!("as it should") }));
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).unwrap_err();
    // What comes after it stands where it did.
    block_on(scope.wrap(async { cache.get::<u64>("never").await.unwrap() }));
    let ended: Vec<_> = scope.recording().calls.iter().map(|call| format!("{} {}", call.method, call.ended)).collect();
    assert_eq!(ended, ["get_or_set error", "get_or_set error", "get miss (cold)"]);
    assert!(scope.recording().calls.iter().all(|call| call.depth == 0));
}

#[test]
fn a_backend_tells_what_was_asked_of_it() {
    let (_on, _) = recorded();
    cached_core::Config::new().option("counted", "kind", "memory").install().unwrap();
    let counted = caches().get("counted").unwrap();
    counted.set("a", &1, Ttl::Default).unwrap();
    counted.get::<u64>("a").unwrap();
    counted.get_many::<_, u64>(["a", "b"]).unwrap();
    let backends = cached_core::backends();
    let report = backends.iter().find(|backend| backend.alias == "counted").unwrap();
    let count = |name| report.operations.iter().find(|(known, _)| *known == name).map(|(_, count)| *count);
    assert_eq!(
        ["reads that found", "reads of nothing", "writes", "clears"].map(count),
        [Some(2), Some(1), Some(1), Some(0)]
    );
    assert_eq!((report.entries, &*report.kind), (Some(1), "memory"));
    cached_core::Config::new().install().unwrap();
}
