//! Type parameters in the key, in the value, in both and in neither, and beside types that serde cannot carry.

use std::fmt::Debug;
use std::hash::Hash;

use cached_core::cached;

trait Key: Clone + Eq + Hash + Send + Sync + 'static {}
impl<T: Clone + Eq + Hash + Send + Sync + 'static> Key for T {}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Row<T>(T);

#[cached]
fn in_the_key<T: Key + Debug + 'static>(value: &T, more: &[T], pair: (f32, Option<&T>)) -> String {
    format!("{value:?} {more:?} {pair:?}")
}

#[cached]
fn in_both<T>(value: T) -> Option<Row<T>>
where
    T: Key + 'static,
{
    Some(Row(value))
}

#[cached(errors = "30s", none = "1m")]
fn in_an_error<T: Key + 'static>(value: Row<T>) -> Result<Option<u8>, Row<T>> {
    Err(value)
}

#[cached]
fn in_neither<T: Default + Debug + 'static, const N: usize>() -> String {
    format!("{:?} {N}", T::default())
}

#[cached]
async fn later<T: Key + 'static>(value: T) -> Vec<T> {
    vec![value]
}

struct Shop<T>(T);

#[cached]
impl<T: Key + Debug + 'static> Shop<T> {
    #[cached(skip(self))]
    fn all(&self, row: Row<T>) -> Vec<Row<T>> {
        vec![row, Row(self.0.clone())]
    }

    #[cached(errors = "never")]
    fn same(value: T) -> Result<T, String> {
        Ok(value)
    }
}

fn main() {
    assert_eq!(in_the_key(&1, &[2], (0.5, Some(&3))), in_the_key(&1, &[2], (0.5, Some(&3))));
    assert_eq!((in_both(1), in_both("a")), (Some(Row(1)), Some(Row("a"))));
    assert_eq!(in_both::entry(&1).peek().unwrap(), Some(Some(Row(1))));
    assert_eq!((in_an_error(Row(1)), in_neither::<u8, 3>()), (Err(Row(1)), "0 3".to_owned()));
    drop(later(1));
    assert_eq!(
        (Shop(1).all(Row(2)).len(), Shop::same("a"), Shop::<&str>::same_entry(&"a").peek().unwrap()),
        (2, Ok("a"), Some("a"))
    );
    assert_eq!(in_both::refresh(1), Some(Row(1)));
}
