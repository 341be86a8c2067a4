//! What a configuration may say, and what is wrong with it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use cached_core::{Config, Expiry, cached};
use cached_testkit::Shelf;

use cached_tests::support::{alone, configured};
use cached_tests::verified;

/// Neither serde nor anybody else can carry it.
#[derive(Clone, Debug, PartialEq)]
struct Opaque(u64);

#[cached]
fn opaque(n: u64) -> Opaque {
    Opaque(n)
}

#[cached]
fn routed(n: u64) -> u64 {
    n + 1
}

/// The faults of a configuration that must not be installed.
fn faults(config: Config) -> Vec<String> {
    let _alone = alone();
    let error = config.install().expect_err("this configuration is wrong");
    assert_eq!(error.kind(), cached_core::ErrorKind::Config);
    error.faults().to_vec()
}

/// The only fault of a TOML text.
fn fault(toml: &str) -> String {
    let faults = faults(Config::from_toml(toml).unwrap());
    assert_eq!(faults.len(), 1, "{faults:#?}");
    faults[0].clone()
}

/// One row of the report, as JSON.
pub(crate) fn row(name: &str) -> BTreeMap<String, serde_json::Value> {
    let report: serde_json::Value = serde_json::from_str(&cached_core::report().to_json()).unwrap();
    let rows = report["sites"].as_array().unwrap();
    let row = rows.iter().find(|row| row["site"] == name).unwrap();
    serde_json::from_value(row.clone()).unwrap()
}

fn environment(config: Config, variables: &[(&str, &str)]) -> Config {
    config.env_from("CACHED", variables.iter().copied()).unwrap()
}

#[test]
fn five_mistakes_are_one_error_that_names_all_five_with_file_and_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cached.toml");
    let text = r#"
[backends.first]
kind = "fiel"
[backends.second]
kind = "memory"
TIMEOUT = 300
[backends.third]
kind = "memory"
ttl = "soon"
[backends.bytes]
kind = "file"
location = "never made"
[sites."it::configuration::routed"]
backend = "bites"
[sites."it::configuration::opaque"]
backend = "bytes"
"#;
    std::fs::write(&path, text).unwrap();
    let _alone = alone();
    let error = Config::from_file(&path).unwrap().install().unwrap_err();
    let shown = error.to_string();
    println!("{shown}");
    assert_eq!(error.faults().len(), 5, "{shown}");
    assert!(shown.starts_with("the cache configuration has 5 faults"), "{shown}");
    let at = |line: usize| format!("{}:{line}", path.display());
    let expected = [
        (at(3), "did you mean \"file\"?"),
        (at(6), "`TIMEOUT`: here `ttl`"),
        (at(9), "backends.third.ttl is not a duration"),
        (routed::site().location(), "unknown backend \"bites\"; known backends: bytes, default"),
        (opaque::site().location(), "serde cannot carry them"),
    ];
    for (place, said) in expected {
        let found = error.faults().iter().filter(|fault| fault.contains(said)).collect::<Vec<_>>();
        assert_eq!(found.len(), 1, "{said:?} in {shown}");
        assert!(found[0].contains(&place), "{place} in {}", found[0]);
    }
    assert!(shown.contains(&at(14)), "an unknown alias without the line of its override: {shown}");
}

#[test]
fn an_install_that_fails_changes_nothing() {
    #[cached(name = "configuration.kept")]
    fn kept(n: u64) -> u64 {
        n
    }
    let _configured =
        configured("[backends.spare]\nkind = \"memory\"\n[sites.\"configuration.kept\"]\nbackend = \"spare\"");
    kept(1);
    Config::from_toml("[backends.default]\nkind = \"nothing\"").unwrap().install().unwrap_err();
    assert_eq!(kept::site().alias(), "spare");
    kept(1);
    assert_eq!(kept::site().stats().hits, 1);
}

#[test]
fn an_override_of_an_unknown_site_is_a_warning_and_under_strict_an_error() {
    let text = "[sites.\"it::configuration::ruoted\"]\nttl = \"30s\"\n";
    let _alone = alone();
    let warnings = Config::from_toml(text).unwrap().install().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    let said = ["it::configuration::ruoted", "did you mean \"it::configuration::routed\"?", "line 2"];
    assert!(said.iter().all(|said| warnings[0].contains(said)), "{warnings:?}");
    assert!(cached_core::report().to_string().contains(&warnings[0]), "the report repeats it");
    let error = Config::from_toml(text).unwrap().strict().install().unwrap_err();
    assert_eq!(error.faults(), warnings);
}

