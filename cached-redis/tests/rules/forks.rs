//! A process that is forked while it is busy. It is one of its own: of this test binary, started once more, so that no
//! other test has a thread in it.

use std::env;
use std::process::{self, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use cached_core::backend::{Backend, Listener, News, When};
use fork::Fork;

use crate::support::{get, now, on, ready, scaled, set, until, value};

/// Where the server is, for the process that forks.
const SERVER: &str = "CACHED_REDIS_TESTS_SERVER";

#[test]
fn r76_a_forked_child_makes_connections_of_its_own_and_leaves_its_parents_alone() {
    if let Ok(url) = env::var(SERVER) {
        return forks(&url);
    }
    let server = cached_testkit::servers::Server::redis();
    let mut command = Command::new(env::current_exe().unwrap());
    let test = "forks::r76_a_forked_child_makes_connections_of_its_own_and_leaves_its_parents_alone";
    command.args(["--exact", test, "--nocapture"]).env(SERVER, server.url());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let line = said.lines().find(|line| line.starts_with("R76")).expect("it says what it did");
    println!("{line}");
    let children = scaled(200);
    let stats = server.ask(&["INFO", "stats"]);
    let accepted = stats.lines().find_map(|line| line.strip_prefix("total_connections_received:")).unwrap();
    // Each child has two: one to ask, one to listen.
    assert!(accepted.trim().parse::<usize>().unwrap() > children * 2, "{accepted} for {children} children");
}

/// Forks while four threads ask. Ends with a panic where something was not as it should be.
fn forks(url: &str) {
    let (lost, heard) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let backend = Arc::new(on(url));
    for n in 0..16 {
        assert!(set(&backend, &format!("n:{n}"), value(n, "v"), When::Always).unwrap());
    }
    let counts = (Arc::clone(&lost), Arc::clone(&heard));
    let listener: Listener = Arc::new(move |news| match news {
        News::Lost => drop(counts.0.fetch_add(1, Ordering::SeqCst)),
        News::Heard => drop(counts.1.fetch_add(1, Ordering::SeqCst)),
        _ => {}
    });
    ready(backend.subscribe("n:", listener)).unwrap();
    until(|| heard.load(Ordering::SeqCst) == 1);
    let is_over = Arc::new(AtomicBool::new(false));
    let busy: Vec<_> = (0..4).map(|_| busy(Arc::clone(&backend), Arc::clone(&is_over))).collect();
    let children = scaled(200);
    let mut longest = Duration::ZERO;
    for n in 0..children {
        match fork::fork().unwrap() {
            Fork::Child => {
                let child = || {
                    let found = get(&backend, "n:7") == Ok(Some(value(7, "v")));
                    let stored = set(&backend, &format!("n:child:{n}"), value(1, "v"), When::Always) == Ok(true);
                    until(|| lost.load(Ordering::SeqCst) == 1 && heard.load(Ordering::SeqCst) == 2);
                    found && stored
                };
                // Nothing of the parent's is dropped here.
                process::exit(i32::from(!child()));
            }
            Fork::Parent(pid) => longest = longest.max(wait(pid)),
        }
    }
    is_over.store(true, Ordering::SeqCst);
    let asked: usize = busy.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert!((0..children).all(|n| get(&backend, &format!("n:child:{n}")).unwrap().is_some()));
    assert_eq!((lost.load(Ordering::SeqCst), heard.load(Ordering::SeqCst)), (0, 1), "the parent heard all the time");
    println!("R76 {children} children, the slowest took {longest:?}; their parent asked {asked} times meanwhile");
}

/// A thread that asks until it is over, and how often it did.
fn busy(backend: Arc<cached_redis::RedisBackend>, is_over: Arc<AtomicBool>) -> thread::JoinHandle<usize> {
    thread::spawn(move || {
        let mut asked = 0;
        while !is_over.load(Ordering::SeqCst) {
            let n = asked % 16;
            assert_eq!(get(&backend, &format!("n:{n}")).unwrap(), Some(value(n as u128, "v")));
            asked += 1;
        }
        asked
    })
}

/// How long a child took; it has to end well, and within ten seconds.
fn wait(pid: i32) -> Duration {
    let begun = now();
    loop {
        match fork::waitpid_nohang(pid).unwrap() {
            Some(status) => {
                assert_eq!(status, 0, "the child was not content");
                return begun.elapsed();
            }
            None if begun.elapsed() < Duration::from_secs(10) => thread::sleep(Duration::from_millis(1)),
            None => {
                let _ = Command::new("sh").args(["-c", &format!("kill -9 {pid}")]).status();
                panic!("a child did not end");
            }
        }
    }
}
