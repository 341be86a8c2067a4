//! What is seen of a call.

use std::sync::{Arc, Mutex};

use cached_core::recorder::{Call, Ended, FrameOf, Listener, Method, Show};
use cached_core::{Outcome, cached};

use super::{outcomes, recorded};

#[test]
fn a_call_says_where_it_stands_and_on_which_backend() {
    #[cached]
    fn placed(n: u64) -> u64 {
        n
    }
    let (_on, recorder) = recorded();
    let scope = recorder.scope("GET /");
    scope.run(|| placed(1) + placed(1));
    let recording = scope.recording();
    let call = &recording.calls[1];
    assert_eq!((call.method, call.site.unwrap().name()), (Method::Call, placed::site().name()));
    assert_eq!(format!("{}:{}", call.file, call.line), placed::site().location());
    assert_eq!((&*call.alias, &*call.kind, call.keys), ("default", "memory", 1));
    assert_eq!((call.ended, call.hits, call.misses), (Ended::Call(Outcome::Hit), 1, 0));
    assert!(call.began >= recording.calls[0].began + recording.calls[0].took && call.took > Default::default());
    let totals = recording.totals();
    assert_eq!((totals.calls, totals.hits, totals.misses), (2, 1, 1));
    assert_eq!(totals.counts.len(), 16, "methods that nobody called are there too");
    assert!(totals.counts.iter().all(|(method, count)| *count == if *method == Method::Call { 2 } else { 0 }));
    let text = recording.to_string();
    assert!(text.starts_with("GET /: 2 calls in ") && text.contains("1 hits, 1 misses"), "{text}");
    assert!(
        text.contains(&format!(
            "call {} on default (memory): hit at {}",
            placed::site().name(),
            placed::site().location()
        )),
        "{text}"
    );
}

#[test]
fn titles_are_worded_as_they_should_be() {
    let (_on, recorder) = recorded();
    let scope = recorder.scope("none");
    let none = scope.recording();
    assert_eq!(none.subtitle(), "0 calls in 0.00ms");
    assert_eq!(
        (none.title(1), none.title(2)),
        ("Cache calls from 1 backend".into(), "Cache calls from 2 backends".into())
    );
    #[cached]
    fn once() -> u8 {
        1
    }
    scope.run(once);
    assert!(scope.recording().subtitle().starts_with("1 call in "), "{}", scope.recording().subtitle());
}

#[test]
fn neither_keys_nor_values_are_seen_unless_somebody_opts_in() {
    #[derive(Clone, Debug, PartialEq, Eq, Hash)]
    struct Secret(String);
    #[cached]
    fn closed(secret: &Secret, weight: f64) -> (String, f64) {
        (secret.0.clone(), weight)
    }
    let (_on, recorder) = recorded();
    let scope = recorder.scope("shown");
    let call = |show| {
        recorder.show(show);
        scope.run(|| closed(&Secret("canary".into()), 0.5));
        let call = scope.recording().calls.pop().unwrap();
        (call.key.map(String::from), call.value.map(String::from))
    };
    assert_eq!(call(Show::Nothing), (None, None));
    assert_eq!(call(Show::Keys), (Some("(Secret(\"canary\"), 0.5)".into()), None));
    let (key, value) = call(Show::Values);
    assert_eq!((key.is_some(), value.as_deref()), (true, Some("(\"canary\", 0.5)")));
}

#[test]
fn a_site_is_opened_by_configuration_too() {
    #[cached(name = "recorder.opened")]
    fn opened(word: &str) -> usize {
        word.len()
    }
    let (_on, recorder) = recorded();
    cached_core::retune("recorder.opened", "show", Some("keys")).unwrap();
    let scope = recorder.scope("retuned");
    scope.run(|| opened(&"long ".repeat(100)));
    let key = scope.recording().calls.remove(0).key.unwrap();
    assert!(key.chars().count() == 201 && key.starts_with("(\"long ") && key.ends_with('…'), "{key}");
    cached_core::retune("recorder.opened", "show", None).unwrap();
    scope.run(|| opened("tea"));
    assert_eq!(scope.recording().calls[1].key, None);
    let error = cached_core::retune("recorder.opened", "show", Some("all")).unwrap_err().to_string();
    assert!(error.contains("is not \"nothing\", \"keys\" or \"values\""), "{error}");
}

