//! Prints the census.

fn main() {
    print!("{}", census::census());
}
