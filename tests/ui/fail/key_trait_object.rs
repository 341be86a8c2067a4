//! A trait object is not a key.

use cached_core::cached;

#[cached]
fn f(db: &dyn ToString) -> String {
    db.to_string()
}

fn main() {
    f(&1);
    f::site();
}
