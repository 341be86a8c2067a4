//! The integration tests once more, with every hit compared with what its body gives.
//!
//! In: an environment variable, and the configuration of a test. Out: the same configuration, under which all sites
//! are verified but those named here, whose bodies cannot be compared; and what was found so far, in a file.

use std::fmt::Write as _;
use std::fs;
use std::sync::Once;

use cached_core::{Config, Site};

/// Where what was found is written; it switches all this on.
pub const INTO: &str = "CACHED_TESTS_VERIFIED_INTO";

/// The sites that are not verified, by the beginnings of their names, and why. `tests/it/verified.rs` bounds their
/// number: a body that is a function of its key needs no line here.
pub const KEPT_OUT: [(&str, &[&str]); 3] = [
    (
        "the body numbers its runs or reads what the test changes, or the test puts what no body gives",
        &[
            "<it::tags::methods_and_generic_functions_have_tags_too::Shop as ",
            "backends.entry",
            "faults.switched_off",
            "freshness.behind",
            "freshness.by_value",
            "freshness.cache_if",
            "freshness.if_error",
            "freshness.invalidated",
            "freshness.stale",
            "it::companions::Shop::closed",
            "it::companions::Shop::price",
            "it::companions::a_lone_method_is_found_by_its_name::",
            "it::companions::an_entry_shows_replaces_and_forgets_its_value_and_no_other::",
            "it::companions::clear_disable_and_enable_act_on_the_whole_site::",
            "it::companions::companions_of_an_async_function_are_async::",
            "it::companions::entries_of_a_generic_function_are_those_of_its_instance::",
            "it::companions::lifetimes_end_as_time_goes_by::",
            "it::companions::lonely",
            "it::companions::refresh_computes_whatever_is_stored_and_replaces_it::",
            "it::companions::uncached_is_the_body_and_touches_nothing::",
            "it::faults::a_site_that_is_switched_off_keeps_nothing_that_is_put::",
            "it::flights::price",
            "it::idle::",
            "it::overrides::full",
            "it::scopes::double",
            "it::scopes::in_a_bypass_every_call_computes_and_nothing_is_stored::",
            "it::tags::Shop::price",
            "it::tags::methods_and_generic_functions_have_tags_too::",
            "lateness.cleared",
            "lateness.overtaken",
            "tags.orders",
            "tags.profile",
            "tags.slow",
            "tags.truth",
            "tiered.",
        ],
    ),
    (
        "the test counts the runs or the polls of the body, or times it",
        &[
            "it::asynchronous::a_hit_is_ready_at_the_first_poll::",
            "it::asynchronous::on_file",
            "it::differential::subjects::",
            "it::report::a_verdict_names_what_is_wrong_and_what_to_do::slower",
            "it::reroute::hot",
            "lease.",
        ],
    ),
    (
        "its key leaves out what its body depends on, to show what that does",
        &["identity.closure", "identity.pool", "seeing.wrong"],
    ),
];

fn is_on() -> bool {
    std::env::var_os(INTO).is_some()
}

fn is_kept_out(site: &Site) -> bool {
    KEPT_OUT.iter().flat_map(|(_, sites)| *sites).any(|name| site.name().starts_with(name))
}

/// What a test's configuration begins with: the empty one.
pub fn config() -> Config {
    over(Config::new())
}

/// A configuration, under which hits are verified if they are to be.
pub fn over(config: Config) -> Config {
    if !is_on() {
        return config;
    }
    let kept_out = cached_core::sites().into_iter().filter(|site| is_kept_out(site));
    kept_out.fold(config.verify(1.0), |config, site| config.site(site.name(), "verify", "0%"))
}

/// Installs the first configuration of the process.
pub(crate) fn begin() {
    static BEGUN: Once = Once::new();
    if is_on() {
        BEGUN.call_once(|| drop(config().install().expect("the empty configuration is right")));
    }
}

/// Writes down what was found so far: the sums, and a line for each site whose body gave something else.
pub(crate) fn note() {
    let Some(into) = std::env::var_os(INTO) else { return };
    let (sites, mut differing) = (cached_core::sites(), String::new());
    let (mut verified, mut kept_out) = (0, 0);
    for site in &sites {
        let stats = site.stats();
        verified += stats.verified;
        kept_out += usize::from(is_kept_out(site));
        // One that is kept out may verify itself, to show what that does.
        if stats.differences > 0 && !is_kept_out(site) {
            let _ = writeln!(differing, "{} at {}: {} differences", site.name(), site.location(), stats.differences);
        }
    }
    let said = format!("{verified} {kept_out} {}\n{differing}", sites.len());
    fs::write(into, said).expect("what was found can be written down");
}
