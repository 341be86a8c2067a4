//! The program whose sites are counted: every shape of function, built in every way.

use std::fmt::Write as _;

use cached_core::cached;

cached_core::link!(quiet);

pub mod deep;

/// A plain function.
#[cached]
pub fn plain(n: u64) -> u64 {
    n + 1
}

/// A generic function, called for two types.
#[cached(errors = "forever")]
pub fn generic<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(value: T) -> T {
    value
}

/// A generic function that nobody instantiates.
#[cached(errors = "forever")]
pub fn never_instantiated<T: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(value: T) -> T {
    value
}

/// A public function that nobody calls.
#[cached]
pub fn never_called(n: u64) -> u64 {
    n
}

mod unused {
    //! Nothing of it is called.
    #[cached_core::cached]
    #[expect(dead_code, reason = "that is the case")]
    fn private(n: u64) -> u64 {
        n
    }
}

/// A type with methods.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Shop(pub u64);

#[cached]
impl Shop {
    /// A method.
    #[cached]
    pub fn method(&self, n: u64) -> u64 {
        self.0 + n
    }
}

/// A function with another one inside.
pub fn outer(n: u64) -> u64 {
    #[cached]
    fn nested(n: u64) -> u64 {
        n * 2
    }
    nested(n)
}

/// Calls some of them, and gives the names of all, one on a line.
pub fn census() -> String {
    let called = plain(1) + generic(1_u64) + u64::from(generic(1_u32)) + Shop(1).method(1) + outer(1);
    assert_eq!(called, 2 + 1 + 1 + 2 + 2);
    cached_core::sites().iter().fold(String::new(), |mut names, site| {
        let _ = writeln!(names, "site {}", site.name());
        names
    })
}

/// For a program in C.
#[unsafe(no_mangle)]
pub extern "C" fn census_print() {
    print!("\n{}", census());
}

#[test]
fn the_harness_lists_every_site() {
    print!("\n{}", census());
}
