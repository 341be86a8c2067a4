//! Files and foreign backends under `#[cached]`: what is kept between processes, and what a broken
//! backend may and may not do.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, SystemTime};

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::{Config, ErrorKind, Expiry, Site, cached, shutdown};
use cached_testkit::{Fault, Faulty, Shelf};

use cached_tests::support::{Configured, alone};
use cached_tests::verified;

/// The sites on files in `directory`, under patient timeouts: the machine may be busy.
fn on_file(directory: &Path, sites: &[&str]) -> Config {
    let config = verified::config().option("files", "kind", "file").option("files", "op_timeout", "30s");
    let config = config.option("files", "location", directory.to_str().unwrap());
    sites.iter().fold(config, |config, site| config.site(site, "backend", "files"))
}

/// One site on a backend of the test's own.
fn on(backend: Arc<dyn Backend>, site: &'static Site) -> Configured {
    let guard = alone();
    let config =
        verified::config().backend("own", backend).option("own", "op_timeout", "200ms").option("own", "breaker", "off");
    config.site(site.name(), "backend", "own").install().unwrap();
    guard
}

/// Starts one test of this program again, as another process on `directory`.
fn start(test: &str, directory: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "--nocapture", &format!("backends::{test}")]).env(DIRECTORY, directory);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

/// The numbers that a process printed behind `mark`.
fn printed(child: Child, mark: &str) -> Vec<u64> {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.strip_prefix(mark)?.trim().parse().ok()).collect()
}

const DIRECTORY: &str = "CACHED_TESTS_BACKENDS";

/// The directory to work on, when this is the other process.
fn told() -> Option<std::path::PathBuf> {
    std::env::var_os(DIRECTORY).map(Into::into)
}

#[test]
fn a_second_process_is_warm() {
    #[cached(name = "backends.warm", ttl = "1h")]
    fn warm(n: u64) -> Option<String> {
        (n > 0).then(|| format!("value {n}"))
    }
    if let Some(directory) = told() {
        on_file(&directory, &["backends.warm"]).install().unwrap();
        for n in 0..20 {
            assert_eq!(warm(n), warm::uncached(n));
        }
        println!("\nruns {}\nhits {}", warm::site().stats().runs, warm::site().stats().hits);
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().join("made by the first write");
    let run = |mark| printed(start("a_second_process_is_warm", &directory), mark);
    assert_eq!(run("runs "), [20], "cold");
    assert_eq!(run("runs "), [0], "warm");
    assert_eq!(run("hits "), [20]);
}

#[test]
fn several_processes_at_once_give_right_answers_and_leave_whole_entries() {
    #[cached(name = "backends.shared", ttl = "1h")]
    fn shared(n: u64) -> Vec<u64> {
        (0..n % 50).map(|k| k * n).collect()
    }
    if let Some(directory) = told() {
        on_file(&directory, &["backends.shared"]).install().unwrap();
        for n in (0..100).chain(0..100) {
            assert_eq!(shared(n), shared::uncached(n));
            if n % 10 == 3 {
                shared::entry(&n).invalidate().unwrap();
            }
        }
        let stats = shared::site().stats();
        println!("\nerrors {}\nundecodable {}\ncalls {}", stats.backend_errors, stats.undecodable, stats.calls);
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let test = "several_processes_at_once_give_right_answers_and_leave_whole_entries";
    let children: Vec<_> = (0..3).map(|_| start(test, scratch.path())).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}");
        assert!(["errors 0", "undecodable 0", "calls 200"].iter().all(|line| text.contains(line)), "{text}");
    }
    assert_eq!(printed(start(test, scratch.path()), "errors "), [0]);
}

