//! Lifetimes that are written, elided, bounded and hidden.

use cached_core::cached;

struct View<'a> {
    text: &'a str,
}

#[cached]
fn bounded<'a, 'b: 'a>(a: &'a str, b: &'b str) -> usize {
    let either: &'a str = if a.is_empty() { b } else { a };
    either.len()
}

#[cached]
fn clause<'a, 'b>(a: &'a str, b: &'b [&'a str]) -> usize
where
    'a: 'b,
{
    a.len() + b.len()
}

#[cached(key = view.text.len())]
fn hidden(view: &View<'_>) -> usize {
    view.text.len()
}

#[cached(key = &view.text[..])]
async fn by_text<'a>(view: &View<'a>) -> usize {
    view.text.len()
}

#[cached]
impl<'a> View<'a> {
    #[cached(key = (self.text.len(), n))]
    fn load(&self, n: usize) -> usize {
        self.text.len() + n
    }
}

fn main() {
    assert_eq!((bounded("", "ab"), clause("a", &["b"]), hidden(&View { text: "a" })), (2, 2, 1));
    drop(by_text(&View { text: "a" }));
    assert_eq!(View { text: "a" }.load(1), 2);
}
