//! R69: two releases of one program on one store, for a while, and back again.
//!
//! In: processes of an old and of a new release, which are functions of one written path: their `version` differs, or
//! only the type that they return. Out: every call gives what its own release computes; nobody's backend fails; with
//! another `version` each key is computed once per lifetime and release, and neither pushes the other's entries out;
//! after the new release is gone the old one finds what it had.
//!
//! Where only a type was edited, and the function's text and version are the same, both releases have one address: each
//! computes what it finds of the other. The values are right; what it costs is printed. So an edit of a type takes a new
//! `version`, if both are to run side by side.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cached_core::{Config, cached, site};
use serde::{Deserialize, Serialize};

use cached_tests::crowd::now;
use cached_tests::support::{alone, scaled};

const KEYS: u64 = 40;
/// A call each two milliseconds is 500 a second.
const PAUSE: Duration = Duration::from_millis(2);
const TTL: Duration = Duration::from_secs(1);

mod before {
    use super::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Price {
        net: u64,
        gross: u64,
    }

    impl Price {
        pub(super) fn of(n: u64) -> Self {
            Price { net: n, gross: n * 2 }
        }
    }
}

mod after {
    use super::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Price {
        gross: u64,
        net: u64,
        #[serde(default)]
        currency: Option<String>,
    }

    impl Price {
        pub(super) fn of(n: u64) -> Self {
            Price { gross: n * 2, net: n, currency: Some("EUR".into()) }
        }
    }
}

/// A function of one written path in each release, as its text is before and after an edit.
macro_rules! releases {
    ($($release:ident $types:ident [$($words:tt)*])*) => {
        $(fn $release(n: u64) -> bool {
            use $types::Price;

            #[cached(ttl = "1s" $($words)*)]
            fn price(n: u64) -> Price {
                Price::of(n)
            }
            price(n) == Price::of(n)
        })*

        const RELEASES: &[(&str, fn(u64) -> bool)] = &[$((stringify!($release), $release)),*];
    };
}

releases! {
    old before []
    new after [, version = 2]
    edited after []
}

/// In a child: which release it is, for how long it runs, and where its store is.
const TOLD: &str = "CACHED_TESTS_RELEASE";
const TEST: &str = "releases::r69_two_releases_share_a_store_and_one_is_taken_back";

/// Calls at its pace, and says what it met.
fn play(told: &str) {
    let mut words = told.splitn(3, ' ');
    let mut word = || words.next().expect("a release, its time and its store");
    let (release, millis, directory) = (word(), word().parse().expect("a number"), word());
    let (_, call) = RELEASES.iter().find(|(name, _)| *name == release).expect("one of three");
    let path = format!("reliability::releases::{release}::price");
    let config = Config::new().namespace("shop").option("files", "kind", "file").option("files", "location", directory);
    let config = config.option("files", "op_timeout", "10s").site(&path, "backend", "files");
    config.install().expect("the configuration is right");
    let (began, mut calls) = (now(), 0_u64);
    while began.elapsed() < Duration::from_millis(millis) {
        assert!(call(calls * 7 % KEYS), "a value of another release");
        calls += 1;
        std::thread::sleep(PAUSE);
    }
    let stats = site(&path).expect("it is there").stats();
    println!(
        "\nreleased calls={calls} runs={} hits={} errors={} undecodable={}",
        stats.runs, stats.hits, stats.backend_errors, stats.undecodable
    );
}

fn start(release: &str, time: Duration, directory: &Path) -> Child {
    let told = format!("{release} {} {}", time.as_millis(), directory.display());
    let mut command = Command::new(std::env::current_exe().expect("the path of this program"));
    command.args(["--exact", "--nocapture", TEST]).env(TOLD, told).stdout(Stdio::piped()).spawn().expect("it starts")
}

/// What a process met.
fn met(child: Child) -> BTreeMap<String, u64> {
    let output = child.wait_with_output().expect("it is our child");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "a call was wrong: {said}");
    let line = said.lines().find_map(|line| line.strip_prefix("released ")).unwrap_or_else(|| panic!("{said}"));
    let figures = line.split(' ').filter_map(|figure| figure.split_once('='));
    figures.map(|(name, number)| (name.to_owned(), number.parse().expect("a number"))).collect()
}

#[test]
fn r69_two_releases_share_a_store_and_one_is_taken_back() {
    if let Ok(told) = std::env::var(TOLD) {
        return play(&told);
    }
    // Others may install meanwhile, in this process; the releases are processes of their own.
    drop(alone());
    let time = Duration::from_millis(scaled(24_000) as u64);
    for newer in ["new", "edited"] {
        let directory = tempfile::tempdir().expect("a directory");
        met(start("old", time / 8, directory.path()));
        let both = ["old", newer].map(|release| start(release, time, directory.path()));
        let both = both.map(met);
        // The new one is taken back; what the old one stored is there, as long as its lifetime goes.
        let back = met(start("old", time / 8, directory.path()));
        let most = 2 * KEYS * (u64::try_from(time.as_millis() / TTL.as_millis()).expect("short") + 1);
        println!(
            "r69 {newer}: for {time:.1?} side by side {both:?}, then the old one alone {back:?}; at most {most} bodies of each"
        );
        for met in both.iter().chain([&back]) {
            assert_eq!(met["errors"], 0, "{met:?}");
            assert!(met["calls"] > 0, "{met:?}");
        }
        if newer == "new" {
            assert!(both.iter().all(|met| met["runs"] <= most && met["undecodable"] == 0), "they push each other out");
            assert!(both.iter().chain([&back]).all(|met| met["hits"] > 0), "they are served");
            assert!(back["undecodable"] == 0 && back["runs"] <= most, "{back:?}");
        }
    }
}
