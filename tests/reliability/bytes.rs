//! Decoding is total: bytes that are not exactly what was written are never a value.

use std::sync::Arc;

use cached_core::{Config, cached};
use cached_testkit::{Fault, Faulty, Shelf};
use serde::{Deserialize, Serialize};

use cached_tests::forger::Forger;
use cached_tests::support::{alone, scaled};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    name: String,
    marks: Vec<u32>,
    note: Option<String>,
    ratio: f64,
}

#[cached(name = "bytes.record", ttl = "1h")]
fn record(n: u64) -> Record {
    let long = usize::try_from(n % 23).unwrap();
    let note = n.is_multiple_of(3).then(|| "note ".repeat(long));
    Record { name: format!("record {n}"), marks: (0..u32::try_from(n % 11).unwrap()).collect(), note, ratio: 0.5 }
}

/// The forger, and `count` envelopes that the engine wrote, each with its argument.
fn envelopes(count: usize) -> (Arc<Forger>, Vec<(u64, Vec<u8>)>) {
    let forger = Arc::new(Forger::default());
    let config = Config::new().backend("forger", Arc::clone(&forger) as _);
    config.site("bytes.record", "backend", "forger").install().unwrap();
    let written = (0..count as u64).map(|n| {
        record(n);
        (n, forger.take_last().expect("it was written").1.to_vec())
    });
    let written = written.collect();
    (forger, written)
}

/// Whether `bytes` are taken for the value of `n`.
fn accepted(forger: &Forger, n: u64, bytes: &[u8]) -> bool {
    forger.forge(Some(bytes.into()));
    record::entry(&n).peek().expect("the forger never fails").is_some()
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}

#[test]
fn r53_no_flipped_bit_and_no_truncation_of_an_envelope_is_a_value() {
    let _alone = alone();
    let (forger, written) = envelopes(scaled(200));
    let (mut flips, mut cuts) = (0_u64, 0_u64);
    for (n, bytes) in &written {
        assert!(accepted(&forger, *n, bytes), "what was written is the value");
        let mut damaged = bytes.clone();
        for bit in 0..bytes.len() * 8 {
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(!accepted(&forger, *n, &damaged), "bit {bit} of the envelope of {n}");
            damaged[bit / 8] ^= 1 << (bit % 8);
            flips += 1;
        }
        for length in 0..bytes.len() {
            assert!(!accepted(&forger, *n, &bytes[..length]), "the first {length} bytes of the envelope of {n}");
            cuts += 1;
        }
    }
    println!("r53: {} envelopes, {flips} flipped bits and {cuts} truncations: 0 accepted", written.len());
}

#[test]
fn r53_no_random_edit_of_an_envelope_is_a_value() {
    let _alone = alone();
    let (forger, written) = envelopes(200);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let edits = scaled(1_000_000);
    let mut done = 0;
    while done < edits {
        let (n, bytes) = &written[dice.below(written.len())];
        let mut damaged = bytes.clone();
        let kind = dice.below(8);
        for _ in 0..=dice.below(8) {
            let at = dice.below(damaged.len().max(1));
            match kind {
                0 => damaged.insert(at, dice.byte()),
                1 if !damaged.is_empty() => drop(damaged.remove(at)),
                2 => damaged.push(dice.byte()),
                3 => damaged.swap(0, at),
                _ => damaged[at] = dice.byte(),
            }
        }
        if damaged == *bytes {
            continue;
        }
        assert!(!accepted(&forger, *n, &damaged), "an edited envelope of {n}: {damaged:?}");
        done += 1;
    }
    println!("r53: {done} random edits of 1 to 8 bytes: 0 accepted");
}

#[test]
fn r53_an_envelope_of_another_key_or_another_site_is_not_a_value() {
    #[cached(name = "bytes.other", ttl = "1h")]
    fn other(n: u64) -> Record {
        record::uncached(n)
    }
    let _alone = alone();
    let (forger, written) = envelopes(20);
    for (n, bytes) in &written {
        let strangers = (0..20).filter(|stranger| stranger != n);
        let accepted = strangers.filter(|stranger| accepted(&forger, *stranger, bytes)).count();
        assert_eq!(accepted, 0, "the envelope of {n} under another key");
    }
    let config = Config::new().backend("forger", Arc::clone(&forger) as _);
    config.site("bytes.record", "backend", "forger").site("bytes.other", "backend", "forger").install().unwrap();
    assert_eq!(other(0), record::uncached(0));
    for (n, bytes) in &written {
        forger.forge(Some(bytes.as_slice().into()));
        assert_eq!(other::entry(n).peek(), Ok(None), "the envelope of another function of the same types");
    }
    println!("r53: 380 envelopes of other keys and 20 of another site: 0 accepted");
}

