//! Two aliases: the function names one, the configuration says what it means.
//!
//! The same program first keeps its prices in memory, then does not cache them at all, and not a
//! line of `price` changes.

use cached_core::{Config, cached};

#[cached]
fn country(code: &str) -> Option<&'static str> {
    [("de", "Germany"), ("fr", "France")].into_iter().find(|(known, _)| *known == code).map(|(_, name)| name)
}

#[cached(backend = "prices", ttl = "5m")]
fn price(article: u32) -> u32 {
    article * 99
}

const MEMORY: &str = r#"
    [backends.prices]
    kind = "memory"
    max_entries = 500
"#;

const OFF: &str = r#"
    [backends.prices]
    kind = "dummy"
"#;

fn main() -> Result<(), cached_core::Error> {
    Config::from_toml(MEMORY)?.env("CACHED")?.install()?;
    assert_eq!((price(3), price(3)), (297, 297));
    assert_eq!(price::site().stats().hits, 1);

    Config::from_toml(OFF)?.env("CACHED")?.install()?;
    assert_eq!((price(3), price(3)), (297, 297));
    let stats = price::site().stats();
    assert_eq!((stats.hits, stats.bypassed), (1, 2), "no call asks a dummy");

    // `default` needs no configuration: it is memory.
    assert_eq!((country("de"), country("de")), (Some("Germany"), Some("Germany")));
    assert_eq!(country::site().stats().hits, 1);

    let error = Config::from_toml("[backends.prices]\nkind = \"memroy\"")?.install().unwrap_err();
    println!("a wrong configuration changes nothing, and says why:\n{error}\n");
    println!("{}", cached_core::report());
    Ok(())
}
