//! The report: every site of the program, with figures that are right and words that help.

use std::sync::atomic::{AtomicU64, Ordering};

use cached_core::{Site, cached, report, site, sites};
use serde_json::Value;

use cached_tests::support::configured;
use cached_tests::verified;

/// The report's row of a site, from its JSON.
fn row(site: &Site) -> Value {
    let rows = rows();
    let found: Vec<_> = rows.iter().filter(|row| row["site"] == site.name() && row["at"] == site.location()).collect();
    assert_eq!(found.len(), 1, "one row of {site:?}");
    found[0].clone()
}

fn rows() -> Vec<Value> {
    let json: Value = serde_json::from_str(&report().to_json()).expect("the report is JSON");
    json["sites"].as_array().expect("a list of sites").clone()
}

fn figure(row: &Value, name: &str) -> u64 {
    row[name].as_u64().unwrap_or_else(|| panic!("{name} in {row}"))
}

fn verdict(site: &Site) -> String {
    row(site)["verdict"].as_str().expect("a text").to_owned()
}

#[test]
fn every_site_is_listed_once_with_file_and_line_called_or_not() {
    #[cached]
    #[expect(dead_code, reason = "the report lists it nevertheless")]
    fn never_called(n: u64) -> u64 {
        n
    }
    const LINE: u32 = line!() - 3;
    let listed: Vec<(String, String)> = rows()
        .iter()
        .map(|row| (row["site"].as_str().unwrap().to_owned(), row["at"].as_str().unwrap().to_owned()))
        .collect();
    let known: Vec<_> = sites().iter().map(|site| (site.name().to_owned(), site.location())).collect();
    assert_eq!(listed, known);
    let name = "it::report::every_site_is_listed_once_with_file_and_line_called_or_not::never_called";
    let at = format!("{}:{LINE}", file!());
    assert_eq!(listed.iter().filter(|row| **row == (name.to_owned(), at.clone())).count(), 1);
    assert!(listed.len() > 100, "all of this binary's: {}", listed.len());
}

#[test]
fn sites_stand_in_the_order_of_file_and_line() {
    let places: Vec<(String, u64)> = rows()
        .iter()
        .map(|row| {
            let (file, line) = row["at"].as_str().unwrap().rsplit_once(':').expect("file:line");
            (file.to_owned(), line.parse().expect("a line"))
        })
        .collect();
    assert!(places.is_sorted(), "{places:#?}");
}

#[test]
fn the_figures_are_those_of_the_calls() {
    static FAILS: AtomicU64 = AtomicU64::new(0);
    #[cached]
    fn f(n: u64) -> Result<u64, u64> {
        FAILS.load(Ordering::Relaxed).checked_sub(1).map_or(Ok(n), Err)
    }
    for n in [1, 1, 2, 2, 2, 3] {
        assert_eq!(f(n), Ok(n));
    }
    FAILS.store(1, Ordering::Relaxed);
    assert_eq!((f(4), f(1)), (Err(0), Ok(1)));
    let row = row(f::site());
    let expected = [
        ("calls", 8),
        ("hits", 4),
        ("joined", 0),
        ("misses", 3),
        ("cold", 3),
        ("expired", 0),
        ("invalidated", 0),
        ("undecodable", 0),
        ("bypassed", 0),
        ("errors", 1),
        ("panicked", 0),
        ("cancelled", 0),
        ("evictions", 0),
        ("not_stored", 0),
        ("backend_errors", 0),
        ("waits_ended", 0),
        ("entries", 3),
        ("runs", 4),
    ];
    for (name, value) in expected {
        assert_eq!(figure(&row, name), value, "{name}");
    }
    assert_eq!((row["alias"].as_str(), row["kind"].as_str()), (Some("default"), Some("memory")));
}

#[test]
fn the_totals_are_the_sums_of_the_sites() {
    #[cached]
    fn f(n: u64) -> u64 {
        n
    }
    assert_eq!((f(1), f(1)), (1, 1));
    let json: Value = serde_json::from_str(&report().to_json()).unwrap();
    let totals = json["totals"].as_object().unwrap();
    assert!(totals.len() > 15, "{totals:?}");
    for (name, total) in totals {
        let sum: u64 = json["sites"].as_array().unwrap().iter().map(|row| figure(row, name)).sum();
        assert_eq!(total.as_u64(), Some(sum), "{name}");
    }
}