#[test]
fn r53_a_call_that_finds_damage_computes_and_counts_it() {
    #[cached(name = "bytes.damaged", ttl = "1h")]
    fn damaged(n: u64) -> u64 {
        n * 3
    }
    let _alone = alone();
    let faulty = Arc::new(Faulty::new(Arc::new(Shelf::new())));
    let config = Config::new().backend("faulty", Arc::clone(&faulty) as _);
    config.site("bytes.damaged", "backend", "faulty").install().unwrap();
    assert_eq!((damaged(1), damaged(1)), (3, 3));
    faulty.set_fault(Fault::FlipBit);
    let calls = scaled(2_000) as u64;
    (0..calls).for_each(|_| assert_eq!(damaged(1), 3));
    let stats = damaged::site().stats();
    println!("r53: {calls} calls over flipped bits: {calls} right, {} counted undecodable", stats.undecodable);
    assert_eq!((stats.undecodable, stats.hits, stats.backend_errors), (calls, 1, 0), "{stats:?}");
    faulty.set_fault(Fault::None);
    assert_eq!(damaged(1), 3);
    assert_eq!(damaged::site().stats().hits, 2, "what the last of them wrote is whole");
}

#[test]
fn an_option_that_bytes_would_lose_is_refused_at_install_or_where_it_hides_not_stored() {
    #[cached(name = "bytes.nested_option", ttl = "1h")]
    fn nested(n: u64) -> Option<Option<u64>> {
        [None, Some(None), Some(Some(n))][usize::try_from(n % 3).unwrap()]
    }
    #[cached(name = "bytes.unit_option", ttl = "1h")]
    fn unit(n: u64) -> Result<Option<()>, String> {
        Ok((n > 0).then_some(()))
    }
    #[cached(name = "bytes.hidden_option", ttl = "1h")]
    fn hidden(n: u64) -> (u64, Option<Option<u64>>) {
        (n, nested::uncached(n))
    }
    let _alone = alone();
    let shelf = Arc::new(Shelf::new());
    let config =
        || Config::new().backend("shelf", Arc::clone(&shelf) as _).site("bytes.hidden_option", "backend", "shelf");
    let wrong = config().site("bytes.nested_option", "backend", "shelf").site("bytes.unit_option", "backend", "shelf");
    let error = wrong.install().expect_err("two sites whose values bytes would lose").to_string();
    assert!([nested::site(), unit::site()].iter().all(|site| error.contains(&site.location())), "{error}");
    assert!(error.contains("Option<Option<_>>") && !error.contains(&hidden::site().location()), "{error}");
    assert_eq!((nested(1), unit(1)), (Some(None), Ok(Some(()))));
    config().install().unwrap();
    for _ in 0..3 {
        assert_eq!([hidden(0), hidden(1), hidden(2)], [(0, None), (1, Some(None)), (2, Some(Some(2)))]);
    }
    let stats = hidden::site().stats();
    assert_eq!((stats.not_stored, stats.backend_errors), (3, 0), "each refusal is counted: {stats:?}");
    assert_eq!((stats.hits, shelf.keys().len()), (4, 2), "what bytes can say is stored");
    assert_eq!(hidden::entry(&1).put((1, Some(None))).unwrap_err().kind(), cached_core::ErrorKind::Encode);
}

#[test]
fn a_value_longer_than_the_bound_is_not_stored_and_the_call_is_right() {
    #[cached(name = "bytes.long", ttl = "1h")]
    fn long(n: usize) -> Vec<u8> {
        vec![7; n]
    }
    let _alone = alone();
    let shelf = Arc::new(Shelf::new());
    let config = Config::new().backend("shelf", Arc::clone(&shelf) as _).option("shelf", "max_value_bytes", "1_000");
    config.site("bytes.long", "backend", "shelf").install().unwrap();
    for _ in 0..2 {
        assert_eq!((long(100).len(), long(1_000).len()), (100, 1_000));
    }
    let stats = long::site().stats();
    assert_eq!((stats.hits, stats.misses, stats.not_stored), (1, 3, 2), "{stats:?}");
    assert_eq!(stats.backend_errors, 0, "the backend was not asked: {stats:?}");
    assert_eq!(shelf.keys().len(), 1);
    let refused = long::entry(&5_000).put(vec![1; 5_000]).unwrap_err();
    assert!(refused.to_string().contains("max_value_bytes"), "{refused}");
}

#[test]
fn a_key_longer_than_64_kib_is_bypassed_and_counted() {
    #[cached(name = "bytes.long_key", ttl = "1h")]
    fn length(text: &str) -> usize {
        text.len()
    }
    let _alone = alone();
    let shelf = Arc::new(Shelf::new());
    let config = Config::new().backend("shelf", Arc::clone(&shelf) as _);
    config.site("bytes.long_key", "backend", "shelf").install().unwrap();
    let text = "x".repeat(70_000);
    assert_eq!((length(&text), length(&text)), (70_000, 70_000));
    let stats = length::site().stats();
    assert_eq!((stats.bypassed, stats.runs), (2, 2), "{stats:?}");
    assert!(shelf.keys().is_empty());
    assert!(length::entry(&text).invalidate().is_err(), "what has no storage key cannot be invalidated there");
}

#[test]
fn r59_the_documents_say_that_nothing_is_signed_and_who_chooses_results_then() {
    let said = [
        ("README.md", include_str!("../../README.md"), "whoever can write to a backend chooses what calls return"),
        ("lib.rs", include_str!("../../cached-core/src/lib.rs"), "whoever can write to a backend chooses results"),
        ("ARCHITECTURE.md", include_str!("../../ARCHITECTURE.md"), "Whoever can write the backend chooses results"),
    ];
    for (name, text, sentence) in said {
        assert!(text.contains(sentence), "{name} has to say: {sentence}");
    }
    println!("r59: no signing is offered, and {} documents say what follows", said.len());
}
