//! A thousand cached functions.
//!
//! In: a number and a key. Out: what the function of that number gives for that key.

/// How many there are.
pub(crate) const COUNT: usize = 1_000;

type Site = fn(u64) -> u64;

/// One function in a module of its own, so that each has another name.
macro_rules! site {
    ($a:ident $b:ident $c:ident) => {{
        mod $a {
            pub(crate) mod $b {
                pub(crate) mod $c {
                    #[cached_core::cached]
                    pub(crate) fn site(n: u64) -> u64 {
                        n.wrapping_mul(31)
                    }
                }
            }
        }
        $a::$b::$c::site as Site
    }};
}

macro_rules! ten {
    ($($a:ident)+ @ $b:ident $c:ident) => { [$(site!($a $b $c)),+] };
}

macro_rules! hundred {
    ($($b:ident)+ @ $c:ident) => { [$(ten!(a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 @ $b $c)),+] };
}

macro_rules! thousand {
    ($($c:ident)+) => { [$(hundred!(b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 @ $c)),+] };
}

static SITES: [[[Site; 10]; 10]; 10] = thousand!(c0 c1 c2 c3 c4 c5 c6 c7 c8 c9);

/// Calls one of them.
pub(crate) fn call(number: usize, key: u64) -> u64 {
    let number = number % COUNT;
    SITES[number / 100][number / 10 % 10][number % 10](key)
}