#[test]
fn one_line_of_text_stands_for_each_site() {
    #[cached(name = "report.line")]
    fn f(n: u64) -> u64 {
        std::hint::black_box((0..1_000 + n).sum())
    }
    for _ in 0..4 {
        f(1);
    }
    let line = line!() - 6;
    let text = report().to_string();
    let found: Vec<_> = text.lines().filter(|line| line.contains("report.line ")).collect();
    assert_eq!(found.len(), 1, "{text}");
    let words: Vec<_> = found[0].split_whitespace().collect();
    assert_eq!([words[0], words[2], words[3], words[4]], ["report.line", "default", "4", "75"], "{text}");
    let at = format!("{}:{line}", file!());
    assert!(at.ends_with(words[1].trim_start_matches('…')) && words[1].contains("report.rs:"), "{at}: {text}");
    let head: Vec<_> = text.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(head, ["site", "at", "alias", "calls", "hit", "%", "body", "saved", "verdict"]);
    assert_eq!(
        text.lines().count(),
        2 + sites().len() + text.lines().filter(|line| line.starts_with("  warning")).count()
    );
}

#[test]
fn the_wide_report_has_every_column_and_whole_names() {
    let text = report().wide().to_string();
    let head: Vec<_> = text.lines().nth(1).unwrap().split_whitespace().collect();
    let json = rows();
    for name in json[0].as_object().unwrap().keys() {
        assert!(head.contains(&name.as_str()), "{name} in {head:?}");
    }
    for name in ["hit", "body", "saved", "policy", "kind"] {
        assert!(head.contains(&name), "{name} in {head:?}");
    }
    for row in &json {
        let (site, at) = (row["site"].as_str().unwrap(), row["at"].as_str().unwrap());
        let escaped = site.contains(char::is_control).then(|| site.escape_debug().to_string());
        let site = escaped.as_deref().unwrap_or(site);
        assert!(text.lines().any(|line| line.contains(site) && line.contains(at)), "{site} at {at}, whole");
    }
}

#[test]
fn a_policy_says_where_its_values_come_from() {
    #[cached(name = "report.policy", ttl = "5m", max_entries = 100)]
    fn f(n: u64) -> u64 {
        n
    }
    f(1);
    let policy = row(f::site())["policy"].as_str().unwrap().to_owned();
    assert!(policy.contains("ttl 5m (attribute)") && policy.contains("max_entries 100 (attribute)"), "{policy}");
    let configured = configured("[sites.\"report.policy\"]\nttl = \"30s\"\n");
    let policy = row(f::site())["policy"].as_str().unwrap().to_owned();
    assert!(policy.contains("ttl 30s") && policy.contains("line 2"), "{policy}");
    assert!(policy.contains("max_entries 100 (attribute)"), "{policy}");
    drop(configured);
}

