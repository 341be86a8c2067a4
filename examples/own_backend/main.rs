//! A backend of one's own: cached values in a `redb` database.
//!
//! In: nothing, or what an earlier run left. Out: primes, and the report, which says what they cost. Run it twice: the
//! second time they come from the file. `store` is the whole backend; `cargo test --example own_backend` holds it
//! against the rules that every backend owes.

mod store;

use std::env;
use std::error::Error;
use std::time::Duration;

use cached_core::{Config, cached, report, shutdown};

/// The nth prime, found the slow way.
#[cached(backend = "primes", ttl = "1d")]
fn prime(nth: usize) -> u64 {
    let is_prime = |n: &u64| !(2..*n).take_while(|root| root * root <= *n).any(|divisor| n.is_multiple_of(divisor));
    (2..).filter(is_prime).nth(nth).expect("there is always another prime")
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = env::temp_dir().join("cached-own-backend.redb");
    let config = Config::new().option("primes", "kind", "redb").option("primes", "location", file.to_string_lossy());
    config.env("CACHED")?.install()?;
    for nth in [30_000, 30_000, 29_999] {
        println!("prime number {nth} is {}", prime(nth));
    }
    println!("{}", report());
    // What was written since the start becomes durable now.
    match shutdown(Duration::from_secs(1)) {
        0 => Ok(()),
        lost => Err(format!("{lost} values could not be written").into()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cached_testkit::conformance::{Store, Subject, check};

    use crate::store::Redb;

    #[test]
    fn it_keeps_every_rule() {
        let subject = Subject::new(|| {
            let directory = tempfile::tempdir().expect("a directory");
            let backend = Arc::new(Redb::new(directory.path().join("entries.redb")));
            // A process has one handle on the file; whoever wants another shares it.
            Store::new(backend.clone()).another(move || {
                let _ = &directory;
                backend.clone()
            })
        });
        let report = check(&subject);
        println!("{report}");
        report.assert();
    }
}
