//! A program that is wrong in ways that every `install` finds: two functions and two kinds of one
//! name, an alias that nobody configured, types that no bytes can carry. It runs all the same.

cached_core::link!(cached_file);

use std::process::Command;
use std::sync::Arc;

use cached_core::backend::Backend;
use cached_core::{Config, Error, Kind, Options, Site, cached};
use cached_testkit::Shelf;

#[cached(name = "billing.price")]
fn net(n: u64) -> u64 {
    n
}

#[cached(name = "billing.price")]
fn gross(n: u64) -> u64 {
    n * 2
}

#[cached(backend = "shared")]
fn nobody_configured_this(n: u64) -> u64 {
    n + 1
}

#[derive(Clone, Debug, PartialEq)]
struct Opaque(u64);

#[cached(backend = "bytes", name = "clash.value")]
fn value_without_bytes(n: u64) -> Opaque {
    Opaque(n)
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Mute(u64);

#[cached(backend = "bytes", name = "clash.key")]
fn key_without_bytes(n: Mute) -> u64 {
    n.0
}

fn shelf(_: &Options) -> Result<Arc<dyn Backend>, Error> {
    Ok(Arc::new(Shelf::new()))
}

cached_core::rt::inventory::submit! { Kind::new("shelf", &[], shelf) }
cached_core::rt::inventory::submit! { Kind::new("shelf", &[], shelf) }

fn install(config: Config) -> Error {
    config.install().expect_err("this program cannot be installed")
}

fn fault(error: &Error, said: &str) -> String {
    let found: Vec<_> = error.faults().iter().filter(|fault| fault.contains(said)).collect();
    assert_eq!(found.len(), 1, "{said:?} in {error}");
    found[0].clone()
}

#[test]
fn one_name_for_two_functions_is_a_fault_that_names_both_places() {
    let fault = fault(&install(Config::new()), "billing.price");
    assert!([net::site(), gross::site()].iter().all(|site| fault.contains(&site.location())), "{fault}");
    assert!(cached_core::site("billing.price").unwrap_err().to_string().contains("2 sites"));
}

#[test]
fn functions_of_one_name_have_entries_of_their_own_all_the_same() {
    assert_eq!([net(5), gross(5), net(5), gross(5)], [5, 10, 5, 10]);
}

#[test]
fn one_name_for_two_kinds_is_a_fault_that_names_both_places() {
    let fault = fault(&install(Config::new()), "\"shelf\"");
    assert_eq!(fault.matches("clash.rs:").count(), 2, "{fault}");
}

#[test]
fn an_alias_of_the_attribute_that_nobody_configured_is_a_fault_with_file_and_line() {
    let fault = fault(&install(Config::new().option("shred", "kind", "memory")), "unknown backend \"shared\"");
    assert!(fault.contains(&nobody_configured_this::site().location()), "{fault}");
    assert!(fault.contains("known backends: default, shred") && fault.contains("did you mean \"shred\"?"), "{fault}");
}

#[test]
fn keys_and_values_that_cannot_be_bytes_are_faults_where_their_alias_is_one_of_bytes() {
    let files = Config::new().option("bytes", "kind", "file").option("bytes", "location", "never made");
    let error = install(files);
    for site in [value_without_bytes::site(), key_without_bytes::site()] {
        let fault = fault(&error, &site.location());
        assert!(fault.contains("derive `Serialize`"), "{fault}");
    }
    assert_eq!((value_without_bytes(3), key_without_bytes(Mute(4))), (Opaque(3), 4), "they run uncached");
    let error = install(Config::new().option("bytes", "kind", "memory"));
    let of_bytes = error.faults().iter().filter(|fault| fault.contains("clash.value") || fault.contains("clash.key"));
    assert_eq!(of_bytes.count(), 0, "memory carries everything: {error}");
}

/// What the calls of a site without an alias come to, in a process of its own.
fn uncached_calls() {
    (0..5).for_each(|_| assert_eq!(nobody_configured_this(1), 2));
    let stats = nobody_configured_this::site().stats();
    assert_eq!((stats.calls, stats.bypassed, stats.runs, stats.entries), (5, 5, 5, 0), "{stats:?}");
    assert_eq!(nobody_configured_this::entry(&1).peek(), Ok(None));
    let report = cached_core::report().to_json();
    assert!(report.contains("\"verdict\":\"no such alias"), "{report}");
    println!("\nuncached and said so");
}

#[test]
fn without_install_an_unknown_alias_computes_uncached_and_warns_once() {
    const CHILD: &str = "CACHED_TESTS_UNCACHED";
    if std::env::var_os(CHILD).is_some() {
        return uncached_calls();
    }
    let test = "without_install_an_unknown_alias_computes_uncached_and_warns_once";
    let mut child = Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", "--nocapture", test]).env(CHILD, "1").output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(out.contains("uncached and said so"), "{out}\n{err}");
    let site: &Site = nobody_configured_this::site();
    let warnings: Vec<_> = err.lines().filter(|line| line.contains(&site.location())).collect();
    assert_eq!(warnings.len(), 1, "once, however often it is called: {err}");
    assert!(warnings[0].starts_with("cached: ") && warnings[0].contains("unknown backend \"shared\""), "{err}");
}

#[test]
fn every_mistake_of_the_program_is_in_one_error() {
    let files = Config::new().option("bytes", "kind", "file").option("bytes", "location", "never made");
    let error = install(files.option("other", "kind", "mem").site("clash::gross", "ttl", "soon"));
    println!("{error}");
    for said in ["billing.price", "\"shelf\"", "\"shared\"", "clash.value", "clash.key", "\"mem\""] {
        fault(&error, said);
    }
}
