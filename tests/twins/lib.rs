//! One of several packages with the same functions: this very text, in crates of other names and in two versions of
//! one crate. What a function gives says whose it is.

use std::fmt::Debug;
use std::hash::Hash;

use cached_core::cached;
use serde::{Deserialize, Serialize};

/// The package that this is.
pub const PACKAGE: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// A plain function.
#[cached]
pub fn price(n: u64) -> String {
    format!("{PACKAGE}: {n}")
}

/// A generic function.
#[cached]
pub fn of<T>(key: T) -> String
where
    T: Clone + Eq + Hash + Debug + Serialize + Send + Sync + 'static,
{
    format!("{PACKAGE}: {key:?}")
}

/// A type that each package has.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shop(pub u64);

#[cached]
impl Shop {
    /// A method.
    #[cached]
    pub fn price(&self, n: u64) -> String {
        format!("{PACKAGE}: {} {n}", self.0)
    }
}

pub mod named {
    //! What `install` asks for where two versions of a crate share bytes: a name for each.

    /// A function with a name of its own. The text of the name is put in when the package is written.
    #[cached_core::cached(name = "THIS PACKAGE")]
    pub fn price(n: u64) -> String {
        format!("{}: {n}", super::PACKAGE)
    }
}
