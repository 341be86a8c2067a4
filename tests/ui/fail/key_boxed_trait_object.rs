//! A trait object in a box is compared no better.

use cached_core::cached;

#[cached]
fn f(text: Box<dyn ToString + Send + Sync>) -> String {
    text.to_string()
}

fn main() {
    f(Box::new(1));
    f::site();
}
