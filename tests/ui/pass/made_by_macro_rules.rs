//! Functions and methods that `macro_rules!` writes.

use cached_core::cached;

macro_rules! functions {
    ($($(#[$attr:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),*) -> $out:ty $body:block)*) => {$(
        #[cached]
        $(#[$attr])*
        $vis fn $name($($arg: $ty),*) -> $out $body
    )*};
}

functions! {
    /// Documented.
    pub fn text(text: &str) -> usize { text.len() }
    fn number(n: u64, x: f64) -> f64 { n as f64 + x }
    fn optional(text: Option<&str>) -> Option<String> { text.map(str::to_owned) }
    fn fallible(list: Vec<u64>) -> Result<u64, std::io::Error> { Ok(list.into_iter().sum()) }
}

macro_rules! constant {
    ($name:ident = $value:expr) => {
        #[cached]
        fn $name(n: u64) -> u64 {
            let found = n; // the wrapper has a name like this
            found + $value
        }
    };
}

constant!(one = 1);
constant!(two = 2);

macro_rules! methods {
    ($type:ident { $($name:ident: $by:literal;)* }) => {
        #[derive(Clone, PartialEq, Eq, Hash)]
        struct $type(u64);

        #[cached]
        impl $type {
            $(
                #[cached]
                fn $name(&self, n: u64) -> u64 {
                    self.0 * $by + n
                }
            )*

            #[cached]
            fn taken(self, n: u64) -> u64 {
                self.0 + n
            }

            #[cached(key = self.0)]
            fn keyed(&self) -> u64 {
                self.0
            }
        }
    };
}

methods!(Shop { twice: 2; thrice: 3; });

fn main() {
    assert_eq!((text("a"), number(1, 0.5), optional(None)), (1, 1.5, None));
    assert_eq!(fallible(vec![1, 2]).ok(), Some(3));
    assert_eq!((one(1), two(1)), (2, 3));
    assert_eq!((Shop(1).twice(0), Shop(1).thrice(0), Shop(1).taken(0), Shop(1).keyed()), (2, 3, 1, 1));
    assert_eq!(Shop(1).taken_entry(&0).peek().unwrap(), Some(1));
}