#[test]
fn a_wrong_value_in_an_override_of_an_unknown_site_is_a_fault_all_the_same() {
    let fault = fault("[sites.\"it::configuration::nobody_at_all\"]\nttl = \"soon\"\n");
    assert!(fault.contains("line 2") && fault.contains("is not a duration"), "{fault}");
}

#[test]
fn a_later_layer_wins_option_by_option_and_the_report_says_which() {
    #[cached(name = "configuration.layered", ttl = "1h", none = "1s")]
    fn layered(n: u64) -> Option<u64> {
        Some(n)
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("cached.toml");
    std::fs::write(&path, "[sites.\"configuration.layered\"]\nttl = \"10m\"\nmax_entries = 5\n").unwrap();
    let _alone = alone();
    let fragment = "sites.\"configuration.layered\".ttl = \"20m\"";
    let config = environment(Config::from_file(&path).unwrap(), &[("CACHED_TOML", fragment)]);
    config.install().unwrap();
    layered(1);
    let Ok(Some(Expiry::At(end))) = layered::entry(&1).expires_at() else { panic!("it has a lifetime") };
    let left = end.duration_since(SystemTime::now()).unwrap();
    assert!(left > Duration::from_secs(15 * 60), "the environment's 20 minutes, not the file's 10: {left:?}");
    let policy = row("configuration.layered")["policy"].to_string();
    assert!(policy.contains("ttl 20m (CACHED_TOML, line 1)"), "{policy}");
    assert!(policy.contains("max_entries 5") && policy.contains("cached.toml:3)"), "{policy}");

    let config = Config::from_file(&path).unwrap();
    config.site("configuration.layered", "ttl", "2h").install().unwrap();
    let policy = row("configuration.layered")["policy"].to_string();
    let said = policy.contains("ttl 2h (") && policy.contains("configuration.rs:");
    assert!(said, "code that comes after the file wins: {policy}");

    verified::config().install().unwrap();
    let policy = row("configuration.layered")["policy"].to_string();
    assert!(policy.contains("ttl 1h (attribute)"), "{policy}");
}

#[test]
fn a_single_variable_wins_over_the_fragment_and_names_the_alias_in_capitals() {
    #[cached]
    fn tuned(n: u64) -> u64 {
        n
    }
    let _alone = alone();
    let fragment = "backends.my-spare.kind = \"memory\"\nbackends.my-spare.ttl = \"1m\"";
    let variables = [
        ("CACHED_BACKENDS__MY_SPARE__TTL", "7m"),
        ("CACHED_TOML", fragment),
        ("CACHED_SITES__IT__CONFIGURATION__ROUTED__BACKEND", "my-spare"),
    ];
    environment(verified::config(), &variables).install().unwrap();
    assert_eq!(routed::site().alias(), "my-spare");
    routed(70);
    let Ok(Some(Expiry::At(end))) = routed::entry(&70).expires_at() else { panic!("it has a lifetime") };
    assert!(end.duration_since(SystemTime::now()).unwrap() > Duration::from_secs(5 * 60));
    tuned(1);
    assert_eq!(tuned::entry(&1).expires_at(), Ok(Some(Expiry::Never)), "the others are as they were");
}

#[test]
fn what_an_alias_says_stands_in_the_report_with_its_place() {
    #[cached(name = "configuration.aliased")]
    fn aliased(n: u64) -> u64 {
        n
    }
    let toml =
        "[backends.spare]\nkind = \"memory\"\nttl = \"9m\"\n[sites.\"configuration.aliased\"]\nbackend = \"spare\"";
    let _configured = configured(toml);
    aliased(1);
    let policy = row("configuration.aliased")["policy"].to_string();
    assert!(policy.contains("ttl 9m") && policy.contains("line 3"), "{policy}");
    assert!(policy.contains("backend (line 5)"), "{policy}");
}

#[test]
fn djangos_spellings_are_errors_that_say_what_is_meant() {
    let spellings = [
        ("TIMEOUT = 300", "`TIMEOUT`: here `ttl`"),
        ("BACKEND = \"file\"", "`BACKEND`: here `kind`"),
        ("LOCATION = \"here\"", "`LOCATION`: here `location`"),
        ("KEY_PREFIX = \"a\"", "`KEY_PREFIX`: here `key_prefix`"),
        ("VERSION = 2", "`VERSION`: here `version`"),
        ("MAX_ENTRIES = 3", "`MAX_ENTRIES`: here `max_entries`"),
        ("OPTIONS = 3", "the options stand one level up"),
    ];
    for (written, remedy) in spellings {
        let said = fault(&format!("[backends.a]\nkind = \"memory\"\n{written}\n"));
        assert!(said.contains(remedy) && said.contains("line 3"), "{said}");
    }
}

#[test]
fn djangos_spelling_of_the_kind_is_named_where_the_kind_is_missing() {
    let text = "[backends.a]\nBACKEND = \"file\"\n";
    let said = faults(Config::from_toml(text).unwrap()).join("\n");
    assert!(said.contains("`BACKEND`: here `kind`") && said.contains("line 2"), "{said}");
}

#[test]
fn djangos_spellings_are_understood_from_the_environment_too() {
    let variables = [("CACHED_BACKENDS__A__KIND", "memory"), ("CACHED_BACKENDS__A__TIMEOUT", "300")];
    let said = faults(environment(verified::config(), &variables)).join("\n");
    assert!(said.contains("here `ttl`") && said.contains("CACHED_BACKENDS__A__TIMEOUT"), "{said}");
}

#[test]
fn a_slip_of_the_pen_is_answered_with_the_nearest_word() {
    let cases = [
        ("[backends.a]\nkind = \"memroy\"", "did you mean \"memory\"?"),
        ("[backends.a]\nkind = \"memory\"\nmax_entires = 3", "did you mean `max_entries`?"),
        ("[backends.a]\nkind = \"file\"\nlocation = \"x\"\nloaction = \"y\"", "did you mean `location`?"),
        ("[sites.\"it::configuration::routed\"]\nbackend = \"defualt\"", "did you mean \"default\"?"),
        ("[sites.\"it::configuration::routed\"]\nenabeld = true", "did you mean `enabled`?"),
        ("[backend.a]\nkind = \"memory\"", "did you mean `backends`?"),
    ];
    for (text, remedy) in cases {
        let said = fault(text);
        assert!(said.contains(remedy), "{said}");
    }
}

#[test]
fn a_value_of_the_wrong_sort_is_named_by_option_and_line() {
    let cases = [
        ("ttl = 300", "a duration above zero"),
        ("ttl = \"0s\"", "a duration above zero"),
        ("join_timeout = \"-1s\"", "a duration above zero"),
        ("op_timeout = true", "a duration above zero"),
        ("max_entries = 0", "a number above zero or \"unbounded\""),
        ("max_entries = \"many\"", "a number above zero or \"unbounded\""),
        ("max_value_bytes = -1", "a whole number"),
        ("breaker = 0", "a number of failures in a row above zero, or \"off\""),
        ("breaker = \"on\"", "a number of failures in a row above zero, or \"off\""),
        ("version = 1.5", "a whole number"),
        ("key_prefix = [\"a\"]", "a text"),
        ("ttl = 1979-05-27", "no value that an option can have"),
    ];
    for (written, expected) in cases {
        let said = fault(&format!("[backends.a]\nkind = \"memory\"\n{written}\n"));
        let option = written.split(' ').next().unwrap();
        assert!(said.contains(expected) && said.contains("line 3") && said.contains(option), "{written}: {said}");
    }
}

#[test]
fn the_options_of_a_site_are_judged_as_strictly() {
    let cases = [
        ("enabled = \"False\"", "true or false"),
        ("enabled = 1", "true or false"),
        ("flight = \"of\"", "\"process\""),
        ("errors = \"sometimes\"", "duration"),
        ("max_entries = \"none\"", "unbounded"),
        ("backend = 3", "a text"),
        ("location = \"x\"", "no such option"),
    ];
    for (written, expected) in cases {
        let said = fault(&format!("[sites.\"it::configuration::routed\"]\n{written}\n"));
        assert!(said.contains(expected) && said.contains("line 2"), "{written}: {said}");
    }
}

#[test]
fn names_in_the_environment_that_belong_to_others_are_left_alone() {
    let others = [
        ("CACHED_HOME", "/somewhere"),
        ("CACHED_BACKEND__A__KIND", "nonsense"),
        ("CACHED_BACKENDS", "nonsense"),
        ("CACHEDX_BACKENDS__A__KIND", "nonsense"),
        ("MY_CACHED_BACKENDS__A__KIND", "nonsense"),
        ("CACHED_TOML_PATH", "= = ="),
        ("BACKENDS__A__KIND", "nonsense"),
    ];
    let _alone = alone();
    assert_eq!(environment(verified::config(), &others).strict().install(), Ok(Vec::new()));
    let foreign = vec![(OsString::from("CACHED_LOG"), not_utf8())];
    assert_eq!(verified::config().env_from("CACHED", foreign).unwrap().strict().install(), Ok(Vec::new()));
}

#[cfg(unix)]
fn not_utf8() -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(vec![0xff, 0xfe])
}

