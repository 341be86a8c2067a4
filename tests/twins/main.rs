//! A program that depends on two crates with functions of the same names, and on two versions of one of them.
//!
//! In: a directory for files. Out: a line for each way to keep what was computed: how many answers there were, and
//! how many bodies ran for them; it panics at the first answer of another package.

use cached_core::{Config, Site};

cached_core::link!(cached_file);

/// The functions of one package: its name, what they give for a number, and their sites.
struct Package {
    name: &'static str,
    calls: [fn(u64) -> String; 3],
    named: fn(u64) -> String,
    sites: [&'static Site; 4],
}

macro_rules! package {
    ($package:ident) => {
        Package {
            name: $package::PACKAGE,
            calls: [$package::price, |n| $package::of(n), |n| $package::Shop(n % 3).price(n)],
            named: $package::named::price,
            sites: [
                $package::price::site(),
                $package::of::site(),
                $package::Shop::price_site(),
                $package::named::price::site(),
            ],
        }
    };
}

/// Asks each function of the packages for the same keys, in turn and twice; gives the answers and the bodies.
fn ask(packages: &[&Package], calls: impl Fn(&Package) -> Vec<fn(u64) -> String>) -> (u64, u64) {
    let runs = || packages.iter().flat_map(|package| package.sites).map(|site| site.stats().runs).sum::<u64>();
    let (before, mut answers) = (runs(), 0);
    for n in (0..200).chain(0..200) {
        for package in packages {
            for call in calls(package) {
                let given = call(n);
                assert!(given.starts_with(package.name) && given[package.name.len()..].starts_with(": "), "{given}");
                assert!(given.ends_with(&format!("{n}")), "{given} for {n}");
                answers += 1;
            }
        }
    }
    (answers, runs() - before)
}

fn said(how: &str, (answers, runs): (u64, u64)) {
    println!("{how}: {answers} answers, {runs} bodies");
}

fn main() {
    let directory = std::env::args().nth(1).expect("a directory");
    let (one, two) = (package!(pricing_one), package!(pricing_two));
    let (fees, tariffs) = (package!(fees), package!(tariffs));
    let (all, plain) = ([&one, &two, &fees, &tariffs], |package: &Package| package.calls.to_vec());
    said("memory", ask(&all, plain));

    let on_files = |patterns: &[&str]| {
        let config = Config::new().option("files", "kind", "file").option("files", "location", directory.as_str());
        let config = config.option("files", "op_timeout", "30s").strict();
        patterns.iter().fold(config, |config, pattern| config.site(pattern, "backend", "files"))
    };
    // Of two versions nothing but a name tells which is whose in what other processes read.
    let error = on_files(&["pricing::*", "pricing::*::*"]).install().expect_err("two versions share a path");
    error.faults().iter().for_each(|fault| println!("fault: {fault}"));
    said("memory, after the fault", ask(&all, plain));

    on_files(&["fees::*", "fees::*::*", "tariffs::*", "tariffs::*::*"]).install().expect("two crates have two paths");
    said("file, two crates", ask(&[&fees, &tariffs], plain));

    let names = all.map(|package| package.sites[3].name());
    on_files(&names).install().expect("each has a name");
    said("file, two versions with names", ask(&all, |package| vec![package.named]));
    assert_eq!(cached_core::shutdown(std::time::Duration::from_secs(30)), 0, "every write was done");
}
