//! R77: a call of a cached function where a thread ends, where a panic is told, and where one unwinds.
//!
//! This file is a program that runs itself: an abort ends the part, and not the test. Each part plays on a thousand threads
//! (times `R_SCALE`), on memory and on files, and has to be over in time. Its harness is its own.

cached_core::link!(cached_file);

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::panic::{catch_unwind, panic_any, set_hook};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use cached_core::{Config, cached};
use serde::Serialize;

use cached_tests::crowd::{at_rest, now, step};
use cached_tests::support::scaled;

mod quit;

/// Says which part the child plays, and on which kind of backend.
const PART: &str = "CACHED_TESTS_PART";
const KIND: &str = "CACHED_TESTS_KIND";
/// Threads that live at one time.
const TOGETHER: usize = 50;
/// A part takes a second or two.
const PATIENCE: Duration = Duration::from_secs(60);

static CALLS: AtomicU64 = AtomicU64::new(0);
static HOOKS: AtomicU64 = AtomicU64::new(0);

#[cached(max_entries = 100)]
fn here(key: u64) -> String {
    format!("value {key}")
}

#[cached(max_entries = 100)]
async fn later(key: u64) -> String {
    step().await;
    format!("value {key}")
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = Box::pin(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(value) => return value,
            // An executor's own thread-local may be gone where this is called.
            Poll::Pending => thread::yield_now(),
        }
    }
}

/// A hit or a miss of both functions, and what one does with entries.
fn call_all(key: u64) {
    let key = key % 150;
    let right = format!("value {key}");
    assert_eq!((here(key), here(key)), (right.clone(), right.clone()));
    assert_eq!(block_on(later(key)), right);
    let invalidated = here::entry(&(key + 1)).invalidate();
    // Inside a comparison nothing can be forgotten, and whoever asks for it is told.
    assert!(invalidated.is_ok() || COMPARES.get());
    later::site().stats();
    CALLS.fetch_add(3, SeqCst);
}

/// Calls when it is dropped.
struct Calls(u64);

impl Drop for Calls {
    fn drop(&mut self) {
        call_all(self.0);
    }
}

thread_local! {
    /// Made before this thread's first call, or after it: of the two one is dropped after what the cache has here.
    static FIRST: RefCell<Option<Calls>> = const { RefCell::new(None) };
    static LAST: RefCell<Option<Calls>> = const { RefCell::new(None) };
}

fn in_a_thread_local(key: u64) {
    FIRST.with(|first| first.replace(Some(Calls(key))));
    if !key.is_multiple_of(3) {
        call_all(key);
    }
    LAST.with(|last| last.replace(Some(Calls(key + 1))));
}

fn in_a_panic_hook(key: u64) {
    // The hook was set by `play`; it calls for whoever panics.
    assert!(catch_unwind(|| panic_any(key)).is_err());
    let body = catch_unwind(|| panics(key));
    assert!(body.is_err(), "a panic of a body is told while its flight stands");
    // A comparison runs inside a pin, and some of them under the lock of a part: there the hook runs too.
    for comparison in 1..=4 {
        fussy(Fussy(key));
        FUSE.set(comparison);
        let replaced = catch_unwind(|| fussy::entry(&Fussy(key)).put(key));
        let called = catch_unwind(|| fussy(Fussy(key)));
        FUSE.set(0);
        COMPARES.set(false);
        assert!([replaced.is_ok().then_some(key), called.ok()].iter().flatten().all(|given| *given == key));
    }
}

thread_local! {
    /// So many comparisons from now on, one panics.
    static FUSE: Cell<u64> = const { Cell::new(0) };
    /// That was the last panic of this thread.
    static COMPARES: Cell<bool> = const { Cell::new(false) };
}

/// A key whose comparison panics.
#[derive(Clone, Serialize)]
struct Fussy(u64);

impl Hash for Fussy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl PartialEq for Fussy {
    fn eq(&self, other: &Self) -> bool {
        let left = FUSE.replace(FUSE.get().saturating_sub(1));
        if left == 1 {
            COMPARES.set(true);
            panic_any(self.0);
        }
        self.0 == other.0
    }
}

impl Eq for Fussy {}

#[cached(max_entries = 2_000)]
fn fussy(key: Fussy) -> u64 {
    key.0
}

#[cached]
fn panics(key: u64) -> u64 {
    panic_any(key)
}