#[test]
fn a_key_whose_debug_panics_harms_nothing() {
    #[derive(Clone, PartialEq, Eq, Hash)]
    struct Wild;
    impl std::fmt::Debug for Wild {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("as it should")
        }
    }
    #[cached(show = "keys")]
    fn wild(_wild: Wild) -> u8 {
        1
    }
    let (_on, recorder) = recorded();
    let scope = recorder.scope("wild");
    assert_eq!(scope.run(|| wild(Wild)), 1);
    assert_eq!(scope.recording().calls[0].key.as_deref(), Some("its `Debug` panicked"));
}

#[test]
fn the_first_frame_of_a_trace_that_is_not_ours_is_the_users_own() {
    #[cached]
    fn traced(n: u64) -> u64 {
        n
    }
    #[inline(never)]
    fn the_users_own_function() -> u64 {
        std::hint::black_box(traced(1)) + 1
    }
    let (_on, recorder) = recorded();
    let scope = recorder.scope("traced");
    scope.run(the_users_own_function);
    assert!(scope.recording().calls[0].trace.is_none(), "not asked for");
    recorder.traces(u32::MAX);
    scope.run(the_users_own_function);
    let frames = scope.recording().calls[1].trace.as_ref().unwrap().frames();
    let ours = frames.iter().take_while(|frame| frame.of != FrameOf::User).count();
    assert!(ours > 0, "{frames:#?}");
    let own = frames.iter().filter(|frame| frame.of == FrameOf::User).take(2);
    let own: Vec<_> = own.map(|frame| frame.function.clone()).collect();
    assert!(own.iter().any(|function| function.contains("the_users_own_function")), "{frames:#?}");
    let of = |part: &str| frames.iter().find(|frame| frame.function.contains(part)).map(|frame| frame.of);
    assert_eq!(of("cached_core::rt::"), Some(FrameOf::Cached), "{frames:#?}");
    let line = frames.iter().find(|frame| frame.function.contains("the_users_own_function")).unwrap();
    assert!(line.file.as_ref().is_some_and(|file| file.ends_with("seen.rs")) && line.line.is_some(), "{line:?}");
}

#[test]
fn no_more_traces_are_taken_in_a_second_than_asked_for() {
    #[cached]
    fn sampled(n: u64) -> u64 {
        n
    }
    let (_on, recorder) = recorded();
    let time = cached_testkit::freeze();
    recorder.traces(3);
    let scope = recorder.scope("sampled");
    let taken = || scope.recording().calls.iter().filter(|call| call.trace.is_some()).count();
    scope.run(|| (0..10).for_each(|n| assert_eq!(sampled(n), n)));
    assert_eq!(taken(), 3);
    cached_testkit::advance(std::time::Duration::from_secs(1));
    scope.run(|| (0..10).for_each(|n| assert_eq!(sampled(n), n)));
    assert_eq!(taken(), 6);
    drop(time);
}

#[derive(Default)]
struct Heard(Mutex<Vec<(String, Ended)>>);

impl Listener for Heard {
    fn called(&self, call: &Call) {
        // What a listener calls is not told again.
        heard(0);
        let name = call.site.map_or("", |site| site.name());
        self.0.lock().unwrap().push((name.to_owned(), call.ended));
        assert!(!name.ends_with("loud"), "as it should");
    }
}

#[cached]
fn heard(n: u64) -> u64 {
    n
}

#[test]
fn a_listener_is_told_of_every_call_in_a_scope_or_not() {
    #[cached]
    fn loud(n: u64) -> Result<u64, String> {
        if n == 0 { Err("none".into()) } else { Ok(n) }
    }
    let (_on, recorder) = recorded();
    let listener = Arc::new(Heard::default());
    let listening = recorder.listen(listener.clone());
    let scope = recorder.scope("listened");
    // Whoever listens panics at each of these: nothing comes of it.
    assert_eq!((loud(0), loud(1)), (Err("none".into()), Ok(1)));
    scope.run(|| loud(1)).unwrap();
    let ended: Vec<_> = {
        let heard = listener.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        heard.iter().map(|(_, ended)| ended.to_string()).collect()
    };
    assert_eq!(ended, ["error", "miss (cold)", "hit"]);
    assert_eq!(outcomes(&scope.recording()), [Outcome::Hit]);
    drop(listening);
    assert_eq!(loud(2), Ok(2));
    assert_eq!(listener.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).len(), 3);
}