#[test]
fn corrupt_and_foreign_files_are_misses() {
    #[cached(name = "backends.corrupt", ttl = "1h")]
    fn corrupt(n: u64) -> u64 {
        n * 5
    }
    let scratch = tempfile::tempdir().unwrap();
    let _alone = alone();
    on_file(scratch.path(), &["backends.corrupt"]).install().unwrap();
    let within = |path: &Path| std::fs::read_dir(path).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>();
    let entries = || {
        let folders = within(scratch.path()).into_iter().filter(|path| path.is_dir());
        let files = folders.flat_map(|folder| within(&folder));
        files.filter(|path| path.extension().is_some_and(|end| end == "cached")).collect::<Vec<_>>()
    };
    let damages: [fn(Vec<u8>) -> Vec<u8>; 6] = [
        |_| Vec::new(),
        |bytes| bytes[..bytes.len() / 2].to_vec(),
        |_| b"somebody else's file".to_vec(),
        |mut bytes| {
            *bytes.last_mut().unwrap() ^= 1;
            bytes
        },
        |mut bytes| {
            bytes.push(0);
            bytes
        },
        |bytes| vec![0; bytes.len()],
    ];
    for (number, damage) in damages.into_iter().enumerate() {
        (0..10).for_each(|n| assert_eq!(corrupt(n), n * 5));
        assert_eq!(entries().len(), 10);
        for path in entries() {
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(&path, damage(bytes)).unwrap();
        }
        let before = corrupt::site().stats();
        assert!((0..10).all(|n| corrupt::entry(&n).peek() == Ok(None)), "damage {number} is not a value");
        (0..10).for_each(|n| assert_eq!(corrupt(n), n * 5));
        let after = corrupt::site().stats();
        assert_eq!((after.runs - before.runs, after.backend_errors), (10, 0), "damage {number}: {after:?}");
    }
    // The entry of one call in the place of another's.
    let files = entries();
    let bytes = std::fs::read(&files[0]).unwrap();
    files[1..].iter().for_each(|path| std::fs::write(path, &bytes).unwrap());
    (0..10).for_each(|n| assert_eq!(corrupt(n), n * 5));
}

/// Functions of one written path in functions of their own: as a program before and after an edit.
macro_rules! edits {
    ($($version:ident($a:ident, $b:ident) [$($args:tt)*] $body:block)*) => {
        $(fn $version(a: u64, b: u64) -> u64 {
            #[cached(ttl = "1h" $($args)*)]
            fn edited($a: u64, $b: u64) -> u64 $body
            edited(a, b)
        })*

        const EDITS: &[(&str, fn(u64, u64) -> u64)] = &[$((stringify!($version), $version)),*];
    };
}

edits! {
    first(a, b) [] { (a + b) * 2 + 1 }
    moved_parenthesis(a, b) [] { (a + b * 2) + 1 }
    other_number(a, b) [] { (a + b) * 2 + 3 }
    other_operator(a, b) [] { (a - b) * 2 + 1 }
    other_operands(a, b) [] { (b + a) * 2 + 1 }
    other_version(a, b) [, version = 4] { (a + b) * 2 + 1 }
    other_key(a, b) [, key = (a, b)] { (a + b) * 2 + 1 }
    other_type(a, b) [] { u64::from(u32::try_from(a + b).unwrap() * 2 + 1) }
    a_list(a, b) [] { [a, b].iter().sum::<u64>() }
    two_lists(a, b) [] { [a, b].iter().max().copied().unwrap_or_default() }
}

#[test]
fn an_edit_of_the_body_never_serves_yesterdays_answer() {
    let _alone = alone();
    for (before, old) in EDITS {
        for (after, new) in EDITS.iter().filter(|(name, _)| name != before) {
            let scratch = tempfile::tempdir().unwrap();
            let path = |version: &str| format!("it::backends::{version}::edited");
            on_file(scratch.path(), &[&path(before)]).install().unwrap();
            let yesterday = old(9, 4);
            on_file(scratch.path(), &[&path(after)]).install().unwrap();
            let site = cached_core::site(&path(after)).unwrap();
            let hits = site.stats().hits;
            let today = new(9, 4);
            assert_eq!(site.stats().hits, hits, "`{after}` was given the {yesterday} of `{before}` ({today})");
            new(9, 4);
            assert_eq!(site.stats().hits, hits + 1, "`{after}` is cached itself");
        }
    }
}

