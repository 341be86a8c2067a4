//! Allocations of our hits, for each shape of key.
//!
//! In: arguments, made beforehand. Out: a table. What the caller has to allocate to make the call
//! (a `String` to be given away) is made before counting begins.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cached_core::cached;

use crate::alloc;
use crate::table::{Goal, head};

/// Calls that are counted.
const CALLS: usize = 1_000;

const NONE: Goal<u32> =
    Goal { text: "ours, allocations of all these hits", at_most: 0.0, figure: |made| f64::from(*made) };

macro_rules! shapes {
    ($($name:ident($($argument:ident: $type:ty),*) from $key:pat => $make:expr => ($($given:expr),*);)*) => {
        $(#[cached]
        fn $name($($argument: $type),*) -> Arc<str> {
            $(let _ = &$argument;)*
            stringify!($name).into()
        })*

        /// Prints how many allocations a thousand hits of each shape make.
        pub(crate) fn print() {
            head(&format!("Allocations of {CALLS} hits, value `Arc<str>`"), &["arguments", "allocations"]);
            let mut all = 0;
            $({
                let made = count(|| $make, |$key| $name($($given),*));
                let arguments: &[&str] = &[$(stringify!($type)),*];
                println!("| `({})` | {made} |", arguments.join(", "));
                all += made;
            })*
            println!();
            NONE.print(&all);
        }
    };
}

shapes! {
    nothing() from () => () => ();
    number(n: u64) from n => 7_u64 => (n);
    float(x: f64) from x => 0.5_f64 => (x);
    text(s: &str) from s => "name".to_owned() => (&s);
    owned(s: String) from s => "name".to_owned() => (s);
    either(s: Cow<'_, str>) from s => "name".to_owned() => (Cow::Borrowed(&s));
    maybe(s: Option<&str>) from s => "name".to_owned() => (Some(&s));
    path(p: &Path) from p => PathBuf::from("a/b") => (&p);
    bytes(b: &[u8]) from b => vec![1_u8; 64] => (&b);
    floats(x: &[f64]) from x => vec![0.5_f64; 8] => (&x);
    texts(s: &[&str]) from s => ["a", "b"] => (&s);
    pair(p: (&str, u32)) from s => "name".to_owned() => ((&s, 3));
    three(a: u64, b: u64, s: &str) from s => "name".to_owned() => (1, 2, &s);
    shared(s: Arc<str>) from s => Arc::<str>::from("name") => (s);
}

fn count<K>(make: impl Fn() -> K, call: impl Fn(K) -> Arc<str>) -> u32 {
    let keys: Vec<K> = (0..CALLS).map(|_| make()).collect();
    call(make());
    call(make());
    let before = alloc::made();
    for key in keys {
        std::hint::black_box(call(key));
    }
    u32::try_from(alloc::made() - before).unwrap_or(u32::MAX)
}