fn while_unwinding(key: u64) {
    let unwound = catch_unwind(|| {
        let _calls = Calls(key);
        std::panic::resume_unwind(Box::new("unwinds"))
    });
    assert!(unwound.is_err());
    assert!(catch_unwind(|| unwinds(key)).is_err());
}

#[cached]
fn unwinds(key: u64) -> u64 {
    let _calls = Calls(key);
    std::panic::resume_unwind(Box::new("unwinds in a body"))
}

/// A part: its name, the sentence, what each thread does, and how many calls that makes at least.
type Part = (&'static str, &'static str, fn(u64), u64);

const PARTS: [Part; 3] = [
    ("thread-local", "r77_a_call_in_the_drop_of_a_thread_local_is_answered", in_a_thread_local, 6),
    ("panic hook", "r77_a_call_in_a_panic_hook_is_answered", in_a_panic_hook, 6),
    ("unwinding", "r77_a_call_in_a_drop_while_a_panic_unwinds_is_answered", while_unwinding, 6),
];

fn play(part: &str) -> ExitCode {
    let (_, _, run, least) = PARTS.iter().find(|(name, ..)| *name == part).expect("the part is one of three");
    let directory = tempfile::tempdir().expect("a directory");
    let config = Config::new().option("default", "kind", std::env::var(KIND).expect("the kind is given")).option(
        "default",
        "op_timeout",
        "30s",
    );
    let config = match std::env::var(KIND).as_deref() {
        Ok("file") => config.option("default", "location", directory.path().to_str().expect("a path that is text")),
        _ => config,
    };
    config.install().expect("the part's configuration is right");
    if part == "panic hook" {
        set_hook(Box::new(|told| match told.payload().downcast_ref::<u64>() {
            Some(key) => {
                call_all(*key);
                assert_eq!((fussy(Fussy(*key)), fussy(Fussy(*key + 1))), (*key, *key + 1));
                HOOKS.fetch_add(1, SeqCst);
            }
            None => eprintln!("{told}"),
        }));
    }
    let threads = scaled(1_000);
    for first in (0..threads).step_by(TOGETHER) {
        let together: Vec<_> = (first..threads.min(first + TOGETHER))
            .map(|thread| thread::spawn(move || run(u64::try_from(thread).expect("few threads"))))
            .collect();
        for thread in together {
            thread.join().expect("no thread panics");
        }
    }
    let calls = CALLS.load(SeqCst);
    assert!(calls >= least * threads as u64, "{calls} calls");
    [here::site(), later::site(), panics::site(), fussy::site(), unwinds::site()].iter().for_each(|site| at_rest(site));
    let (kind, hooks) = (std::env::var(KIND).expect("the kind is given"), HOOKS.load(SeqCst));
    println!("R77 {kind}, {part}: {threads} threads, {calls} calls, {hooks} in hooks");
    ExitCode::SUCCESS
}

/// Whether the child ends well, and in time.
fn ends_well(mut child: Child) -> bool {
    let began = now();
    while began.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().expect("it is our child") {
            if !status.success() {
                println!("it ended with {status}");
            }
            return status.success();
        }
        thread::sleep(Duration::from_millis(10));
    }
    println!("it still runs after {PATIENCE:?}");
    child.kill().and_then(|()| child.wait()).expect("it is our child");
    false
}

fn main() -> ExitCode {
    if let Ok(part) = std::env::var(PART) {
        return play(&part);
    }
    if let Ok(way) = std::env::var(quit::WAY) {
        return quit::play(&way);
    }
    let quit = quit::all();
    let said = quit.as_ref().map_or_else(|wrong| format!("FAILED: {wrong}"), |()| "ok".to_owned());
    println!("test r73_a_process_ends_as_it_was_told_whatever_is_under_way ... {said}");
    let mut failed = usize::from(quit.is_err());
    for (part, sentence, ..) in PARTS {
        for kind in ["memory", "file"] {
            let program = std::env::current_exe().expect("the path of this program");
            let child = Command::new(program).env(PART, part).env(KIND, kind).stdin(Stdio::null()).spawn();
            let well = ends_well(child.expect("it starts"));
            failed += usize::from(!well);
            println!("test {sentence}, {kind} ... {}", if well { "ok" } else { "FAILED" });
        }
    }
    ExitCode::from(u8::from(failed > 0))
}