#[test]
fn names_that_need_escapes_are_json_and_text() {
    #[cached(name = "report \"quoted\" \\ \u{1} é")]
    fn f(n: u64) -> u64 {
        n
    }
    f(1);
    assert_eq!(figure(&row(f::site()), "calls"), 1);
    let text = report().wide().to_string();
    assert_eq!(text.lines().filter(|line| line.contains(r#"report \"quoted\" \\ \u{1} é"#)).count(), 1, "{text}");
}

#[test]
fn a_verdict_names_what_is_wrong_and_what_to_do() {
    #[cached]
    #[expect(dead_code, reason = "that is the verdict")]
    fn never_called(n: u64) -> u64 {
        n
    }
    #[cached]
    fn never_hits(n: u64) -> u64 {
        n
    }
    #[cached(max_entries = 1)]
    fn evicts(n: u64) -> u64 {
        n
    }
    #[cached]
    fn one_key(n: u64) -> u64 {
        n
    }
    #[cached]
    fn errors_only(n: u64) -> Result<u64, u64> {
        Err(n)
    }
    #[cached]
    fn disabled(n: u64) -> u64 {
        n
    }
    #[cached]
    fn good(n: u64) -> u64 {
        (0..200_000).fold(n, |n, step| n + std::hint::black_box(step) - step)
    }
    #[cached]
    fn slower(page: &str, last: u64) -> bool {
        page.len() as u64 > last
    }
    let page = "x".repeat(1 << 18);
    // The hit after the second, fourth, … run is timed, unless a scope of another test is open then.
    let timed = |n: &u64| slower(&page, *n) && slower(&page, *n) && slower::site().stats().lookups >= 4;
    assert!((0..100_000).any(|n| timed(&n)), "{:?}", slower::site().stats());
    for n in 0..200 {
        assert_eq!((never_hits(n), evicts(n), one_key(1)), (n, n, 1));
        assert_eq!((errors_only(n % 3), disabled(n), good(n % 3)), (Err(n % 3), n, n % 3));
    }
    disabled::site().disable();
    let never = site("it::report::a_verdict_names_what_is_wrong_and_what_to_do::never_called").unwrap();
    for (site, words) in [
        (never, ["never called", ""]),
        (never_hits::site(), ["never hits", "all keys new"]),
        (evicts::site(), ["evicts before reuse", "too small"]),
        (one_key::site(), ["one key", "`static`"]),
        (errors_only::site(), ["errors only", "`errors = …`"]),
        (disabled::site(), ["disabled", ""]),
        (slower::site(), ["slower than the body", "do not cache"]),
    ] {
        let verdict = verdict(site);
        assert!(words.iter().all(|word| verdict.contains(word)), "{site:?}: {verdict:?}");
    }
    assert_eq!(verdict(good::site()), "");
    disabled::site().enable();
    let stats = slower::site().stats();
    assert!(stats.lookups >= 1 && stats.mean_lookup() > stats.mean_body(), "{stats:?}");
    assert_eq!(stats.saved(), std::time::Duration::ZERO);
    assert!(cached_core::report().wide().to_string().contains("lookup"));
}

#[test]
fn for_ever_on_a_shared_backend_is_a_verdict() {
    #[cached(name = "report.for_ever", ttl = "forever")]
    fn f(n: u64) -> u64 {
        n
    }
    let _alone = cached_tests::support::alone();
    let config = verified::config().backend("shelf", std::sync::Arc::new(cached_testkit::Shelf::new()));
    config.site("report.for_ever", "backend", "shelf").install().unwrap();
    assert_eq!((f(1), f(1)), (1, 1));
    assert!(verdict(f::site()).contains("no lifetime on a shared backend"));
    let stats = f::site().stats();
    assert_eq!((stats.lookups, stats.hits), (1, 1), "each lookup on bytes is timed");
}

#[test]
fn a_backend_that_fails_is_a_verdict() {
    #[cached(name = "report.on_file")]
    fn f(n: u64) -> u64 {
        n
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let location = file.path().to_str().unwrap(); // a file is no directory
    let configured = configured(&format!(
        "[backends.broken]\nkind = \"file\"\nlocation = \"{location}\"\n[sites.\"report.on_file\"]\nbackend = \"broken\"\n"
    ));
    for n in 0..20 {
        assert_eq!(f(n % 2), n % 2, "a broken backend breaks no call");
    }
    let row = row(f::site());
    assert_eq!(row["alias"], "broken");
    assert!(figure(&row, "backend_errors") > 0, "{row}");
    assert!(row["verdict"].as_str().unwrap().contains("backend fails"), "{row}");
    drop(configured);
}

/// Debian's package `prometheus` has the program; `cargo xtask setup` installs it.
#[test]
fn what_is_written_for_prometheus_is_accepted_by_its_own_checker() {
    use std::process::{Command, Stdio};
    #[cached(name = "a \"quoted\" name, with a \\ and a\nline")]
    fn named(n: u64) -> u64 {
        n
    }
    named(1);
    named(1);
    let text = report().to_prometheus();
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("`promtool` is installed: cargo xtask setup");
    std::io::Write::write_all(&mut promtool.stdin.take().unwrap(), text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
    let series = |metric: &str| text.lines().filter(|line| line.starts_with(&format!("{metric}{{"))).count();
    let sites = report().sites().len();
    assert_eq!((series("cached_calls_total"), series("cached_entries")), (6 * sites, sites), "sites times outcomes");
    let hits = text
        .lines()
        .find(|line| line.contains("a \\\"quoted\\\" name, with a \\\\ and a\\nline") && line.contains("\"hit\""));
    assert!(hits.is_some_and(|line| line.ends_with(" 1")), "{hits:?}");
}
