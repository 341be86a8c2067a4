//! R73: a process that ends while writes and refreshes are under way ends as it was told to, and at once.
//!
//! In: five ways to end, each with a slow backend behind which writes wait, and bodies that refresh in the background.
//! Out: no child hangs or speaks of what was destroyed, each has the exit code that it would have without a cache, and
//! the report is printed where a guard for it is dropped, and nowhere else.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cached_core::backend::{Backend, Bytes, Capabilities, Key, Reply, When, Write};
use cached_core::{Config, cached, report_at_exit};
use cached_testkit::Shelf;

use cached_tests::crowd::now;
use cached_tests::support::scaled;

/// Says in which way the child ends.
pub(crate) const WAY: &str = "CACHED_TESTS_WAY";
/// So long may an end take on an idle machine: the quickest has to.
const QUICK: Duration = Duration::from_millis(500);
/// None may take longer: it hangs.
const PATIENCE: Duration = Duration::from_secs(20);
const HEAD: &str = "cached: ";

/// How a child ends, whether by its exit code or by a signal, and whether the report is printed.
type Way = (&'static str, Result<i32, i32>, bool);

const WAYS: [Way; 5] = [
    ("return", Ok(7), true),
    ("exit", Ok(9), false),
    ("panic", Ok(101), true),
    ("term", Err(15), false),
    ("abort", Err(6), false),
];

/// A backend that takes its time to write.
struct Slow(Shelf);

impl Backend for Slow {
    fn capabilities(&self) -> Capabilities {
        Capabilities::blocking()
    }

    fn get_many(&self, keys: &[Key]) -> Reply<Vec<Option<Bytes>>> {
        self.0.get_many(keys)
    }

    fn set_many(&self, writes: Vec<Write>) -> Reply<Vec<bool>> {
        thread::sleep(Duration::from_millis(50));
        self.0.set_many(writes)
    }

    fn delete_many(&self, keys: Vec<(Key, When)>) -> Reply<Vec<bool>> {
        self.0.delete_many(keys)
    }

    fn clear(&self, prefix: &str) -> Reply<()> {
        self.0.clear(prefix)
    }
}

#[cached(ttl = "1h")]
fn written(n: u64) -> Vec<u64> {
    vec![n; 100]
}

#[cached(ttl = "1ms", stale = "1h", refresh = "background")]
fn refreshed(n: u64) -> u64 {
    thread::sleep(Duration::from_millis(5));
    n
}

/// Has writes and refreshes under way, says so, and ends.
pub(crate) fn play(way: &str) -> ExitCode {
    let config = Config::new().backend("slow", Arc::new(Slow(Shelf::new()))).option("slow", "write", "behind");
    let config = config.site("ends::quit::written", "backend", "slow").option("default", "kind", "memory");
    config.install().expect("the configuration is right");
    let _report = report_at_exit();
    for n in 0..40 {
        assert_eq!((written(n).len(), refreshed(n)), (100, n));
    }
    thread::sleep(Duration::from_millis(2));
    (0..40).for_each(|n| assert_eq!(refreshed(n), n));
    println!("under way");
    std::io::stdout().flush().expect("somebody reads");
    match way {
        "return" => ExitCode::from(7),
        "exit" => std::process::exit(9),
        "panic" => panic!("as it was told"),
        "abort" => std::process::abort(),
        // Until the signal comes it goes on.
        _ => loop {
            (0..40).for_each(|n| assert_eq!((written(n).len(), refreshed(n)), (100, n)));
            thread::yield_now();
        },
    }
}

/// How it ended.
fn told(status: ExitStatus) -> Result<i32, i32> {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().ok_or_else(|| status.signal().unwrap_or_default())
}

/// Waits for a child from when it says that all is under way; how long it took, how it ended and what it said.
fn ended(mut child: Child, way: &str) -> Result<(Duration, Result<i32, i32>, String), String> {
    let mut words = String::new();
    let mut stdout = BufReader::new(child.stdout.take().expect("it is piped"));
    stdout.read_line(&mut words).map_err(|error| error.to_string())?;
    let began = now();
    if way == "term" {
        let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        killed.map_err(|error| error.to_string())?;
    }
    let status = loop {
        match child.try_wait().expect("it is our child") {
            Some(status) => break status,
            None if began.elapsed() > PATIENCE => {
                child.kill().and_then(|()| child.wait()).expect("it is our child");
                return Err(format!("it still runs after {PATIENCE:?}"));
            }
            None => thread::sleep(Duration::from_millis(1)),
        }
    };
    let took = began.elapsed();
    let mut said = String::new();
    child.stderr.take().expect("it is piped").read_to_string(&mut said).map_err(|error| error.to_string())?;
    if words != "under way\n" {
        return Err(format!("it ended before: {said}"));
    }
    Ok((took, told(status), said))
}

/// All ways; says what is wrong.
pub(crate) fn all() -> Result<(), String> {
    let runs = scaled(100);
    for (way, end, is_reported) in WAYS {
        let mut times = Vec::new();
        for _ in 0..runs {
            let mut command = Command::new(std::env::current_exe().expect("the path of this program"));
            command.env(WAY, way).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let (took, told, said) = ended(command.spawn().expect("it starts"), way)?;
            let heads = said.lines().filter(|line| line.starts_with(HEAD) && line.contains(" sites ")).count();
            let panics = said.matches("panicked at").count();
            if told != end || heads != usize::from(is_reported) || panics != usize::from(way == "panic") {
                return Err(format!("{way}: it ended with {told:?}, {heads} reports and {panics} panics: {said}"));
            }
            if said.contains("destroyed") || said.contains("poisoned") {
                return Err(format!("{way}: {said}"));
            }
            times.push(took);
        }
        times.sort();
        let (quickest, median, longest) = (times[0], times[times.len() / 2], times[times.len() - 1]);
        println!("R73 {way}: {runs} ends with {end:?}: {quickest:.1?}, median {median:.1?}, at most {longest:.1?}");
        if quickest > QUICK {
            return Err(format!("{way}: the quickest took {quickest:?}"));
        }
    }
    Ok(())
}
