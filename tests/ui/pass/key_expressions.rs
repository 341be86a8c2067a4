//! Expressions in `key`: fields that are not `Copy`, borrows, calls, macros, constants, and arguments beside them.

use cached_core::cached;

struct Row {
    name: String,
    tags: Vec<String>,
}

const SALT: u32 = 7;

#[cached(key = (row.name, &row.tags[..1], SALT, n))]
fn fields(row: &Row, n: u8) -> usize {
    row.name.len() + usize::from(n)
}

#[cached(key = format!("{}/{n}", text.trim()), skip(db))]
fn written(db: &mut Vec<u8>, text: &str, n: u64) -> u64 {
    db.push(1);
    n + text.len() as u64
}

#[cached(key = (n.to_bits(), [n.is_nan(); 2], text))]
async fn later(n: f64, text: Option<&str>) -> Option<f64> {
    text.map(|_| n)
}

#[cached(key = &list[..], errors = "never")]
fn generic<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(list: Vec<T>) -> Result<T, Vec<T>> {
    list.first().cloned().ok_or(list)
}

struct Shop {
    tenant: String,
}

#[cached]
impl Shop {
    #[cached(key = (self.tenant, id))]
    fn load(&self, id: u64) -> usize {
        self.tenant.len() + id as usize
    }
}

impl Shop {
    #[cached(key = (self.tenant.as_str().to_owned(), id))]
    fn alone(&self, id: u64) -> Result<usize, std::fmt::Error> {
        Ok(self.tenant.len() + id as usize)
    }
}

fn main() {
    let row = Row { name: "a".to_owned(), tags: vec!["b".to_owned()] };
    assert_eq!((fields(&row, 1), fields(&row, 1), fields::site().stats().hits), (2, 2, 1));
    assert_eq!(fields::entry(&row, &1).peek().unwrap(), Some(2));
    let mut db = Vec::new();
    assert_eq!((written(&mut db, " a", 1), written(&mut db, "a ", 1), db.len()), (3, 3, 1));
    assert_eq!(written::entry("a", 1).peek().unwrap(), Some(3));
    drop(later(1.0, Some("a")));
    assert_eq!((generic(vec![1]), generic(Vec::<u8>::new())), (Ok(1), Err(vec![])));
    let shop = Shop { tenant: "t".to_owned() };
    assert_eq!((shop.load(1), shop.load_entry(&1).peek().unwrap(), shop.alone(1)), (2, Some(2), Ok(2)));
}
