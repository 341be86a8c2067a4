//! R66: configurations are installed, replaced and taken back while calls run, and a backend that is being made may
//! itself call what is cached.
//!
//! In: callers, and somebody who installs one configuration after the other, some of which cannot be. Out: every call
//! gives its value; nobody waits for anybody; what is installed last holds from the next call on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use cached_core::backend::Backend;
use cached_core::{Config, Error, ErrorKind, Kind, Options, cached, report, retune};
use cached_testkit::Shelf;

use cached_tests::crowd::{at_rest, now};
use cached_tests::support::{alone, scaled};

#[cached(name = "registration.first", ttl = "1h")]
fn first(n: u64) -> u64 {
    n + 1
}

#[cached(name = "registration.second", ttl = "1h")]
fn second(n: u64) -> u64 {
    first(n) + 1
}

/// What the factory asks while it makes a backend: on the alias that it makes, as far as there is one already.
#[cached(name = "registration.of_factory", ttl = "1h")]
fn of_factory(n: u64) -> u64 {
    first(n) + second(n)
}

static MADE: AtomicU64 = AtomicU64::new(0);

fn make(_: &Options) -> Result<Arc<dyn Backend>, Error> {
    let made = MADE.fetch_add(1, SeqCst);
    assert_eq!(of_factory(made % 50), made % 50 * 2 + 3);
    // And it reads what is said of all sites.
    assert!(!report().to_string().is_empty());
    Ok(Arc::new(Shelf::new()))
}

/// A factory that installs: what it is asked for by an installation.
fn install_inside(_: &Options) -> Result<Arc<dyn Backend>, Error> {
    INSIDE.fetch_add(1, SeqCst);
    let inner = Config::new().option("made", "kind", "memory").install();
    inner.map_err(|error| Error::new(ErrorKind::Config, error.to_string()))?;
    Ok(Arc::new(Shelf::new()))
}

static INSIDE: AtomicU64 = AtomicU64::new(0);

inventory::submit! { Kind::new("calling", &["number"], make) }
inventory::submit! { Kind::new("installing", &["number"], install_inside) }

/// Runs what must not take long, on a thread of its own: one that hangs is told, and not waited for.
fn within<T: Send + 'static>(patience: Duration, run: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || tell.send(run()));
    told.recv_timeout(patience).expect("nothing waits for ever")
}

/// One configuration after the other; the number makes each an alias of its own.
fn configuration(round: usize) -> Config {
    let number = round.to_string();
    let config = match round % 5 {
        0 => Config::new().option("made", "kind", "calling").option("made", "number", number),
        1 => Config::new().option("made", "kind", "memory"),
        2 => Config::new().backend("made", Arc::new(Shelf::new())).site("registration.first", "backend", "made"),
        3 => Config::new().option("made", "kind", "dummy"),
        // It cannot be: the one before it holds.
        _ => Config::new().option("made", "kind", "calling").option("made", "ttl", "soon"),
    };
    config.site("registration.second", "backend", "made").site("registration.of_factory", "backend", "made")
}

#[test]
fn r66_calls_go_on_while_configurations_come_and_go() {
    let _alone = alone();
    let rounds = scaled(1_000);
    let (calls, longest) = within(Duration::from_secs(120), move || {
        static OVER: AtomicBool = AtomicBool::new(false);
        OVER.store(false, SeqCst);
        let caller = |thread: u64| {
            std::thread::spawn(move || {
                let mut calls = 0;
                while !OVER.load(SeqCst) {
                    let n = calls % 50 + thread;
                    assert_eq!((first(n), second(n), of_factory(n)), (n + 1, n + 2, n * 2 + 3));
                    if calls % 64 == 0 {
                        first::site().clear().expect("every backend works");
                    }
                    calls += 1;
                }
                calls
            })
        };
        let callers: Vec<_> = (0..3).map(caller).collect();
        let mut longest = Duration::ZERO;
        for round in 0..rounds {
            let began = now();
            let installed = configuration(round).install();
            assert_eq!(installed.is_err(), round % 5 == 4, "{round}: {installed:?}");
            longest = longest.max(began.elapsed());
            if round % 7 == 0 {
                drop(retune("registration.first", "ttl", Some("10m")));
            }
        }
        OVER.store(true, SeqCst);
        let calls: u64 = callers.into_iter().map(|caller| caller.join().expect("every call is right")).sum();
        (calls, longest)
    });
    println!(
        "R66: {rounds} configurations while 3 threads made {calls} rounds of calls; {} factories called what is cached; the \
         longest installation took {longest:.1?}",
        MADE.load(SeqCst)
    );
    assert!(calls > 0 && MADE.load(SeqCst) > 0);
    [first::site(), second::site(), of_factory::site()].iter().for_each(|site| at_rest(site));
}

#[test]
fn r66_what_is_installed_holds_from_the_next_call_on() {
    let _alone = alone();
    for round in 0..scaled(200) {
        let shelf = Arc::new(Shelf::new());
        let config = Config::new().backend("late", Arc::clone(&shelf) as _);
        config.site("registration.first", "backend", "late").install().expect("the configuration is right");
        assert_eq!(first(round as u64), round as u64 + 1);
        assert_eq!((first::site().alias(), shelf.keys().len()), ("late".into(), 1));
    }
}

#[test]
fn r66_a_factory_that_installs_is_told_that_it_may_not() {
    let _alone = alone();
    let took = within(Duration::from_secs(10), || {
        let began = now();
        let outer = Config::new().option("made", "kind", "installing").install();
        (outer.expect_err("the inner one is none").to_string(), began.elapsed())
    });
    println!(
        "R66: a factory that installs was asked {} times, and that took {:.1?}: {}",
        INSIDE.load(SeqCst),
        took.1,
        took.0
    );
    assert!(took.0.contains("while another is being installed") && took.1 < Duration::from_secs(1), "{took:?}");
    assert_eq!(second(1), 3);
    assert!(Config::new().install().is_ok(), "this thread may again");
}
