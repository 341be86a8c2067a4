//! The conformance suite: sound backends pass it, and none that is broken does.
//!
//! Each broken backend stands with all the rules that it breaks, and no other rule trips on it. Together they break
//! every rule: so none of them cannot fail.

#![allow(missing_docs, reason = "tests")]

mod broken;
mod entries;
mod handles;
mod keys;
mod later;
mod lifetimes;
mod news;
mod races;
mod removals;
mod sound;
mod suite;
mod values;

use std::collections::BTreeSet;

use cached_testkit::conformance::rules;

/// Backends with the rules that they break.
type Table = &'static [(&'static str, &'static [&'static str])];

const TABLES: [Table; 9] = [
    entries::BROKEN,
    handles::BROKEN,
    keys::BROKEN,
    later::BROKEN,
    lifetimes::BROKEN,
    news::BROKEN,
    races::BROKEN,
    removals::BROKEN,
    values::BROKEN,
];

#[test]
fn every_rule_is_broken_by_some_backend() {
    let broken: BTreeSet<_> = TABLES.iter().copied().flatten().flat_map(|(_, rules)| rules.iter().copied()).collect();
    let all: BTreeSet<_> = rules().map(|rule| rule.name()).collect();
    let unbroken: Vec<_> = all.difference(&broken).collect();
    assert!(unbroken.is_empty(), "no backend breaks {unbroken:#?}");
    assert!(broken.is_subset(&all));
    println!("{} backends break {} rules", TABLES.iter().copied().flatten().count(), all.len());
}
