//! The one error of the crate: why something has no bytes, or bytes no value.

use std::fmt::{self, Display};

use serde::{de, ser};

/// Why a key or a value could not be written or read. The text may be one of serde's, which repeats what it met: it is not
/// shown to strangers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed(String);

impl Failed {
    pub(crate) fn new(why: impl Display) -> Self {
        Failed(why.to_string())
    }
}

impl Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

impl ser::Error for Failed {
    fn custom<T: Display>(message: T) -> Self {
        Failed::new(message)
    }
}

impl de::Error for Failed {
    fn custom<T: Display>(message: T) -> Self {
        Failed::new(message)
    }
}