#[test]
fn names_in_the_environment_that_are_ours_are_judged() {
    let said = faults(environment(verified::config(), &[("CACHED_BACKENDS__SHARED", "x")]));
    assert!(said[0].contains("write CACHED_BACKENDS__ALIAS__OPTION"), "{said:?}");
    let said = faults(environment(verified::config(), &[("CACHED_SITES__TTL", "x")]));
    assert!(said[0].contains("CACHED_SITES__CRATE__MODULE__FUNCTION__OPTION"), "{said:?}");
    let ours = vec![(OsString::from("CACHED_BACKENDS__A__KIND"), not_utf8())];
    let said = faults(verified::config().env_from("CACHED", ours).unwrap());
    assert!(said[0].contains("CACHED_BACKENDS__A__KIND is not UTF-8"), "{said:?}");
    let error = verified::config().env_from("CACHED", [("CACHED_TOML", "x = = 1")]).unwrap_err();
    assert!(error.to_string().contains("CACHED_TOML, line 1"), "{error}");
}

#[test]
fn a_text_that_is_not_toml_is_an_error_with_its_place() {
    let error = Config::from_toml("[backends.a]\nkind = \"memory\"\nttl = = 3").unwrap_err();
    assert_eq!(error.kind(), cached_core::ErrorKind::Parse);
    assert!(error.to_string().contains("line 3"), "{error}");
    let error = Config::from_file("no such file.toml").unwrap_err();
    assert!(error.to_string().contains("no such file.toml"), "{error}");
    let twice = Config::from_toml("[backends.a]\nkind = \"memory\"\n[backends.a]\nkind = \"dummy\"").unwrap_err();
    assert!(twice.to_string().contains("line 3"), "an alias twice in one text: {twice}");
}

