//! What the other tests compute is a function of its keys: they run once more, and every hit is compared.
//!
//! In: this binary in a process of its own, with `verify` for all sites but those that `cached_tests::verified` names
//! and gives a reason for. Out: how many hits were compared, and that none differed.

use std::fs;
use std::path::Path;
use std::process::Command;

use cached_tests::verified::{INTO, KEPT_OUT};

/// Tests that are left out, by the beginnings of their names, and why.
const LEFT_OUT: [(&str, &str); 8] = [
    ("census::", "builds other programs"),
    ("twins::", "builds another program"),
    ("quickstart::", "starts other programs"),
    ("origin::", "starts these tests again"),
    ("verified::", "starts these tests again"),
    ("report::one_line_of_text_stands_for_each_site", "counts the lines of a report, which has one more"),
    ("seeing::all_sites_are_verified_when_a_file_or_the_environment_says_so", "says itself what is verified"),
    ("seeing::the_share_of_hits_that_is_verified_is_as_it_was_asked", "says itself what is verified"),
];

/// More sites than this may not be kept out. Whoever has to raise it says why in `KEPT_OUT`.
const MOST: usize = 90;

/// Configurations that do not begin with `verified::config()`: texts and files are what these tests are about.
const MOST_OF_THEIR_OWN: usize = 20;

#[test]
#[ignore = "runs the tests of this binary once more: a step of `cargo xtask test`"]
fn every_hit_of_the_other_tests_gives_what_its_body_gives() {
    let into = tempfile::NamedTempFile::new().unwrap();
    let mut tests = Command::new(std::env::current_exe().unwrap());
    tests.env(INTO, into.path()).args(LEFT_OUT.iter().flat_map(|(name, _)| ["--skip", name]));
    let output = tests.output().unwrap();
    let (said, found) = (String::from_utf8_lossy(&output.stdout), fs::read_to_string(into.path()).unwrap());
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let result = said.lines().find(|line| line.starts_with("test result: ")).expect("libtest says how it ended");
    let (sums, differing) = found.split_once('\n').expect("what was found was written down");
    let sums: Vec<usize> = sums.split(' ').map(|sum| sum.parse().unwrap()).collect();
    let [hits, kept_out, sites] = sums[..] else { panic!("{found}") };
    let differences = differing.lines().count();
    println!("{result}\nverified: {hits} hits, {differences} sites differ; {kept_out} of {sites} sites are kept out");
    assert_eq!(differences, 0, "{differing}");
    assert!(hits > 10_000, "{hits} hits are few");
    assert!(kept_out <= MOST, "{kept_out} sites are kept out");
}

#[test]
fn who_is_kept_out_of_verification_is_there_and_nobody_steals_away() {
    let sites = cached_core::sites();
    let idle = |name: &&&str| !sites.iter().any(|site| site.name().starts_with(**name));
    let idle: Vec<_> = KEPT_OUT.iter().flat_map(|(_, names)| *names).filter(idle).collect();
    assert!(idle.is_empty(), "kept out, and not there: {idle:?}");
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("it");
    let own = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        ["Config::new()", "Config::from_"].iter().map(|made| text.matches(made).count()).sum::<usize>()
    };
    let files =
        [here.join("differential"), here].map(|directory| fs::read_dir(directory).unwrap()).into_iter().flatten();
    let files = files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    // This file names them, and `seeing` is about verification itself.
    let files = files.filter(|path| !path.ends_with("verified.rs") && !path.ends_with("seeing.rs"));
    let own: usize = files.map(|path| own(&path)).sum();
    println!("{own} configurations are of a test's own");
    assert!(own <= MOST_OF_THEIR_OWN, "{own} configurations: begin with `cached_tests::verified::config()`");
}
