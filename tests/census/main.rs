//! Prints the census; or, with a number of MiB, the stack that a recursion takes.

fn main() {
    match std::env::args().nth(1).and_then(|mebibytes| mebibytes.parse().ok()) {
        Some(mebibytes) => census::deep::measure(mebibytes),
        None => print!("{}", census::census()),
    }
}