#[test]
fn a_value_of_the_configuration_never_stands_in_an_error_or_in_debug() {
    let texts = [
        "namespace = [\"canary-7f3\"]",
        "[backends.a]\nkind = \"file\"\nlocation = [\"canary-7f3\"]",
        "[backends.a]\nkind = \"file\"\nlocation = \"/canary-7f3\\u0000\"",
        "[backends.a]\nkind = \"memory\"\npassword = \"canary-7f3\"",
        "[backends.a]\nkind = \"memory\"\nttl = \"canary-7f3\"",
        "[backends.a]\nkind = \"memory\"\nmax_entries = \"canary-7f3\"",
        "[backends.a]\nkind = \"memory\"\nkey_prefix = { a = \"canary-7f3\" }",
        "[sites.\"it::configuration::routed\"]\nttl = \"canary-7f3\"",
        "[sites.\"it::configuration::routed\"]\nenabled = \"canary-7f3\"",
    ];
    for text in texts {
        let config = Config::from_toml(text).unwrap();
        assert!(!format!("{config:?} {config:#?}").contains("canary"), "Debug shows it: {text}");
        let _alone = alone();
        let error = config.install().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
    for text in ["[backends.a]\nlocation = canary-7f3", "location = \"canary-7f3", "a = \"canary-7f3\" b"] {
        let error = Config::from_toml(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
    let variables = [("CACHED_BACKENDS__A__KIND", "memory"), ("CACHED_BACKENDS__A__TTL", "canary-7f3")];
    let said = faults(environment(verified::config(), &variables)).join("\n");
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn types_that_cannot_be_bytes_are_a_fault_at_install_with_the_remedy() {
    let shelf = Arc::new(Shelf::new());
    let said = faults(verified::config().backend("shelf", shelf).site("it::configuration::opaque", "backend", "shelf"));
    assert_eq!(said.len(), 1, "{said:?}");
    let parts = [&opaque::site().location(), "it::configuration::opaque", "\"shelf\"", "derive `Serialize`"];
    assert!(parts.iter().all(|part| said[0].contains(part)), "{said:?}");
    assert_eq!((opaque(1), opaque(1)), (Opaque(1), Opaque(1)), "in memory they are fine");
}