#[test]
fn entries_on_files_can_be_put_refreshed_invalidated_and_end() {
    #[cached(name = "backends.entry", ttl = "10m")]
    fn counted(n: u64) -> u64 {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        RUNS.fetch_add(1, Ordering::Relaxed) as u64 * 100 + n
    }
    let scratch = tempfile::tempdir().unwrap();
    let _alone = alone();
    on_file(scratch.path(), &["backends.entry"]).install().unwrap();
    let entry = || counted::entry(&1);
    assert_eq!((entry().peek(), entry().expires_at()), (Ok(None), Ok(None)));
    assert_eq!((counted(1), entry().peek(), entry().with(|value| value + 1)), (1, Ok(Some(1)), Ok(Some(2))));
    let Ok(Some(Expiry::At(end))) = entry().expires_at() else { panic!("it has a lifetime") };
    let life = end.duration_since(SystemTime::now()).unwrap();
    assert!(life > Duration::from_secs(500), "{life:?}");
    entry().put(77).unwrap();
    assert_eq!((counted(1), counted::refresh(1), counted(1)), (77, 101, 101));
    entry().invalidate().unwrap();
    assert_eq!((entry().peek(), entry().expires_at()), (Ok(None), Ok(None)));
    assert_eq!((counted(1), counted(1)), (201, 201));
    counted::site().clear().unwrap();
    assert_eq!(counted(1), 301);
}

#[tokio::test]
async fn entries_on_files_of_async_functions_can_be_put_refreshed_and_invalidated() {
    #[cached(name = "backends.entry_async", ttl = "10m")]
    async fn counted(n: u64) -> u64 {
        static RUNS: AtomicUsize = AtomicUsize::new(0);
        RUNS.fetch_add(1, Ordering::Relaxed) as u64 * 100 + n
    }
    let scratch = tempfile::tempdir().unwrap();
    let _alone = alone();
    on_file(scratch.path(), &["backends.entry_async"]).install().unwrap();
    assert_eq!(counted(1).await, 1);
    assert_eq!(shutdown(Duration::from_secs(30)), 0, "what is queued is written");
    assert_eq!(counted::entry(&1).peek().await, Ok(Some(1)));
    assert!(matches!(counted::entry(&1).expires_at().await, Ok(Some(Expiry::At(_)))));
    counted::entry(&1).put(77).await.unwrap();
    assert_eq!((counted(1).await, counted::refresh(1).await), (77, 101));
    assert_eq!(shutdown(Duration::from_secs(30)), 0);
    assert_eq!(counted(1).await, 101);
    counted::entry(&1).invalidate().await.unwrap();
    assert_eq!(counted::entry(&1).peek().await, Ok(None));
    assert_eq!(counted(1).await, 201);
}

#[test]
fn a_backend_that_fails_never_fails_a_call_and_always_an_invalidation() {
    #[cached(name = "backends.failing", ttl = "1h")]
    fn failing(n: u64) -> u64 {
        n * 3
    }
    let backend = Arc::new(Faulty::new(Arc::new(Shelf::new())));
    let _guard = on(Arc::clone(&backend) as _, failing::site());
    assert_eq!((failing(1), failing(1)), (3, 3));
    for (fault, kind) in [(Fault::Fail, ErrorKind::Backend), (Fault::Hang, ErrorKind::Timeout)] {
        backend.set_fault(fault);
        let before = failing::site().stats();
        assert_eq!((failing(1), failing(2)), (3, 6), "{fault:?}");
        let after = failing::site().stats();
        assert_eq!(after.calls - before.calls, 2, "{after:?}");
        assert!(after.backend_errors >= before.backend_errors + 2, "each is counted: {after:?}");
        let entry = failing::entry(&1);
        let errors = [entry.invalidate(), entry.put(4), failing::site().clear(), entry.peek().map(drop)];
        let kinds = errors.map(|answer| answer.unwrap_err().kind());
        assert_eq!(kinds, [kind; 4], "{fault:?}");
    }
    backend.set_fault(Fault::None);
    failing::entry(&1).invalidate().unwrap();
    assert_eq!(failing(1), 3);
    assert_eq!(failing::site().stats().errors, 0, "no call ended in an error");
}

