//! A generic function is one site, and has entries of its own for each set of type arguments.

use std::any::type_name;
use std::hash::Hash;

use cached_core::{Config, cached};

/// The most frequent item, and how often it is there.
#[cached]
fn most_frequent<T>(items: &[T]) -> Option<(T, usize)>
where
    T: Clone + Hash + Ord + Send + Sync + 'static,
{
    let count = |item: &T| items.iter().filter(|other| *other == item).count();
    let best = items.iter().max_by_key(|item| count(item))?;
    Some((best.clone(), count(best)))
}

/// Same key, another type argument: another entry.
#[cached]
fn described<T: 'static>(value: u8) -> String {
    format!("{value} as {}", type_name::<T>())
}

/// Constants tell instances apart as well.
#[cached]
fn chunks<const N: usize>(text: &str) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(N).map(|chunk| chunk.iter().collect()).collect()
}

fn main() -> Result<(), cached_core::Error> {
    Config::new().env("CACHED")?.install()?;
    let words = ["tea".to_owned(), "milk".to_owned(), "tea".to_owned()];
    assert_eq!(most_frequent(&words), Some(("tea".to_owned(), 2)));
    assert_eq!(most_frequent(&words), Some(("tea".to_owned(), 2)));
    assert_eq!(most_frequent(&[1, 2, 2]), Some((2, 2)));
    let stats = most_frequent::site().stats();
    assert_eq!((stats.hits, stats.misses), (1, 2), "words and numbers do not meet");

    assert_eq!((described::<u8>(7), described::<i64>(7)), ("7 as u8".into(), "7 as i64".into()));
    assert_eq!(chunks::<2>("abcd"), ["ab", "cd"]);
    assert_eq!(chunks::<3>("abcd"), ["abc", "d"]);
    println!("{}", cached_core::report());
    Ok(())
}
