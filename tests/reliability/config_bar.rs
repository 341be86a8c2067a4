//! Configuration: what is wrong is said in full, and what is said twice is refused.

use std::sync::Arc;

use cached_core::{Config, Site, cached};
use cached_testkit::Shelf;

use cached_tests::support::alone;

/// Sites under one path, for patterns. Each name stands on a line of its own, which is its site's.
macro_rules! sites {
    ($($function:ident)*) => {
        mod affected {
            $(#[cached_core::cached]
            pub(super) fn $function(n: u64) -> u64 {
                n
            })*
        }

        fn affected() -> Vec<&'static Site> {
            vec![$(affected::$function::site()),*]
        }

        fn call_all() -> u64 {
            0 $(+ affected::$function(1))*
        }
    };
}

sites! {
    first
    second
    third
    fourth
    fifth
    sixth
    seventh
    eighth
    ninth
    tenth
}

const PATTERN: &str = "reliability::config_bar::affected::*";

/// How many of the sites an error names, with file and line.
fn named(error: &cached_core::Error) -> usize {
    let shown = error.to_string();
    affected().iter().filter(|site| shown.contains(&format!("{} ", site.location()))).count()
}

#[test]
fn r62_every_site_that_a_wrong_backend_touches_is_listed_with_file_and_line() {
    let _alone = alone();
    let all = affected().len();
    let places: std::collections::BTreeSet<_> = affected().iter().map(|site| site.location()).collect();
    assert_eq!(places.len(), all, "each has a line of its own");
    let unknown = Config::new().site(PATTERN, "backend", "shraed").install().unwrap_err();
    let broken = Config::new().option("shared", "kind", "file").site(PATTERN, "backend", "shared");
    let broken = broken.install().unwrap_err();
    let lacking = Config::new().option("shared", "kind", "memory").option("shared", "compression", "on");
    let lacking = lacking.site(PATTERN, "backend", "shared").install().unwrap_err();
    let both = Config::new().option("shared", "kind", "file").site(PATTERN, "backend", "shraed").install().unwrap_err();
    let found = [&unknown, &broken, &lacking, &both].map(named);
    println!(
        "r62: of {all} sites listed: unknown {}, not built {}, option lacking {}, two at once {}",
        found[0], found[1], found[2], found[3]
    );
    assert_eq!(found, [all; 4], "{unknown}\n{broken}\n{lacking}\n{both}");
    assert_eq!(call_all(), 10, "and nothing of it was put in force");
    assert!(affected().iter().all(|site| site.alias() == "default"));
}

#[test]
fn r65_one_name_for_two_backends_is_an_error_and_never_the_last_one_wins() {
    #[cached]
    fn served(n: u64) -> u64 {
        n
    }
    let _alone = alone();
    let first = Config::new().backend("twice", Arc::new(Shelf::new()));
    let line = line!() - 1;
    let twice = first.backend("twice", Arc::new(Shelf::new()));
    let error = twice.install().expect_err("two backends of one name in one layer");
    let places = [line, line + 2].map(|line| error.to_string().contains(&format!("config_bar.rs:{line}")));
    let text = "[backends.twice]\nkind = \"memory\"\n[backends.twice]\nkind = \"dummy\"\n";
    let of_text = Config::from_toml(text).expect_err("two tables of one name in one text");
    println!("r65: in code: {error}; in a text: {of_text}");
    assert_eq!(places, [true; 2], "both places: {error}");
    assert!(of_text.to_string().contains("line 3"), "{of_text}");
    assert_eq!(served(1), 1);
}