#[test]
fn a_backend_that_loses_writes_costs_runs_and_nothing_else() {
    #[cached(name = "backends.losing", ttl = "1h")]
    fn losing(n: u64) -> u64 {
        n
    }
    let backend = Arc::new(Faulty::new(Arc::new(Shelf::new())));
    backend.set_fault(Fault::DropWrites);
    let _guard = on(Arc::clone(&backend) as _, losing::site());
    (0..5).for_each(|_| assert_eq!(losing(8), 8));
    let stats = losing::site().stats();
    assert_eq!((stats.misses, stats.backend_errors, backend.writes()), (5, 0, 5), "{stats:?}");
}

/// A shelf whose writes wait until the test opens it.
#[derive(Default)]
struct Blocked {
    shelf: Shelf,
    open: Mutex<bool>,
    opened: Condvar,
    closed: AtomicBool,
}

impl Backend for Blocked {
    fn capabilities(&self) -> Capabilities {
        Capabilities::blocking()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.shelf.get_many(keys)
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        let mut open = self.open.lock().unwrap();
        while !*open {
            open = self.opened.wait(open).unwrap();
        }
        drop(open);
        self.shelf.set_many(writes)
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.shelf.delete_many(keys)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.shelf.clear(prefix)
    }

    fn close(&self, _: Duration) -> Reply<()> {
        self.closed.store(true, Ordering::SeqCst);
        Reply::Ready(Ok(()))
    }
}

#[tokio::test]
async fn shutdown_writes_what_is_queued_and_says_what_it_could_not_write() {
    #[cached(name = "backends.queued", ttl = "1h")]
    async fn queued(n: u64) -> u64 {
        n
    }
    let backend = Arc::new(Blocked::default());
    let _guard = on(Arc::clone(&backend) as _, queued::site());
    // Fewer than there are workers: the calls read through workers too.
    for n in 0..3 {
        assert_eq!(queued(n).await, n);
    }
    let begun = SystemTime::now();
    let unwritten = shutdown(Duration::from_millis(50));
    let took = begun.elapsed().unwrap();
    assert!(took < Duration::from_secs(5), "it kept to its deadline: {took:?}");
    assert_eq!(unwritten, 3);
    assert!(backend.closed.load(Ordering::SeqCst), "backends are closed");
    *backend.open.lock().unwrap() = true;
    backend.opened.notify_all();
    assert_eq!(shutdown(Duration::from_secs(30)), 0);
    assert_eq!(backend.shelf.keys().len(), 3, "nothing was lost");
    for n in 0..3 {
        assert_eq!(queued(n).await, n);
    }
    assert_eq!(queued::site().stats().hits, 3, "later calls work");
}

#[test]
fn what_another_process_stored_is_forgotten_by_one_that_never_called() {
    #[cached(name = "backends.foreign_clear", ttl = "1h")]
    fn stored(n: u64) -> u64 {
        n
    }
    #[cached(name = "backends.foreign_clear_generic", ttl = "1h")]
    fn generic<
        T: Clone + Eq + std::hash::Hash + Send + Sync + serde::Serialize + serde::de::DeserializeOwned + 'static,
    >(
        value: T,
    ) -> Vec<T> {
        vec![value]
    }
    let sites = ["backends.foreign_clear", "backends.foreign_clear_generic"];
    if let Some(directory) = told() {
        on_file(&directory, &sites).install().unwrap();
        let called = || assert_eq!((stored(1), generic(1_u8), generic(1_u16)), (1, vec![1], vec![1]));
        if std::env::var_os("CACHED_TESTS_CLEAR").is_some() {
            stored::site().clear().unwrap();
            generic::site().clear().unwrap();
        }
        called();
        println!("\nruns {}\nruns {}", stored::site().stats().runs, generic::site().stats().runs);
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let test = "what_another_process_stored_is_forgotten_by_one_that_never_called";
    assert_eq!(printed(start(test, scratch.path()), "runs "), [1, 2]);
    assert_eq!(printed(start(test, scratch.path()), "runs "), [0, 0]);
    let mut clearing = Command::new(std::env::current_exe().unwrap());
    clearing.args(["--exact", "--nocapture", &format!("backends::{test}")]).env(DIRECTORY, scratch.path());
    let clearing = clearing.env("CACHED_TESTS_CLEAR", "1").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    assert_eq!(printed(clearing.unwrap(), "runs "), [1, 2], "and then computed");
}