#[test]
fn what_is_done_to_an_entry_is_seen_too() {
    #[cached]
    fn held(n: u64) -> u64 {
        n
    }
    let (_on, recorder) = recorded();
    let scope = recorder.scope("an entry");
    scope.run(|| {
        let entry = held::entry(&1);
        assert_eq!(entry.peek(), Ok(None));
        entry.put(2).unwrap();
        assert_eq!(entry.peek(), Ok(Some(2)));
        entry.invalidate().unwrap();
        held::site().clear().unwrap();
        held(3);
    });
    let recording = scope.recording();
    let seen: Vec<_> = recording.calls.iter().map(|call| format!("{} {}", call.method, call.ended)).collect();
    assert_eq!(seen, ["get nothing", "set done", "get hit", "delete done", "clear done", "call miss (cold)"]);
    assert!(recording.calls.iter().all(|call| call.site.unwrap().name() == held::site().name()));
    assert_eq!((recording.totals().hits, recording.totals().misses), (1, 2));
}

#[test]
fn an_operation_that_fails_is_seen_with_its_error() {
    use cached_testkit::{Fault, Faulty, Shelf};
    #[cached(name = "recorder.failing")]
    fn failing(n: u64) -> u64 {
        n
    }
    let (_on, recorder) = recorded();
    let faulty = Arc::new(Faulty::new(Arc::new(Shelf::new())));
    let config = cached_core::Config::new().backend("faulty", faulty.clone());
    config.site("recorder.failing", "backend", "faulty").install().unwrap();
    let scope = recorder.scope("failing");
    let bytes = scope.run(|| {
        failing(1);
        failing(1);
        faulty.set_fault(Fault::Fail);
        assert_eq!(failing(1), 1, "a call does not fail");
        failing::entry(&1).invalidate().unwrap_err();
        scope.recording().calls.iter().map(|call| call.bytes).collect::<Vec<_>>()
    });
    let seen: Vec<_> = scope.recording().calls.iter().map(|call| format!("{} {}", call.method, call.ended)).collect();
    assert_eq!(seen, ["call miss (cold)", "call hit", "call miss (cold)", "delete failed (backend)"]);
    assert_eq!(bytes, [Some(9), Some(9), None, None], "of one byte and its proof is what is written and read");
    cached_core::Config::new().install().unwrap();
}

#[test]
fn a_site_that_says_nothing_is_never_opened_by_others() {
    #[cached(show = "nothing")]
    fn secret(word: &str) -> usize {
        word.len()
    }
    let (_on, recorder) = recorded();
    recorder.show(Show::Values);
    let scope = recorder.scope("closed");
    scope.run(|| secret("canary"));
    let call = scope.recording().calls.remove(0);
    assert_eq!((call.key, call.value), (None, None));
}

#[test]
fn what_a_listener_calls_is_not_the_outcome_of_the_call() {
    struct Curious;
    impl Listener for Curious {
        fn called(&self, _: &Call) {
            heard(7);
        }
    }
    #[cached]
    fn watched(n: u64) -> u64 {
        n
    }
    let (_on, recorder) = recorded();
    heard(7);
    let _listening = recorder.listen(Arc::new(Curious));
    assert_eq!(watched::with_outcome(1), (1, Outcome::Miss(cached_core::Reason::Cold)));
    assert_eq!((watched::with_outcome(1), watched(1)), ((1, Outcome::Hit), 1));
}

#[test]
fn a_site_is_not_retuned_to_where_another_of_its_identity_is() {
    // Their names differ, their written paths do not: in memory that is no matter, in bytes it would be.
    fn first() -> &'static cached_core::Site {
        #[cached]
        fn same(n: u64) -> u64 {
            n
        }
        same(1);
        same::site()
    }
    fn second() -> &'static cached_core::Site {
        #[cached]
        fn same(n: u64) -> u64 {
            n
        }
        same(1);
        same::site()
    }
    let (_on, _) = recorded();
    let shelf = Arc::new(cached_testkit::Shelf::new());
    cached_core::Config::new().backend("shared", shelf).install().unwrap();
    cached_core::retune(first().name(), "backend", Some("shared")).unwrap();
    let error = cached_core::retune(second().name(), "backend", Some("shared")).unwrap_err().to_string();
    assert!(error.contains("one identity") && error.contains(&second().location()), "{error}");
    assert_eq!((first().alias(), second().alias()), ("shared".into(), "default".into()), "nothing has changed then");
    cached_core::Config::new().install().unwrap();
}
