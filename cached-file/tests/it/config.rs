//! What holds for an alias of kind `file`.

use cached_core::{Config, ErrorKind, check_connections};

/// The faults of an alias whose options are `options`.
fn faults(options: &str) -> String {
    let config = Config::from_toml(&format!("[backends.shared]\nkind = \"file\"\n{options}")).unwrap();
    let error = config.install().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    error.faults().join("\n")
}

#[test]
fn a_location_that_is_missing_or_unusable_is_named_with_its_alias() {
    for (options, what) in [
        ("", "is missing"),
        ("location = \"\"", "is empty"),
        ("location = \"a\\u0000b\"", "contains a NUL character"),
        ("location = 7", "is not a text"),
    ] {
        let text = faults(options);
        assert!(text.contains(&format!("backends.shared.location {what}")), "{text}");
    }
    assert!(faults("location = \"cache\"\nlocatoin = \"cache\"").contains("did you mean `location`?"));
}

#[test]
fn install_opens_nothing_and_a_check_finds_what_is_wrong() {
    let scratch = tempfile::tempdir().unwrap();
    let (fine, file) = (scratch.path().join("cache"), scratch.path().join("file"));
    std::fs::write(&file, "mine").unwrap();
    let config = Config::new().option("fine", "kind", "file").option("fine", "location", fine.to_string_lossy());
    let config = config.option("broken", "kind", "file").option("broken", "location", file.to_string_lossy());
    config.install().unwrap();
    let checks = check_connections();
    let of = |alias: &str| checks.iter().find(|(name, _)| name == alias).map(|(_, result)| result.clone()).unwrap();
    assert_eq!(of("fine"), Ok(()));
    let text = of("broken").unwrap_err().to_string();
    assert!(text.contains("\"broken\"") && text.contains(&*file.to_string_lossy()), "{text}");
    assert!(!fine.exists());
}
